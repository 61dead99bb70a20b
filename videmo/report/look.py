"""Read what a page shows of one movie: its table, who is who, its moments and corrections."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from videmo.corrected import corrected
from videmo.moments import Moment
from videmo.reading import moments_after, read_moments, unknown_emotions
from videmo.review import (
    REMOVED,
    Fix,
    Review,
    TrackName,
    read_review,
    renamed,
    unmatched,
    unmatched_names,
)
from videmo.runs import track_spans
from videmo.schema import DEFAULT_REPEAT, Run
from videmo.table import Record, review_path

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Seen:
    """A moment, or a part of one that another moment was moved into, and what somebody said of it.

    Of one that lies in moved ones altogether there is none, nor of one that is too short.
    """

    found: Moment
    """As the scan found it."""
    moment: Moment
    """As it is after that."""
    fix: Fix | None = None
    removed: bool = False


@dataclass(frozen=True, eq=False)
class Look:
    """What there is to show of one movie."""

    path: Path
    """Its table."""
    name: str
    table: pd.DataFrame
    record: Record
    names: Mapping[int, str]
    """Of tracks, after corrections."""
    moments: tuple[Seen, ...]
    """In order of time."""
    lost: tuple[Fix, ...]
    """Corrections that are about no moment that is to be seen."""
    lost_names: tuple[TrackName, ...] = ()
    """Names that are about no track that there is."""


@dataclass(frozen=True, eq=False)
class Scan:
    """What a scan found in one movie, and who is who: what does not change while it is looked
    at."""

    path: Path
    """The table."""
    name: str
    table: pd.DataFrame
    record: Record
    names: Mapping[int, str]
    runs: tuple[Run, ...]
    """Of any length."""
    found: tuple[Moment, ...]
    """What is said of each of them."""


def look_at(path: Path, name: str, *, raw: bool = False) -> Look:
    """What there is to show of the movie of a table; `raw`: as if nobody had corrected anything.

    Raises:
        TableError: the table, or its corrections, cannot be read.
    """
    scan, review = read_scan(path, name), Review() if raw else read_review(review_path(path))
    if unknown := unknown_emotions(review, path, scan.record["labels"]):
        log.warning("%s", unknown)
    return look(scan, review)


def read_scan(path: Path, name: str) -> Scan:
    """What a scan found.

    Raises:
        TableError: the table cannot be read.
    """
    read = read_moments(path, name, raw=True)
    for warning in read.warnings:  # names of an earlier scan are of no use
        log.warning("%s", warning)
    of_runs = tuple(read.runs), tuple(read.found)
    return Scan(path, name, read.table, read.record, read.people.names, *of_runs)


def look(scan: Scan, review: Review) -> Look:
    """What there is to show of a movie, after corrections. Pure."""
    tracks = track_spans(scan.table)
    names = renamed(scan.names, tracks, review)
    after = corrected(scan.runs, scan.table, review, scan.record["end"])
    long = after._replace(parts=[part for part in after.parts if part.lasts(DEFAULT_REPEAT)])
    now = moments_after(long, scan.runs, scan.found, scan.table, scan.name, names)
    moments = [
        Seen(scan.found[part.of], moment, after.fixes.get(part.of))
        for part, moment in zip(long.parts, now, strict=True)
    ]
    for index, fix in after.fixes.items():
        if fix.verdict == REMOVED:
            was = scan.found[index]
            named = was._replace(person=names.get(was.track, ""))
            moments.append(Seen(was, named, fix, removed=True))
    shown = [seen.fix for seen in moments if seen.fix]
    return Look(
        *(scan.path, scan.name, scan.table, scan.record),
        names=names,
        moments=tuple(sorted(moments, key=lambda one: (one.moment.start, one.moment.track))),
        lost=tuple(unmatched(shown, review)),
        lost_names=tuple(unmatched_names(tracks, review)),
    )
