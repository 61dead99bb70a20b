"""Who is who from one frame to the next: link boxes by overlap. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from videmo.schema import Box

LEAST_OVERLAP = 0.3
"""Intersection over union above which two boxes may be one face."""
RIVAL_OVERLAP = 0.5
"""A second candidate that overlaps so much of what the best one does makes a link unsure."""
VELOCITY_MEMORY = 0.7
"""How slowly the estimate of a face's movement follows what is seen, 0 to 1."""


@dataclass
class _Alive:
    """A track that may go on."""

    track: int
    box: Box
    time: float
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
        self.box, self.time = box, time


class Linker:
    """Gives each face the number of its track. Remembers the tracks that may go on.

    A track ends at a cut, after `gap` seconds without a sighting, and wherever two faces come so
    near each other that they could be mixed up: two tracks of one person are a smaller harm than
    one track of two.
    """

    def __init__(self, gap: float) -> None:
        self.gap = gap
        self._alive: list[_Alive] = []
        self._count = 0

    def link(self, time: float, boxes: list[Box], cut: bool = False) -> list[int]:
        """The track, from 1, of each of `boxes`, found at `time` (seconds, rising)."""
        if cut:
            self._alive = []
        self._alive = [a for a in self._alive if time - a.time <= self.gap]
        pairs = self._pairs(time, boxes)
        unsure = self._unsure(pairs)
        self._alive = [a for a in self._alive if a not in unsure]
        tracks = [0] * len(boxes)
        taken: set[int] = set()
        for _, old, new in pairs:
            if old in unsure or tracks[new] or old.track in taken:
                continue
            old.seen(boxes[new], time)
            tracks[new] = old.track
            taken.add(old.track)
        for new, box in enumerate(boxes):
            if not tracks[new]:
                self._count += 1
                tracks[new] = self._count
                self._alive.append(_Alive(self._count, box, time))
        return tracks

    def _pairs(self, time: float, boxes: list[Box]) -> list[tuple[float, _Alive, int]]:
        """Tracks and boxes that may belong together, the most overlapping first."""
        pairs = [
            (old.expected(time).overlap(box), old, new)
            for old in self._alive
            for new, box in enumerate(boxes)
        ]
        pairs = [pair for pair in pairs if pair[0] >= LEAST_OVERLAP]
        return sorted(pairs, key=lambda pair: (-pair[0], pair[1].track, pair[2]))

    def _unsure(self, pairs: list[tuple[float, _Alive, int]]) -> list[_Alive]:
        """Tracks that compete for one box nearly alike."""
        best: dict[int, tuple[float, _Alive]] = {}
        unsure: list[_Alive] = []
        for shared, old, new in pairs:
            first = best.setdefault(new, (shared, old))
            if first[1] is not old and shared >= RIVAL_OVERLAP * first[0]:
                unsure += [first[1], old]
        return unsure
