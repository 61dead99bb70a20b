"""Find a face in every frame from looks at some: interpolate it between two, look closer in doubt.

Pure: how a picture is looked at is given by a function.

Offline the future is known: of two looks some frames apart, each face of the one is found in the
other, and what lies between is interpolated. Where that would be a guess (a face that comes or
goes, that moves far, that two could be, or that does not look alike half-way), the frame in the
middle is looked at, too, and so on down to the frame on which a face appears.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from videmo.schema import Box, Detection
from videmo.tracks.match import Matches, Tracked, between, match

Picture = TypeVar("Picture")

STEADY = 0.4
"""Intersection over union of a face in two looks, above which it moved so little that it may be
interpolated."""


@dataclass
class FaceInterpolator(Generic[Picture]):
    """Remembers the pictures since the last look, and who was seen in it.

    Give it each picture with `add`, and take those that are settled with `settled`; at the end of a
    shot, whose last picture should be looked at, with `rest`.
    """

    detect: Callable[[Picture], list[Detection]]
    """Finds all faces in a picture."""
    similar: Callable[[Picture, Box, Picture, Box], bool]
    """Whether two places of two pictures show the same."""
    sure: float
    """The confidence from which on a face that comes or goes is worth another look."""
    _pictures: dict[int, Picture] = field(default_factory=dict)
    _faces: dict[int, list[Tracked]] = field(default_factory=dict)
    _count: int = 0
    _looked: int | None = None
    """The last picture that was looked at."""
    _tracklets: int = 0

    def add(self, picture: Picture, due: bool) -> None:
        """The next picture; `due` says whether it is to be looked at."""
        index = self._count
        self._count += 1
        self._pictures[index] = picture
        if not due:
            return
        found = self.detect(picture)
        if self._looked is None:
            self._faces[index] = [self._new(one) for one in found]
        else:
            self._bridge(self._looked, index, found)
        self._looked = index

    def settled(self) -> list[tuple[Picture, list[Tracked]]]:
        """Pictures that are no longer needed, with the faces in them, in order."""
        return self._given(self._looked if self._looked is not None else 0)

    def rest(self) -> list[tuple[Picture, list[Tracked]]]:
        """All pictures left; then everything is forgotten: what follows is another shot."""
        given = self._given(self._count)
        self._looked = None
        return given

    def _given(self, end: int) -> list[tuple[Picture, list[Tracked]]]:
        indexes = [index for index in self._pictures if index < end]
        return [(self._pictures.pop(i), self._sorted(self._faces.pop(i, []))) for i in indexes]

    @staticmethod
    def _sorted(faces: list[Tracked]) -> list[Tracked]:
        return sorted(faces, key=lambda face: (face.detection.box, face.tracklet))

    def _new(self, found: Detection) -> Tracked:
        self._tracklets += 1
        return Tracked(found, self._tracklets, detected=True)

    def _bridge(self, first: int, last: int, found: list[Detection]) -> None:
        """Say who is who of those `found` in the picture `last`, and where they were before."""
        old = self._faces[first]
        matches = match([face.detection.box for face in old], [one.box for one in found])
        if last - first > 1 and self._doubtful(first, last, found, matches):
            middle = (first + last) // 2
            self._bridge(first, middle, self.detect(self._pictures[middle]))
            self._bridge(middle, last, found)
            return
        for index in range(first + 1, last):
            share = (index - first) / (last - first)
            self._faces[index] = [
                Tracked(between(old[i].detection, found[j], share), old[i].tracklet, detected=False)
                for j, i in matches.pairs.items()
            ]
        self._faces[last] = [
            Tracked(one, old[matches.pairs[j]].tracklet, detected=True)
            if j in matches.pairs
            else self._new(one)
            for j, one in enumerate(found)
        ]

    def _doubtful(self, first: int, last: int, found: list[Detection], matches: Matches) -> bool:
        """Whether what lies between two looks would be a guess."""
        old = [face.detection for face in self._faces[first]]
        gone = (one for i, one in enumerate(old) if i not in matches.pairs.values())
        come = (one for j, one in enumerate(found) if j not in matches.pairs)
        if matches.unsure or any(one.confidence >= self.sure for one in (*gone, *come)):
            return True
        middle = (first + last) // 2
        share = (middle - first) / (last - first)
        return not all(
            self._steady(first, middle, old[i], found[j], share) for j, i in matches.pairs.items()
        )

    def _steady(
        self, first: int, middle: int, old: Detection, new: Detection, share: float
    ) -> bool:
        """Whether a face moved little, and is half-way where it should be."""
        if old.box.iou(new.box) < STEADY:
            return False
        box = between(old, new, share).box
        return self.similar(self._pictures[first], old.box, self._pictures[middle], box)
