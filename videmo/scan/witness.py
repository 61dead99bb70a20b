"""Whether a movie was read whole: what its header, its packets and its times say."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from videmo.errors import MovieError
from videmo.files import fingerprint, shown
from videmo.scan.chunk import Settings
from videmo.scan.merge import Merged
from videmo.table import Record
from videmo.video import Movie, Survey

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
    lost = max(0, announced - found.packets - found.hidden)
    if not announced and movie.timed and len(merged.times) > 1:
        # No header counts the frames: see whether a stretch is missing, between or at the end.
        lost = _missing_between(merged.times) * settings.every
        tail = float(movie.duration or 0) - merged.last - float(1 / movie.fps)
        if settings.end is None and tail > TAIL_SECONDS:
            lost += round(tail * float(movie.fps))
    return (merged.frames if _in_fields(found, merged.frames) else found.packets) + lost


def first_frame(found: Survey, frames: int) -> int:
    """The number of the first frame of what was scanned, of which `frames` were read."""
    return found.before // 2 if _in_fields(found, frames) else found.before


def _in_fields(found: Survey, frames: int) -> bool:
    """Whether there are two packets for each frame."""
    return frames > MISSING_FRAMES and abs(found.packets - 2 * frames) <= MISSING_FRAMES


def _missing_between(times: np.ndarray) -> int:
    """Frames that a movie of constant rate lacks between others; 0 if its rate is variable."""
    steps = np.diff(times)
    usual = float(np.median(steps))
    if usual <= 0 or (np.abs(steps - usual) < 0.1 * usual + 0.002).mean() < STEADY_SHARE:
        return 0
    return int(np.rint(steps[steps > 1.5 * usual] / usual - 1).sum())


def incomplete(record: Record) -> bool:
    """Whether frames are damaged or missing."""
    missing = record["frames_expected"] - record["frames_read"]
    allowed = max(MISSING_FRAMES, record["frames_expected"] * MISSING_SHARE)
    return bool(record["decode_failures"] or record["changed_meanwhile"] or missing > allowed)


def identity(path: Path) -> Record:
    """By what a movie is known again."""
    try:
        status = path.stat()
        return {
            "size": status.st_size,
            "mtime_ns": status.st_mtime_ns,
            "fingerprint": fingerprint(path),
        }
    except OSError as error:
        raise MovieError(
            f"{shown(path)}: cannot be read any more ({error.strerror}); scan it again"
        ) from error
