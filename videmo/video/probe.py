"""Find out what a movie is before its frames are read."""

from __future__ import annotations

import re
import struct
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.logging

from videmo.errors import MovieError, NoPicturesError
from videmo.files import shown
from videmo.video.memory import check_memory
from videmo.video.movie import (
    MAX_PIXELS,
    Movie,
    Turn,
    check_file,
    limit_pixels,
    opened,
    unit_of,
)

PROBED_FRAMES = 8
PROBED_PACKETS = 1000
"""Packets that may be damaged before the first frame."""

ASTRAY = {"mpeg"}
"""Formats in which frames have other timestamps after seeking: not every frame has its own."""
EMPTY_FRAMES = {"avi"}
"""Formats in which a frame may hold nothing, so that the one before is shown on."""
UNTOLD = {"h264", "hevc"}
"""Codecs whose frames do not tell when they are shown, if the file does not."""
HIGH_RANGE = {16: "PQ", 18: "HLG"}
"""Transfer characteristics (ITU-T H.273, table 3) of pictures of high dynamic range."""


def probe(path: Path) -> Movie:
    """Find out what `path` is, decoding only its first frames.

    Raises:
        RequestError: there is no such file.
        MovieError: it is not a movie, or it cannot be read or decoded.
    """
    check_file(path)
    with opened(path) as container:
        stream = _video_stream(container, path)
        frames = _first_frames(container, stream, path)
        raw = frames[0]
        width, height = _display_size(raw, stream)
        turn = _turn(raw)
        if turn.transposed:
            width, height = height, width
        origin = raw.pts or 0
        start = Fraction(container.start_time or 0, av.time_base)
        first = origin * unit_of(stream) - start
        duration, of_picture = _duration(container, stream, origin)
        decode_order = (
            container.format.name in EMPTY_FRAMES
            and stream.codec_context.name in UNTOLD
            and bool(stream.codec_context.has_b_frames)
        )
        return Movie(
            path=path,
            stream=stream.index,
            width=width,
            height=height,
            turn=turn,
            fps=_frame_rate(stream),
            duration=duration,
            frames=stream.frames or None,
            origin=origin,
            time_base=unit_of(stream),
            lead=0.0 if raw.pts is None or decode_order else float(first),
            sound=bool(container.streams.audio),
            timed=container.format.name not in ASTRAY
            and not decode_order
            and all(frame.pts is not None for frame in frames),
            timecode=_timecode(container, stream),
            duration_of_picture=of_picture,
            empty_frames=container.format.name in EMPTY_FRAMES,
            decode_order=decode_order,
            interlaced=any(frame.interlaced_frame for frame in frames),
            transfer=HIGH_RANGE.get(stream.codec_context.color_trc, ""),
        )


def _video_stream(container: av.container.InputContainer, path: Path) -> av.VideoStream:
    """The video stream with most pixels that is not a cover picture."""
    covers = av.stream.Disposition.attached_pic
    streams = [s for s in container.streams.video if not s.disposition & covers]
    if not streams and not container.streams.video and not container.streams.audio:
        raise MovieError(f"{shown(path)}: no stream in it can be read; get the file again")
    if not streams:
        what = "only a cover picture" if container.streams.video else "no picture, only sound"
        raise NoPicturesError(f"{shown(path)}: has no video stream ({what}); leave it out")
    known = [s for s in streams if s.codec_context is not None]
    if not known:
        raise MovieError(f"{shown(path)}: there is no decoder for this movie; convert it to H.264")
    stream = max(known, key=_pixels)
    if _pixels(stream) > MAX_PIXELS:  # before anything of this size is asked of the memory
        raise _too_large(path, f"{stream.codec_context.width}x{stream.codec_context.height}")
    limit_pixels(stream)
    return stream


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


def _pixels(stream: av.VideoStream) -> int:
    return stream.codec_context.width * stream.codec_context.height


def _first_frames(
    container: av.container.InputContainer, stream: av.VideoStream, path: Path
) -> list[av.VideoFrame]:
    reader_errors = 0
    frames: list[av.VideoFrame] = []
    for packet in container.demux(stream):
        try:
            frames += packet.decode()
        except av.error.FFmpegError as error:
            check_memory(error, path, _pixels(stream))
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


def _display_size(raw: av.VideoFrame, stream: av.VideoStream) -> tuple[int, int]:
    """Width and height with square pixels, before any turning."""
    aspect = stream.sample_aspect_ratio or Fraction(1)
    return max(1, round(raw.width * aspect)), raw.height


def _turn(raw: av.VideoFrame) -> Turn:
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
