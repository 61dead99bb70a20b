"""The command `videmo demo`."""

from __future__ import annotations

from pathlib import Path

import click

from videmo.cli.options import output
from videmo.files import shown


@click.command()
@click.option(
    "--hard",
    is_flag=True,
    help="Of faces that are hard to find: turned, dim, small, large, cast-down, leaning.",
)
@output("Folder for the movie.")
def demo(folder: Path, hard: bool) -> None:
    """Make a short movie to try videmo on, of faces that belong to nobody.

    Writes demo.mp4, and demo.truth.csv, which says who shows what, where and when; with --hard
    demo-hard.mp4 and demo-hard.truth.csv.
    """
    from videmo.demo import demo_story, hard_story, make_movie, write_truth

    name, story = ("demo-hard", hard_story()) if hard else ("demo", demo_story())
    movie = folder / f"{name}.mp4"
    truth = make_movie(movie, story)
    write_truth(folder / f"{name}.truth.csv", truth)
    click.echo(f"{shown(movie)} is made; now: videmo scan {shown(movie)}")
