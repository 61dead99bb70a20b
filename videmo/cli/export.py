"""The command `videmo export`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from videmo.cli.options import PATH, QUIET, output
from videmo.cli.tell import say
from videmo.errors import RequestError
from videmo.files import shown


@click.command()
@click.argument("sources", type=PATH, nargs=-1, required=True, metavar="RUN|MODEL...")
@output("Folder for the files.", required=True)
@click.option(
    "--name",
    default="",
    help="Name of the files.  [default: that of the training, and of its labels, if not the first]",
)
@click.option(
    "--as",
    "formats",
    metavar="LIST",
    help="What to make, separated by commas: float32 (or float16: weights in half the bytes; or "
    "dynamic: in a quarter, and three times as fast), int8, onnx.  [default: float32,int8,onnx]",
)
@click.option(
    "--labels", default="", help="Of which labels, where RUN learnt both.  [default: the first]"
)
@click.option(
    "--mirrored",
    is_flag=True,
    help="The files look at a picture and at its mirror image and answer with the mean: better, "
    "or not; twice the time.",
)
@click.option(
    "--average-weights",
    "average",
    is_flag=True,
    help="Several RUNs that began from the same weights become one network, with the mean of "
    "their weights, which takes the time of one.",
)
@click.option("--kit", type=click.Choice(["nano"]), help="A folder for a Jetson Nano instead.")
@click.option("--data", type=PATH, help="Pictures to measure by.  [default: those of the training]")
@click.option(
    "--agreement",
    type=click.FloatRange(0, 1),
    default=0.99,
    show_default=True,
    help="Part of valid on which a file in 8 bits must answer as the float32 one.",
)
@QUIET
def export(
    sources: tuple[Path, ...],
    folder: Path,
    name: str,
    formats: str | None,
    labels: str,
    mirrored: bool,
    average: bool,
    kit: str | None,
    data: Path | None,
    agreement: float,
    quiet: bool,
) -> None:
    """Make model files of a training.

    RUN is the folder of a training; a model made by videmo (.tflite) will do too. Several become
    one model, which answers with the mean of what they say. Writes NAME.tflite (for videmo scan),
    NAME-int8.tflite (all in whole numbers) and NAME.onnx (for jetson-inference and TensorRT), with
    a .json that describes each. A file that does not do what the trained network did is not
    written; exit code 1 says so. Needs the extra train; in videmo's folder, run: pip install
    ".[train]".
    """
    from videmo.training.settings import formats_of, needed

    if kit and (name or average or formats is not None):
        raise RequestError(
            "--kit: what is in a kit, and its files' names, are fixed; leave out --as, --name "
            "and --average-weights"
        )
    needed("keras", "tensorflow", "onnx", "onnxruntime")
    heard = (lambda line: None) if quiet else say
    if kit:
        from videmo.training.kit import write_kit

        files = write_kit(
            *(sources, folder),
            labels=labels,
            data=data,
            agreement=agreement,
            mirrored=mirrored,
            say=heard,
        )
        click.echo(f"{shown(folder)}: a kit of {len(files)} files; read its README.md")
        return
    from videmo.training.export import export as exported

    done = exported(
        *(sources, folder),
        name=name,
        formats=formats_of(formats),
        labels=labels,
        data=data,
        agreement=agreement,
        mirrored=mirrored,
        average=average,
        say=heard,
    )
    said = ""
    if done.found is not None:
        said = f"valid: accuracy {done.found.accuracy:.1%}, macro-F1 {done.found.macro_f1:.3f}; "
    click.echo(f"{said}written: {', '.join(shown(file) for file in done.files)}")
    if done.refused:
        say(f"videmo: {done.refused}")
        sys.exit(1)
