"""Files that are chapters of one recording: found by their names, and joined as FFmpeg reads them.

Cameras begin a new file every few gigabytes (GX010001.MP4, GX020001.MP4), DVDs every gigabyte.
"""

from __future__ import annotations

import base64
import itertools
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

# What a recording is called, without its chapter; the chapter; sources: GoPro's own naming, and
# the DVD-Video book, in which chapter 0 is the menu.
_NAMES = (
    re.compile(r"(?P<a>G[HX])(?P<chapter>\d\d)(?P<b>\d{4}\.MP4)", re.ASCII | re.IGNORECASE),
    re.compile(r"(?P<a>GP)(?P<chapter>\d\d)(?P<b>\d{4}\.MP4)", re.ASCII | re.IGNORECASE),
    re.compile(r"(?P<a>VTS_\d\d_)(?P<chapter>[1-9])(?P<b>\.VOB)", re.ASCII | re.IGNORECASE),
)
_FIRST = re.compile(r"GOPR(?P<b>\d{4}\.MP4)", re.ASCII | re.IGNORECASE)
"""What a GoPro before the sixth called the first; the second is GP01."""

_PIPED = {".vob"}
"""Kinds of files of which one goes on in the middle of what the other ends with."""
_BETWEEN = "|"


class Chapter(NamedTuple):
    """One file of several that are a movie together."""

    path: Path
    seconds: Fraction = Fraction(0)
    """From its beginning to the beginning of the next; 0 where that is not needed."""
    frames: int = 0
    """Frames, as announced by the file; 0 where it does not."""


def find_chapters(names: Iterable[str]) -> list[tuple[str, ...]]:
    """The names, of those in one folder, that are chapters of one recording, in their order.

    Where one is missing between them, what follows is a recording of its own.
    """
    found: dict[tuple[str, str], dict[int, str]] = defaultdict(dict)
    for name in names:
        if told := _told(name):
            found[told[0]][told[1]] = name
    return sorted(run for chapters in found.values() for run in _runs(chapters))


def _told(name: str) -> tuple[tuple[str, str], int] | None:
    """Of which recording, and which chapter of it, a name says that it is."""
    if first := _FIRST.fullmatch(name):
        return ("GP", first["b"].upper()), 0
    for pattern in _NAMES:
        if found := pattern.fullmatch(name):
            return (found["a"].upper(), found["b"].upper()), int(found["chapter"])
    return None


def _runs(chapters: dict[int, str]) -> Iterator[tuple[str, ...]]:
    """The chapters that follow one another, where there are several."""
    in_order = sorted(chapters)
    for _, run in itertools.groupby(enumerate(in_order), lambda pair: pair[1] - pair[0]):
        names = tuple(chapters[chapter] for _, chapter in run)
        if len(names) > 1:
            yield names


def joined_bytes(chapters: Sequence[Chapter]) -> str:
    """The address at which FFmpeg reads one file after the other; empty where it cannot so."""
    places = [str(chapter.path.absolute()) for chapter in chapters]
    piped = all(chapter.path.suffix.lower() in _PIPED for chapter in chapters)
    if not piped or any(_BETWEEN in place for place in places):
        return ""
    return f"concat:{_BETWEEN.join(f'file:{place}' for place in places)}"


def joined_times(chapters: Sequence[Chapter]) -> str:
    """The address of a script, within itself, with which FFmpeg reads one after the other."""
    lines = ["ffconcat version 1.0"]
    for path, seconds, _ in chapters:
        quoted = str(path.absolute()).replace("'", "'\\''")
        lines += [f"file 'file:{quoted}'", f"duration {float(seconds):.6f}"]
    script = "\n".join([*lines, ""]).encode("utf-8", "surrogateescape")
    return f"data:text/plain;base64,{base64.b64encode(script).decode()}"
