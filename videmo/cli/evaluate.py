"""The command `videmo evaluate`."""

from __future__ import annotations

from pathlib import Path

import click

from videmo.cli.options import PATH, output
from videmo.files import shown


@click.command()
@click.argument("model", type=PATH)
@click.argument("data", type=PATH)
@output("Folder for the figures.  [default: none]", default=None)
@click.option(
    "--split",
    type=click.Choice(["train", "valid", "test"]),
    help="Which pictures.  [default: test, where there is one, else valid]",
)
@click.option(
    "--labels",
    type=click.Choice(["ferplus", "fer2013", "both", "folder"]),
    help="Which labels count, where DATA has several.",
)
def evaluate(
    model: Path, data: Path, folder: Path | None, split: str | None, labels: str | None
) -> None:
    """Measure a model file (.tflite) on labelled pictures.

    It is run by the same code as in scan, and on pictures as `videmo train` takes them. Prints
    accuracy, the mean over classes, macro-F1, and each class's precision, recall, F1, AUC and
    number of pictures; with -o they are written too, and a picture of the confusions. Needs the
    extra train; in videmo's folder, run: pip install ".[train]".
    """
    from videmo.training import needed

    needed("sklearn", "matplotlib")
    from videmo.training.evaluate import evaluate as measured
    from videmo.training.measure import in_words

    found = measured(model, data, folder, split=split or "", labels=labels or "")
    for name, one in found.items():
        click.echo(f"{shown(model)} on {shown(data)}, {name}:")
        click.echo(in_words(one))
    if folder is not None:
        click.echo(f"written: {shown(folder)}")
