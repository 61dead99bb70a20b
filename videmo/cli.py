"""The command line: options in, one call, one line out."""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from videmo import __version__
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

if TYPE_CHECKING:
    from videmo.archive import Outcome
    from videmo.extract import Extracted
    from videmo.scan import Progress

INTERRUPTED = 130
PLAIN_EVERY = 10.0
"""Seconds between two lines about progress, where there is no terminal."""

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
    settings, watch = Settings(look, model=model), _watched(quiet)
    how = {"jobs": jobs or all_cores(), "fresh": fresh}
    outcomes = scan_movies(movies, folder, settings, watch, **how)
    done = [_tell_scanned(outcome, quiet) for outcome in outcomes]
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
        progress=None if quiet else _say,
    )
    sys.exit(0 if all([_tell_extracted(one, folder, quiet) for one in done]) else 1)


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
        _say(f"videmo: {error}")
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        _say("videmo: interrupted; run the same command again")
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        # Whoever read our output has gone; so that the interpreter does not write the rest.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def _say(text: str) -> None:
    click.echo(text, err=True)


def _tell_scanned(outcome: Outcome, quiet: bool) -> bool:
    """One line about a movie; whether all went well."""
    if outcome.scanned is None:
        _say(f"videmo: {outcome.error}")
        return False
    scanned, record = outcome.scanned, outcome.scanned.record
    tracks = "1 track" if record["tracks"] == 1 else f"{record['tracks']} tracks"
    held = sorted(record["seconds"].items(), key=lambda item: -item[1])
    emotions = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in held if seconds)
    if not quiet:
        click.echo(
            f"{shown(outcome.movie)}: {record['frames_read']} frames, {record['faces']} faces "
            f"({record['aligned']} aligned, which count), {tracks}; "
            f"{emotions or 'no emotion held'}; written: {shown(scanned.table)}"
        )
    if scanned.partial:
        changed = ", changed while it was scanned" if record["changed_meanwhile"] else ""
        _say(
            f"videmo: {shown(outcome.movie)}: partial, {record['frames_read']} of "
            f"{record['frames_expected']} frames read, {record['decode_failures']} damaged"
            f"{changed}; get the file again if you can"
        )
    return outcome.well


def _tell_extracted(one: Extracted, folder: Path, quiet: bool) -> bool:
    """One line about a table; whether all went well."""
    for error in one.errors:
        _say(f"videmo: {error}")
    if not one.runs:
        return False
    found = {emotion: count for emotion, count in one.runs.items() if count}
    if found and not quiet:
        what = ", ".join(f"{count} {emotion}" for emotion, count in found.items())
        runs = "run" if sum(found.values()) == 1 else "runs"
        sheet = next((shown(file) for file in one.files if file.name == "sheet.jpg"), "")
        look = f"; look at {sheet}" if sheet else ""
        click.echo(
            f"{shown(one.table)}: {what} {runs}, files made in {shown(folder)}: "
            f"{len(one.files)}{look}"
        )
    elif not quiet:
        held = ", ".join(f"{name} {frames}" for name, frames in one.held.items())
        click.echo(
            f"{shown(one.table)}: nothing matches; the longest runs in it, in frames: "
            f"{held or 'none, no face is aligned'}"
        )
    return not one.errors


def _watched(quiet: bool) -> Any:
    if quiet:
        return None
    return _bar if sys.stderr.isatty() else _plain_lines


@contextmanager
def _bar(movie: Path) -> Iterator[Progress]:
    """A bar with frames per second and the time left."""
    from tqdm import tqdm

    with tqdm(desc=shown(movie.name), unit=" frames", dynamic_ncols=True, leave=False) as bar:

        def progress(done: int, total: int) -> None:
            bar.total = max(done, total) or None
            bar.update(done - bar.n)

        yield progress


@contextmanager
def _plain_lines(movie: Path) -> Iterator[Progress]:
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
        _say(f"{shown(movie.name)}: {done} of {total or '?'} frames, {speed:.0f} frames/s{left}")

    yield progress


if __name__ == "__main__":
    main()
