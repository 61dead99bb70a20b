"""What people say of a movie's moments, and how something more is said. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

CONFIRMED, REMOVED = "confirmed", "removed"
VERDICTS = ("", CONFIRMED, REMOVED)
SHARE = 0.5
"""How much of a stretch must lie in a correction's for it to be about this stretch."""


class Key(NamedTuple):
    """Of which moment something is said, as the scan found it."""

    track: int
    emotion: str
    start: float
    end: float


class Fix(NamedTuple):
    """What somebody says of one moment."""

    of: Key
    verdict: str = ""
    """`CONFIRMED`, `REMOVED`, or nothing."""
    emotion: str = ""
    """Which it has; empty: that which the scan found."""
    start: float | None = None
    end: float | None = None
    """Where it begins and ends; None: where the scan found."""
    note: str = ""

    @property
    def says(self) -> bool:
        """Whether anything is said at all."""
        return self._replace(of=Key(0, "", 0, 0)) != Fix(Key(0, "", 0, 0))


class TrackName(NamedTuple):
    """Who a track is. `start` and `end` are where it is seen: in another scan the same number may
    be somebody else."""

    track: int
    start: float
    end: float
    person: str

    def shares(self, start: float, end: float) -> float:
        """Seconds that a stretch of a track of this number shares; 0: the name is not about it."""
        both = min(end, self.end) - max(start, self.start)
        return both if both > SHARE * min(end - start, self.end - self.start) else 0.0


@dataclass(frozen=True)
class Review:
    """All corrections of one movie."""

    fixes: tuple[Fix, ...] = ()
    tracks: tuple[TrackName, ...] = ()
    persons: Mapping[str, str] | None = None
    """What somebody is called instead; two who are called the same are one."""

    def __bool__(self) -> bool:
        return bool(self.fixes or self.tracks or self.persons)


def with_fix(review: Review, fix: Fix) -> Review:
    """The review with `fix` in place of what was said of the same moment; one that says nothing
    takes that away."""
    others = tuple(one for one in review.fixes if one.of != fix.of)
    every = (*others, fix) if fix.says else others
    return replace(review, fixes=tuple(sorted(every, key=lambda f: (f.of.start, f.of))))


def with_track(review: Review, named: TrackName) -> Review:
    """The review with a name for a track; an empty one takes it away. One of the same number that
    was seen at another time, in another scan, keeps its name."""
    others = tuple(
        one
        for one in review.tracks
        if one.track != named.track or not one.shares(named.start, named.end)
    )
    every = (*others, named) if named.person else others
    return replace(review, tracks=tuple(sorted(every)))


def with_person(review: Review, was: str, now: str, scanned: Collection[str] = ()) -> Review:
    """The review in which whoever is called `was` is called `now`; if somebody is already, they are
    one from now on.

    `scanned` are the names that the scan itself has. One that only corrections gave leaves no
    trace: it would rename whoever is found later, and is really called so.
    """
    given = {*(review.persons or {}).values(), *(t.person for t in review.tracks)}
    persons = {a: now if b == was else b for a, b in (review.persons or {}).items()}
    if was in scanned or was not in given:
        persons[was] = now
    tracks = (t._replace(person=now) if t.person == was else t for t in review.tracks)
    kept = {a: b for a, b in persons.items() if a != b}
    return replace(review, tracks=tuple(tracks), persons=kept or None)


def shifted(review: Review, seconds: float) -> Review:
    """The review for another cut of the movie, in which everything lies so much later."""

    def later(time: float) -> float:
        return round(time + seconds, 3)  # as a table's times

    def moved(fix: Fix) -> Fix:
        of = fix.of._replace(start=later(fix.of.start), end=later(fix.of.end))
        start, end = (None if time is None else later(time) for time in (fix.start, fix.end))
        return fix._replace(of=of, start=start, end=end)

    tracks = (t._replace(start=later(t.start), end=later(t.end)) for t in review.tracks)
    return replace(review, fixes=tuple(map(moved, review.fixes)), tracks=tuple(tracks))
