"""One observation a picture, for models that look at all of it: face and hands together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from videmo.faces.detector import Detector, DetectorConfig
from videmo.faces.picture import Picture
from videmo.schema import Alignment, Box, Detection

WHOLE = "whole"
"""Its name; not a user's choice, but what the model's `crop` asks for."""
INTERVAL = 12
"""Frames from one picture to the next; those between are alike."""


def whole(config: DetectorConfig) -> Detector:
    """The whole picture, instead of faces."""
    return Detector(
        weights={},
        interval=config.interval or INTERVAL,
        sure=1.0,
        detect=_detect,
        align=lambda picture, detection, before: Alignment(eyes=None),
        trusted=lambda tracks: np.ones(len(tracks.frames), bool),
    )


def _detect(picture: Picture, known: Sequence[Box]) -> list[Detection]:
    return [Detection(Box(0, 0, *picture.size), 1.0)]
