"""What the user is told of archives: how far a scan is, and what became of the movies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from videmo.cli.tell import long, say
from videmo.files import shown
from videmo.plain import counted

if TYPE_CHECKING:
    from videmo.archive import AtWork, Entry, Running

MOST_SKIPPED = 20
"""Skipped ones that are told by name, if not all are asked for."""


def tell_running(name: str, scan: Running | None) -> None:
    """Who scans, how far that is, and at which movies it is."""
    if scan is None:
        click.echo(f"a scan is running: {name}, by another process")
        return
    who = f"process {scan.pid} on {shown(scan.host)}, {counted(scan.movies, 'movie')}"
    click.echo(f"a scan is running: {name}, {who}")
    if (now := scan.standing) is None:
        return
    left = "" if now.left is None else f", {long(now.left)} left"
    click.echo(f"  {now.done} of {counted(now.movies, 'movie')} done, {now.share:.0%}{left}")
    for one in now.at_work:
        click.echo(f"  {at_work(one)}")


def at_work(one: AtWork) -> str:
    """How far a movie is."""
    left = "" if one.left is None else f", {long(one.left)} left"
    return f"{shown(one.name)}: {one.share:.0%}{left}"


def tell_seconds(entries: Iterable[Entry]) -> None:
    """How long each emotion was held, copies left out."""
    once = [entry for entry in entries if entry.status != "copy"]
    for emotion in dict.fromkeys(emotion for entry in once for emotion in entry.seconds):
        if seconds := sum(entry.seconds.get(emotion, 0.0) for entry in once):
            click.echo(f"  {emotion:9}{long(seconds):>8}")


def tell_entries(entries: Sequence[Entry], every: bool) -> None:
    """A line for each movie that went wrong or was skipped; for `every` one, if that is wanted."""
    skipped = [entry for entry in entries if entry.status == "skipped"]
    hidden = set() if every else {entry.path for entry in skipped[MOST_SKIPPED:]}
    for entry in entries:
        if every and entry.status in ("ok", "partial"):
            what = f"{long(entry.duration)}, {counted(entry.faces, 'face')}"
            click.echo(f"{entry.status:8}{entry.path}: {what}")
        if every and entry.status == "waiting":
            click.echo(f"waiting {entry.path}")
        wrong = entry.status in ("partial", "failed", "skipped") and entry.path not in hidden
        if entry.reason and (every or wrong):
            click.echo(f"{entry.status:8}{entry.path}: {entry.reason}")
    if hidden:
        click.echo(f"and {len(hidden)} more that were skipped; --all names them")


def tell_listed(entries: Sequence[Entry], ledger: Path, quiet: bool) -> None:
    """The sum of movies that were named one by one, and where they are listed, if they are."""
    if entries and not quiet:
        click.echo(f"{summary(entries)}; listed in {shown(ledger)}")


def tell_entry(entry: Entry) -> None:
    """One line about a movie of an archive that was just scanned, if it gave a table."""
    if entry.status not in ("ok", "partial"):
        return
    for said in entry.reason.split("; "):
        if said.startswith("joined with "):
            click.echo(f"{entry.path}: {said}")
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
        new = sum(1 for entry, new in entries if new and entry.status != "skipped")
        if left := left_out(every):
            click.echo(left)
        for entry in every:
            if entry.was:
                click.echo(f"{entry.path}: was {entry.was}, and is done already")
        click.echo(f"{summary(every)}; new: {new}; listed in {shown(ledger)}")
    return not bad


def summary(entries: Iterable[Entry]) -> str:
    """How many movies ended how, and how much footage they are."""
    counts = dict.fromkeys(("ok", "partial", "failed", "waiting"), 0)
    movies = [entry for entry in entries if entry.status in counts]
    for entry in movies:
        counts[entry.status] += 1
    seconds = sum(entry.duration for entry in movies)
    how = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
    return f"{counted(len(movies), 'movie')} ({how or 'none'}), {long(seconds)} of footage"


def left_out(entries: Sequence[Entry]) -> str:
    """What was left out, and how often; empty if nothing was."""
    from videmo.archive import count_kinds

    kinds = {"a copy of another": sum(1 for entry in entries if entry.status == "copy")}
    kinds |= count_kinds(entry.reason for entry in entries if entry.status == "skipped")
    what = ", ".join(f"{kind} ({count})" for kind, count in kinds.items() if count)
    return f"left out: {what}" if what else ""
