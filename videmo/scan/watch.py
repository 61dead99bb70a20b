"""Watch a stretch of film: whole looks now and then, and faces followed in between."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from videmo.faces import Detector, alike
from videmo.follow import LONGEST_HOLE, Follower
from videmo.schema import Box
from videmo.shots import CutWatch, thumbnail
from videmo.video import Frame


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
        memory=max(2 * every, LONGEST_HOLE + 2),
    )
    cuts = CutWatch()
    since = 0
    last: Seen | None = None
    for frame in frames:
        grey = frame.grey
        seen = Seen(frame, grey, thumbnail(grey))
        if cuts.is_cut(seen.thumbnail):
            yield from _to_the_end(follower, detector, last, looked=since % every == 1 % every)
            since = 0
        follower.add(seen, detector.everywhere(grey) if since % every == 0 else None)
        since += 1
        last = seen
        yield from follower.settled()
    yield from _to_the_end(follower, detector, last, looked=since % every == 1 % every)


def _to_the_end(
    follower: Follower[Seen], detector: Detector, last: Seen | None, looked: bool
) -> Iterator[tuple[Seen, list[Box]]]:
    """A shot ends: who came in after the last look is found by one more."""
    if last is not None and not looked:
        follower.look_again(detector.everywhere(last.grey))
    yield from follower.rest()
