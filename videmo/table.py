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
from collections.abc import Hashable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from videmo.errors import TableError
from videmo.files import placed, sha256, shown, write_whole
from videmo.schema import COLUMNS, EMOTIONS, Box, timecode

TABLE_SUFFIX = ".faces.csv"
RECORD_SUFFIX = ".faces.json"
FORMAT = 2
"""Version of the table's columns and the record's fields."""
LINES_AT_ONCE = 4096
MOST_FRAMES = 1 << 27
"""More frames than a movie has: 600 hours at 60 in a second."""

MOST = 1 << 80
"""No count and no time is larger, whatever a movie announces: JSON has numbers that are too large
to be divided."""

_COUNTS = (
    *("width", "height", "rows", "first_frame", "frames_read", "frames_scanned"),
    *("frames_expected", "decode_failures", "faces", "aligned", "tracks"),
)
_FLAGS = ("timed", "changed_meanwhile", "cut_off")
_RATE = re.compile(r"[1-9]\d{0,11}/[1-9]\d{0,11}", re.ASCII)

_CLOCK = r"\d{2,}-\d{2}-\d{2}(?:\.\d{3})?"
_STRETCH = re.compile(rf"(?:\.from-{_CLOCK})?(?:\.to-{_CLOCK})?\Z", re.ASCII)

Record = dict[str, Any]

_DTYPES: dict[Hashable, Any] = {
    "frame": "int64",
    "time": "float64",
    **dict.fromkeys(("track", "x", "y", "w", "h", "eyes", "repeat"), "Int64"),
    "emotion": "str",
    **dict.fromkeys(("score", *EMOTIONS), "float64"),
}


class Row(NamedTuple):
    """One row of the table: a face in a frame, or a frame without faces (`box` is None)."""

    frame: int
    time: float
    track: int = 0
    box: Box | None = None
    eyes: int = 0
    emotion: str = ""
    score: float = 0.0
    repeat: int = 0
    """0: in no run."""
    scores: tuple[float, ...] = ()


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

    Between the two, an older record names another checksum and so vouches for nothing.

    Raises:
        OutputError: the folder cannot be written, or the disk is full.
    """
    count, digest = 0, hashlib.sha256()
    with placed(path) as part, part.open("wb") as file:
        for lines in _batches(itertools.chain([",".join(COLUMNS)], map(_line, rows))):
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
    write_whole(record_path(table), (json.dumps(record, indent=2) + "\n").encode())


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
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        raise TableError(f"{shown(path)}: is not a record of this version of videmo; scan again")
    if not _sound_record(record):
        raise TableError(f"{shown(path)}: holds values that cannot be; scan again")
    return record


def read_table(path: Path | str) -> pd.DataFrame:
    """The table at `path`, checked against its record, as a DataFrame with the columns `COLUMNS`.

    Missing values are NA (whole numbers), NaN (scores) and "" (emotion).

    Raises:
        TableError: it is cut, changed by hand, or not a table of videmo.
    """
    path = Path(path)
    record = read_record(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise TableError(f"{shown(path)}: cannot be read ({error.strerror}); scan again") from error
    header = content.partition(b"\n")[0]
    if header != ",".join(COLUMNS).encode():
        raise TableError(f"{shown(path)}: does not begin with videmo's columns; scan again")
    if sha256(content) != record["sha256"]:
        raise TableError(
            f"{shown(path)}: is not the table that was written (cut, or saved by another program); "
            "put the original back, or scan again"
        )
    try:
        if b"\0" in content:  # where some versions of pandas end a number
            raise ValueError("NUL byte")
        table = _parsed(content)
    except (ValueError, OverflowError, pd.errors.ParserError) as error:
        raise TableError(f"{shown(path)}: has a row that is none; scan again") from error
    _check(path, table, record)
    return table


def face_boxes(rows: pd.DataFrame) -> Iterator[Box]:
    """The box of each row; each must have one."""
    columns = (rows[name].astype("int64").tolist() for name in Box._fields)
    return (Box(*values) for values in zip(*columns, strict=True))


def _batches(lines: Iterable[str]) -> Iterator[list[str]]:
    """Lines, so many at a time that writing them costs little, and holding them, too."""
    left = iter(lines)
    while batch := list(itertools.islice(left, LINES_AT_ONCE)):
        yield batch


def _line(row: Row) -> str:
    start = f"{row.frame},{row.time:.3f}"
    if row.box is None:
        return start + "," * (len(COLUMNS) - 2)
    x, y, w, h = row.box
    scores = ",".join(f"{score:.4f}" for score in row.scores)
    repeat = row.repeat or ""
    return (
        f"{start},{row.track},{x},{y},{w},{h},{row.eyes},"
        f"{row.emotion},{row.score:.4f},{repeat},{scores}"
    )


def _parsed(content: bytes) -> pd.DataFrame:
    return pd.read_csv(
        io.BytesIO(content),
        dtype=_DTYPES,
        keep_default_na=False,
        na_values={name: [""] for name in COLUMNS if name != "emotion"},
        index_col=False,
        encoding="utf-8",
    )


def _sound_record(record: Record) -> bool:
    """Whether what is read from a record later has the right kind and can be true."""
    movie, settings = record.get("movie"), record.get("settings")
    seconds, said, fps = record.get("seconds"), record.get("warnings"), record.get("fps")
    return (
        isinstance(movie, dict)
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
        and all(name in EMOTIONS and _time(value) for name, value in seconds.items())
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
    fields = [*("x", "y", "w", "h", "eyes", "score"), *EMOTIONS]
    sound = (
        len(table) == record["rows"]
        and bool((table["frame"].diff().dropna() >= 0).all())
        and bool((table["time"].diff().dropna() >= 0).all())
        and bool(table["time"].between(0, math.inf, inclusive="left").all())
        and bool(table["frame"].between(first, first + record["frames_read"] - 1).all())
        and (table.empty or bool(table["time"].iloc[-1] <= record["end"]))
        and bool((faces["track"] >= 1).all())
        and bool(faces[fields].notna().all(axis=None))
        and bool(faces["emotion"].isin(EMOTIONS).all())
        and bool((faces[["x", "y", "w", "h"]] >= [0, 0, 1, 1]).all(axis=None))
        and bool((faces["x"] + faces["w"] <= width).all())
        and bool((faces["y"] + faces["h"] <= height).all())
    )
    if not sound:
        raise TableError(f"{shown(path)}: holds numbers that cannot be; scan again")
