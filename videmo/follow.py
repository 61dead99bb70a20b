"""Find a face in every frame from looks at some: follow it forwards, backwards, and across holes.

Pure: how a face is looked for in a picture is given by two functions.

Looking at a whole picture costs as much as decoding ten. So it is done now and then only; between
two looks each face is searched near the place where it was. Offline the future is known: a face
that a look finds for the first time is followed back to the frame in which it appeared, and a hole
of a few frames between two sightings is filled.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from videmo.schema import Box

Picture = TypeVar("Picture")

SAME = 0.4
"""Intersection over union above which two boxes in one frame are one face."""
LONGEST_HOLE = 6
"""Frames in a row in which a followed face may be missed and filled in."""
UNCONFIRMED_LOOKS = 2
"""Looks in a row that may miss a followed face before it is given up."""


FORESIGHT = 2
"""Frames for which a face is taken to go on moving as it did."""


@dataclass(eq=False)
class _Chain:
    """One face, followed. `boxes` are its sightings by frame."""

    boxes: dict[int, Box]
    last: int
    missed_looks: int = 0

    def expected(self, index: int) -> Box:
        """Where the face should be, if it moves on as between its last two sightings."""
        here = self.boxes[self.last]
        step = 1 if index > self.last else -1
        there = self.boxes.get(self.last - step)
        if there is None or abs(index - self.last) > FORESIGHT:
            return here
        ahead = abs(index - self.last)
        x = here.x + ahead * (here.x + here.w // 2 - there.x - there.w // 2)
        y = here.y + ahead * (here.y + here.h // 2 - there.y - there.h // 2)
        return Box(x, y, here.w, here.h)


@dataclass
class Follower(Generic[Picture]):
    """Remembers the last pictures, and the faces followed through them.

    Give it each picture with `add`, and take those that are settled with `settled`; at the end of a
    shot, with `rest`.
    """

    near: Callable[[Picture, Box], Box | None]
    """Finds the face that should be at a place of a picture."""
    alike: Callable[[Picture, Box, Picture, Box], bool]
    """Whether two places of two pictures show the same."""
    memory: int
    """Pictures kept, and so the frames that a face may be followed back."""
    _count: int = 0
    _pictures: dict[int, Picture] = field(default_factory=dict)
    _faces: dict[int, list[Box]] = field(default_factory=dict)
    _chains: list[_Chain] = field(default_factory=list)

    def add(self, picture: Picture, seen: list[Box] | None) -> None:
        """The next picture; `seen` are the faces found in all of it, None: it was not looked at."""
        index = self._count
        self._count += 1
        self._pictures[index] = picture
        self._faces[index] = []
        left = list(seen or ())
        for chain in list(self._chains):
            self._go_on(chain, index, picture, left, looked=seen is not None)
        for box in left:
            self._begin(box, index)

    def look_again(self, seen: list[Box]) -> None:
        """What a look at the last picture found after all: new faces are followed back."""
        for box in seen:
            self._begin(box, self._count - 1)

    def settled(self) -> list[tuple[Picture, list[Box]]]:
        """Pictures that are no longer needed, with the faces in them, in order."""
        return self._given(max(0, len(self._pictures) - self.memory))

    def rest(self) -> list[tuple[Picture, list[Box]]]:
        """All pictures left; then everything is forgotten: what follows is another shot."""
        given = self._given(len(self._pictures))
        self._chains.clear()
        return given

    def _given(self, count: int) -> list[tuple[Picture, list[Box]]]:
        indexes = list(self._pictures)[:count]
        return [(self._pictures.pop(i), sorted(self._faces.pop(i))) for i in indexes]

    def _go_on(
        self, chain: _Chain, index: int, picture: Picture, left: list[Box], looked: bool
    ) -> None:
        expected = chain.expected(index)
        box = max(left, key=lambda b: b.overlap(expected), default=None)
        if box is not None and box.overlap(expected) >= SAME:
            left.remove(box)
            chain.missed_looks = 0
        else:
            chain.missed_looks += looked
            given_up = chain.missed_looks > UNCONFIRMED_LOOKS
            box = None if given_up else self.near(picture, expected)
            if given_up or (box is None and index - chain.last > LONGEST_HOLE):
                self._chains.remove(chain)
        if box is not None and self._is_free(index, box):
            self._fill(chain, index, box)
            self._sight(chain, index, box)
        elif box is not None:
            self._chains.remove(chain)  # two chains ran into one face

    def _begin(self, box: Box, index: int) -> None:
        """A face seen for the first time: follow it, and follow it back."""
        if not self._is_free(index, box):
            return
        chain = _Chain({}, index)
        self._sight(chain, index, box)
        self._chains.append(chain)
        back = _Chain({index: box}, index)
        for earlier in reversed(self._pictures):
            if earlier >= index:
                continue
            if back.last - earlier > LONGEST_HOLE + 1:
                break
            found = self.near(self._pictures[earlier], back.expected(earlier))
            if found is None:
                continue
            joined = not self._is_free(earlier, found)
            self._fill(back, earlier, found)
            if joined:  # another chain had it there
                break
            self._sight(back, earlier, found)

    def _sight(self, chain: _Chain, index: int, box: Box) -> None:
        chain.boxes[index] = box
        chain.last = index
        self._faces[index].append(box)

    def _fill(self, chain: _Chain, index: int, box: Box) -> None:
        """Fill the hole between the chain's last sighting and a new one."""
        step = 1 if index > chain.last else -1
        hole = range(chain.last + step, index, step)
        if not hole or len(hole) > LONGEST_HOLE or chain.last not in self._pictures:
            return
        here = chain.boxes[chain.last]
        for number, between in enumerate(hole, 1):
            guess = _between(here, box, number / (len(hole) + 1))
            near, its = (chain.last, here) if 2 * number <= len(hole) else (index, box)
            pictures = self._pictures
            if self._is_free(between, guess) and self.alike(
                pictures[near], its, pictures[between], guess
            ):
                self._faces[between].append(guess)

    def _is_free(self, index: int, box: Box) -> bool:
        return all(box.overlap(other) < SAME for other in self._faces[index])


def _between(a: Box, b: Box, share: float) -> Box:
    """The box that is `share` of the way from `a` to `b`."""
    x, y, w, h = (round(p + share * (q - p)) for p, q in zip(a, b, strict=True))
    return Box(x, y, w, h)
