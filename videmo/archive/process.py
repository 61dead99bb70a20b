"""Scan a movie in a process of its own: a crash, a hang or a hunger for memory ends that alone."""

from __future__ import annotations

import logging
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, NamedTuple

from videmo.archive.walk import Candidate
from videmo.emotions import find_model
from videmo.errors import MovieError, RequestError, VidemoError
from videmo.faces import detector_of
from videmo.files import shown
from videmo.scan import Progress, Scanned, Settings, scan_movie
from videmo.scan.chunk import detector_config
from videmo.scan.classify import classifier_of
from videmo.scan.workers import (
    TELL_EVERY,
    address_space,
    end_with_parent,
    lacks_memory,
    limit_memory,
    process_context,
    undisturbed,
)
from videmo.schema import DEFAULT_STALL
from videmo.table import read_record
from videmo.video import out_of_memory

log = logging.getLogger(__name__)

ROOM = 256 << 20
"""Bytes of memory that the smallest movie may need beside what videmo itself takes."""
GRACE = 1.0
"""Seconds that a process has for ending by itself, before it is killed."""


class Limits(NamedTuple):
    """What a movie may take."""

    stall: float = DEFAULT_STALL
    """Seconds without a new frame."""
    memory: int | None = None
    """Bytes of memory (address space) for each process; None: no limit."""


class Order(NamedTuple):
    """What a process is to do."""

    movie: Path
    folder: Path
    settings: Settings
    jobs: int
    fresh: bool
    limits: Limits
    more: tuple[Path, ...] = ()
    """The chapters that follow in one movie."""
    shared: bool = False
    """Whether others may be at work on the same movie; see `scan_movie`."""


class News(NamedTuple):
    """How far a process is."""

    frames: int = 0
    of: int = 0
    """Frames that there should be; 0: not known."""
    beats: int = 0
    """Signs of life while no frames are counted."""
    seconds: float = 0.0
    """Footage that there is to scan; 0: not known."""


Work = Callable[["Order", "Tell"], Any]
"""What a process does: it tells how far it is, and gives what can be sent from there."""


def scan_whole(order: Order, tell: Tell) -> Path:
    """Scan the movie; its table."""
    return scan_movie(
        order.movie,
        order.folder,
        order.settings,
        tell.frames,
        jobs=order.jobs,
        fresh=order.fresh,
        beat=tell.beat,
        length=tell.length,
        more=order.more,
        shared=order.shared,
    ).table


class MovieWorker:
    """A movie that is being scanned. Remembers the process, and what it said last."""

    def __init__(self, candidate: Candidate, order: Order, work: Work = scan_whole) -> None:
        self.candidate = candidate
        self.order = order
        self.begun = self._heard = time.monotonic()
        self.news = News()
        self.result: Any = None
        """What the process gave, or the error it ended with; None: not ended yet."""
        self._spoken = False
        context = process_context()
        self.message, said = context.Pipe(duplex=False)
        with undisturbed():  # else an interruption could lose a process just started
            self.process = context.Process(target=_work, args=(order, work, said))
            self.process.start()
        said.close()

    @property
    def ended(self) -> bool:
        """Whether the movie is done with; `outcome` then tells how."""
        return self.result is not None

    def look(self) -> None:
        """Hear what the process has to say, and see whether it still moves."""
        gone = not self.process.is_alive()
        self._listen()
        name = shown(self.order.movie)
        stall = self.order.limits.stall
        if self.result is None and gone:
            code = self.process.exitcode or 0
            how = f"signal {-code}" if code < 0 else f"code {code}"
            self.result = MovieError(
                f"{name}: the decoder crashed on this movie ({how}); convert it, or leave it out"
            )
        elif self.result is None and time.monotonic() - self._heard > stall:
            self.result = MovieError(
                f"{name}: no new frame for {stall:g} s; convert it, leave it out, or give it "
                "longer with --stall-timeout"
            )
        if self.result is not None:
            self.end(ask=not gone and not self._spoken)

    def _listen(self) -> None:
        try:
            while self.result is None and self.message.poll():
                said = self.message.recv()
                if not isinstance(said, News):
                    self.result, self._spoken = said, True
                elif said != self.news:
                    self.news, self._heard = said, time.monotonic()
        except (EOFError, OSError):
            pass  # it has ended: its exit code tells how

    def outcome(self) -> Scanned:
        """What the scan made.

        Raises:
            VidemoError: what the scan ended with.
        """
        if isinstance(self.result, Path):
            return Scanned(self.result, read_record(self.result))
        raise self.result or AssertionError("not ended yet")

    def end(self, deadline: float | None = None, *, ask: bool = False) -> None:
        """Wait for the process's end, or `ask` for it; killed after `deadline` (monotonic)."""
        if deadline is None:
            deadline = time.monotonic() + GRACE
        if ask:
            self.process.terminate()
        self.process.join(max(0.0, deadline - time.monotonic()))
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.message.close()


