"""Find tables, and the movies that they are of."""

from __future__ import annotations

import glob
import logging
import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from videmo.errors import MissingMovieError, MovieError, RequestError, TableError
from videmo.files import one_line, shown
from videmo.table import TABLE_SUFFIX, Record, movie_file, movie_name, read_record, table_path
from videmo.video import Movie, fingerprint, holds_series, probe

TABLES = "tables"
"""The folder, in the current one, in which an archive's tables lie as the README has it."""

log = logging.getLogger(__name__)


def find_tables(paths: Iterable[Path | str]) -> dict[Path, str]:
    """The tables that `paths` name: tables, scanned movies, or folders, searched to their depth.

    Without `paths`, the tables in the current folder itself. Of a movie that was scanned whole the
    tables of stretches are left out, unless they are named.

    Returns:
        For each table a name of its own: its movie's, with its stretch, and with the folders below
        the one searched.

    Raises:
        RequestError: a path does not exist, is no table, or a folder without any.
    """
    places = [Path(path) for path in paths]
    if not places:
        return _tables_in(Path(), f"*{TABLE_SUFFIX}")
    tables: dict[Path, str] = {}
    for path in places:
        if os.path.isdir(path) and not (holds_series(path) and tables_of(path)):
            tables |= _tables_in(path, f"**/*{TABLE_SUFFIX}")
        else:
            tables |= {table: movie_name(table) for table in _tables_at(path)}
    twins = [name for name, count in Counter(tables.values()).items() if count > 1]
    if twins:
        raise RequestError(
            f"{shown(twins[0])}: several tables have this name; name one folder in which all lie, "
            "or one table after the other"
        )
    return tables


def searched_folder(paths: Sequence[Path]) -> Path | None:
    """The one folder that `find_tables` searches to its depth for all tables of `paths`; None:
    there is none such."""
    if not paths:
        return None
    (path, *others) = paths
    series = holds_series(path) and tables_of(path) if os.path.isdir(path) else True
    return None if others or series else path


def _tables_in(folder: Path, pattern: str) -> dict[Path, str]:
    found = _without_stretches(sorted(folder.glob(pattern)))
    if not found:
        raise RequestError(
            f"{shown(folder.absolute())}: holds no table (*{TABLE_SUFFIX}); run: videmo scan MOVIE"
        )
    return {
        table: one_line((table.parent.relative_to(folder) / movie_name(table)).as_posix())
        for table in found
    }


def _without_stretches(tables: list[Path]) -> list[Path]:
    """Without the tables of stretches of which the whole movie's lies beside them: or each moment
    would come twice."""
    every = set(tables)
    whole = {
        table: table.with_name(movie_file(movie_name(table)) + TABLE_SUFFIX) for table in tables
    }
    stretches = [table for table in tables if whole[table] != table and whole[table] in every]
    if stretches:
        more = f" (and {len(stretches) - 1} more like it)" if len(stretches) > 1 else ""
        said = shown(stretches[0]), more, shown(whole[stretches[0]].name)
        log.warning("%s%s: left out, for %s is of the whole movie", *said)
    left_out = set(stretches)
    return [table for table in tables if table not in left_out]


def without_copies(tables: Mapping[Path, str]) -> dict[Path, str]:
    """Of several tables of the same movie under other names only one, and none of a chapter of a
    movie that has a table: or each moment would come twice.

    Of copies that of a movie that is still there, if there is one.
    """
    alike: dict[tuple[str, str], dict[Path, list[Path]]] = defaultdict(dict)
    left_out: dict[Path, str] = {}
    for table in tables:
        with suppress(TableError):  # which is told when it is read
            record = read_record(table)
            of_content = alike[record["movie"]["fingerprint"], record["sha256"]]
            of_content[table] = movie_places(table, record)
            of_chapters = (table_path(table.parent, one) for one in chapters_after(table, record))
            left_out |= dict.fromkeys(of_chapters, f"is a part of {shown(table)}")
    for same in alike.values():
        if len(same) == 1:
            continue
        there = (table for table, places in same.items() if first_file(places) is not None)
        kept = next(there, next(iter(same)))
        left_out |= {table: f"is the same as {shown(kept)}" for table in same if table != kept}
    for table in tables:
        if table in left_out:
            log.warning("%s: left out, for it %s", shown(table), left_out[table])
    return {table: name for table, name in tables.items() if table not in left_out}


def _tables_at(path: Path) -> list[Path]:
    """The table that `path` is, or those that were made of the movie `path`."""
    if not os.path.exists(path):  # Path.exists raises where a name is too long
        raise RequestError(f"{shown(path)}: no such file or folder; check the name")
    if path.name.endswith(TABLE_SUFFIX):
        return [path]
    tables = tables_of(path)
    if not tables and path.suffix.casefold() == ".csv":
        raise RequestError(
            f"{shown(path)}: is no table: its name must end in {TABLE_SUFFIX}, as it was made, and "
            "the .json beside it have the same"
        )
    if not tables:
        raise RequestError(
            f"{shown(path)}: is no table, and there is none of it beside it or in {TABLES}; name "
            f"the folder of its table, or run: videmo scan {shown(path)}"
        )
    return tables


