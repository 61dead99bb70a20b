"""What somebody wants of tables, and whether there can be such a thing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from videmo.errors import RequestError, TableError
from videmo.exporters import EXPORTERS
from videmo.exporters.cuts import ORDERS
from videmo.exporters.selection import Choice
from videmo.files import shown
from videmo.names import read_people
from videmo.schema import ALIGNED_EYES, DEFAULT_GAP, DEFAULT_PAD, DEFAULT_REPEAT, EMOTIONS
from videmo.table import read_record

MOST_NAMES = 20
"""Names that are told to somebody who wants one that is not there."""


@dataclass(frozen=True)
class Wanted:
    """Which moments are wanted."""

    emotions: tuple[str, ...]
    repeat: int = DEFAULT_REPEAT
    """The fewest frames a run must have."""
    min_score: float = 0.0
    """Faces with a lower score, 0 to 1, are unknown."""
    tracks: tuple[int, ...] = ()
    """Only these; empty for all."""
    persons: tuple[str, ...] = ()
    """Only tracks of these people, as `videmo people` named them; empty for all."""
    eyes: int = ALIGNED_EYES
    """Eyes, 0 to 2, with which a face counts."""
    pad: float = DEFAULT_PAD
    """Seconds added before and after each run, in clips."""
    gap: float = DEFAULT_GAP
    """Seconds that are bridged: unknown faces in a run, and runs in a clip."""


def check_persons(persons: Sequence[str], tables: Iterable[Path]) -> None:
    """See whether somebody has each of the names `persons` in one of the tables.

    A name that nobody has anywhere is a slip of the pen; tables that are bad say so later.

    Raises:
        RequestError: not so.
    """
    known: dict[str, None] = {}
    unheard, readable = list(persons), False
    for table in tables if persons else ():
        try:
            people = read_people(table, read_record(table))
        except TableError:
            continue
        readable = True
        known |= dict.fromkeys(people.known)
        unheard = [name for name in unheard if not people.knows(name)]
    if readable and unheard:
        who = ", ".join(sorted(known)[:MOST_NAMES]) or "nobody"
        who += ", ..." if len(known) > MOST_NAMES else ""
        raise RequestError(f"{shown(unheard[0])}: nobody has this name; there are: {who}")


def check_names(emotions: Iterable[str], exports: Iterable[str], choice: Choice) -> None:
    """See whether there are such emotions, exporters, and such an order.

    Raises:
        RequestError: there are not.
    """
    for emotion in emotions:
        if emotion not in EMOTIONS:
            raise RequestError(f"{emotion}: no such emotion; choose from {', '.join(EMOTIONS)}")
    for export in exports:
        if export not in EXPORTERS:
            raise RequestError(f"{export}: cannot be exported; choose from {', '.join(EXPORTERS)}")
    if choice.order not in ORDERS:
        raise RequestError(f"{choice.order}: no such order; choose from {', '.join(ORDERS)}")
