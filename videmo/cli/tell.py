"""What the user is told of a movie scanned, or a table exported: one line each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from videmo.files import shown
from videmo.schema import FRAME

if TYPE_CHECKING:
    from videmo.annotate.movie import Annotated
    from videmo.annotate.pictures import AnnotatedPicture
    from videmo.archive import Entry, Outcome
    from videmo.convert import Converted
    from videmo.extract import Extracted
    from videmo.people import Cast, NamedTracks
    from videmo.report import Reported
    from videmo.table import Record


MANY_SMALLER = 0.5
"""Faces a picture that are too small for the scan from which on that is told."""


def say(text: str) -> None:
    click.echo(text, err=True)


def tell_scanned(outcome: Outcome, quiet: bool) -> bool:
    """One line about a movie; whether all went well."""
    if outcome.scanned is None:
        say(f"videmo: {outcome.error}")
        return False
    from videmo.archive import joined_with

    scanned, record = outcome.scanned, outcome.scanned.record
    tracks = "1 track" if record["tracks"] == 1 else f"{record['tracks']} tracks"
    held = sorted(record["seconds"].items(), key=lambda item: -item[1])
    emotions = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in held if seconds)
    some = record["frames_scanned"] < record["frames_read"]
    frames = f"{record['frames_scanned']} of " if some else ""
    frames += f"{record['frames_read']} frames"
    if not quiet:
        if joined := joined_with(record):
            click.echo(f"{shown(outcome.movie)}: {joined}")
        click.echo(
            f"{shown(outcome.movie)}: {frames}, {_faces(record)}, {tracks}; "
            f"{emotions or 'no emotion held'}; written: {shown(scanned.table)}"
        )
    if not quiet:
        _tell_smaller(record)
    if scanned.partial:
        from videmo.archive import why_partial

        say(
            f"videmo: {shown(outcome.movie)}: partial, {why_partial(record)}; get the file again "
            "if you can"
        )
    return outcome.well


def _tell_smaller(record: Record) -> None:
    """That there are faces which are too small for this scan, if there are many."""
    counted, least = record["smaller_faces"], record["settings"]["min_face"]
    if counted["faces"] >= MANY_SMALLER * max(1, counted["pictures"]):
        click.echo(
            f"besides, {counted['faces']} faces in {counted['pictures']} pictures are lower than "
            f"{least:g} of the picture; --min-face {least / 2:g} looks for them, too"
        )


def _faces(record: Record) -> str:
    """What was seen in a movie, by the model's choice faces or whole pictures."""
    if record["model"]["crop"] == FRAME:
        return f"{record['faces']} whole pictures, which count"
    return f"{record['faces']} faces ({record['aligned']} aligned, which count)"


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
        click.echo(f"{summary(every)}; new: {new}; listed in {shown(ledger)}")
    return not bad


