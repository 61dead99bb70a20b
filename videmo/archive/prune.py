"""What lies in an archive's output of movies that were deleted: find it, and remove it."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from videmo.archive.ledger import begin_ledger, cell, read_ledger
from videmo.archive.moved import name_of, tables_in
from videmo.archive.walk import Candidate, find_movies
from videmo.errors import RequestError, TableError
from videmo.files import file_lock, output_error, shown
from videmo.find import first_file, movie_places
from videmo.names import people_path, people_record_path
from videmo.table import Record, movie_name, read_record, record_path
from videmo.video import fingerprint


@dataclass(frozen=True)
class Gone:
    """What is there of a movie that is not there any more."""

    name: str
    """Its place in the archive."""
    tables: tuple[Path, ...]
    files: tuple[Path, ...]
    """All that was made of it by scans, and who is who."""
    kept: str = ""
    """Why it is not to be removed, and what to do; empty if it is."""

    @property
    def size(self) -> int:
        """Bytes of the files."""
        return sum(file.stat().st_size for file in self.files if file.exists())


class _Lost(NamedTuple):
    """A table without its movie."""

    table: Path
    record: Record
    root: Path
    """The archive's folder, as it was when this was scanned."""


def find_gone(folder: Path) -> list[Gone]:
    """The movies of tables in `folder` that are not there any more, in order of their names.

    Kept is what belongs to a movie that now lies elsewhere in the archive, and what may only be out
    of reach, as on a disk that is not mounted.

    Raises:
        RequestError: there is no table.
    """
    tables = tables_in(folder)
    if not tables:
        raise RequestError(f"{shown(folder)}: holds no table; run: videmo scan FOLDER -o {folder}")
    lost = list(_lost(tables, folder))
    places = _Places({one.root for one in lost})
    alone = len(lost) == len(tables)
    of_name: dict[str, list[_Lost]] = defaultdict(list)
    for one in lost:
        of_name[name_of(one.table, folder)].append(one)
    return [_gone(name, of_name[name], places, alone) for name in sorted(of_name)]


def remove_gone(folder: Path, gone: Iterable[Gone]) -> int:
    """Remove what is there of movies that are gone, but for those kept; gives how many files.

    Raises:
        OutputError: a file cannot be removed, or a scan into `folder` is running.
    """
    away = [one for one in gone if not one.kept]
    lists = sorted(folder.glob("archive*.csv"))
    removed = 0
    for path in lists:
        with file_lock(path):  # not while a scan is writing
            _unlist(path, away)
    for one in away:
        for file in one.files:
            removed += _removed(file)
        for place in {file.parent for file in one.files}:
            _remove_empty(place, folder)
    return removed


def _lost(tables: Iterable[Path], folder: Path) -> Iterator[_Lost]:
    for table in tables:
        try:
            record = read_record(table)
            places = movie_places(table, record)
        except TableError:  # nobody knows of which movie it is; `verify` tells
            continue
        if first_file(places) is None:
            depth = len(table.parent.relative_to(folder).parts)
            place = Path(os.path.normpath(table.parent.absolute() / record["movie"]["file"]))
            parents = place.parents
            yield _Lost(table, record, parents[min(depth, len(parents) - 1)])


class _Places:
    """The movies that are in an archive now, looked for when they are asked for."""

    def __init__(self, roots: Iterable[Path]) -> None:
        self._roots = sorted(roots)
        self._of_size: dict[int, list[Candidate]] | None = None

    def of_content(self, record: Record) -> Candidate | None:
        """Where the movie of a record lies now."""
        if self._of_size is None:
            self._of_size = defaultdict(list)
            for root in self._roots:
                whole_disk = root == root.parent
                for one in find_movies([root]) if root.is_dir() and not whole_disk else ():
                    if not one.reason:
                        self._of_size[one.size].append(one)
        about = record["movie"]
        for one in self._of_size.get(about.get("size", -1), ()):
            with suppress(OSError):
                if fingerprint(one.path, one.more) == about["fingerprint"]:
                    return one
        return None


def _gone(name: str, lost: Sequence[_Lost], places: _Places, alone: bool) -> Gone:
    tables = tuple(one.table for one in lost)
    files = tuple(file for table in tables for file in _files_of(table))
    now = places.of_content(lost[0].record)
    if now is not None:
        why = f"it is {shown(now.path)} now; scan the archive again, and its table follows"
    else:
        why = _out_of_reach(lost[0], alone)
    return Gone(name, tables, files, why)


def _files_of(table: Path) -> list[Path]:
    """The files of a table, in the order in which they are to be removed: its record goes last, by
    which it is found again."""
    parts = table.with_name(f"{movie_name(table)}.parts")
    left = sorted(parts.glob("*.npz")) if parts.is_dir() else []
    files = [*left, people_path(table), people_record_path(table), table, record_path(table)]
    return [file for file in files if os.path.isfile(file)]


def _out_of_reach(lost: _Lost, alone: bool) -> str:
    """Why a movie may not be deleted, but only be out of reach; empty if it is deleted."""
    place = Path(os.path.normpath(lost.table.parent.absolute() / lost.record["movie"]["file"]))
    here = next((up for up in place.parents if up.is_dir()), place.parent)
    if not here.is_relative_to(lost.root):
        return (
            f"its archive {shown(lost.root)} is not there; mount its disk, or scan it again from "
            "its new place into the same folder"
        )
    if not any(here.iterdir()):
        return (
            f"{shown(here)} is empty, as where a disk is not mounted; mount it, or, if all in it "
            "was deleted, remove that folder, too"
        )
    if alone:
        return (
            "of all tables here no movie is there; was the archive moved, scan it again from its "
            "new place; was it deleted, delete this folder, too"
        )
    return ""


def _unlist(path: Path, away: Iterable[Gone]) -> None:
    """Take movies off a list."""
    names = {cell(one.name) for one in away}
    for one in away:
        names |= {cell(f"{Path(one.name).parent / movie_name(table)}") for table in one.tables}
    listed = read_ledger(path)
    rest = [entry for entry in listed.values() if entry.path not in names]
    if len(rest) < len(listed):
        labels = dict.fromkeys(label for entry in listed.values() for label in entry.seconds)
        begin_ledger(path, rest, list(labels))


def _removed(file: Path) -> int:
    try:
        file.unlink()
    except FileNotFoundError:
        return 0
    except OSError as error:
        raise output_error(error, file) from error
    return 1


def _remove_empty(place: Path, folder: Path) -> None:
    """Remove a folder in which nothing is left, and those above it, up to `folder`."""
    with suppress(OSError):  # something else lies there
        while place != folder and place.is_relative_to(folder):
            place.rmdir()
            place = place.parent
