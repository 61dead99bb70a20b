"""What the user is told of a movie scanned, or a table exported: one line each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from videmo.files import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from videmo.archive import Entry, Outcome
    from videmo.extract import Extracted


def say(text: str) -> None:
    click.echo(text, err=True)


def tell_scanned(outcome: Outcome, quiet: bool) -> bool:
    """One line about a movie; whether all went well."""
    if outcome.scanned is None:
        say(f"videmo: {outcome.error}")
        return False
    scanned, record = outcome.scanned, outcome.scanned.record
    tracks = "1 track" if record["tracks"] == 1 else f"{record['tracks']} tracks"
    held = sorted(record["seconds"].items(), key=lambda item: -item[1])
    emotions = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in held if seconds)
    if not quiet:
        click.echo(
            f"{shown(outcome.movie)}: {record['frames_read']} frames, {record['faces']} faces "
            f"({record['aligned']} aligned, which count), {tracks}; "
            f"{emotions or 'no emotion held'}; written: {shown(scanned.table)}"
        )
    if scanned.partial:
        from videmo.archive import why_partial

        say(
            f"videmo: {shown(outcome.movie)}: partial, {why_partial(record)}; get the file again "
            "if you can"
        )
    return outcome.well


def tell_entry(entry: Entry) -> None:
    """One line about a movie of an archive that was just scanned, if it gave a table."""
    if entry.status not in ("ok", "partial"):
        return
    held = sorted(entry.seconds.items(), key=lambda item: -item[1])
    emotions = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in held if seconds)
    click.echo(
        f"{entry.path}: {entry.status}, {entry.frames} frames, {entry.faces} faces; "
        f"{emotions or 'no emotion held'}"
    )


def tell_archive(entries: Sequence[tuple[Entry, bool]], ledger: Path, quiet: bool) -> bool:
    """What became of an archive: a line for each failure, and the sum; whether all went well."""
    every = [entry for entry, _ in entries]
    bad = [entry for entry in every if entry.status in ("failed", "partial")]
    for entry in sorted(bad, key=lambda entry: (entry.status, entry.path)):
        say(f"videmo: {entry.status}: {entry.path}: {entry.reason}")
    if not quiet:
        new = sum(1 for _, new in entries if new)
        click.echo(f"{summary(every)}; new: {new}; listed in {shown(ledger)}")
    return not bad


def long(seconds: float) -> str:
    """A stretch of time for people."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def summary(entries: Iterable[Entry]) -> str:
    """How many movies ended how, and how much footage they are."""
    every = list(entries)
    counts = dict.fromkeys(("ok", "partial", "failed", "skipped"), 0)
    for entry in every:
        counts[entry.status] += 1
    seconds = sum(entry.duration for entry in every)
    how = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
    return f"{len(every)} movies ({how or 'none'}), {long(seconds)} of footage"


def tell_extracted(one: Extracted, folder: Path, quiet: bool) -> bool:
    """One line about a table, or about what was made of all; whether all went well."""
    for error in one.errors:
        say(f"videmo: {error}")
    if one.table is None:
        if one.files and not quiet:
            click.echo(f"all together: {', '.join(shown(file) for file in one.files)}")
        return not one.errors
    if not one.runs:
        return False
    found = {emotion: count for emotion, count in one.runs.items() if count}
    if found and not quiet:
        what = ", ".join(f"{count} {emotion}" for emotion, count in found.items())
        runs = "run" if sum(found.values()) == 1 else "runs"
        sheet = next((shown(file) for file in one.files if file.name == "sheet.jpg"), "")
        look = f"; look at {sheet}" if sheet else ""
        made = f", files made in {shown(folder)}: {len(one.files)}{look}" if one.files else ""
        click.echo(f"{shown(one.table)}: {what} {runs}{made}")
    elif not quiet:
        held = ", ".join(f"{name} {frames}" for name, frames in one.held.items())
        click.echo(
            f"{shown(one.table)}: nothing matches; the longest runs in it, in frames: "
            f"{held or 'none, no face is aligned'}"
        )
    return not one.errors
