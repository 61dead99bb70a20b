"""Moments after corrections as parts of time: none of it counts twice, and none is lost. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from videmo.moments import Ends, Moment
from videmo.review import overlap

SHORTEST = 5e-4
"""Seconds; times have three digits."""


def apart(found: Iterable[Moment], moments: Iterable[Moment]) -> list[Moment]:
    """The moments of each track so that none lies over another one: where somebody changed one,
    it holds, and what was found there before gives way. In order of time.

    Args:
        found: the moments as the scan found them.
        moments: the same after corrections.
    """
    before = {_place(moment) for moment in found}
    every = sorted(moments, key=lambda moment: _place(moment) in before)
    taken: dict[int, list[Ends]] = defaultdict(list)
    parts = []
    for moment in every:
        ends = left_of(moment, taken[moment.track])
        parts += [moment._replace(start=start, end=end) for start, end in ends]
        if _place(moment) not in before:
            taken[moment.track].append(Ends(moment.start, moment.end))
    return sorted(parts, key=lambda part: (part.start, part.track))


def left_of(moment: Moment, taken: Iterable[Ends]) -> list[Ends]:
    """What is left of a moment's time without stretches that are `taken`."""
    left = [Ends(moment.start, moment.end)]
    for start, end in taken:
        sides = [((a, min(b, start)), (max(a, end), b)) for a, b in left]
        left = [Ends(a, b) for pair in sides for a, b in pair if b - a > SHORTEST]
    return left


def hosts(found: Sequence[Moment], parts: Sequence[Moment]) -> list[int | None]:
    """For each of `parts`, by its index, the moment of its track that was found where most of it
    lies; None: there was none."""
    same = {_place(moment): index for index, moment in enumerate(found)}
    of_track: dict[int, list[int]] = defaultdict(list)
    for index, moment in enumerate(found):
        of_track[moment.track].append(index)
    of_parts: list[int | None] = []
    for part in parts:
        host = same.get(_place(part))
        if host is None:
            over = {index: overlap(found[index], part) for index in of_track[part.track]}
            most = max(over, key=over.__getitem__, default=None)
            host = most if most is not None and over[most] > 0 else None
        of_parts.append(host)
    return of_parts


def unsaid(found: Sequence[Moment], parts: Iterable[Moment]) -> list[float]:
    """Seconds of each moment that was found of which nothing is said any more."""
    there: dict[int, list[Moment]] = defaultdict(list)
    for part in parts:
        there[part.track].append(part)
    same = {_place(part) for these in there.values() for part in these}
    return [
        0.0
        if _place(moment) in same
        else sum(b - a for a, b in left_of(moment, _ends(there[moment.track])))
        for moment in found
    ]


def _ends(parts: Iterable[Moment]) -> list[Ends]:
    return [Ends(part.start, part.end) for part in parts]


def _place(moment: Moment) -> tuple[int, str, float, float]:
    return moment.track, moment.emotion, moment.start, moment.end
