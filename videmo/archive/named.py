"""Movies named one by one: each is scanned, and one that is bad costs one."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from videmo.archive.process import Limits, Order, scan_apart
from videmo.archive.walk import Candidate, join_chapters
from videmo.errors import MovieError, RequestError
from videmo.files import one_line, shown
from videmo.scan import Progress, Scanned, Settings, scan_movie
from videmo.video import out_of_memory, series_in


@dataclass(frozen=True)
class Outcome:
    """What became of a movie: `scanned`, or the `error` that it ended with."""

    movie: Path
    scanned: Scanned | None = None
    error: MovieError | None = None

    @property
    def well(self) -> bool:
        return self.scanned is not None and not self.scanned.partial


def scan_movies(
    movies: Sequence[Path],
    folder: Path,
    settings: Settings | None = None,
    watch: Callable[[Path], AbstractContextManager[Progress | None]] | None = None,
    *,
    jobs: int = 1,
    fresh: bool = False,
    limits: Limits | None = None,
    join: bool = True,
) -> Iterator[Outcome]:
    """Scan each movie into `folder`, giving its outcome as soon as it is known.

    `watch`, given a movie, gives what is told of its progress while it is scanned. With `limits`,
    each movie is scanned in a process of its own, and has failed if it takes more. With `join`,
    files that are chapters of one recording are one movie. For `jobs` and `fresh` see `scan_movie`.

    Raises:
        RequestError: a movie is not there or a folder, or two would get one table; before any is
            scanned.
        SetupError, OutputError: what would befall every other movie, too.
    """
    settings = settings or Settings()
    _check(movies, settings)
    named = [Candidate(movie, movie.name) for movie in movies]
    for movie, more in _joined(named) if join else ((movie, ()) for movie in movies):
        how: Any = {"jobs": jobs, "fresh": fresh, "more": more}
        try:
            with watch(movie) if watch else nullcontext() as progress:
                if limits is None:
                    scanned = scan_movie(movie, folder, settings, progress, **how)
                else:
                    order = Order(movie, folder, settings, limits=limits, **how)
                    scanned = scan_apart(order, progress)
            yield Outcome(movie, scanned)
        except MovieError as error:
            yield Outcome(movie, error=error)
        except MemoryError:
            yield Outcome(movie, error=out_of_memory(movie))


def _joined(named: Sequence[Candidate]) -> Iterator[tuple[Path, tuple[Path, ...]]]:
    """The movies, each with the chapters that follow it."""
    return ((one.path, one.more) for one in join_chapters(named) if not one.reason)


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
