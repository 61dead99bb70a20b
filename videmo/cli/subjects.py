"""What `videmo annotate` is given, sorted out: movies, each with its folder for what is drawn."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

from videmo.annotate.movie import Subject
from videmo.archive import count_kinds, find_movies
from videmo.errors import TableError
from videmo.find import find_tables
from videmo.pictures import is_picture
from videmo.table import TABLE_SUFFIX, read_record
from videmo.video import holds_series


class Subjects(NamedTuple):
    """Everything that is to be drawn."""

    movies: list[Subject]
    pictures: list[Path]
    """Pictures, and folders that hold nothing else to be drawn."""
    left_out: str
    """What was found in folders and is not drawn, and how often."""


def sorted_out(paths: Sequence[Path], folder: Path, fps: Fraction | None) -> Subjects:
    """What `paths` are, or hold: below `folder` the tree of each folder is mirrored.

    Raises:
        RequestError: a folder holds two movies that would get one name.
    """
    movies: list[Subject] = []
    pictures: list[Path] = []
    reasons: list[str] = []
    for path in dict.fromkeys(paths):
        if os.path.isdir(path) and not (fps and holds_series(path)):
            found, why = _held(path, folder, series=fps is not None)
            movies += found
            reasons += why if found else []
            pictures += [] if found else [path]
        elif is_picture(path):
            pictures.append(path)
        else:
            movies.append(Subject(path, folder))
    kinds = count_kinds(reasons)
    return Subjects(
        movies, pictures, ", ".join(f"{kind} ({count})" for kind, count in kinds.items())
    )


def _held(path: Path, folder: Path, *, series: bool) -> tuple[list[Subject], list[str]]:
    """The movies in the folder `path`, the tables in it of movies elsewhere, and why others are
    left out."""
    found = find_movies([path], series=series)
    movies = [one for one in found if not one.reason]
    subjects = [Subject(one.path, _place(folder, one.name), one.more) for one in movies]
    here = {one.path.resolve() for one in movies}
    for table, name in _tables(path):
        if _movie_of(table) not in here:
            subjects.append(Subject(table, _place(folder, name)))
    beside = sum(is_picture(one) and one.is_file() for one in path.rglob("*")) if subjects else 0
    return subjects, [one.reason for one in found if one.reason] + ["a picture"] * beside


def _tables(path: Path) -> Iterable[tuple[Path, str]]:
    """The tables below the folder `path`, with their names; none is no mistake."""
    there = next(path.rglob(f"*{TABLE_SUFFIX}"), None)
    return find_tables([path]).items() if there else ()


def _movie_of(table: Path) -> Path | None:
    """The file that a table says that it is of; None if it cannot be read, which is told later."""
    try:
        return (table.parent / str(read_record(table)["movie"]["file"])).resolve()
    except (TableError, OSError):
        return None


def _place(folder: Path, name: str) -> Path:
    """Where in `folder` goes what is drawn of what is called so, with folders before its name."""
    return (folder / name).parent
