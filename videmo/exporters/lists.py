"""Lists in CSV of what lies in a folder: read them back, and refuse those of somebody else."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from videmo.errors import OutputError
from videmo.files import shown
from videmo.table import columns_as_saved

Line = dict[str, str]
"""What a list says of one thing, by columns."""


def read_list(path: Path, columns: Iterable[str]) -> list[Line]:
    """What the list at `path`, with at least these `columns`, says so far; nothing if it is new.

    Raises:
        OutputError: it cannot be read, or is not the list that videmo writes.
    """
    listed = header_and_lines(path)
    if listed is None:
        return []
    header, lines = listed
    check_saved_by_us(path, header, columns)
    if not set(header) >= set(columns) or any(None in line.values() for line in lines):
        raise OutputError(
            f"{shown(path)}: is not the list that videmo writes; move it away, or choose another "
            "folder with -o"
        )
    return lines


def check_saved_by_us(path: Path, header: Sequence[str], columns: Iterable[str]) -> None:
    """Refuse a list whose `header` lacks `columns` only as a spreadsheet wrote them its own way.

    Raises:
        OutputError: so it is.
    """
    missing = set(columns) - set(header)
    if missing and missing <= set(columns_as_saved(path.read_bytes())):
        raise OutputError(
            f"{shown(path)}: was saved by a spreadsheet, which writes lists its own way; give that "
            "another name, and put the original back or begin a new one"
        )


def header_and_lines(
    path: Path, *, strict: bool = False
) -> tuple[tuple[str, ...], list[Line]] | None:
    """The columns of the list at `path`, and its lines, unchecked; None if there is no such file.

    `strict` is the reader's of `csv`.

    Raises:
        OutputError: it cannot be read.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file, strict=strict)
            lines = list(reader)
            return tuple(reader.fieldnames or ()), lines
    except FileNotFoundError:
        return None
    except (OSError, ValueError, csv.Error) as error:
        raise OutputError(
            f"{shown(path)}: cannot be read; move it away, or choose another folder with -o"
        ) from error


def list_text(columns: Sequence[str], lines: Iterable[Mapping[str, str]]) -> str:
    """A list as it is written: of each line the `columns`, empty where it has none."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue()
