"""Read what a table and the files beside it say together: its moments, people, corrections."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from videmo.moments import Moment, moments_of
from videmo.names import PEOPLE_SUFFIX, People, readable_people
from videmo.names import RECORD_SUFFIX as PEOPLE_RECORD_SUFFIX
from videmo.review import Review, apply, read_review, renamed
from videmo.runs import track_spans
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


class Reading(NamedTuple):
    """A table, and what it says."""

    table: pd.DataFrame
    record: Record
    people: People
    moments: list[Moment]
    """In order of time."""
    found: list[Moment]
    """The same as the scan found them, before corrections."""
    warnings: tuple[str, ...]
    """What could not be read beside the table, and is done without."""


def read_moments(path: Path, name: str, *, repeat: int = 1, raw: bool = False) -> Reading:
    """A table with its moments of at least `repeat` frames: the one place where they are read.

    Args:
        path: the table.
        name: its movie's, as `find_tables` gives it.
        repeat: the fewest frames of a moment, before corrections.
        raw: as if nobody had corrected anything.

    Raises:
        TableError: the table is not whole, or the corrections cannot be read.
    """
    table, record = read_table(path), read_record(path)
    review = Review() if raw else read_review(review_path(path))
    warnings: list[str] = []
    people = people_after(readable_people(path, record, warnings.append), table, review)
    how = {"repeat": repeat, "end": record["end"]}
    found = moments_of(table, name, persons=people.names, **how)
    return Reading(table, record, people, apply(found, review), found, tuple(warnings))


def people_after(people: People, table: pd.DataFrame, review: Review) -> People:
    """Who is who in a table after corrections."""
    if not review.tracks and not review.persons:
        return people
    names = renamed(people.names, track_spans(table), review)
    return replace(
        people, names=names, known=tuple(dict.fromkeys((*people.known, *names.values())))
    )


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
            with os.scandir(folder or ".") as entries:
                listed[folder] = {entry.name: entry for entry in entries}
        stem = table.name.removesuffix(TABLE_SUFFIX)
        files = (listed[folder].get(f"{stem}{suffix}") for suffix in READ)
        found[table] = " ".join(map(_stamp, files))
    return found


def _stamp(entry: os.DirEntry[str] | None) -> str:
    try:
        about = entry.stat() if entry else None
    except OSError:  # removed meanwhile
        about = None
    return f"{about.st_size}:{about.st_mtime_ns}" if about else "-"
