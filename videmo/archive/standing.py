"""How far the scan of an archive is: movies at work, footage, the time left."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from videmo.archive.process import News
from videmo.archive.walk import Candidate

NOTE_EVERY = 1.0
"""Seconds between two notes for those who ask with `videmo status`."""


class AtWork(NamedTuple):
    """A movie that is being scanned."""

    name: str
    share: float
    """Part of it that is done, 0 to 1."""
    left: float | None
    """Seconds that it will take, by its speed so far; None: nothing of it is done yet."""


class Standing(NamedTuple):
    """How far the whole is."""

    done: int
    """Movies that are done with in this run."""
    movies: int
    """Movies to be done in this run."""
    share: float
    """Part of the work that is done, 0 to 1, by size of the movies."""
    seconds: float
    """Footage scanned in this run, about."""
    of_seconds: float = 0.0
    """Footage to be scanned in this run, about: that of movies that have not been begun is told by
    their size. 0: not known yet."""
    left: float | None = None
    """Seconds that it will take, by the speed of this run; None: nothing is done yet."""
    crew: str = ""
    """Who works, where that changes."""
    at_work: tuple[AtWork, ...] = ()


Told = Callable[[Standing], None]


class Worker(Protocol):
    """A movie that is at work."""

    @property
    def candidate(self) -> Candidate: ...
    @property
    def begun(self) -> float: ...
    @property
    def news(self) -> News: ...


class Work:
    """What is to be scanned in one run, and what of it is done. Remembers that, and since when."""

    def __init__(self, movies: Sequence[Candidate]) -> None:
        self._begun = time.monotonic()
        self._movies = len(movies)
        self._total = sum(candidate.size for candidate in movies)
        self._done, self._size = 0, 0
        self._scanned, self._seconds = 0, 0.0
        """Bytes of the movies whose length is known, and that."""

    def ended(self, candidate: Candidate, seconds: float) -> None:
        """A movie is done with; `seconds` of it were scanned."""
        self._done, self._size = self._done + 1, self._size + candidate.size
        if seconds:
            self._scanned, self._seconds = self._scanned + candidate.size, self._seconds + seconds

    def standing(self, running: Sequence[Worker], waiting: Sequence[Candidate]) -> Standing:
        """How far it is, with movies at work and others that wait."""
        partly = sum(_share(worker) * worker.candidate.size for worker in running)
        size = self._size + partly
        share = size / self._total if self._total else self._done / self._movies
        here = self._seconds + sum(_share(worker) * worker.news.seconds for worker in running)
        whole = self._footage(running, sum(candidate.size for candidate in waiting))
        at_work = tuple(
            AtWork(w.candidate.name, _share(w), time_left(w.begun, _share(w))) for w in running
        )
        left = time_left(self._begun, share)
        return Standing(
            self._done, self._movies, share, here, max(here, whole), left, at_work=at_work
        )

    def _footage(self, running: Sequence[Worker], waiting: int) -> float:
        """All seconds of footage: what was scanned, that at work, and what is in `waiting` bytes.

        0 while no movie has told its length.
        """
        told = [worker for worker in running if worker.news.seconds]
        known = self._seconds + sum(worker.news.seconds for worker in told)
        of_size = self._scanned + sum(worker.candidate.size for worker in told)
        untold = waiting + sum(worker.candidate.size for worker in running if worker not in told)
        return known * (1 + untold / of_size) if of_size else 0.0


def _share(worker: Worker) -> float:
    """Which part of its movie a worker has done."""
    return min(1.0, worker.news.frames / worker.news.of) if worker.news.of else 0.0


def time_left(begun: float, share: float) -> float | None:
    """Seconds until all is done, of which `share` was since `begun` (monotonic)."""
    return (time.monotonic() - begun) * (1 - share) / share if share else None


def note_of(movies: int, now: Standing | None = None) -> str:
    """What others are told of a scan of so many `movies` while it runs; see `read_note`."""
    said = {"pid": os.getpid(), "host": socket.gethostname(), "movies": movies}
    return json.dumps(said | ({} if now is None else {"standing": now}))


class Running(NamedTuple):
    """What is told of a scan that runs."""

    pid: int
    host: str
    movies: int
    standing: Standing | None


def read_note(note: str) -> Running | None:
    """What `note_of` wrote; None if that cannot be made out."""
    try:
        said = json.loads(note)
        now = said.get("standing")
        if now is not None:
            now = Standing._make([*now[:-1], tuple(AtWork(*one) for one in now[-1])])
        return Running(int(said["pid"]), str(said["host"]), int(said["movies"]), now)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def noted(tell: Callable[[str], None], movies: int, progress: Told | None) -> Told:
    """What tells `progress` how far the whole is, and now and then those who ask."""
    next_note = 0.0

    def told(now: Standing) -> None:
        nonlocal next_note
        if time.monotonic() >= next_note:
            next_note = time.monotonic() + NOTE_EVERY
            tell(note_of(movies, now))
        if progress is not None:
            progress(now)

    return told
