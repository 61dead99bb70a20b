"""Find out what a movie is before its frames are read."""

from __future__ import annotations

import re
import struct
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import av
import av.logging

from videmo.errors import MovieError
from videmo.files import shown
from videmo.video.chapters import Chapter, joined_bytes
from videmo.video.colours import colours_of
from videmo.video.dolby import own_colours
from videmo.video.memory import check_memory
from videmo.video.movie import (
    MAX_PIXELS,
    Movie,
    Turn,
    check_file,
    limit_pixels,
    opened,
    source_of,
    unit_of,
)
from videmo.video.series import series_in
from videmo.video.streams import first_heard, picture_streams, pixels_of, sound_tracks
from videmo.video.tone import HLG, PQ

PROBED_FRAMES = 8
SAME_RATE = Fraction(1, 50)
"""Part by which the rates of two chapters may differ: their last frames are cut as they come."""
PROBED_PACKETS = 1000
"""Packets that may be damaged before the first frame."""

ASTRAY = {"mpeg"}
"""Formats in which frames have other timestamps after seeking: not every frame has its own."""
EMPTY_FRAMES = {"avi"}
"""Formats in which a frame may hold nothing, so that the one before is shown on."""
UNTOLD = {"h264", "hevc"}
"""Codecs whose frames do not tell when they are shown, if the file does not."""
DOLBY = {"hevc", "av1", "libdav1d", "libaom-av1"}
"""Decoders of what Dolby Vision comes in."""
HIGH_RANGE = {16: PQ, 18: HLG}
"""Transfer characteristics (ITU-T H.273, table 3) of pictures of high dynamic range."""


def probe(path: Path, fps: Fraction | None = None, more: Sequence[Path] = ()) -> Movie:
    """Find out what `path` is, decoding only its first frames.

    With `fps` it may be a folder of numbered pictures, which are shown so many in a second. `more`
    are the chapters that follow `path` in one movie.

    Raises:
        RequestError: there is no such file, or the folder does not hold one series of pictures.
        MovieError: it is not a movie, or it cannot be read or decoded.
    """
    series = series_in(path) if fps and path.is_dir() else None
    if series is None:
        check_file(path)
    chapters = _chapters([path, *more]) if more else ()
    with opened(path, source_of(path, series, fps, chapters)) as container:
        stream, videos = picture_streams(container, path)
        _check_size(stream, path)
        frames = _first_frames(container, stream, path)
        raw = frames[0]
        aspect, turn = stream.sample_aspect_ratio or Fraction(1), turn_of(raw)
        width, height = upright_size(raw, aspect, turn)
        origin = raw.pts or 0
        sounds = sound_tracks(container)
        length = _length(container, stream, origin, chapters)
        decode_order = _in_decode_order(container, stream)
        return Movie(
            path=path,
            stream=stream.index,
            width=width,
            height=height,
            pixel_aspect=aspect,
            turn=turn,
            fps=fps if fps and series else _frame_rate(stream),
            duration=length.seconds,
            frames=length.frames or None,
            origin=origin,
            time_base=unit_of(stream),
            lead=0.0 if decode_order else _lead(container, stream, raw),
            sounds=sounds,
            heard=first_heard(sounds),
            timed=container.format.name not in ASTRAY
            and not decode_order
            and all(frame.pts is not None for frame in frames),
            timecode=_timecode(container, stream),
            duration_of_picture=length.of_picture,
            empty_frames=container.format.name in EMPTY_FRAMES,
            decode_order=decode_order,
            interlaced=any(frame.interlaced_frame for frame in frames),
            videos=videos,
            colours=colours_of(raw),
            dolby=stream.codec_context.name in DOLBY and own_colours(path),
            transfer=HIGH_RANGE.get(stream.codec_context.color_trc, ""),
            series=series,
            chapters=chapters,
        )


def upright_size(raw: av.VideoFrame, aspect: Fraction, turn: Turn) -> tuple[int, int]:
    """Width and height of the picture with square pixels, turned as it is shown."""
    width, height = max(1, round(raw.width * aspect)), raw.height
    return (height, width) if turn.transposed else (width, height)


def _lead(
    container: av.container.InputContainer, stream: av.VideoStream, raw: av.VideoFrame
) -> float:
    """Seconds from the container's start to its first frame."""
    if raw.pts is None:
        return 0.0
    start = Fraction(container.start_time or 0, av.time_base)
    return float(raw.pts * unit_of(stream) - start)


def _in_decode_order(container: av.container.InputContainer, stream: av.VideoStream) -> bool:
    """Whether the file knows when frames are decoded, and not when they are shown."""
    return (
        container.format.name in EMPTY_FRAMES
        and stream.codec_context.name in UNTOLD
        and bool(stream.codec_context.has_b_frames)
    )


