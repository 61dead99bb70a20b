"""The commands `videmo find` and `videmo index`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from videmo.cli.columns import in_columns
from videmo.cli.options import LENGTH, PATH, QUIET, RAW, repeat_option
from videmo.cli.progress import watched
from videmo.cli.tell import long, often_called, say
from videmo.errors import RequestError
from videmo.files import shown
from videmo.plain import counted
from videmo.schema import ALL_LABELS, EMOTIONS, timecode

if TYPE_CHECKING:
    from videmo.index import Asked
    from videmo.moments import Moment
    from videmo.search import Found

Cells = Mapping[str, str]

ON_SCREEN = 50
"""Moments that are shown, where nobody says how many."""


@click.command()
@click.argument("place", type=PATH, default=".", metavar="[TABLE|FOLDER]")
@click.option(
    *("-e", "--emotion", "emotions"),
    multiple=True,
    metavar="EMOTION",
    help="Only this emotion; repeatable; all: any, as without it. Of videmo's own models: "
    + ", ".join(EMOTIONS)
    + ".",
)
@click.option(
    *("--person", "persons"),
    multiple=True,
    metavar="NAME",
    help="Only this person, as videmo people names them; repeatable.",
)
@click.option(
    *("--with", "alongside"),
    multiple=True,
    metavar="NAME",
    help="Only while this person is on the screen, too; given twice, both of them at once.",
)
@click.option(
    *("--movie", "movies"),
    multiple=True,
    metavar="PATTERN",
    help="Only movies whose names, with their folders, are like this: '*2019*'; repeatable.",
)
@click.option(
    "--longer",
    "seconds",
    type=LENGTH,
    default=0.0,
    help="Only moments that last so long.",
)
@repeat_option("How long the emotion must hold: frames in a row (5), or seconds (0.2s).")
@click.option(
    "--min-score",
    type=click.FloatRange(0, 1),
    default=0.0,
    help="The lowest score of a moment, the mean of its frames.",
)
@click.option(
    "--order",
    type=click.Choice(["score", "length", "time", "movie"]),
    default="score",
    show_default=True,
    help="The best first; the longest first; movie by movie in order of time; or movie by movie "
    "the best of each first.",
)
@click.option(
    "--limit",
    type=click.IntRange(0),
    metavar="N",
    help=f"The most moments; 0: all.  [default: {ON_SCREEN}; with -o all]",
)
@click.option(
    "--as",
    "form",
    type=click.Choice(["table", "csv", "json"]),
    default="table",
    show_default=True,
    help="How they are shown.",
)
@click.option(
    *("-o", "--output", "target"),
    type=PATH,
    help="File for the list, for a spreadsheet and for extract --moments.",
)
@RAW
@QUIET
def find(
    place: Path,
    limit: int | None,
    form: str,
    target: Path | None,
    quiet: bool,
    repeat: tuple[int, float],
    seconds: float,
    **what: Any,
) -> None:
    """Find moments in a table, or in all tables of a folder, to its depth.

    A folder is asked through its index, FOLDER/index.sqlite, which is brought up to date first. The
    list that -o writes can be sorted, cut and edited in a spreadsheet; then cut its moments:

    \b
      videmo find tables -e happy --person Jim --longer 2 -o moments.csv
      videmo extract --moments moments.csv --as clips,supercut,otio

    Each run of an emotion is a moment here. Those that lie close together, as of a smile that a
    word interrupts, are told one by one, while extract --emotion makes one moment of them.
    """
    from videmo.index import Asked
    from videmo.listed import listed_text
    from videmo.search import find_moments

    if target is not None and target.is_dir():
        raise RequestError(
            f"{shown(target)}: is a folder; name a file: -o {shown(target / 'moments.csv')}"
        )
    most = (None if target else ON_SCREEN) if limit is None else limit or None
    frames, least = repeat
    if ALL_LABELS in what["emotions"]:
        what["emotions"] = ()
    # One more than is shown tells whether there are more.
    asked = Asked(
        repeat=frames,
        seconds=max(seconds, least),
        limit=None if most is None else most + 1,
        **what,
    )
    with ExitStack() as opened:
        told = opened.enter_context(_progress(place, quiet))
        found = opened.enter_context(find_moments(place, asked, told))
        moments = _Counted(found.moments, most)
        if form == "json" or (target and target.suffix == ".json"):
            _put(target, _as_json(moments))
        elif target or form == "csv":
            _put(target, listed_text(_cells(moments, found, target)))
        else:
            for line in in_columns(_rows(moments), right=(0, 1)):
                click.echo(line)
        for problem in (*found.problems, *found.warnings):
            say(f"videmo: {problem}")
        if not quiet:
            _tell(moments, found, asked, target)
            tables = (found.folder / where for where, _ in found.tables.values())
            for line in often_called(tables, what["emotions"]):
                say(line)
        sys.exit(1 if found.problems else 0)


def _progress(place: Path, quiet: bool) -> Any:
    progress = watched(quiet, "tables")
    return progress(place.absolute()) if progress else nullcontext()


class _Counted:
    """Moments, at most so many, counted as they are read."""

    def __init__(self, moments: Iterator[Moment], most: int | None):
        self._moments, self._most = moments, most
        self.count, self.seconds, self.more = 0, 0.0, False

    def __iter__(self) -> Iterator[Moment]:
        for moment in self._moments:
            if self.count == self._most:
                self.more = True
                return
            self.count += 1
            self.seconds += moment.seconds
            yield moment


def _rows(moments: Iterable[Moment]) -> list[tuple[str, ...]]:
    """What is shown of moments, with the names of columns."""
    rows: list[tuple[str, ...]] = [("score", "seconds", "start", "emotion", "who", "movie")]
    for one in moments:
        who = one.person or f"track {one.track}"
        numbers = (f"{one.score:.2f}", f"{one.seconds:.2f}", timecode(one.start))
        rows.append((*numbers, one.emotion, shown(who), shown(one.movie)))
    return rows


def _cells(moments: Iterable[Moment], found: Found, target: Path | None) -> Iterator[Cells]:
    """What the list says of moments; where tables lie, it says from its own place on."""
    from videmo.listed import moment_cells
    from videmo.table import place_of

    here = target.parent if target else Path()
    places: dict[str, str] = {}
    for one in moments:
        place, scan = found.tables[one.movie]
        if place not in places:
            places[place] = place_of(found.folder / place, here)
        yield moment_cells(one, places[place], scan)


def _as_json(moments: Iterable[Moment]) -> Iterator[str]:
    between = "[\n"
    for one in moments:
        yield f"{between}  {json.dumps(one._asdict() | {'seconds': round(one.seconds, 3)})}"
        between = ",\n"
    yield "[]\n" if between == "[\n" else "\n]\n"


def _put(target: Path | None, texts: Iterable[str]) -> None:
    """Write a text as a file, or onto the screen."""
    from videmo.files import atomic_path

    if target is None:
        for text in texts:
            click.echo(text.encode("utf-8", "backslashreplace"), nl=False)
        return
    with atomic_path(target) as part, part.open("w", encoding="utf-8", newline="") as file:
        file.writelines(texts)


def _tell(moments: _Counted, found: Found, asked: Asked, target: Path | None) -> None:
    """How many they are, and what to do next."""
    if not moments.count:
        hint = _hint(found, asked)
        say(f"nothing matches{f'; {hint}' if hint else ''}")
        return
    more = "; there are more: --limit 0 shows all" if moments.more else ""
    say(f"{counted(moments.count, 'moment')}, {long(moments.seconds)} in all{more}")
    if target is not None:
        cut = f"; cut them with: videmo extract --moments {shown(target)}"
        say(f"written: {shown(target)}{cut if target.suffix != '.json' else ''}")


def _hint(found: Found, asked: Asked) -> str:
    """What may be wrong where nothing matches; empty: what that is was told."""
    from videmo.index import is_like

    if asked.movies and not any(is_like(name, asked.movies) for name in found.tables):
        names = ", ".join(shown(pattern) for pattern in asked.movies)
        stars = " or ".join(f"'*{shown(pattern.strip('*'))}*'" for pattern in asked.movies)
        part = "" if all("*" in one for one in asked.movies) else f"; a part of one is {stars}"
        return f"no movie has the name {names}{part}"
    return "" if found.problems else "ask for less: fewer words, or a lower --repeat"


@click.command()
@click.argument("folder", type=PATH, default=".")
@click.option("--fresh", is_flag=True, help="Make it anew, not only what has changed.")
@QUIET
def index(folder: Path, fresh: bool, quiet: bool) -> None:
    """Make the index of a folder's moments, FOLDER/index.sqlite, or bring it up to date.

    It makes find fast, and can be deleted at any time: all it says comes from the tables. Scans of
    folders and find keep it up to date by themselves.
    """
    from videmo.search import renew_index

    with _progress(folder, quiet) as told:
        done = renew_index(folder, fresh=fresh, progress=told)
    for problem in (*done.problems, *done.warnings):
        say(f"videmo: {problem}")
    if not quiet:
        tables = counted(done.tables, "table")
        click.echo(
            f"{shown(done.path)}: {done.moments} runs of {tables}; changed since: {done.changed}"
        )
    sys.exit(1 if done.problems else 0)
