"""Scan a single picture: the faces in it, their eyes and emotions."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from videmo.emotions import SIDE, find_model
from videmo.faces import Look, find_eyes, reduced
from videmo.scan.chunk import Scores, Settings, classifier_of, detector_of
from videmo.schema import ALIGNED_EYES, Box, Face

PICTURE_LOOK = Look(width=1920, min_face=0.02, every=1)
"""In a photograph faces may be smaller than in a movie, and there is time to look closely."""
OTHER_SIZE = 0.8
SAME = 0.4
"""Intersection over union above which two boxes are one face."""


def scan_picture(picture: np.ndarray, settings: Settings | None = None) -> list[Face]:
    """The faces in `picture` (BGR uint8, upright), from left to right.

    No other frame tells a face from a chance pattern: one that is not aligned must be found again
    in the mirrored picture, and in one of another size.

    Raises:
        RequestError, SetupError: as `scan_chunk`.
    """
    settings = settings or Settings(PICTURE_LOOK)
    cv2.setNumThreads(1)
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    boxes = _boxes(grey, settings.look)
    eyes = {box: find_eyes(grey, box).count for box in boxes}
    unsure = [box for box in boxes if eyes[box] < ALIGNED_EYES]
    doubtful = set(unsure) - set(_seen_again(grey, unsure, settings.look))
    kept = [box for box in boxes if box not in doubtful]
    scores = Scores(classifier_of(find_model(settings.model)))
    scores.add(reduced(grey, box, (SIDE, SIDE)) for box in kept)
    return sorted(Face(b, eyes[b], s) for b, s in zip(kept, scores.all(), strict=True))


def _boxes(grey: np.ndarray, look: Look) -> list[Box]:
    return [one.box for one in detector_of(look).everywhere(grey, ())]


def _seen_again(grey: np.ndarray, boxes: list[Box], look: Look) -> list[Box]:
    """Those of `boxes` that are found mirrored, and in a smaller picture, too."""
    if not boxes:
        return []
    width = grey.shape[1]
    other = replace(look, width=max(1, round(OTHER_SIZE * min(look.width or width, width))))
    smaller = _boxes(grey, other)
    mirrored = _boxes(np.ascontiguousarray(grey[:, ::-1]), look)
    turned = [box._replace(x=width - box.x - box.w) for box in mirrored]
    return [
        box
        for box in boxes
        if all(any(box.overlap(b) > SAME for b in found) for found in (smaller, turned))
    ]
