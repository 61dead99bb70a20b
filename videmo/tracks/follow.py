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
class _Face:
    """What may be a face: believed once a detection of it was sure."""

    tracklet: int
    believed: bool = False


@dataclass
class _Sighting:
    """A face in a frame."""

    detection: Detection
    face: _Face
    detected: bool

    @property
    def box(self) -> Box:
        return self.detection.box


@dataclass(eq=False)
class _Tracklet:
    """A face followed in one direction: its last two sightings."""

    face: _Face
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
    _count_of_faces: int = 0
    _looked: int = 0
    """The last frame that was looked at."""
    _pictures: dict[int, Picture] = field(default_factory=dict)
    _faces: dict[int, list[_Sighting]] = field(default_factory=dict)
    _tracklets: list[_Tracklet] = field(default_factory=list)

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
        for tracklet in list(self._tracklets):
            known = sure.get(id(tracklet))
            if known is not None:
                tracklet.confirmed = index
                goes_on = self._sight(tracklet, index, known, detected=True)
            else:
                goes_on = self._go_on(tracklet, index, left, due=due)
            if not goes_on:
                self._tracklets.remove(tracklet)
        for found in left:
            if self._at(index, found.box) is None:
                self._begin(found, index)

    def settled(self) -> list[tuple[Picture, list[Tracked]]]:
        """Pictures that are no longer needed, with the faces in them, in order."""
        return self._given(max(0, len(self._pictures) - self.memory))

    def rest(self) -> list[tuple[Picture, list[Tracked]]]:
        """All pictures left; then everything is forgotten: what follows is another shot."""
        given = self._given(len(self._pictures))
        self._tracklets.clear()
        return given

    def _given(self, count: int) -> list[tuple[Picture, list[Tracked]]]:
        indexes = list(self._pictures)[:count]
        return [(self._pictures.pop(i), _believed(self._faces.pop(i))) for i in indexes]

    def _meet_again(self, index: int) -> dict[int, Detection]:
        """The tracklets whose faces are surely where they should be, by their identity."""
        picture = self._pictures[index]
        known = (tracklet for tracklet in self._tracklets if tracklet.looks >= LOOKS)
        found = (
            (id(tracklet), self.redetect(picture, tracklet.expected(index))) for tracklet in known
        )
        return {
            which: one for which, one in found if one is not None and one.confidence >= self.sure
        }

    def _go_on(self, tracklet: _Tracklet, index: int, left: list[Detection], due: bool) -> bool:
        """Find a face again; whether it is to be followed further."""
        expected = tracklet.expected(index)
        found = max(left, key=lambda one: one.box.iou(expected), default=None)
        if found is not None and found.box.iou(expected) >= SAME:
            left.remove(found)
            tracklet.confirmed = index
            tracklet.looks += 1
            return self._sight(tracklet, index, found, detected=True)
        if due and index - tracklet.confirmed > UNCONFIRMED:
            return False
        return self._search(tracklet, index) and index - tracklet.last <= LONGEST_HOLE

    def _begin(self, found: Detection, index: int) -> None:
        """A face seen for the first time: follow it, and follow it back."""
        face = self._new_face(found.confidence >= self.sure)
        self._faces[index].append(_Sighting(found, face, detected=True))
        self._tracklets.append(_Tracklet(face, index, found, confirmed=index))
        back = _Tracklet(face, index, found)
        first = next(iter(self._pictures))
        for earlier in (*range(index - self.stride, first, -self.stride), first):
            follow = earlier < index and self._search(back, earlier)
            if not follow or back.last - earlier > LONGEST_HOLE:
                return

    def _search(self, tracklet: _Tracklet, index: int) -> bool:
        """Search a face in a frame; if it is not there, in each up to it. False: it met another."""
        step = 1 if index > tracklet.last else -1
        for frame in (index, *range(tracklet.last + step, index + step, step)):
            if abs(frame - tracklet.last) > LONGEST_HOLE + 1:
                break
            found = self.redetect(self._pictures[frame], tracklet.expected(frame))
            if found is not None and not self._sight(tracklet, frame, found):
                return False
            if tracklet.last == index:
                break
        return True

    def _sight(
        self, tracklet: _Tracklet, index: int, found: Detection, *, detected: bool = False
    ) -> bool:
        """A face is found again: fill what lies between. False: another face is there already."""
        rival = self._at(index, found.box)
        self._fill(tracklet, index, found)
        if rival is None:
            tracklet.sight(index, found)
            tracklet.face.believed |= found.confidence >= self.sure
            self._faces[index].append(_Sighting(found, tracklet.face, detected))
        elif index > tracklet.last:
            self._part(rival)
        return rival is None

    def _part(self, rival: _Sighting) -> None:
        """Two faces met in one place: which of them goes on from here, nobody knows."""
        face = self._new_face(rival.face.believed)
        for tracklet in self._tracklets:
            if tracklet.face is rival.face:
                tracklet.face = face
        rival.face = face

    def _new_face(self, believed: bool) -> _Face:
        self._count_of_faces += 1
        return _Face(self._count_of_faces, believed)

    def _fill(self, tracklet: _Tracklet, index: int, found: Detection) -> None:
        """Fill the hole between the tracklet's last sighting and a new one."""
        step = 1 if index > tracklet.last else -1
        hole = range(tracklet.last + step, index, step)
        if not hole or len(hole) > LONGEST_HOLE or tracklet.last not in self._pictures:
            return
        for number, frame in enumerate(hole, 1):
            guess = between(tracklet.detection, found, number / (len(hole) + 1))
            first = 2 * number <= len(hole)
            near, its = (tracklet.last, tracklet.box) if first else (index, found.box)
            picture = self._pictures[frame]
            if not self.similar(self._pictures[near], its, picture, guess.box):
                seen = self.redetect(picture, guess.box)
                if seen is None:
                    continue
                guess = seen
            if self._at(frame, guess.box) is None:
                self._faces[frame].append(_Sighting(guess, tracklet.face, detected=False))

    def _at(self, index: int, box: Box) -> _Sighting | None:
        """The face that is known at this place of a frame."""
        return next((one for one in self._faces[index] if one.box.iou(box) >= SAME), None)


def _believed(faces: list[_Sighting]) -> list[Tracked]:
    return sorted(
        Tracked(one.detection, one.face.tracklet, one.detected)
        for one in faces
        if one.face.believed
    )
