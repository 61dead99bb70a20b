"""The command `videmo extract`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from videmo.cli.options import PATH
from videmo.cli.tell import say, tell_extracted
from videmo.exporters import EXPORTERS
from videmo.schema import ALIGNED_EYES, DEFAULT_GAP, DEFAULT_PAD, DEFAULT_REPEAT, EMOTIONS


@click.command(
    epilog="What can be made: "
    + "; ".join(f"{name}: {about}" for name, about in EXPORTERS.items())
    + "."
)
@click.argument("tables", nargs=-1, type=PATH, metavar="[TABLE|FOLDER]...")
@click.option(
    *("-e", "--emotion", "emotions"),
    multiple=True,
    required=True,
    type=click.Choice([*EMOTIONS, "all"]),
    help="What to look for; may be given several times.",
)
@click.option(
    *("-r", "--repeat"),
    type=click.IntRange(1),
    default=DEFAULT_REPEAT,
    show_default=True,
    help="Frames in a row that the emotion must hold.",
)
@click.option(
    "--as",
    "exports",
    default=",".join(EXPORTERS),
    show_default=True,
    metavar="LIST",
    help="What to make, separated by commas.",
)
@click.option(
    *("-o", "--output", "folder"),
    type=PATH,
    default="extracted",
    show_default=True,
    help="Folder for everything.",
)
@click.option(
    "--min-score",
    type=click.FloatRange(0, 1),
    default=0.0,
    help="A face with a lower score counts as unknown.",
)
@click.option(
    "--track", "tracks", type=click.IntRange(1), multiple=True, help="Only this track; repeatable."
)
@click.option(
    "--person",
    "persons",
    multiple=True,
    metavar="NAME",
    help="Only this person, as videmo people names them; repeatable.",
)
@click.option(
    "--eyes",
    type=click.IntRange(0, 2),
    default=ALIGNED_EYES,
    show_default=True,
    help="Eyes with which a face counts; 1 or 0 for turned heads and narrowed eyes.",
)
@click.option(
    "--pad",
    type=click.FloatRange(0),
    default=DEFAULT_PAD,
    show_default=True,
    help="Seconds to add before and after each run in clips.",
)
@click.option(
    "--gap",
    type=click.FloatRange(0),
    default=DEFAULT_GAP,
    show_default=True,
    help="Seconds to bridge: a face unknown within a run, or between two runs in a clip.",
)
@click.option("--best", is_flag=True, help="One crop for each run, the best, not every frame.")
@click.option("--size", type=click.IntRange(16, 4096), help="Crops as squares of so many pixels.")
@click.option(
    "--margin",
    type=click.FloatRange(0, 2),
    default=0.2,
    show_default=True,
    help="What to leave around a face, as a part of its size.",
)
@click.option("--movie", type=PATH, help="Where the movie is now, if it was moved.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but what went wrong.")
def extract(
    tables: tuple[Path, ...],
    emotions: tuple[str, ...],
    exports: str,
    folder: Path,
    movie: Path | None,
    quiet: bool,
    **options: Any,
) -> None:
    """Export the moments at which somebody has an emotion.

    Takes tables, folders with tables, or scanned movies; without any, the tables in the current
    folder. Makes OUTPUT/NAME/EMOTION/crops, .../clips, .../sheet.jpg, and OUTPUT/segments.csv with
    a line for each run.
    """
    from videmo.exporters.selection import Choice
    from videmo.extract import Wanted, extract_tables, find_tables

    chosen = tuple(EMOTIONS) if "all" in emotions else tuple(dict.fromkeys(emotions))
    choice = Choice(options.pop("best"), options.pop("size") or 0, options.pop("margin"))
    done = extract_tables(
        find_tables(tables),
        Wanted(chosen, **options),
        folder,
        exports=[name.strip() for name in exports.split(",")],
        choice=choice,
        movie=movie,
        progress=None if quiet else say,
    )
    sys.exit(0 if all([tell_extracted(one, folder, quiet) for one in done]) else 1)
