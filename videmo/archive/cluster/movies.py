"""Scan an archive's movies with a crew: what is done next, and what becomes of each.

The largest first. Towards the end, what is long for what is left is scanned in parts, so that the
last movie does not keep one worker busy while all others rest.
"""

from __future__ import annotations

import logging
import math
import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from videmo.archive.cluster.crew import Crew, Ended, Lost
from videmo.archive.cluster.errand import Errand, LostError, UnseenError, failed, run_errand
from videmo.archive.cluster.fit import Difference, Sign
from videmo.archive.done import table_of
from videmo.archive.ledger import Entry
from videmo.archive.process import Order
from videmo.archive.standing import Standing, Told
from videmo.archive.walk import Candidate
from videmo.errors import DiskFullError, RequestError, SetupError, VidemoError
from videmo.files import remove_left, shown
from videmo.plain import counted
from videmo.scan import Settings
from videmo.scan.parts import Part
from videmo.scan.store import ChunkStore
from videmo.scan.workers import TELL_EVERY
from videmo.table import Record, movie_name, record_path

log = logging.getLogger(__name__)

TRIES = 3
"""So often a movie may lose its worker without getting any further."""
FAIR = 0.5
"""A movie is scanned in parts if it is more than this part of what is left for each thread: sizes
tell only roughly how long a scan takes."""
PIECES = 4
"""Into how many pieces for each thread what is left would then be cut."""
LEAST_CHUNKS = 4
"""A part has so many chunks, two minutes of film; else to begin with it costs too much."""


@dataclass
class _Movie:
    """How far a movie is."""

    candidate: Candidate
    order: Order
    table: Path
    begun: float = 0.0
    tries: int = 0
    """How often it lost its worker since it last got further."""
    lost: bool = False
    """Whether it ever did."""
    kept: int = 0
    """Chunks that were there when it last lost its worker."""
    parts: int = 0
    """Parts that are to be done or being done."""
    told: float = 0.0
    """Seconds of its footage that are counted already."""
    over: bool = False

    @property
    def store(self) -> Path:
        return self.table.parent / f"{movie_name(self.table)}.parts"


class _Task(NamedTuple):
    """What a worker is to do for a movie, and how much of all work that is, in bytes."""

    movie: _Movie
    size: float
    plan: bool = False
    part: Part | None = None
    pieces: int = 1


