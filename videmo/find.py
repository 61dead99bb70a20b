"""Find tables, and the movies that they are of."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from videmo.errors import MovieError, RequestError
from videmo.files import fingerprint, shown
from videmo.table import TABLE_SUFFIX, Record, movie_name, table_path
from videmo.video import Movie, probe


def find_tables(paths: Iterable[Path | str]) -> dict[Path, str]:
    """The tables that `paths` name: tables, scanned movies, or folders, searched to their depth.

    Without `paths`, the tables in the current folder itself.

    Returns:
        For each table a name of its own: its movie's, with the folders below the one searched.

    Raises:
        RequestError: a path does not exist, is no table, or a folder without any.
    """
    places = [Path(path) for path in paths]
    if not places:
        return _tables_in(Path(), f"*{TABLE_SUFFIX}")
    tables: dict[Path, str] = {}
    for path in places:
        if os.path.isdir(path):
            tables |= _tables_in(path, f"**/*{TABLE_SUFFIX}")
        else:
            table = _table_of(path)
            tables[table] = movie_name(table)
    twins = [name for name, count in Counter(tables.values()).items() if count > 1]
    if twins:
        raise RequestError(
            f"{shown(twins[0])}: several tables have this name; name the folder that holds them"
        )
    return tables


def _tables_in(folder: Path, pattern: str) -> dict[Path, str]:
    found = sorted(folder.glob(pattern))
    if not found:
        raise RequestError(
            f"{shown(folder.absolute())}: holds no table (*{TABLE_SUFFIX}); run: videmo scan MOVIE"
        )
    return {
        table: (table.parent.relative_to(folder) / movie_name(table)).as_posix() for table in found
    }


def _table_of(path: Path) -> Path:
    """The table that `path` is, or that was made of the movie `path`."""
    if not os.path.exists(path):  # Path.exists raises where a name is too long
        raise RequestError(f"{shown(path)}: no such file or folder; check the name")
    if path.name.endswith(TABLE_SUFFIX):
        return path
    table = find_table(path)
    if table is None:
        raise RequestError(f"{shown(path)}: is no table; run: videmo scan {shown(path)}")
    return table


def find_table(movie: Path, *folders: Path) -> Path | None:
    """The table of `movie`, if there is one in `folders`, beside it, or in the current folder."""
    places = (table_path(folder, movie) for folder in (*folders, movie.parent, Path()))
    return next((table for table in places if os.path.isfile(table)), None)


def find_movie(table: Path, record: Record, movie: Path | None = None) -> Movie:
    """The movie that `table` is of: at `movie`, where the record says, or beside the table.

    Raises:
        MovieError: it is nowhere, cannot be read, or has changed since the scan.
    """
    said = table.parent / record["movie"]["file"]
    places = [movie] if movie else [said, table.parent / movie_name(table)]
    place = next((place for place in places if os.path.isfile(place)), None)
    if place is None:
        raise MovieError(
            f"{shown(places[0])}: the movie is not there; say where it is with --movie, or, if its "
            "folder was moved, scan that again into the same place: what is done is found again"
        )
    try:
        known = fingerprint(place) == record["movie"]["fingerprint"]
    except OSError as error:
        raise MovieError(f"{shown(place)}: cannot be read ({error.strerror})") from error
    if not known:
        raise MovieError(
            f"{shown(place)}: is not the movie that was scanned, or has changed since; scan it"
        )
    # The scan has looked at all timestamps; here only some are seen.
    settings = record.get("settings")  # perhaps a stranger's
    whole = isinstance(settings, dict) and settings.get("deinterlace") is True
    return replace(probe(place), timed=record["timed"], deinterlace=whole)
