"""Watch a stretch of film: whole looks now and then, and faces followed in between."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from videmo.faces import Detector, alike
from videmo.follow import LONGEST_HOLE, Follower
from videmo.schema import Box
from videmo.shots import CutWatch
from videmo.video import Frame

STRIDE = 3
"""Frames from one search for a followed face to the next, while it is found each time."""


class Seen(NamedTuple):
    """A frame, and what is needed of it again and again."""

    frame: Frame
    grey: np.ndarray
    thumbnail: np.ndarray
    wanted: bool = True
    """Whether faces are looked for in it; what is not wanted still tells of cuts."""
    looked: tuple[Box, ...] = ()
    """What was found in the whole of it."""


def watch(
    frames: Iterable[Seen], detector: Detector, every: int
) -> Iterator[tuple[Seen, list[Box]]]:
    """Each wanted frame with the boxes of its faces, some frames after it was read.

    Every `every`-th of them, and at either side of a cut, the whole picture is looked at.
    """
    follower = Follower[Seen](
        near=lambda seen, box: detector.near(seen.grey, box),
        alike=lambda a, box, b, other: alike(a.grey, box, b.grey, other),
        memory=max(2 * every, LONGEST_HOLE + STRIDE + 1),
        stride=STRIDE,
    )
    number = 0
    for seen, last in _shots(frames):
        look = last or number % every == 0
        found = detector.everywhere(seen.grey) if look else None
        follower.add(seen._replace(looked=tuple(one.box for one in found or ())), found)
        number = 0 if last else number + 1
        yield from follower.rest() if last else follower.settled()


def _shots(frames: Iterable[Seen]) -> Iterator[tuple[Seen, bool]]:
    """Each wanted frame, and whether it is the last wanted one of its shot."""
    cuts = CutWatch()
    before: Seen | None = None
    cut = False
    for seen in frames:
        cut |= cuts.is_cut(seen.thumbnail)
        if not seen.wanted:
            continue
        if before is not None:
            yield before, cut
        before, cut = seen, False
    if before is not None:
        yield before, True
