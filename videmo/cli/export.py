"""The command `videmo export`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from videmo.cli.options import PATH, QUIET, output
from videmo.cli.removed import gone
from videmo.cli.tell import say
from videmo.errors import RequestError
from videmo.files import shown


@click.command()
@click.argument("sources", type=PATH, nargs=-1, required=True, metavar="RUN|MODEL")
@output("Folder for the files.", required=True)
@click.option("--name", default="", help="Name of the files.  [default: that of the training]")
@click.option(
    "--as",
    "formats",
    metavar="LIST",
    help="What to make, separated by commas: float32 (or dynamic: weights in a quarter of the "
    "bytes, and faster), int8, onnx.  [default: float32,int8,onnx]",
)
@click.option("--kit", type=click.Choice(["nano"]), help="A folder for a Jetson Nano instead.")
@click.option("--data", type=PATH, help="Pictures to measure by.  [default: those of the training]")
@click.option(
    "--agreement",
    type=click.FloatRange(0, 1),
    default=0.99,
    show_default=True,
    help="Part of valid on which a file in 8 bits must answer as the network.",
)
@gone("--mirrored", "a model looks once; train longer, or use train --teacher")
@gone("--average-weights", "a training averages its own weights; see average in a recipe")
@gone("--labels", "what learnt both kinds of labels answers with their mean", flag=False)
@QUIET
def export(
    sources: tuple[Path, ...],
    folder: Path,
    name: str,
    formats: str | None,
    kit: str | None,
    data: Path | None,
    agreement: float,
    quiet: bool,
) -> None:
    """Make model files of a training.

    RUN is the folder of a training; a model with its weights beside it (.tflite, .safetensors) will
    do too. Writes NAME.tflite (for videmo scan) and its weights, NAME-int8.tflite (convolutions in
    whole numbers), each with a .json that describes it, and NAME.onnx (for jetson-inference and
    TensorRT). A file that does not do what the trained network did is not written; exit code 1 says
    so. Needs the extra train; in videmo's folder, run: pip install ".[train]".
    """
    from videmo.training import needed

    if len(sources) > 1:
        raise RequestError(
            "networks side by side are gone; train one by several: train --teacher A --teacher B"
        )
    if kit and (name or formats is not None):
        raise RequestError(
            "--kit: what is in a kit, and its files' names, are fixed; leave out --as and --name"
        )
    needed()
    if kit:
        from videmo.training.kit import write_kit

        files = write_kit(
            sources[0],
            folder,
            data=data,
            agreement=agreement,
            say=(lambda line: None) if quiet else say,
        )
        click.echo(f"{shown(folder)}: a kit of {len(files)} files; read its README.md")
        return
    from videmo.training.export import export as exported
    from videmo.training.export import formats_of
    from videmo.training.measure import in_short

    how = {"data": data, "agreement": agreement}
    made, written = exported(sources[0], folder, name=name, formats=formats_of(formats), **how)
    for kind, about in made.about.items() if not quiet else ():
        for found in [about["measured"], *about["also_measured"]] if "measured" in about else ():
            same = f"as the network {about['agrees']:.2%}"
            say(f"{kind}, {found['on']}: {in_short(found)}; {same}")
    click.echo(f"written: {', '.join(shown(file) for file in written)}")
    for refused in made.refused:
        say(f"videmo: {refused}")
    if made.refused:
        sys.exit(1)
