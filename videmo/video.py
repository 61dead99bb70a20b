"""Open movies and decode their frames: the only room that does.

Times are exact: a frame's time is its own timestamp minus that of the movie's first frame. Pictures
are upright (turned as the file says), with square pixels.
"""

from __future__ import annotations

import math
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from videmo.errors import MovieError, RequestError, SetupError
from videmo.files import shown
from videmo.schema import Box, Chunk

CHUNK_SECONDS = 30
PROBED_FRAMES = 8
MAX_READ_ERRORS = 1000
SEEK_BACK = (Fraction(0), Fraction(2), Fraction(10), Fraction(60))
"""Seconds to go back, one after the other, until a key frame at or before the start is found."""
READ_ON = Fraction(3)
"""Two wanted pictures that lie nearer, in seconds, are reached by reading on, not by seeking."""
TIME_TOLERANCE = 0.001
"""Seconds by which a table's time, of three digits, may differ from the frame's own."""

# Real containers only: a playlist or a concat script that calls itself .mp4 would make FFmpeg
# read other files, or the network.
FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,m4v,flv,live_flv,asf,ogg,mxf,"
    "wtv,rm,dv,nut,ivf,h264,hevc,obu,yuv4mpegpipe,gif"
)
READ_OPTIONS = {"protocol_whitelist": "file", "format_whitelist": FORMATS}

EIGHT_BIT_LUMA = {
    *("yuv420p", "yuv422p", "yuv444p", "yuv440p", "yuv411p", "yuv410p", "nv12", "nv21", "nv16"),
    *("yuvj420p", "yuvj422p", "yuvj444p", "yuvj440p", "yuvj411p", "yuva420p", "gray"),
}
FULL_RANGE_FORMATS = {"gray", "yuvj420p", "yuvj422p", "yuvj444p", "yuvj440p", "yuvj411p"}
FULL_RANGE = 2  # AVCOL_RANGE_JPEG
BT709, BT601 = 1, 5  # swscale's names of the colour matrices
HD_HEIGHT = 720

# ITU-R BT.601 and BT.709: studio range luma, 16 to 235, to 0 to 255.
_STRETCH = np.clip(np.rint((np.arange(256) - 16) * (255 / 219)), 0, 255).astype(np.uint8)


@dataclass(frozen=True)
class Movie:
    """What is known of a movie before its frames are read."""

    path: Path
    stream: int
    """Index of the video stream."""
    width: int
    height: int
    """Size in pixels of the upright picture with square pixels."""
    rotation: int
    """Degrees, counter-clockwise, that turn the stored picture upright: 0, 90, 180 or 270."""
    fps: Fraction
    """Average frames per second."""
    duration: Fraction | None
    """Seconds of picture, as announced by the file; it may be wrong or missing."""
    frames: int | None
    """Frames, as announced by the file; it may be wrong or missing."""
    origin: int
    """Timestamp of the first frame, in units of `time_base`."""
    time_base: Fraction
    lead: float
    """Seconds from the container's start to the first frame: where time 0 is for a cutter."""
    sound: bool
    timed: bool
    """False when the file has no usable timestamps or cannot be sought in."""


