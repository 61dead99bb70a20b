"""The command `videmo annotate`."""

from __future__ import annotations

import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import click

from videmo.annotate import DEFAULT_LAYERS, LAYERS
from videmo.cli.options import DETECTOR, FPS, MODEL, MOVED, PATH, QUIET, TIME, output
from videmo.cli.progress import watched
from videmo.cli.tell import tell_annotated, tell_pictures
from videmo.schema import DEFAULT_DETECTOR


@click.command(
    epilog="What can be shown besides boxes: "
    + "; ".join(f"{name}: {about}" for name, about in LAYERS.items())
    + "."
)
@click.argument("subjects", nargs=-1, required=True, type=PATH, metavar="MOVIE|PICTURE|FOLDER...")
@output("Folder for what is drawn.")
@click.option(
    "--show",
    default=",".join(DEFAULT_LAYERS),
    show_default=True,
    metavar="LIST",
    help='What to draw besides boxes, separated by commas; "" for nothing.',
)
@MODEL
@DETECTOR
@click.option("--start", type=TIME, help="Begin here: seconds, or hh:mm:ss.")
@click.option("--end", type=TIME, help="Stop here.")
@FPS
@MOVED
@QUIET
def annotate(
    subjects: tuple[Path, ...],
    folder: Path,
    show: str,
    model: Path | None,
    detector: str | None,
    start: float | None,
    end: float | None,
    fps: Fraction | None,
    movie: Path | None,
    quiet: bool,
) -> None:
    """Draw faces, emotions, scores and a timeline into a movie, or faces into pictures.

    Of a movie (or its table) makes NAME.annotated.mp4, with the movie's sound and timing, and the
    stretch in its name, if it is of one; a movie that has no table yet, here, beside it, in OUTPUT
    or in tables/, is scanned first, with --model and --detector, if they are said. Of a picture
    makes NAME.annotated.jpg, lists the faces in pictures.csv, and prints the list. Of a folder, all
    movies in it are drawn, its tree mirrored in OUTPUT; where it holds none, all pictures.

    A whole box: the face is aligned, and counts. Only corners: it is not.
    """
    from videmo.annotate.movie import Wished, annotate_movies
    from videmo.annotate.pictures import annotate_pictures
    from videmo.cli.subjects import sorted_out
    from videmo.faces import DetectorConfig
    from videmo.scan import Settings, all_cores
    from videmo.scan.picture import PICTURE_CONFIG

    layers = tuple(name.strip() for name in show.split(",") if name.strip())
    found = sorted_out(subjects, folder, fps)
    asked = Settings(DetectorConfig(detector or DEFAULT_DETECTOR), model=model)
    how: dict[str, Any] = {
        "settings": asked if detector or model else None,
        "jobs": all_cores(),
        "movie": movie,
        "watch": watched(quiet),
        "fps": fps,
    }
    drawn = annotate_movies(found.movies, folder, Wished(layers, start, end), **how)
    well = [tell_annotated(one, quiet) for one in drawn]
    if found.left_out and not quiet:
        click.echo(f"left out: {found.left_out}")
    if found.pictures:
        closely = replace(asked, detector=replace(PICTURE_CONFIG, detector=asked.detector.detector))
        seen = annotate_pictures(found.pictures, folder, layers=layers, settings=closely)
        well.append(tell_pictures(seen, folder, quiet))
    sys.exit(0 if all(well) else 1)
