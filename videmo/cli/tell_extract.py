"""What the user is told of a table whose moments were exported."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from videmo.cli.tell import often_called, say
from videmo.errors import MissingMovieError
from videmo.files import shown
from videmo.plain import counted
from videmo.schema import Run

if TYPE_CHECKING:
    from videmo.extract import Extracted


def tell_done(
    done: Sequence[Extracted], folder: Path, emotions: Collection[str], quiet: bool
) -> bool:
    """What became of all tables; whether all went well."""
    there = apart_from_missing(done, quiet)
    fine = all([tell_extracted(one, folder, quiet) for one in there])
    read = (one.table for one in there if one.table is not None and one.runs)
    for line in () if quiet else often_called(read, emotions):
        click.echo(line)
    return fine


def apart_from_missing(done: Sequence[Extracted], quiet: bool) -> list[Extracted]:
    """Those of several tables whose movies are there; the others are told, and are no failure,
    unless they are all: movies are deleted from archives."""
    missing = [one for one in done if any(isinstance(e, MissingMovieError) for e in one.errors)]
    tables = [one for one in done if one.table is not None]
    if not missing or len(missing) == len(tables):
        return list(done)
    for one in missing if not quiet else ():
        say(f"videmo: left out: {one.errors[0]}")
    said = f"{counted(len(missing), 'movie')} of {len(tables)} not there any more, and left out"
    say(f"videmo: {said}; what is left of deleted ones is shown by: videmo prune")
    return [one for one in done if one not in missing]


def tell_extracted(one: Extracted, folder: Path, quiet: bool) -> bool:
    """One line about a table, or about what was made of all, and one of hints where there is
    nothing; whether all went well."""
    for error in one.errors:
        say(f"videmo: {error}")
    if one.table is None:
        if one.files and not quiet:
            click.echo(f"all together: {', '.join(shown(file) for file in one.files)}")
        return not one.errors
    if not one.runs:
        return False
    if not quiet:
        if any(one.moments.values()):
            click.echo(f"{shown(one.table)}: {_found(one)}{_made(one, folder)}")
        elif one.beaten:
            click.echo(
                f"{shown(one.table)}: none of its {one.beaten} moments is among the best that are "
                "wanted"
            )
        else:
            _tell_nothing(one, shown(one.table))
    return not one.errors


def _found(one: Extracted) -> str:
    """How many moments there are, of how many runs, and out of how many."""
    found = {emotion: count for emotion, count in one.moments.items() if count}
    moments, runs = sum(found.values()), sum(one.runs.values())
    what = ", ".join(f"{count} {emotion}" for emotion, count in found.items())
    of_runs = f" of {runs} runs" if runs > moments else ""
    best = f", the best of {moments + one.beaten}" if one.beaten else ""
    return f"{what} {'moment' if moments == 1 else 'moments'}{of_runs}{best}"


def _made(one: Extracted, folder: Path) -> str:
    """How many files were made, where to look, and what was left out."""
    if not one.files:
        return ""
    sheet = next((shown(file) for file in one.files if file.name == "sheet.jpg"), "")
    look = f"; look at {sheet}" if sheet else ""
    made = f", files made in {shown(folder)}: {len(one.files)}{look}"
    if one.crops is None:
        return made
    crops, faces = one.crops
    return (
        f"{made}; crops of {crops} of {faces} faces: --max-crops 0 makes all, --best one a moment"
    )


def _tell_nothing(one: Extracted, table: str) -> None:
    """That nothing matches, what there is, and what would find something."""
    who = ", ".join(map(shown, one.missing))
    nobody = f", {who} is in no track of it" if who else ""
    where = "of these tracks" if one.of_some else "in it"
    longest = f"; the longest runs {where}: {_longest(one.held) or 'none, no face counts'}"
    click.echo(f"{table}: nothing matches{nobody}{longest if one.held or not who else ''}")
    if one.hints:
        click.echo(f"{table}: {'; '.join(one.hints)}")


def _longest(held: Mapping[str, Run]) -> str:
    return ", ".join(
        f"{name} {counted(run.repeat, 'frame')} ({run.end - run.start:.2f} s)"
        for name, run in held.items()
    )
