"""Scan the chunks of a movie, on one core or several, and keep each as soon as it is finished."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from typing import Any

from videmo.errors import MovieError
from videmo.files import shown
from videmo.scan.chunk import Observations, Settings, scan_chunk
from videmo.scan.parts import Parts
from videmo.schema import Chunk
from videmo.video import Movie

TELL_EVERY = 0.2
"""Seconds between two looks at how far the work is."""

_counter: Any = None
"""In a worker: the number of frames that all workers have read."""


def all_cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def scan_chunks(
    movie: Movie,
    chunks: Sequence[Chunk],
    settings: Settings,
    parts: Parts,
    *,
    jobs: int,
    progress: Callable[[int], None] | None = None,
) -> list[Observations]:
    """What is seen in each chunk, in order; those that `parts` has are not scanned again.

    `progress` is told how many frames are done. What is found does not depend on `jobs`.
    """
    kept = {chunk.index: parts.load(chunk.index) for chunk in chunks}
    seen = {index: part for index, part in kept.items() if part is not None}
    to_do = [chunk for chunk in chunks if chunk.index not in seen]
    done = sum(len(part.times) for part in seen.values())
    tell = progress or (lambda _: None)
    tell(done)
    if jobs > 1 and len(to_do) > 1:
        seen |= _in_processes(
            movie, to_do, settings, parts, min(jobs, len(to_do)), lambda n: tell(done + n)
        )
    else:
        for chunk in to_do:
            frames = iter(range(done + 1, 1 << 62))
            seen[chunk.index] = scan_chunk(movie, chunk, settings, lambda f=frames: tell(next(f)))
            parts.save(chunk.index, seen[chunk.index])
            done += len(seen[chunk.index].times)
    return [seen[chunk.index] for chunk in chunks]


def _in_processes(
    movie: Movie,
    chunks: Sequence[Chunk],
    settings: Settings,
    parts: Parts,
    jobs: int,
    tell: Callable[[int], None],
) -> dict[int, Observations]:
    # Not forked from here: FFmpeg and the progress bar have threads, and forks do not like that.
    context = multiprocessing.get_context("spawn")
    counter = context.Value("q", 0)
    pool = ProcessPoolExecutor(jobs, context, initializer=_begin, initargs=(counter,))
    try:
        # The first chunks first: what is lost by an interruption is then at the end.
        work = {pool.submit(_scan_and_keep, movie, c, settings, parts): c.index for c in chunks}
        left: set[Future[Observations]] = set(work)
        while left:
            finished, left = wait(left, TELL_EVERY, FIRST_EXCEPTION)
            for future in finished:
                future.result()
            tell(counter.value)
        return {index: future.result() for future, index in work.items()}
    except BrokenProcessPool:
        raise MovieError(
            f"{shown(movie.path)}: the decoder crashed on this movie; convert it, or leave it out"
        ) from None
    except BaseException:
        for child in multiprocessing.active_children():
            child.terminate()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _begin(counter: Any) -> None:
    """What a worker does first."""
    global _counter
    _counter = counter
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends us, when its user says so
    with suppress(AttributeError):  # not on Windows
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _scan_and_keep(movie: Movie, chunk: Chunk, settings: Settings, parts: Parts) -> Observations:
    seen = scan_chunk(movie, chunk, settings, _count, threads=1)
    parts.save(chunk.index, seen)
    return seen


def _count() -> None:
    with _counter.get_lock():
        _counter.value += 1
