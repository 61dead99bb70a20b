"""What is done already: whether a table is whole, of this movie, and made as it is to be made."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from videmo.errors import TableError
from videmo.files import one_line, sha256, shown
from videmo.find import chapters_after, is_scanned
from videmo.table import Record, place_of, read_record, table_path, write_record
from videmo.video import fingerprint

BLOCK = 1 << 20
KEY_LENGTH = 16


def table_of(folder: Path, name: str, movie: Path, made: Record) -> Path:
    """Where the table of the movie at the place `name` of an archive goes, in `folder`; `made` says
    how it is made."""
    stretch = made["settings"]["start"], made["settings"]["end"]
    return table_path((folder / one_line(name)).parent, movie, *stretch)


def key_of(movie: Path, made: Record, more: Sequence[Path] = ()) -> str:
    """What tells a movie, with `more` chapters, and how it is scanned; empty if that is unknown."""
    try:
        said = json.dumps({"movie": fingerprint(movie, more), **_made(movie, made)}, sort_keys=True)
    except OSError:
        return ""
    return sha256(said.encode())[:KEY_LENGTH]


def _made(movie: Path, made: Record) -> Record:
    """How this movie is made: a rate is said of numbered pictures alone."""
    settings = made["settings"]
    if "fps" not in settings or movie.is_dir():
        return made
    return made | {"settings": {key: settings[key] for key in settings if key != "fps"}}


def done_record(table: Path, movie: Path, made: Record, more: Sequence[Path] = ()) -> Record | None:
    """The record of `table`, if it is whole, of `movie` as it is now, and made as `made` says.

    `more` are the chapters that the movie has besides.
    """
    try:
        record = read_record(table)
        if list(more) != chapters_after(movie, record) or not is_scanned(movie, record):
            return None
        if any(record.get(name) != value for name, value in _made(movie, made).items()):
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
