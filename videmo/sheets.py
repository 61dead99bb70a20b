"""Read lists that people keep in spreadsheets: with any separator, and decimal commas."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from videmo.errors import RequestError
from videmo.files import shown
from videmo.plain import FORMULA

SEPARATORS = ",;\t"
"""What spreadsheets put between cells."""
LARGEST = 1 << 28
"""Bytes; a list that somebody looks at is never so large."""

_CLOCK = re.compile(r"(?:(\d{1,4}):)?(\d{1,4}):(\d{1,2}(?:[.,]\d*)?)", re.ASCII)
_NUMBER = re.compile(r"[+-]?\d{1,12}(?:[.,]\d*)?", re.ASCII)


class SheetLine(NamedTuple):
    """A line of a list."""

    path: Path
    number: int
    """As spreadsheets count: the first one, with the names of columns, is 1."""
    cells: dict[str, str]
    """By the names of columns, in small letters."""

    def wrong(self, column: str, what: str) -> RequestError:
        """What is said of a cell that cannot be."""
        return RequestError(f"{shown(self.path)}: line {self.number}, column {column}: {what}")

    def text(self, column: str) -> str:
        """What stands in a cell; it must not be empty."""
        text = self.cells.get(column, "")
        if not text:
            raise self.wrong(column, "is empty; fill it in, or take the line out")
        return text

    def whole(self, column: str) -> int:
        """A whole number, from 1 on."""
        text = self.text(column)
        if not re.fullmatch(r"[1-9]\d{0,8}", text, re.ASCII):
            raise self.wrong(column, f"{shown(text)!r} is no whole number from 1 on")
        return int(text)

    def time(self, column: str) -> float:
        """Seconds, or hours, minutes and seconds with colons between."""
        text = self.text(column)
        seconds = seconds_in(text)
        if seconds is None:
            raise self.wrong(
                column, f"{shown(text)!r} is no time; write seconds (72.5) or 0:01:12.5"
            )
        return seconds


def seconds_in(text: str) -> float | None:
    """What a cell says of a time: seconds, or hours, minutes and seconds with colons between; None:
    it is no time."""
    if clock := _CLOCK.fullmatch(text):
        hours, minutes, seconds = clock.groups()
        rest = float(seconds.replace(",", "."))
        return int(hours or 0) * 3600 + int(minutes) * 60 + rest
    return float(text.replace(",", ".")) if _NUMBER.fullmatch(text) else None


def read_sheet(path: Path, columns: Sequence[str], what: str) -> list[SheetLine]:
    """The lines of a list with at least these `columns`; empty ones are left out.

    `what` it must be is for the message.

    Raises:
        RequestError: it cannot be read, or is no such list.
    """
    rows = sheet_rows(path)
    header = {cell.casefold() for cell in rows[0][1]} if rows else set()
    missing = [column for column in columns if column not in header]
    if missing:
        raise RequestError(
            f"{shown(path)}: is no {what}: the column {missing[0]} is missing in its first line"
        )
    return lines_below(path, rows)


def lines_below(path: Path, rows: Sequence[tuple[int, list[str]]]) -> list[SheetLine]:
    """The lines below the first of `rows`, which names the columns.

    Raises:
        RequestError: a column has no name of its own, or a line has more cells than columns.
    """
    header = [cell.casefold() for cell in rows[0][1]] if rows else []
    twice = next((name for name in header if name and header.count(name) > 1), None)
    if twice:
        raise RequestError(f"{shown(path)}: has the column {shown(twice)} twice; take one out")
    lines = []
    for number, cells in rows[1:]:
        if len(cells) > len(header) and any(cells[len(header) :]):
            raise RequestError(
                f"{shown(path)}: line {number} has more cells than the first line has columns"
            )
        padded = [*cells, *[""] * len(header)]
        lines.append(SheetLine(path, number, dict(zip(header, padded, strict=False))))
    return lines


def sheet_rows(path: Path) -> list[tuple[int, list[str]]]:
    """The rows of a list that are not empty, each with its number, cells without blanks around.

    Raises:
        RequestError: it cannot be read.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise RequestError(f"{shown(path)}: is too large for a list")
        text = path.read_text("utf-8-sig")
        begin, _, rest = text.partition("\n")
        first = 1
        if begin.casefold().startswith("sep="):  # which Excel writes, and reads
            text, first = rest, 2
        header = text.partition("\n")[0]
        separator = max(SEPARATORS, key=header.count)
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    except UnicodeDecodeError as error:
        raise RequestError(
            f"{shown(path)}: is not in UTF-8; save it as CSV UTF-8 (in Excel: Save as)"
        ) from error
    except OSError as error:
        raise RequestError(f"{shown(path)}: cannot be read ({error.strerror})") from error
    except csv.Error as error:
        raise RequestError(f"{shown(path)}: is no CSV ({error}); save it as CSV UTF-8") from error
    stripped = ((number, [cell.strip() for cell in row]) for number, row in enumerate(rows, first))
    return [(number, cells) for number, cells in stripped if any(cells)]


def unquoted(cell: str) -> str:
    """What `safe_cell` made a cell of."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(FORMULA) else cell


def safe_cell(text: str) -> str:
    """Text as it is written into a list: on one line, and no formula for a spreadsheet."""
    line = shown(text)
    return f"'{line}" if line.startswith(FORMULA) else line
