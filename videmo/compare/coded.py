"""Read what people coded of a movie: ELAN's annotations, BORIS's events, or a plain list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from videmo.errors import RequestError
from videmo.exporters.elan import SCORE
from videmo.files import shown
from videmo.sheets import SheetLine, lines_below, read_sheet, sheet_rows, unquoted

LARGEST = 1 << 28
"""Bytes; no coding is so large."""
NOBODY = "No focal subject"
"""What BORIS writes where nobody was named."""
LABELS = ("label", "emotion", "behavior", "behaviour")
"""What the column with the code may be called in a plain list."""
TIERS = ("tier", "person", "subject")


class Code(NamedTuple):
    """A stretch of time that somebody coded."""

    label: str
    start: float
    """Seconds."""
    end: float
    tier: str = ""
    """Whose it is, or in which tier."""


def read_coded(path: Path, movie: str = "") -> list[Code]:
    """What was coded, in order of time; what has no length, as BORIS's points, is left out.

    Args:
        path: an `.eaf` of ELAN, a list of events of BORIS, or a list with the columns start, end
            and label.
        movie: of a list with a column `movie`, only its lines.

    Raises:
        RequestError: it cannot be read, or is none of these.
    """
    is_elan = path.suffix.casefold() == ".eaf"
    codes = list(_elan(path) if is_elan else _list(path, movie))
    if not codes:
        raise RequestError(f"{shown(path)}: nothing is coded in it")
    return sorted(codes, key=lambda code: (code.start, code.end))


def _list(path: Path, movie: str) -> Iterable[Code]:
    rows = sheet_rows(path)
    for number, (_, cells) in enumerate(rows):
        names = {cell.casefold() for cell in cells}
        if {"behavior", "start (s)", "stop (s)"} <= names:
            return _aggregated(lines_below(path, rows[number:]))
        if {"behavior", "time"} <= names and {"status", "behavior type"} & names:
            return _events(lines_below(path, rows[number:]))
    return _plain(read_sheet(path, ("start", "end"), "list of codes"), path, movie)


def _plain(lines: Sequence[SheetLine], path: Path, movie: str) -> Iterable[Code]:
    names = lines[0].cells if lines else {}
    label = next((name for name in LABELS if name in names), None)
    tier = next((name for name in TIERS if name in names), "")
    if lines and label is None:
        raise RequestError(f"{shown(path)}: is no list of codes: the column label is missing")
    for line in lines:
        if movie and line.cells.get("movie") and unquoted(line.cells["movie"]) != movie:
            continue
        yield _code(line, str(label), "start", "end", line.cells.get(tier, ""))


def _aggregated(lines: Sequence[SheetLine]) -> Iterable[Code]:
    """BORIS's aggregated events: a line for each stretch."""
    _check_one(lines)
    for line in lines:
        if line.cells.get("behavior type", "").upper() != "POINT":
            yield _code(line, "behavior", "start (s)", "stop (s)", _subject(line))


def _events(lines: Sequence[SheetLine]) -> Iterable[Code]:
    """BORIS's tabular events: a line where a stretch starts, and one where it stops."""
    _check_one(lines)
    open_since: dict[tuple[str, str], float] = {}
    for line in lines:
        column = "status" if "status" in line.cells else "behavior type"
        key = (_subject(line), line.text("behavior"))
        status = line.text(column).upper()
        if status == "START" and key not in open_since:
            open_since[key] = line.time("time")
        elif status == "STOP" and key in open_since:
            start, end = open_since.pop(key), line.time("time")
            if end < start:
                raise line.wrong("time", "stops before it starts")
            if end > start:
                yield Code(key[1], start, end, key[0])
        elif status != "POINT":
            raise line.wrong(
                column, f"{shown(status)}: {shown(key[1])} does not {_verb(status)} here"
            )
    if open_since:
        (subject, behaviour), start = next(iter(open_since.items()))
        who = f" of {shown(subject)}" if subject else ""
        raise RequestError(
            f"{shown(lines[0].path)}: {shown(behaviour)}{who} starts at {start:.3f} and never stops"
        )


