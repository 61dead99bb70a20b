"""The command `videmo people`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from videmo.cli.options import MOVED, PATH, QUIET, TABLES, output
from videmo.cli.progress import watched
from videmo.cli.tell import tell_people
from videmo.schema import DEFAULT_DISTANCE, DEFAULT_MIN_SECONDS


@click.command()
@TABLES
@click.option(
    "--known",
    type=PATH,
    help="Folder with a picture, or a folder of pictures, for each name: Jim.jpg, Rachel/1.jpg.",
)
@output("Folder for the sheet and the pictures.", default="people", show_default=True)
@click.option(
    "--distance",
    type=click.FloatRange(0, 2, min_open=True),
    default=DEFAULT_DISTANCE,
    show_default=True,
    help="How unlike faces of one person may be; less finds fewer, and is wrong less often.",
)
@click.option(
    "--min-seconds",
    type=click.FloatRange(0),
    default=DEFAULT_MIN_SECONDS,
    show_default=True,
    help="Without --known, who is seen for less gets no name.",
)
@MOVED
@click.option("--fresh", is_flag=True, help="Write over names that were changed by hand.")
@QUIET
def people(tables: tuple[Path, ...], folder: Path, quiet: bool, **options: Any) -> None:
    """Find out which tracks are one person, and who it is.

    Takes tables as extract does, and writes NAME.people.csv beside each: track, person, distance.
    Then extract --person Jim takes only Jim.

    \b
    Nobody known yet:
      videmo people                      tracks that look alike become person-1, person-2, ...;
                                         people/sheet.jpg shows them, people/person-1 has pictures
      rename people/person-1 to people/Jim; put the pictures of one person into one folder,
      take out the wrong ones, and take away whom you do not need; then
    Known people:
      videmo people --known people       each track gets the name of the nearest one, in any movie

    Or change names in NAME.people.csv itself.

    This is likeness, not identity: a network says how alike faces look to it. It mixes up relatives
    and people whom it has seen too little of, and is not equally good for all; look at the sheet.
    Tracks that are never aligned, or less than 32 pixels wide, get no name.
    """
    from videmo.find import find_tables
    from videmo.people import name_people

    watch = watched(quiet, "faces")
    cast = name_people(find_tables(tables), folder, watch=watch, **options)
    sys.exit(0 if tell_people(cast, folder, options["known"], quiet) else 1)
