"""Movies that were renamed or moved: their tables are found by content, and follow them."""

from __future__ import annotations

import logging
import os
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from videmo.archive.done import table_of
from videmo.archive.walk import Candidate
from videmo.errors import OutputError, RequestError, TableError
from videmo.files import output_error, shown
from videmo.find import first_file, is_scanned, movie_places
from videmo.names import people_path, people_record_path
from videmo.sheets import safe_cell
from videmo.table import (
    RECORD_SUFFIX,
    TABLE_SUFFIX,
    Record,
    movie_file,
    movie_name,
    place_of,
    read_record,
    record_path,
    review_path,
    write_record,
)
from videmo.video import fingerprint

ASIDE = ".moved"
"""Follows the movie's name while tables change their places with each other."""
OLD = ".old"
"""Follows the name of what people wrote of a movie whose place another one has taken."""
BESIDE = (people_path, people_record_path, review_path)
"""What lies beside a table, and goes where it goes."""

log = logging.getLogger(__name__)


class _Move(NamedTuple):
    """A table that is to follow its movie."""

    table: Path
    target: Path
    record: Record
    """What is to be said at the new place."""


def follow(movies: Sequence[Candidate], folder: Path, settled: Collection[Path]) -> dict[str, str]:
    """Bring tables in `folder` to `movies` that have none, and are what they were made of.

    A table that is `settled` stays, and so does one whose movie is still where it was.

    Returns:
        For each movie whose table came, as the list shows it, its place before.

    Raises:
        OutputError: the folder cannot be written.
    """
    strays = _strays(folder, settled) if movies else {}
    moves: list[_Move] = []
    was: dict[str, str] = {}
    for one in movies:
        for table, record in strays.pop(_content(one), []) if strays else []:
            move = _move(one, table, record, folder)
            if move.table != move.target and not _whole(move.target, record):
                moves.append(move)
                was[safe_cell(one.name)] = safe_cell(name_of(table, folder))
    for move in _ordered(moves):
        _carry_out(move)
    return was


def name_of(table: Path, folder: Path) -> str:
    """The place in the archive of the movie that `table`, in `folder`, is of."""
    return (table.parent.relative_to(folder) / movie_file(movie_name(table))).as_posix()


def check_folder(folder: Path) -> None:
    """See whether there is such a folder.

    Raises:
        RequestError: not so.
    """
    if not os.path.isdir(folder):
        raise RequestError(f"{shown(folder)}: no such folder; check the name")


def tables_to_check(folder: Path) -> list[Path]:
    """As `tables_in`.

    Raises:
        RequestError: there is none, or no such folder.
    """
    check_folder(folder)
    tables = tables_in(folder)
    if not tables:
        raise RequestError(f"{shown(folder)}: holds no table; run: videmo scan FOLDER -o {folder}")
    return tables


def tables_in(folder: Path) -> list[Path]:
    """All tables in `folder`, to its depth; those, too, of which only the record is left."""
    tables = {*folder.rglob(f"*{TABLE_SUFFIX}")}
    for record in folder.rglob(f"*{RECORD_SUFFIX}"):
        tables.add(record.with_name(record.name.removesuffix(RECORD_SUFFIX) + TABLE_SUFFIX))
    return sorted(tables)


def _strays(folder: Path, settled: Collection[Path]) -> dict[str, list[tuple[Path, Record]]]:
    """The tables that may have lost their movie, by what that is known by."""
    found: dict[str, list[tuple[Path, Record]]] = defaultdict(list)
    for table in tables_in(folder):
        if table in settled:
            continue
        try:
            movie_name(table)
            record = read_record(table)
        except TableError:  # which `verify` tells
            continue
        found[record["movie"]["fingerprint"]].append((table, record))
    return {
        content: lost
        for content, tables in found.items()
        if (lost := [(table, record) for table, record in tables if not _there(table, record)])
    }


def _there(table: Path, record: Record) -> bool:
    """Whether the movie of a table is where it was, unchanged."""
    try:
        movie = first_file(movie_places(table, record))
        return movie is not None and is_scanned(movie, record)
    except OSError:
        return False


def _content(one: Candidate) -> str:
    try:
        return fingerprint(one.path, one.more)
    except OSError:
        return ""


def _move(one: Candidate, table: Path, record: Record, folder: Path) -> _Move:
    target = table_of(folder, one.name, one.path, record)
    about = {**record["movie"], "file": place_of(one.path, target.parent)}
    if one.more:
        about["chapters"] = [chapter.name for chapter in one.more]
    return _Move(table, target, {**record, "movie": about})


def _whole(target: Path, record: Record) -> bool:
    """Whether the same table lies there already."""
    return _same_scan(target, record) and target.is_file()


def _ordered(moves: Sequence[_Move]) -> Iterator[_Move]:
    """The moves in an order in which none writes over what another one still has to take away.

    Where names were exchanged, one is put aside first.
    """
    waiting = list(moves)
    while waiting:
        there = {move.table for move in waiting}
        free = next((move for move in waiting if move.target not in there), None)
        if free is not None:
            waiting.remove(free)
            yield free
            continue
        first = waiting.pop(0)
        name = movie_name(first.table)
        aside = first.table.with_name(f"{name}{ASIDE}{TABLE_SUFFIX}")
        yield first._replace(target=aside)
        waiting.append(first._replace(table=aside))


def _carry_out(move: _Move) -> None:
    """Move a table with its record, what is known of its people, and its corrections.

    The new record is written first, and the old one goes last: whenever this is interrupted, there
    is a whole table with its record, or what is missing is made up for by the next scan.
    """
    old, new = move.table, move.target
    try:
        new.parent.mkdir(parents=True, exist_ok=True)
        if not _same_scan(new, move.record):
            _set_aside(new)
        write_record(new, move.record)
        for place in BESIDE:
            if os.path.isfile(place(old)):
                os.replace(place(old), place(new))
        os.replace(old, new)
        record_path(old).unlink()
    except OutputError:
        raise
    except OSError as error:
        raise output_error(error, new) from error


def _same_scan(target: Path, record: Record) -> bool:
    """Whether a move to `target` was begun already: what lies there is the table's own then."""
    try:
        there = read_record(target)
    except TableError:
        return False
    return _content_of(there) == _content_of(record)


def _content_of(record: Record) -> tuple[str, str]:
    """What tells a table: its movie's content, and its own."""
    return record["movie"]["fingerprint"], record["sha256"]


def _set_aside(target: Path) -> None:
    """Keep, under another name, what people wrote of the movie that had this place before: it is
    the work of hours, and would be taken for what was said of the one that comes."""
    for file in (place(target) for place in BESIDE):
        if os.path.isfile(file):
            aside = next(
                one
                for count in range(1, 1 << 20)
                if not os.path.lexists(one := file.with_name(f"{file.name}{OLD}{count}"))
            )
            os.replace(file, aside)
            log.warning(
                "%s: is of another movie that had this name; kept as %s",
                *(shown(file), shown(aside.name)),
            )
