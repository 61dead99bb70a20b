"""Find the points of a face whose box is known: eyes, or eyes, nose and mouth."""

from __future__ import annotations

import cv2
import numpy as np

from videmo.faces.detector import Detector
from videmo.faces.picture import StillPicture
from videmo.faces.pixels import expand
from videmo.schema import Box, Detection, Point

MARGIN = 0.5
"""What is looked at around a box, as a part of its width."""
SIDE = 160
"""Width and height in pixels to which that is brought, for detectors that look for points."""
LEAST_IOU = 0.3


def points_at(detector: Detector, image: np.ndarray, box: Box) -> tuple[Point, ...]:
    """What `detector` tells the alignment of the face in `box` by; empty: it sees nothing there.

    `image` is (h, w, 3) uint8, blue first. The detector is to look at the whole of what it is
    given: with the width 0.
    """
    window = expand(box, MARGIN, image)
    part = image[window.y : window.y + window.h, window.x : window.x + window.w]
    there = box._replace(x=box.x - window.x, y=box.y - window.y)
    if not detector.keypoints:
        still, scale = StillPicture(np.ascontiguousarray(part)), 1.0
        points = detector.align(still, Detection(there, 1.0), None).points
    else:
        scale = SIDE / max(part.shape[:2])
        points = _points_in(detector, _squared(part, scale), there, scale)
    return tuple(Point(x / scale + window.x, y / scale + window.y) for x, y in points)


def _squared(part: np.ndarray, scale: float) -> np.ndarray:
    """`part` brought to `SIDE` pixels, black where it is not square."""
    height, width = (min(SIDE, max(1, round(scale * n))) for n in part.shape[:2])
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    square = np.zeros((SIDE, SIDE, 3), np.uint8)
    square[:height, :width] = cv2.resize(part, (width, height), interpolation=how)
    return square


def _points_in(detector: Detector, square: np.ndarray, box: Box, scale: float) -> tuple[Point, ...]:
    """The points of the face about where `box` is, in pixels of `square`."""
    still = StillPicture(square)
    there = Box(*(round(scale * value) for value in box))
    found = detector.detect(still, ())
    best = max(found, key=lambda one: one.box.iou(there), default=None)
    if best is None or best.box.iou(there) < LEAST_IOU:
        return ()
    return detector.align(still, best, None).points
