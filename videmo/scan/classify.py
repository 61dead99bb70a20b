"""Give the emotion model what it wants to see of each picture, a batch at a time."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable

import numpy as np

from videmo.emotions import BATCH, FRAME, Classify, Model, classifier
from videmo.faces import Picture, crop_face, crop_picture
from videmo.schema import Detection

Sampler = Callable[[Picture, Detection], np.ndarray]
"""What a model sees of a detection: uint8 (side, side), or (side, side, 3) with red first."""


def sampler_of(model: Model) -> Sampler:
    """What gives `model` the pictures that its description asks for."""
    side = model.side

    def grey_face(picture: Picture, detection: Detection) -> np.ndarray:
        return picture.stretched(crop_face(picture.grey, detection, side))

    def grey_frame(picture: Picture, detection: Detection) -> np.ndarray:
        return picture.stretched(crop_picture(picture.grey, side))

    def rgb_face(picture: Picture, detection: Detection) -> np.ndarray:
        return crop_face(picture.colour(*picture.size), detection, side)[:, :, ::-1]

    def rgb_frame(picture: Picture, detection: Detection) -> np.ndarray:
        return picture.colour(side, side)[:, :, ::-1]

    if model.crop == FRAME:
        return grey_frame if model.colour == "grey" else rgb_frame
    return grey_face if model.colour == "grey" else rgb_face


class Scores:
    """Classifies faces as they come; remembers those that do not fill a batch yet."""

    def __init__(self, model: Model) -> None:
        self._classify = classifier_of(model)
        self._waiting: list[np.ndarray] = []
        self._done = [np.empty((0, len(model.labels)))]

    def add(self, pixels: Iterable[np.ndarray]) -> None:
        self._waiting += pixels
        while len(self._waiting) >= BATCH:
            self._run(self._waiting[:BATCH])
            del self._waiting[:BATCH]

    def all(self) -> np.ndarray:
        """The scores of all faces, in order: (faces, labels) float64."""
        self._run(self._waiting)
        self._waiting = []
        return np.concatenate(self._done)

    def _run(self, pixels: list[np.ndarray]) -> None:
        # With the four digits that the table keeps, so that all rooms see the same ones.
        if pixels:
            self._done.append(np.round(self._classify(pixels).astype(np.float64), 4))


@functools.lru_cache(maxsize=1)
def classifier_of(model: Model) -> Classify:
    """Kept from chunk to chunk; another file of the same name is another model."""
    return classifier(model)
