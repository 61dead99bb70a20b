"""Who is named in corrections."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from videmo.errors import TableError
from videmo.review import read_review
from videmo.table import review_path


def names_said(tables: Iterable[Path]) -> list[str]:
    """The names that people gave in corrections of `tables`; bad ones say so later."""
    names: list[str] = []
    for table in tables:
        try:
            review = read_review(review_path(table))
        except TableError:
            continue
        names += [*(one.person for one in review.tracks), *(review.persons or {}).values()]
    return list(dict.fromkeys(names))
