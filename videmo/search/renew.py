"""Bring the index of a folder up to date with its tables: only what has changed is read."""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from videmo.errors import RequestError, VidemoError
from videmo.files import file_lock, shown
from videmo.find import find_tables, without_copies
from videmo.index import FULL, INDEX, NOBODY, Index, Kept, open_index, write_error
from videmo.moments import on_screen
from videmo.reading import read_moments, stamps

log = logging.getLogger(__name__)

MANY = 0.2
"""The part of all tables from which on it pays to sort everything anew."""

Told = Callable[[int, int], None]
"""Told of tables done, and of all to be done."""


@dataclass(frozen=True)
class Renewed:
    """What the index of a folder holds now."""

    path: Path
    tables: int
    moments: int
    changed: int
    """Tables that were read now, or are no more."""
    problems: tuple[str, ...]
    """What is wrong with tables that could not be read; a line each."""
    warnings: tuple[str, ...]
    """What was done without, in tables that were read."""


def renew_index(folder: Path, *, fresh: bool = False, progress: Told | None = None) -> Renewed:
    """Bring the index of `folder` up to date, and tell what it holds.

    Every run is kept, however short: what is long enough is asked when somebody looks, and five
    frames are no measure for scans of every tenth one.

    Args:
        folder: holds tables, to its depth.
        fresh: make the index anew.
        progress: told how far it is.

    Raises:
        RequestError: the folder holds no table.
        OutputError: the index cannot be written, or another process is at it.
    """
    index, changed = renewed(folder, fresh=fresh, progress=progress)
    try:
        tables, moments = index.counts()
        problems, warnings = tuple(index.problems()), tuple(index.warnings())
    finally:
        index.close()
    return Renewed(folder / INDEX, tables, moments, changed, problems, warnings)


def renewed(
    folder: Path, *, fresh: bool = False, progress: Told | None = None
) -> tuple[Index, int]:
    """The open index of a folder, and how many tables had changed; else as `renew_index`."""
    if not folder.is_dir():
        raise RequestError(f"{shown(folder)}: is no folder; name the one that holds the tables")
    tables = find_tables([folder])
    with file_lock(folder / INDEX):
        for again in (fresh, True):
            index = open_index(folder, fresh=again)
            try:
                return index, bring_up_to_date(index, folder, tables, progress)
            except sqlite3.Error as error:
                index.close()
                if again or FULL in str(error):
                    raise write_error(error, folder / INDEX) from error
                log.warning("%s: is damaged; it is made anew", shown(folder / INDEX))
            except BaseException:
                index.close()
                raise
    raise AssertionError  # pragma: no cover


def bring_up_to_date(
    index: Index, folder: Path, tables: Mapping[Path, str], progress: Told | None = None
) -> int:
    """Keep in `index` what `tables` of `folder` say; how many had changed, or are no more."""
    marks = _marks(folder, tables)
    listed = index.stamps()
    if _is_of(index, marks):
        return 0
    places = {place_in(folder, table): table for table in tables}
    kept = without_copies(tables)
    left_out = {place: table not in kept for place, table in places.items()}
    to_do = [place for place in places if listed.get(place) != (marks[place], left_out[place])]
    gone = [place for place in listed if place not in places or place in to_do]
    tell = progress or (lambda done, every: None)
    with index.changing(gone, many=len(to_do) > MANY * len(places)):
        for done, place in enumerate(to_do):
            tell(done, len(to_do))
            name = tables[places[place]]
            if left_out[place]:
                index.put(Kept(place, name, marks[place], left_out=True))
            else:
                index.put(_kept(places[place], name, place, marks[place]))
    return len({*to_do, *gone})


def is_up_to_date(index: Index, folder: Path, tables: Mapping[Path, str]) -> bool:
    """Whether `index` is of just these `tables` of `folder`, as they are now."""
    return _is_of(index, _marks(folder, tables))


def _is_of(index: Index, marks: Mapping[str, str]) -> bool:
    listed = {place: mark for place, (mark, _) in index.stamps().items()}
    return listed == marks and index.is_finished()


def _marks(folder: Path, tables: Iterable[Path]) -> dict[str, str]:
    """The stamp of each table, by its place in the folder."""
    return {place_in(folder, table): mark for table, mark in stamps(tables).items()}


def place_in(folder: Path, table: Path) -> str:
    """The place of a table as the index of `folder` has it."""
    return Path(os.path.relpath(table, folder)).as_posix()


def _kept(table: Path, name: str, place: str, mark: str) -> Kept:
    """What is kept of a table; of one that cannot be read, why.

    Of one whose corrections cannot be read, what it says without them.
    """
    problem = ""
    try:
        read = read_moments(table, name)
    except VidemoError as error:
        problem = str(error)
        try:
            read = read_moments(table, name, raw=True)
        except VidemoError:
            return Kept(place, name, mark, problem=problem)
    moments, persons = ([], NOBODY) if problem else (read.moments, read.people.names)
    raw = [one._replace(person=read.were.get(one.track, "")) for one in read.found]
    return Kept(
        *(place, name, mark, read.record["sha256"], moments),
        stretches=on_screen(read.table, read.record["end"]),
        persons=persons,
        raw=None if raw == moments and read.were == persons else (raw, read.were),
        labels=read.record["labels"],
        problem=problem,
        warning=" ".join(read.warnings),
        unknown=read.unknown,
    )
