"""The command `videmo view`."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import click

from videmo.cli.options import MOVED, NO_BROWSER, RAW, TABLES, output, port_option
from videmo.cli.progress import watched
from videmo.cli.tell import tell_address
from videmo.errors import to_install


@click.command(epilog=f"Needs the extra view; {to_install('view')}.")
@TABLES
@port_option()
@NO_BROWSER
@output("Folder for what is extracted from the page.", default="extracted", show_default=True)
@RAW
@MOVED
def view(
    tables: tuple[Path, ...],
    port: int | None,
    no_browser: bool,
    folder: Path,
    raw: bool,
    movie: Path | None,
) -> None:
    """Look at moments in the browser, put them right, and extract them.

    Takes tables as extract does. Prints the address, which nobody else has and which leads nowhere
    but to this machine, and answers until Ctrl-C, with exit code 0. Movies that browsers cannot
    play are converted while they play. Each run of an emotion is a moment, to be put right by
    itself; what is extracted joins those that lie close together, as extract does.

    Corrections (another emotion, other ends, taken out, confirmed, a name, a note) are kept in
    NAME.review.csv beside the table, which is never changed; find, extract, report, summary and
    plot heed them.
    """
    from videmo.find import find_tables, searched_folder, without_copies
    from videmo.view import answer, listen

    found = without_copies(find_tables(tables))
    place = searched_folder(tables)
    many = watched(quiet=False, what="tables") if len(found) > 1 else None
    with many((place or Path()).absolute()) if many else nullcontext() as progress:
        server = listen(
            found,
            folder,
            port=port or 0,
            raw=raw,
            movie=movie,
            folder=place,
            progress=progress,
        )
    answer(server, browser=not no_browser, tell=tell_address)
