"""The commands about archives and the machine: `videmo status`, `verify`, `prune`, `doctor`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from videmo.cli.options import PATH, QUIET, output
from videmo.cli.standing import left_out, summary, tell_entries, tell_running, tell_seconds
from videmo.cli.tell import say
from videmo.files import shown
from videmo.plain import counted


@click.command()
@click.argument("folder", type=PATH, default=".")
@click.option("--all", "every", is_flag=True, help="List every movie, not only what went wrong.")
def status(folder: Path, every: bool) -> None:
    """Show how far the scan of an archive is, and what became of its movies.

    FOLDER is the one given to `scan` with -o. Can be called while the scan runs.
    """
    from videmo.archive import check_folder, read_ledgers, read_note, running
    from videmo.errors import RequestError
    from videmo.table import TABLE_SUFFIX

    check_folder(folder)
    entries = sorted(read_ledgers(folder).values(), key=lambda entry: entry.path)
    scans = running(folder)
    if not entries and not scans:
        what, then = "holds no archive.csv", f"videmo scan FOLDER -o {shown(folder)}"
        if next(folder.glob(f"*{TABLE_SUFFIX}"), None):
            what = f"{what}, as no folder was scanned into it; it has tables"
            then = f"videmo summary {shown(folder)}"
        raise RequestError(f"{shown(folder)}: {what}; run: {then}")
    for name, note in scans.items():
        tell_running(name, read_note(note))
    click.echo(summary(entries))
    waiting = sum(1 for entry in entries if entry.status == "waiting")
    if waiting and not scans:
        click.echo(
            f"interrupted: {counted(waiting, 'movie')} not scanned yet; run the same scan again"
        )
    if left := left_out(entries):
        click.echo(left)
    tell_seconds(entries)
    tell_entries(entries, every)


@click.command()
@click.argument("folder", type=PATH, default=".")
@QUIET
def verify(folder: Path, quiet: bool) -> None:
    """Check every table in a folder against its record and its movie.

    A movie that is not there any more is told, and is no failure; see `videmo prune`.
    """
    from videmo.archive import verify_tables

    count = bad = missing = 0
    for verified in verify_tables(folder):
        count += 1
        missing += verified.missing
        if verified.problem:
            bad += not verified.missing
            say(f"videmo: {shown(verified.table)}: {verified.problem}")
    if not quiet:
        gone = f", {missing} without a movie" if missing else ""
        click.echo(
            f"{counted(count, 'table')} checked, {count - bad - missing} sound, {bad} not{gone}"
        )
        if missing:
            click.echo(f"what is left of deleted movies is shown by: videmo prune {shown(folder)}")
    sys.exit(1 if bad else 0)


@click.command()
@click.argument("folder", type=PATH, default=".")
@click.option("--yes", is_flag=True, help="Remove it; without, it is only shown.")
@click.option(
    "--gone-folders",
    is_flag=True,
    help="Also movies whose whole folder is not there: folders that were deleted, and not disks "
    "that are only not mounted.",
)
@QUIET
def prune(folder: Path, yes: bool, gone_folders: bool, quiet: bool) -> None:
    """Show what lies in a folder of movies that were deleted, and remove it.

    That are their tables and records, who is who, and what an interrupted scan left; what was
    extracted stays. A movie that was renamed or moved is not deleted: scan its archive again, and
    its table follows it. One whose folder is not there is kept, as its disk may only not be
    mounted.
    """
    from videmo.archive import find_gone, remove_gone

    gone = find_gone(folder, gone_folders)
    for one in gone:
        if one.kept:
            say(f"videmo: {shown(one.name)}: kept; {one.kept}")
        elif not quiet:
            files = ", ".join(shown(file.relative_to(folder)) for file in one.files)
            click.echo(f"{shown(one.name)}: is not there any more: {files}")
    away = [one for one in gone if not one.kept]
    size = sum(one.size for one in away) / 1e6
    removed = remove_gone(folder, away) if yes else 0
    if not quiet:
        what = f"{counted(len(away), 'movie')} deleted"
        if not away:
            click.echo(f"{what}, nothing to remove")
        elif yes:
            click.echo(f"{what}, {counted(removed, 'file')} removed ({size:.1f} MB)")
        else:
            files = counted(sum(len(one.files) for one in away), "file")
            how = f"videmo prune {shown(folder)}{' --gone-folders' if gone_folders else ''} --yes"
            click.echo(f"{what}, {files} ({size:.1f} MB); to remove them: {how}")


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
