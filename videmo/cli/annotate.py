"""The command `videmo annotate`."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

import click

from videmo.annotate import DEFAULT_LAYERS, LAYERS
from videmo.cli.options import DETECTOR, MODEL, MOVED, PATH, QUIET, TIME, output
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
    movie: Path | None,
    quiet: bool,
) -> None:
    """Draw faces, emotions, scores and a timeline into a movie, or faces into pictures.

    Of a movie (or its table) makes NAME.annotated.mp4, with the movie's sound and timing; a movie
    that was not scanned yet is scanned first, with --model and --detector, if they are said. Of a
    picture, or of all pictures in a folder, makes NAME.annotated.jpg, lists the faces in
    pictures.csv, and prints the list.

    A whole box: the face is aligned, and counts. Only corners: it is not.
    """
    from videmo.annotate.movie import Wished, annotate_movies
    from videmo.annotate.pictures import annotate_pictures
    from videmo.faces import DetectorConfig
    from videmo.pictures import is_picture
    from videmo.scan import Settings, all_cores
    from videmo.scan.picture import PICTURE_CONFIG

    layers = tuple(name.strip() for name in show.split(",") if name.strip())
    pictures = [path for path in subjects if os.path.isdir(path) or is_picture(path)]
    movies = [path for path in subjects if path not in pictures]
    wished = Wished(layers, start, end)
    asked = Settings(DetectorConfig(detector or DEFAULT_DETECTOR), model=model)
    settings = asked if detector or model else None
    how = {"settings": settings, "jobs": all_cores(), "movie": movie, "watch": watched(quiet)}
    well = [tell_annotated(one, quiet) for one in annotate_movies(movies, folder, wished, **how)]
    if pictures:
        closely = replace(asked, detector=replace(PICTURE_CONFIG, detector=asked.detector.detector))
        seen = annotate_pictures(pictures, folder, layers=layers, settings=closely)
        well.append(tell_pictures(seen, folder, quiet))
    sys.exit(0 if all(well) else 1)
