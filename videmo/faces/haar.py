"""Faces by Haar cascade, seen from the front."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import NamedTuple

import cv2
import numpy as np

from videmo.faces.cascades import CASCADES, FRONTAL, cascade
from videmo.faces.detector import Detector, DetectorConfig, Sightings
from videmo.faces.eyes import align_by_eyes
from videmo.faces.picture import Picture
from videmo.faces.pixels import crop_resize, expand
from videmo.schema import Alignment, Box, Detection

ORIGIN = "the Haar cascades of the OpenCV wheel (Intel licence, as BSD)"

SMALLEST = 24
"""Side of the window, in pixels, on which the cascade was trained."""

WIDTH, WIDEST = 640, 1920
"""Width in pixels of the reduced picture in which faces are searched, if nobody says otherwise: the
smaller the faces, the wider, within these."""
ASPECT = 16 / 9
"""A picture's width as a part of its height, as most are."""
INTERVAL = 12
"""Frames from one look at the whole picture to the next."""
SURE = 0.5
"""The confidence from which on one detection is enough to follow a face."""

TRUSTED_SIGHTINGS = 3
"""A track whose face is never aligned must be seen on so many frames, else it is not a face."""
TRUSTED_LOOKS = 2
"""And on so many of them in the whole picture: whoever searches a hand again and again near where
it was finds a face in it once."""
TRUSTED_SHARE = 0.25
"""And in this part of the pictures, where all are looked at: by so many looks, chance has a say."""

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

OTHER_SIZE = 0.8
SAME = 0.4
"""Intersection over union above which two boxes are one face."""

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


def haar(config: DetectorConfig) -> Detector:
    """Faces by Haar cascade: finely where every frame is looked at, else coarsely, then checked."""
    for name in CASCADES:
        cascade(name)  # now, so that a missing one is told before the work begins
    interval = config.interval or INTERVAL
    width = default_width(config.min_face) if config.width is None else config.width
    fine = interval == 1
    strictness = AMONG_ALL if fine else AMONG_FEW
    search = functools.partial(_search, width=width, min_face=config.min_face, sure=strictness.sure)

    def finely(picture: Picture, known: Sequence[Box]) -> list[Detection]:
        grey = picture.grey
        found = _without_nested(search(grey, FINE_STEP, FINE_NEIGHBOURS))
        closer = [_near(grey, one.box, strictness) or one for one in found]
        pairs = zip(found, closer, strict=True)
        return [one._replace(confidence=max(one.confidence, two.confidence)) for one, two in pairs]

    def coarsely(picture: Picture, known: Sequence[Box]) -> list[Detection]:
        grey = picture.grey
        places = _without_nested(search(grey, COARSE_STEP, COARSE_NEIGHBOURS, known=known))
        found = (_near(grey, place.box, strictness) for place in places)
        return _without_nested([detection for detection in found if detection])

    def redetect(picture: Picture, box: Box) -> Detection | None:
        return _near(picture.grey, box, strictness)

    def align(picture: Picture, detection: Detection, before: Alignment | None) -> Alignment:
        return align_by_eyes(picture.grey, detection.box, before, keep=not fine)

    def confirmed(picture: Picture, found: Sequence[Detection]) -> list[Detection]:
        return _seen_again(picture, found, search, width or picture.size[0])

    return Detector(
        weights=CASCADES,
        interval=interval,
        sure=SURE,
        detect=finely if fine else coarsely,
        align=align,
        trusted=functools.partial(_trusted, share=TRUSTED_SHARE if fine else 0.0),
        origin=ORIGIN,
        redetect=redetect,
        confirmed=confirmed,
    )


def default_width(min_face: float) -> int:
    """Width in pixels of the reduced picture, so that a face of this height, as a part of the
    picture's, is as large as the cascade wants it."""
    return min(WIDEST, max(WIDTH, round(ASPECT * SMALLEST / min_face)))


def _trusted(tracks: Sightings, share: float) -> np.ndarray:
    """A track whose face is never aligned must be seen again and again, else it is not a face."""
    enough = np.maximum(TRUSTED_LOOKS, share * tracks.frames)
    often = (tracks.frames >= TRUSTED_SIGHTINGS) & (tracks.detected >= enough)
    return np.asarray(tracks.aligned | often)


