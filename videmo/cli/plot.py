"""The command `videmo plot`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from videmo.cli.options import QUIET, RAW, TABLES, output, repeat_option
from videmo.cli.tell import tell_plotted
from videmo.plot import DEFAULT_MOST, FORMATS


@click.command()
@TABLES
@click.option(
    *("-e", "--emotion", "emotions"),
    multiple=True,
    metavar="EMOTION",
    help="Draw only this emotion; repeatable.  [default: all]",
)
@repeat_option(
    "How long an emotion must hold to stand in the lanes: frames (5), or seconds (0.2s)."
)
@click.option(
    "--as",
    "formats",
    default=",".join(FORMATS),
    show_default=True,
    metavar="LIST",
    help="What to make, separated by commas.",
)
@click.option(
    "--most",
    type=click.IntRange(1, 100),
    default=DEFAULT_MOST,
    show_default=True,
    help="Tracks and people to draw, those of whom most faces count.",
)
@output("Folder for the figures.")
@RAW
@QUIET
def plot(
    tables: tuple[Path, ...],
    emotions: tuple[str, ...],
    repeat: tuple[int, float],
    formats: str,
    most: int,
    folder: Path,
    raw: bool,
    quiet: bool,
) -> None:
    """Draw scores over time and lanes of emotions, for a paper.

    Takes tables, folders with tables, or scanned movies; without any, the tables in the current
    folder. Makes NAME.plot.png and NAME.plot.svg: a panel with the scores of each track, or of each
    person that videmo people named, and a lane with what was held. Only faces that count are drawn.
    Needs the extra plot; in videmo's folder, run: pip install ".[plot]".
    """
    from videmo.find import find_tables
    from videmo.plot import plot_tables

    wanted = [name.strip() for name in formats.split(",")]
    frames, seconds = repeat
    done = plot_tables(
        find_tables(tables),
        folder,
        formats=wanted,
        emotions=emotions,
        repeat=frames,
        seconds=seconds,
        most=most,
        raw=raw,
    )
    sys.exit(0 if all([tell_plotted(one, quiet) for one in done]) else 1)
