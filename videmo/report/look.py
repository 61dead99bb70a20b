"""Read what a page shows of one movie: its table, who is who, its moments and corrections."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from videmo.moments import Moment
from videmo.reading import read_moments
from videmo.review import (
    Fix,
    Review,
    TrackName,
    corrected_moment,
    fixes_of,
    read_review,
    renamed,
    unmatched,
    unmatched_names,
)
from videmo.runs import track_spans
from videmo.schema import DEFAULT_REPEAT
from videmo.table import Record, review_path

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Seen:
    """A moment, and what somebody said of it."""

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
    """Corrections that are about no moment that there is."""
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
    found: tuple[Moment, ...]


def look_at(path: Path, name: str, *, raw: bool = False) -> Look:
    """What there is to show of the movie of a table; `raw`: as if nobody had corrected anything.

    Raises:
        TableError: the table, or its corrections, cannot be read.
    """
    return look(read_scan(path, name), Review() if raw else read_review(review_path(path)))


def read_scan(path: Path, name: str) -> Scan:
    """What a scan found.

    Raises:
        TableError: the table cannot be read.
    """
    read = read_moments(path, name, repeat=DEFAULT_REPEAT, raw=True)
    for warning in read.warnings:  # names of an earlier scan are of no use
        log.warning("%s", warning)
    return Scan(path, name, read.table, read.record, read.people.names, tuple(read.found))


def look(scan: Scan, review: Review) -> Look:
    """What there is to show of a movie, after corrections. Pure."""
    fixes = fixes_of(scan.found, review)
    moments = [_seen(moment, fixes.get(index), review) for index, moment in enumerate(scan.found)]
    tracks = track_spans(scan.table)
    return Look(
        *(scan.path, scan.name, scan.table, scan.record),
        names=renamed(scan.names, tracks, review),
        moments=tuple(sorted(moments, key=lambda one: (one.moment.start, one.moment.track))),
        lost=tuple(unmatched(fixes.values(), review)),
        lost_names=tuple(unmatched_names(tracks, review)),
    )


def _seen(found: Moment, fix: Fix | None, review: Review) -> Seen:
    after = corrected_moment(found, fix, review)
    if after is None:
        named = corrected_moment(found, None, review)
        return Seen(found, named or found, fix, removed=True)
    return Seen(found, after, fix)
