"""The command `videmo convert`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from videmo.cli.options import QUIET, TABLES, output
from videmo.cli.tell import tell_converted
from videmo.convert import FORMS


@click.command(
    epilog="Forms: " + "; ".join(f"{name}: {form.about}" for name, form in FORMS.items()) + "."
)
@TABLES
@click.option(
    "--to", "form", required=True, type=click.Choice([*FORMS]), help="The form that is wanted."
)
@output("Folder for the new files.")
@QUIET
def convert(tables: tuple[Path, ...], form: str, folder: Path, quiet: bool) -> None:
    """Write tables in the form that another program reads.

    Takes tables, folders with tables, or scanned movies; without any, the tables in the current
    folder. The tables stay as they are.
    """
    from videmo.convert import convert_tables
    from videmo.find import find_tables

    done = convert_tables(find_tables(tables), form, folder)
    sys.exit(0 if all([tell_converted(one, quiet) for one in done]) else 1)
