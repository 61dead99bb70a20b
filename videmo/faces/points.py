"""Find the points of a face whose box is known: eyes, or eyes, nose and mouth."""

from __future__ import annotations

import numpy as np

from videmo.faces.detector import Detector
from videmo.faces.picture import Picture, StillPicture
from videmo.faces.pixels import expand
from videmo.schema import Box, Detection, Point

MARGIN = 0.5
"""What is looked at around a box, as a part of its width."""
PART = 0.25
"""Height of the smallest face looked for there, as a part of what is looked at."""
LEAST_IOU = 0.3


def points_at(detector: Detector, picture: Picture, box: Box) -> tuple[Point, ...]:
    """What `detector` tells the alignment of the face in `box` by; empty: it sees nothing there."""
    if detector.redetect is not None:
        return detector.align(picture, Detection(box, 1.0), None).points
    window = expand(box, MARGIN, picture.grey)
    image = picture.colour(*picture.size)
    part = image[window.y : window.y + window.h, window.x : window.x + window.w]
    still = StillPicture(np.ascontiguousarray(part))
    there = box._replace(x=box.x - window.x, y=box.y - window.y)
    best = max(detector.detect(still, ()), key=lambda one: one.box.iou(there), default=None)
    if best is None or best.box.iou(there) < LEAST_IOU:
        return ()
    points = detector.align(still, best, None).points
    return tuple(Point(point.x + window.x, point.y + window.y) for point in points)
