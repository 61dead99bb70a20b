"""Scan an archive: find out what is to be done, do it on all cores, and list what became of it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from multiprocessing.connection import wait
from pathlib import Path

from videmo.archive.copies import copies_in, copy_entries
from videmo.archive.done import done_record, found_at, key_of, table_of
from videmo.archive.ledger import (
    COPY,
    FAILED,
    OK,
    PARTIAL,
    SKIPPED,
    WAITING,
    Entry,
    add_entry,
    begin_ledger,
    entry_of,
    ledger_path,
    read_ledger,
)
from videmo.archive.moved import follow
from videmo.archive.process import GRACE, Limits, MovieWorker, Order
from videmo.archive.share import Shard, cores_for
from videmo.archive.standing import Told, Work, note_of, noted
from videmo.archive.walk import Candidate
from videmo.emotions import find_model
from videmo.errors import (
    DiskFullError,
    MovieError,
    NoPicturesError,
    OutputError,
    RequestError,
    SetupError,
    VidemoError,
)
from videmo.files import file_lock, remove_left, shown
from videmo.scan import Settings, made_with
from videmo.scan.workers import TELL_EVERY, process_context
from videmo.sheets import safe_cell
from videmo.table import Record

LIMITS, WHOLE = Limits(), Shard()

Engine = Callable[[list[Candidate], dict[str, Order], Record, Told], Iterator[Entry]]
"""Scans movies as their orders say, `made` in this way, and gives what became of each."""


def scan_archive(
    movies: Sequence[Candidate],
    folder: Path,
    settings: Settings | None = None,
    *,
    jobs: int = 1,
    fresh: bool = False,
    retry: bool = False,
    limits: Limits = LIMITS,
    shard: Shard = WHOLE,
    progress: Told | None = None,
    engine: Engine | None = None,
) -> Iterator[tuple[Entry, bool]]:
    """Scan an archive's movies into `folder`, which mirrors its tree, and list them there.

    What is done already is not done again: same movie, model and settings, table still whole. Where
    a movie was renamed or moved within the archive, its table follows it. What failed is not tried
    again while the movie stays the same. Of a movie that is there several times one is scanned, and
    the others are listed as its copies.

    Args:
        movies: see `find_movies`.
        folder: for the tables and the list, see `ledger_path`.
        settings: see `Settings`.
        jobs: processes.
        fresh: scan everything again.
        retry: try again what failed.
        limits: what a movie may take; one that takes more has failed.
        shard: only the movies of this part.
        progress: told how far the whole is.
        engine: scans the movies; None: this machine does, in `jobs` processes.

    Yields:
        What became of each movie, as soon as it is known; and whether that is new.

    Raises:
        SetupError, DiskFullError: what would befall every other movie, too.
        OutputError: the list cannot be written, or another process scans into this folder.
    """
    settings = settings or Settings()
    made = made_with(settings, find_model(settings.model))
    path = ledger_path(folder, shard)
    mine = [candidate for candidate in movies if shard.holds(candidate.name)]
    process_context()
    movies_mine = sum(not candidate.reason for candidate in mine)
    with file_lock(path, note_of(movies_mine)) as note:
        remove_left(path)
        listed = read_ledger(path)  # even where all is scanned again: it refuses what is not ours
        if fresh:
            listed = {}
        copies = copies_in(movies, folder, made, listed, by_name=fresh or shard.count > 1)
        firsts = [candidate for candidate in mine if candidate.name not in copies]
        kept, to_do = _sort_out(firsts, folder, made, listed, retry, fresh)
        if was := follow(to_do, folder, _tables(firsts, kept, folder, made)):
            found, to_do = _sort_out(to_do, folder, made, listed, retry, fresh)
            kept += (replace(entry, was=was.get(entry.path, "")) for entry in found)
        later = [candidate for candidate in mine if candidate.name in copies]
        of_kept = list(copy_entries(later, copies, kept, made))
        kept += of_kept
        wait_for = (Entry(safe_cell(candidate.name), WAITING) for candidate in to_do)
        begin_ledger(path, [*kept, *wait_for], made["labels"])
        yield from ((entry, False) for entry in kept)
        order = partial(Order, settings=settings, jobs=1, fresh=fresh, limits=limits)
        orders = {
            candidate.name: order(
                candidate.path, _folder_of(candidate, folder, made), more=candidate.more
            )
            for candidate in to_do
        }
        entries = [*kept]
        tell = noted(note, movies_mine, progress)
        scan_all = engine or partial(_scan_all, jobs)
        for entry in scan_all(to_do, orders, made, tell):
            add_entry(path, entry, made["labels"])
            entries.append(entry)
            yield entry, True
        told = {entry.path for entry in of_kept}
        later = [candidate for candidate in later if safe_cell(candidate.name) not in told]
        for entry in copy_entries(later, copies, entries, made, every=True):
            add_entry(path, entry, made["labels"])
            entries.append(entry)
            yield entry, False
        begin_ledger(path, entries, made["labels"])


def _folder_of(candidate: Candidate, folder: Path, made: Record) -> Path:
    """Where the table of a movie goes, in `folder`."""
    return table_of(folder, candidate.name, candidate.path, made).parent


def _tables(
    movies: Sequence[Candidate], kept: Sequence[Entry], folder: Path, made: Record
) -> set[Path]:
    """The tables of those of `movies` that are done, as `kept` says."""
    done = {entry.path for entry in kept if entry.status in (OK, PARTIAL)}
    return {
        table_of(folder, one.name, one.path, made) for one in movies if safe_cell(one.name) in done
    }


def _sort_out(
    movies: Sequence[Candidate],
    folder: Path,
    made: Record,
    listed: dict[str, Entry],
    retry: bool,
    fresh: bool,
) -> tuple[list[Entry], list[Candidate]]:
    """What is known already, and what is to be scanned."""
    kept, to_do = [], []
    spent = {entry.key: entry.took for entry in listed.values() if entry.status != COPY}
    for candidate in movies:
        name = safe_cell(candidate.name)
        if candidate.reason:
            kept.append(Entry(name, FAILED if candidate.failed else SKIPPED, candidate.reason))
            continue
        before = listed.get(name)
        key = key_of(candidate.path, made, candidate.more)
        table = table_of(folder, candidate.name, candidate.path, made)
        record = None if fresh else done_record(table, candidate.path, made, candidate.more)
        if record is not None:
            took = spent.get(key, 0.0)
            record = found_at(record, table, candidate.path)
            kept.append(entry_of(candidate.name, record, took, key))
        elif before and key and before.key == key and before.status in (FAILED, SKIPPED):
            if retry and before.status == FAILED:
                to_do.append(candidate)
            else:
                kept.append(before)
        else:
            to_do.append(candidate)
    return kept, to_do


def _scan_all(
    jobs: int, movies: list[Candidate], orders: dict[str, Order], made: Record, tell: Told
) -> Iterator[Entry]:
    """The largest first, so that no core is left alone with it in the end."""
    waiting = sorted(movies, key=lambda candidate: (-candidate.size, candidate.name))
    running: list[MovieWorker] = []
    work = Work(movies)
    try:
        while waiting or running:
            _begin(waiting, running, orders, jobs)
            messages = [worker.message for worker in running]
            wait([*messages, *(worker.process.sentinel for worker in running)], TELL_EVERY)
            for worker in running:
                worker.look()
            for worker in [worker for worker in running if worker.ended]:
                running.remove(worker)
                entry = entry_after(worker, made)
                work.ended(worker.candidate, entry.duration)
                yield entry
            tell(work.standing(running, waiting))
    finally:
        deadline = time.monotonic() + GRACE
        for worker in running:
            worker.process.terminate()
        for worker in running:
            worker.end(deadline)


def _begin(
    waiting: list[Candidate], running: list[MovieWorker], orders: dict[str, Order], jobs: int
) -> None:
    """Begin with movies that are waiting, in their order, while cores are free."""
    free = jobs - sum(worker.order.jobs for worker in running)
    while waiting and free > 0:
        candidate = waiting.pop(0)
        left = candidate.size + sum(one.size for one in waiting)
        cores = cores_for(candidate.size, left, free, jobs)
        running.append(MovieWorker(candidate, orders[candidate.name]._replace(jobs=cores)))
        free -= cores


def entry_after(worker: MovieWorker, made: Record) -> Entry:
    """What became of a movie.

    Raises:
        SetupError, DiskFullError, RequestError: the others would meet the same.
    """
    name, took = worker.candidate.name, round(time.monotonic() - worker.begun, 1)
    key = key_of(worker.candidate.path, made, worker.candidate.more)
    try:
        record = worker.outcome().record
    except (SetupError, DiskFullError):
        raise
    except NoPicturesError as error:
        entry = Entry(safe_cell(name), SKIPPED, str(error))
    except RequestError as error:
        if os.path.lexists(worker.candidate.path):
            raise
        entry = Entry(safe_cell(name), FAILED, str(error))  # it was there when the folder was read
    except (MovieError, OutputError, VidemoError) as error:
        entry = Entry(safe_cell(name), FAILED, str(error))
    else:
        return entry_of(name, record, took, key)
    # The row has the name already, and begins with it.
    reason = entry.reason.removeprefix(f"{shown(worker.candidate.path)}: ")
    return replace(entry, reason=reason, took=took, key=key)
