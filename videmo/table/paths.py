"""What tables and records are called, and what their names tell of the movie."""

from __future__ import annotations

import os
import re
from pathlib import Path

from videmo.errors import TableError
from videmo.files import one_line, shown
from videmo.schema import timecode

TABLE_SUFFIX = ".faces.csv"
RECORD_SUFFIX = ".faces.json"
REVIEW_SUFFIX = ".review.csv"

_CLOCK = r"\d{2,}-\d{2}-\d{2}(?:\.\d{3})?"
_STRETCH = re.compile(rf"(?:\.from-{_CLOCK})?(?:\.to-{_CLOCK})?\Z", re.ASCII)


def table_path(folder: Path, movie: Path, start: float = 0.0, end: float | None = None) -> Path:
    """Where the table of `movie` goes, or of the stretch from `start` to `end` seconds.

    Its whole name, then the stretch, so that the table of a stretch never replaces that of the
    movie: ``holiday.mp4.from-00-20-00.to-00-25-00.faces.csv``.
    """
    return folder / f"{stretch_name(one_line(movie.name), start, end)}{TABLE_SUFFIX}"


def stretch_name(name: str, start: float = 0.0, end: float | None = None) -> str:
    """What the stretch from `start` to `end` seconds of the movie called `name` is called."""
    begin = f".from-{_clock(start)}" if start else ""
    stop = "" if end is None else f".to-{_clock(end)}"
    return f"{name}{begin}{stop}"


def record_path(table: Path) -> Path:
    """Where the record of `table` lies."""
    return table.with_name(table.name.removesuffix(TABLE_SUFFIX) + RECORD_SUFFIX)


def review_path(table: Path) -> Path:
    """Where corrections of `table` lie, if somebody made some."""
    return table.with_name(table.name.removesuffix(TABLE_SUFFIX) + REVIEW_SUFFIX)


def movie_name(table: Path) -> str:
    """The name of what `table` is of: its movie's file name, and its stretch, if it is of one.

    Raises:
        TableError: there can be no movie of this name.
    """
    name = table.name.removesuffix(TABLE_SUFFIX)
    if name in ("", ".", ".."):  # `extract` makes a folder of this name
        raise TableError(f"{shown(table)}: is no name for a table; rename it as its movie")
    return one_line(name)


def movie_file(name: str) -> str:
    """The movie's file name in what `movie_name` gives, or in that with folders before it."""
    return _STRETCH.sub("", name) or name


def place_of(movie: Path, folder: Path) -> str:
    """Where `movie` is, as a record in `folder` says it: so that both can be moved together."""
    try:
        return Path(os.path.relpath(movie.resolve(), folder.resolve())).as_posix()
    except ValueError:  # on another drive
        return movie.resolve().as_posix()


def _clock(seconds: float) -> str:
    return timecode(seconds, "-").removesuffix(".000")
