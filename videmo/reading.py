"""Read what a table and the files beside it say together: its moments, people, corrections."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import pandas as pd

from videmo.moments import Moment, moments_of
from videmo.names import PEOPLE_SUFFIX, People, read_people, readable_people
from videmo.names import RECORD_SUFFIX as PEOPLE_RECORD_SUFFIX
from videmo.review import (
    CONFIRMED,
    Fix,
    Review,
    apply,
    corrected_span,
    fixes_of,
    read_review,
    renamed,
)
from videmo.runs import frame_starts, track_spans
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
    found: list[Moment]
    """The same as the scan found them, before corrections."""
    were: Mapping[int, str]
    """Who each track was before corrections."""
    warnings: tuple[str, ...]
    """What could not be read beside the table, and is done without."""


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


def read_moments(path: Path, name: str, *, repeat: int = 1, raw: bool = False) -> Reading:
    """A table with its moments of at least `repeat` frames.

    Args:
        path: the table.
        name: its movie's, as `find_tables` gives it.
        repeat: the fewest frames of a moment, before corrections.
        raw: as if nobody had corrected anything.

    Raises:
        TableError: the table is not whole, or the corrections cannot be read.
    """
    warnings: list[str] = []
    source = read_source(path, name, raw=raw, told=warnings.append)
    table, record, people = source.table, source.record, source.people
    how = {"repeat": repeat, "end": record["end"]}
    found = moments_of(table, name, persons=people.names, **how)
    moments = apply(found, source.review)
    return Reading(table, record, people, moments, found, source.were, tuple(warnings))


def people_after(people: People, table: pd.DataFrame, review: Review) -> People:
    """Who is who in a table after corrections."""
    if not review.tracks and not review.persons:
        return people
    names = renamed(people.names, track_spans(table), review)
    return replace(
        people, names=names, known=tuple(dict.fromkeys((*people.known, *names.values())))
    )


def corrected_runs(
    runs: list[Run], table: pd.DataFrame, review: Review, *, end: float, reviewed: bool = False
) -> list[Run]:
    """The runs after corrections, in order of their first frame, then track.

    Args:
        runs: of all emotions, as `find_runs` gives them.
        table: in whose rows they were found.
        review: the corrections.
        end: where what was scanned ends, in seconds.
        reviewed: only those that somebody confirmed, or gave another emotion or other ends.
    """
    fixes = fixes_of(runs, review)
    looks = _Looks(table, end)
    every = []
    for index, run in enumerate(runs):
        fix = fixes.get(index)
        if fix is None:
            every += [] if reviewed else [run]
        elif not reviewed or _is_sure(fix):
            every += looks.corrected(run, fix)
    return sorted(every, key=lambda run: (run.first, run.track))


def _is_sure(fix: Fix) -> bool:
    changed = fix.emotion or fix.start is not None or fix.end is not None
    return fix.verdict == CONFIRMED or bool(changed)


class _Looks:
    """In which frames each track is seen, and when these begin."""

    def __init__(self, table: pd.DataFrame, end: float) -> None:
        self._frames = table["frame"].to_numpy(np.int64)
        self._tracks = table["track"].to_numpy(np.int64, na_value=0)
        self._starts = frame_starts(table, end)

    def corrected(self, run: Run, fix: Fix) -> list[Run]:
        """`run` as `fix` says; nothing where it is taken out, or no frame of its track remains."""
        span = corrected_span(run, fix)
        if span is None:
            return []
        emotion, start, end = span
        if (start, end) == (run.start, run.end):
            return [replace(run, emotion=emotion)]
        kept = [frame for frame in run.frames if start <= self._starts[frame] < end]
        frames = sorted({*kept, *self._added(run, start, end)})
        return [Run(run.track, emotion, tuple(frames), start, end)] if frames else []

    def _added(self, run: Run, start: float, end: float) -> list[int]:
        """The frames of the run's track outside of it, between `start` and `end`: whoever moved the
        ends there says that they count."""
        frames = self._frames[self._tracks == run.track]
        times = self._starts[frames]
        outside = (times < run.start) | (times >= run.end)
        return [int(frame) for frame in frames[(times >= start) & (times < end) & outside]]


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
