"""The command line: options in, one call, one line out."""

from __future__ import annotations

import logging
import os
import signal
import sys
from pathlib import Path
from typing import Any

import click

from videmo import __version__
from videmo.cli.progress import watched
from videmo.cli.tell import say, tell_extracted, tell_scanned
from videmo.errors import VidemoError
from videmo.exporters import EXPORTERS
from videmo.files import shown
from videmo.schema import (
    ALIGNED_EYES,
    DEFAULT_EVERY,
    DEFAULT_GAP,
    DEFAULT_MIN_FACE,
    DEFAULT_PAD,
    DEFAULT_REPEAT,
    EMOTIONS,
)

INTERRUPTED = 130

_PATH = click.Path(path_type=Path)
_CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.group(context_settings=_CONTEXT)
@click.version_option(__version__, prog_name="videmo")
def cli() -> None:
    """Find and cut every moment of a movie at which somebody looks happy (angry, sad, ...).

    \b
    Two passes, joined by a table:
      videmo scan movie.mp4                           movie -> movie.mp4.faces.csv
      videmo extract --emotion happy --repeat 5       table -> faces, clips, contact sheet

    Nothing leaves your machine.
    """


@cli.command()
@click.argument("movies", nargs=-1, required=True, type=_PATH, metavar="MOVIE...")
@click.option("-o", "--output", "folder", type=_PATH, default=".", help="Folder for the tables.")
@click.option("--model", type=_PATH, help="Another emotion model (.tflite, its .json beside it).")
@click.option(
    "--min-face",
    type=click.FloatRange(0.01, 1),
    default=DEFAULT_MIN_FACE,
    show_default=True,
    help="Height of the smallest face, as a part of the picture's height.",
)
@click.option(
    "--every-frame",
    is_flag=True,
    help="Look at the whole of every picture, not only now and then: slow.",
)
@click.option("-j", "--jobs", type=click.IntRange(1), help="Processes.  [default: all cores]")
@click.option("--fresh", is_flag=True, help="Begin anew where a scan was interrupted.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but what went wrong.")
def scan(
    movies: tuple[Path, ...],
    folder: Path,
    model: Path | None,
    min_face: float,
    every_frame: bool,
    jobs: int | None,
    fresh: bool,
    quiet: bool,
) -> None:
    """Find faces, eyes, emotions, tracks and runs in every frame.

    Writes NAME.faces.csv, a row for each face in each frame, and NAME.faces.json, which says what
    was scanned and how. An interrupted scan goes on where it was when it is started again.
    """
    from videmo.archive import scan_movies
    from videmo.faces import Look
    from videmo.scan import Settings, all_cores

    look = Look(min_face=min_face, every=1 if every_frame else DEFAULT_EVERY)
    settings, watch = Settings(look, model=model), watched(quiet)
    how = {"jobs": jobs or all_cores(), "fresh": fresh}
    outcomes = scan_movies(movies, folder, settings, watch, **how)
    done = [tell_scanned(outcome, quiet) for outcome in outcomes]
    sys.exit(0 if all(done) else 1)


@cli.command(
    epilog="What can be made: "
    + "; ".join(f"{name}: {about}" for name, about in EXPORTERS.items())
    + "."
)
@click.argument("tables", nargs=-1, type=_PATH, metavar="[TABLE|FOLDER]...")
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
    type=_PATH,
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
@click.option("--movie", type=_PATH, help="Where the movie is now, if it was moved.")
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


@cli.command()
@click.option("-o", "--output", "folder", type=_PATH, default=".", help="Folder for the movie.")
def demo(folder: Path) -> None:
    """Make a short movie to try videmo on, of faces that belong to nobody.

    Writes demo.mp4, and demo.truth.csv, which says who shows what, where and when.
    """
    from videmo.demo import demo_story, make_movie, write_truth

    truth = make_movie(folder / "demo.mp4", demo_story())
    write_truth(folder / "demo.truth.csv", truth)
    click.echo(
        f"{shown(folder / 'demo.mp4')} is made; now: videmo scan {shown(folder / 'demo.mp4')}"
    )


def main() -> None:
    """Run the command line; the one place where errors become lines and exit codes."""
    logging.basicConfig(format="videmo: %(message)s", level=logging.WARNING)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # to be stopped is to be interrupted
    try:
        cli.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except VidemoError as error:
        say(f"videmo: {error}")
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        say("videmo: interrupted; run the same command again")
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        # Whoever read our output has gone; so that the interpreter does not write the rest.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
