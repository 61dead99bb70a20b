"""Decide who a track is: the nearest known person, or the tracks that it is like. Pure.

How far apart embeddings of one person may be, `DEFAULT_DISTANCE` (Euclidean, of 128 numbers), comes
from dlib's own limit for two pictures, 0.6, with which it is right about 99.38 % of the pairs of
Labeled Faces in the Wild. The mean of a track's faces lies nearer to everything than each of them
does: on real clips, 0.6 from face to face is 0.55 from mean to face. Measured there (a test does so
anew): the tracks of the man whose picture is known are at 0.35, 0.42 and 0.55 from it with `haar`,
at 0.35 and 0.52 with `yunet`; to the picture of a man who is not there the nearest is at 0.65, and
at 0.68. A track that is just too far may be named by its company, see `company`. Of pairs of
different people in small grey pictures (600 of FER-2013, one picture each: the worst case) 1.0 %
are nearer than 0.55, 2.6 % than 0.6.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from videmo.people.described import Track
from videmo.schema import DEFAULT_DISTANCE

CLOSE = 0.05
"""Groups that were put together at a distance this near to the limit may be two people."""
DIGITS_OFF = 1e-6
"""By so much a distance may be off in its last digits."""


class Verdict(NamedTuple):
    """Who a track is."""

    person: str
    """Empty: nobody."""
    distance: float | None
    """To the nearest known person, or the mean one to the other tracks of its group; None where
    there is nothing to compare."""
    nearly: str = ""
    """The known person to whom that distance is, where it is too far."""


def nearest(
    tracks: Sequence[Track], known: Mapping[str, np.ndarray], distance: float = DEFAULT_DISTANCE
) -> dict[int, Verdict]:
    """The known person of each track of a movie: the nearest, if near enough.

    `known` are the embeddings, (n, 128), of each person's pictures. Nobody is in two places at
    once: of two tracks in one frame, the nearer one is the person, and the other one nobody.
    """
    best: dict[int, Verdict] = {}
    for track in tracks:
        ways = {name: closest([track], embeddings) for name, embeddings in known.items()}
        away, name = min(
            ((way, name) for name, way in ways.items() if way is not None), default=(None, "")
        )
        best[track.number] = Verdict(name, away)
    beside = {track.number: track.beside for track in tracks}
    taken: dict[str, set[int]] = {name: set() for name in known}
    for number in sorted(best, key=lambda number: (best[number].distance or 0.0, number)):
        name, away, _ = best[number]
        if away is None:
            continue
        if taken[name] & beside[number]:
            best[number] = Verdict("", away)
        elif away >= distance:
            best[number] = Verdict("", away, name)
        else:
            taken[name].add(number)
    return best


def closest(tracks: Sequence[Track], embeddings: np.ndarray) -> float | None:
    """The distance of the nearest of `tracks` to the nearest of `embeddings`, (n, 128)."""
    known = [track.embedding for track in tracks if track.embedding is not None]
    return float(np.sqrt(_squared(np.array(known), embeddings).min())) if known else None


class Member(NamedTuple):
    """A track of one of several movies."""

    movie: int
    track: Track


class Joined(NamedTuple):
    """Two groups that became one."""

    distance: float
    """How unlike they were, on average."""
    one: tuple[Member, ...]
    other: tuple[Member, ...]

    @property
    def parting(self) -> float:
        """A limit, of two digits, at which these two are not joined. Others are, first, and may
        put them together in another way."""
        return math.floor(100 * (self.distance - DIGITS_OFF)) / 100


class Groups:
    """Tracks of several movies, put together while they are alike. Remembers them from movie to
    movie.

    Agglomerative clustering: the two nearest groups are joined, as long as the distance between
    their tracks is under `distance` on average (the root of the mean square); never if tracks of
    theirs share a frame.
    """

    def __init__(self, distance: float = DEFAULT_DISTANCE) -> None:
        self._limit = distance**2
        self.members: list[list[Member]] = []
        self._farthest: list[Joined | None] = []
        """Of each, which of its parts were the least alike when they were put together."""
        self._means = np.zeros((0, 0))
        """(groups, 128) the mean look of each."""
        self._away = np.zeros((0, 0))
        """(groups, groups) mean squared distances; infinite where they cannot be one person."""

    def add(self, movie: int, tracks: Sequence[Track]) -> None:
        """Put the tracks of a movie to the groups, and join what is alike."""
        new = [track for track in tracks if track.embedding is not None]
        if not new:
            return
        embeddings = np.array([track.embedding for track in new])
        apart = [[b.number in a.beside or a is b for b in new] for a in new]
        among = np.where(apart, np.inf, _squared(embeddings, embeddings))
        if self.members:
            # The mean squared distance to a group is that to its mean, and its own spread.
            across = _squared(self._means, embeddings) + self._spreads()[:, None]
            self._away = np.block([[self._away, across], [across.T, among]])
            self._means = np.concatenate([self._means, embeddings])
        else:
            self._away, self._means = among, embeddings
        self.members += [[Member(movie, track)] for track in new]
        self._farthest += [None] * len(new)
        self._join()

    @property
    def doubts(self) -> list[Joined | None]:
        """For each group what holds it together only just: `CLOSE` to the limit; None: nothing."""
        least = math.sqrt(self._limit) - CLOSE
        return [one if one and one.distance >= least else None for one in self._farthest]

    def _spreads(self) -> np.ndarray:
        """The mean squared distance of each group's tracks to their mean."""
        return np.array(
            [
                np.mean(_squared(np.array([m.track.embedding for m in group]), mean[None]))
                for group, mean in zip(self.members, self._means, strict=True)
            ]
        )

    def _join(self) -> None:
        away, alive = self._away, np.ones(len(self.members), bool)
        near = away.argmin(axis=1)
        while True:
            rows = np.flatnonzero(alive)
            one = int(rows[away[rows, near[rows]].argmin()])
            other = int(near[one])
            if not away[one, other] < self._limit:
                break
            one, other = min(one, other), max(one, other)
            self._remember(one, other, math.sqrt(away[one, other]))
            a, b = len(self.members[one]), len(self.members[other])
            # Lance and Williams, 1967: the mean over the joined group; infinite stays infinite.
            away[one] = (a * away[one] + b * away[other]) / (a + b)
            away[one, one] = np.inf
            away[:, one] = away[one]
            away[other], away[:, other] = np.inf, np.inf
            self._means[one] = (a * self._means[one] + b * self._means[other]) / (a + b)
            self.members[one] += self.members[other]
            alive[other] = False
            changed = alive & (
                (near == one) | (near == other) | (away[one] < away[np.arange(len(alive)), near])
            )
            changed[one] = True
            for row in np.flatnonzero(changed):
                near[row] = int(away[row].argmin())
        self._away = away[np.ix_(alive, alive)]
        self._means = self._means[alive]
        rows = np.flatnonzero(alive)
        self.members = [self.members[row] for row in rows]
        self._farthest = [self._farthest[row] for row in rows]

    def _remember(self, one: int, other: int, distance: float) -> None:
        """Keep how far apart the parts are of what is about to be one group, if nothing in them
        was farther apart."""
        now = Joined(distance, tuple(self.members[one]), tuple(self.members[other]))
        before = (self._farthest[one], self._farthest[other])
        self._farthest[one] = max((now, *filter(None, before)), key=lambda join: join.distance)


def mean_distances(group: Sequence[Member]) -> list[float | None]:
    """For each track of a group its mean distance to the others; None: there are none."""
    if len(group) == 1:
        return [None]
    embeddings = np.array([member.track.embedding for member in group])
    ways = np.sqrt(_squared(embeddings, embeddings))
    np.fill_diagonal(ways, 0.0)
    return [float(mean) for mean in ways.sum(axis=1) / (len(group) - 1)]


def _squared(these: np.ndarray, those: np.ndarray) -> np.ndarray:
    """Squared distances of each of `these` (n, 128) to each of `those` (m, 128): (n, m)."""
    products = these @ those.T
    squares = (these**2).sum(axis=1)[:, None] + (those**2).sum(axis=1)[None] - 2 * products
    return np.asarray(np.maximum(squares, 0.0))
