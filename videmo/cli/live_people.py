"""The people of `videmo live`: who is known, and what is odd about their pictures."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from videmo.cli.options import PATH
from videmo.schema import DEFAULT_DISTANCE

if TYPE_CHECKING:
    from videmo.people import Meeting


def people_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of who is known."""
    for option in (
        click.option(
            "--distance",
            type=click.FloatRange(0, 2, min_open=True),
            default=DEFAULT_DISTANCE,
            show_default=True,
            help="How unlike the pictures of --known a face may be; less names fewer.",
        ),
        click.option(
            "--known",
            type=PATH,
            metavar="FOLDER",
            help="Name people: a picture, or a folder of pictures, for each name: Jim.jpg.",
        ),
    ):
        command = option(command)
    return command


def names_of(options: dict[str, Any], quiet: bool) -> Meeting | None:
    """Who says who somebody is; None: nobody was asked.

    Raises:
        RequestError: pictures that cannot be used, or a distance, but nobody known.
        SetupError: the extra is missing.
    """
    if options["known"] is None:
        given = click.get_current_context().get_parameter_source("distance")
        if given is not click.core.ParameterSource.DEFAULT:
            from videmo.errors import RequestError

            raise RequestError("--distance is for people that are known; say --known FOLDER, too")
        return None
    from videmo.cli.tell import tell_known
    from videmo.people import Meeting

    names = Meeting(options["known"], options["distance"])
    tell_known(names.pictures, options["distance"], quiet)
    return names
