"""The command `videmo scan`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from videmo.cli.options import PATH, TIME
from videmo.cli.progress import watched
from videmo.cli.tell import tell_scanned
from videmo.schema import DEFAULT_EVERY, DEFAULT_MIN_FACE


@click.command()
@click.argument("movies", nargs=-1, required=True, type=PATH, metavar="MOVIE...")
@click.option("-o", "--output", "folder", type=PATH, default=".", help="Folder for the tables.")
@click.option("--model", type=PATH, help="Another emotion model (.tflite, its .json beside it).")
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
@click.option(
    "--every",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    metavar="N",
    help="Scan one frame of every N; runs then count scanned frames.",
)
@click.option("--start", type=TIME, default="0", help="Begin here: seconds, or hh:mm:ss.")
@click.option("--end", type=TIME, help="Stop here.")
@click.option("-j", "--jobs", type=click.IntRange(1), help="Processes.  [default: all cores]")
@click.option("--fresh", is_flag=True, help="Begin anew where a scan was interrupted.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but what went wrong.")
def scan(
    movies: tuple[Path, ...],
    folder: Path,
    model: Path | None,
    min_face: float,
    every_frame: bool,
    every: int,
    start: float,
    end: float | None,
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
    settings = Settings(look, model=model, every=every, start=start, end=end)
    watch = watched(quiet)
    how = {"jobs": jobs or all_cores(), "fresh": fresh}
    outcomes = scan_movies(movies, folder, settings, watch, **how)
    done = [tell_scanned(outcome, quiet) for outcome in outcomes]
    sys.exit(0 if all(done) else 1)
