"""Which boxes of one time are which of another, and what lies between two of them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from videmo.schema import Box, Detection, Keypoints, Point

LEAST_IOU = 0.3
"""Intersection over union above which two boxes may be one face."""
RIVAL = 0.5
"""A second candidate that overlaps so much of what the best one does makes a match unsure."""


class Tracked(NamedTuple):
    """A face in one frame, and which one it is."""

    detection: Detection
    tracklet: int
    """From 1, in order of appearance; of a face that is seen again the same number."""
    detected: bool
    """Whether a look at the whole picture saw it, or would have if it had not been known."""


class Matches(NamedTuple):
    """Which of some old boxes are which of some new ones, by their indices."""

    pairs: dict[int, int]
    """Old ones by the new ones that they are."""
    unsure: frozenset[int]
    """Old ones that compete for a new one nearly alike: nobody knows which of them it is."""


def match(old: Sequence[Box], new: Sequence[Box]) -> Matches:
    """Old and new boxes that are the same faces, the most overlapping first; each once.

    Where two faces come so near each other that they could be mixed up, neither is matched: two
    tracks of one person are a smaller harm than one track of two.
    """
    rated = [(a.iou(b), i, j) for i, a in enumerate(old) for j, b in enumerate(new)]
    rated = sorted((one for one in rated if one[0] >= LEAST_IOU), key=lambda r: (-r[0], *r[1:]))
    unsure = frozenset(_rivals(rated))
    pairs: dict[int, int] = {}
    for _, i, j in rated:
        if i not in unsure and j not in pairs and i not in pairs.values():
            pairs[j] = i
    return Matches(pairs, unsure)


def _rivals(rated: Iterable[tuple[float, int, int]]) -> Iterable[int]:
    """The old ones that compete for a new one nearly alike; the best come first."""
    best: dict[int, tuple[float, int]] = {}
    for iou, i, j in rated:
        most, first = best.setdefault(j, (iou, i))
        if first != i and iou >= RIVAL * most:
            yield first
            yield i


def between(one: Detection, other: Detection, share: float) -> Detection:
    """The detection that is `share` (0 to 1) of the way from `one` to `other`."""
    # The edges are rounded, not the sizes: else a face at a picture's edge would reach out of it.
    edges = zip(_edges(one.box), _edges(other.box), strict=True)
    left, top, right, bottom = (round(a + share * (b - a)) for a, b in edges)
    confidence = one.confidence + share * (other.confidence - one.confidence)
    keypoints = None
    if one.keypoints and other.keypoints:
        keypoints = Keypoints(
            *(
                Point(a.x + share * (b.x - a.x), a.y + share * (b.y - a.y))
                for a, b in zip(one.keypoints, other.keypoints, strict=True)
            )
        )
    return Detection(Box(left, top, right - left, bottom - top), confidence, keypoints)


def _edges(box: Box) -> tuple[int, int, int, int]:
    """Left, top, right, bottom."""
    return box.x, box.y, box.x + box.w, box.y + box.h
