"""How far a scan is: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import functools
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from videmo.cli.tell import say
from videmo.files import shown

if TYPE_CHECKING:
    from videmo.scan import Progress


PLAIN_EVERY = 10.0
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
