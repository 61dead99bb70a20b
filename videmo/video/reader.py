"""Decode a movie's frames: all of them, a stretch, or those at certain times."""

from __future__ import annotations

import heapq
import math
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from fractions import Fraction

import av

from videmo.errors import MovieError
from videmo.files import shown
from videmo.video.deinterlace import deinterlaced
from videmo.video.frame import Frame
from videmo.video.memory import check_memory
from videmo.video.movie import Movie, limit_pixels, opened

MAX_READ_ERRORS = 1000

SEEK_BACK = (Fraction(0), Fraction(2), Fraction(10), Fraction(60))
"""Seconds to go back, one after the other, until a key frame at or before the start is found."""

OUT_OF_TURN = 16
"""Frames by which one may be decoded before it is shown (ITU-T H.264, max_dec_frame_buffering)."""

READ_ON = Fraction(3)
"""Two wanted pictures that lie nearer, in seconds, are reached by reading on, not by seeking."""

TIME_TOLERANCE = 0.001
"""Seconds by which a table's time, of three digits, may differ from the frame's own."""


class Reader:
    """An open movie. Remembers the file, and what could not be decoded."""

    def __init__(self, movie: Movie, threads: int = 0) -> None:
        self.movie = movie
        self._threads = threads
        self.failures = 0
        """What could not be decoded, or came out damaged."""
        self.repaired = 0
        """Frames without a timestamp, or with a wrong one, that got another time."""
        self._open()

    def close(self) -> None:
        self._container.close()

    def _open(self) -> None:
        self._container = opened(self.movie.path)
        streams = self._container.streams.video
        try:
            self._stream = next(one for one in streams if one.index == self.movie.stream)
        except StopIteration:
            raise MovieError(
                f"{shown(self.movie.path)}: its streams cannot be told apart; convert the movie"
            ) from None
        limit_pixels(self._stream)
        self._stream.thread_type = "AUTO"
        self._stream.codec_context.thread_count = self._threads

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
        stretches = _stretches(list(times)) if self.movie.timed else [list(times)]
        for stretch in filter(None, stretches):
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
            first = next((frame for frame in source if frame.key), None)
            if first is not None and first.time <= start:
                yield first
                yield from source
                return
        self._rewind()
        yield from self._decode()

    def _decode(self) -> Iterator[Frame]:
        timed = self._trusted() if self.movie.timed else self._made_to_rise()
        for time, raw in timed:
            self.failures += bool(raw.is_corrupt)
            yield Frame(time, self.movie, raw)

    def _trusted(self) -> Iterator[tuple[Fraction, av.VideoFrame]]:
        last: int | None = None
        for raw in self._whole_frames():
            if raw.pts is None or (last is not None and raw.pts <= last):
                self.failures += 1  # only a damaged stretch can bring this forth
                continue
            last = raw.pts
            yield (raw.pts - self.movie.origin) * self.movie.time_base, raw

    def _made_to_rise(self) -> Iterator[tuple[Fraction, av.VideoFrame]]:
        """Times for frames whose timestamps are missing, jump, or begin anew."""
        step = 1 / self.movie.fps
        shift = Fraction(0)
        last = -step
        waiting: tuple[Fraction, av.VideoFrame] | None = None
        for raw in self._whole_frames():
            if raw.pts is None:
                self.repaired += 1
                now = (waiting[0] if waiting else last) + step
            else:
                now = (raw.pts - self.movie.origin) * self.movie.time_base + shift
            if waiting is not None:
                if now <= waiting[0] and now > last:  # it was the one before that jumped
                    waiting = ((last + now) / 2, waiting[1])
                    self.repaired += 1
                elif now <= waiting[0]:  # another recording begins
                    shift += waiting[0] + step - now
                    now = waiting[0] + step
                    self.repaired += 1
                last = waiting[0]
                yield waiting
            waiting = (now, raw)
        if waiting is not None:
            yield waiting

    def _whole_frames(self) -> Iterator[av.VideoFrame]:
        frames = self._raw_frames()
        if self.movie.decode_order:
            frames = _in_turn(frames)
        return deinterlaced(frames, self.movie.time_base) if self.movie.deinterlace else frames

    def _raw_frames(self) -> Iterator[av.VideoFrame]:
        errors = 0
        while errors < MAX_READ_ERRORS:
            try:
                for packet in self._container.demux(self._stream):
                    try:
                        yield from packet.decode()
                    except av.error.InvalidDataError as error:  # a damaged spot is not the end
                        self._count(error)
                return
            except av.error.EOFError:
                return
            except av.error.FFmpegError as error:
                errors += 1
                self._count(error)

    def _count(self, error: Exception) -> None:
        """Count a failure, unless it is for lack of memory: the next frame would be no better."""
        check_memory(error, self.movie.path, self.movie.width * self.movie.height)
        self.failures += 1


@contextmanager
def open_movie(movie: Movie, threads: int = 0) -> Iterator[Reader]:
    """Open a movie for reading; it is closed when the block ends.

    `threads` are those of the decoder: 0 for as many as it likes.
    """
    reader = Reader(movie, threads)
    try:
        yield reader
    finally:
        reader.close()


def _in_turn(frames: Iterable[av.VideoFrame]) -> Iterator[av.VideoFrame]:
    """Frames that come as they are shown, each with the timestamp of another: the lowest first."""
    waiting: deque[av.VideoFrame] = deque()
    stamps: list[int] = []

    def first() -> av.VideoFrame:
        raw = waiting.popleft()
        raw.pts = heapq.heappop(stamps) if stamps else None
        return raw

    for raw in frames:
        waiting.append(raw)
        if raw.pts is not None:
            heapq.heappush(stamps, raw.pts)
        if len(waiting) > OUT_OF_TURN:
            yield first()
    while waiting:
        yield first()


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
