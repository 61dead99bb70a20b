"""Scan the chunks of a movie, on one core or several, and keep each as soon as it is finished."""

from __future__ import annotations

import itertools
import mmap
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from types import ModuleType
from typing import Any, NamedTuple

import cv2

from videmo.errors import MovieError, OutputError, SetupError, VidemoError
from videmo.files import shown
from videmo.scan.chunk import ChunkResult, Settings, scan_chunk
from videmo.scan.store import ChunkStore
from videmo.schema import Chunk
from videmo.video import Movie, out_of_memory

resource: ModuleType | None
try:
    import resource
except ImportError:  # Windows
    resource = None

PRELOADED = [__name__, "videmo.scan.preloaded", "ai_edge_litert.interpreter"]
"""What every process needs."""

TELL_EVERY = 0.2
"""Seconds between two looks at how far the work is."""


def all_cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def warm_up(jobs: int) -> None:
    """Load what the processes need, in the background, while the movie is still read through."""
    if jobs > 1:
        process_context()


def scan_chunks(
    movie: Movie,
    chunks: Sequence[Chunk],
    settings: Settings,
    store: ChunkStore,
    *,
    jobs: int,
    progress: Callable[[int], None] | None = None,
) -> Callable[[], Iterator[ChunkResult]]:
    """Scan the chunks that `store` does not have yet, into `store`.

    `progress` is told how many frames are done. What is found does not depend on `jobs`.

    Returns:
        What gives what was seen in each chunk, in order, one after the other.
    """
    to_do, done = [], 0
    for chunk in chunks:
        kept = store.load(chunk.index)
        if kept is None:
            to_do.append(chunk)
        else:
            done += kept.frames
    tell = progress or (lambda _: None)
    tell(done)
    if jobs > 1 and len(to_do) > 1:
        jobs = min(jobs, len(to_do))
        _in_processes(movie, to_do, settings, store, jobs, lambda n: tell(done + n))
    else:
        count = itertools.count(done + 1)
        for chunk in to_do:
            seen = scan_chunk(movie, chunk, settings, lambda: tell(next(count)))
            store.save(chunk.index, seen)
    return lambda: (_kept(store, chunk) for chunk in chunks)


def _in_processes(
    movie: Movie,
    chunks: Sequence[Chunk],
    settings: Settings,
    store: ChunkStore,
    jobs: int,
    tell: Callable[[int], None],
) -> None:
    """A process for each chunk: one that crashes, or is to be ended, takes nothing with it."""
    context = process_context()
    counter = context.Value("q", 0)
    waiting, running = list(chunks), list[_ChunkWorker]()
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                with undisturbed():  # else an interruption could lose a process just started
                    chunk = waiting.pop(0)
                    running.append(_started(context, movie, chunk, settings, store, counter))
            wait([worker.process.sentinel for worker in running], TELL_EVERY)
            tell(counter.value)
            for worker in [w for w in running if not w.process.is_alive()]:
                running.remove(worker)
                _check(worker, movie)
    finally:
        for worker in running:
            worker.process.terminate()
        for worker in running:
            worker.process.join()
            worker.message.close()


class _ChunkWorker(NamedTuple):
    """A process that scans a chunk, and what it says if that fails."""

    process: BaseProcess
    message: Connection


def process_context() -> Any:
    """How processes are started.

    Not forked from here, where FFmpeg and the progress bar have threads: from a server that has
    loaded everything and done nothing, where there is such a thing.
    """
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    from multiprocessing import forkserver

    forkserver.set_forkserver_preload(PRELOADED)
    forkserver.ensure_running()  # now, while signals are let through: its children inherit that
    return multiprocessing.get_context("forkserver")


@contextmanager
def undisturbed() -> Iterator[None]:
    """Interruptions wait until the block ends.

    By handlers, not by masks: another thread of ours may take a signal that this one blocks.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are never handled here
        return
    held: list[int] = []
    both = (signal.SIGINT, signal.SIGTERM)
    before = {which: signal.signal(which, lambda which, _: held.append(which)) for which in both}
    try:
        yield
    finally:
        for which, handler in before.items():
            signal.signal(which, signal.SIG_DFL if handler is None else handler)
        if held:
            signal.raise_signal(held[0])


def _started(
    context: Any, movie: Movie, chunk: Chunk, settings: Settings, store: ChunkStore, counter: Any
) -> _ChunkWorker:
    """A process that scans `chunk`.

    Raises:
        SetupError: the server that it is forked from has ended.
    """
    message, said = context.Pipe(duplex=False)
    process = context.Process(
        target=_scan_and_keep,
        args=(movie, chunk, settings, store, counter, said, memory_limit()),
        daemon=True,
    )
    try:
        process.start()
    except (EOFError, ConnectionError) as error:
        raise SetupError(
            "no process can be started to scan in; try again, or with --jobs 1"
        ) from error
    said.close()
    return _ChunkWorker(process, message)


def _check(worker: _ChunkWorker, movie: Movie) -> None:
    """Raise what a worker that has ended ran into."""
    worker.process.join()
    code = worker.process.exitcode
    with worker.message:
        if worker.message.poll():
            with suppress(EOFError):
                raise worker.message.recv()
    if code:
        how = f"signal {-code}" if code < 0 else f"code {code}"
        raise MovieError(
            f"{shown(movie.path)}: the decoder crashed on this movie ({how}); convert it, or "
            "leave it out"
        )


def _kept(store: ChunkStore, chunk: Chunk) -> ChunkResult:
    seen = store.load(chunk.index)
    if seen is None:
        raise OutputError(f"{shown(store.folder)}: was changed during the scan; scan again")
    return seen


def _scan_and_keep(
    movie: Movie,
    chunk: Chunk,
    settings: Settings,
    store: ChunkStore,
    counter: Any,
    said: Connection,
    memory: int | None = None,
) -> None:
    """What a worker does; it may use as much memory as who started it."""
    end_with_parent()
    limit_memory(memory)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends us, when its user says so
    signal.signal(signal.SIGTERM, signal.SIG_DFL)

    def count() -> None:
        with counter.get_lock():
            counter.value += 1

    try:
        seen = scan_chunk(movie, chunk, settings, count)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # what is finished is kept, whole
        store.save(chunk.index, seen)
    except VidemoError as error:
        said.send(error)
    except Exception as error:
        if not lacks_memory(error):
            raise
        said.send(out_of_memory(movie.path))


def lacks_memory(error: Exception) -> bool:
    """Whether `error` means that there is no memory left, whoever found that out."""
    return isinstance(error, MemoryError) or (
        isinstance(error, cv2.error) and error.code == cv2.Error.StsNoMem
    )


def end_with_parent() -> None:
    """End this process as soon as the one that started it is gone, even if it was killed."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def limit_memory(limit: int | None) -> None:
    """Let this process have no more than `limit` bytes of address space; None: as before."""
    if limit is not None and resource is not None:
        _, most = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (limit, most))


def address_space() -> int | None:
    """The bytes of address space that this process has; None where the system does not tell."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[0]) * mmap.PAGESIZE
    except (OSError, ValueError, IndexError):
        return None


def memory_limit() -> int | None:
    """The bytes of address space that this process may have; None: no limit."""
    if resource is None:
        return None
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    return None if limit == resource.RLIM_INFINITY else limit
