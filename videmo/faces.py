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
from videmo.schema import ALIGNED_EYES, Box

FACE_CASCADE = "haarcascade_frontalface_default.xml"
EYE_CASCADE = "haarcascade_eye.xml"

SCALE_STEP = 1.1
NEIGHBOURS = 5
SMALLEST = 24
"""Side of the window, in pixels, on which the face cascade was trained."""

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
    min_face: float = 0.08
    """Height of the smallest face, as a part of the picture's height."""


Detect = Callable[[np.ndarray], list[Box]]


def haar(look: Look) -> Detect:
    """Faces by Haar cascade, seen from the front."""
    cascade = _cascade(FACE_CASCADE)

    def detect(grey: np.ndarray) -> list[Box]:
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

    return detect


DETECTORS: dict[str, Callable[[Look], Detect]] = {"haar": haar}


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
    top, bottom = (box.y + round(box.h * part) for part in EYE_BAND)
    band = grey[top : max(bottom, top + 1), box.x : box.x + box.w]
    scale = EYE_WIDTH / box.w
    size = (EYE_WIDTH, max(1, round(band.shape[0] * scale)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    smallest, largest = (round(EYE_WIDTH * part) for part in EYE_SIZES)
    found = _cascade(EYE_CASCADE).detectMultiScale(
        cv2.resize(np.ascontiguousarray(band), size, interpolation=how),
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
        if all(_shared(box, other) < NESTED for other in kept):
            kept.append(box)
    return kept


def _shared(a: Box, b: Box) -> float:
    """The part of the smaller box that lies in the other one."""
    across = min(a.x + a.w, b.x + b.w) - max(a.x, b.x)
    down = min(a.y + a.h, b.y + b.h) - max(a.y, b.y)
    return max(0, across) * max(0, down) / min(a.w * a.h, b.w * b.h)


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
