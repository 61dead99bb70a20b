"""What the user is told of a movie scanned, drawn or converted: one line each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from videmo.errors import MissingMovieError, VidemoError
from videmo.files import shown
from videmo.plain import counted
from videmo.schema import FRAME

if TYPE_CHECKING:
    from videmo.annotate.movie import Annotated
    from videmo.annotate.pictures import AnnotatedPicture
    from videmo.archive import Outcome
    from videmo.convert import Converted
    from videmo.people import Cast, Doubt, NamedTracks
    from videmo.people.known import Known
    from videmo.plot import Plotted
    from videmo.report import Reported
    from videmo.table import Record


MANY_SMALLER = 0.5
"""Faces a picture that are too small for the scan from which on that is told."""

MOST_NAMED = 6
"""Tracks, movies and people in doubt that are named one by one."""


def say(text: str) -> None:
    click.echo(text, err=True)


def tell_address(address: str) -> None:
    """Where a page is that is served."""
    click.echo(address)
    say("answers until it is interrupted (Ctrl-C)")


def often_called(tables: Iterable[Path], emotions: Collection[str]) -> Iterator[str]:
    """Of wanted emotions, which others the model often takes them for: that of the first table, as
    an archive has one and many tables."""
    from videmo.emotions import mistaken
    from videmo.table import read_record

    known: dict[str, str] = {}
    if table := next(iter(tables), None):
        with suppress(VidemoError):  # what is wrong with it has been told
            known = mistaken(read_record(table)["model"]["sha256"])
    for emotion, other in known.items():
        if emotion in emotions and other not in emotions:
            yield f"what looks {emotion} the model often calls {other}; see -e {other}, too"


def tell_scanned(outcome: Outcome, quiet: bool) -> None:
    """One line about a movie."""
    if outcome.scanned is None:
        say(f"videmo: {outcome.error}")
        return
    from videmo.archive import joined_with

    scanned, record = outcome.scanned, outcome.scanned.record
    tracks = counted(record["tracks"], "track")
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


def _tell_smaller(record: Record) -> None:
    """That there are faces which are too small for this scan, if there are many."""
    smaller, least = record["smaller_faces"], record["settings"]["min_face"]
    if smaller["faces"] >= MANY_SMALLER * max(1, smaller["pictures"]):
        click.echo(
            f"besides, {smaller['faces']} faces in {smaller['pictures']} pictures are lower than "
            f"{least:g} of the picture; --min-face {least / 2:g} looks for them, too"
        )


def _faces(record: Record) -> str:
    """What was seen in a movie, by the model's choice faces or whole pictures."""
    if record["model"]["crop"] == FRAME:
        return f"{record['faces']} whole pictures, which count"
    return f"{record['faces']} faces ({record['aligned']} aligned, which count)"


def long(seconds: float) -> str:
    """A stretch of time for people."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


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
        for pair in cast.alike:
            click.echo(_alike_line(*pair))
        for doubt in cast.doubts[:MOST_NAMED]:
            click.echo(_doubtful(doubt, several=len(cast.found) > 1))
        if more := [doubt.person for doubt in cast.doubts[MOST_NAMED:]]:
            click.echo(f"so may {_listed(more)}")
        for name, (count, least) in cast.nearly.items():
            click.echo(
                f"{name}? {counted(count, 'track')} just too far away ({least:.2f} and more); "
                f"see the sheet, and put a picture of them to those of {name} if it is so"
            )
        for name, away in cast.absent.items():
            how = "no track can be compared" if away is None else f"the nearest is at {away:.2f}"
            click.echo(f"{name}: in no track; {how}")
        for sheet in cast.sheets[:1]:
            click.echo(f"look at {shown(sheet)}{'' if known else _renaming(cast, folder)}")
        if any(one.tracks for one in cast.found):
            click.echo("pages that were made before know no names: run videmo report again")
    errors = [one.error for one in cast.found if one.error is not None]
    # Movies are deleted from archives: that is no failure, unless they are all.
    gone = len(errors) < len(cast.found) and all(isinstance(e, MissingMovieError) for e in errors)
    return not cast.left_out and (gone or not errors)


def tell_known(known: Known, distance: float, quiet: bool) -> None:
    """What is odd about pictures of known people."""
    from videmo.people.known import look_alikes

    for picture in known.left_out:
        say(f"videmo: {picture}; left out")
    for pair in () if quiet else look_alikes(known, distance):
        say(_alike_line(*pair))


def _alike_line(first: str, second: str, near: float) -> str:
    return (
        f"{first} and {second} look alike ({near:.2f}); if they are one person, put their "
        "pictures into one folder"
    )


def _people_line(one: NamedTracks) -> str:
    counts = [f"{name} {counted(count, 'track')}" for name, count in one.tracks.items()]
    if one.nobody:
        counts.append(f"nobody in particular {counted(one.nobody, 'track')}")
    if one.unclear:
        counts.append(f"not plain enough to see {counted(one.unclear, 'track')}")
    return (
        f"{shown(one.table)}: {', '.join(counts) or 'no tracks'}; written: {shown(one.file or '')}"
    )


def _doubtful(doubt: Doubt, *, several: bool) -> str:
    """Who may be two people, which tracks are the one and the other, and how to part them."""
    parts = sorted((doubt.one, doubt.other), key=len)
    these, those = (_these(part, several=several) for part in parts)
    like = "is" if len(parts[0]) == 1 else "are"
    how = "" if doubt.parting is None else f"; --distance {doubt.parting:g} parts them"
    return (
        f"{doubt.person} may be two people: {these} {like} only just like {those} "
        f"({doubt.distance:.2f}); see the sheet{how}"
    )


def _these(tracks: Sequence[tuple[str, int]], *, several: bool) -> str:
    """``track 1``, ``tracks 1, 2 and 3``; of `several` movies, of which."""
    of_movie: dict[str, list[str]] = {}
    for movie, track in tracks:
        of_movie.setdefault(movie, []).append(str(track))
    said = [
        f"track{'s' if len(numbers) > 1 else ''} {_listed(numbers)}"
        + (f" of {shown(movie)}" if several else "")
        for movie, numbers in of_movie.items()
    ]
    return _listed(said)


def _listed(words: Sequence[str]) -> str:
    """``a, b and c``; of many the first."""
    if len(words) > MOST_NAMED:
        words = [*words[: MOST_NAMED - 1], f"{len(words) - MOST_NAMED + 1} more"]
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


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


def tell_plotted(one: Plotted, quiet: bool) -> bool:
    """One line about a table."""
    if one.error is not None:
        say(f"videmo: {one.error}")
        return False
    if not quiet:
        what = "1 track or person" if one.drawn == 1 else f"{one.drawn} tracks and people"
        more = f", {one.left_out} more are not (--most)" if one.left_out else ""
        written = ", ".join(shown(file) for file in one.files)
        click.echo(f"{shown(one.table)}: {what} drawn{more}; written: {written}")
    return True


def tell_reported(done: Reported, quiet: bool) -> bool:
    """One line about a report; whether all went well."""
    for error in done.errors:
        say(f"videmo: {error}")
    if not quiet:
        found = f"{counted(done.movies, 'movie')}, {counted(done.moments, 'moment')}"
        click.echo(f"{found}; open: {shown(done.page.absolute())}")
    return not done.errors
