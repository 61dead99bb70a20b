"""The command `videmo train`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from videmo.cli.options import PATH, QUIET, output
from videmo.cli.removed import OneOf
from videmo.cli.tell import say
from videmo.files import shown
from videmo.training import NETWORKS, needed

INTERRUPTED = 130
REMOVED = {
    **dict.fromkeys(("swift", "lithe"), "use --arch residual"),
    **dict.fromkeys(("deep", "broad", "medium", "large"), "use --arch residual"),
    **dict.fromkeys(
        (
            *("mobilenet", "mobilefacenet", "mobilefacenet-slim", "mobilefacenet-lean"),
            *("mobilefacenet-fine", "mobilefacenet-slight"),
        ),
        "use --arch residual, or resnet18 with --init and weights of torchvision's",
    ),
}


@click.command(
    epilog="Architectures: residual is videmo's own, wide is half as wide again, small and tiny "
    "are smaller; the others are classics to compare with."
)
@click.argument("data", type=PATH)
@output("Folder of the training.", "run", required=True)
@click.option("--recipe", type=PATH, help="All settings from a file (JSON); see models/.")
@click.option("--epochs", type=click.IntRange(1), help="Times that all pictures are shown.")
@click.option("--batch-size", "batch", type=click.IntRange(1), help="Pictures in a step.")
@click.option("--rate", type=click.FloatRange(0, min_open=True), help="Highest learning rate.")
@click.option(
    "--schedule", type=click.Choice(["cosine", "plateau"]), help="How the learning rate falls."
)
@click.option(
    "--patience", type=click.IntRange(0), help="Stop after so many epochs without a better one."
)
@click.option(
    "--labels",
    type=click.Choice(["ferplus", "fer2013", "both", "folder"]),
    help="What is learnt, where DATA has several; both: by a head each, and the answer is the "
    "mean.",
)
@click.option("--arch", "network", type=OneOf(NETWORKS, REMOVED), help="Architecture.")
@click.option(
    "--crop",
    type=click.Choice(["face", "frame"]),
    help="Look at the largest face of each picture, or at the whole picture.",
)
@click.option(
    "--detector",
    metavar="NAME",
    help="What finds and aligns faces: yunet or haar.  [default: yunet]",
)
@click.option("--side", type=click.IntRange(32, 256), help="Pixels at which pictures are seen.")
@click.option(
    "--no-mirror", is_flag=True, help="Left and right mean something: show nothing mirrored."
)
@click.option(
    "--init",
    type=PATH,
    help="Begin from a training's folder, a model (.tflite) with its weights beside it, or "
    "torchvision's weights (.pth) for resnet18 and vgg16.",
)
@click.option(
    "--teacher", "teachers", type=PATH, multiple=True, help="Learn from this model; repeatable."
)
@click.option("--seed", type=click.IntRange(0), help="Begin of all that is random.")
@click.option("--resume", is_flag=True, help="Go on with the training in the folder.")
@click.option(
    *("-j", "--workers"),
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Processes that vary pictures.",
)
@click.option("--threads", type=click.IntRange(1), help="Cores for the arithmetic.")
@click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "cuda", "mps"]),
    default="auto",
    show_default=True,
    help="Where to compute; auto is a GPU if there is one.",
)
@QUIET
def train(
    data: Path,
    run: Path,
    recipe: Path | None,
    init: Path | None,
    teachers: tuple[Path, ...],
    resume: bool,
    quiet: bool,
    **options: Any,
) -> None:
    """Train a model on labelled pictures.

    DATA is FER+'s folder, FER-2013's fer2013.csv, what collect made, or a folder with a folder of
    pictures for each class (in train, val and test, or without: then it is split), or with
    FaceLabeler's faceLabels.csv and Images. The training is kept in OUTPUT and
    can be interrupted at any moment; --resume goes on exactly where it was. Needs the extra
    train; in videmo's folder, run: pip install ".[train]".
    """
    needed()
    from videmo.training.fit import chosen, fit
    from videmo.training.measure import in_short

    how = {name: options.pop(name) for name in ("device", "workers", "threads")}
    how |= {"init": init, "teachers": teachers, "resume": resume}
    wanted = chosen(run, recipe, init, resume, options)
    try:
        done = fit(data, run, wanted, say=(lambda line: None) if quiet else say, **how)
    except KeyboardInterrupt:
        say("videmo: interrupted; the same command with --resume goes on")
        sys.exit(INTERRUPTED)
    name, found = list(done["splits"].items())[-1]
    click.echo(
        f"{shown(run)}: epoch {done['best_epoch']} of {done['epochs']} is best; {name}: "
        f"{in_short(found)}; now: videmo export {shown(run)} -o DIR"
    )
