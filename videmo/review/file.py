"""Read and write corrections: a line for each, which may be changed in a spreadsheet."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from videmo.errors import RequestError, TableError
from videmo.files import shown, write_atomic
from videmo.plain import tidy, tidy_note
from videmo.review.corrections import CONFIRMED, REMOVED, VERDICTS, Fix, Key, Review, TrackName
from videmo.schema import is_label
from videmo.sheets import seconds_in, sheet_rows

COLUMNS = (
    *("kind", "track", "start", "end", "was", "now", "new_start", "new_end", "verdict", "note"),
)
MOMENT, TRACK, PERSON = "moment", "track", "person"


def review_text(review: Review) -> str:
    """A review as it is written."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    for track in review.tracks:
        line = {"kind": TRACK, "track": track.track, "now": track.person}
        writer.writerow({**line, "start": _cell(track.start), "end": _cell(track.end)})
    for was, now in sorted((review.persons or {}).items()):
        writer.writerow({"kind": PERSON, "was": was, "now": now})
    for fix in review.fixes:
        writer.writerow(
            {
                **{"kind": MOMENT, "track": fix.of.track, "was": fix.of.emotion},
                **{"start": _cell(fix.of.start), "end": _cell(fix.of.end), "now": fix.emotion},
                **{"new_start": _cell(fix.start), "new_end": _cell(fix.end)},
                **{"verdict": fix.verdict, "note": tidy_note(fix.note)},
            }
        )
    return text.getvalue()


def write_review(path: Path, review: Review) -> None:
    """Write the corrections at `path`.

    Raises:
        OutputError: the folder cannot be written, or the disk is full.
    """
    write_atomic(path, review_text(review).encode())


def read_review(path: Path) -> Review:
    """The corrections at `path`; none, if there is no such file.

    Raises:
        TableError: it cannot be read; a line says what cannot be.
    """
    if not os.path.isfile(path):
        return Review()
    try:
        (_, header), *rows = sheet_rows(path) or [(1, [])]
    except RequestError as error:
        raise TableError(
            f"{shown(path)}: cannot be read as corrections; save it as CSV in UTF-8, or move it "
            "away"
        ) from error
    if sorted(header) != sorted(COLUMNS):
        raise TableError(
            f"{shown(path)}: must have just the columns {', '.join(COLUMNS)}; correct its first "
            "line, or move the file away"
        )
    review = Review()
    for number, cells in rows:
        try:
            if len(cells) != len(COLUMNS):
                raise ValueError(f"does not have {len(COLUMNS)} columns")
            review = _with_line(review, dict(zip(header, cells, strict=True)))
        except ValueError as error:
            raise TableError(
                f"{shown(path)}: line {number}: {error}; correct it, or take the line out"
            ) from None
    return review


def _with_line(review: Review, line: Mapping[str, str]) -> Review:
    """The review with what a line of its file says.

    Raises:
        ValueError: that cannot be.
    """
    kind = line["kind"].strip()
    if kind == PERSON:
        was, now = tidy(line["was"]), tidy(line["now"])
        if not was or not now:
            raise ValueError("names nobody")
        return replace(review, persons={**(review.persons or {}), was: now})
    if kind not in (MOMENT, TRACK):
        raise ValueError(f"{shown(kind)!r} is no kind ({MOMENT}, {TRACK}, {PERSON})")
    start, end = _time(line, "start"), _time(line, "end")
    if start is None or end is None:
        raise ValueError("needs start and end, in seconds, of what the scan found")
    if start >= end:
        raise ValueError("its end does not come after its start")
    track = _number(line["track"])
    if kind == TRACK:
        if not (person := tidy(line["now"])):
            raise ValueError("names nobody")
        return replace(review, tracks=(*review.tracks, TrackName(track, start, end, person)))
    return replace(review, fixes=(*review.fixes, _fix(line, track, start, end)))


def _fix(line: Mapping[str, str], track: int, start: float, end: float) -> Fix:
    was, now, verdict = (line[name].strip() for name in ("was", "now", "verdict"))
    if not is_label(was) or (now and not is_label(now)):
        raise ValueError(f"{shown(was if not is_label(was) else now)!r} is no emotion")
    if verdict not in VERDICTS:
        raise ValueError(f"{shown(verdict)!r} is no verdict ({CONFIRMED}, {REMOVED})")
    begin, stop = _time(line, "new_start"), _time(line, "new_end")
    if (start if begin is None else begin) >= (end if stop is None else stop):
        raise ValueError("its new end does not come after its start")
    key = Key(track, was, start, end)
    return Fix(key, verdict, now, begin, stop, tidy_note(line["note"]))


def _number(text: str) -> int:
    if not (text.strip().isascii() and text.strip().isdigit() and len(text) < 12):
        raise ValueError(f"{shown(text)!r} is no track")
    return int(text)


def _time(line: Mapping[str, str], name: str) -> float | None:
    """Seconds; also where a spreadsheet has made a comma of the point, or a clock's time of it."""
    text = line[name].strip()
    if not text:
        return None
    time = seconds_in(text)
    if time is None or time < 0:
        raise ValueError(f"{name}: {shown(text)!r} is no time in seconds")
    return time


def _cell(time: float | None) -> str:
    return "" if time is None else f"{time:.3f}"
