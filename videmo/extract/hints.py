"""Where nothing matches: which option would find how many moments, and why there are none."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from videmo.exporters.selection import Choice
from videmo.extract.select import segments_of, wanted_runs
from videmo.extract.wanted import NEAR, Wanted
from videmo.files import shown
from videmo.names import People
from videmo.plain import counted
from videmo.reading import Source
from videmo.schema import Run
from videmo.table import Record

JUST = 0.5
"""A run is just too short if it has this part of the length that was asked for, or more."""
STEP = 0.05
"""By how much a score is lowered at a time."""
MORE_GAP = 1.0
"""Seconds that are tried to be bridged, and twice as many as were."""

Found = Callable[[Wanted], int]
"""How many moments there are of what is wanted."""


def hints_for(wanted: Wanted, choice: Choice, source: Source) -> list[str]:
    """What to do where a table has nothing of what is wanted, most likely first."""

    def found(other: Wanted) -> int:
        return len(segments_of(other, choice, source))

    if wanted.listed:
        return []
    record = source.record
    runs = wanted_runs(replace(wanted, repeat=1, seconds=0.0), source)
    return [
        *_of_tracks(wanted, record, source.people, found),
        *_of_reviewed(wanted, found),
        *_of_eyes(wanted, found),
        *_of_length(wanted, runs, found),
        *_of_score(wanted, found),
        *_of_gap(wanted, found),
        *_of_smaller(record),
    ]


def _told(option: str, value: float | str, count: int, why: str) -> str:
    return f"{option} {value} finds {counted(count, 'moment')}{f' ({why})' if why else ''}"


def _of_reviewed(wanted: Wanted, found: Found) -> Iterator[str]:
    if wanted.reviewed and (count := found(replace(wanted, reviewed=False))):
        yield f"{counted(count, 'moment')} nobody has reviewed yet; open them with: videmo view"


def _of_eyes(wanted: Wanted, found: Found) -> Iterator[str]:
    for eyes in reversed(range(wanted.eyes)):
        if count := found(replace(wanted, eyes=eyes)):
            yield _told("--eyes", eyes, count, "faces that are turned away count, too")
            return


def _of_length(wanted: Wanted, runs: list[Run], found: Found) -> Iterator[str]:
    """The longest that is just too short."""
    tried: list[tuple[str, dict[str, Any], float, float]] = []
    if wanted.repeat > 1:
        frames = max((run.repeat for run in runs), default=0)
        tried.append((f"{frames}", {"repeat": frames}, frames, wanted.repeat))
    if wanted.seconds:
        longest = max((run.end - run.start for run in runs), default=0.0)
        seconds = math.floor(longest * 100) / 100
        tried.append((f"{seconds:g}s", {"seconds": seconds}, seconds, wanted.seconds))
    for said, change, there, asked in tried:
        if there and JUST * asked <= there < asked and (count := found(replace(wanted, **change))):
            yield _told("--repeat", said, count, "")


def _of_score(wanted: Wanted, found: Found) -> Iterator[str]:
    lower = partial(round, ndigits=2)
    steps = math.ceil(wanted.min_score / STEP)
    for score in (lower(max(0.0, wanted.min_score - STEP * step)) for step in range(1, steps + 1)):
        if count := found(replace(wanted, min_score=score)):
            yield _told("--min-score", f"{score:g}", count, "")
            return


def _of_gap(wanted: Wanted, found: Found) -> Iterator[str]:
    gap = max(MORE_GAP, 2 * wanted.gap)
    if count := found(replace(wanted, gap=gap)):
        yield _told("--gap", f"{gap:g}", count, "")


def _of_smaller(record: Record) -> Iterator[str]:
    smaller, least = record["smaller_faces"], record["settings"].get("min_face")
    if (count := smaller["faces"]) and isinstance(least, float):
        pictures = smaller["pictures"]
        yield (
            f"videmo scan --min-face {least / 2:g} finds smaller faces ({count} of them in "
            f"{'the picture' if pictures == 1 else f'{pictures} pictures'} that were looked at "
            "more closely)"
        )


def _of_tracks(wanted: Wanted, record: Record, people: People, found: Found) -> Iterator[str]:
    """Why the tracks and the people that are wanted are not there, or not the same."""
    theirs = {track for person in wanted.persons for track in people.tracks_of(person)}
    for track in wanted.tracks:
        if track > record["tracks"]:
            yield f"there is no track {track} in it, they end with {record['tracks']}"
        elif wanted.persons and track not in theirs:
            yield f"track {track} is {shown(people.names.get(track, 'nobody known'))}"
    for track, away in people.near(NEAR) if wanted.persons else ():
        if count := found(replace(wanted, persons=(), tracks=(track,))):
            near = f"is at {away:.2f} from somebody known, from {people.limit:g} on it has no name"
            yield _told("--track", track, count, near)
