"""Movies named one by one: each is scanned, and one that is bad costs one."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from videmo.archive.done import key_of
from videmo.archive.ledger import FAILED, SKIPPED, Entry, entry_of
from videmo.archive.listing import listing
from videmo.archive.process import Limits, News, Order, scan_apart
from videmo.archive.standing import Told, Work, noted
from videmo.archive.walk import Candidate, join_chapters
from videmo.emotions import find_model
from videmo.errors import MovieError, NoPicturesError, RequestError, TableError
from videmo.files import one_line, shown
from videmo.scan import Progress, Scanned, Settings, made_with, scan_movie
from videmo.sheets import safe_cell
from videmo.table import Record, movie_name, read_record, table_path
from videmo.video import out_of_memory, series_in


@dataclass(frozen=True)
class Outcome:
    """What became of a movie: `scanned`, or the `error` that it ended with."""

    movie: Path
    scanned: Scanned | None = None
    error: MovieError | None = None
    entry: Entry | None = None
    """What is listed of it, if it is listed."""

    @property
    def well(self) -> bool:
        return self.scanned is not None and not self.scanned.partial


Watch = Callable[[Path], AbstractContextManager[Progress | None]]


class _Job(NamedTuple):
    """How movies are scanned."""

    folder: Path
    settings: Settings
    watch: Watch | None
    limits: Limits | None
    how: dict[str, Any]


class _Movie(NamedTuple):
    """A movie that is being scanned, as `Work` looks at it."""

    candidate: Candidate
    begun: float
    news: News


def scan_movies(
    movies: Sequence[Path],
    folder: Path,
    settings: Settings | None = None,
    watch: Watch | None = None,
    *,
    jobs: int = 1,
    fresh: bool = False,
    limits: Limits | None = None,
    join: bool = True,
) -> Iterator[Outcome]:
    """Scan each movie into `folder`, giving its outcome as soon as it is known.

    Several movies are listed there, too, as those of an archive are. `watch`, given a movie, gives
    what is told of its progress while it is scanned. With `limits`, each movie is scanned in a
    process of its own, and has failed if it takes more. With `join`, files that are chapters of one
    recording are one movie. For `jobs` and `fresh` see `scan_movie`.

    Raises:
        RequestError: a movie is not there or a folder, or two would get one table; before any is
            scanned.
        SetupError, OutputError: what would befall every other movie, too.
    """
    settings = settings or Settings()
    # A folder of pictures may be named by where one is, which is no name for a table.
    movies = [movie.resolve() if movie.name in ("", "..") else movie for movie in movies]
    _check(movies, settings)
    made = made_with(settings, find_model(settings.model))
    named = [Candidate(movie, movie.name, _size(movie)) for movie in movies]
    found = [one for one in join_chapters(named) if not one.reason] if join else named
    for one in found if join else ():
        _check_whole(one, table_path(folder, one.path, settings.start, settings.end))
    job = _Job(folder, settings, watch, limits, {"jobs": jobs, "fresh": fresh})
    work = Work(found)
    with listing(folder, len(found), made["labels"]) as listed:
        tell = noted(listed.tell, len(found), None)
        for place, one in enumerate(found, 1):
            begun = time.monotonic()
            at = partial(_Movie, one, begun)
            outcome = _scan_one(job, one, _telling(tell, work, at, found[place:]))
            entry = _entry(outcome, one, job, made, round(time.monotonic() - begun, 1))
            work.ended(one, entry.duration)
            listed.add(entry)
            yield replace(outcome, entry=entry if listed.path else None)


def _telling(
    tell: Told, work: Work, at: Callable[[News], _Movie], waiting: Sequence[Candidate]
) -> Progress:
    """What tells how far the whole is, by how far the movie is that is at work."""
    return lambda done, total: tell(work.standing([at(News(done, total))], waiting))


def _scan_one(job: _Job, one: Candidate, told: Progress) -> Outcome:
    """Scan a movie; `told` how far that is, beside who watches."""
    try:
        with job.watch(one.path) if job.watch else nullcontext() as watching:

            def progress(done: int, total: int) -> None:
                told(done, total)
                if watching is not None:
                    watching(done, total)

            given = one.path, job.folder, job.settings
            if job.limits is None:
                return Outcome(one.path, scan_movie(*given, progress, **job.how, more=one.more))
            order = Order(*given, limits=job.limits, **job.how, more=one.more)
            return Outcome(one.path, scan_apart(order, progress))
    except MovieError as error:
        return Outcome(one.path, error=error)
    except MemoryError:
        return Outcome(one.path, error=out_of_memory(one.path))


def _entry(outcome: Outcome, one: Candidate, job: _Job, made: Record, took: float) -> Entry:
    """What is listed of a movie, by the name of its table: that of a stretch has its own."""
    start, end = job.settings.start, job.settings.end
    name = movie_name(table_path(job.folder, one.path, start, end))
    key = key_of(one.path, made, one.more)
    if outcome.scanned is not None:
        return entry_of(name, outcome.scanned.record, took, key)
    reason = str(outcome.error).removeprefix(f"{shown(one.path)}: ")
    skipped = isinstance(outcome.error, NoPicturesError)
    return Entry(safe_cell(name), SKIPPED if skipped else FAILED, reason, took=took, key=key)


def _size(movie: Path) -> int:
    try:
        return movie.stat().st_size
    except OSError:
        return 0


def _check_whole(one: Candidate, table: Path) -> None:
    """Not to put the table of a chapter in the place of that of the whole recording.

    Raises:
        RequestError: that would be so.
    """
    with suppress(TableError):  # what is no table may be replaced
        rest = ", ".join(read_record(table)["movie"].get("chapters", []))
        if rest and not one.more:
            raise RequestError(
                f"{shown(table)}: is of {shown(one.name)} joined with {shown(rest)}; name all of "
                "these, or choose another folder with -o"
            )


def _check(movies: Sequence[Path], settings: Settings) -> None:
    for movie in movies:
        if not os.path.exists(movie):  # Path.exists raises where a name is too long
            raise RequestError(f"{shown(movie)}: no such file; check the name")
        if os.path.isdir(movie):
            if settings.fps is None:
                raise RequestError(f"{shown(movie)}: is a folder; name the movies in it")
            series_in(movie)
    twins = [name for name, n in Counter(one_line(movie.name) for movie in movies).items() if n > 1]
    if twins:
        raise RequestError(
            f"{shown(twins[0])}: two movies have this name; scan them into two folders with -o"
        )
