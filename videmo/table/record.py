"""The record beside a table: it says how the table was made, and that it is whole."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

from videmo.errors import TableError
from videmo.files import shown, write_atomic
from videmo.schema import CROPS, is_label
from videmo.table.paths import record_path

FORMAT = 3
"""Version of the table's columns and the record's fields."""

MOST_FRAMES = 1 << 27
"""More frames than a movie has: 600 hours at 60 in a second."""

MOST = 1 << 80
"""No count and no time is larger, whatever a movie announces: JSON has numbers that are too large
to be divided."""

MOST_MARGIN = 0.4
"""Half a box less on each side leaves nothing."""

_COUNTS = (
    *("width", "height", "rows", "first_frame", "frames_read", "frames_scanned"),
    *("frames_expected", "decode_failures", "faces", "aligned", "tracks"),
)
_FLAGS = ("timed", "changed_meanwhile", "cut_off")
_RATE = re.compile(r"[1-9]\d{0,11}/[1-9]\d{0,11}", re.ASCII)

Record = dict[str, Any]


def write_record(table: Path, record: Record) -> None:
    """Write the record of `table`.

    Raises:
        OutputError: the folder cannot be written, or the disk is full.
    """
    write_atomic(record_path(table), (json.dumps(record, indent=2) + "\n").encode())


def read_record(table: Path | str) -> Record:
    """The record of `table`.

    Raises:
        TableError: there is none, it is damaged, or of another version of videmo.
    """
    path = record_path(table := Path(table))
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


def _sound_record(record: Record) -> bool:
    """Whether what is read from a record later has the right kind and can be true."""
    said = record.get("warnings")
    return (
        _sound_making(record)
        and _sound_movie(record)
        and isinstance(said, list)
        and all(isinstance(line, str) for line in said)
        and record.get("status") in ("ok", "partial")
        and isinstance(record.get("sha256"), str)
    )


def _sound_making(record: Record) -> bool:
    """Whether what is said of model, detector and settings can be true."""
    labels, model = record.get("labels"), record.get("model")
    detector, settings = record.get("detector"), record.get("settings")
    return (
        isinstance(labels, list)
        and all(isinstance(name, str) and is_label(name) for name in labels)
        and 0 < len({name.casefold() for name in labels}) == len(labels)
        and isinstance(detector, dict)
        and isinstance(detector.get("name"), str)
        and isinstance(detector.get("weights"), dict)
        and type(detector.get("margin")) in (int, float)
        and abs(detector["margin"]) <= MOST_MARGIN
        and isinstance(model, dict)
        and all(isinstance(model.get(name), str) for name in ("name", "sha256"))
        and model.get("crop") in CROPS
        and isinstance(settings, dict)
        and _time(settings.get("start"))
        and (settings.get("end") is None or _time(settings["end"]))
    )


def _sound_movie(record: Record) -> bool:
    """Whether what is said of the movie, and of what was seen in it, can be true."""
    movie, fps, seconds = record.get("movie"), record.get("fps"), record.get("seconds")
    smaller = record.get("smaller_faces")
    return (
        isinstance(movie, dict)
        and all(isinstance(movie.get(name), str) for name in ("file", "fingerprint"))
        and _names(movie.get("chapters", []))
        and all(_count(record.get(name)) for name in _COUNTS)
        and record["frames_scanned"] <= record["rows"]
        and record["first_frame"] + record["frames_read"] <= MOST_FRAMES
        and _time(record.get("end"))
        and _sound_cuts(record.get("cuts"), record["end"], record["rows"])
        and isinstance(fps, str)
        and _RATE.fullmatch(fps) is not None
        and all(type(record.get(name)) is bool for name in _FLAGS)
        and isinstance(smaller, dict)
        and all(_count(smaller.get(name)) for name in ("pictures", "faces"))
        and isinstance(seconds, dict)
        and all(name in record["labels"] and _time(value) for name, value in seconds.items())
    )


def _sound_cuts(cuts: Any, end: float, rows: int) -> bool:
    """Whether these can be the times at which a movie's shots begin: rising, in seconds."""
    return (
        isinstance(cuts, list)
        and len(cuts) <= rows
        and all(_time(cut) and cut <= end for cut in cuts)
        and all(a <= b for a, b in pairwise(cuts))
    )


def _names(value: Any) -> bool:
    """Whether `value` is a list of names of files, none of which leads to another folder."""
    return isinstance(value, list) and all(
        isinstance(name, str) and name not in ("", ".", "..") and not set(name) & {"/", "\\", "\0"}
        for name in value
    )


def _count(value: Any) -> bool:
    return type(value) is int and 0 <= value <= MOST


def _time(value: Any) -> bool:
    """Whether `value` is a number of seconds."""
    return type(value) in (int, float) and 0 <= value <= MOST
