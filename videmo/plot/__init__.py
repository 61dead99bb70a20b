"""Draw what tables say as figures for a paper: scores over time, and lanes of emotions."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from videmo.errors import DiskFullError, RequestError, SetupError, VidemoError
from videmo.files import check_writable, shown, write_atomic
from videmo.meant import no_such_emotion
from videmo.schema import DEFAULT_REPEAT

if TYPE_CHECKING:
    from videmo.plot.series import Held, Shown

log = logging.getLogger(__name__)

FORMATS = ("png", "svg")
DEFAULT_MOST = 6
"""Tracks and people that have a panel of their own."""


@dataclass(frozen=True)
class Plotted:
    """What became of a table."""

    table: Path
    files: tuple[Path, ...] = ()
    drawn: int = 0
    """Tracks and people in the figure."""
    left_out: int = 0
    """Those of whom fewer faces count, or none, and who are not in it."""
    error: VidemoError | None = None


def plot_tables(
    tables: Mapping[Path, str],
    folder: Path | str,
    *,
    formats: Sequence[str] = FORMATS,
    emotions: Sequence[str] = (),
    repeat: int = DEFAULT_REPEAT,
    seconds: float = 0.0,
    most: int = DEFAULT_MOST,
    raw: bool = False,
) -> list[Plotted]:
    """Draw each table, as ``NAME.plot.png`` and ``NAME.plot.svg``; one bad table costs one table.

    Args:
        tables: each with the name of its own, as `find_tables` gives them.
        folder: made if it is missing.
        formats: of `FORMATS`.
        emotions: whose scores and lanes are drawn; none: all that the model tells apart.
        repeat: the fewest frames that an emotion must hold to have a place in the lanes.
        seconds: how long it must hold.
        most: how many tracks and people are drawn, those of whom most faces count.
        raw: as if nobody had corrected anything.

    Raises:
        RequestError: there is no such format.
        DiskFullError: no room is left.
        SetupError: matplotlib is missing.
    """
    for name in formats:
        if name not in FORMATS:
            raise RequestError(f"{name}: cannot be drawn; choose from {', '.join(FORMATS)}")
    from videmo.plot import figure
    from videmo.plot.series import Held

    done = []
    for table, name in tables.items():
        try:
            targets = {form: Path(folder) / f"{name}.plot.{form}" for form in formats}
            for target in targets.values():
                check_writable(target)
            held = Held(repeat, seconds)
            found = _shown(table, name, emotions, held, most, raw=raw)
            for form, target in targets.items():
                write_atomic(target, figure.drawn(found, form))
            files = tuple(targets.values())
            done.append(Plotted(table, files, len(found.subjects), found.left_out))
        except (DiskFullError, SetupError):
            raise
        except VidemoError as error:
            done.append(Plotted(table, error=error))
    return done


def _shown(
    table: Path, name: str, emotions: Sequence[str], held: Held, most: int, *, raw: bool
) -> Shown:
    from videmo.plot.series import shown_of
    from videmo.reading import read_source, unknown_emotions

    source = read_source(table, name, raw=raw, told=log.warning)
    record = source.record
    if wrong := unknown_emotions(source.review, table, record["labels"]):
        log.warning("%s", wrong)
    unknown = [one for one in emotions if one not in record["labels"]]
    if unknown:
        said = no_such_emotion(unknown, record["labels"])
        raise RequestError(f"{shown(table)}: {shown(said)}")
    names = source.people.names
    return shown_of(source.table, record, name, names, emotions, held, most, source.review)
