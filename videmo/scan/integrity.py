"""Whether a movie was read whole: what its header, its packets and its times say; and doubts."""

from __future__ import annotations

import numpy as np

from videmo.errors import MovieError
from videmo.files import shown
from videmo.scan.chunk import Settings
from videmo.scan.merge import Merged
from videmo.table import Record
from videmo.video import Movie, Survey
from videmo.video import identity as identity_of

MISSING_SHARE = 0.005

MISSING_FRAMES = 2

STEADY_SHARE = 0.9
"""Part of the steps from frame to frame that are alike in a movie of constant rate."""

TAIL_SECONDS = 1.0
"""By so much the sound may be longer than the picture, where only both together are timed."""


def expected_frames(movie: Movie, found: Survey, merged: Merged, settings: Settings) -> int:
    """How many frames the movie should give, by all witnesses: header, packets, times."""
    whole = not settings.start and settings.end is None
    announced = (movie.frames or 0) if whole else 0
    lost = max(0, announced - found.packets - found.head - found.hidden)
    if movie.empty_frames and not found.cut_off:
        lost = 0  # they are announced, but no picture was ever there
    elif not announced and movie.timed and len(merged.times):
        # No header counts the frames: see whether a stretch is missing, between or at the end.
        lost = _missing_between(merged.times) * settings.every
        if settings.end is None:
            lost += _missing_at_the_end(movie, merged, settings.every)
    return (merged.frames if _in_fields(found, merged.frames) else found.packets) + lost


def first_frame(found: Survey, frames: int) -> int:
    """The number of the first frame of what was scanned, of which `frames` were read."""
    return found.before // 2 if _in_fields(found, frames) else found.before


def _in_fields(found: Survey, frames: int) -> bool:
    """Whether there are two packets for each frame."""
    return frames > MISSING_FRAMES and abs(found.packets - 2 * frames) <= MISSING_FRAMES


def _missing_between(times: np.ndarray) -> int:
    """Frames that a movie of constant rate lacks between others; 0 if its rate is variable."""
    if len(times) < 2:
        return 0
    steps = np.diff(times)
    usual = float(np.median(steps))
    if usual <= 0 or (np.abs(steps - usual) < 0.1 * usual + 0.002).mean() < STEADY_SHARE:
        return 0
    return int(np.rint(steps[steps > 1.5 * usual] / usual - 1).sum())


def _missing_at_the_end(movie: Movie, merged: Merged, every: int) -> int:
    """Frames that are missing between the last one and the announced end."""
    tail = float(movie.duration or 0) - merged.last - float(1 / movie.fps)
    # At a variable rate the last frame may be shown as long as any other.
    longest = float(np.diff(merged.times).max(initial=float(every / movie.fps)))
    allowed = longest if movie.duration_of_picture else TAIL_SECONDS
    return round(tail * float(movie.fps)) if tail > allowed else 0


def incomplete(record: Record) -> bool:
    """Whether frames are damaged or missing."""
    missing = record["frames_expected"] - record["frames_read"]
    allowed = max(MISSING_FRAMES, record["frames_expected"] * MISSING_SHARE)
    bad = record["decode_failures"] or record["changed_meanwhile"] or record["cut_off"]
    return bool(bad or missing > allowed)


def warnings(movie: Movie, seen: Survey) -> list[str]:
    """What makes what is found in `movie` less sure, though all of it can be read; `seen` are its
    packets."""
    found = []
    if seen.head:
        found.append(
            f"begins {seen.head} frame{'s' if seen.head > 1 else ''} before its first key frame; "
            "nothing can decode those, and time 0 is that key frame"
        )
    if not movie.timed:
        found.append(
            "its timestamps cannot be trusted; it is read from the beginning on, in one piece"
        )
    if movie.videos > 1:
        found.append(
            f"has {movie.videos} video streams; number {movie.stream} of all its streams, which "
            "players show, is scanned; for another one run: ffmpeg -i IN -map 0:NUMBER -c copy "
            "OUT.mkv, and scan that"
        )
    if movie.interlaced and not movie.deinterlace:
        found.append(
            "is interlaced: what moves has combs, and its faces may be missed; scan it with "
            "--deinterlace"
        )
    if movie.dolby:
        found.append(
            "is Dolby Vision without a compatible base (profile 5), so that its colours are false "
            "here, green and purple, and its grey is off: trust the scores less, or convert it to "
            "SDR first, with a program that knows Dolby Vision"
        )
    elif movie.transfer:
        found.append(
            f"is of high dynamic range ({movie.transfer}), and looks pale: emotions were learnt "
            "from ordinary pictures, so trust the scores less, or convert it to SDR first; what is "
            "made of it is tone-mapped"
        )
    return found


def identity(movie: Movie) -> Record:
    """By what a movie is known again."""
    try:
        first, *more = movie.files
        about: Record = identity_of(first, more)._asdict()
        return about | ({"chapters": [path.name for path in more]} if more else {})
    except OSError as error:
        raise MovieError(
            f"{shown(movie.path)}: cannot be read any more ({error.strerror}); scan it again"
        ) from error
