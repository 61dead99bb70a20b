"""Make the bytes of a converted table: the same for the same table, each time."""

from __future__ import annotations

import io
import json

import pandas as pd

from videmo.errors import SetupError, to_install

OPENFACE_PLACES = {"timestamp": 3, "confidence": 2}
"""Digits after the point, as OpenFace writes them."""
SCORE_PLACES = 4


def commas(table: pd.DataFrame) -> bytes:
    """Plain CSV: commas, points, LF, UTF-8; empty where a value is missing."""
    return table.to_csv(index=False, lineterminator="\n").encode("utf-8", "backslashreplace")


def openface_commas(table: pd.DataFrame) -> bytes:
    """CSV as OpenFace writes it: a space after each comma, in the header, too."""
    columns = [_fixed(table[name]) for name in table.columns]
    lines = [", ".join(table.columns), *(", ".join(row) for row in zip(*columns, strict=True))]
    return ("\n".join(lines) + "\n").encode()


def _fixed(column: pd.Series) -> list[str]:
    if column.dtype.kind in "iu":
        return [str(value) for value in column.tolist()]
    places = OPENFACE_PLACES.get(str(column.name), SCORE_PLACES)
    return [f"{value:.{places}f}" for value in column.tolist()]


def parquet(table: pd.DataFrame) -> bytes:
    """Apache Parquet, with the record as metadata under the name `videmo`.

    Raises:
        SetupError: pyarrow is not installed.
    """
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise SetupError(f"Parquet needs pyarrow; {to_install('parquet')}") from None
    record = json.dumps(table.attrs["videmo"], sort_keys=True)
    plain = table.copy()
    plain.attrs = {}  # pandas would write them its own way
    columns = pyarrow.Table.from_pandas(plain, preserve_index=False)
    about = {**(columns.schema.metadata or {}), b"videmo": record.encode()}
    buffer = io.BytesIO()
    parquet.write_table(columns.replace_schema_metadata(about), buffer, compression="zstd")
    return buffer.getvalue()
