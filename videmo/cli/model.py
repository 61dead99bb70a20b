"""The commands `videmo model ...`."""

from __future__ import annotations

from pathlib import Path

import click

from videmo.cli.options import PATH
from videmo.files import shown


@click.group()
def model() -> None:
    """What there is to know about models."""


@model.command()
@click.argument("path", required=False, type=PATH, metavar="[MODEL]")
def info(path: Path | None) -> None:
    """Print what a model is: size, labels, input, figures, training data, licences, checksum.

    Without MODEL, of the one that comes with videmo. A file with another checksum than the recorded
    one is refused.
    """
    from videmo.emotions import lines_about, read_model
    from videmo.faces import DETECTORS, DetectorConfig

    for name, value in lines_about(read_model(path)):
        click.echo(f"{name + ':':14}{shown(value)}")
    click.echo()
    for detector, make in DETECTORS.items():
        click.echo(f"{'faces by:':14}{detector}, {make(DetectorConfig(detector)).origin}")
