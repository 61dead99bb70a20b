"""Pictures of a camera, a stream or a movie, with their faces: the latest, and those to take."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Generator, Iterator
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple, Protocol

import cv2
import numpy as np

from videmo.errors import MovieError, VidemoError
from videmo.faces import DetectorConfig, detector_of
from videmo.files import shown
from videmo.live.capture import Capture, Gap
from videmo.live.latest import Latest
from videmo.live.shot import Shot
from videmo.schema import Alignment, Box
from videmo.shots import CutWatch, thumbnail
from videmo.video import Arrival, Frame, Movie, Wish, find_place, open_movie, probe

BETWEEN = 0.2
"""Seconds from one picture of a camera's burst to the next, at least."""
CLOSER = 0.1
"""The same in a movie, where one looks first whether what follows shows the same."""
OPENING = 20.0
"""Seconds that a source has to show its first picture."""
WAIT = 1.0


class SeenFace(NamedTuple):
    """A face in a picture."""

    box: Box
    alignment: Alignment


class Seen(NamedTuple):
    """A picture, and the faces in it, the largest first."""

    time: float
    """Seconds in the time of the source."""
    picture: np.ndarray
    """BGR uint8, as an ordinary screen shows it; nobody draws into it."""
    faces: tuple[SeenFace, ...]


class Source(Protocol):
    """Where pictures come from."""

    name: str
    """What it is called in lists; of a live one, each session is another one."""
    title: str
    """What it is called on the page."""
    away: str
    """Why nothing comes just now; empty: it does."""
    latest: Latest[Seen]
    """What is to be seen now."""
    error: BaseException | None
    """What ended it."""

    @property
    def playing(self) -> bool: ...

    @property
    def movie(self) -> Movie | None:
        """The movie, in which one can go to and fro; None: it cannot be told to wait."""
        ...

    def burst(self, over: threading.Event) -> Generator[Seen, None, None]:
        """The pictures from now on, one for each moment of a burst, until `over` is set or what is
        seen is another thing."""
        ...

    def play(self, playing: bool) -> None: ...

    def seek(self, time: float) -> None: ...

    def close(self) -> None: ...


class Faces:
    """Looks for faces in one picture after the other."""

    def __init__(self, config: DetectorConfig) -> None:
        cv2.setNumThreads(1)
        self._detector = detector_of(config)

    def seen(self, frame: Frame | Shot) -> Seen:
        found = [
            one for one in self._detector.detect(frame, ()) if one.confidence >= self._detector.sure
        ]
        found.sort(key=lambda one: one.box.w * one.box.h, reverse=True)
        faces = (SeenFace(one.box, self._detector.align(frame, one, None)) for one in found)
        return Seen(float(frame.time), frame.ordinary, tuple(faces))


class LiveSource:
    """A camera, a stream or a pipe: captured in one thread, looked at in another."""

    movie = None
    playing = True

    def __init__(self, source: str, wish: Wish, config: DetectorConfig) -> None:
        """Open it; returns when the first picture is there.

        Raises:
            VidemoError: it cannot be opened.
        """
        place = find_place(source)
        self.title, self.away = shown(place.name), ""
        # Times of two sessions are no neighbours.
        self.name = f"{self.title} {datetime.now():%Y-%m-%d %H.%M.%S}"
        self.latest: Latest[Seen] = Latest()
        self.error: BaseException | None = None
        self._faces = Faces(config)
        self._shots: Latest[Shot] = Latest()
        self._over = threading.Event()
        self._numbers = itertools.count()
        self._capture = Capture(place, wish, self._over)
        for run in (self._run_capture, self._run_looks):
            threading.Thread(target=self._guarded, args=(run,), daemon=True).start()
        deadline = time.monotonic() + OPENING
        while self.latest.value is None and not self.latest.closed and time.monotonic() < deadline:
            self.latest.after(0, 0.1)
        if self.error is not None:
            raise self.error
        if self.latest.value is None:
            self.close()
            raise MovieError(f"{shown(place.name)}: shows no picture; is anything sent?")

    def burst(self, over: threading.Event) -> Generator[Seen, None, None]:
        number, last = 0, float("-inf")
        while not over.is_set():
            found = self.latest.after(number, WAIT)
            if found is None:
                if self.latest.closed:
                    return
                continue
            number = found.number
            if found.value.time - last >= BETWEEN:
                last = found.value.time
                yield found.value

    def play(self, playing: bool) -> None:
        pass

    def seek(self, time: float) -> None:
        pass

    def close(self) -> None:
        self._over.set()
        self._shots.close()
        self.latest.close()

    def _guarded(self, run: object) -> None:
        try:
            run()  # type: ignore[operator]
        except BaseException as error:
            self.error = self.error or error
        finally:
            self.close()

    def _run_capture(self) -> None:
        self._capture.run(self._arrived, self._paused)

    def _paused(self, gap: Gap) -> None:
        self.away = f"{gap.why}; it is opened again when it is back" if gap.end is None else ""

    def _arrived(self, arrival: Arrival) -> None:
        if arrival.frame is not None:
            self._shots.put(Shot(next(self._numbers), arrival.frame, arrival.at))

    def _run_looks(self) -> None:
        for shot in self._shots.each():
            self.latest.put(self._faces.seen(shot))


