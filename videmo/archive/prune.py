"""What lies in an archive's output of movies that were deleted: find it, and remove it."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from videmo.archive.ledger import COPY, begin_ledger, copy_reason, read_ledger
from videmo.archive.moved import name_of, tables_to_check
from videmo.archive.walk import Candidate, find_movies
from videmo.errors import TableError
from videmo.files import file_lock, output_error, shown
from videmo.find import first_file, movie_places
from videmo.names import people_path, people_record_path
from videmo.sheets import safe_cell
from videmo.table import Record, movie_name, read_record, record_path
from videmo.video import fingerprint

SERIES = -2
"""Stands for the size of a folder of numbered pictures."""


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
    """The archive's folder, as it was when this was scanned; where several were, that in which
    these lie, for then names begin with theirs."""
    barred: str = ""
    """Why it cannot be told whether the movie is there; empty: it is not."""

    @property
    def place(self) -> Path:
        """Where the movie was."""
        return _place(self.table, self.record)


def find_gone(folder: Path, gone_folders: bool = False) -> list[Gone]:
    """The movies of tables in `folder` that are not there any more, in order of their names.

    Kept is what belongs to a movie that now lies elsewhere in the archive, and what may only be out
    of reach, as on a disk that is not mounted: one whose own folder is not there, unless
    `gone_folders` says that such were deleted, too.

    Raises:
        RequestError: there is no table.
    """
    tables = tables_to_check(folder)
    counts, lost = _lost(tables, folder)
    places = _Places(counts)  # a copy may be in another archive than the deleted movie was
    gone = Counter(one.root for one in lost)
    alone = {root for root in gone if gone[root] == counts[root]}
    of_name: dict[str, list[_Lost]] = defaultdict(list)
    for one in lost:
        of_name[name_of(one.table, folder)].append(one)
    return [
        _gone(name, of_name[name], places, alone, gone_folders=gone_folders)
        for name in sorted(of_name)
    ]


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


def _lost(tables: Iterable[Path], folder: Path) -> tuple[Counter[Path], list[_Lost]]:
    """How many tables there are of each archive, and those that have no movie."""
    counts: Counter[Path] = Counter()
    lost = []
    for table in tables:
        try:
            record = read_record(table)
            places = movie_places(table, record)
        except TableError:  # nobody knows of which movie it is; `verify` tells
            continue
        depth = len(table.parent.relative_to(folder).parts)
        parents = _place(table, record).parents
        root = parents[min(depth, len(parents) - 1)]
        counts[root] += 1
        if first_file(places) is None:
            lost.append(_Lost(table, record, root, _barred(places)))
    return counts, lost


def _place(table: Path, record: Record) -> Path:
    return Path(os.path.normpath(table.parent.absolute() / record["movie"]["file"]))


def _barred(places: Iterable[Path]) -> str:
    """Why it cannot be told whether a file is at one of `places`: a disk that fails, or a folder
    that may not be looked into, says nothing of what is in it."""
    for place in places:
        try:
            os.lstat(place)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            return f"{shown(place)} cannot be looked at ({error.strerror})"
    return ""


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
                there = root.is_dir() and not whole_disk
                for one in find_movies([root], series=True) if there else ():
                    if not one.reason:  # beside numbered pictures other files may lie
                        self._of_size[SERIES if one.path.is_dir() else one.size].append(one)
        about = record["movie"]
        alike = self._of_size.get(about.get("size", -1), [])
        for one in (*alike, *self._of_size.get(SERIES, [])):
            with suppress(OSError):
                if fingerprint(one.path, one.more) == about["fingerprint"]:
                    return one
        return None


def _gone(
    name: str,
    lost: Sequence[_Lost],
    places: _Places,
    alone: Collection[Path],
    *,
    gone_folders: bool,
) -> Gone:
    tables = tuple(one.table for one in lost)
    files = tuple(file for table in tables for file in _files_of(table))
    found = (places.of_content(one.record) for one in lost)
    now = next(filter(None, found), None)
    if now is not None:
        why = f"it is {shown(now.path)} now; scan the archive again, and its table follows"
    else:
        reasons = (_out_of_reach(one, alone, gone_folders=gone_folders) for one in lost)
        why = next(filter(None, reasons), "")
    return Gone(name, tables, files, why)


def _files_of(table: Path) -> list[Path]:
    """The files of a table, in the order in which they are to be removed: its record goes last, by
    which it is found again."""
    parts = table.with_name(f"{movie_name(table)}.parts")
    left = sorted(parts.glob("*.npz")) if parts.is_dir() else []
    files = [*left, people_path(table), people_record_path(table), table, record_path(table)]
    return [file for file in files if os.path.isfile(file)]


def _out_of_reach(lost: _Lost, alone: Collection[Path], *, gone_folders: bool) -> str:
    """Why a movie may not be deleted, but only be out of reach; empty if it is deleted."""
    if lost.barred:
        return f"{lost.barred}; put that right, and look again"
    folder = lost.place.parent
    here = next((up for up in lost.place.parents if up.is_dir()), folder)
    if not here.is_relative_to(lost.root):
        return (
            f"its archive {shown(lost.root)} is not there; mount its disk, or scan it again from "
            "its new place into the same folder"
        )
    if here != folder and not gone_folders:
        return (
            f"its folder {shown(folder)} is not there, as where a disk is not mounted; mount it, "
            "or, if it was deleted, say so with --gone-folders"
        )
    try:
        empty = not any(here.iterdir())
    except OSError as error:
        return f"{shown(here)} cannot be looked into ({error.strerror}); put that right"
    if empty:
        return (
            f"{shown(here)} is empty, as where a disk is not mounted; mount it, or, if all in it "
            "was deleted, remove that folder, too, and say --gone-folders"
        )
    if lost.root in alone:
        return (
            f"of all tables of {shown(lost.root)} no movie is there; was the archive moved, scan "
            "it again from its new place; was it deleted, delete their folder, too"
        )
    return ""


def _unlist(path: Path, away: Iterable[Gone]) -> None:
    """Take movies off a list."""
    names = {safe_cell(one.name) for one in away}
    for one in away:
        names |= {safe_cell(f"{Path(one.name).parent / movie_name(table)}") for table in one.tables}
    listed = read_ledger(path)
    copies = {safe_cell(copy_reason(name)) for name in names}  # gone, too, or it would be kept
    rest = [
        entry
        for entry in listed.values()
        if entry.path not in names
        and not (entry.status == COPY and safe_cell(entry.reason) in copies)
    ]
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
