"""The commands about archives and the machine: `videmo status`, `verify` and `doctor`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from videmo.cli.options import PATH, QUIET, output
from videmo.cli.tell import long, say, summary
from videmo.files import shown


@click.command()
@click.argument("folder", type=PATH, default=".")
@click.option("--all", "every", is_flag=True, help="List every movie, not only what went wrong.")
def status(folder: Path, every: bool) -> None:
    """Show how far the scan of an archive is, and what became of its movies.

    FOLDER is the one given to `scan` with -o. Can be called while the scan runs.
    """
    from videmo.archive import read_ledgers, running
    from videmo.errors import RequestError

    entries = sorted(read_ledgers(folder).values(), key=lambda entry: entry.path)
    scans = running(folder)
    if not entries and not scans:
        raise RequestError(
            f"{shown(folder)}: holds no archive.csv; run: videmo scan FOLDER -o {shown(folder)}"
        )
    for name, note in scans.items():
        click.echo(f"a scan is running: {name}, {_who(note)}")
    click.echo(summary(entries))
    emotions = dict.fromkeys(emotion for entry in entries for emotion in entry.seconds)
    for emotion in emotions:
        seconds = sum(entry.seconds.get(emotion, 0.0) for entry in entries)
        if seconds:
            click.echo(f"  {emotion:9}{long(seconds):>8}")
    for entry in entries:
        if every and entry.status in ("ok", "partial"):
            what = f"{long(entry.duration)}, {entry.faces} faces"
            click.echo(f"{entry.status:8}{entry.path}: {what}")
        if entry.reason and (every or entry.status in ("partial", "failed")):
            click.echo(f"{entry.status:8}{entry.path}: {entry.reason}")


def _who(note: str) -> str:
    """Who scans, as far as the note tells."""
    try:
        said = json.loads(note)
        return f"process {int(said['pid'])} on {shown(said['host'])}, {int(said['movies'])} movies"
    except (ValueError, KeyError, TypeError):
        return "by another process"


@click.command()
@click.argument("folder", type=PATH, default=".")
@QUIET
def verify(folder: Path, quiet: bool) -> None:
    """Check every table in a folder against its record and its movie."""
    from videmo.archive import verify_tables

    count = bad = 0
    for verified in verify_tables(folder):
        count += 1
        if verified.problem:
            bad += 1
            say(f"videmo: {shown(verified.table)}: {verified.problem}")
    if not quiet:
        tables = "1 table" if count == 1 else f"{count} tables"
        click.echo(f"{tables} checked, {count - bad} sound, {bad} not")
    sys.exit(1 if bad else 0)


@click.command()
@output("Folder for the results.")
def doctor(folder: Path) -> None:
    """Look whether this machine has what videmo needs, and say how to get what is missing."""
    from videmo.doctor import examine

    findings = examine(folder)
    for finding in findings:
        click.echo(f"{'MISSING' if finding.missing else 'ok':9}{finding.what:10} {finding.found}")
        if finding.missing:
            click.echo(f"{'':20}{finding.missing}")
    sys.exit(3 if any(finding.missing for finding in findings) else 0)
