"""Check every table of an archive against its record and its movie."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from videmo.archive.moved import tables_to_check
from videmo.errors import MissingMovieError, MovieError, TableError
from videmo.files import shown
from videmo.find import first_file, is_scanned, movie_places
from videmo.table import Record, read_record, read_table


@dataclass(frozen=True)
class Verified:
    """A table, and what is wrong with it; nothing if it is sound."""

    table: Path
    problem: str = ""
    missing: bool = False
    """Whether the table is sound, and only its movie is not there any more."""


def verify_tables(folder: Path) -> Iterator[Verified]:
    """Check the tables in `folder`, to its depth, one after the other.

    Raises:
        RequestError: there is none.
    """
    for table in tables_to_check(folder):
        try:
            read_table(table)
            _check_movie(table, read_record(table))
        except (TableError, MovieError) as error:
            missing = isinstance(error, MissingMovieError)
            yield Verified(table, str(error).removeprefix(f"{shown(table)}: "), missing)
        else:
            yield Verified(table)


def _check_movie(table: Path, record: Record) -> None:
    """Raise MovieError unless the movie is where the record says, or beside, and the same."""
    places = movie_places(table, record)
    movie = first_file(places)
    if movie is None:
        raise MissingMovieError(
            f"its movie is not there any more: {shown(places[0])}; if it was renamed or its folder "
            "was moved, scan its archive again into the same place"
        )
    try:
        same = is_scanned(movie, record)
    except OSError as error:
        raise MovieError(f"its movie cannot be read ({error.strerror}): {shown(movie)}") from error
    if not same:
        raise MovieError(f"its movie has changed since the scan; scan again: {shown(movie)}")
