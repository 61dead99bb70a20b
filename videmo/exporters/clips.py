"""Cut out clips with their sound: each segment re-encoded, picture and sound in one call.

Streams cannot be copied as they are: a copy can only begin at a key frame.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import ffmpeg
import numpy as np

from videmo.errors import DiskFullError, OutputError, VidemoError
from videmo.exporters.program import (
    AAC,
    H264,
    SAME_BYTES,
    arguments,
    find_ffmpeg,
    kept_file,
    own_times,
    run_ffmpeg,
)
from videmo.exporters.selection import Exported, Selection, frames_between, remove_others
from videmo.files import atomic_path, shown
from videmo.schema import Run, Segment, timecode
from videmo.video import BT709, READ_OPTIONS, TIME_TOLERANCE, Movie, Pace, Turn, pace, usual_matrix
from videmo.video.deinterlace import FILTER, OPTIONS
from videmo.video.tone import CODED, cube

FOLDER = "clips"
CLIP_NAME = r"\d{2,}-\d{2}-\d{2}\.\d{3}_t\d+\.mp4"
EVEN = "crop=trunc(iw/2)*2:trunc(ih/2)*2"  # what yuv420p can hold
TONED = BT709
"""How colours are coded that were of high dynamic range."""
RUN_UP = 10.0
"""Seconds before a clip from which on the movie is decoded."""


def export(selection: Selection) -> Exported:
    """Write ``clips/HH-MM-SS.mmm_tTRACK.mp4`` for each segment; one that fails costs one."""
    of_run: dict[Run, Path] = {}
    failures: list[VidemoError] = []
    for segment in selection.segments:
        target = selection.folder / FOLDER / clip_name(segment)
        allowed = 1.5 * selection.every * longest_frame(selection.starts, segment)
        try:
            cut_clip(selection.movie, _whole_frames(selection.starts, segment), target, allowed)
        except DiskFullError:
            raise
        except OutputError as error:
            failures.append(error)
        else:
            of_run |= dict.fromkeys(segment.seen, target)
    files = list(dict.fromkeys(of_run.values()))
    remove_others(selection.folder / FOLDER, CLIP_NAME, keep=files)
    return Exported(files, of_run, failures)


def clip_name(segment: Segment) -> str:
    """The file name of a clip: where it starts in the movie, and its track."""
    return f"{timecode(segment.start, '-')}_t{segment.track}.mp4"


def clip_command(
    program: str, movie: Movie, segment: Segment, target: Path, **more: str
) -> list[str]:
    """The arguments with which ffmpeg cuts `segment` out of `movie` into `target`. Pure.

    The frames with ``start <= time < end`` and the sound of the same stretch; `more` are further
    options.
    """
    source, begin = sought(movie, segment.start)
    streams = [source[str(movie.stream)]]
    options = {
        # A time of three digits may lie just behind the frame that it means.
        "ss": f"{max(0.0, begin - TIME_TOLERANCE):.6f}",
        # ffmpeg counts it from the first frame, which may lie just behind the start.
        "t": f"{max(TIME_TOLERANCE, segment.end - segment.start - TIME_TOLERANCE):.6f}",
        "format": "mp4",
        "vf": ",".join([*map(_filter_text, _repairs(movie) + _told(movie)), EVEN]),
        "movflags": "+faststart",
        **H264,
        **SAME_BYTES,
        **more,
    }
    if movie.sound:
        # Where the sound ends before the picture, there is silence.
        streams += [source[str(stream)] for stream in movie.heard]
        options |= {**AAC, "af": "apad"}
    return arguments(program, ffmpeg.output(*streams, f"file:{target.absolute()}", **options))


def sought(movie: Movie, start: float) -> tuple[Any, float]:
    """The movie as ffmpeg's input, and where in it `start` (seconds of the movie) then is."""
    # ffmpeg counts from the container's start, not from the first picture.
    place = start + movie.lead
    # Seeking may land after the place that it is for (MPEG-TS): so it goes to well before it, and
    # the rest is decoded and thrown away.
    skipped = max(0.0, place - RUN_UP) if movie.timed else 0.0
    seek = {"ss": f"{skipped:.6f}"} if skipped else {}
    if keeps_filters(movie):
        seek["reinit_filter"] = "0"
    url, options, form = movie.source
    how = {**options, "f": form} if form else options
    return ffmpeg.input(url, **seek, **how), place - skipped


def _whole_frames(starts: np.ndarray, segment: Segment) -> Segment:
    """The segment from the beginning of its first frame to the end of its last one.

    Else ffmpeg would round pictures to a rate that begins in the middle of one.
    """
    first, after = frames_between(starts, segment.start, segment.end)
    if first == after:
        return segment
    return replace(segment, start=float(starts[first]), end=float(starts[after]))


def pictures_of(movie: Movie, source: Any) -> Any:
    """The stream of pictures of `source`, which is the movie as ffmpeg's input: as we read them."""
    stream = source[str(movie.stream)]
    for name, options in _repairs(movie):
        stream = stream.filter(name, **options)
    return stream


def coded(movie: Movie) -> dict[str, str]:
    """How the colours of `pictures_of` are coded, as options of ffmpeg's filter ``scale``."""
    if movie.tone:
        return {"in_color_matrix": TONED.name, "in_range": "tv"}
    return stored(movie)


def stored(movie: Movie) -> dict[str, str]:
    """How the movie's colours are coded, as options of ffmpeg's filter ``scale``.

    Where the file does not say, as is usual for its size; ffmpeg guesses otherwise.
    """
    if movie.colours.matrix is None:
        return {}
    full = movie.colours.full_range
    return {"in_color_matrix": movie.colours.matrix.name, "in_range": "pc" if full else "tv"}


