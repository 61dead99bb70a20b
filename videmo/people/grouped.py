"""Put together the tracks of all movies that look alike, and tell which of them only just do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from videmo.people.decide import Groups, Joined, Verdict, mean_distances
from videmo.people.described import Track
from videmo.schema import ROUNDING

LOWER = 4
"""Limits that are tried, one 0.01 below the other, for one that parts two."""

Places = dict[tuple[int, int], int]
"""The number of the group of each track, which is told by the numbers of its movie and its own."""


@dataclass(frozen=True)
class Doubt:
    """Somebody who may be two people: tracks that were put together only just."""

    person: str
    one: list[tuple[str, int]]
    """The name of the movie and the number of each track."""
    other: list[tuple[str, int]]
    distance: float
    """How unlike these are to those, on average."""
    parting: float | None
    """A limit at which they are not put together; None: none near it does so."""


class Grouped(NamedTuple):
    """Who is who by likeness."""

    verdicts: list[dict[int, Verdict]]
    """Of the tracks of each movie."""
    names: list[str]
    """Those seen longest first."""
    doubts: dict[str, tuple[Joined, float | None]]
    """What holds people together only just, and a limit that parts it."""


def by_likeness(movies: Sequence[Sequence[Track]], distance: float, min_seconds: float) -> Grouped:
    """Group the tracks of all movies, and name the groups that are seen for long enough."""
    groups = _grouped(movies, distance)
    lengths = [sum(member.track.seconds for member in group) for group in groups.members]
    ranked = sorted(range(len(lengths)), key=lambda index: (-round(lengths[index], 3), index))
    long_enough = [index for index in ranked if lengths[index] >= min_seconds - ROUNDING]
    names = {index: f"person-{place}" for place, index in enumerate(long_enough, 1)}
    verdicts = [{track.number: Verdict("", None) for track in tracks} for tracks in movies]
    for index, group in enumerate(groups.members):
        for member, mean in zip(group, mean_distances(group), strict=True):
            verdicts[member.movie][member.track.number] = Verdict(names.get(index, ""), mean)
    at = cache(lambda limit: _places(_grouped(movies, limit)))  # few: limits have two digits
    doubts = groups.doubts
    just = {
        name: (joined, _parting(joined, at))
        for index, name in names.items()
        if (joined := doubts[index])
    }
    return Grouped(verdicts, list(names.values()), just)


def _grouped(movies: Sequence[Sequence[Track]], distance: float) -> Groups:
    groups = Groups(distance)
    for index, tracks in enumerate(movies):
        groups.add(index, tracks)
    return groups


def _places(groups: Groups) -> Places:
    """In which group each track is; the groups themselves, with all their distances, may go."""
    return {
        (member.movie, member.track.number): place
        for place, group in enumerate(groups.members)
        for member in group
    }


def _parting(joined: Joined, at: Callable[[float], Places]) -> float | None:
    """A limit at which no group has tracks of both parts; `at` says where they are then."""
    limits = (round(joined.parting - step / 100, 2) for step in range(LOWER))
    for limit in (one for one in limits if one > 0):
        places = at(limit)
        one, other = (
            {places[member.movie, member.track.number] for member in part}
            for part in (joined.one, joined.other)
        )
        if one.isdisjoint(other):
            return limit
    return None


def doubts_of(doubts: dict[str, tuple[Joined, float | None]], movies: Sequence[str]) -> list[Doubt]:
    """The doubts in words of `movies`, their names."""
    found = []
    for person, (joined, parting) in doubts.items():
        one, other = (
            [(movies[member.movie], member.track.number) for member in part]
            for part in (joined.one, joined.other)
        )
        found.append(Doubt(person, one, other, joined.distance, parting))
    return found
