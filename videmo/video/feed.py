"""Live pictures and sound as they come: from a camera, an address or a pipe; a movie at its speed.

One connection at a time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import av

from videmo.errors import MovieError
from videmo.files import shown
from videmo.video.clock import Clock
from videmo.video.colours import colours_of
from videmo.video.frame import Frame
from videmo.video.movie import Movie, Turn, limit_pixels, unit_of
from videmo.video.opening import Wish, open_source, reason_of, refusal
from videmo.video.pipe import Pipe, Silence
from videmo.video.places import ADDRESS, MOVIE, STDIN, Place
from videmo.video.probe import probe, turn_of, upright_size
from videmo.video.reader import open_movie
from videmo.video.sound import open_sound
from videmo.video.streams import picture_streams

LEAD = 2.0
"""Seconds of a stream, at most, that may have been waiting when it is opened."""
FLOWING = 0.3
"""Seconds after which a pipe that has not let wait is one out of a file."""


class BrokenSourceError(MovieError):
    """A source that was there is gone, or silent; it may come back."""


class SoundPiece(NamedTuple):
    """A packet of sound."""

    time: Fraction
    """Seconds in the time of the pictures."""
    packet: av.Packet[av.AudioStream]
    stream: av.AudioStream


class Arrival(NamedTuple):
    """What has come: a picture, or sound."""

    at: float
    """When, by `time.monotonic`."""
    frame: Frame | None = None
    sound: SoundPiece | None = None


class Connection:
    """A source that is open. Remembers the file, and how its time goes."""

    def __init__(self, place: Place, wish: Wish, over: threading.Event) -> None:
        """Open the source; `over` is set when all is to end.

        Raises:
            RequestError, MovieError, SetupError: it cannot be opened.
        """
        self.place, self._wish, self._over = place, wish, over
        self.failures = 0
        """What could not be decoded."""
        self._pipe: Pipe | None = None
        self._container: av.container.InputContainer | None = None
        self.heard: av.AudioStream | None = None
        """The sound that comes with the pictures; known with the first of them."""
        self._movie: Movie | None = None
        self._turns: dict[int, Turn] = {}
        if place.kind == MOVIE:
            self._movie = probe(place.path)
        else:
            self._container, self._pipe = open_source(place, wish, over)

    def arrivals(
        self, like: Movie | None = None, start: Fraction = Fraction(0)
    ) -> Iterator[Arrival]:
        """Pictures and sound, from the time `start` on.

        All pictures are brought to the size of those `like` which they are.

        Raises:
            BrokenSourceError: it is gone, or silent.
            MovieError: what comes is no moving picture.
        """
        if self._movie is not None:
            yield from self._played(self._movie)
        else:
            yield from self._received(like, start)

    def close(self) -> None:
        if self._container is not None:
            self._container.close()
        if self._pipe is not None:
            self._pipe.close()

    def _played(self, movie: Movie) -> Iterator[Arrival]:
        """A movie's frames, each when it is due."""
        begin = time.monotonic()
        with open_movie(movie) as reader, open_sound(movie) as sound:
            self.heard = sound.stream if sound else None
            packets = sound.packets() if sound else iter(())
            waiting = next(packets, None)
            for frame in reader.frames():
                while waiting is not None and waiting[0] <= frame.time:
                    assert sound is not None
                    piece = SoundPiece(*waiting, sound.stream)
                    yield Arrival(time.monotonic(), sound=piece)
                    waiting = next(packets, None)
                self.failures = reader.failures
                if self._over.wait(max(0.0, begin + float(frame.time) - time.monotonic())):
                    return
                yield Arrival(time.monotonic(), frame)

    def _received(self, like: Movie | None, start: Fraction) -> Iterator[Arrival]:
        container = self._container
        assert container is not None
        video, _ = picture_streams(container, Path(self.place.name))
        limit_pixels(video)
        # Not by frames: each thread would hold one back.
        video.thread_type = "SLICE"
        heard = [s for s in container.streams.audio if s.codec_context is not None][:1]
        heard = [s for s in heard if s.codec_context.sample_rate > 0]
        self.heard = heard[0] if heard else None
        clock = Clock(start)
        for packet, raw, now in self._decoded(container, video, heard):
            if raw is None:
                if clock.begun and packet.pts is not None and packet.size:
                    at = clock.of(packet.pts * packet.time_base)
                    yield Arrival(now, sound=SoundPiece(at, packet, heard[0]))
                continue
            turn = self._turn(raw)
            if like is None:
                like = _described(video, raw, turn, self.place)
            pts = None if raw.pts is None else raw.pts * unit_of(video)
            at = clock.next(pts, now)
            if (early := clock.due(at) - now - self._lead()) > 0:
                if self._over.wait(early):
                    return
                now = time.monotonic()
            yield Arrival(now, _frame(at, like, video, raw, turn))

    def _turn(self, raw: av.VideoFrame) -> Turn:
        """What the display matrix asks for: read once for each angle, as PyAV keeps a picture whose
        side data was read in a circle of references, until Python looks for such."""
        if raw.rotation not in self._turns:
            self._turns[raw.rotation] = turn_of(raw)
        return self._turns[raw.rotation]

    def _lead(self) -> float:
        """Seconds by which a picture may come before its time. What comes faster than it is to be
        shown is a file; but when a stream is opened, some of it has been waiting."""
        flowing = self._pipe is not None and time.monotonic() - self._pipe.waited > FLOWING
        return 0.0 if self._finite or flowing else LEAD

    @property
    def _finite(self) -> bool:
        """Whether the source says how long it is."""
        container = self._container
        return container is not None and bool(container.duration) and self.place.kind == ADDRESS

    def _decoded(self, container: av.container.InputContainer, video: Any, heard: Any) -> Any:
        """Packets of sound, and pictures, with when they came."""
        last = time.monotonic()
        try:
            for packet in container.demux(video, *heard):
                if self._over.is_set():
                    return
                now = time.monotonic()
                if packet.stream is not video:
                    yield packet, None, now
                else:
                    for raw in self._pictures(packet):
                        last = now
                        yield packet, raw, now
                if now - last > self._wish.stall:
                    raise self._broken(f"no picture for {self._wish.stall:g} s")
        except av.error.EOFError:
            pass
        except Silence as error:
            raise self._broken(error.strerror or "nothing came") from error
        except (av.error.FFmpegError, OSError) as error:
            if isinstance(error, av.error.InvalidDataError) and not self._turns:
                raise refusal(self.place, error) from error  # not one picture came
            raise self._broken(reason_of(error, self._wish.stall)) from error
        if self._over.is_set():
            return
        if not self._finite and self.place.url != STDIN:
            raise self._broken("it ended")

    def _pictures(self, packet: av.Packet[av.VideoStream]) -> list[av.VideoFrame]:
        try:
            return packet.decode()
        except av.error.InvalidDataError:  # a damaged spot is not the end
            self.failures += 1
            return []

    def _broken(self, why: str) -> BrokenSourceError:
        return BrokenSourceError(f"{shown(self.place.name)}: {why}")


def _described(video: av.VideoStream, raw: av.VideoFrame, turn: Turn, place: Place) -> Movie:
    """A live source as a movie without an end."""
    aspect = video.sample_aspect_ratio or Fraction(1)
    width, height = upright_size(raw, aspect, turn)
    return Movie(
        path=Path(place.name),
        stream=video.index,
        width=width,
        height=height,
        pixel_aspect=aspect,
        turn=turn,
        fps=Fraction(video.average_rate or video.guessed_rate or 25),
        duration=None,
        frames=None,
        origin=raw.pts or 0,
        time_base=unit_of(video),
        lead=0.0,
        sounds=(),
        heard=(),
        timed=True,
        colours=colours_of(raw),
    )


def _frame(
    at: Fraction, like: Movie, video: av.VideoStream, raw: av.VideoFrame, turn: Turn
) -> Frame:
    """The picture, which may be turned, or have pixels of another shape, than the first ones."""
    aspect = video.sample_aspect_ratio or Fraction(1)
    if (aspect, turn) != (like.pixel_aspect, like.turn):
        like = replace(like, pixel_aspect=aspect, turn=turn)
    return Frame(at, like, raw)
