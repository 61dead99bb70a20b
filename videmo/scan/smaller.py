"""Count, now and then, the faces that are too small for a scan: so many lie below `--min-face`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from videmo.faces import Detector, DetectorConfig, Picture, detector_of
from videmo.schema import Box

EVERY = 240
"""Frames from one picture in which they are counted to the next: each costs as much as four looks,
so that all of them cost less than a hundredth of a scan."""
CLOSER = 0.5
"""Faces of this part of the smallest height are seen in such a look."""
SAME = 0.3
"""Intersection over union above which two boxes are one face."""

Count = Callable[[Picture, Sequence[Box]], int]
"""How many faces besides those in the boxes, which are known, are in a picture, but smaller."""


def counter_of(config: DetectorConfig, detector: Detector) -> Count | None:
    """What counts them; None: a detector whose looks are dear, or that looks at no faces."""
    if detector.redetect is not None or not detector.keypoints:
        return None
    closer = detector_of(replace(config, min_face=CLOSER * config.min_face))

    def count(picture: Picture, known: Sequence[Box]) -> int:
        smallest = config.min_face * picture.size[1]
        return sum(
            one.confidence >= detector.sure
            and one.box.h < smallest
            and all(one.box.iou(box) < SAME for box in known)
            for one in closer.detect(picture, ())
        )

    return count
