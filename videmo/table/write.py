"""Write a table row by row, then its record."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from videmo.files import atomic_path
from videmo.schema import OBSERVED, SCORE, TABLE_COLUMNS, Column, column_names
from videmo.table.record import Record, write_record

LINES_AT_ONCE = 4096


class Row(NamedTuple):
    """One row of the table: a face in a frame, or a frame without faces (`track` is 0)."""

    frame: int
    time: float
    track: int = 0
    observed: tuple[float | None, ...] = ()
    """What is seen in the face, in the order of `OBSERVED`; None and NaN: not known."""
    emotion: str = ""
    score: float = 0.0
    repeat: int = 0
    """0: in no run."""
    scores: Sequence[float] = ()
    """One for each label."""


def write_table(path: Path, rows: Iterable[Row], record: Record) -> Record:
    """Write the table, then its record, completed with the table's size and checksum.

    Between the two, an older record names another checksum and so vouches for nothing. The labels
    are those that the record names.

    Raises:
        OutputError: the folder cannot be written, or the disk is full.
    """
    count, digest = 0, hashlib.sha256()
    with atomic_path(path) as part, part.open("wb") as file:
        header = ",".join(column_names(record["labels"]))
        for lines in _batches(itertools.chain([header], _lines(rows, len(record["labels"])))):
            content = "".join(f"{line}\n" for line in lines).encode()
            file.write(content)
            digest.update(content)
            count += len(lines)
    whole = {**record, "rows": count - 1, "sha256": digest.hexdigest()}
    write_record(path, whole)
    return whole


def cell(column: Column, value: Any) -> str:
    """How a value of `column` is written; empty where it is not known (None, NaN)."""
    if value is None or value != value:
        return ""
    return str(value) if column.kind is str else f"{value:.{column.digits}f}"


def _batches(lines: Iterable[str]) -> Iterator[list[str]]:
    """Lines, so many at a time that writing them costs little, and holding them, too."""
    left = iter(lines)
    while batch := list(itertools.islice(left, LINES_AT_ONCE)):
        yield batch


def _lines(rows: Iterable[Row], labels: int) -> Iterator[str]:
    """The rows as lines of the file; empty cells where nothing is known."""
    nothing = "," * (len(TABLE_COLUMNS) - 2 + labels)
    for row in rows:
        if not row.track:
            yield f"{row.frame},{row.time:.3f}{nothing}"
            continue
        pairs = zip(OBSERVED, row.observed, strict=True)
        values: dict[str, Any] = {column.name: value for column, value in pairs}
        values |= {"frame": row.frame, "time": row.time, "track": row.track}
        values |= {"emotion": row.emotion, "score": row.score, "repeat": row.repeat or None}
        cells = (cell(column, values[column.name]) for column in TABLE_COLUMNS)
        yield ",".join((*cells, *(cell(SCORE, score) for score in row.scores)))
