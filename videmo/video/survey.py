"""Read a movie's packets through, without decoding them, and plan its chunks."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise
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
    packets = hidden = damaged = before = 0
    last, steady = None, True
    first_key: dict[int, int] = {}
    unit, origin = movie.time_base, movie.origin
    shown_later = unit.denominator * LATEST_SHOWN / unit.numerator
    cell = max(1, math.ceil(KEY_SECONDS / unit))
    from_pts = origin + math.ceil(start / unit) if start else -math.inf
    to_pts = origin + math.ceil(end / unit) if end is not None else math.inf
    with opened(movie.path) as container:
        stream = container.streams[movie.stream]
        try:
            for count, packet in enumerate(container.demux(stream)):
                if beat and count % BEAT_PACKETS == 0:
                    beat()
                if not packet.size:
                    continue
                pts = packet.pts
                if pts is None or from_pts <= pts < to_pts:
                    packets += not packet.is_discard
                    hidden += packet.is_discard
                    damaged += packet.is_corrupt
                elif pts < from_pts:
                    before += not packet.is_discard
                if packet.is_keyframe and pts is not None and not packet.is_discard:
                    place = (pts - origin) // cell
                    first_key[place] = min(first_key.get(place, pts), pts)
                if packet.dts is None:
                    continue
                late = pts is None or abs(pts - packet.dts) > shown_later
                if late or (last is not None and packet.dts <= last):
                    steady = False
                last = packet.dts
        except av.error.FFmpegError as error:
            check_memory(error, movie.path)
            # Reading for the pictures will meet it again, and count it.
    keys = tuple((pts - origin) * unit for pts in sorted(first_key.values()))
    return Survey(packets, hidden, damaged, steady, before, keys, cut_off(movie.path))


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
    return [Chunk(i, a, b) for i, (a, b) in enumerate(pairwise([*starts, end]))]