@dataclass(frozen=True, eq=False)
class Frame:
    """One decoded picture, upright; valid until the next one is asked for."""

    time: Fraction
    """Seconds after the movie's first frame, exact."""
    movie: Movie
    _raw: av.VideoFrame

    @property
    def grey(self) -> np.ndarray:
        """The luma plane as it is coded (uint8, height x width): often 16 to 235, see `crop`."""
        return self._upright(_luma(self._raw))

    @property
    def bgr(self) -> np.ndarray:
        """The picture in colour (uint8, height x width x 3, blue first)."""
        matrix = self._raw.colorspace
        if matrix not in (BT709, BT601):
            matrix = BT709 if self.movie.height >= HD_HEIGHT else BT601
        picture = self._raw.reformat(format="bgr24", src_colorspace=matrix, dst_colorspace=BT601)
        return self._upright(picture.to_ndarray())

    @property
    def full_range(self) -> bool:
        """Whether black is 0 and white 255 in `grey`; else they are 16 and 235."""
        raw = self._raw
        return raw.color_range == FULL_RANGE or raw.format.name not in (
            EIGHT_BIT_LUMA - FULL_RANGE_FORMATS
        )

    def face_pixels(self, grey: np.ndarray, box: Box) -> np.ndarray:
        """The part of `grey` inside `box`, stretched to 0..255 (uint8, h x w)."""
        part = grey[box.y : box.y + box.h, box.x : box.x + box.w]
        return part if self.full_range else cv2.LUT(part, _STRETCH)

    def _upright(self, picture: np.ndarray) -> np.ndarray:
        turned = np.rot90(picture, self.movie.rotation // 90)
        size = (self.movie.width, self.movie.height)
        if turned.shape[1::-1] != size:  # oblong pixels, or a stream that changes its size
            turned = cv2.resize(np.ascontiguousarray(turned), size, interpolation=cv2.INTER_AREA)
        return turned


class Reader:
    """An open movie. Remembers the file, and what could not be decoded."""

    def __init__(self, movie: Movie) -> None:
        self.movie = movie
        self.failures = 0
        """Packets that could not be decoded, and pictures that came out damaged."""
        self.repaired = 0
        """Timestamps that went backwards, and were set to go on."""
        self._open()

    def close(self) -> None:
        self._container.close()

    def _open(self) -> None:
        self._container = _opened(self.movie.path)
        self._stream = self._container.streams[self.movie.stream]
        self._stream.thread_type = "AUTO"

    def frames(self, start: Fraction = Fraction(0), end: Fraction | None = None) -> Iterator[Frame]:
        """The frames with ``start <= time < end``, in the order in which they are shown."""
        if start > 0 and self.movie.timed:
            source = self._from(start)
        else:
            self._rewind()
            source = self._decode()
        for frame in source:
            if end is not None and frame.time >= end:
                return
            if frame.time >= start:
                yield frame

    def at(self, times: Iterable[float]) -> Iterator[Frame]:
        """The frames whose times, to the millisecond, are `times` (seconds, rising).

        Decodes only the stretches in which they lie.

        Raises:
            MovieError: a frame is not there; the movie is not the one that was scanned.
        """
        for stretch in _stretches(list(times)):
            first, last = Fraction(stretch[0]), Fraction(stretch[-1])
            slack = Fraction(TIME_TOLERANCE)
            wanted = iter(stretch)
            time = next(wanted)
            found = 0
            for frame in self.frames(max(Fraction(0), first - slack), last + slack):
                if abs(float(frame.time) - time) <= TIME_TOLERANCE:
                    yield frame
                    found += 1
                    time = next(wanted, math.inf)
            if found < len(stretch):
                raise MovieError(
                    f"{shown(self.movie.path)}: no frame at {time} s; scan the movie again"
                )

    def _rewind(self) -> None:
        # Not by seeking: a stream without timestamps has no time 0 to go to.
        self.close()
        self._open()

    def _from(self, start: Fraction) -> Iterator[Frame]:
        """Frames from a key frame at or before `start` on; from the beginning if need be."""
        for back in SEEK_BACK:
            if start <= back:
                break
            target = self.movie.origin + math.floor((start - back) / self.movie.time_base)
            self._container.seek(target, stream=self._stream, backward=True)
            source = self._decode()
            # Pictures before the first key frame may lean on others that were not read.
            first = next((f for f in source if f._raw.key_frame), None)
            if first is not None and first.time <= start:
                yield first
                yield from source
                return
        self._rewind()
        yield from self._decode()

    def _decode(self) -> Iterator[Frame]:
        step = 1 / self.movie.fps
        last = -step
        for raw in self._raw_frames():
            time = last + step
            if self.movie.timed and raw.pts is not None:
                time = (raw.pts - self.movie.origin) * self.movie.time_base
            if self.movie.timed and (raw.pts is None or 0 <= time <= last):
                time = last + step
                self.repaired += 1
            last = time
            self.failures += bool(raw.is_corrupt)
            yield Frame(time, self.movie, raw)

    def _raw_frames(self) -> Iterator[av.VideoFrame]:
        errors = 0
        while errors < MAX_READ_ERRORS:
            try:
                for packet in self._container.demux(self._stream):
                    try:
                        yield from packet.decode()
                    except av.error.InvalidDataError:  # a damaged spot is not the end
                        self.failures += 1
                return
            except av.error.EOFError:
                return
            except av.error.FFmpegError:
                errors += 1
                self.failures += 1


def probe(path: Path) -> Movie:
    """Find out what `path` is, decoding only its first frames.

    Raises:
        RequestError: there is no such file.
        MovieError: it is not a movie, or it cannot be read.
        SetupError: there is no decoder for it.
    """
    _check_file(path)
    with _opened(path) as container:
        stream = _video_stream(container, path)
        frames = _first_frames(container, stream, path)
        raw = frames[0]
        stamps = [f.pts for f in frames]
        timed = None not in stamps and stamps == sorted(set(stamps))
        width, height = _display_size(raw, stream)
        rotation = round(raw.rotation / 90) * 90 % 360
        if rotation in (90, 270):
            width, height = height, width
        fps = _frame_rate(stream)
        origin = raw.pts if timed else 0
        start = Fraction(container.start_time or 0, av.time_base)
        duration = _duration(container, stream, origin)
        return Movie(
            path=path,
            stream=stream.index,
            width=width,
            height=height,
            rotation=rotation,
            fps=fps,
            duration=duration,
            frames=stream.frames or None,
            origin=origin,
            time_base=Fraction(stream.time_base),
            lead=float(origin * stream.time_base - start) if timed else 0.0,
            sound=bool(container.streams.audio),
            timed=timed and duration is not None,
        )


@contextmanager
def open_movie(movie: Movie) -> Iterator[Reader]:
    """Open a movie for reading; it is closed when the block ends."""
    reader = Reader(movie)
    try:
        yield reader
    finally:
        reader.close()


def plan_chunks(movie: Movie, seconds: int = CHUNK_SECONDS) -> list[Chunk]:
    """Cut a movie into stretches of `seconds`, from what the file alone says.

    The last chunk has no end: a movie may be longer than it announces. A movie without usable
    timestamps is one chunk.
    """
    if not movie.timed or movie.duration is None:
        return [Chunk(0, Fraction(0), None)]
    count = max(1, math.ceil(movie.duration / seconds))
    ends = [Fraction(seconds * (i + 1)) for i in range(count - 1)]
    return [Chunk(i, Fraction(seconds * i), end) for i, end in enumerate([*ends, None])]


def relocated(movie: Movie, path: Path) -> Movie:
    """The same movie at another place."""
    return replace(movie, path=path)


def _check_file(path: Path) -> None:
    try:
        status = path.stat()
    except FileNotFoundError:
        raise RequestError(f"{shown(path)}: no such file; check the name") from None
    except OSError as error:
        raise MovieError(f"{shown(path)}: cannot be read ({error.strerror})") from error
    if stat.S_ISDIR(status.st_mode):
        raise RequestError(f"{shown(path)}: is a folder; name the movies in it")
    if not stat.S_ISREG(status.st_mode):
        raise MovieError(f"{shown(path)}: is not a regular file; copy the movie to one")
    if status.st_size == 0:
        raise MovieError(f"{shown(path)}: the file is empty; copy or download it again")


def _opened(path: Path) -> av.container.InputContainer:
    # "file:" keeps names such as "http:x.mp4" or "concat:a" from being taken for protocols.
    try:
        return av.open(f"file:{path.absolute()}", options=READ_OPTIONS)
    except PermissionError as error:
        raise MovieError(f"{shown(path)}: may not be read; check its permissions") from error
    except (av.error.FFmpegError, OSError) as error:
        raise MovieError(
            f"{shown(path)}: is not a movie that videmo can read ({_reason(error)}); "
            "convert it, or leave it out"
        ) from error


def _reason(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()


def _video_stream(container: av.container.InputContainer, path: Path) -> av.VideoStream:
    """The video stream with most pixels that is not a cover picture."""
    covers = av.stream.Disposition.attached_pic
    streams = [s for s in container.streams.video if not s.disposition & covers]
    if not streams:
        what = "only a cover picture" if container.streams.video else "no picture, only sound"
        raise MovieError(f"{shown(path)}: has no video stream ({what}); leave it out")
    return max(streams, key=lambda s: s.width * s.height)


def _first_frames(
    container: av.container.InputContainer, stream: av.VideoStream, path: Path
) -> list[av.VideoFrame]:
    if stream.codec_context is None:
        raise SetupError(f"{shown(path)}: there is no decoder for this movie; convert it to H.264")
    reader_errors = 0
    frames: list[av.VideoFrame] = []
    for packet in container.demux(stream):
        try:
            frames += packet.decode()
        except av.error.FFmpegError:
            reader_errors += 1
        if len(frames) >= PROBED_FRAMES or reader_errors > MAX_READ_ERRORS:
            break
    if not frames:
        raise MovieError(
            f"{shown(path)}: not one frame can be decoded ({stream.codec_context.name}); "
            "the file is damaged, get it again"
        )
    return frames


def _display_size(raw: av.VideoFrame, stream: av.VideoStream) -> tuple[int, int]:
    """Width and height with square pixels, before any turning."""
    aspect = stream.sample_aspect_ratio or Fraction(1)
    return max(1, round(raw.width * aspect)), raw.height


def _frame_rate(stream: av.VideoStream) -> Fraction:
    rate = stream.average_rate or stream.guessed_rate or Fraction(25)
    return Fraction(rate)


def _duration(
    container: av.container.InputContainer, stream: av.VideoStream, origin: int
) -> Fraction | None:
    if stream.duration:
        begin = stream.start_time if stream.start_time is not None else origin
        return (begin + stream.duration - origin) * Fraction(stream.time_base)
    if container.duration:
        start = Fraction(container.start_time or 0, av.time_base)
        return Fraction(container.duration, av.time_base) + start - origin * stream.time_base
    return None


def _luma(raw: av.VideoFrame) -> np.ndarray:
    """The luma plane without its padding; a view where the format allows it."""
    if raw.format.name not in EIGHT_BIT_LUMA:
        raw = raw.reformat(format="gray")
    plane = raw.planes[0]
    pixels = np.frombuffer(plane, np.uint8)[: plane.line_size * raw.height]
    return pixels.reshape(raw.height, plane.line_size)[:, : raw.width]


def _stretches(times: list[float]) -> Iterator[list[float]]:
    """Rising times, parted where the next one is so far that seeking is cheaper."""
    stretch: list[float] = []
    for time in times:
        if stretch and time - stretch[-1] > READ_ON:
            yield stretch
            stretch = []
        stretch.append(time)
    if stretch:
        yield stretch
