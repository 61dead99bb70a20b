"""The command `videmo report`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from videmo.cli.options import MOVED, PATH, QUIET, RAW, TABLES
from videmo.cli.tell import say, tell_reported


@click.command()
@TABLES
@click.option(
    *("-o", "--output", "page"),
    type=PATH,
    default="report.html",
    show_default=True,
    help="The page; of several movies, theirs lie in a folder beside it.",
)
@RAW
@MOVED
@QUIET
def report(
    tables: tuple[Path, ...], page: Path, raw: bool, movie: Path | None, quiet: bool
) -> None:
    """Make a page to look at moments on: timeline, scores, faces, player.

    Takes tables as extract does. The page is one file that asks nobody for anything: open it in a
    browser, keep it, give it away. It plays the movie where that lies as it did when the page was
    made. Of several movies there is a page of all, and one for each, in a folder beside it. Each
    run of an emotion is a moment there; extract makes one of those that lie close together.
    """
    from videmo.find import find_tables, without_copies
    from videmo.report import write_report

    found = without_copies(find_tables(tables))
    done = write_report(found, page, raw=raw, movie=movie, progress=None if quiet else say)
    sys.exit(0 if tell_reported(done, quiet) else 1)
