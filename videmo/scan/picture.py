"""Scan a single picture: the faces in it, how they are turned, and their emotions."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from videmo.emotions import find_model
from videmo.faces import DetectorConfig, StillPicture, detector_of
from videmo.scan.chunk import Settings, detector_config
from videmo.scan.classify import Scores, sampler_of
from videmo.schema import ALIGNED_EYES, Detection, Face

PICTURE_CONFIG = DetectorConfig(min_face=0.02, interval=1)
"""In a photograph faces may be smaller than in a movie, and there is time to look closely."""
HAAR_WIDTH = 1920
"""Width in pixels at which `haar` looks at a photograph."""
OTHER_SIZE = 0.8
SAME = 0.4
"""Intersection over union above which two boxes are one face."""


def scan_picture(picture: np.ndarray, settings: Settings | None = None) -> list[Face]:
    """The faces in `picture` (BGR uint8, upright), from left to right.

    Raises:
        RequestError, SetupError: as `scan_chunk`.
    """
    settings = settings or Settings(PICTURE_CONFIG)
    cv2.setNumThreads(1)
    model = find_model(settings.model)
    config = detector_config(settings, model)
    still = StillPicture(picture)
    faces = _faces(still, config)
    sampler, scores = sampler_of(model), Scores(model)
    for number, face in enumerate(faces):
        scores.add(number, sampler(still, face.detection))
    rated = zip(faces, scores.all().tolist(), strict=True)
    return sorted(
        (face._replace(scores=tuple(found)) for face, found in rated), key=lambda face: face.box
    )


def _faces(still: StillPicture, config: DetectorConfig) -> list[Face]:
    if config.detector == "haar" and config.width is None:
        config = replace(config, width=HAAR_WIDTH)
    detector = detector_of(config)
    found = detector.detect(still, ())
    faces = [Face(one, detector.align(still, one, None), ()) for one in found]
    if detector.redetect is None:
        return [face for face in faces if face.detection.confidence >= detector.sure]
    unsure = [face.detection for face in faces if face.alignment.eyes != ALIGNED_EYES]
    doubtful = set(unsure) - set(_seen_again(still, unsure, config))
    return [face for face in faces if face.detection not in doubtful]


def _seen_again(
    still: StillPicture, found: list[Detection], config: DetectorConfig
) -> list[Detection]:
    """Those of `found` that are found in the mirrored picture, and in a smaller one, too.

    No other frame tells a face from a chance pattern, as a cascade sees many.
    """
    if not found:
        return []
    width, height = still.size
    bgr = still.colour(width, height)
    size = config.width or width
    smaller = replace(config, width=max(1, round(OTHER_SIZE * min(size, width))))
    again = detector_of(smaller).detect(still, ())
    mirrored = detector_of(config).detect(StillPicture(np.ascontiguousarray(bgr[:, ::-1])), ())
    turned = [one.box._replace(x=width - one.box.x - one.box.w) for one in mirrored]
    places = ([one.box for one in again], turned)
    return [
        one
        for one in found
        if all(any(one.box.iou(box) > SAME for box in boxes) for boxes in places)
    ]
