"""The workers of a cluster, and what each is doing just now.

A worker is examined before it is given work, and never given more than it has threads: so nothing
waits on a worker that is lost, and it is known with what each was lost.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import itertools
import logging
import queue
import secrets
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from videmo.archive.cluster.connect import gone
from videmo.archive.cluster.fit import Difference, none_fit

if TYPE_CHECKING:
    from distributed import Client, Future

log = logging.getLogger(__name__)

LOOK_EVERY = 1.0
"""Seconds between two looks at who is there."""
NONE_FIT_AFTER = 5.0
"""Seconds that others have to come, where every worker was left out."""
FETCH_SECONDS = 30
"""So long the outcome of something is waited for, once it is there."""
LOST = (
    *(OSError, TimeoutError, RuntimeError, asyncio.TimeoutError),
    *(asyncio.CancelledError, concurrent.futures.CancelledError),
)
"""What Dask raises where it cannot reach its scheduler."""

Examine = Callable[[], tuple[str, list[Difference]]]


class Lost(NamedTuple):
    """The outcome of what was given to a worker that is gone, or that Dask gave up."""

    why: str


LEFT = Lost("its worker is gone")


class Ended(NamedTuple):
    """Something that was begun and has ended."""

    what: Any
    outcome: Any
    worker: str


class _Running(NamedTuple):
    what: Any
    worker: str
    future: Future


class Crew:
    """All that a scheduler's workers do for us. Remembers who is fit, and who has what to do."""

    def __init__(self, client: Client, examine: Examine) -> None:
        self._client = client
        self._examine = examine
        self._there: dict[str, int] = {}
        self._fit: dict[str, int] = {}
        self._asked: dict[str, _Running] = {}
        self._running: dict[str, _Running] = {}
        self._busy: Counter[str] = Counter()
        self._left_out: dict[str, list[Difference]] = {}
        self._news: dict[str, list[float]] = {}
        self._done: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._numbers = itertools.count()
        self._name = f"videmo-{secrets.token_hex(4)}"
        self._looked = self._changed = 0.0
        self._waited = False

    @property
    def slots(self) -> int:
        """How much can be done at a time."""
        return sum(self._fit.values())

    @property
    def free(self) -> int:
        """How much can be begun now."""
        return self.slots - sum(self._busy[worker] for worker in self._fit)

    @property
    def workers(self) -> int:
        return len(self._fit)

    def running(self) -> list[tuple[Any, list[float]]]:
        """What is being done, each with the last news of it; none yet: an empty list."""
        return [(one.what, self._news.get(key, [])) for key, one in self._running.items()]

    def hear(self, event: tuple[float, list[Any]]) -> None:
        """Take a piece of news: a key, and numbers."""
        key, *numbers = event[1]
        if key in self._running:
            self._news[key] = numbers

    def begin(self, what: Any, work: Callable[..., Any], *arguments: Any) -> None:
        """Let a worker that is free do this; `ended` gives `what` back with the outcome."""
        worker = max(self._fit, key=lambda one: self._fit[one] - self._busy[one])
        self._busy[worker] += 1
        self._submit(self._running, what, worker, work, *arguments)

    def drop(self, wanted: Callable[[Any], bool]) -> None:
        """Give up what is not `wanted` any more."""
        for key, one in list(self._running.items()):
            if not wanted(one.what):
                self._forget(key)
                one.future.cancel()

    def ended(self, seconds: float) -> list[Ended]:
        """What has ended, within so many seconds.

        Raises:
            SetupError: the scheduler is gone, or no worker is fit.
        """
        found = self._look() if time.monotonic() - self._looked > LOOK_EVERY else []
        keys = []
        with suppress(queue.Empty):
            if not found:
                keys.append(self._done.get(timeout=seconds))
            while True:
                keys.append(self._done.get_nowait())
        silent: set[str] = set()
        for key in keys:
            if key in self._asked:
                one = self._asked.pop(key)
                self._judge(one, self._outcome(one, silent))
            elif key in self._running:
                one = self._forget(key)
                found.append(Ended(one.what, self._outcome(one, silent), one.worker))
        return found

    def leave_out(self, worker: str, why: list[Difference], name: str = "") -> None:
        """Give a worker nothing more to do."""
        self._fit.pop(worker, None)
        self._changed = time.monotonic()
        where = f"{worker} ({name})" if name else worker
        if self._left_out.setdefault(where, why) is why:
            said = "; ".join(f"{one.what}: {one.there} there, {one.here} here" for one in why)
            log.warning("worker %s is left out: %s", where, said)

    def close(self) -> None:
        """Give up everything that is still being done."""
        futures = [one.future for one in (*self._running.values(), *self._asked.values())]
        if futures and self._client.status == "running":
            with suppress(*LOST):
                self._client.cancel(futures)

    def _submit(
        self, into: dict[str, _Running], what: Any, worker: str, work: Any, *arguments: Any
    ) -> None:
        key = f"{self._name}-{next(self._numbers)}"
        how: dict[str, Any] = {"workers": [worker], "allow_other_workers": False, "pure": False}
        try:
            future = self._client.submit(work, *arguments, key=key, **how)
        except LOST as error:
            raise gone(self._client) from error
        into[key] = _Running(what, worker, future)
        future.add_done_callback(lambda one: self._done.put(str(one.key)))

    def _forget(self, key: str) -> _Running:
        one = self._running.pop(key)
        self._busy[one.worker] -= 1
        self._news.pop(key, None)
        return one

    def _look(self) -> list[Ended]:
        """See who has come and who is gone; what was given to those who are."""
        self._looked = time.monotonic()
        try:
            if self._client.status != "running":
                raise gone(self._client)
            there = dict(self._client.nthreads())
        except LOST as error:
            raise gone(self._client) from error
        lost = self._there.keys() - there.keys()
        for worker in there.keys() - self._there.keys():
            self._submit(self._asked, worker, worker, self._examine)
        if there != self._there:
            self._changed = self._looked
        self._there = there
        self._fit = {worker: there[worker] for worker in self._fit if worker in there}
        self._see_whether_any_is_left()
        ended = []
        for key, one in list((self._running | self._asked).items()):
            if one.worker in lost:
                one.future.cancel()
                if key in self._asked:
                    del self._asked[key]
                else:
                    ended.append(Ended(self._forget(key).what, LEFT, one.worker))
        return ended

    def _see_whether_any_is_left(self) -> None:
        if self._fit or self._asked:
            self._waited = False
        elif self._left_out and time.monotonic() - self._changed > NONE_FIT_AFTER:
            raise none_fit(self._left_out)
        elif not self._there and not self._waited:
            self._waited = True
            log.warning("the cluster has no worker; waiting for one")

    def _judge(self, one: _Running, outcome: Any) -> None:
        """Take an examined worker, or leave it out."""
        if isinstance(outcome, Lost):
            outcome = "", [Difference("videmo", "runs", outcome.why)]
        name, differences = outcome
        if differences:
            self.leave_out(one.worker, differences, name)
        elif one.worker in self._there:
            self._fit[one.worker] = self._there[one.worker]

    def _outcome(self, one: _Running, silent: set[str]) -> Any:
        """What it gave back, or `Lost`, whatever became of it. Workers that did not answer are put
        into `silent`, and not waited for again.

        Raises:
            SetupError: the scheduler is gone.
        """
        if one.worker in silent:
            return Lost("what came of it was lost (its worker does not answer)")
        try:
            if one.future.status == "finished":
                return one.future.result(timeout=FETCH_SECONDS)
            error = one.future.exception(timeout=FETCH_SECONDS)
        except Exception as lost:  # what cannot be unpacked, too
            if self._client.status != "running":
                raise gone(self._client) from lost
            if isinstance(lost, TimeoutError | asyncio.TimeoutError):
                silent.add(one.worker)
            return Lost(f"what came of it was lost ({type(lost).__name__})")
        if error is None:  # it was cancelled, though not by us
            if self._client.status != "running":
                raise gone(self._client)
            return Lost("what came of it was lost")
        return Lost(f"{type(error).__name__}: {error}")
