"""What a worker does: scan a movie, or a part of one, in a process beside its own.

So the worker itself always answers its scheduler, and what a movie does to its decoder costs that
process. What comes back is small; tables are written by the process, to the folder that all share.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import wait
from typing import Any, NamedTuple

from distributed import Worker, get_worker
from distributed.core import Status

from videmo.archive.cluster.fit import Sign
from videmo.archive.done import done_record, key_of, table_of
from videmo.archive.ledger import FAILED, Entry, entry_of
from videmo.archive.overnight import entry_after
from videmo.archive.process import MovieWorker, Order, Tell, scan_whole
from videmo.archive.walk import Candidate
from videmo.errors import DiskFullError, OutputError, RequestError, SetupError, VidemoError
from videmo.files import shown
from videmo.scan.parts import Part, plan_parts, scan_part
from videmo.scan.workers import TELL_EVERY
from videmo.sheets import safe_cell
from videmo.table import Record

NEWS = "videmo-news"
"""The topic under which workers tell how far they are."""
NEWS_EVERY = 2.0
"""Seconds between two pieces of news of one errand."""
LEAVING = {Status.closing, Status.closed, Status.failed, Status.stopping, Status.stopped}


class UnseenError(SetupError):
    """A worker does not see what all should."""


class LostError(OutputError):
    """What was done is lost, by no fault of the movie's that is known: it may be tried again."""


class Errand(NamedTuple):
    """What a worker is sent for."""

    candidate: Candidate
    order: Order
    made: Record
    sign: Sign
    plan: bool = False
    """Only find out what there is to scan."""
    part: Part | None = None
    """Scan this, and no more."""
    again: bool = False
    """Whether somebody may have done it already."""


Outcome = Entry | Part | VidemoError | int
"""What became of a movie; what there is to scan; what went wrong; how many chunks were scanned."""


def run_errand(errand: Errand) -> Outcome:
    """Do it, in a process of its own, until it is done or not wanted any more."""
    if errand.again and (entry := _done_already(errand)):
        return entry
    # Dask's workers may have no children, as all daemons of Python's; ours end with their parent.
    multiprocessing.current_process().daemon = False
    worker = get_worker()
    key = str(worker.get_current_task())
    try:
        movie = MovieWorker(errand.candidate, errand.order, _work_of(errand))
    except (EOFError, OSError) as error:  # what starts processes was killed: it comes again
        return LostError(f"no process can be started to scan in ({error})")
    told = 0.0
    try:
        while not movie.ended:
            wait([movie.message, movie.process.sentinel], TELL_EVERY)
            movie.look()
            if not _is_wanted(worker, key):
                return LostError(f"{shown(errand.order.movie)}: is not wanted any more")
            if time.monotonic() - told > NEWS_EVERY:
                told = time.monotonic()
                worker.log_event(NEWS, [key, *movie.news])
    finally:
        if not movie.ended:
            movie.end(ask=True)
    return _outcome(movie, errand)


def _work_of(errand: Errand) -> Callable[[Order, Tell], Any]:
    if errand.plan:
        return _plan
    return partial(_scan, errand.part) if errand.part else scan_whole


def _plan(order: Order, tell: Tell) -> Part:
    return plan_parts(order.movie, order.folder, order.settings, beat=tell.beat, more=order.more)


def _scan(part: Part, order: Order, tell: Tell) -> int:
    scan_part(part, tell.frames)
    return len(part.chunks)


def _is_wanted(worker: Worker, key: str) -> bool:
    """Whether somebody still waits for this: not where its client or its scheduler is gone."""
    task = worker.state.tasks.get(key)
    return worker.status not in LEAVING and task is not None and task.state != "cancelled"


def _done_already(errand: Errand) -> Entry | None:
    one, made = errand.candidate, errand.made
    table = table_of(errand.order.folder, one.path.name, one.path, made)
    record = done_record(table, one.path, made, one.more)
    if record is None:
        return None
    return entry_of(one.name, record, 0.0, key_of(one.path, made, one.more))


def _outcome(movie: MovieWorker, errand: Errand) -> Outcome:
    """What became of it; what is this machine's fault and not the movie's is an error."""
    path = errand.candidate.path
    if not (os.path.lexists(path) and errand.sign.is_seen()):
        return UnseenError(f"sees {shown(path)} or the folder of the tables no more")
    if movie.process.exitcode == -signal.SIGKILL:
        return LostError(f"{shown(path)}: its process was killed, perhaps for want of memory")
    result = movie.result
    if isinstance(result, Part | int | RequestError):
        return result
    if isinstance(result, OutputError) and not isinstance(result, DiskFullError):
        return LostError(str(result))
    try:
        return entry_after(movie, errand.made)
    except VidemoError as error:
        return error


def failed(candidate: Candidate, reason: str, made: Record) -> Entry:
    """The entry of a movie that nobody could scan."""
    key = key_of(candidate.path, made, candidate.more)
    return Entry(safe_cell(candidate.name), FAILED, reason, key=key)
