"""The command `videmo summary`."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from videmo.cli.columns import in_columns
from videmo.cli.options import PATH, QUIET, RAW
from videmo.cli.tell import say
from videmo.files import shown
from videmo.schema import DEFAULT_REPEAT

if TYPE_CHECKING:
    from videmo.summary import Figure, Pair, Summary

PAIRS = ".pairs"
"""What the list of pairs has in its name, before the suffix."""
NO_PAIRS = "no two people or tracks are on the screen at once"
NO_NAMED_PAIRS = (
    "no two people with names are on the screen at once; videmo people gives names, and --tracks "
    "takes tracks without any, too"
)
PAIR_COLUMNS = (
    *("movie", "person", "other", "together", "shared", "shared_low", "shared_high"),
    *("lag", "correlation"),
)


@click.command()
@click.argument("places", nargs=-1, type=PATH, metavar="[TABLE|FOLDER]...")
@click.option(
    *("-e", "--emotion", "emotions"),
    multiple=True,
    metavar="EMOTION",
    help="Count moments of this emotion; repeatable.  [default: all but neutral]",
)
@click.option(
    *("-r", "--repeat"),
    type=click.IntRange(1),
    default=DEFAULT_REPEAT,
    show_default=True,
    metavar="FRAMES",
    help="Frames in a row that an emotion must hold.",
)
@click.option("--tracks", is_flag=True, help="A row for each track that nobody named, too.")
@click.option(
    *("-o", "--output", "target"),
    type=PATH,
    help="File for the list; that of pairs goes beside it, as NAME.pairs.csv.",
)
@RAW
@QUIET
def summary(
    places: tuple[Path, ...],
    emotions: tuple[str, ...],
    repeat: int,
    tracks: bool,
    target: Path | None,
    raw: bool,
    quiet: bool,
) -> None:
    """Sum up each person of each movie: seconds, shares, moments, valence, shared smiles.

    Takes tables, folders with tables, or scanned movies; without any, the current folder, to its
    depth. Each run of an emotion is a moment. Shares, moments a minute, valence and shared seconds
    have intervals of 95 % (low, high), by the bootstrap over moments of all lengths; with fewer
    than ten of them, and of what is never seen, there is none. Valence is happy minus the strongest
    of angry, disgust, fear and sad, as FaceReader defines it. Pairs tell for how long both smile,
    and the lag at which their smiles correlate most: so long after person comes other.
    """
    from videmo.files import write_atomic
    from videmo.find import find_tables, without_copies
    from videmo.summary import Asked, summarise

    tables = without_copies(find_tables(places or (Path(),)))
    done = list(summarise(tables, Asked(emotions, repeat, tracks, raw)))
    persons = [one for table in done for one in table.persons]
    pairs = [one for table in done for one in table.pairs]
    if target is not None:
        labels = list(dict.fromkeys(label for table in done for label in table.labels))
        write_atomic(target, _person_list(persons, labels).encode())
        beside = target.with_name(f"{target.stem}{PAIRS}{target.suffix or '.csv'}")
        # An earlier list of pairs would stay, and not be of these tables.
        lists = [target, beside] if pairs or beside.exists() else [target]
        if beside in lists:
            write_atomic(beside, _pair_list(pairs).encode())
        if not quiet:
            click.echo(f"written: {', '.join(map(shown, lists))}")
            if not pairs:
                click.echo(f"no pairs: {NO_PAIRS if tracks else NO_NAMED_PAIRS}")
    else:
        for line in in_columns(_rows(persons), right=range(2, 8)):
            click.echo(line)
        for pair in pairs:
            click.echo(_pair_line(pair))
    for table in done:
        for said in (table.error, *table.warnings):
            if said is not None:
                say(f"videmo: {said}")
    sys.exit(1 if any(table.error for table in done) else 0)


def _rows(persons: Sequence[Summary]) -> list[tuple[str, ...]]:
    """What is shown of people, with the names of columns."""
    head = ("movie", "who", "seen", "moments", "a minute", "longest", "valence", "most")
    rows: list[tuple[str, ...]] = [head]
    for one in persons:
        most = max(one.seconds, key=lambda label: one.seconds[label], default="")
        share = f"{most} {one.shares[most].value:.0%}" if one.seconds.get(most) else ""
        rows.append(
            (
                *(shown(one.movie), shown(_who(one)), f"{one.seen:.1f}", str(one.moments)),
                *(_number(one.per_minute.value, 1), _number(one.longest, 1)),
                *(_number(one.valence.value, 2), share),
            )
        )
    return rows


def _who(one: Summary) -> str:
    if one.person:
        return one.person
    return f"track {one.tracks[0]}" if len(one.tracks) == 1 else f"{len(one.tracks)} tracks"


def _pair_line(pair: Pair) -> str:
    lag = ""
    if not math.isnan(pair.lag):
        behind, ahead = (pair.other, pair.one) if pair.lag >= 0 else (pair.one, pair.other)
        when = f"{shown(behind)} follows {shown(ahead)} by {abs(pair.lag):.1f} s"
        how = when if round(pair.lag, 1) else "at once"
        lag = f"; {how} (correlation {pair.correlation:.2f})"
    return (
        f"{shown(pair.movie)}: {shown(pair.one)} and {shown(pair.other)} are together for "
        f"{pair.together:.1f} s, and smile together for {pair.shared.value:.1f} s{lag}"
    )


def _person_list(persons: Iterable[Summary], labels: Sequence[str]) -> str:
    from videmo.exporters.lists import list_text
    from videmo.sheets import safe_cell

    figures = (*(f"share_{label}" for label in labels), "moments_a_minute", "valence")
    ends = [f"{figure}{end}" for figure in figures for end in ("", "_low", "_high")]
    seconds = [f"seconds_{label}" for label in labels]
    columns = (
        *("movie", "person", "tracks", "seen", "counted", *seconds),
        *("moments", "longest", "first", *ends),
    )
    lines = []
    for one in persons:
        line = {
            "movie": safe_cell(one.movie),
            "person": safe_cell(one.person),
            "tracks": " ".join(map(str, one.tracks)),
            "seen": f"{one.seen:.3f}",
            "counted": f"{one.counted:.3f}",
            "moments": str(one.moments),
            "longest": _number(one.longest, 3),
            "first": _number(one.first, 3),
            **{f"seconds_{label}": f"{value:.3f}" for label, value in one.seconds.items()},
            **_ends("moments_a_minute", one.per_minute),
            **_ends("valence", one.valence),
        }
        for label, share in one.shares.items():
            line |= _ends(f"share_{label}", share)
        lines.append(line)
    return list_text(columns, lines)


def _pair_list(pairs: Iterable[Pair]) -> str:
    from videmo.exporters.lists import list_text
    from videmo.sheets import safe_cell

    lines = [
        {
            "movie": safe_cell(pair.movie),
            "person": safe_cell(pair.one),
            "other": safe_cell(pair.other),
            "together": f"{pair.together:.3f}",
            **_ends("shared", pair.shared, digits=3),
            "lag": _number(pair.lag, 1),
            "correlation": _number(pair.correlation, 4),
        }
        for pair in pairs
    ]
    return list_text(PAIR_COLUMNS, lines)


def _ends(name: str, figure: Figure, digits: int = 4) -> dict[str, str]:
    values = {"": figure.value, "_low": figure.low, "_high": figure.high}
    return {f"{name}{end}": _number(value, digits) for end, value in values.items()}


def _number(value: float, digits: int) -> str:
    """A number as it is written; empty: not known."""
    return "" if math.isnan(value) else f"{value:.{digits}f}"
