"""What corrections made of each moment that the scan found: none of its time is lost. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from videmo.moments import Moment
from videmo.spans import left_of, overlap


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
        else sum(b - a for a, b in left_of(moment, there[moment.track]))
        for moment in found
    ]


def _place(moment: Moment) -> tuple[int, str, float, float]:
    return moment.track, moment.emotion, moment.start, moment.end
