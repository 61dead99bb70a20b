"""Read a table, trusting no number in it that its record and the schema do not allow."""

from __future__ import annotations

import codecs
import io
import math
import re
from collections.abc import Hashable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from videmo.errors import TableError
from videmo.files import sha256, shown
from videmo.schema import SCORE, TABLE_COLUMNS, Box, Column, column_names
from videmo.table.record import Record, read_record

LONGEST_HEADER = 1 << 16
"""Bytes; an even number, as of UTF-16."""

_DTYPES: dict[Hashable, Any] = {
    **{c.name: {int: "Int64", float: "float64", str: "str"}[c.kind] for c in TABLE_COLUMNS},
    "frame": "int64",  # which no row lacks
}


def read_table(path: Path | str) -> pd.DataFrame:
    """The table at `path`, checked against its record, as a DataFrame.

    Its columns are `TABLE_COLUMNS`, and then one for each label of its model: see `labels_of`.

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
        if columns_as_saved(content) == names:
            raise TableError(
                f"{shown(path)}: was saved by a spreadsheet, which writes tables its own way; put "
                "the original back, or scan again"
            )
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
    return tuple(table.columns[len(TABLE_COLUMNS) :])


def face_boxes(rows: pd.DataFrame) -> Iterator[Box]:
    """The box of each row; each must have one."""
    columns = (rows[name].astype("int64").tolist() for name in Box._fields)
    return (Box(*values) for values in zip(*columns, strict=True))


def columns_as_saved(content: bytes) -> tuple[str, ...]:
    """The columns that the first line of a CSV names, in whatever way a spreadsheet saved it: with
    a mark of the encoding, other signs between them, quotes, or other ends of lines."""
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    text = content[:LONGEST_HEADER].decode("utf-16" if wide else "utf-8-sig", "replace")
    first = re.split("[\r\n]", text, maxsplit=1)[0]
    return tuple(re.split("[;,\t]", first.replace('"', "")))


def _parsed(content: bytes, names: Sequence[str]) -> pd.DataFrame:
    return pd.read_csv(
        io.BytesIO(content),
        dtype={name: _DTYPES.get(name, "float64") for name in names},
        keep_default_na=False,
        na_values={name: [""] for name in names if name != "emotion"},
        index_col=False,
        encoding="utf-8",
    )


def _check(path: Path, table: pd.DataFrame, record: Record) -> None:
    """A table may come from a stranger, with a record to match: trust no number in it."""
    faces = table[table["track"].notna()]
    height, width, first = record["height"], record["width"], record["first_frame"]
    limits = [*TABLE_COLUMNS, *(SCORE._replace(name=label) for label in labels_of(table))]
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
