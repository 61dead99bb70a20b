"""Read and write the table of faces and its record, strictly.

The table is `NAME.faces.csv`, where NAME is the movie's, with the stretch if only that was scanned;
the record, `NAME.faces.json`, is written last and says that the table is whole.
"""

from __future__ import annotations

import hashlib
import io
import itertools
import json
import math
import os
import re
from collections.abc import Hashable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from videmo.errors import TableError
from videmo.files import atomic_path, sha256, shown, write_atomic
from videmo.schema import (
    COLUMNS,
    CROPS,
    OBSERVED,
    SCORE,
    Box,
    Column,
    column_names,
    is_label,
    timecode,
)

TABLE_SUFFIX = ".faces.csv"
RECORD_SUFFIX = ".faces.json"
FORMAT = 3
"""Version of the table's columns and the record's fields."""
LINES_AT_ONCE = 4096
MOST_FRAMES = 1 << 27
"""More frames than a movie has: 600 hours at 60 in a second."""

MOST = 1 << 80
"""No count and no time is larger, whatever a movie announces: JSON has numbers that are too large
to be divided."""

MOST_MARGIN = 0.5
"""Half a box less on each side leaves nothing."""

_COUNTS = (
    *("width", "height", "rows", "first_frame", "frames_read", "frames_scanned"),
    *("frames_expected", "decode_failures", "faces", "aligned", "tracks"),
)
_FLAGS = ("timed", "changed_meanwhile", "cut_off")
_RATE = re.compile(r"[1-9]\d{0,11}/[1-9]\d{0,11}", re.ASCII)

_CLOCK = r"\d{2,}-\d{2}-\d{2}(?:\.\d{3})?"
_STRETCH = re.compile(rf"(?:\.from-{_CLOCK})?(?:\.to-{_CLOCK})?\Z", re.ASCII)

Record = dict[str, Any]


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


def table_path(folder: Path, movie: Path, start: float = 0.0, end: float | None = None) -> Path:
    """Where the table of `movie` goes, or of the stretch from `start` to `end` seconds.

    Its whole name, then the stretch, so that the table of a stretch never replaces that of the
    movie: ``holiday.mp4.from-00-20-00.to-00-25-00.faces.csv``.
    """
    begin = f".from-{_clock(start)}" if start else ""
    stop = "" if end is None else f".to-{_clock(end)}"
    return folder / f"{movie.name}{begin}{stop}{TABLE_SUFFIX}"


def _clock(seconds: float) -> str:
    return timecode(seconds, "-").removesuffix(".000")


def record_path(table: Path) -> Path:
    """Where the record of `table` lies."""
    return table.with_name(table.name.removesuffix(TABLE_SUFFIX) + RECORD_SUFFIX)


def movie_name(table: Path) -> str:
    """The name of what `table` is of: its movie's file name, and its stretch, if it is of one.

    Raises:
        TableError: there can be no movie of this name.
    """
    name = table.name.removesuffix(TABLE_SUFFIX)
    if name in ("", ".", ".."):  # `extract` makes a folder of this name
        raise TableError(f"{shown(table)}: is no name for a table; rename it as its movie")
    return name


def movie_file(name: str) -> str:
    """The movie's file name in what `movie_name` gives, or in that with folders before it."""
    return _STRETCH.sub("", name) or name


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


def write_record(table: Path, record: Record) -> None:
    """Write the record of `table`.

    Raises:
        OutputError: the folder cannot be written, or the disk is full.
    """
    write_atomic(record_path(table), (json.dumps(record, indent=2) + "\n").encode())


def place_of(movie: Path, folder: Path) -> str:
    """Where `movie` is, as a record in `folder` says it: so that both can be moved together."""
    try:
        return Path(os.path.relpath(movie.resolve(), folder.resolve())).as_posix()
    except ValueError:  # on another drive
        return movie.resolve().as_posix()