def _chapters(paths: Sequence[Path]) -> tuple[Chapter, ...]:
    """The files at `paths` as chapters of one movie.

    Raises:
        MovieError: one is not like the first, or cannot be read.
    """
    as_they_are = tuple(Chapter(path) for path in paths)
    if joined_bytes(as_they_are):
        for path in paths:
            check_file(path)
        return as_they_are
    movies = [probe(path) for path in paths]
    first = movies[0]
    for one in movies:
        alike = [
            (movie.width, movie.height, movie.turn, movie.sound, movie.stream)
            for movie in (first, one)
        ]
        if alike[0] != alike[1] or abs(one.fps / first.fps - 1) > SAME_RATE or not one.duration:
            raise MovieError(
                f"{shown(first.path)}: cannot be joined with {shown(one.path.name)}, which is not "
                "like it; scan them with --join never"
            )
    return tuple(
        Chapter(one.path, Fraction(one.lead) + (one.duration or 0), one.frames or 0)
        for one in movies
    )


def _check_size(stream: av.VideoStream, path: Path) -> None:
    """Refuse pictures that would fill the memory, before anything of this size is asked of it."""
    if pixels_of(stream) > MAX_PIXELS:
        raise _too_large(path, f"{stream.codec_context.width}x{stream.codec_context.height}")
    limit_pixels(stream)


def _too_large(path: Path, size: str) -> MovieError:
    return MovieError(
        f"{shown(path)}: its header says {size} pixels, over videmo's limit; make it smaller"
    )


def _refused_size(path: Path) -> str:
    """The size of the pictures in `path`, where FFmpeg found them too large to look at them.

    It tells nobody but its log.
    """
    before = av.logging.get_level()
    av.logging.set_level(av.logging.ERROR)
    try:
        with av.logging.Capture() as said, opened(path):
            pass
    finally:
        av.logging.set_level(before)
    sizes = (re.match(r"Picture size (\d+x\d+) ", text) for _, _, text in said)
    return next((found[1] for found in sizes if found), "")


def _first_frames(
    container: av.container.InputContainer, stream: av.VideoStream, path: Path
) -> list[av.VideoFrame]:
    reader_errors = 0
    frames: list[av.VideoFrame] = []
    for packet in container.demux(stream):
        try:
            frames += packet.decode()
        except av.error.FFmpegError as error:
            check_memory(error, path, pixels_of(stream))
            reader_errors += 1
        if len(frames) >= PROBED_FRAMES or reader_errors > PROBED_PACKETS:
            break
    if not frames and (size := _refused_size(path)):
        raise _too_large(path, size)
    if not frames:
        raise MovieError(
            f"{shown(path)}: not one frame can be decoded ({stream.codec_context.name}); "
            "the file is damaged, get it again"
        )
    return frames


def _timecode(container: av.container.InputContainer, stream: av.VideoStream) -> str:
    """The video stream's own timecode, else the file's."""
    for metadata in (stream.metadata, container.metadata):
        for name, value in metadata.items():
            if name.lower() == "timecode":
                return str(value)
    return ""


def turn_of(raw: av.VideoFrame) -> Turn:
    """What the display matrix asks for; turns by other angles than 90 degrees are left alone.

    The matrix (ISO/IEC 14496-12, 8.3.2) is a, b, u, c, d, v, x, y, w, with x' = a x + c y and
    y' = b x + d y.
    """
    found: Any = raw.side_data.get("DISPLAYMATRIX")
    if found is None:
        return Turn()
    a, b, _, c, d = struct.unpack("=9i", bytes(found)[:36])[:5]
    if abs(a) + abs(d) >= abs(b) + abs(c):
        return Turn(False, a < 0, d < 0)
    return Turn(True, c < 0, b < 0)


def _frame_rate(stream: av.VideoStream) -> Fraction:
    rate = stream.average_rate or stream.guessed_rate or Fraction(25)
    return Fraction(rate)


class _Length(NamedTuple):
    """How long a movie is, as announced."""

    seconds: Fraction | None
    of_picture: bool
    """Whether the seconds are those of the picture alone, not of picture and sound together."""
    frames: int
    """0: not announced."""


def _length(
    container: av.container.InputContainer,
    stream: av.VideoStream,
    origin: int,
    chapters: Sequence[Chapter],
) -> _Length:
    if not chapters or joined_bytes(chapters):
        return _Length(*_duration(container, stream, origin), stream.frames)
    # The container knows neither; its own time begins with the first chapter's.
    seconds = sum(one.seconds for one in chapters) - origin * unit_of(stream)
    counted = all(one.frames for one in chapters)
    return _Length(seconds, True, sum(one.frames for one in chapters) if counted else 0)


def _duration(
    container: av.container.InputContainer, stream: av.VideoStream, origin: int
) -> tuple[Fraction | None, bool]:
    """The announced seconds of picture, and whether they are those of the picture alone."""
    if stream.duration:
        begin = stream.start_time if stream.start_time is not None else origin
        return (begin + stream.duration - origin) * unit_of(stream), True
    told = stream.metadata.get("DURATION", "")  # Matroska: hours, minutes, seconds
    if re.fullmatch(r"\d+:\d\d:\d\d(\.\d+)?", told):
        hours, minutes, seconds = (Fraction(part) for part in told.split(":"))
        return 3600 * hours + 60 * minutes + seconds - (origin * unit_of(stream)), True
    if container.duration:
        start = Fraction(container.start_time or 0, av.time_base)
        seconds = Fraction(container.duration, av.time_base) + start - origin * unit_of(stream)
        return seconds, len(container.streams) == 1
    return None, False
