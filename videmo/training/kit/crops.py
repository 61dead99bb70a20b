"""The pictures of the self-test: 16 faces that belong to nobody, made from the demo's."""

from __future__ import annotations

from importlib.resources import files

import cv2
import numpy as np

from videmo.errors import SetupError
from videmo.schema import EMOTIONS

COUNT = 16
CUTS = ((0.04, 1.0, 0), (0.10, 0.7, 20), (0.0, 1.15, -30))
"""For the first, second and third picture of an emotion: what is cut off at each side as a part of
it, contrast, and brightness in grey levels; the second is mirrored."""


def crops(side: int) -> np.ndarray:
    """``(16, side, side)`` uint8, grey, always the same."""
    found = [
        _cut(_face(emotion), side, *CUTS[turn], mirrored=turn == 1)
        for turn in range(len(CUTS))
        for emotion in EMOTIONS
    ]
    return np.stack(found[:COUNT])


def _face(emotion: str) -> np.ndarray:
    data = (files("videmo.demo") / "faces" / f"{emotion}.png").read_bytes()
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
    if image is None:
        raise SetupError(f"{emotion}.png of the demo cannot be read; install videmo again")
    return image


def _cut(
    face: np.ndarray, side: int, margin: float, contrast: float, brightness: int, *, mirrored: bool
) -> np.ndarray:
    lost = round(margin * len(face))
    part = face[lost : len(face) - lost, lost : len(face) - lost]
    part = cv2.resize(part, (side, side), interpolation=cv2.INTER_AREA)
    part = part[:, ::-1] if mirrored else part
    grey = part.astype(np.float32) * contrast + brightness
    return np.clip(np.rint(grey), 0, 255).astype(np.uint8)
