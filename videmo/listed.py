"""Lists of moments, as `videmo find` writes them and people edit them: written, read, checked."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from videmo.errors import RequestError
from videmo.files import shown
from videmo.moments import Moment
from videmo.sheets import SheetLine, read_sheet, safe_cell

NEEDED = ("movie", "track", "emotion", "start", "end")
"""What a line must say to be cut."""
COLUMNS = (
    *("movie", "person", "emotion", "start", "end", "seconds", "score", "track"),
    *("first", "last", "repeat", "best_score", "best_time", "table", "scan"),
)
SCAN = "scan "
"""Before the beginning of a checksum: so a spreadsheet does not take it for a number."""
SCAN_DIGITS = 12


@dataclass(frozen=True)
class Listed:
    """A line of a list: what is to be cut."""

    line: SheetLine
    movie: str
    track: int
    emotion: str
    start: float
    """Seconds."""
    end: float
    """Seconds; the end is not part of it."""
    table: str
    """Where the table lies, from the list's folder on; empty: not said."""
    scan: str
    """How the table's checksum began when the list was written; empty: not said."""


def moment_cells(moment: Moment, table: str = "", scan: str = "") -> dict[str, str]:
    """What a list says of a moment; `table` and its checksum, `scan`, if they are known."""
    return {
        "movie": safe_cell(moment.movie),
        "person": safe_cell(moment.person),
        "emotion": moment.emotion,
        "start": f"{moment.start:.3f}",
        "end": f"{moment.end:.3f}",
        "seconds": f"{moment.seconds:.3f}",
        "score": f"{moment.score:.4f}",
        "track": str(moment.track),
        "first": str(moment.first),
        "last": str(moment.last),
        "repeat": str(moment.repeat),
        "best_score": f"{moment.best_score:.4f}",
        "best_time": f"{moment.best_time:.3f}",
        "table": safe_cell(table),
        "scan": f"{SCAN}{scan[:SCAN_DIGITS]}" if scan else "",
    }


def listed_text(lines: Iterable[Mapping[str, str]]) -> Iterator[str]:
    """The lines of a list as they are written, the names of columns first."""
    for line in itertools.chain([{name: name for name in COLUMNS}], lines):
        text = io.StringIO()
        csv.DictWriter(text, COLUMNS, extrasaction="ignore", lineterminator="\n").writerow(line)
        yield text.getvalue()


def read_listed(path: Path) -> list[Listed]:
    """The lines of a list that may have been sorted, cut and edited; in its order.

    Raises:
        RequestError: it is no such list, or a line cannot be: it is named, and the column.
    """
    lines = [_listed(line) for line in read_sheet(path, NEEDED, "list of moments")]
    if not lines:
        raise RequestError(f"{shown(path)}: lists no moment")
    seen: dict[tuple[str, int, str, float], int] = {}
    for one in lines:
        key = (one.movie, one.track, one.emotion, round(one.start, 3))
        if key in seen:
            same = f"line {seen[key]} begins there, too, with this track; take one of them out"
            raise one.line.wrong("start", same)
        seen[key] = one.line.number
    return lines


def _listed(line: SheetLine) -> Listed:
    start, end = line.time("start"), line.time("end")
    if start < 0:
        raise line.wrong("start", "lies before the movie begins")
    if end <= start:
        raise line.wrong("end", f"{end:.3f} does not lie behind the start, {start:.3f}")
    return Listed(
        *(line, line.text("movie"), line.whole("track"), line.text("emotion"), start, end),
        table=line.cells.get("table", ""),
        scan=line.cells.get("scan", "").removeprefix(SCAN).strip(),
    )
