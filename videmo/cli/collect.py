"""The command `videmo collect`."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import click

from videmo.cli.options import (
    CAMERA_RATE,
    CAMERA_SIZE,
    DETECTOR,
    NO_BROWSER,
    PATH,
    output,
    port_option,
)
from videmo.cli.tell import say, tell_address
from videmo.errors import to_install
from videmo.files import shown
from videmo.schema import CROPS, DEFAULT_DETECTOR, DEFAULT_GOAL, FRAME


@click.command(epilog=f"Needs the extra view; {to_install('view')}.")
@click.argument("labels", nargs=-1)
@output("Folder for the pictures and their lists.", required=True)
@click.option(
    "--source",
    default="0",
    show_default=True,
    help="A camera (0, /dev/video0, a part of its name), an address, or - for a pipe; as in live.",
)
@click.option(
    "--from",
    "movie",
    type=PATH,
    metavar="MOVIE",
    help="Take pictures from a movie, in which you go to and fro, and not from a camera.",
)
@click.option(
    "--crop",
    type=click.Choice(CROPS),
    default=CROPS[0],
    show_default=True,
    help="Keep faces, or whole pictures (for gestures).",
)
@click.option(
    "--goal",
    type=click.IntRange(1),
    default=DEFAULT_GOAL,
    show_default=True,
    help="Pictures to take of each label.",
)
@CAMERA_SIZE
@CAMERA_RATE
@DETECTOR
@port_option()
@NO_BROWSER
def collect(
    labels: tuple[str, ...],
    folder: Path,
    source: str,
    movie: Path | None,
    crop: str,
    goal: int,
    size: tuple[int, int] | None,
    rate: Fraction | None,
    detector: str | None,
    port: int | None,
    no_browser: bool,
) -> None:
    """Collect pictures of your own emotions or gestures, to train a model on them.

    LABELS are their names (glad cross calm), or a labelList.csv; without any, those that the
    folder has, or the seven emotions. Prints the address of a page that leads nowhere but to this
    machine, with the camera's picture and a key for each label: it takes a burst of pictures,
    after a count-down. What is nearly the same is left out; all can be undone, labelled anew and
    deleted. Ctrl-C ends it, with exit code 0; the same command goes on.

    The folder has the pictures twice over (as one file, where the disk can): in train, val and
    test with a folder for each label, 80/10/10, a burst in one of them; and as FaceLabeler has
    them (labelList.csv, faceLabels.csv, Images/). videmo train reads either.
    """
    from videmo.collect import listening
    from videmo.errors import RequestError
    from videmo.video import Wish
    from videmo.view.serve import answer

    given = click.get_current_context().get_parameter_source("source")
    if movie is not None and given is not click.core.ParameterSource.DEFAULT:
        raise RequestError("--source and --from exclude each other; leave one out")
    with listening(
        labels,
        folder,
        source=source,
        movie=movie,
        crop=crop,
        goal=goal,
        detector=detector or DEFAULT_DETECTOR,
        wish=Wish(size, rate),
        port=port or 0,
    ) as (server, lacking):
        answer(server, browser=not no_browser, tell=tell_address)
        lines = lacking()
    for line in lines:
        say(line)
    if not lines:
        whole = " --crop frame --no-mirror" if crop == FRAME else ""
        say(f"now: videmo train {shown(folder)} -o runs/{shown(folder.name)}{whole}")