def read_record(table: Path) -> Record:
    """The record of `table`.

    Raises:
        TableError: there is none, it is damaged, or of another version of videmo.
    """
    path = record_path(table)
    try:
        record = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise TableError(
            f"{shown(table)}: its record {shown(path.name)} is missing, so the table may not be "
            "whole; scan again"
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        raise TableError(f"{shown(path)}: cannot be read; scan again") from error
    _check_format(path, record)
    if not _sound_record(record):
        raise TableError(f"{shown(path)}: holds values that cannot be; scan again")
    return dict(record)


def _check_format(path: Path, record: Any) -> None:
    found = record.get("format") if isinstance(record, dict) else None
    if found == FORMAT:
        return
    if type(found) is int and 0 < found < FORMAT:
        raise TableError(
            f"{shown(path)}: is of an older videmo (format {found}; this one reads {FORMAT}, which "
            "has more columns); scan the movie again"
        )
    raise TableError(f"{shown(path)}: is not a record of this version of videmo; scan again")


def read_table(path: Path | str) -> pd.DataFrame:
    """The table at `path`, checked against its record, as a DataFrame with the columns `COLUMNS`
    and then one for each label of its model: see `labels_of`.

    Missing values are NA (whole numbers), NaN (other numbers) and "" (emotion).

    Raises:
        TableError: it is cut, changed by hand, or not a table of videmo.
    """
    path = Path(path)
    record = read_record(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise TableError(f"{shown(path)}: cannot be read ({error.strerror}); scan again") from error
    names = column_names(record["labels"])
    header = content.partition(b"\n")[0]
    if header != ",".join(names).encode():
        raise TableError(f"{shown(path)}: does not begin with videmo's columns; scan again")
    if sha256(content) != record["sha256"]:
        raise TableError(
            f"{shown(path)}: is not the table that was written (cut, or saved by another program); "
            "put the original back, or scan again"
        )
    try:
        if b"\0" in content:  # where some versions of pandas end a number
            raise ValueError("NUL byte")
        table = _parsed(content, names)
    except (ValueError, OverflowError, pd.errors.ParserError) as error:
        raise TableError(f"{shown(path)}: has a row that is none; scan again") from error
    _check(path, table, record)
    return table


def labels_of(table: pd.DataFrame) -> tuple[str, ...]:
    """The labels of the model that `table`, as `read_table` gives it, was made with."""
    return tuple(table.columns[len(COLUMNS) :])


def face_boxes(rows: pd.DataFrame) -> Iterator[Box]:
    """The box of each row; each must have one."""
    columns = (rows[name].astype("int64").tolist() for name in Box._fields)
    return (Box(*values) for values in zip(*columns, strict=True))


def _batches(lines: Iterable[str]) -> Iterator[list[str]]:
    """Lines, so many at a time that writing them costs little, and holding them, too."""
    left = iter(lines)
    while batch := list(itertools.islice(left, LINES_AT_ONCE)):
        yield batch


def _lines(rows: Iterable[Row], labels: int) -> Iterator[str]:
    """The rows as lines of the file; empty cells where nothing is known."""
    nothing = "," * (len(COLUMNS) - 2 + labels)
    for row in rows:
        if not row.track:
            yield f"{row.frame},{row.time:.3f}{nothing}"
            continue
        pairs = zip(OBSERVED, row.observed, strict=True)
        values: dict[str, Any] = {column.name: value for column, value in pairs}
        values |= {"frame": row.frame, "time": row.time, "track": row.track}
        values |= {"emotion": row.emotion, "score": row.score, "repeat": row.repeat or None}
        cells = (cell(column, values[column.name]) for column in COLUMNS)
        yield ",".join((*cells, *(cell(SCORE, score) for score in row.scores)))


def cell(column: Column, value: Any) -> str:
    """How a value of `column` is written; empty where it is not known (None, NaN)."""
    if value is None or value != value:
        return ""
    return str(value) if column.kind is str else f"{value:.{column.digits}f}"


def _parsed(content: bytes, names: Sequence[str]) -> pd.DataFrame:
    return pd.read_csv(
        io.BytesIO(content),
        dtype={name: _DTYPES.get(name, "float64") for name in names},
        keep_default_na=False,
        na_values={name: [""] for name in names if name != "emotion"},
        index_col=False,
        encoding="utf-8",
    )


_DTYPES: dict[Hashable, Any] = {
    **{c.name: {int: "Int64", float: "float64", str: "str"}[c.kind] for c in COLUMNS},
    "frame": "int64",  # which no row lacks
}


def _sound_record(record: Record) -> bool:
    """Whether what is read from a record later has the right kind and can be true."""
    movie, settings = record.get("movie"), record.get("settings")
    seconds, said, fps = record.get("seconds"), record.get("warnings"), record.get("fps")
    labels, detector = record.get("labels"), record.get("detector")
    model = record.get("model")
    return (
        isinstance(labels, list)
        and all(isinstance(name, str) and is_label(name) for name in labels)
        and 0 < len({name.casefold() for name in labels}) == len(labels)
        and isinstance(detector, dict)
        and isinstance(detector.get("name"), str)
        and isinstance(detector.get("weights"), dict)
        and type(detector.get("margin")) in (int, float)
        and abs(detector["margin"]) < MOST_MARGIN
        and isinstance(model, dict)
        and model.get("crop") in CROPS
        and isinstance(movie, dict)
        and all(isinstance(movie.get(name), str) for name in ("file", "fingerprint"))
        and all(_count(record.get(name)) for name in _COUNTS)
        and record["frames_scanned"] <= record["rows"]
        and record["first_frame"] + record["frames_read"] <= MOST_FRAMES
        and _time(record.get("end"))
        and isinstance(fps, str)
        and _RATE.fullmatch(fps) is not None
        and all(type(record.get(name)) is bool for name in _FLAGS)
        and isinstance(settings, dict)
        and _time(settings.get("start"))
        and (settings.get("end") is None or _time(settings["end"]))
        and isinstance(seconds, dict)
        and all(name in labels and _time(value) for name, value in seconds.items())
        and isinstance(said, list)
        and all(isinstance(line, str) for line in said)
        and record.get("status") in ("ok", "partial")
        and isinstance(record.get("sha256"), str)
    )


def _count(value: Any) -> bool:
    return type(value) is int and 0 <= value <= MOST


def _time(value: Any) -> bool:
    """Whether `value` is a number of seconds."""
    return type(value) in (int, float) and 0 <= value <= MOST


def _check(path: Path, table: pd.DataFrame, record: Record) -> None:
    """A table may come from a stranger, with a record to match: trust no number in it."""
    faces = table[table["track"].notna()]
    height, width, first = record["height"], record["width"], record["first_frame"]
    limits = [*COLUMNS, *(SCORE._replace(name=label) for label in labels_of(table))]
    sound = (
        len(table) == record["rows"]
        and not faces.duplicated(["frame", "track"]).any()
        and bool((table["frame"].diff().dropna() >= 0).all())
        and bool((table["time"].diff().dropna() >= 0).all())
        and bool(table["time"].between(0, math.inf, inclusive="left").all())
        and bool(table["frame"].between(first, first + record["frames_read"] - 1).all())
        and (table.empty or bool(table["time"].iloc[-1] <= record["end"]))
        and all(_within(faces[column.name], column) for column in limits)
        and bool(faces["emotion"].isin(labels_of(table)).all())
        and bool((faces["x"] + faces["w"] <= width).all())
        and bool((faces["y"] + faces["h"] <= height).all())
    )
    if not sound:
        raise TableError(f"{shown(path)}: holds numbers that cannot be; scan again")


def _within(values: pd.Series, column: Column) -> bool:
    """Whether what faces have in a column can be."""
    if column.kind is str:
        return True
    there = values.dropna()
    lacking = column.needed and len(there) < len(values)
    return not lacking and bool(there.between(column.least, column.most).all())