def scan_apart(order: Order, progress: Progress | None = None) -> Scanned:
    """Do `order` in a process of its own, and wait for it.

    Raises:
        VidemoError: as `scan_movie`; MovieError, too, if the process crashes or takes too much.
    """
    worker = MovieWorker(Candidate(order.movie, order.movie.name), order)
    try:
        while not worker.ended:
            wait([worker.message, worker.process.sentinel], TELL_EVERY)
            worker.look()
            if progress and worker.news.frames:
                progress(worker.news.frames, worker.news.of)
    finally:
        if not worker.ended:
            worker.end(ask=True)
    scanned = worker.outcome()
    for doubt in scanned.record["warnings"]:
        log.warning("%s: %s", shown(order.movie), doubt)
    return scanned


def _work(order: Order, work: Work, said: Connection) -> None:
    """What the process does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends us, when its user says so
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # nothing to tidy yet: to end is to be silent
    end_with_parent()
    logging.disable()  # the record says it, too
    with suppress(KeyboardInterrupt, BrokenPipeError):  # we are to end, or nobody listens any more
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            said.send(_done(order, work, said))
        finally:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _done(order: Order, work: Work, said: Connection) -> Any:
    """What the work gives, or the error it ended with."""
    try:
        if order.limits.memory is not None:
            _limit(order.limits.memory, order.settings)
        return work(order, Tell(said))
    except VidemoError as error:
        return error
    except BrokenPipeError:
        raise
    except Exception as error:  # one bad movie must not cost the others, whatever it does to us
        if lacks_memory(error):
            return out_of_memory(order.movie)
        return MovieError(
            f"{shown(order.movie)}: videmo failed on this movie ({type(error).__name__}: {error}); "
            "please report it"
        )


def _limit(memory: int, settings: Settings) -> None:
    """Keep to the limit, if videmo itself does: else anything may fail, in any way.

    Raises:
        RequestError: it does not.
    """
    model = find_model(settings.model)
    classifier_of(model)
    detector_of(detector_config(settings, model))
    needed = (address_space() or 0) + ROOM
    if memory < needed:
        raise RequestError(
            f"--memory-limit {memory >> 20}M: is too little for any movie; give {needed >> 20}M or "
            "more"
        )
    limit_memory(memory)


class Tell:
    """Sends news, now and then; remembers when it last did."""

    def __init__(self, said: Connection) -> None:
        self._said = said
        self._news = News()
        self._next = 0.0

    def frames(self, done: int, total: int) -> None:
        self._send(self._news._replace(frames=done, of=total))

    def beat(self) -> None:
        self._send(self._news._replace(beats=self._news.beats + 1))

    def length(self, seconds: float) -> None:
        self._send(self._news._replace(seconds=seconds))

    def _send(self, news: News) -> None:
        self._news = news
        now = time.monotonic()
        if now >= self._next:
            self._said.send(news)
            self._next = now + TELL_EVERY
