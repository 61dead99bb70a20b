"""Make tracks of the tracklets of a movie's chunks: across chunks, and across holes. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from videmo.schema import Box
from videmo.tracks.match import match

VELOCITY_MEMORY = 0.7
"""How slowly the estimate of a face's movement follows what is seen, 0 to 1."""


@dataclass(eq=False)
class _Alive:
    """A track that may go on."""

    track: int
    box: Box
    time: float
    missed: float | None = None
    """Time of the first frame since then in which it was not seen."""
    dx: float = 0.0
    dy: float = 0.0

    def expected(self, time: float) -> Box:
        """Where the face should be at `time`, if it moves on as it did."""
        ahead = time - self.time
        x, y = round(self.box.x + self.dx * ahead), round(self.box.y + self.dy * ahead)
        return Box(x, y, self.box.w, self.box.h)

    def seen(self, box: Box, time: float) -> None:
        passed = time - self.time
        if passed > 0:
            dx = (box.x + box.w / 2 - self.box.x - self.box.w / 2) / passed
            dy = (box.y + box.h / 2 - self.box.y - self.box.h / 2) / passed
            self.dx = VELOCITY_MEMORY * self.dx + (1 - VELOCITY_MEMORY) * dx
            self.dy = VELOCITY_MEMORY * self.dy + (1 - VELOCITY_MEMORY) * dy
        self.box, self.time, self.missed = box, time, None


class TrackJoiner:
    """Gives each face the number of its track. Remembers the tracks that may go on.

    Whom a tracklet belongs to, the tracker has said. A new tracklet goes on with the track of one
    that has ended where it begins. A track ends at a cut, after `gap` seconds of frames without a
    sighting, and where its face and another could be mixed up.
    """

    def __init__(self, gap: float) -> None:
        self.gap = gap
        self._before = 0.0
        """Time of the frame before."""
        self._alive: list[_Alive] = []
        self._of_tracklet: dict[int, _Alive] = {}
        self._count = 0

    def begin_chunk(self) -> None:
        """Tracklets are numbered anew from here on."""
        self._of_tracklet.clear()

    def join(
        self, time: float, boxes: Sequence[Box], tracklets: Sequence[int], cut: bool = False
    ) -> list[int]:
        """The track, from 1, of each of `boxes`, found at `time` (seconds, rising)."""
        if cut:
            self._alive = []
        self._alive = [a for a in self._alive if self._unseen(a, time) <= self.gap]
        there = set(self._alive)
        known = [self._of_tracklet.get(n) for n in tracklets]
        owners = [a if a in there else None for a in known]
        taken = set(owners)
        expected = [a.expected(time) for a in self._alive]
        new = [i for i, owner in enumerate(owners) if owner is None]
        found = match(expected, [boxes[i] for i in new])
        unsure = {self._alive[i] for i in found.unsure} - taken
        for j, i in found.pairs.items():
            if self._alive[i] not in taken:
                owners[new[j]] = self._alive[i]
        self._alive = [a for a in self._alive if a not in unsure]
        numbers = [
            self._go_on(owner, tracklet, box, time).track
            for owner, tracklet, box in zip(owners, tracklets, boxes, strict=True)
        ]
        for a in self._alive:
            if a.time < time and a.missed is None:
                a.missed = time
        self._before = time
        return numbers

    def _unseen(self, a: _Alive, time: float) -> float:
        """Seconds of frames without a sighting; the last one counts for no more than the gap,
        however long it was shown: see `videmo.runs`."""
        if a.missed is None:
            return 0.0
        return self._before - a.missed + min(time - self._before, self.gap)

    def _go_on(self, owner: _Alive | None, tracklet: int, box: Box, time: float) -> _Alive:
        if owner is None:
            self._count += 1
            owner = _Alive(self._count, box, time)
            self._alive.append(owner)
        else:
            owner.seen(box, time)
        if self._of_tracklet.get(tracklet) is not owner:
            # Whose track it was until now does not get it back: it would be in a frame twice.
            theirs = [n for n, a in self._of_tracklet.items() if a is owner]
            for n in theirs:
                del self._of_tracklet[n]
            self._of_tracklet[tracklet] = owner
        return owner
