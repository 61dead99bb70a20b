"""Extract just the lines of a list of moments, after somebody has edited it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pandas as pd

from videmo.errors import RequestError, TableError
from videmo.files import shown
from videmo.find import find_tables, without_copies
from videmo.listed import Listed, read_listed
from videmo.meant import meant_by
from videmo.runs import countable_rows, to_segments
from videmo.schema import Run, Segment
from videmo.sheets import safe_cell, unquoted
from videmo.table import TABLE_SUFFIX, Record, movie_name, read_record

TOLERANCE = 0.0015
"""Seconds; times are listed with three digits."""

Lists = Mapping[Path, tuple[Listed, ...]]
"""The lines of each table."""


def listed_tables(path: Path, places: Sequence[Path]) -> tuple[dict[Path, str], Lists]:
    """The tables of which there are lines in the list at `path`, and the lines of each.

    Args:
        path: the list.
        places: where tables are looked for; without any, where the list says that they lie.

    Raises:
        RequestError: a line cannot be; it is named, and the column.
    """
    lines = read_listed(path)
    by_name: dict[str, Path] = {}
    if places or not all(one.table for one in lines):
        if not places and not any(one.table for one in lines):
            raise RequestError(
                f"{shown(path)}: does not say where its tables lie; name their folder, too: videmo "
                f"extract --moments {shown(path)} FOLDER"
            )
        found = without_copies(find_tables(places))
        by_name = {safe_cell(name): table for table, name in found.items()}
    tables: dict[Path, str] = {}
    of_table: dict[Path, list[Listed]] = {}
    for one in lines:
        table = _by_name(one, by_name) if by_name else _by_place(one, path.parent)
        tables[table] = found[table] if by_name else _name(one, table)
        of_table.setdefault(table, []).append(one)
    if len(set(tables.values())) < len(tables):
        raise RequestError(f"{shown(path)}: two tables in it are of one movie; name their folder")
    lists = {table: tuple(theirs) for table, theirs in of_table.items()}
    for table, theirs in lists.items():
        _check(theirs, table)
    return tables, lists


def _by_name(one: Listed, by_name: Mapping[str, Path]) -> Path:
    if one.movie not in by_name:
        raise one.line.wrong("movie", f"there is no table of {shown(one.movie)}; look at the name")
    return by_name[one.movie]


def _by_place(one: Listed, folder: Path) -> Path:
    place = unquoted(one.table)
    table = folder / place
    if not table.name.endswith(TABLE_SUFFIX) or not table.is_file():
        raise one.line.wrong(
            "table",
            f"{shown(place)}: there is no such table; name the folder that holds the tables, too",
        )
    return table


def _name(one: Listed, table: Path) -> str:
    """The movie's name, which is that of a folder for what is made of it."""
    name, place = movie_name(table), PurePosixPath(one.movie)
    if safe_cell(name) not in (one.movie, place.name):
        raise one.line.wrong(
            "movie", f"{shown(one.movie)}: is not that of its table, {shown(name)}"
        )
    if place.is_absolute() or ".." in place.parts or one.movie == safe_cell(name):
        return name
    return (place.parent / name).as_posix()


def _check(lines: Iterable[Listed], table: Path) -> None:
    """See whether what the lines say can be, by the table's record."""
    try:
        record = read_record(table)
    except TableError:
        return  # it says so when it is read
    for one in lines:
        if one.scan and not record["sha256"].startswith(one.scan):
            raise one.line.wrong(
                "scan", f"{shown(one.movie)} was scanned again since; run videmo find again"
            )
        if one.emotion not in record["labels"]:
            meant = meant_by(one.emotion, record["labels"])
            hint = (
                f"did you mean {meant}?" if meant else f"there are: {', '.join(record['labels'])}"
            )
            raise one.line.wrong("emotion", f"{shown(one.emotion)}: no such emotion; {hint}")
        if one.end > record["end"] + TOLERANCE:
            column = "end" if one.start < record["end"] else "start"
            time = one.end if column == "end" else one.start
            raise one.line.wrong(
                column, f"{time:.3f} lies behind the end of what was scanned, {record['end']:.3f}"
            )
        if one.start < record["settings"]["start"] - TOLERANCE:
            began = record["settings"]["start"]
            raise one.line.wrong(
                "start", f"{one.start:.3f} lies before what was scanned, from {began:.3f} on"
            )


def listed_runs(lines: Iterable[Listed], table: pd.DataFrame, record: Record) -> list[Run]:
    """The lines as runs: from the very start to the very end of each.

    Their frames are those on which the face counts; where it never does, all on which it is seen.

    Raises:
        RequestError: the track of a line is not on the screen then.
    """
    counts = countable_rows(table)
    tracks = table["track"].to_numpy(np.int64, na_value=0)
    times, frames = table["time"].to_numpy(np.float64), table["frame"].to_numpy(np.int64)
    runs = []
    for one in lines:
        inside = (times >= one.start - TOLERANCE) & (times < one.end - TOLERANCE)
        there = (tracks == one.track) & inside
        if not there.any():
            raise one.line.wrong(
                "track",
                f"track {one.track} is not on the screen from {one.start:.3f} to {one.end:.3f}",
            )
        of_run = frames[there & counts] if (there & counts).any() else frames[there]
        end = min(one.end, record["end"])
        runs.append(Run(one.track, one.emotion, tuple(of_run.tolist()), one.start, end))
    return sorted(runs, key=lambda run: (run.start, run.track))


def each_by_itself(runs: Sequence[Run], **within: Any) -> list[Segment]:
    """What is to be cut of `runs`: each by itself, however near others are.

    Those of a track that begin at once, as both were padded up to the movie's start, are one.
    """
    segments: dict[tuple[int, str, float], Segment] = {}
    for run in runs:
        (one,) = to_segments([run], **within)
        key = (one.track, one.emotion, one.start)
        same = segments.get(key, one)
        joined = tuple(dict.fromkeys((*same.runs, *one.runs)))
        end = max(same.end, one.end)
        segments[key] = Segment(one.track, one.emotion, one.start, end, joined)
    return sorted(segments.values(), key=lambda one: (one.start, one.track))


def listed_places(lines: Iterable[Listed], segments: Iterable[Segment]) -> dict[Run, int]:
    """In which line of the list each run of the segments stands; nothing, if there are no lines."""
    places = {(one.track, one.emotion, one.start): one.line.number for one in lines}
    runs = (run for one in segments for run in one.runs) if places else ()
    return {run: places[run.track, run.emotion, run.start] for run in runs}
