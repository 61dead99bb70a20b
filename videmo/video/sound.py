"""Read a movie's sound beside its pictures: as it is coded, or decoded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from itertools import chain
from typing import TypeVar

import av

from videmo.video.memory import check_memory
from videmo.video.movie import Movie, opened, unit_of

MAX_READ_ERRORS = 1000
SEEK_BACK = Fraction(10)
"""Seconds before a start from which on packets are read, so that none is missed."""
JUMP = Fraction(1)
"""Seconds by which sound whose times cannot be trusted may be off before it gets another time."""

Piece = TypeVar("Piece", "av.Packet[av.AudioStream]", av.AudioFrame)


class Sound:
    """A movie's first sound stream, open. Remembers the file, and what could not be read."""

    def __init__(self, movie: Movie) -> None:
        self.movie = movie
        self.failures = 0
        """Packets that could not be read or decoded."""
        self._container = opened(movie.path)
        self.stream: av.AudioStream = self._container.streams.audio[0]

    def close(self) -> None:
        self._container.close()

    def packets(
        self, start: Fraction | None = None, end: Fraction | None = None
    ) -> Iterator[tuple[Fraction, av.Packet[av.AudioStream]]]:
        """Packets as they are, each with its time: seconds after the movie's first frame, rising.

        From the first one that begins at `start` or later, to the last that begins before `end`;
        without `start` from the first one, which may lie before the first frame.
        """
        return _stretch(self._timed(self._demuxed(start)), start, end)

    def frames(
        self, start: Fraction | None = None, end: Fraction | None = None
    ) -> Iterator[tuple[Fraction, av.AudioFrame]]:
        """Decoded sound; otherwise as `packets`."""
        return _stretch(self._timed(self._decoded(start)), start, end)

    def _decoded(self, start: Fraction | None) -> Iterator[av.AudioFrame]:
        for packet in chain(self._demuxed(start), [None]):  # None: what the decoder still holds
            try:
                yield from self.stream.codec_context.decode(packet)
            except av.error.FFmpegError as error:
                check_memory(error, self.movie.path)
                self.failures += 1

    def _demuxed(self, start: Fraction | None) -> Iterator[av.Packet[av.AudioStream]]:
        if start is not None and start > SEEK_BACK and self.movie.timed:
            zero = self.movie.origin * self.movie.time_base
            target = int((zero + start - SEEK_BACK) / unit_of(self.stream))
            self._container.seek(target, stream=self.stream, backward=True)
        errors = 0
        while errors < MAX_READ_ERRORS:
            try:
                yield from (p for p in self._container.demux(self.stream) if p.size)
                return
            except av.error.EOFError:
                return
            except av.error.FFmpegError as error:
                check_memory(error, self.movie.path)
                errors += 1
                self.failures += 1

    def _timed(self, pieces: Iterator[Piece]) -> Iterator[tuple[Fraction, Piece]]:
        """Each piece with its time; where times cannot be trusted, one follows the other."""
        zero = self.movie.origin * self.movie.time_base
        last: Fraction | None = None
        following: Fraction | None = None
        for piece in pieces:
            base = piece.time_base or unit_of(self.stream)
            time = None if piece.pts is None else piece.pts * base - zero
            if following is None:
                time = Fraction(0) if time is None else time
            elif time is None or (not self.movie.timed and abs(time - following) > JUMP):
                time = following
            if last is not None and time <= last:
                self.failures += 1  # a damaged stretch
                continue
            last = time
            following = time + _length(piece, base)  # now: who gets a packet may change it
            yield time, piece


@contextmanager
def open_sound(movie: Movie) -> Iterator[Sound | None]:
    """Open a movie's sound for reading, closed when the block ends; None where there is none."""
    if not movie.sound:
        yield None
        return
    sound = Sound(movie)
    try:
        yield sound
    finally:
        sound.close()


def _length(piece: av.Packet[av.AudioStream] | av.AudioFrame, base: Fraction) -> Fraction:
    if isinstance(piece, av.AudioFrame):
        return Fraction(piece.samples, piece.sample_rate)
    return (piece.duration or 0) * base


def _stretch(
    pieces: Iterator[tuple[Fraction, Piece]], start: Fraction | None, end: Fraction | None
) -> Iterator[tuple[Fraction, Piece]]:
    for time, piece in pieces:
        if end is not None and time >= end:
            return
        if start is None or time >= start:
            yield time, piece
