"""How far a scan is: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import functools
import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from videmo.cli.standing import at_work
from videmo.cli.tell import long, say
from videmo.files import shown
from videmo.plain import counted

if TYPE_CHECKING:
    from videmo.archive import Standing
    from videmo.scan import Progress


PLAIN_EVERY = 60.0
"""Seconds between two lines about progress, where there is no terminal."""


def watched(quiet: bool, what: str = "frames") -> Any:
    """What shows the progress of one file, counted in `what`."""
    if quiet:
        return None
    return functools.partial(_bar if sys.stderr.isatty() else _plain_lines, what=what)


@contextmanager
def _bar(movie: Path, what: str) -> Iterator[Progress]:
    """A bar with the speed and the time left."""
    from tqdm import tqdm

    with tqdm(desc=shown(movie.name), unit=f" {what}", dynamic_ncols=True, leave=False) as bar:

        def progress(done: int, total: int) -> None:
            bar.total = max(done, total) or None
            bar.update(done - bar.n)

        yield progress


@contextmanager
def _plain_lines(movie: Path, what: str) -> Iterator[Progress]:
    """A line now and then, for logs."""
    start = told = time.monotonic()

    def progress(done: int, total: int) -> None:
        nonlocal told
        now = time.monotonic()
        if now - told < PLAIN_EVERY:
            return
        told = now
        speed = done / (now - start)
        left = f", {max(0, total - done) / speed:.0f} s left" if total else ""
        say(f"{shown(movie.name)}: {done} of {total or '?'} {what}, {speed:.0f} {what}/s{left}")

    yield progress


@contextmanager
def watched_archive(quiet: bool) -> Iterator[Callable[[Standing], None] | None]:
    """What is told how far a whole archive is."""
    if quiet:
        yield None
    elif sys.stderr.isatty():
        from tqdm import tqdm

        form = "{desc} {percentage:3.0f}%|{bar}| {remaining} left"
        how = {"bar_format": form, "dynamic_ncols": True, "leave": False}
        with tqdm(total=1.0, smoothing=0, **how) as bar:  # the time left: by the whole run's speed

            def show(now: Standing) -> None:
                bar.set_description_str(_standing(now), refresh=False)
                bar.update(now.share - bar.n)

            yield show
    else:
        told = time.monotonic()

        def line(now: Standing) -> None:
            nonlocal told
            if time.monotonic() - told < PLAIN_EVERY:
                return
            told = time.monotonic()
            left = "" if now.left is None else f", {long(now.left)} left"
            here = "; ".join(map(at_work, now.at_work))
            say(f"{_standing(now)}, {now.share:.0%}{left}{f'; at work: {here}' if here else ''}")

        yield line


def _standing(now: Standing) -> str:
    """How many movies, and how much footage."""
    whole = f" of about {long(now.of_seconds)}" if now.of_seconds else ""
    movies = counted(now.movies, "movie")
    crew = f", {now.crew}" if now.crew else ""
    return f"{now.done} of {movies}, {long(now.seconds)}{whole} of footage{crew}"


@contextmanager
def aside() -> Iterator[None]:
    """What is said in the block stands above the bar, if there is one."""
    if "tqdm" not in sys.modules:  # nobody has drawn a bar
        yield
        return
    from tqdm import tqdm

    with tqdm.external_write_mode():
        yield


class LogAside(logging.StreamHandler):  # type: ignore[type-arg]
    """Writes log lines to stderr, above the bar."""

    def emit(self, record: logging.LogRecord) -> None:
        with aside():
            super().emit(record)
