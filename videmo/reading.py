"""Read what a table and the files beside it say together: its moments, people, corrections."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy.typing as npt
import pandas as pd

from videmo.corrected import After, corrected, foreign
from videmo.files import shown
from videmo.meant import no_such_emotion
from videmo.moments import Moment, moments_of
from videmo.names import PEOPLE_SUFFIX, People, read_people, readable_people
from videmo.names import RECORD_SUFFIX as PEOPLE_RECORD_SUFFIX
from videmo.review import (
    CONFIRMED,
    Fix,
    Review,
    read_review,
    renamed,
)
from videmo.runs import find_runs, track_spans
from videmo.schema import Run
from videmo.table import (
    RECORD_SUFFIX,
    REVIEW_SUFFIX,
    TABLE_SUFFIX,
    Record,
    read_record,
    read_table,
    review_path,
)

READ = (TABLE_SUFFIX, RECORD_SUFFIX, PEOPLE_SUFFIX, PEOPLE_RECORD_SUFFIX, REVIEW_SUFFIX)
"""The files of a table from which its moments come, by what follows the movie's name."""


class Source(NamedTuple):
    """What a table and the files beside it say."""

    path: Path
    """The table."""
    name: str
    """Of what it is: the movie's, with its stretch; in an archive, with its folders."""
    table: pd.DataFrame
    record: Record
    people: People
    """After corrections."""
    review: Review
    """What people corrected."""
    late: float = 0.0
    """By how many seconds it was made to lie later than in the table."""
    were: Mapping[int, str] = MappingProxyType({})
    """Who each track was before corrections."""


class Reading(NamedTuple):
    """A table, and what it says."""

    table: pd.DataFrame
    record: Record
    people: People
    moments: list[Moment]
    """In order of time."""
    runs: list[Run]
    """As the scan found them."""
    found: list[Moment]
    """What is said of each of these, before corrections."""
    were: Mapping[int, str]
    """Who each track was before corrections."""
    warnings: tuple[str, ...]
    """What could not be read beside the table, and is done without."""
    unknown: str
    """What is wrong with corrections that are done without; empty: nothing."""


def read_source(
    path: Path,
    name: str,
    *,
    raw: bool = False,
    named: bool = False,
    told: Callable[[str], None] | None = None,
) -> Source:
    """A table with who is who and corrections: the one place where they are read together.

    Args:
        path: the table.
        name: its movie's, as `find_tables` gives it.
        raw: as if nobody had corrected anything.
        named: who is who must be known, unless somebody named a track by hand.
        told: what is wrong with who is who, where it need not be known.

    Raises:
        TableError: the table is not whole, or what lies beside it cannot be read.
    """
    table, record = read_table(path), read_record(path)
    review = Review() if raw else read_review(review_path(path))
    needed = named and not review.tracks
    were = read_people(path, record) if needed else readable_people(path, record, told)
    people = people_after(were, table, review)
    return Source(path, name, table, record, people, review, were=were.names)


def read_moments(path: Path, name: str, *, raw: bool = False) -> Reading:
    """A table with its moments, of any length.

    Args:
        path: the table.
        name: its movie's, as `find_tables` gives it.
        raw: as if nobody had corrected anything.

    Raises:
        TableError: the table is not whole, or the corrections cannot be read.
    """
    warnings: list[str] = []
    source = read_source(path, name, raw=raw, told=warnings.append)
    table, record, people = source.table, source.record, source.people
    runs = find_runs(table, end=record["end"])
    found = moments_of(runs, table, name, people.names)
    moments = found
    if source.review:
        after = corrected(runs, table, source.review, record["end"])
        moments = moments_after(after, runs, found, table, name, people.names)
        moments.sort(key=lambda moment: (moment.start, moment.track))
    unknown = unknown_emotions(source.review, path, record["labels"])
    told = source.were, tuple(warnings), unknown
    return Reading(table, record, people, moments, runs, found, *told)


