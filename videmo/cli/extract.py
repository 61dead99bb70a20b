"""The command `videmo extract`."""

from __future__ import annotations

import sys
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from videmo.cli.options import (
    LENGTH,
    MOVED,
    PATH,
    QUIET,
    RAW,
    SOME_LENGTH,
    SOUND,
    TABLES,
    options_said,
    output,
    repeat_option,
)
from videmo.cli.tell import say
from videmo.cli.tell_extract import tell_done
from videmo.exporters import DEFAULT_EXPORTS, EXPORTERS
from videmo.schema import (
    ALIGNED_EYES,
    DEFAULT_GAP,
    DEFAULT_MAX_CROPS,
    DEFAULT_MAX_MB,
    DEFAULT_PAD,
    EMOTIONS,
)


@click.command(
    epilog="\b\nWhat --as can make:\n"
    + "\n".join(f"  {name:10}{entry.about}" for name, entry in EXPORTERS.items())
)
@TABLES
@click.option(
    *("-e", "--emotion", "emotions"),
    multiple=True,
    metavar="EMOTION",
    help="What to look for, or all; may be given several times. Of videmo's own models: "
    f"{', '.join(EMOTIONS)}.",
)
@click.option(
    "--moments",
    type=PATH,
    metavar="LIST",
    help="Instead of an emotion: cut just the lines of this list, which videmo find -o wrote and "
    "you may have sorted, cut and edited in a spreadsheet.",
)
@repeat_option(
    "How long the emotion must hold: frames in a row (5), or seconds (0.2s), which mean the "
    "same at any rate."
)
@click.option(
    "--as",
    "exports",
    default=",".join(DEFAULT_EXPORTS),
    show_default=True,
    metavar="LIST",
    help="What to make, separated by commas; see below.",
)
@output("Folder for everything.", default="extracted", show_default=True)
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
    "--top",
    type=click.IntRange(1),
    metavar="N",
    help="Only the N best moments of all movies, by score and length.",
)
@click.option(
    "--pad",
    type=LENGTH,
    default=DEFAULT_PAD,
    show_default=True,
    help="Seconds to add before and after each run where it is cut; what a change of shot takes "
    "away from one side is added at the other.",
)
@click.option(
    "--gap",
    type=LENGTH,
    default=DEFAULT_GAP,
    show_default=True,
    help="Seconds to bridge: a face unknown within a run, or between two runs, which then are one "
    "moment.",
)
@click.option(
    "--shortest",
    type=LENGTH,
    help="How long what is cut of a moment is at least, if its shot is.  [default: as --pad makes "
    "it; a gif or webp 1]",
)
@click.option(
    "--longest",
    type=SOME_LENGTH,
    help="How long it is at most: the best seconds of it.  [default: as it is; a gif or webp 10]",
)
@click.option(
    "--across-cuts", is_flag=True, help="Let what is cut go over changes of shot, as --pad says."
)
@click.option("--best", is_flag=True, help="One crop for each moment, the best, not every frame.")
@click.option(
    "--max-crops",
    type=click.IntRange(0),
    metavar="N",
    help="Of more faces of an emotion in a movie, crops of so many, spread over the moments, the "
    f"best of each among them; 0: all.  [default: {DEFAULT_MAX_CROPS}; in a dataset all]",
)
@click.option(
    "--size",
    type=click.IntRange(16, 4096),
    help="Crops as squares of so many pixels.  [default: as they are; in a dataset 96]",
)
@click.option(
    "--margin",
    type=click.FloatRange(0, 2),
    help="What to leave around a face, as a part of its size.  [default: 0.2; in a dataset as "
    "the model sees it]",
)
@click.option("--upright", is_flag=True, help="Turn crops so that the eyes are level.")
@click.option(
    "--order",
    type=click.Choice(["time", "score"]),
    default="time",
    show_default=True,
    help="How supercut, edl and otio join the moments, and sheet, gif and webp show them; score: "
    "the best first.",
)
@click.option(
    "--max-length",
    type=SOME_LENGTH,
    help="Seconds that supercut, edl and otio may last, made of the best moments then; and a gif "
    "or webp.",
)
@click.option(
    "--max-mb",
    type=click.FloatRange(0, min_open=True),
    default=DEFAULT_MAX_MB,
    show_default=True,
    metavar="MEGABYTES",
    help="How large a gif or webp may be; larger ones get smaller pictures, then fewer.",
)
@click.option(
    "--sound",
    type=SOUND,
    metavar="N|all",
    help="Of several sound tracks, which clips and supercut have, from 1.  [default: the first "
    "that can be decoded]",
)
@RAW
@click.option(
    "--reviewed",
    is_flag=True,
    help="Only what somebody confirmed or corrected in videmo view; for a dataset of what is sure.",
)
@MOVED
@click.option(
    "--offset",
    type=float,
    metavar="SECONDS",
    help="What --movie names is another cut of the movie: everything lies so much later in it, or "
    "earlier (-14).",
)
@QUIET
def extract(
    tables: tuple[Path, ...],
    emotions: tuple[str, ...],
    moments: Path | None,
    exports: str,
    folder: Path,
    movie: Path | None,
    offset: float | None,
    quiet: bool,
    **options: Any,
) -> None:
    """Export the moments at which somebody has an emotion.

    Takes tables, folders with tables, or scanned movies; without any, the tables in the current
    folder. Makes OUTPUT/NAME/EMOTION/crops, .../clips, .../sheet.jpg, and OUTPUT/segments.csv with
    a line for each run; or what else is wanted with --as. An option that nothing of that can use
    is refused.
    """
    from videmo.exporters.selection import Choice
    from videmo.extract import Wanted, extract_tables, find_tables, listed_tables
    from videmo.find import without_copies

    given = options_said()
    _check_what(emotions, moments, given)
    choice = Choice(
        best=options.pop("best"),
        size=options.pop("size") or 0,
        margin=options.pop("margin"),
        upright=options.pop("upright"),
        order=options.pop("order"),
        sound=options.pop("sound"),
        max_length=options.pop("max_length") or float("inf"),
        shortest=options.pop("shortest") or 0.0,
        longest=options.pop("longest") or float("inf"),
        max_crops=options.pop("max_crops"),
        max_mb=options.pop("max_mb"),
    )
    repeat, seconds = options.pop("repeat")
    if moments is None:
        wanted = Wanted(emotions, repeat=repeat, seconds=seconds, **options)
        found = without_copies(find_tables(tables))
    else:
        found, lists = listed_tables(moments, tables)
        pad = options["pad"] if "pad" in given else 0.0
        how = {name: options[name] for name in ("across_cuts", "raw")}
        wanted = Wanted((), pad=pad, listed=lists, **how)
        choice = choice if "order" in given else replace(choice, order="list")
    done = extract_tables(
        found,
        wanted,
        folder,
        exports=[name.strip() for name in exports.split(",")],
        choice=choice,
        movie=movie,
        offset=offset,
        given=given,
        progress=None if quiet else say,
    )
    sys.exit(0 if tell_done(done, folder, wanted.emotions, quiet) else 1)


LISTS_SAY = {
    **{"emotions": "--emotion", "repeat": "--repeat", "min_score": "--min-score"},
    **{"tracks": "--track", "persons": "--person", "eyes": "--eyes", "gap": "--gap"},
    **{"top": "--top", "reviewed": "--reviewed"},
}
"""The options that choose moments, which a list has done."""


def _check_what(emotions: tuple[str, ...], moments: Path | None, given: Collection[str]) -> None:
    """See that either emotions are wanted, or a list of moments."""
    if moments is None:
        if not emotions:
            raise click.UsageError("Missing option '-e' / '--emotion', or '--moments'.")
        return
    said = [option for name, option in LISTS_SAY.items() if name in given]
    if said:
        raise click.UsageError(f"{said[0]} does not go with --moments: the list says what is cut.")
