"""The page of `videmo live`: whether there is one, and what the user is told of it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

import click

from videmo.cli.options import NO_BROWSER, port_option
from videmo.cli.tell import say

if TYPE_CHECKING:
    from videmo.cli.live_tell import Told
    from videmo.live import Live
    from videmo.view.watch import Page


def page_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of the page."""
    for option in (
        NO_BROWSER,
        port_option("Where the page is on this machine."),
        click.option("--no-page", is_flag=True, help="Serve no page."),
    ):
        command = option(command)
    return command


@contextmanager
def page_of(live: Live, options: dict[str, Any], quiet: bool) -> Iterator[Page | None]:
    """The page of a session, its port taken; None: there is to be none, or the extra is missing.

    Raises:
        RequestError: a port was asked for, but no page.
        OutputError: somebody else listens there.
    """
    from videmo.errors import RequestError, SetupError

    if options["no_page"]:
        if options["port"] is not None:
            raise RequestError("--port is that of the page; leave --no-page out, or --port")
        yield None
        return
    from videmo.view.watch import Page

    try:
        page = Page(live, port=options["port"] or 0)
    except SetupError as error:
        if not quiet or options["port"] is not None:
            say(f"videmo: no page: {error}")
        yield None
        return
    try:
        yield page
    finally:
        page.close()


@contextmanager
def served(page: Page | None, told: Told, options: dict[str, Any]) -> Iterator[None]:
    """Serve it, say where, and open it where somebody sits in front of the machine."""
    if page is None:
        yield
        return
    from videmo.view.serve import in_browser

    with page:
        # Standard output is for other programs, if they are to read JSON there.
        click.echo(page.address, err=told.as_json)
        far = "SSH_CONNECTION" in os.environ
        here = not (options["no_browser"] or far) and sys.stdout.isatty()
        with in_browser(page.address) if here else nullcontext():
            yield
