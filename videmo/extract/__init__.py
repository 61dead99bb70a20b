"""Pass 2: from tables to the moments at which somebody has the wanted emotion."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from videmo.errors import (
    DiskFullError,
    OutputError,
    RequestError,
    SetupError,
    TableError,
    VidemoError,
)
from videmo.exporters import ALL, DEFAULT_EXPORTS, EMOTION, EXPORTERS, MOVIE, exporter
from videmo.exporters.cuts import ORDERS, Cut, Edit, cuts_of
from videmo.exporters.selection import Choice, Exported, Moments, Selection, sightings_of
from videmo.extract.segments import (
    SEGMENTS,
    lines_of,
    read_segments,
    renewed,
    write_segments,
)
from videmo.files import check_writable, shown
from videmo.find import find_movie, find_tables
from videmo.names import People, find_people, read_people
from videmo.runs import find_runs, frame_starts, scan_step, to_segments
from videmo.schema import ALIGNED_EYES, DEFAULT_GAP, DEFAULT_PAD, DEFAULT_REPEAT, EMOTIONS
from videmo.table import Record, read_record, read_table

Makers = Mapping[str, Callable[[Any], Exported]]
"""The exporters that are wanted, by name."""

log = logging.getLogger(__name__)

MOST_NAMES = 20
"""Names that are told to somebody who wants one that is not there."""

__all__ = ["Extracted", "Wanted", "extract_tables", "find_movie", "find_tables"]


@dataclass(frozen=True)
class Wanted:
    """Which moments are wanted."""

    emotions: tuple[str, ...]
    repeat: int = DEFAULT_REPEAT
    """The fewest frames a run must have."""
    min_score: float = 0.0
    """Faces with a lower score, 0 to 1, are unknown."""
    tracks: tuple[int, ...] = ()
    """Only these; empty for all."""
    persons: tuple[str, ...] = ()
    """Only tracks of these people, as `videmo people` named them; empty for all."""
    eyes: int = ALIGNED_EYES
    """Eyes, 0 to 2, with which a face counts."""
    pad: float = DEFAULT_PAD
    """Seconds added before and after each run, in clips."""
    gap: float = DEFAULT_GAP
    """Seconds that are bridged: unknown faces in a run, and runs in a clip."""


@dataclass(frozen=True)
class Extracted:
    """What was made of one table, or of all together."""

    table: Path | None
    """None: of all together."""
    runs: dict[str, int] = field(default_factory=dict)
    """Runs found, by emotion."""
    held: dict[str, int] = field(default_factory=dict)
    """The longest run in the table, in frames, by emotion."""
    files: list[Path] = field(default_factory=list)
    errors: list[VidemoError] = field(default_factory=list)
    """What went wrong; the rest was made."""
    missing: tuple[str, ...] = ()
    """Wanted people who are in no track of this table."""


def extract_tables(
    tables: Mapping[Path, str],
    wanted: Wanted,
    folder: Path | str,
    *,
    exports: Sequence[str] = DEFAULT_EXPORTS,
    choice: Choice | None = None,
    movie: Path | None = None,
    progress: Callable[[str], None] | None = None,
) -> list[Extracted]:
    """Export the wanted moments of each table into `folder`; one bad table costs one table.

    Gives what became of each table; and at the end, if that was asked for, of what is made of all
    of them together.

    Args:
        tables: each with the name of its own place in `folder`, as `find_tables` gives them.
        wanted: which moments.
        folder: gets ``NAME/EMOTION/...``, what is made of all movies together, and `segments.csv`,
            which lists every run in the folder.
        exports: names of `EXPORTERS`.
        choice: how the exporters are to work.
        movie: where the movie is, if not where it was; for one table only.
        progress: told what is being done.

    Raises:
        RequestError: an emotion, exporter or order that does not exist, or a person of whom nobody
            heard.
        DiskFullError: no room is left.
        SetupError: ffmpeg is missing, or a library that an exporter needs.
    """
    choice = choice or Choice()
    _check_names(wanted.emotions, exports, choice)
    makers = {name: exporter(name) for name in exports}
    if movie is not None and len(tables) > 1:
        raise RequestError(f"--movie goes with one table; there are {len(tables)}")
    folder = Path(folder)
    _check_persons(wanted.persons, tables)
    done = []
    cuts: list[Cut] = []
    tell = progress or (lambda _: None)
    for table, name in tables.items():
        job = _Job(table, name, wanted, folder, makers, choice, movie)
        try:
            extracted, of_movie = _extract_one(job, tell)
        except (DiskFullError, SetupError):
            raise
        except VidemoError as error:
            done.append(Extracted(table, errors=[error]))
        else:
            done.append(extracted)
            cuts += of_movie
    together = [name for name in makers if EXPORTERS[name].scope == ALL]
    if together and cuts:
        done.append(_join(Edit(tuple(cuts), folder, choice), together, makers, tell))
    return done


@dataclass(frozen=True)
class _Job:
    """What is to be done with one table."""

    table: Path
    name: str
    wanted: Wanted
    folder: Path
    makers: Makers
    choice: Choice
    movie: Path | None


def _extract_one(job: _Job, progress: Callable[[str], None]) -> tuple[Extracted, list[Cut]]:
    """What is made of one table, and what of it goes into what is made of all."""
    table, record = read_table(job.table), read_record(job.table)
    people = _people(job, record)
    listed = read_segments(job.folder)
    selections = _select(job, table, record, people)
    if selections:
        _check_place(job)
    every: list[Exported] = []
    lines: list[dict[str, str]] = []
    of_scope = {
        scope: [name for name in job.makers if EXPORTERS[name].scope == scope]
        for scope in (EMOTION, MOVIE, ALL)
    }
    for selection in selections:
        made = {}
        for name in of_scope[EMOTION]:
            progress(f"{shown(job.name)}: {selection.emotion}, {name}")
            made[name] = _export(job.makers[name], selection)
        every += made.values()
        lines += lines_of(selection, made, job.folder)
    cuts = []
    if selections:
        moments = Moments(tuple(selections), job.folder / job.name, job.folder)
        for name in of_scope[MOVIE]:
            progress(f"{shown(job.name)}: {name}")
            every.append(_export(job.makers[name], moments))
        cuts = cuts_of(moments) if of_scope[ALL] else []
    found = {selection.emotion: len(selection.runs) for selection in selections}
    # Where nothing matches, nothing is made, and what an earlier call made stays.
    write_segments(job.folder, renewed(listed, lines, of_scope[EMOTION]))
    runs = {emotion: found.get(emotion, 0) for emotion in job.wanted.emotions}
    missing = tuple(name for name in job.wanted.persons if not people.tracks_of(name))
    return Extracted(job.table, runs, longest_runs(table), *_sum(every), missing), cuts


def _join(
    edit: Edit, names: list[str], makers: Makers, progress: Callable[[str], None]
) -> Extracted:
    """What is made of all tables together."""
    every = []
    for name in names:
        progress(name)
        every.append(_export(makers[name], edit))
    return Extracted(None, {}, {}, *_sum(every))


def _sum(every: Iterable[Exported]) -> tuple[list[Path], list[VidemoError]]:
    files, errors = [], []
    for exported in every:
        files += exported.files
        errors += exported.failures
    return files, errors


def _people(job: _Job, record: Record) -> People:
    """Who is who; only where it is asked for, it must be known."""
    if job.wanted.persons:
        return read_people(job.table, record)
    try:
        return find_people(job.table, record)
    except TableError as error:
        log.warning("%s", error)
        return People()


def _check_place(job: _Job) -> None:
    """Find out before the work whether there can be a folder of the movie's name."""
    place = job.folder / job.name
    if place.exists() and not place.is_dir():
        raise OutputError(
            f"{shown(place)}: is a file, and a folder of this name is needed; choose another place "
            "with -o"
        )
    check_writable(job.folder / SEGMENTS)


