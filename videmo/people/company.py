"""Name tracks that are nearly near enough to somebody by those that they are like. Pure.

A picture shows somebody from one side; a track of the same face in other light may be just too far
from it, and much like other tracks that are near enough.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from videmo.people.decide import Groups, Member, Verdict
from videmo.people.described import Track
from videmo.schema import DEFAULT_DISTANCE

FARTHER = 0.05
"""By so much a track may be farther from the nearest picture than it may be by itself: up to 0.6,
dlib's own limit for two pictures."""
SURE = 2
"""So many tracks of its group must be of the person by themselves."""
MOST = 2000
"""Sure tracks of one person that are looked at: groups take memory by the square."""

Verdicts = Sequence[Mapping[int, Verdict]]


def by_company(
    movies: Sequence[Sequence[Track]], verdicts: Verdicts, distance: float = DEFAULT_DISTANCE
) -> list[dict[int, Verdict]]:
    """The verdicts of `nearest` on the tracks of each movie, and more tracks named.

    A track is named that is nearly near enough to a person, and in one group (see `Groups`) with
    `SURE` tracks or more of that person, unless it shares a frame with the person.
    """
    found = [dict(of_movie) for of_movie in verdicts]
    every = [Member(index, track) for index, tracks in enumerate(movies) for track in tracks]
    nearly: dict[str, list[Member]] = {}
    for member in every:
        verdict = found[member.movie][member.track.number]
        if verdict.nearly and (verdict.distance or 0.0) < distance + FARTHER:
            nearly.setdefault(verdict.nearly, []).append(member)
    for name, unsure in nearly.items():
        sure = [m for m in every if found[m.movie][m.track.number].person == name]
        sure.sort(key=lambda member: -member.track.seconds)
        _name(name, unsure, sure, found, distance)
    return found


def _name(
    name: str,
    unsure: Sequence[Member],
    sure: Sequence[Member],
    found: Sequence[dict[int, Verdict]],
    distance: float,
) -> None:
    """Name those of the `unsure` that belong to the `sure`, the nearest to the pictures first."""
    taken = {(member.movie, member.track.number) for member in sure}
    away = {id(m.track): found[m.movie][m.track.number].distance or 0.0 for m in unsure}
    for group in _groups([*sure[:MOST], *unsure], distance):
        if sum((m.movie, m.track.number) in taken for m in group) < SURE:
            continue
        ours = [member for member in group if id(member.track) in away]
        for movie, track in sorted(ours, key=lambda member: away[id(member.track)]):
            if not any((movie, other) in taken for other in track.beside):
                taken.add((movie, track.number))
                found[movie][track.number] = Verdict(name, away[id(track)])


def _groups(members: Sequence[Member], distance: float) -> list[list[Member]]:
    groups = Groups(distance)
    for movie in sorted({member.movie for member in members}):
        groups.add(movie, [member.track for member in members if member.movie == movie])
    return groups.members
