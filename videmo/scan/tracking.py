"""Watch a stretch of film: whole looks now and then, and faces followed in between."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from videmo.faces import Detector, alike
from videmo.follow import LONGEST_HOLE, Follower
from videmo.schema import Box, Detection
from videmo.shots import CutWatch
from videmo.video import Frame

STRIDE = 3
"""Frames from one search for a followed face to the next, while it is found each time."""


class Seen(NamedTuple):
    """A frame, and what is needed of it again and again."""

    frame: Frame
    grey: np.ndarray
    thumbnail: np.ndarray
    wanted: bool
    """Whether faces are looked for in it; what is not wanted still tells of cuts."""
    looked: list[Box]
    """What was found in the whole of it, or known, once that was looked at."""


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
        skims=every > 1,
    )
    number = 0
    for seen, last in _shots(frames):
        look = last or number % every == 0
        follower.add(seen, functools.partial(_look, detector, seen) if look else None)
        number = 0 if last else number + 1
        yield from follower.rest() if last else follower.settled()


def _look(detector: Detector, seen: Seen, known: Sequence[Box]) -> list[Detection]:
    found = detector.everywhere(seen.grey, known)
    # What is known was found by looks before, and is as sure here as if this one had seen it.
    seen.looked.extend([*known, *(one.box for one in found)])
    return found


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
