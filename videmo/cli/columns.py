"""Lines of text in columns, as they are printed."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence


def in_columns(rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> Iterator[str]:
    """The rows as lines whose columns stand below each other; those in `right` end together."""
    widths = [max(map(wide, cells)) for cells in zip(*rows, strict=True)]
    for row in rows:
        cells = []
        for number, (cell, width) in enumerate(zip(row, widths, strict=True)):
            blanks = " " * (width - wide(cell))
            cells.append(blanks + cell if number in right else cell + blanks)
        yield "  ".join(cells).rstrip()


def wide(text: str) -> int:
    """How many places of a terminal a text takes: Chinese, Japanese and Korean letters take two,
    and accents that stand above others none."""
    return sum(
        0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) in "WF")
        for c in text
    )
