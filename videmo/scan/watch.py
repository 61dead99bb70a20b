"""Watch a stretch of film: whole looks now and then, and faces followed in between."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from videmo.faces import Detector, alike
from videmo.follow import LONGEST_HOLE, Follower
from videmo.schema import Box
from videmo.shots import CutWatch, thumbnail
from videmo.video import Frame

STRIDE = 3
"""Frames from one search for a followed face to the next, while it is found each time."""


class Seen(NamedTuple):
    """A frame, and what is needed of it again and again."""

    frame: Frame
    grey: np.ndarray
    thumbnail: np.ndarray


def watch(
    frames: Iterable[Frame], detector: Detector, every: int
) -> Iterator[tuple[Seen, list[Box]]]:
    """Each frame with the boxes of its faces, some frames after it was read.

    Every `every`-th frame, and at either side of a cut, the whole picture is looked at.
    """
    follower = Follower[Seen](
        near=lambda seen, box: detector.near(seen.grey, box),
        alike=lambda a, box, b, other: alike(a.grey, box, b.grey, other),
        memory=max(2 * every, LONGEST_HOLE + STRIDE + 1),
        stride=STRIDE,
        skims=every > 1,
    )
    number = 0
    for seen, last in _shots(frames):
        grey = seen.grey
        look = last or number % every == 0
        follower.add(seen, functools.partial(detector.everywhere, grey) if look else None)
        number = 0 if last else number + 1
        yield from follower.rest() if last else follower.settled()


def _shots(frames: Iterable[Frame]) -> Iterator[tuple[Seen, bool]]:
    """Each frame, and whether it is the last one of its shot."""
    cuts = CutWatch()
    before: Seen | None = None
    for frame in frames:
        grey = frame.grey
        seen = Seen(frame, grey, thumbnail(grey))
        cut = cuts.is_cut(seen.thumbnail)
        if before is not None:
            yield before, cut
        before = seen
    if before is not None:
        yield before, True