class ArchiveScan:
    """Remembers what is to be done, and how far all is."""

    def __init__(
        self,
        crew: Crew,
        sign: Sign,
        made: Record,
        work: Callable[[Errand], Any] = run_errand,
    ) -> None:
        self._crew = crew
        self._sign = sign
        self._made = made
        self._work = work
        self._waiting: deque[_Movie] = deque()
        self._next: deque[_Task] = deque()
        self._left = self._total = 0.0
        self._seconds = 0.0
        self._begun = time.monotonic()

    def entries(
        self, movies: Sequence[Candidate], orders: dict[str, Order], tell: Told
    ) -> Iterator[Entry]:
        """What becomes of each movie, as soon as it is known.

        Raises:
            SetupError: the scheduler is gone, or no worker is fit.
            RequestError: none of the movies can be scanned as it is asked for.
        """
        by_size = sorted(movies, key=lambda candidate: (-candidate.size, candidate.name))
        every = [self._movie(one, orders[one.name]) for one in by_size]
        self._waiting.extend(every)
        self._left = self._total = float(sum(one.size for one in by_size))
        done = 0
        while done < len(every):
            while self._crew.free > 0 and (task := self._task()):
                self._begin(task)
            for ended in self._crew.ended(TELL_EVERY):
                if (entry := self._after(ended)) is not None:
                    done += 1
                    yield entry
            tell(self._standing(done, len(every)))
        for movie in every:
            _sweep(movie)

    def _movie(self, one: Candidate, order: Order) -> _Movie:
        """A movie as workers are to find it, from whatever folder they work in."""
        more = tuple(map(_absolute, one.more))
        candidate = replace(one, path=_absolute(one.path), more=more)
        order = order._replace(
            movie=candidate.path,
            more=more,
            folder=_absolute(order.folder),
            settings=absolute_model(order.settings),
            shared=True,
        )
        table = table_of(order.folder, candidate.path.name, candidate.path, self._made)
        return _Movie(candidate, order, table)

    def _task(self) -> _Task | None:
        """What is to be begun next."""
        while self._next:
            task = self._next.popleft()
            if not task.movie.over:
                return task
            self._left -= task.size
        if not self._waiting:
            return None
        movie = self._waiting.popleft()
        movie.begun = time.monotonic()
        if movie.order.fresh:  # the worker must not: several may be at work on it
            ChunkStore(movie.store, {}).forget()
        size = float(movie.candidate.size)
        share = size / self._left if self._left else 0.0
        fair = share * self._crew.slots
        return _Task(movie, size, plan=fair > FAIR, pieces=math.ceil(fair * PIECES))

    def _begin(self, task: _Task) -> None:
        movie = task.movie
        self._left -= task.size if not task.plan else 0.0
        again = movie.lost and not movie.order.fresh
        order = movie.order._replace(fresh=False)
        errand = Errand(
            *(movie.candidate, order, self._made, self._sign), task.plan, task.part, again
        )
        self._crew.begin(task, self._work, errand)

    def _after(self, ended: Ended) -> Entry | None:
        """What is to be done after something has ended; the movie's entry, if that is all."""
        task, outcome = ended.what, ended.outcome
        if task.movie.over:
            return None
        if isinstance(outcome, Entry):
            return self._over(task.movie, outcome)
        if isinstance(outcome, Lost | VidemoError):
            return self._wrong(task, outcome, ended.worker)
        self._further(task, outcome)
        return None

    def _further(self, task: _Task, outcome: Part | int) -> None:
        """A movie is planned, or a part of it is done."""
        movie = task.movie
        if isinstance(outcome, Part):
            parts = outcome.cut(task.pieces, LEAST_CHUNKS)
            if len(parts) > 1:
                movie.parts = len(parts)
                self._next.extend(_Task(movie, task.size / len(parts), part=one) for one in parts)
                return
            self._next.append(_Task(movie, task.size))
            return
        if task.part is not None:
            seconds = task.part.frames * len(task.part.chunks) / float(task.part.movie.fps)
            movie.told, self._seconds = movie.told + seconds, self._seconds + seconds
            movie.parts -= 1
        if not movie.parts:  # now they only need to be put together
            self._next.appendleft(_Task(movie, 0.0))

    def _wrong(self, task: _Task, outcome: Lost | VidemoError, worker: str) -> Entry | None:
        """Something went wrong: try it again, somewhere else, or give it up.

        Raises:
            RequestError: any other movie would meet the same.
        """
        movie, name = task.movie, shown(task.movie.candidate.name)
        why = outcome.why if isinstance(outcome, Lost) else str(outcome)
        if isinstance(outcome, UnseenError) and not os.path.lexists(movie.candidate.path):
            path = shown(movie.candidate.path)
            entry = failed(movie.candidate, f"{path}: no such file; check the name", self._made)
            return self._over(movie, entry)
        if isinstance(outcome, RequestError):
            raise outcome
        movie.lost = True
        if isinstance(outcome, SetupError | DiskFullError):
            self._crew.leave_out(worker, [Difference("videmo", "works", why)])
        elif isinstance(outcome, Lost | LostError):
            kept = sum(1 for _ in movie.store.glob("*.npz"))
            movie.tries = 1 if kept > movie.kept else movie.tries + 1
            movie.kept = kept
            if movie.tries >= TRIES:
                reason = f"{why.removeprefix(f'{shown(movie.candidate.path)}: ')}, {TRIES} times"
                return self._over(movie, failed(movie.candidate, reason, self._made))
            log.warning("%s on %s: %s; it is tried again", name, worker, why)
        self._left += task.size if not task.plan else 0.0
        self._next.appendleft(task)
        return None

    def _over(self, movie: _Movie, entry: Entry) -> Entry:
        movie.over = True
        self._crew.drop(lambda task: not task.movie.over)
        self._seconds += entry.duration - movie.told
        return replace(entry, took=round(time.monotonic() - movie.begun, 1))

    def _standing(self, done: int, movies: int) -> Standing:
        partly, seconds = 0.0, 0.0
        open_size = self._left
        for task, news in self._crew.running():
            frames, of, _, footage = news or (0, 0, 0, 0.0)
            share = min(1.0, frames / of) if of and not task.plan else 0.0
            partly += share * task.size
            open_size += task.size if not task.plan else 0.0
            if task.part is not None:
                footage = task.part.frames * len(task.part.chunks) / float(task.part.movie.fps)
            seconds += share * footage
        share = (self._total - open_size + partly) / self._total if self._total else done / movies
        here = self._seconds + seconds
        whole = here / share if share else 0.0
        return Standing(done, movies, share, here, whole, crew=self._who(here))

    def _who(self, seconds: float) -> str:
        """How many workers there are, and how fast they are."""
        workers = counted(self._crew.workers, "worker")
        speed = seconds / max(1.0, time.monotonic() - self._begun)
        return f"{workers}, {speed:.1f} hours an hour"


def absolute_model(settings: Settings) -> Settings:
    """The same settings, for whoever works in another folder."""
    model = settings.model
    return replace(settings, model=model if model is None else _absolute(model))


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))


def _sweep(movie: _Movie) -> None:
    """Take away what a worker left that was lost, as nobody who is alive needs it."""
    if movie.lost:
        for left in (movie.table, record_path(movie.table)):
            remove_left(left)
        if movie.over and record_path(movie.table).exists():
            ChunkStore(movie.store, {}).forget()
