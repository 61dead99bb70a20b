"""Make one plain line of what a stranger's file says: printable, no path, no formula."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

LONGEST_NAME = 60
"""Letters of a person's name that are kept."""
LONGEST_NOTE = 500
"""Letters of a note that are kept."""
FORMULA = (
    *("=", "+", "-", "@"),
    *("\N{FULLWIDTH EQUALS SIGN}", "\N{FULLWIDTH PLUS SIGN}", "\N{FULLWIDTH COMMERCIAL AT}"),
)
"""What makes a spreadsheet take a cell for a formula."""
MOST_NAMES = 20
"""Names that are told to somebody who wants one that is not there."""
NOT_IN_NAMES = '/\\:*?"<>|'
"""What would make a name a path, or cannot be in a file's name."""


def counted(number: int, what: str) -> str:
    """So many of it, as people say that: one without an s."""
    return f"{number} {what}{'s' if number != 1 else ''}"


def some_of(names: Sequence[str], most: int = MOST_NAMES) -> str:
    """The first of `names`, and dots if there are more; empty: there are none."""
    return ", ".join(names[:most]) + (", ..." if len(names) > most else "")


def tidy(name: str) -> str:
    """A name from a stranger's file as it is shown and written: one printable line, no path.

    A spreadsheet does not take it for a formula. Empty where nothing remains.
    """
    return _line(name, NOT_IN_NAMES, " .", LONGEST_NAME)


def tidy_note(text: str) -> str:
    """What somebody wrote, as one printable line that no spreadsheet takes for a formula."""
    return _line(text, "", " ", LONGEST_NOTE)


def _line(text: str, without: str, not_first: str, longest: int) -> str:
    letters = unicodedata.normalize("NFC", text)
    kept = (c if c.isprintable() and c not in without else " " for c in letters)
    plain = " ".join("".join(kept).split()).lstrip(not_first)
    safe = f"_{plain}" if plain.startswith(FORMULA) else plain
    return safe[:longest].rstrip()