def moments_after(
    after: After,
    runs: Sequence[Run],
    found: Sequence[Moment],
    table: pd.DataFrame,
    name: str,
    names: Mapping[int, str],
) -> list[Moment]:
    """What is said of each part of `after`: of what nobody changed, the same as before.

    Args:
        after: what corrections made of `runs`.
        runs: as the scan found them.
        found: what was said of them.
        table: in whose rows they were found.
        name: its movie's.
        names: who each track is now.
    """
    changed = [part for part in after.parts if part.run is not runs[part.of]]
    counts = [part.most_frames for part in changed]
    new = iter(moments_of([part.run for part in changed], table, name, names, counts))
    moments = []
    for part in after.parts:
        same = found[part.of] if part.run is runs[part.of] else next(new)
        person = names.get(same.track, "")
        moments.append(same if same.person == person else same._replace(person=person))
    return moments


def unknown_emotions(review: Review, table: Path, labels: Sequence[str]) -> str:
    """What is said of a table's corrections to, or from, emotions that are none of `labels`; empty:
    there are none."""
    names = [name for fix in review.fixes for name in foreign(fix, labels)]
    if not names:
        return ""
    said = shown(no_such_emotion([*dict.fromkeys(names)], labels)).rstrip("?")
    return f"{shown(review_path(table))}: {said}; lines with such count for nothing"


def people_after(people: People, table: pd.DataFrame, review: Review) -> People:
    """Who is who in a table after corrections."""
    if not review.tracks and not review.persons:
        return people
    names = renamed(people.names, track_spans(table), review)
    return replace(
        people, names=names, known=tuple(dict.fromkeys((*people.known, *names.values())))
    )


def corrected_runs(
    runs: list[Run],
    table: pd.DataFrame,
    review: Review,
    *,
    end: float,
    repeat: int = 1,
    seconds: float = 0.0,
    reviewed: bool = False,
    counts: npt.NDArray[Any] | None = None,
) -> list[Run]:
    """The runs after corrections, in order of their first frame, then track.

    Args:
        runs: of all emotions and lengths, as `find_runs` gives them.
        table: in whose rows they were found.
        review: the corrections.
        end: where what was scanned ends, in seconds.
        repeat: the fewest frames that a run must have had, or has now.
        seconds: how long it must last now.
        reviewed: only those that somebody confirmed, or gave another emotion or other ends.
        counts: (rows,) which rows say something; None: those of aligned faces.
    """
    after = corrected(runs, table, review, end, counts)
    sure = {index for index, fix in after.fixes.items() if _is_sure(fix)}
    parts = (part for part in after.parts if part.lasts(repeat, seconds))
    return [part.run for part in parts if not reviewed or part.of in sure]


def _is_sure(fix: Fix) -> bool:
    changed = fix.emotion or fix.start is not None or fix.end is not None
    return fix.verdict == CONFIRMED or bool(changed)


def stamps(tables: Iterable[Path]) -> dict[Path, str]:
    """A stamp of each table, which changes when one of the files does that `read_moments` reads:
    the size and the time of each.

    Each folder is listed once: to ask for every file by itself takes seconds in large archives.
    """
    listed: dict[str, dict[str, os.DirEntry[str]]] = {}
    found = {}
    for table in tables:
        folder = os.path.dirname(table)
        if folder not in listed:
            listed[folder] = _entries(folder or ".")
        stem = table.name.removesuffix(TABLE_SUFFIX)
        files = (listed[folder].get(f"{stem}{suffix}") for suffix in READ)
        found[table] = " ".join(map(_stamp, files))
    return found


def _entries(folder: str) -> dict[str, os.DirEntry[str]]:
    """What lies in a folder, by its name; nothing where it is gone or may not be looked into."""
    try:
        with os.scandir(folder) as entries:
            return {entry.name: entry for entry in entries}
    except OSError:
        return {}


def _stamp(entry: os.DirEntry[str] | None) -> str:
    try:
        about = entry.stat() if entry else None
    except OSError:  # removed meanwhile
        about = None
    return f"{about.st_size}:{about.st_mtime_ns}" if about else "-"