def _seen_again(
    picture: Picture,
    found: Sequence[Detection],
    search: Callable[..., list[Detection]],
    width: int,
) -> list[Detection]:
    """Those of `found` that are seen in the mirrored picture, and in a smaller one, too.

    A cascade sees many chance patterns, but seldom the same one in another sampling.
    """
    if not found:
        return []
    grey = picture.grey
    smaller = max(1, round(OTHER_SIZE * min(width, grey.shape[1])))
    again = search(grey, FINE_STEP, FINE_NEIGHBOURS, width=smaller)
    mirrored = search(np.ascontiguousarray(grey[:, ::-1]), FINE_STEP, FINE_NEIGHBOURS)
    turned = [one.box._replace(x=grey.shape[1] - one.box.x - one.box.w) for one in mirrored]
    places = ([one.box for one in again], turned)
    return [
        one
        for one in found
        if all(any(one.box.iou(box) > SAME for box in boxes) for boxes in places)
    ]


def _search(
    grey: np.ndarray,
    step: float,
    neighbours: int,
    *,
    width: int,
    min_face: float,
    sure: int,
    known: Sequence[Box] = (),
) -> list[Detection]:
    """What looks like a face anywhere in a picture, but for the boxes `known`."""
    full_height, full_width = grey.shape
    scale = min(1.0, width / full_width) if width else 1.0
    small = grey
    if scale < 1:
        size = (width, max(1, round(full_height * scale)))
        small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    side = max(SMALLEST, round(min_face * small.shape[0]))
    found, sightings = cascade(FRONTAL).detectMultiScale2(
        _masked(small, known, scale), step, neighbours, minSize=(side, side)
    )
    boxes = [_enlarged(box, scale, full_width, full_height) for box in found]
    return _rated(boxes, sightings, sure)


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
    window = expand(box, NEAR_MARGIN, grey)
    if min(window.w, window.h) < 0.8 * box.w:  # the face has left the picture
        return None
    scale = NEAR_SIDE / box.w
    size = (round(window.w * scale), round(window.h * scale))
    smallest, largest = (round(NEAR_SIDE * part) for part in NEAR_SIZES)
    found, sightings = cascade(FRONTAL).detectMultiScale2(
        crop_resize(grey, window, size),
        NEAR_STEP,
        strictness.near,
        minSize=(smallest, smallest),
        maxSize=(largest, largest),
    )
    places = (_enlarged(place, scale, window.w, window.h) for place in found)
    boxes = [place._replace(x=place.x + window.x, y=place.y + window.y) for place in places]
    fit = [
        one for one in _rated(boxes, sightings, strictness.sure) if one.box.iou(box) >= NEAR_OVERLAP
    ]
    return max(fit, key=lambda one: (one.confidence, one.box.iou(box), one.box), default=None)


def _rated(boxes: list[Box], sightings: Sequence[int], sure: int) -> list[Detection]:
    """Boxes with a confidence: 0 for no sighting, `SURE` for `sure` of them, towards 1 for more."""
    pairs = zip(boxes, sightings, strict=True)
    return [Detection(box, int(n) / (int(n) + sure)) for box, n in pairs]


def _without_nested(found: list[Detection]) -> list[Detection]:
    """Haar may see one face at two sizes: of two boxes, one inside the other, the surer stays."""
    kept: list[Detection] = []
    for one in sorted(found, key=lambda one: (-one.confidence, one.box)):
        size = one.box.w * one.box.h
        others = (other.box for other in kept)
        if all(one.box.intersection(o) < NESTED * min(size, o.w * o.h) for o in others):
            kept.append(one)
    return sorted(kept)


def _enlarged(found: Sequence[int], scale: float, width: int, height: int) -> Box:
    """A box of the reduced picture, in pixels of the full one and inside it."""
    x, y, w, h = (round(float(v) / scale) for v in found)
    x, y = min(max(x, 0), width - 1), min(max(y, 0), height - 1)
    return Box(x, y, min(w, width - x), min(h, height - y))