def _told(movie: Movie) -> list[tuple[str, dict[str, str]]]:
    """The filters that make a clip say how its colours are coded, where the movie does not: it may
    be upright, and have other lines to guess by."""
    if movie.tone:
        return []
    usual = usual_matrix(movie.height).name
    if movie.colours.matrix is None:
        coding = {"out_color_matrix": usual, "out_range": "tv"}
        return [("scale", coding), ("format", {"pix_fmts": "yuv420p"})]
    return [] if movie.colours.said else [("setparams", {"colorspace": movie.colours.matrix.name})]


def _filter_text(one: tuple[str, dict[str, str]]) -> str:
    name, options = one
    said = ":".join(f"{key}='{_escaped(value)}'" for key, value in options.items())
    return f"{name}={said}"


def _escaped(value: str) -> str:
    """A value as ffmpeg's lists of filters want it between quotation marks."""
    return re.sub(r"([\\':])", r"\\\1", value).replace("'", r"'\''")


def _repairs(movie: Movie) -> list[tuple[str, dict[str, str]]]:
    """The filters, each with its options, that do to pictures what reading them does here."""
    filters = []
    if movie.decode_order:  # ffmpeg takes the times of decoding for those of showing
        filters.append(("setpts", {"expr": _times(pace(movie))}))
    if movie.deinterlace:
        filters.append((FILTER, OPTIONS))
    return filters + _one_size(movie) + _tone(movie)


def _one_size(movie: Movie) -> list[tuple[str, dict[str, str]]]:
    """The filters that give all pictures the size of the first, with bars where they have another
    shape: a stream may change its size (calls do). They leave alone what has that size."""
    if not keeps_filters(movie):
        return []
    size = {"width": str(movie.width), "height": str(movie.height)}
    return [
        ("scale", {**size, "force_original_aspect_ratio": "decrease"}),
        ("pad", {**size, "x": "(ow-iw)/2", "y": "(oh-ih)/2", "eval": "frame"}),
        ("setsar", {"sar": "1"}),
    ]


def keeps_filters(movie: Movie) -> bool:
    """Whether ffmpeg is to go on with the same filters where the size changes in the middle.

    Else it makes them anew, and those that count frames and time begin again. Those that turn
    pictures, make them whole, or undo oblong pixels cannot go on; nor are there bars around odd
    sizes.
    """
    even = movie.width % 2 == movie.height % 2 == 0
    plain = movie.pixel_aspect == 1 and movie.turn == Turn() and not movie.deinterlace
    return even and plain


def _tone(movie: Movie) -> list[tuple[str, dict[str, str]]]:
    """The filters that bring a movie of high dynamic range to an ordinary one, as `Frame.ordinary`
    does."""
    if not movie.tone:
        return []
    table = kept_file(f"{movie.tone}.cube", cube(movie.tone))
    return [
        ("scale", stored(movie)),
        ("format", {"pix_fmts": CODED}),
        ("lut3d", {"file": table.as_posix(), "interp": "tetrahedral"}),
        ("scale", {"out_color_matrix": TONED.name, "out_range": "tv"}),
        ("format", {"pix_fmts": "yuv420p"}),
        ("setparams", dict.fromkeys(("color_primaries", "color_trc", "colorspace"), TONED.name)),
    ]


def _times(pace: Pace) -> str:
    """What ffmpeg is to reckon the time of frame N by."""
    gaps = "".join(f"+gte(N,{number})*({late})" for number, late in pace.gaps)
    return f"(({pace.first})+N*({pace.step}){gaps})/TB+0.5"  # it cuts off what is behind the point


def longest_frame(starts: np.ndarray, segment: Segment) -> float:
    """Seconds that the longest frame seen in `segment` lasts; frames begin at `starts`."""
    first = max(0, int(np.searchsorted(starts, segment.start, side="right")) - 1)
    after = int(np.searchsorted(starts, segment.end - TIME_TOLERANCE, side="left"))
    return float(np.diff(starts[first : after + 1]).max(initial=0.0))


def cut_clip(movie: Movie, segment: Segment, target: Path, allowed: float) -> None:
    """Cut `segment` out of `movie` into `target`, and look whether it came out right.

    It may be longer or shorter than the segment by `allowed` seconds: it ends with a whole frame.

    Raises:
        SetupError: there is no ffmpeg.
        OutputError: ffmpeg failed, or the clip is not as long as the segment.
    """
    with atomic_path(target) as part:
        program = find_ffmpeg()
        command = clip_command(program, movie, segment, part, **own_times(program))
        run_ffmpeg(command, target, "cut this clip")
        _check_clip(part, movie, segment, target, allowed)


def _check_clip(part: Path, movie: Movie, segment: Segment, target: Path, allowed: float) -> None:
    """ffmpeg ends with 0 even where it wrote too little: see for ourselves."""
    try:
        with av.open(f"file:{part.absolute()}", options=READ_OPTIONS) as container:
            stream = container.streams.video[0]
            seconds = float((stream.duration or 0) * stream.time_base)
            tracks = len(container.streams.audio)
            first = float(next(container.decode(stream)).time or 0)
    except (av.error.FFmpegError, IndexError, StopIteration) as error:
        raise OutputError(
            f"{shown(target)}: there is no picture in this clip; scan the movie again"
        ) from error
    wanted = segment.end - segment.start
    late = first > allowed
    whole = tracks == len(movie.heard)
    if late or abs(seconds - wanted) > allowed or not whole:
        what = f"{seconds:.2f} s instead of {wanted:.2f}" if whole else "no sound"
        what = f"it begins {first:.2f} s late" if late else what
        raise OutputError(
            f"{shown(target)}: the clip came out wrong ({what}); scan the movie again"
        )