def find_table(movie: Path, *folders: Path) -> Path | None:
    """The table of `movie`, if there is one in `folders`, beside it, or in the current folder.

    Raises:
        RequestError: there are several, each of a stretch.
    """
    found = tables_of(movie, *folders)
    if len(found) > 1:
        names = ", ".join(shown(table) for table in found)
        raise RequestError(f"{shown(movie)}: several stretches were scanned; name one: {names}")
    return found[0] if found else None


def tables_of(movie: Path, *folders: Path) -> list[Path]:
    """The table of `movie`, else those of its stretches.

    It lies in one of `folders`, the movie's own, or the current one, or it is what the scan of an
    archive made, in the folder `TABLES` or those in it. One that says that it is of this very file
    comes first; of others with its name, that in the first folder.
    """
    places = (*folders, movie.parent, Path())
    whole = [t for t in (table_path(folder, movie) for folder in places) if os.path.isfile(t)]
    name = one_line(movie.name)
    return (
        [table for table in whole if _is_of(table, movie)][:1]
        or _archived(movie, name)
        or whole[:1]
        or next(filter(None, (_stretches(folder.glob, name) for folder in places)), [])
    )


def _archived(movie: Path, name: str) -> list[Path]:
    """What the scan of an archive made of `movie`: its table, else those of its stretches."""
    folder = Path(TABLES)
    found = folder.rglob(glob.escape(name) + TABLE_SUFFIX)
    return [table for table in found if _is_of(table, movie)][:1] or [
        table for table in _stretches(folder.rglob, name) if _is_of(table, movie)
    ]


def _stretches(search: Callable[[str], Iterable[Path]], name: str) -> list[Path]:
    """The tables of stretches of a movie called `name` that `search` finds."""
    found = sorted(search(f"{glob.escape(name)}.*{TABLE_SUFFIX}"))
    return [table for table in found if movie_file(movie_name(table)) == name]


def _is_of(table: Path, movie: Path) -> bool:
    """Whether `table` says that it is of the file `movie`."""
    try:
        return os.path.samefile(table.parent / read_record(table)["movie"]["file"], movie)
    except (TableError, OSError, ValueError):
        return False


def movie_places(table: Path, record: Record) -> list[Path]:
    """Where the movie that `table` is of may be: where its record says, or beside it."""
    said, folder = Path(record["movie"]["file"]), table.parent
    return [folder / said, folder / movie_file(movie_name(table)), folder / said.name]


def first_file(places: Iterable[Path]) -> Path | None:
    """The first of `places` at which there is a file, or a folder of numbered pictures."""
    return next((p for p in places if os.path.isfile(p) or holds_series(p)), None)


def is_scanned(movie: Path, record: Record) -> bool:
    """Whether `movie` is what was scanned, as `record` says, and has not changed since.

    Raises:
        OSError: it cannot be read.
    """
    about = record["movie"]
    return bool(fingerprint(movie, chapters_after(movie, record)) == about["fingerprint"])


def chapters_after(movie: Path, record: Record) -> list[Path]:
    """The files beside `movie` that follow it as chapters, as `record` says."""
    return [movie.with_name(name) for name in record["movie"].get("chapters", [])]


def find_movie(
    table: Path, record: Record, movie: Path | None = None, *, another: bool = False
) -> Movie:
    """The movie that `table` is of: at `movie`, where the record says, or beside the table.

    `another` cut of it will do, too.

    Raises:
        MissingMovieError: it is nowhere.
        MovieError: it cannot be read, or has changed since the scan.
    """
    places = [movie] if movie else movie_places(table, record)
    place = first_file(places)
    if place is None and movie is not None and os.path.isdir(movie):
        raise MissingMovieError(f"{shown(movie)}: is a folder; name the movie in it")
    if place is None:
        raise MissingMovieError(
            f"{shown(places[0])}: the movie is not there; say where it is with --movie, or, if it "
            "was renamed or its folder was moved, scan its archive again into the same place: what "
            "is done is found again"
        )
    try:
        known = is_scanned(place, record)
    except OSError as error:
        raise MovieError(f"{shown(place)}: cannot be read ({error.strerror})") from error
    if not known and not another:
        raise MovieError(
            f"{shown(place)}: is not the movie that was scanned, or has changed since; scan it, or "
            "say with extract --offset how much later another cut is"
        )
    # The scan has looked at all timestamps; here only some are seen.
    settings = record.get("settings")  # perhaps a stranger's
    whole = isinstance(settings, dict) and settings.get("deinterlace") is True
    found = probe(place, Fraction(record["fps"]), chapters_after(place, record))
    return replace(found, timed=record["timed"], deinterlace=whole)
