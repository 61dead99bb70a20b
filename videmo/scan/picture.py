"""Scan a single picture: the faces in it, how they are turned, and their emotions."""

from __future__ import annotations

import cv2
import numpy as np

from videmo.emotions import find_model
from videmo.faces import DetectorConfig, StillPicture, detector_of
from videmo.scan.chunk import Settings, detector_config
from videmo.scan.classify import Scores, lit, sampler_of
from videmo.schema import ALIGNED_EYES, Face

PICTURE_CONFIG = DetectorConfig(min_face=0.02, interval=1)
"""In a photograph faces may be smaller than in a movie, and there is time to look closely."""


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
    samples = [sampler(still, face.detection) for face in faces]
    for number, sample in enumerate(samples):
        scores.add(number, sample)
    rated = zip(map(lit, faces, samples), scores.all().tolist(), strict=True)
    return sorted(
        (face._replace(scores=tuple(found)) for face, found in rated), key=lambda face: face.box
    )


def _faces(still: StillPicture, config: DetectorConfig) -> list[Face]:
    detector = detector_of(config)
    found = detector.detect(still, ())
    faces = [Face(one, detector.align(still, one, None), ()) for one in found]
    if detector.confirmed is None:
        return [face for face in faces if face.detection.confidence >= detector.sure]
    unsure = [face.detection for face in faces if face.alignment.eyes != ALIGNED_EYES]
    doubtful = set(unsure) - set(detector.confirmed(still, unsure))
    return [face for face in faces if face.detection not in doubtful]
