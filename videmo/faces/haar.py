"""Faces by Haar cascade, seen from the front."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from videmo.faces.cascades import cascade
from videmo.faces.look import Detector, Look
from videmo.faces.pixels import around, reduced
from videmo.schema import Box, Detection

CASCADE = "haarcascade_frontalface_default.xml"

SMALLEST = 24
"""Side of the window, in pixels, on which the cascade was trained."""

FINE_STEP, FINE_NEIGHBOURS = 1.1, 5
"""For looks at every frame."""
COARSE_STEP, COARSE_NEIGHBOURS = 1.25, 1
"""For looks now and then: half the work, and what is found is looked at again from near."""

NEAR_SIDE = 60
"""Side in pixels to which a face is brought before it is searched near its place. Smaller would be
cheaper, but the cascade then goes in steps of two pixels, and loses faces."""
NEAR_MARGIN = 0.35
NEAR_SIZES = (0.85, 1.18)
NEAR_STEP = 1.1
NEAR_OVERLAP = 0.3
"""What a face found near a place shares with it at least (intersection over union)."""

MASKED = 0.8
"""Part of a known face's box, from its middle, that is not looked at; its border would look like
something."""

NESTED = 0.6
"""Part of a box that, lying in another one, makes the two one face."""


class Strictness(NamedTuple):
    """How many sightings, besides the first, a face takes."""

    near: int
    """To be found near a place."""
    sure: int
    """To be beyond doubt: true faces have ten to a hundred on their best frame."""


AMONG_ALL = Strictness(near=2, sure=8)
AMONG_FEW = Strictness(near=1, sure=6)
"""Where few frames are searched, so that a face's best one need not be among them."""


def haar(look: Look) -> Detector:
    """Faces by Haar cascade: finely where every frame is looked at, else coarsely, then checked."""
    cascade(CASCADE)  # now, so that a missing one is told before the work begins
    fine = look.every == 1
    strictness = AMONG_ALL if fine else AMONG_FEW

    def finely(grey: np.ndarray, known: Sequence[Box]) -> list[Detection]:
        found = _without_nested(_search(grey, look, FINE_STEP, FINE_NEIGHBOURS, strictness.sure))
        closer = [near(grey, one.box) or one for one in found]
        pairs = zip(found, closer, strict=True)
        return [one._replace(weight=max(one.weight, other.weight)) for one, other in pairs]

    def coarsely(grey: np.ndarray, known: Sequence[Box]) -> list[Detection]:
        places = _without_nested(
            _search(grey, look, COARSE_STEP, COARSE_NEIGHBOURS, strictness.sure, known)
        )
        found = (near(grey, place.box) for place in places)
        return _without_nested([detection for detection in found if detection])

    def near(grey: np.ndarray, box: Box) -> Detection | None:
        return _near(grey, box, strictness)

    return Detector(finely if fine else coarsely, near)


def _search(
    grey: np.ndarray,
    look: Look,
    step: float,
    neighbours: int,
    sure: int,
    known: Sequence[Box] = (),
) -> list[Detection]:
    """What looks like a face anywhere in a picture, but for the boxes `known`."""
    height, width = grey.shape
    scale = min(1.0, look.width / width) if look.width else 1.0
    small = grey
    if scale < 1:
        size = (look.width, max(1, round(height * scale)))
        small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    side = max(SMALLEST, round(look.min_face * small.shape[0]))
    found, sightings = cascade(CASCADE).detectMultiScale2(
        _masked(small, known, scale), step, neighbours, minSize=(side, side)
    )
    boxes = [_enlarged(box, scale, width, height) for box in found]
    return _weighed(boxes, sightings, sure)


def _masked(grey: np.ndarray, known: Sequence[Box], scale: float) -> np.ndarray:
    """`grey`, reduced by `scale`, without the faces in it that are known.

    Around a face the cascade goes through nearly all of its stages: half the time of a look.
    """
    if not known:
        return np.ascontiguousarray(grey)
    grey = grey.copy()
    for box in known:
        border = (1 - MASKED) / 2 * box.w
        left, top = round(scale * (box.x + border)), round(scale * (box.y + border))
        right = round(scale * (box.x + box.w - border))
        bottom = round(scale * (box.y + box.h - border))
        inside = grey[top:bottom, left:right]
        if inside.size:  # a small one may vanish when it is reduced
            inside[:] = inside.mean()
    return grey


def _near(grey: np.ndarray, box: Box, strictness: Strictness) -> Detection | None:
    """The surest face about where `box` is and about as large."""
    window = around(box, NEAR_MARGIN, grey)
    if min(window.w, window.h) < 0.8 * box.w:  # the face has left the picture
        return None
    scale = NEAR_SIDE / box.w
    size = (round(window.w * scale), round(window.h * scale))
    smallest, largest = (round(NEAR_SIDE * part) for part in NEAR_SIZES)
    found, sightings = cascade(CASCADE).detectMultiScale2(
        reduced(grey, window, size),
        NEAR_STEP,
        strictness.near,
        minSize=(smallest, smallest),
        maxSize=(largest, largest),
    )
    places = (_enlarged(place, scale, window.w, window.h) for place in found)
    boxes = [place._replace(x=place.x + window.x, y=place.y + window.y) for place in places]
    fit = [
        one
        for one in _weighed(boxes, sightings, strictness.sure)
        if one.box.overlap(box) >= NEAR_OVERLAP
    ]
    return max(fit, key=lambda one: (one.weight, one.box.overlap(box), one.box), default=None)


def _weighed(boxes: list[Box], sightings: np.ndarray, sure: int) -> list[Detection]:
    return [Detection(box, int(n) / sure) for box, n in zip(boxes, sightings, strict=True)]


def _without_nested(found: list[Detection]) -> list[Detection]:
    """Haar may see one face at two sizes: of two boxes, one inside the other, the surer stays."""
    kept: list[Detection] = []
    for one in sorted(found, key=lambda one: (-one.weight, one.box)):
        size = one.box.w * one.box.h
        others = (other.box for other in kept)
        if all(one.box.shared(o) < NESTED * min(size, o.w * o.h) for o in others):
            kept.append(one)
    return sorted(kept)


def _enlarged(found: np.ndarray, scale: float, width: int, height: int) -> Box:
    """A box of the reduced picture, in pixels of the full one and inside it."""
    x, y, w, h = (round(float(v) / scale) for v in found)
    x, y = min(max(x, 0), width - 1), min(max(y, 0), height - 1)
    return Box(x, y, min(w, width - x), min(h, height - y))