def _select(job: _Job, table: pd.DataFrame, record: Record, people: People) -> list[Selection]:
    """What is wanted of a table, for each emotion of which there is some."""
    wanted, end = job.wanted, record["end"]
    runs = find_runs(
        table,
        wanted.emotions,
        repeat=wanted.repeat,
        gap=wanted.gap,
        min_score=wanted.min_score,
        tracks=_wanted_tracks(wanted, people),
        eyes=wanted.eyes,
        end=end,
    )
    if not runs:
        return []
    movie = find_movie(job.table, record, job.movie)
    starts = frame_starts(table, end, between=True)
    inside = {"start": float(starts[0]), "end": end}  # nothing is known of what lies outside
    selections = []
    for emotion in wanted.emotions:
        of_emotion = [run for run in runs if run.emotion == emotion]
        if of_emotion:
            selection = Selection(
                movie=movie,
                name=job.name,
                emotion=emotion,
                segments=tuple(to_segments(of_emotion, pad=wanted.pad, gap=wanted.gap, **inside)),
                sightings=sightings_of(table, of_emotion),
                starts=starts,
                folder=job.folder / job.name / emotion,
                choice=job.choice,
                persons=people.names,
                every=scan_step(table),
            )
            selections.append(selection)
    return selections


def _wanted_tracks(wanted: Wanted, people: People) -> set[int] | None:
    """The tracks that are wanted by number and by person; None: all."""
    tracks = set(wanted.tracks) if wanted.tracks else None
    if not wanted.persons:
        return tracks
    theirs = {track for name in wanted.persons for track in people.tracks_of(name)}
    return theirs if tracks is None else theirs & tracks


def _export(make: Callable[[Any], Exported], given: Selection | Moments | Edit) -> Exported:
    """Make one kind of thing; what goes wrong is kept, so that the others are made."""
    try:
        return make(given)
    except (DiskFullError, SetupError):
        raise
    except VidemoError as error:
        return Exported([], failures=[error])


def longest_runs(table: pd.DataFrame) -> dict[str, int]:
    """The longest run of each emotion that a table holds, in frames."""
    rows = table[table["repeat"].notna()]
    longest = rows.groupby("emotion")["repeat"].max()
    return {emotion: int(longest[emotion]) for emotion in EMOTIONS if emotion in longest}


def _check_persons(persons: Sequence[str], tables: Iterable[Path]) -> None:
    """A name that nobody has anywhere is a slip of the pen; tables that are bad say so later."""
    known: dict[str, None] = {}
    unheard, readable = list(persons), False
    for table in tables if persons else ():
        try:
            people = read_people(table, read_record(table))
        except TableError:
            continue
        readable = True
        known |= dict.fromkeys(people.known)
        unheard = [name for name in unheard if not people.knows(name)]
    if readable and unheard:
        who = ", ".join(sorted(known)[:MOST_NAMES]) or "nobody"
        who += ", ..." if len(known) > MOST_NAMES else ""
        raise RequestError(f"{shown(unheard[0])}: nobody has this name; there are: {who}")


def _check_names(emotions: Iterable[str], exports: Iterable[str], choice: Choice) -> None:
    for emotion in emotions:
        if emotion not in EMOTIONS:
            raise RequestError(f"{emotion}: no such emotion; choose from {', '.join(EMOTIONS)}")
    for export in exports:
        if export not in EXPORTERS:
            raise RequestError(f"{export}: cannot be exported; choose from {', '.join(EXPORTERS)}")
    if choice.order not in ORDERS:
        raise RequestError(f"{choice.order}: no such order; choose from {', '.join(ORDERS)}")
