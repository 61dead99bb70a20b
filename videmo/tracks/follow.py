"""Find a face in every frame from looks at some: follow it forwards, backwards, and across holes.

Pure: how a face is looked for in a picture is given by functions.

Looking at a whole picture costs as much as decoding ten. So it is done now and then only; between
two looks each face is searched near the place where it should be, in every third frame: if it is
there, the frames between are filled; if not, they are searched one by one. Offline the future is
known: a face that a look finds for the first time is followed back to the frame in which it
appeared, and a hole of a few frames between two sightings is filled.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from videmo.schema import Box, Detection
from videmo.tracks.match import Tracked, between

Picture = TypeVar("Picture")

SAME = 0.4
"""Intersection over union above which two boxes in one frame are one face."""
LONGEST_HOLE = 6
"""Frames in a row in which a followed face may be missed and filled in."""
UNCONFIRMED = 30
"""Frames for which a face is followed though looks miss it."""

LOOKS = 2
"""Looks that must see a face by themselves before others may leave it out."""

FORESIGHT = 3
"""Frames for which a face is taken to go on moving as it did."""


@dataclass(eq=False)
class _Tracklet:
    """What may be a face from frame to frame: believed once a detection of it was sure."""

    number: int
    believed: bool = False


@dataclass
class _Sighting:
    """A face in a frame."""

    detection: Detection
    tracklet: _Tracklet
    detected: bool

    @property
    def box(self) -> Box:
        return self.detection.box


@dataclass(eq=False)
class _Target:
    """A face followed in one direction: its last two sightings."""

    tracklet: _Tracklet
    last: int
    detection: Detection
    before: tuple[int, Box] | None = None
    confirmed: int = 0
    """The last frame in which a look saw it, or in which it surely was where it should be."""
    looks: int = 1
    """How many looks saw it."""

    @property
    def box(self) -> Box:
        return self.detection.box

    def expected(self, index: int) -> Box:
        """Where the face should be, if it moves on as between its last two sightings."""
        if self.before is None or abs(index - self.last) > FORESIGHT:
            return self.box
        frame, there = self.before
        share = (index - self.last) / (self.last - frame)
        x = self.box.x + round(share * (self.box.x + self.box.w / 2 - there.x - there.w / 2))
        y = self.box.y + round(share * (self.box.y + self.box.h / 2 - there.y - there.h / 2))
        return self.box._replace(x=x, y=y)

    def sight(self, index: int, found: Detection) -> None:
        self.before = (self.last, self.box)
        self.last, self.detection = index, found


@dataclass
class FaceFollower(Generic[Picture]):
    """Remembers the last pictures, and the faces followed through them.

    Give it each picture with `add`, and take those that are settled with `settled`; at the end of a
    shot, whose last picture should be looked at, with `rest`.
    """

    detect: Callable[[Picture, Sequence[Box]], list[Detection]]
    """Finds all faces in a picture but those in the boxes that it is given."""
    redetect: Callable[[Picture, Box], Detection | None]
    """Finds the face that should be at a place of a picture."""
    similar: Callable[[Picture, Box, Picture, Box], bool]
    """Whether two places of two pictures show the same."""
    sure: float
    """The confidence from which on one detection is enough to believe in a face."""
    memory: int
    """Pictures kept, and so the frames that a face may be followed back."""
    stride: int = 1
    """Frames from one search to the next, while a face is found each time."""
    mask_known: bool = True
    """Whether a look leaves out the faces that are surely where they should be, once two looks saw
    them: that saves half of it. Else it looks at them too, and what it finds comes first."""
    _count: int = 0
    _count_of_tracklets: int = 0
    _looked: int = 0
    """The last frame that was looked at."""
    _pictures: dict[int, Picture] = field(default_factory=dict)
    _faces: dict[int, list[_Sighting]] = field(default_factory=dict)
    _targets: list[_Target] = field(default_factory=list)

    def add(self, picture: Picture, due: bool) -> None:
        """The next picture; `due` says whether all of it is to be looked at."""
        index = self._count
        self._count += 1
        self._pictures[index] = picture
        self._faces[index] = []
        if due:
            self._looked = index
        elif (index - self._looked) % self.stride:
            return
        sure = self._meet_again(index) if due and self.mask_known else {}
        left = self.detect(picture, [found.box for found in sure.values()]) if due else []
        for target in list(self._targets):
            known = sure.get(id(target))
            if known is not None:
                target.confirmed = index
                goes_on = self._sight(target, index, known, detected=True)
            else:
                goes_on = self._go_on(target, index, left, due=due)
            if not goes_on:
                self._targets.remove(target)
        for found in left:
            if self._at(index, found.box) is None:
                self._begin(found, index)

    def settled(self) -> list[tuple[Picture, list[Tracked]]]:
        """Pictures that are no longer needed, with the faces in them, in order."""
        return self._given(max(0, len(self._pictures) - self.memory))

    def rest(self) -> list[tuple[Picture, list[Tracked]]]:
        """All pictures left; then everything is forgotten: what follows is another shot."""
        given = self._given(len(self._pictures))
        self._targets.clear()
        return given

    def _given(self, count: int) -> list[tuple[Picture, list[Tracked]]]:
        indexes = list(self._pictures)[:count]
        return [(self._pictures.pop(i), _believed(self._faces.pop(i))) for i in indexes]

    def _meet_again(self, index: int) -> dict[int, Detection]:
        """The targets whose faces are surely where they should be, by their identity."""
        picture = self._pictures[index]
        known = (target for target in self._targets if target.looks >= LOOKS)
        found = ((id(target), self.redetect(picture, target.expected(index))) for target in known)
        return {
            which: one for which, one in found if one is not None and one.confidence >= self.sure
        }

    def _go_on(self, target: _Target, index: int, left: list[Detection], due: bool) -> bool:
        """Find a face again; whether it is to be followed further."""
        expected = target.expected(index)
        found = max(left, key=lambda one: one.box.iou(expected), default=None)
        if found is not None and found.box.iou(expected) >= SAME:
            left.remove(found)
            target.confirmed = index
            target.looks += 1
            return self._sight(target, index, found, detected=True)
        if due and index - target.confirmed > UNCONFIRMED:
            return False
        return self._search(target, index) and index - target.last <= LONGEST_HOLE

    def _begin(self, found: Detection, index: int) -> None:
        """A face seen for the first time: follow it, and follow it back."""
        tracklet = self._new_tracklet(found.confidence >= self.sure)
        self._faces[index].append(_Sighting(found, tracklet, detected=True))
        self._targets.append(_Target(tracklet, index, found, confirmed=index))
        back = _Target(tracklet, index, found)
        first = next(iter(self._pictures))
        for earlier in (*range(index - self.stride, first, -self.stride), first):
            follow = earlier < index and self._search(back, earlier)
            if not follow or back.last - earlier > LONGEST_HOLE:
                return

    def _search(self, target: _Target, index: int) -> bool:
        """Search a face in a frame; if it is not there, in each up to it. False: it met another."""
        step = 1 if index > target.last else -1
        for frame in (index, *range(target.last + step, index + step, step)):
            if abs(frame - target.last) > LONGEST_HOLE + 1:
                break
            found = self.redetect(self._pictures[frame], target.expected(frame))
            if found is not None and not self._sight(target, frame, found):
                return False
            if target.last == index:
                break
        return True

    def _sight(
        self, target: _Target, index: int, found: Detection, *, detected: bool = False
    ) -> bool:
        """A face is found again: fill what lies between. False: another face is there already."""
        rival = self._at(index, found.box)
        self._fill(target, index, found)
        if rival is None:
            target.sight(index, found)
            target.tracklet.believed |= found.confidence >= self.sure
            self._faces[index].append(_Sighting(found, target.tracklet, detected))
        elif index > target.last:
            self._part(rival)
        return rival is None

    def _part(self, rival: _Sighting) -> None:
        """Two faces met in one place: which of them goes on from here, nobody knows."""
        tracklet = self._new_tracklet(rival.tracklet.believed)
        for target in self._targets:
            if target.tracklet is rival.tracklet:
                target.tracklet = tracklet
        rival.tracklet = tracklet

    def _new_tracklet(self, believed: bool) -> _Tracklet:
        self._count_of_tracklets += 1
        return _Tracklet(self._count_of_tracklets, believed)

    def _fill(self, target: _Target, index: int, found: Detection) -> None:
        """Fill the hole between the target's last sighting and a new one."""
        step = 1 if index > target.last else -1
        hole = range(target.last + step, index, step)
        if not hole or len(hole) > LONGEST_HOLE or target.last not in self._pictures:
            return
        for number, frame in enumerate(hole, 1):
            guess = between(target.detection, found, number / (len(hole) + 1))
            first = 2 * number <= len(hole)
            near, its = (target.last, target.box) if first else (index, found.box)
            picture = self._pictures[frame]
            if not self.similar(self._pictures[near], its, picture, guess.box):
                seen = self.redetect(picture, guess.box)
                if seen is None:
                    continue
                guess = seen
            if self._at(frame, guess.box) is None:
                self._faces[frame].append(_Sighting(guess, target.tracklet, detected=False))

    def _at(self, index: int, box: Box) -> _Sighting | None:
        """The face that is known at this place of a frame."""
        return next((one for one in self._faces[index] if one.box.iou(box) >= SAME), None)


def _believed(faces: list[_Sighting]) -> list[Tracked]:
    return sorted(
        Tracked(one.detection, one.tracklet.number, one.detected)
        for one in faces
        if one.tracklet.believed
    )
