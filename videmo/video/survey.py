"""Read a movie's packets through, without decoding them, and plan its chunks."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import NamedTuple

import av

from videmo.schema import Chunk
from videmo.video.ends import cut_off
from videmo.video.memory import check_memory
from videmo.video.movie import Movie, opened

CHUNK_SECONDS = (10, 30)
"""Seconds of the shortest and the longest chunk that is planned, where key frames allow."""
CHUNKS = 16
"""Chunks of a movie that is not long enough for as many of the longest."""

KEY_SECONDS = 1
BEAT_PACKETS = 256
"""Packets from one sign of life to the next."""
LATEST_SHOWN = 10
"""Seconds between decoding and showing a frame, above which its timestamps cannot be trusted."""


class Survey(NamedTuple):
    """What a movie's packets say, read through without decoding."""

    packets: int
    """Packets of the video stream that are to be shown: as many as frames, as a rule."""
    hidden: int
    """Packets that are only decoded: an edit list leaves them out."""
    damaged: int
    """Packets that the container knows to be damaged."""
    steady: bool
    """Whether all timestamps are there, rise, and stay together."""
    before: int
    """Packets that are shown before the stretch that is wanted; those are not among `packets`."""
    keys: tuple[Fraction, ...]
    """Times of key frames, rising: the first in each second."""
    cut_off: bool = False
    """Whether the file ends before it should."""


def survey(
    movie: Movie,
    start: Fraction = Fraction(0),
    end: Fraction | None = None,
    beat: Callable[[], None] | None = None,
) -> Survey:
    """Read all packets of a movie's video stream.

    Packets are counted from `start` to `end` (seconds, excluded), if these are given. `beat` is
    called now and then: reading through a large file takes a while.

    Raises:
        MovieError: the file cannot be read.
    """
    seen = _Packets(movie, start, end)
    with opened(movie.path) as container:
        try:
            for count, packet in enumerate(container.demux(container.streams[movie.stream])):
                if beat and count % BEAT_PACKETS == 0:
                    beat()
                if packet.size:
                    seen.add(packet)
        except av.error.FFmpegError as error:
            check_memory(error, movie.path)
            # Reading for the pictures will meet it again, and count it.
    return seen.survey(cut_off(movie.path))


class _Packets:
    """Counts the packets of a stream. Remembers when the last one is decoded."""

    def __init__(self, movie: Movie, start: Fraction, end: Fraction | None) -> None:
        self._unit, self._origin = unit, origin = movie.time_base, movie.origin
        self._from = origin + math.ceil(start / unit) if start else -math.inf
        self._to = origin + math.ceil(end / unit) if end is not None else math.inf
        self._latest = unit.denominator * LATEST_SHOWN / unit.numerator
        self._cell = max(1, math.ceil(KEY_SECONDS / unit))
        """Units of time of which the first key frame is kept."""
        self._packets = self._hidden = self._damaged = self._before = 0
        self._first_keys: dict[int, int] = {}
        self._steady = True
        self._last: int | None = None

    def add(self, packet: av.Packet[av.VideoStream]) -> None:
        self._count(packet)
        if packet.is_keyframe and packet.pts is not None and not packet.is_discard:
            cell = (packet.pts - self._origin) // self._cell
            self._first_keys[cell] = min(self._first_keys.get(cell, packet.pts), packet.pts)
        if packet.dts is not None:
            late = packet.pts is None or abs(packet.pts - packet.dts) > self._latest
            if late or (self._last is not None and packet.dts <= self._last):
                self._steady = False
            self._last = packet.dts

    def _count(self, packet: av.Packet[av.VideoStream]) -> None:
        if packet.pts is None or self._from <= packet.pts < self._to:
            self._packets += not packet.is_discard
            self._hidden += packet.is_discard
            self._damaged += packet.is_corrupt
        elif packet.pts < self._from:
            self._before += not packet.is_discard

    def survey(self, cut_off: bool) -> Survey:
        """What all packets together say."""
        keys = tuple((p - self._origin) * self._unit for p in sorted(self._first_keys.values()))
        counts = self._packets, self._hidden, self._damaged
        return Survey(*counts, self._steady, self._before, keys, cut_off)


def plan_chunks(
    movie: Movie,
    keys: Sequence[Fraction],
    start: Fraction = Fraction(0),
    end: Fraction | None = None,
    seconds: tuple[int, int] = CHUNK_SECONDS,
) -> list[Chunk]:
    """Cut a movie, from `start` to `end`, into stretches of `seconds`, shortest and longest.

    From what the file alone says: never from the number of workers. Chunks begin at key frames
    (`keys`), so that nothing is decoded twice; where these are rare, chunks are longer. Without an
    `end`, the last one has none: a movie may be longer than it announces. A movie without usable
    timestamps is one chunk.
    """
    if not movie.timed:
        return [Chunk(0, start, end)]
    shortest, longest = seconds
    whole = (end or movie.duration or Fraction(CHUNKS * longest)) - start
    length = min(Fraction(longest), max(Fraction(shortest), whole / CHUNKS))
    starts = [start]
    for key in keys:
        if key - starts[-1] >= length and (end is None or end - key >= Fraction(shortest, 2)):
            starts.append(key)
    ends = [*starts[1:], end]
    return [Chunk(i, a, b) for i, (a, b) in enumerate(zip(starts, ends, strict=True))]
