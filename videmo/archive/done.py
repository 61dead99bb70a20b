"""What is done already: whether a table is whole, of this movie, and made as it is to be made."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from videmo.errors import TableError
from videmo.files import fingerprint, sha256, shown
from videmo.find import is_scanned
from videmo.table import Record, place_of, read_record, table_path, write_record

BLOCK = 1 << 20
KEY_LENGTH = 16


def table_of(folder: Path, name: str, movie: Path, made: Record) -> Path:
    """Where the table of the movie at the place `name` of an archive goes, in `folder`; `made` says
    how it is made."""
    stretch = made["settings"]["start"], made["settings"]["end"]
    return table_path((folder / name).parent, movie, *stretch)


def key_of(movie: Path, made: Record) -> str:
    """What tells a movie and how it is scanned; empty if the movie cannot be read."""
    try:
        said = json.dumps({"movie": fingerprint(movie), **made}, sort_keys=True)
    except OSError:
        return ""
    return sha256(said.encode())[:KEY_LENGTH]


def done_record(table: Path, movie: Path, made: Record) -> Record | None:
    """The record of `table`, if it is whole, of `movie` as it is now, and made as `made` says."""
    try:
        record = read_record(table)
        if not is_scanned(movie, record) or any(
            record.get(name) != value for name, value in made.items()
        ):
            return None
        check_whole(table, record)
    except (TableError, OSError):
        return None
    return record


def found_at(record: Record, table: Path, movie: Path) -> Record:
    """The record, saying that its movie is at `movie`: an archive may have moved since the scan.

    Raises:
        OutputError: the record cannot be written.
    """
    place = place_of(movie, table.parent)
    if record["movie"]["file"] == place:
        return record
    moved = {**record, "movie": {**record["movie"], "file": place}}
    write_record(table, moved)
    return moved


def check_whole(table: Path, record: Record) -> None:
    """Raise TableError if `table` is not the one that `record` vouches for."""
    digest = hashlib.sha256()
    try:
        with table.open("rb") as file:
            while block := file.read(BLOCK):
                digest.update(block)
    except OSError as error:
        raise TableError(
            f"{shown(table)}: cannot be read ({error.strerror}); scan again"
        ) from error
    if digest.hexdigest() != record["sha256"]:
        raise TableError(f"{shown(table)}: is not the table that was written; scan again")
