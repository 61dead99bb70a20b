"""The command `videmo demo`."""

from __future__ import annotations

from pathlib import Path

import click

from videmo.cli.options import output
from videmo.files import shown


@click.command()
@output("Folder for the movie.")
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