def long(seconds: float) -> str:
    """A stretch of time for people."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def summary(entries: Iterable[Entry]) -> str:
    """How many movies ended how, and how much footage they are."""
    counts = dict.fromkeys(("ok", "partial", "failed"), 0)
    movies = [entry for entry in entries if entry.status in counts]
    for entry in movies:
        counts[entry.status] += 1
    seconds = sum(entry.duration for entry in movies)
    how = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
    return f"{len(movies)} movies ({how or 'none'}), {long(seconds)} of footage"


def left_out(entries: Sequence[Entry]) -> str:
    """What was left out, and how often; empty if nothing was."""
    from videmo.archive import count_kinds

    kinds = {"a copy of another": sum(1 for entry in entries if entry.status == "copy")}
    kinds |= count_kinds(entry.reason for entry in entries if entry.status == "skipped")
    what = ", ".join(f"{kind} ({count})" for kind, count in kinds.items() if count)
    return f"left out: {what}" if what else ""


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
        held = ", ".join(
            f"{name} {_frames(run.repeat)} ({run.end - run.start:.2f} s)"
            for name, run in one.held.items()
        )
        who = ", ".join(map(shown, one.missing))
        click.echo(
            f"{shown(one.table)}: nothing matches"
            f"{f', {who} is in no track of it' if who else ''}; the longest runs in it: "
            f"{held or 'none, no face is aligned'}"
        )
    return not one.errors


def _frames(count: int) -> str:
    return "1 frame" if count == 1 else f"{count} frames"


def tell_people(cast: Cast, folder: Path, known: Path | None, quiet: bool) -> bool:
    """One line about each table, and what to do next; whether all went well."""
    for picture in cast.left_out:
        say(f"videmo: {picture}; left out")
    for one in cast.found:
        if one.error is not None:
            say(f"videmo: {one.error}")
        elif not quiet:
            click.echo(_people_line(one))
    if not quiet:
        for first, second, near in cast.alike:
            click.echo(
                f"{first} and {second} look alike ({near:.2f}); if they are one person, put "
                "their pictures into one folder"
            )
        for name, away in cast.absent.items():
            how = "no track can be compared" if away is None else f"the nearest is at {away:.2f}"
            click.echo(f"{name}: in no track; {how}")
        for sheet in cast.sheets[:1]:
            click.echo(f"look at {shown(sheet)}{'' if known else _renaming(cast, folder)}")
    return not cast.left_out and all(one.error is None for one in cast.found)


def _people_line(one: NamedTracks) -> str:
    counts = [f"{name} {_tracks(count)}" for name, count in one.tracks.items()]
    if one.nobody:
        counts.append(f"nobody in particular {_tracks(one.nobody)}")
    if one.unclear:
        counts.append(f"not plain enough to see {_tracks(one.unclear)}")
    return (
        f"{shown(one.table)}: {', '.join(counts) or 'no tracks'}; written: {shown(one.file or '')}"
    )


def _tracks(count: int) -> str:
    return "1 track" if count == 1 else f"{count} tracks"


def _renaming(cast: Cast, folder: Path) -> str:
    if not cast.people:
        return ""
    first = shown(folder / cast.people[0])
    return f", rename {first} and the others, then: videmo people --known {shown(folder)}"


def tell_annotated(one: Annotated, quiet: bool) -> bool:
    """One line about a movie, and one about its scan, if there was none before."""
    if one.file is None:
        say(f"videmo: {one.error}")
        return False
    if one.scanned is not None and not quiet:
        click.echo(f"{shown(one.subject)}: scanned first; written: {shown(one.scanned.table)}")
    if not quiet:
        sound = {"copied": "sound copied", "encoded": "sound encoded anew as AAC"}
        faces = f"{one.faces} faces drawn" if one.faces else "no faces in it"
        click.echo(
            f"{shown(one.subject)}: {one.frames} frames, {faces}, "
            f"{sound.get(one.sound, 'no sound')}; written: {shown(one.file)}"
        )
    if one.missing or one.damaged:
        say(
            f"videmo: {shown(one.subject)}: partial, {one.missing} frames are missing and "
            f"{one.damaged} damaged; where one is missing the one before stands still, and the "
            "sound goes on"
        )
    return not (one.missing or one.damaged)


def tell_pictures(seen: Iterable[AnnotatedPicture], folder: Path, quiet: bool) -> bool:
    """A line about each picture, and then the table of their faces."""
    from videmo.annotate.pictures import LIST, as_csv, read_list

    well, names = True, []
    labels: tuple[str, ...] = ()
    for one in seen:
        if one.error is not None:
            well = False
            say(f"videmo: {one.error}")
            continue
        names.append(one.name)
        labels = one.labels
        if not quiet:
            found = Counter(one.emotions)
            what = ", ".join(f"{count} {emotion}" for emotion, count in found.most_common())
            say(f"{shown(one.picture)}: {what or 'no faces'}; written: {shown(one.file or '')}")
    if names and not quiet:
        table = as_csv(read_list(folder, labels), labels, names)
        click.echo(table.encode("utf-8", "backslashreplace"), nl=False)
        say(f"listed in {shown(folder / LIST)}")
    return well


def tell_converted(one: Converted, quiet: bool) -> bool:
    """One line about a table."""
    if one.file is None:
        say(f"videmo: {one.error}")
        return False
    if not quiet:
        click.echo(f"{shown(one.table)}: {one.rows} rows written: {shown(one.file)}")
    return True


def tell_reported(done: Reported, quiet: bool) -> bool:
    """One line about a report; whether all went well."""
    for error in done.errors:
        say(f"videmo: {error}")
    if not quiet:
        movies = f"{done.movies} movie{'s' if done.movies != 1 else ''}"
        moments = f"{done.moments} moment{'s' if done.moments != 1 else ''}"
        click.echo(f"{movies}, {moments}; open: {shown(done.page.absolute())}")
    return not done.errors
