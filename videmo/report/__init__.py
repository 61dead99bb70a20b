"""Write pages to look at: of one movie, or of all movies in a folder, with a page for each."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from videmo.errors import DiskFullError, OutputError, RequestError, VidemoError
from videmo.files import shown, write_atomic
from videmo.find import find_movie
from videmo.report.data import Data, movie_data
from videmo.report.faces import best_of, data_url, pictures
from videmo.report.html import index_page, movie_page
from videmo.report.index import Best, best_of_all, index_data, movie_row, sums_of
from videmo.report.link import link_to, player_data
from videmo.report.look import Look, look_at

log = logging.getLogger(__name__)

PAGES = ".movies"
"""What is added to a page's stem for the folder of the pages of single movies."""

__all__ = ["Reported", "write_report"]


@dataclass(frozen=True)
class Reported:
    """What became of a report."""

    page: Path
    """The one to open."""
    movies: int
    moments: int
    errors: list[VidemoError] = field(default_factory=list)
    """Of tables that could not be shown; the others are."""


def write_report(
    tables: Mapping[Path, str],
    target: Path,
    *,
    raw: bool = False,
    movie: Path | None = None,
    progress: Callable[[str], None] | None = None,
) -> Reported:
    """Write the page of a table as `target`; of several, that of all, with theirs in a folder.

    Args:
        tables: each with its movie's name, as `find_tables` gives them.
        target: the page.
        raw: as if nobody had corrected anything.
        movie: where the movie is, if not where it was; for one table only.
        progress: told what is being done.

    Raises:
        RequestError: there is a movie for several tables.
        TableError: the only table cannot be read.
        OutputError: the page cannot be written.
    """
    tell = progress or (lambda _: None)
    if movie is not None and len(tables) > 1:
        raise RequestError(f"--movie goes with one table; there are {len(tables)}")
    if len(tables) == 1:
        ((table, name),) = tables.items()
        look = look_at(table, name, raw=raw)
        write_page(target, movie_page(_whole_data(look, target, movie)))
        return Reported(target, 1, len(look.moments))
    return _write_all(tables, target, raw, tell)


def write_page(target: Path, page: str) -> None:
    """Write a page whole, or not at all.

    Raises:
        OutputError: the folder cannot be written, or the disk is full.
    """
    if target.is_dir():
        raise OutputError(f"{shown(target)}: is a folder; name a page, such as -o report.html")
    write_atomic(target, page.encode("utf-8", "backslashreplace"))


def _write_all(
    tables: Mapping[Path, str], target: Path, raw: bool, tell: Callable[[str], None]
) -> Reported:
    folder = target.with_name(target.stem + PAGES)
    rows: list[Data] = []
    best: list[Best] = []
    errors: list[VidemoError] = []
    for table, name in tables.items():
        tell(shown(name))
        page = folder / f"{name}.html"
        try:
            look = look_at(table, name, raw=raw)
            data = _whole_data(look, page, None)
            write_page(page, movie_page(data, back=link_to(target, page.parent)))
        except DiskFullError:
            raise
        except VidemoError as error:
            errors.append(error)
            continue
        link = link_to(page, target.parent)
        rows.append(movie_row(name, link, look.record, sums_of(look)))
        shown_moments = [seen.moment for seen in look.moments if not seen.removed]
        faces = data["faces"].items()
        best += [Best(shown_moments[int(n)], link, face) for n, face in faces]
        best = best_of_all(best)  # the others' pictures are let go
    where = os.path.commonpath([table.parent.absolute() for table in tables])
    write_page(target, index_page(index_data(Path(where).name, rows, best)))
    return Reported(target, len(rows), sum(row["moments"] for row in rows), errors)


def _whole_data(look: Look, page: Path, movie: Path | None) -> dict[str, Any]:
    """What the page of a movie is given, its pictures among it; those that there are, without the
    movie."""
    data = movie_data(look)
    data |= {"faces": {}, "live": None}
    try:
        found = find_movie(look.path, look.record, movie)
        data["player"] = player_data(found, page.parent)
        kept = [seen for seen in look.moments if not seen.removed]
        chosen = best_of(kept)
        for number, jpeg in pictures(look, found, [kept[n].found for n in chosen]):
            data["faces"][str(chosen[number])] = data_url(jpeg)
    except VidemoError as error:
        log.warning("%s; its page has no player and no pictures", error)
        data["player"] = player_data(None, page.parent)
    return data
