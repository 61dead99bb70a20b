"""Two codings of a movie on one grid of time steps."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from videmo.compare.agreement import UNKNOWN
from videmo.compare.coded import Code
from videmo.errors import RequestError
from videmo.files import shown
from videmo.meant import meant_by
from videmo.moments import Moment
from videmo.plain import some_of, tidy
from videmo.reading import Reading
from videmo.resample import Numbers

OTHER = "other"
"""What is not coded, where that says that it is none of the coded emotions."""
OUT, NEUTRAL = "out", "neutral"
UNCODED = (OUT, NEUTRAL, OTHER)
"""What time means for which nobody coded anything: left out, neutral, or none of those coded."""
STEP, WINDOW = 0.1, 10.0
MOST_TOLD = 8
SHORTEST = 1e-9


@dataclass(frozen=True)
class How:
    """How codings are compared."""

    step: float = STEP
    """Seconds."""
    window: float = WINDOW
    """Seconds that are drawn, and summed, together."""
    tier: str = ""
    """Of people's coding, the one that counts; empty: there is only one."""
    persons: tuple[str, ...] = ()
    """In videmo's tables only these people; empty: whose face is the largest."""
    tracks: tuple[int, ...] = ()
    words: Mapping[str, str] = field(default_factory=dict)
    """What people's words mean in videmo's; empty: the word is left out."""
    uncoded: str = OUT
    repeat: int = 1
    """The fewest frames of a run that says something."""
    offset: float = 0.0
    """Seconds by which what was coded lies later in the table's time."""


def steps_in(start: float, end: float, step: float) -> Numbers:
    """The middle of each step from `start` to `end`, in seconds."""
    count = int((end - start) / step + 1e-6)
    return start + (np.arange(count) + 0.5) * step


def found_on(grid: Numbers, read: Reading, how: How, labels: Sequence[str]) -> Numbers:
    """Which label videmo gives to each step; where several faces count, the largest one's."""
    moments = [m for m in read.moments if m.most_frames >= how.repeat and _is_wanted(m, how)]
    sizes = _sizes(read, {moment.track for moment in moments})
    codes = [
        (moment.start, moment.end, labels.index(moment.emotion))
        for moment in sorted(moments, key=lambda moment: sizes[moment.track])
        if moment.emotion in labels
    ]
    return _filled(grid, codes)


def check_there(reads: Sequence[Reading], how: How) -> None:
    """See whether one of the tables has each person and each track that are wanted.

    Raises:
        RequestError: not so.
    """
    for person in how.persons:
        if not any(read.people.tracks_of(person) for read in reads):
            known = sorted({name for read in reads for name in read.people.names.values()})
            there = some_of(known, MOST_TOLD) or "nobody; run videmo people first"
            raise RequestError(
                f"--person {shown(person)}: is in no track; there are: {shown(there)}"
            )
    tracks = {int(one) for read in reads for one in read.table["track"].dropna().unique()}
    for track in how.tracks:
        if track not in tracks:
            most = f"the last one is {max(tracks)}" if tracks else "there is none at all"
            raise RequestError(f"--track {track}: no such track; {most}")


def _is_wanted(moment: Moment, how: How) -> bool:
    names = {tidy(name).casefold() for name in how.persons}
    if names and moment.person.casefold() not in names:
        return False
    return not how.tracks or moment.track in how.tracks


def _sizes(read: Reading, tracks: Collection[int]) -> dict[int, float]:
    """The mean area of each track's boxes."""
    rows = read.table[read.table["track"].isin(list(tracks))]
    areas = rows["w"].astype("float64") * rows["h"].astype("float64")
    return {int(track): float(area) for track, area in areas.groupby(rows["track"]).mean().items()}


def coded_on(grid: Numbers, codes: Sequence[Code], labels: Sequence[str], path: Path) -> Numbers:
    """Which label people gave to each step.

    Raises:
        RequestError: two at once.
    """
    before = codes[0]  # of those so far, the one that ends last
    for after in codes[1:]:
        if after.start < before.end - SHORTEST and after.label != before.label:
            raise RequestError(
                f"{shown(path)}: {shown(before.label)} and {shown(after.label)} are coded at once, "
                f"at {after.start:.3f}; name one tier with --tier, or put the times right"
            )
        before = max(before, after, key=lambda code: code.end)
    return _filled(grid, [(code.start, code.end, labels.index(code.label)) for code in codes])


def _filled(grid: Numbers, codes: Sequence[tuple[float, float, int]]) -> Numbers:
    found = np.full(len(grid), UNKNOWN)
    for start, end, label in codes:
        first, after = np.searchsorted(grid, [start, end])
        found[first:after] = label
    return found


def translated(codes: Sequence[Code], labels: Sequence[str], how: How, path: Path) -> list[Code]:
    """What people coded, in the labels of videmo, in one tier, and in the table's time.

    Raises:
        RequestError: a word that means none of the labels, or several tiers.
    """
    words = {word.casefold(): meaning for word, meaning in how.words.items()}
    kept = [code for code in codes if not how.tier or code.tier == how.tier]
    if not kept:
        raise RequestError(f"{shown(path)}: has no tier {shown(how.tier)}; {_tiers(codes)}")
    found: list[Code] = []
    unknown: dict[str, None] = {}
    for code in kept:
        word = words.get(code.label.casefold(), code.label)
        label = word if word in labels else meant_by(word, labels)
        if label:
            start, end = code.start + how.offset, code.end + how.offset
            found.append(Code(label, start, end, code.tier))
        elif word:
            unknown[code.label] = None
    if len({code.tier for code in found}) > 1:
        raise RequestError(f"{shown(path)}: name one tier with --tier; {_tiers(found)}")
    if unknown:
        word = shown(next(iter(unknown)))
        several = len({code.tier for code in kept}) > 1
        tiers = f"name one tier with --tier, {_tiers(kept)}; or " if several else ""
        raise RequestError(
            f"{shown(path)}: {tiers}{word}: no emotion of this model; say what it means with "
            f"--label '{word}=happy', or leave it out with --label '{word}='"
        )
    if not found:
        raise RequestError(f"{shown(path)}: no emotion of this model is coded in it")
    return sorted(found, key=lambda code: (code.start, code.end))


def _tiers(codes: Sequence[Code]) -> str:
    names = dict.fromkeys(code.tier for code in codes)
    return f"there are: {some_of([shown(name) or '(none)' for name in names], MOST_TOLD)}"
