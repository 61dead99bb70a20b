"""Read and write who is who: `NAME.people.csv` beside a table, and its record.

A line for each track. Names may be changed by hand, in a text editor or a spreadsheet; what holds
the lines to their tracks is the record, `NAME.people.json`, which names the table's checksum: after
another scan the same numbers are other tracks.
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import Any, NamedTuple

from videmo.errors import RequestError, TableError
from videmo.files import sha256, shown, write_atomic
from videmo.plain import some_of, tidy
from videmo.schema import DEFAULT_DISTANCE
from videmo.sheets import lines_below, sheet_rows
from videmo.table import TABLE_SUFFIX, Record

PEOPLE_SUFFIX = ".people.csv"
RECORD_SUFFIX = ".people.json"
FORMAT = 1
PEOPLE_COLUMNS = ("track", "person", "distance")


class Line(NamedTuple):
    """Who a track is."""

    track: int
    person: str
    """Empty: nobody known."""
    distance: float | None
    """To the nearest person, even if that is too far; None: there was nothing to compare."""


@dataclass(frozen=True)
class People:
    """Who is who in one table."""

    names: dict[int, str] = field(default_factory=dict)
    """The person of each track that has one."""
    known: tuple[str, ...] = ()
    """Everybody who was looked for, or is in the names."""
    away: dict[int, float] = field(default_factory=dict)
    """How far each track that has no name is from the nearest person."""
    limit: float = DEFAULT_DISTANCE
    """From how far on a track got no name."""

    def near(self, within: float) -> list[tuple[int, float]]:
        """The tracks that have no name, but lie no further than `within` behind the limit, and how
        far away they are: the nearest first."""
        near = [(track, away) for track, away in self.away.items() if away < self.limit + within]
        return sorted(near, key=lambda one: one[1])

    def tracks_of(self, person: str) -> list[int]:
        """The tracks of `person`; in any letter case, if nobody has just this name."""
        wanted = tidy(person)
        if wanted not in self.names.values():
            folded = wanted.casefold()
            return [track for track, name in self.names.items() if name.casefold() == folded]
        return [track for track, name in self.names.items() if name == wanted]

    def knows(self, person: str) -> bool:
        """Whether `person` was looked for, in any letter case."""
        return tidy(person).casefold() in {name.casefold() for name in self.known}


def nobody_called(name: str, known: Sequence[str]) -> str:
    """What is said of a name that none of the `known` people has."""
    there = f"there are: {some_of(known)}" if known else "nobody is known yet; run: videmo people"
    return f"{shown(name)}: nobody has this name; {there}"


def people_path(table: Path) -> Path:
    """Where it is written who is who in `table`."""
    return table.with_name(table.name.removesuffix(TABLE_SUFFIX) + PEOPLE_SUFFIX)


def people_record_path(table: Path) -> Path:
    """Where the record of the people of `table` lies."""
    return table.with_name(table.name.removesuffix(TABLE_SUFFIX) + RECORD_SUFFIX)


def write_people(
    table: Path, record: Record, lines: Sequence[Line], known: Iterable[str], how: Record
) -> Path:
    """Write who is who in `table`, whose own record is `record`.

    `known` are the people who were looked for; `how` is what else the record keeps.

    Raises:
        OutputError: the folder cannot be written, or the disk is full.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(PEOPLE_COLUMNS)
    for track, person, distance in lines:
        writer.writerow((track, tidy(person), "" if distance is None else f"{distance:.4f}"))
    content = text.getvalue().encode()
    about = {
        "format": FORMAT,
        "table": record["sha256"],
        "people": [tidy(name) for name in known],
        **how,
        "sha256": sha256(content),
    }
    path = people_path(table)
    write_atomic(path, content)
    write_atomic(people_record_path(table), (json.dumps(about, indent=2) + "\n").encode())
    return path


def read_people(table: Path, record: Record) -> People:
    """Who is who in `table`, whose own record is `record`.

    Raises:
        TableError: that is not known, was found out for an earlier scan, or cannot be read.
    """
    path = people_path(table)
    if not os.path.isfile(path):
        raise TableError(f"{shown(table)}: it is not known who is who; run: {_command(table)}")
    about = _read_record(table)
    if about["table"] != record["sha256"]:
        raise TableError(
            f"{shown(path)}: is of an earlier scan, in which tracks had other numbers; "
            f"run again: {_command(table)}"
        )
    names, away = _names(path)
    known = tuple(dict.fromkeys(filter(None, [*map(tidy, about["people"]), *names.values()])))
    limit = about.get("distance")
    return People(names, known, away, limit if isinstance(limit, float) else DEFAULT_DISTANCE)


def find_people(table: Path, record: Record) -> People:
    """Who is who in `table`, as `read_people` gives it; nobody, where that was not found out."""
    return read_people(table, record) if os.path.isfile(people_path(table)) else People()


def readable_people(
    table: Path, record: Record, told: Callable[[str], None] | None = None
) -> People:
    """As `find_people`; but names that cannot be read, or are of an earlier scan, are of no use,
    and no harm: nobody has one then, and why is `told`."""
    try:
        return find_people(table, record)
    except TableError as error:
        if told is not None:
            told(str(error))
        return People()


def changed_by_hand(table: Path) -> bool:
    """Whether names of `table` were changed since they were written."""
    try:
        content = people_path(table).read_bytes()
        return bool(_read_record(table)["sha256"] != sha256(content))
    except FileNotFoundError:
        return False
    except (OSError, TableError):
        return True


def _command(table: Path) -> str:
    return f"videmo people {shown(table)}"


def _read_record(table: Path) -> dict[str, Any]:
    path = people_record_path(table)
    try:
        about = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise TableError(
            f"{shown(path)}: is missing, so it is not known of which scan the names are; "
            f"run: {_command(table)}"
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        raise TableError(f"{shown(path)}: cannot be read; run: {_command(table)}") from error
    sound = (
        isinstance(about, dict)
        and about.get("format") == FORMAT
        and all(isinstance(about.get(name), str) for name in ("table", "sha256"))
        and isinstance(about.get("people"), list)
        and all(isinstance(name, str) for name in about["people"])
    )
    if not sound:
        raise TableError(f"{shown(path)}: is no record of people; run: {_command(table)}")
    return dict(about)


def _names(path: Path) -> tuple[dict[int, str], dict[int, float]]:
    """The names in a file that a spreadsheet may have saved in its own way, and how far from the
    nearest person the tracks are that have none."""
    try:
        lines = [line.cells for line in lines_below(path, sheet_rows(path))]
        numbers = [int(line["track"]) for line in lines]
        names = [tidy(line["person"]) for line in lines]
    except (ValueError, KeyError, RequestError) as error:
        raise TableError(
            f"{shown(path)}: is not a list of people with the columns {', '.join(PEOPLE_COLUMNS)}; "
            "save it as CSV in UTF-8, or run videmo people again"
        ) from error
    if len(set(numbers)) < len(numbers):
        raise TableError(f"{shown(path)}: names a track twice; run videmo people again")
    distances = [_distance(line.get("distance")) for line in lines]
    every = list(zip(numbers, names, distances, strict=True))
    return (
        {track: name for track, name, _ in every if name},
        {track: away for track, name, away in every if not name and away is not None},
    )


def _distance(cell: str | None) -> float | None:
    """What a cell says that may have been changed by hand; None: nothing."""
    try:
        away = float((cell or "").replace(",", "."))
    except ValueError:
        return None
    return away if isfinite(away) else None
