"""Find faces in a grey picture, and the eyes in a face.

Haar cascades: P. Viola and M. Jones, Rapid object detection using a boosted cascade of simple
features, CVPR 2001; those that come inside the OpenCV 4 wheel.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from videmo.errors import SetupError
from videmo.schema import ALIGNED_EYES, DEFAULT_EVERY, DEFAULT_MIN_FACE, Box

FACE_CASCADE = "haarcascade_frontalface_default.xml"
EYE_CASCADE = "haarcascade_eye.xml"

SCALE_STEP = 1.1
NEIGHBOURS = 5
SMALLEST = 24
"""Side of the window, in pixels, on which the face cascade was trained."""

NEAR_SIDE = 60
"""Side in pixels to which a face is brought before it is searched near its place. Smaller would be
cheaper, but the cascade then goes in steps of two pixels, and loses faces."""
NEAR_MARGIN = 0.35
NEAR_SIZES = (0.8, 1.25)
NEAR_NEIGHBOURS = 3
NEAR_OVERLAP = 0.3
"""What a face found near a place shares with it at least (intersection over union)."""
LEAST_LIKENESS = 0.7
"""Correlation, -1 to 1."""
SPARE = 3
"""Pixels kept, for each that remains, when others are skipped before reducing."""

NESTED = 0.6
"""Part of a box that, lying in another one, makes the two one face."""

EYE_WIDTH = 104
"""Width in pixels to which a face is brought before its eyes are looked for."""
EYE_BAND = (0.12, 0.58)
"""The rows of a face in which eyes are looked for, as parts of its height."""
EYE_SIZES = (0.19, 0.42)
"""Smallest and largest eye, as parts of the face's width."""
EYE_SCALE_STEP = 1.05
EYE_NEIGHBOURS = 2


@dataclass(frozen=True)
class Look:
    """How to look for faces."""

    detector: str = "haar"
    width: int = 640
    """Width in pixels of the reduced picture in which faces are searched; 0 keeps the size."""
    min_face: float = DEFAULT_MIN_FACE
    """Height of the smallest face, as a part of the picture's height."""
    every: int = DEFAULT_EVERY
    """Frames from one look at the whole picture to the next; between them faces are followed."""


@dataclass(frozen=True)
class Detector:
    """Two ways to look for faces in a grey picture (uint8, h x w)."""

    everywhere: Callable[[np.ndarray], list[Box]]
    """All faces in the picture, sorted."""
    near: Callable[[np.ndarray, Box], Box | None]
    """The face that should be about where the box is and about as large; None: not there."""


def haar(look: Look) -> Detector:
    """Faces by Haar cascade, seen from the front."""
    cascade = _cascade(FACE_CASCADE)

    def everywhere(grey: np.ndarray) -> list[Box]:
        height, width = grey.shape
        scale = min(1.0, look.width / width) if look.width else 1.0
        small = grey
        if scale < 1:
            size = (look.width, max(1, round(height * scale)))
            small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
        side = max(SMALLEST, round(look.min_face * small.shape[0]))
        found, sightings = cascade.detectMultiScale2(
            np.ascontiguousarray(small), SCALE_STEP, NEIGHBOURS, minSize=(side, side)
        )
        boxes = [_enlarged(box, scale, width, height) for box in found]
        return sorted(_without_nested(boxes, [int(n) for n in sightings]))

    def near(grey: np.ndarray, box: Box) -> Box | None:
        window = _around(box, NEAR_MARGIN, grey)
        if min(window.w, window.h) < 0.8 * box.w:  # the face has left the picture
            return None
        scale = NEAR_SIDE / box.w
        size = (round(window.w * scale), round(window.h * scale))
        smallest, largest = (round(NEAR_SIDE * part) for part in NEAR_SIZES)
        found, sightings = cascade.detectMultiScale2(
            reduced(grey, window, size),
            SCALE_STEP,
            NEAR_NEIGHBOURS,
            minSize=(smallest, smallest),
            maxSize=(largest, largest),
        )
        boxes = [_enlarged(place, scale, window.w, window.h) for place in found]
        there = [b._replace(x=b.x + window.x, y=b.y + window.y) for b in boxes]
        rated = zip((int(n) for n in sightings), there, strict=True)
        fit = [(n, b.overlap(box), b) for n, b in rated if b.overlap(box) >= NEAR_OVERLAP]
        return max(fit)[-1] if fit else None

    return Detector(everywhere, near)


DETECTORS: dict[str, Callable[[Look], Detector]] = {"haar": haar}


def alike(grey: np.ndarray, box: Box, other_grey: np.ndarray, other: Box) -> bool:
    """Whether two places of two pictures show the same: their tiny pictures correlate."""
    if _around(other, 0, other_grey) != other:
        return False
    return float((_tiny(grey, box) * _tiny(other_grey, other)).sum()) >= LEAST_LIKENESS


