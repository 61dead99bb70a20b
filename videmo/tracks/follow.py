"""Find a face in every frame from looks at some: follow it forwards, backwards, and across holes.

Pure: how a face is looked for in a picture is given by two functions.

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

    believed: bool = False


@dataclass(eq=False)
class _Chain:
    """A face followed in one direction: its last two sightings."""

    face: _Face
    last: int
    box: Box
    before: tuple[int, Box] | None = None
    confirmed: int = 0
    """The last frame in which a look saw it, or in which it surely was where it should be."""
    looks: int = 1
    """How many looks saw it."""

    def expected(self, index: int) -> Box:
        """Where the face should be, if it moves on as between its last two sightings."""
        if self.before is None or abs(index - self.last) > FORESIGHT:
            return self.box
        frame, there = self.before
        share = (index - self.last) / (self.last - frame)
        x = self.box.x + round(share * (self.box.x + self.box.w / 2 - there.x - there.w / 2))
        y = self.box.y + round(share * (self.box.y + self.box.h / 2 - there.y - there.h / 2))
        return self.box._replace(x=x, y=y)

    def sight(self, index: int, box: Box) -> None:
        self.before = (self.last, self.box)
        self.last, self.box = index, box


@dataclass
class Follower(Generic[Picture]):
    """Remembers the last pictures, and the faces followed through them.

    Give it each picture with `add`, and take those that are settled with `settled`; at the end of a
    shot, whose last picture should be looked at, with `rest`.
    """

    near: Callable[[Picture, Box], Detection | None]
    """Finds the face that should be at a place of a picture."""
    alike: Callable[[Picture, Box, Picture, Box], bool]
    """Whether two places of two pictures show the same."""
    memory: int
    """Pictures kept, and so the frames that a face may be followed back."""
    stride: int = 1
    """Frames from one search to the next, while a face is found each time."""
    skims: bool = True
    """Whether a look leaves out the faces that are surely where they should be, once two looks saw
    them: that saves half of it. Else it looks at them too, and what it finds comes first."""
    _count: int = 0
    _looked: int = 0
    """The last frame that was looked at."""
    _pictures: dict[int, Picture] = field(default_factory=dict)
    _faces: dict[int, list[tuple[Box, _Face]]] = field(default_factory=dict)
    _chains: list[_Chain] = field(default_factory=list)

    def add(
        self, picture: Picture, look: Callable[[Sequence[Box]], list[Detection]] | None
    ) -> None:
        """The next picture; `look` finds all faces in it but those in the boxes that it is given.

        None: this picture is not to be looked at.
        """
        index = self._count
        self._count += 1
        self._pictures[index] = picture
        self._faces[index] = []
        if look is not None:
            self._looked = index
        elif (index - self._looked) % self.stride:
            return
        sure = self._meet_again(index) if look is not None and self.skims else {}
        left = look([found.box for found in sure.values()]) if look is not None else []
        for chain in list(self._chains):
            known = sure.get(id(chain))
            if known is not None:
                chain.confirmed = index
                goes_on = self._sight(chain, index, known)
            else:
                goes_on = self._go_on(chain, index, left, looked=look is not None)
            if not goes_on:
                self._chains.remove(chain)
        for found in left:
            if self._is_free(index, found.box):
                self._begin(found, index)

    def settled(self) -> list[tuple[Picture, list[Box]]]:
        """Pictures that are no longer needed, with the boxes of the faces in them, in order."""
        return self._given(max(0, len(self._pictures) - self.memory))

    def rest(self) -> list[tuple[Picture, list[Box]]]:
        """All pictures left; then everything is forgotten: what follows is another shot."""
        given = self._given(len(self._pictures))
        self._chains.clear()
        return given

    def _given(self, count: int) -> list[tuple[Picture, list[Box]]]:
        indexes = list(self._pictures)[:count]
        return [(self._pictures.pop(i), _believed(self._faces.pop(i))) for i in indexes]

    def _meet_again(self, index: int) -> dict[int, Detection]:
        """The chains whose faces are surely where they should be, by their identity."""
        picture = self._pictures[index]
        known = (chain for chain in self._chains if chain.looks >= LOOKS)
        found = ((id(chain), self.near(picture, chain.expected(index))) for chain in known)
        return {which: one for which, one in found if one is not None and one.weight >= 1}

    def _go_on(self, chain: _Chain, index: int, left: list[Detection], looked: bool) -> bool:
        """Find a face again; whether it is to be followed further."""
        expected = chain.expected(index)
        found = max(left, key=lambda one: one.box.overlap(expected), default=None)
        if found is not None and found.box.overlap(expected) >= SAME:
            left.remove(found)
            chain.confirmed = index
            chain.looks += 1
            return self._sight(chain, index, found)
        if looked and index - chain.confirmed > UNCONFIRMED:
            return False
        return self._search(chain, index) and index - chain.last <= LONGEST_HOLE

    def _begin(self, found: Detection, index: int) -> None:
        """A face seen for the first time: follow it, and follow it back."""
        face = _Face(found.weight >= 1)
        self._faces[index].append((found.box, face))
        self._chains.append(_Chain(face, index, found.box, confirmed=index))
        back = _Chain(face, index, found.box)
        first = next(iter(self._pictures))
        for earlier in (*range(index - self.stride, first, -self.stride), first):
            follow = earlier < index and self._search(back, earlier)
            if not follow or back.last - earlier > LONGEST_HOLE:
                return

    def _search(self, chain: _Chain, index: int) -> bool:
        """Search a face in a frame; if it is not there, in each up to it. False: it met another."""
        step = 1 if index > chain.last else -1
        for frame in (index, *range(chain.last + step, index + step, step)):
            if abs(frame - chain.last) > LONGEST_HOLE + 1:
                break
            found = self.near(self._pictures[frame], chain.expected(frame))
            if found is not None and not self._sight(chain, frame, found):
                return False
            if chain.last == index:
                break
        return True

    def _sight(self, chain: _Chain, index: int, found: Detection) -> bool:
        """A face is found again: fill what lies between. False: another face is there already."""
        free = self._is_free(index, found.box)
        self._fill(chain, index, found.box)
        if free:
            chain.sight(index, found.box)
            chain.face.believed |= found.weight >= 1
            self._faces[index].append((found.box, chain.face))
        return free

    def _fill(self, chain: _Chain, index: int, box: Box) -> None:
        """Fill the hole between the chain's last sighting and a new one."""
        step = 1 if index > chain.last else -1
        hole = range(chain.last + step, index, step)
        if not hole or len(hole) > LONGEST_HOLE or chain.last not in self._pictures:
            return
        for number, between in enumerate(hole, 1):
            guess = _between(chain.box, box, number / (len(hole) + 1))
            near, its = (chain.last, chain.box) if 2 * number <= len(hole) else (index, box)
            picture = self._pictures[between]
            if not self.alike(self._pictures[near], its, picture, guess):
                found = self.near(picture, guess)
                if found is None:
                    continue
                guess = found.box
            if self._is_free(between, guess):
                self._faces[between].append((guess, chain.face))

    def _is_free(self, index: int, box: Box) -> bool:
        return all(box.overlap(other) < SAME for other, _ in self._faces[index])


def _believed(faces: list[tuple[Box, _Face]]) -> list[Box]:
    return sorted(box for box, face in faces if face.believed)


def _between(a: Box, b: Box, share: float) -> Box:
    """The box that is `share` of the way from `a` to `b`."""
    x, y, w, h = (round(p + share * (q - p)) for p, q in zip(a, b, strict=True))
    return Box(x, y, w, h)