class MovieSource:
    """A movie: it waits where it is until it is played, sought, or a burst is taken."""

    def __init__(self, path: Path, config: DetectorConfig) -> None:
        """Open it.

        Raises:
            VidemoError: it cannot be read.
        """
        self.movie: Movie = probe(path)
        self.name = self.title = shown(path.name)
        self.away = ""
        self.latest: Latest[Seen] = Latest()
        self.error: BaseException | None = None
        self.playing = False
        self._faces = Faces(config)
        self._reading = threading.Lock()
        self._wake = threading.Event()
        self._over = threading.Event()
        self._reader = open_movie(self.movie)
        self._movie_reader = self._reader.__enter__()
        self._frames: Iterator[Frame] = iter(())
        self.seek(0.0)
        threading.Thread(target=self._run, daemon=True).start()

    def play(self, playing: bool) -> None:
        self.playing = playing
        self._wake.set()

    def seek(self, time: float) -> None:
        """Go to the picture at `time`, or the last one before the end."""
        with self._reading:
            self._go_to(Fraction(max(0.0, time)))
            if self._next() is None and time > 0:
                self._go_to(Fraction(0))
                last = None
                for last in self._frames:
                    if float(last.time) >= time:
                        break
                if last is not None:
                    self._show(last)

    def burst(self, over: threading.Event) -> Generator[Seen, None, None]:
        """From the picture that is shown on, to the shot's end."""
        self.playing = False
        with self._reading:
            now = self.latest.value
            if now is None:
                return
            cuts, last = CutWatch(), now.time
            cuts.is_cut(_thumbnail(now.picture))
            yield now
            for frame in self._frames:
                cut = cuts.is_cut(_thumbnail(frame.ordinary))
                if cut or over.is_set():
                    self._show(frame)
                    return
                if float(frame.time) - last >= CLOSER - 1e-3:
                    last = float(frame.time)
                    yield self._show(frame)

    def close(self) -> None:
        self._over.set()
        self._wake.set()
        self.latest.close()
        with self._reading:
            self._frames = iter(())
            self._reader.__exit__(None, None, None)

    def _go_to(self, time: Fraction) -> None:
        self._frames = self._movie_reader.frames(time)

    def _next(self) -> Seen | None:
        frame = next(self._frames, None)
        return None if frame is None else self._show(frame)

    def _show(self, frame: Frame) -> Seen:
        seen = self._faces.seen(frame)
        self.latest.put(seen)
        return seen

    def _run(self) -> None:
        """Play, when it is to be played, at the movie's own speed."""
        while not self._over.is_set():
            self._wake.wait()
            self._wake.clear()
            begin: float | None = None
            while self.playing and not self._over.is_set():
                with self._reading:
                    if not self.playing or self._over.is_set():
                        break
                    try:
                        seen = self._next()
                    except VidemoError as error:
                        self.error, seen = error, None
                if seen is None:
                    self.playing = False
                    break
                now = time.monotonic()
                begin = now - seen.time if begin is None else begin
                if abs(begin + seen.time - now) > WAIT:  # it was sought meanwhile
                    begin = now - seen.time
                self._over.wait(max(0.0, begin + seen.time - now))


def _thumbnail(picture: np.ndarray) -> np.ndarray:
    return thumbnail(np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8))