def reduced(grey: np.ndarray, box: Box, size: tuple[int, int]) -> np.ndarray:
    """The part of `grey` in `box`, brought to `size` (width, height in pixels)."""
    # To average every pixel of a large face costs more than to find it: some are skipped first.
    skip = max(1, box.w // (SPARE * size[0]))
    part = grey[box.y : box.y + box.h : skip, box.x : box.x + box.w : skip]
    how = cv2.INTER_AREA if part.shape[1] > size[0] else cv2.INTER_LINEAR
    return cv2.resize(np.ascontiguousarray(part), size, interpolation=how)


def _tiny(grey: np.ndarray, box: Box) -> np.ndarray:
    picture = reduced(grey, box, (16, 16)).astype(np.float32)
    picture -= picture.mean()
    return picture / (np.linalg.norm(picture) + 1e-6)


def _around(box: Box, margin: float, grey: np.ndarray) -> Box:
    """`box` with a margin, a part of its size, as far as the picture goes."""
    more = round(margin * box.w)
    left, top = max(0, box.x - more), max(0, box.y - more)
    right = min(grey.shape[1], box.x + box.w + more)
    bottom = min(grey.shape[0], box.y + box.h + more)
    return Box(left, top, right - left, bottom - top)


class Eye(NamedTuple):
    """An eye's centre and size, as parts of the width of its face's box."""

    x: float
    y: float
    size: float


def count_eyes(grey: np.ndarray, box: Box) -> int:
    """How many eyes (0, 1, 2) lie in the face `box` of `grey` where eyes belong.

    Two only if they make a plausible pair: then the face is aligned.
    """
    eyes = [e for e in _eyes(grey, box) if _in_its_place(e)]
    if any(_plausible_pair(a, b) for a, b in combinations(eyes, 2)):
        return ALIGNED_EYES
    return min(len(eyes), 1)


def _eyes(grey: np.ndarray, box: Box) -> list[Eye]:
    # Nostrils and the corners of the mouth look like eyes: only the upper part is searched.
    top, bottom = (round(box.h * part) for part in EYE_BAND)
    band = Box(box.x, box.y + top, box.w, max(1, bottom - top))
    size = (EYE_WIDTH, max(1, round(EYE_WIDTH * band.h / band.w)))
    smallest, largest = (round(EYE_WIDTH * part) for part in EYE_SIZES)
    found = _cascade(EYE_CASCADE).detectMultiScale(
        reduced(grey, band, size),
        EYE_SCALE_STEP,
        EYE_NEIGHBOURS,
        minSize=(smallest, smallest),
        maxSize=(largest, largest),
    )
    return [
        Eye((x + w / 2) / EYE_WIDTH, EYE_BAND[0] + (y + h / 2) / EYE_WIDTH, w / EYE_WIDTH)
        for x, y, w, h in found
    ]


def _in_its_place(eye: Eye) -> bool:
    """Whether an eye lies in the band of the face's box in which eyes are."""
    return 0.22 <= eye.y <= 0.52 and 0.12 <= eye.x <= 0.88


def _plausible_pair(a: Eye, b: Eye) -> bool:
    """Whether two eyes are apart, level and alike enough to be a person's two."""
    left, right = sorted((a, b))
    across, down = right.x - left.x, abs(right.y - left.y)
    return (
        0.25 <= across <= 0.60
        and down <= 0.35 * across
        and left.x < 0.5 < right.x
        and max(a.size, b.size) <= 2 * min(a.size, b.size)
    )


def _without_nested(boxes: list[Box], sightings: list[int]) -> list[Box]:
    """Haar may see one face at two sizes: of two boxes, one inside the other, the surer stays."""
    order = sorted(range(len(boxes)), key=lambda i: (-sightings[i], boxes[i]))
    kept: list[Box] = []
    for box in (boxes[i] for i in order):
        if all(box.shared(o) < NESTED * min(box.w * box.h, o.w * o.h) for o in kept):
            kept.append(box)
    return kept


def _enlarged(found: np.ndarray, scale: float, width: int, height: int) -> Box:
    """A box of the reduced picture, in pixels of the full one and inside it."""
    x, y, w, h = (round(float(v) / scale) for v in found)
    x, y = min(max(x, 0), width - 1), min(max(y, 0), height - 1)
    return Box(x, y, min(w, width - x), min(h, height - y))


@functools.cache
def _cascade(name: str) -> cv2.CascadeClassifier:
    folder = getattr(getattr(cv2, "data", None), "haarcascades", "")
    file = Path(folder) / name
    if not hasattr(cv2, "CascadeClassifier") or not file.is_file():
        raise SetupError(
            f"OpenCV {cv2.__version__}: comes without {name}; "
            'run: pip install "opencv-python-headless>=4.10,<5"'
        )
    return cv2.CascadeClassifier(str(file))
