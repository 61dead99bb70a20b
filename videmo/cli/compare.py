"""The command `videmo compare`."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from videmo.cli.columns import in_columns
from videmo.cli.options import PATH, QUIET
from videmo.files import shown

if TYPE_CHECKING:
    from videmo.compare import Compared

COLUMNS = ("movie", "measure", "emotion", "videmo", "value", "low", "high")

Line = dict[str, str | float | None]


@click.command()
@click.argument("tables", nargs=-1, required=True, type=PATH, metavar="TABLE...")
@click.option(
    *("--with", "codings"),
    multiple=True,
    required=True,
    type=PATH,
    metavar="CODED",
    help="What people coded, or another table of the movie; once for each table, or a folder in "
    "which codings are named as the movies (holiday.eaf, holiday.csv).",
)
@click.option("--tier", default="", metavar="NAME", help="The tier of ELAN, or subject of BORIS.")
@click.option(
    *("--person", "persons"),
    multiple=True,
    metavar="NAME",
    help="Only this person of the tables; repeatable.  [default: whose face is the largest]",
)
@click.option(
    "--track",
    "tracks",
    type=click.IntRange(1),
    multiple=True,
    help="Only this track of TABLE; repeatable.",
)
@click.option(
    "--label",
    "words",
    multiple=True,
    metavar="WORD=EMOTION",
    help="What a word of the coding means: smile=happy; nothing behind the = leaves it out.",
)
@click.option(
    "--uncoded",
    type=click.Choice(["out", "neutral", "other"]),
    default="out",
    show_default=True,
    help="What time means that nobody coded: it is left out, neutral, or none of the emotions that "
    "are coded somewhere (for codings of smiles alone).",
)
@click.option(
    "--step",
    type=click.FloatRange(0.01, 10),
    default=0.1,
    show_default=True,
    metavar="SECONDS",
    help="How finely time is cut.",
)
@click.option(
    "--window",
    type=click.FloatRange(0.1),
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="How long the stretches are of which seconds are compared, and intervals made.",
)
@click.option(
    *("-r", "--repeat"),
    type=click.IntRange(1),
    default=1,
    show_default=True,
    metavar="FRAMES",
    help="Frames in a row that an emotion must hold to be said.",
)
@click.option(
    "--offset",
    type=float,
    default=0.0,
    metavar="SECONDS",
    help="What is coded lies so much later in the table's time, or earlier (-14).",
)
@click.option(
    *("-o", "--output", "target"), type=PATH, help="File for all figures: .csv, or .json."
)
@QUIET
def compare(
    tables: tuple[Path, ...],
    codings: tuple[Path, ...],
    words: tuple[str, ...],
    target: Path | None,
    quiet: bool,
    **how: object,
) -> None:
    """Compare tables with what people coded of the same movies.

    CODED is a file of ELAN (.eaf), a CSV of BORIS (aggregated or tabular events), another table of
    videmo, or a CSV with the columns start, end and label. On a grid of time: Cohen's kappa, and of
    each emotion precision, recall, F1, and the agreement of its seconds in windows, as ICC(2,1);
    with intervals of 95 %, by the bootstrap over windows.
    """
    from videmo.compare import How, pairs_of
    from videmo.compare import compare as compared
    from videmo.files import write_atomic

    meant = How(words=_words(words), **how)  # type: ignore[arg-type]
    done = compared(pairs_of(tables, codings), meant)
    if target is not None:
        lines = [line for one in done for line in _lines(one)]
        is_json = target.suffix == ".json"
        text = json.dumps(lines, indent=1) + "\n" if is_json else _as_csv(lines)
        write_atomic(target, text.encode("utf-8", "backslashreplace"))
    if not quiet:
        for one in done[:-1]:
            click.echo(f"{shown(one.movie)}: {_sum(one)}")
        for line in _report(done[-1]):
            click.echo(line)
        if target is not None:
            click.echo(f"written: {shown(target)}")


def _words(words: tuple[str, ...]) -> dict[str, str]:
    pairs = [word.rpartition("=") for word in words]
    wrong = next((word for word, (_, sign, _) in zip(words, pairs, strict=True) if not sign), None)
    if wrong is not None:
        raise click.UsageError(f"--label {wrong}: write WORD=EMOTION, such as smile=happy.")
    return {word.strip(): meaning.strip() for word, _, meaning in pairs}


def _sum(one: Compared) -> str:
    kappa, same = one.agreement.kappa, one.agreement.accuracy
    return (
        f"kappa {_number(kappa.value)} ({_number(kappa.low)} to {_number(kappa.high)}), the same "
        f"for {_number(same.value)} of {one.both:.1f} s; coded {one.coded:.1f} s, left out "
        f"{one.scanned - one.both:.1f} s"
    )


def _report(one: Compared) -> Iterator[str]:
    """What is shown of the last: of the only movie, or of all."""
    found = one.agreement
    yield f"{shown(one.movie) or 'all together'}: {_sum(one)}"
    rows: list[tuple[str, ...]] = [("emotion", "coded s", "videmo s", "F1", "", "ICC(2,1)", "")]
    for number, label in enumerate(found.labels):
        coded, seconds = found.confusion[number].sum(), found.confusion[:, number].sum()
        if coded or seconds:
            f1, icc = found.f1[label], found.icc[label]
            cells = (f"{coded:.1f}", f"{seconds:.1f}", _number(f1.value), _ends(f1.low, f1.high))
            rows.append((label, *cells, _number(icc.value), _ends(icc.low, icc.high)))
    yield from in_columns(rows, right=(1, 2, 3, 5))
    there = found.confusion.sum(axis=0) + found.confusion.sum(axis=1)
    used = [number for number, seconds in enumerate(there) if seconds]
    yield "seconds, coded by row, videmo's by column:"
    head = ("", *(found.labels[n] for n in used))
    table = [(found.labels[n], *(f"{found.confusion[n, m]:.1f}" for m in used)) for n in used]
    yield from in_columns([head, *table], right=range(1, len(head)))


def _ends(low: float, high: float) -> str:
    return "" if math.isnan(low) else f"{low:.2f} to {high:.2f}"


def _number(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.2f}"


def _lines(one: Compared) -> Iterator[Line]:
    """All figures, one a line."""
    found = one.agreement
    begin: Line = {"movie": shown(one.movie) or "all"}
    single = {"kappa": found.kappa, "accuracy": found.accuracy}
    of_labels = {
        **{"f1": found.f1, "precision": found.precision, "recall": found.recall},
        "icc_2_1": found.icc,
    }
    for name, figure in single.items():
        yield {**begin, "measure": name, **_values(figure.value, figure.low, figure.high)}
    for name, figures in of_labels.items():
        for label, figure in figures.items():
            values = _values(figure.value, figure.low, figure.high)
            yield {**begin, "measure": name, "emotion": label, **values}
    for name, seconds in (("scanned", one.scanned), ("coded", one.coded), ("both", one.both)):
        yield {**begin, "measure": f"seconds_{name}", **_values(seconds)}
    for row, coded in enumerate(found.labels):
        for column, videmo in enumerate(found.labels):
            about: Line = {"measure": "confusion", "emotion": coded, "videmo": videmo}
            yield {**begin, **about, **_values(float(found.confusion[row, column]))}


def _values(*values: float) -> Line:
    names = ("value", "low", "high")
    return {
        name: None if math.isnan(value) else round(value, 6)
        for name, value in zip(names, values, strict=False)
    }


def _as_csv(lines: list[Line]) -> str:
    from videmo.exporters.lists import list_text
    from videmo.sheets import safe_cell

    text = [
        {
            name: ""
            if value is None
            else safe_cell(str(value))
            if name in ("movie",)
            else str(value)
            for name, value in line.items()
        }
        for line in lines
    ]
    return list_text(COLUMNS, text)