def _verb(status: str) -> str:
    return status.casefold() if status in ("START", "STOP") else "start or stop"


def _subject(line: SheetLine) -> str:
    subject = line.cells.get("subject", "")
    return "" if subject == NOBODY else subject


def _check_one(lines: Sequence[SheetLine]) -> None:
    """One file may hold several observations, of several movies."""
    names = list(dict.fromkeys(line.cells.get("observation id", "") for line in lines))
    if len(names) > 1:
        raise RequestError(
            f"{shown(lines[0].path)}: holds {len(names)} observations ({shown(names[0])}, "
            f"{shown(names[1])}, ...); export one"
        )


def _code(line: SheetLine, label: str, start: str, end: str, tier: str) -> Code:
    begin, stop = line.time(start), line.time(end)
    if stop <= begin:
        raise line.wrong(end, f"{stop:.3f} does not lie behind the start, {begin:.3f}")
    return Code(line.text(label), begin, stop, tier)


def _elan(path: Path) -> Iterable[Code]:
    """The annotations of an ELAN file that have a time, or hang on one that has."""
    root = _parsed(path)
    slots = _slots(root)
    try:
        times: dict[str, tuple[float, float]] = {}
        for one in root.iter("ALIGNABLE_ANNOTATION"):
            ends = slots[one.attrib["TIME_SLOT_REF1"]], slots[one.attrib["TIME_SLOT_REF2"]]
            times[one.attrib["ANNOTATION_ID"]] = ends
        parents = {
            one.attrib["ANNOTATION_ID"]: one.attrib["ANNOTATION_REF"]
            for one in root.iter("REF_ANNOTATION")
        }
        for tier in root.iter("TIER"):
            if "PARENT_REF" in tier.attrib and tier.get("LINGUISTIC_TYPE_REF") == SCORE:
                continue  # how sure another tier of a file that videmo wrote is
            for one in (*tier.iter("ALIGNABLE_ANNOTATION"), *tier.iter("REF_ANNOTATION")):
                place = one.attrib["ANNOTATION_ID"]
                for _ in parents:  # no farther than there are annotations, whatever the file says
                    place = place if place in times else parents[place]
                start, end = times[place]
                label = (one.findtext("ANNOTATION_VALUE") or "").strip()
                if label and end > start:
                    yield Code(label, start, end, tier.attrib["TIER_ID"])
    except KeyError as error:
        raise RequestError(f"{shown(path)}: is no whole ELAN file: {error} is missing") from error


def _parsed(path: Path) -> Element:
    try:
        if path.stat().st_size > LARGEST:
            raise RequestError(f"{shown(path)}: is too large for a coding")
        content = path.read_bytes()
        if b"<!DOCTYPE" in content or b"<!ENTITY" in content:  # ELAN writes none, and they can hurt
            raise RequestError(f"{shown(path)}: is no ELAN file")
        root = ElementTree.fromstring(content)
    except OSError as error:
        raise RequestError(f"{shown(path)}: cannot be read ({error.strerror})") from error
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise RequestError(f"{shown(path)}: is no ELAN file ({error})") from error
    if root.tag != "ANNOTATION_DOCUMENT":
        raise RequestError(f"{shown(path)}: is no ELAN file")
    return root


def _slots(root: Element) -> dict[str, float]:
    """When each time slot is, in seconds; those without a time lie evenly between their
    neighbours, as ELAN shows them."""
    names, known = [], {}
    for slot in root.iter("TIME_SLOT"):
        name, value = slot.get("TIME_SLOT_ID", ""), slot.get("TIME_VALUE", "")
        names.append(name)
        if value.isascii() and value.isdigit():
            known[name] = int(value) / 1000
    at = {name: place for place, name in enumerate(names)}
    placed = [(at[name], time) for name, time in known.items()]
    for name in names:
        if name not in known:
            before = max((one for one in placed if one[0] < at[name]), default=None)
            after = min((one for one in placed if one[0] > at[name]), default=None)
            if before and after:
                share = (at[name] - before[0]) / (after[0] - before[0])
                known[name] = before[1] + share * (after[1] - before[1])
    return known
