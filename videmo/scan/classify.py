"""Give the emotion model what it wants to see of each picture, a batch at a time."""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Callable

import numpy as np

from videmo.emotions import BATCH, Classify, Model, classifier
from videmo.faces import Picture, crop_face, crop_picture
from videmo.schema import FRAME, Detection, Face

SAME_SCORES = 0.1
"""By so much scores may differ, at most, to say the same."""

LEAST_CONTRAST = 7.0
"""Standard deviation of the greys, 0 to 255, of eyes, nose and mouth. Faces in a dark hall that
nobody can read had 2 to 6, the darkest readable ones 10 and more, and actors in a studio 20."""
FEATURES = (0.3, 0.8), (0.25, 0.75)
"""Where eyes, nose and mouth lie in a sample of a face, as parts of its height and of its width:
hair and what is behind the head may be bright where the face is not."""

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


def lit(face: Face, sample: np.ndarray) -> Face:
    """The face; but where nothing can be read in `sample`, which the model sees of it, as in the
    dark, none of its eyes counts as seen: it is not aligned."""
    if face.alignment.eyes and contrast(sample) < LEAST_CONTRAST:
        return face._replace(alignment=face.alignment._replace(eyes=0))
    return face


def contrast(sample: np.ndarray) -> float:
    """The standard deviation of the greys of eyes, nose and mouth in what a model sees of a face,
    (side, side) or (side, side, 3)."""
    (top, bottom), (left, right) = FEATURES
    height, width = sample.shape[:2]
    part = sample[int(top * height) : int(bottom * height), int(left * width) : int(right * width)]
    return float((part if part.ndim == 2 else part.mean(axis=2)).std())


class Scores:
    """Classifies faces as they come, of each tracklet one of so many (`stride`), and its last.

    What lies between two of them is interpolated, if they agree (`agree`), else classified, too. An
    emotion that is held for `stride` frames is held on one that is classified: none is missed.
    """

    def __init__(self, model: Model, stride: int = 1) -> None:
        self._classify = classifier_of(model)
        self._labels = len(model.labels)
        self._stride = stride
        self._count = 0
        self._pictures: dict[int, np.ndarray] = {}
        """What the model sees of faces that are not rated yet, by their numbers."""
        self._rated: dict[int, np.ndarray] = {}
        self._wanted: deque[int] = deque()
        """Those to be classified."""
        self._open: dict[int, list[int]] = {}
        """Of each tracklet its faces from the last one on that is classified."""
        self._spans: list[list[int]] = []
        """Faces between two that are classified, with these, to be rated when these are."""

    def add(self, tracklet: int, picture: np.ndarray) -> None:
        """The next face, and which one it is."""
        number = self._count
        self._count += 1
        self._pictures[number] = picture
        span = self._open.setdefault(tracklet, [])
        span.append(number)
        if len(span) == 1:
            self._wanted.append(number)
        elif len(span) > self._stride:
            self._open[tracklet] = [number]
            self._close(span)
        while len(self._wanted) >= BATCH:
            self._run()

    def forget(self, there: set[int]) -> None:
        """Wait no longer for tracklets that are not among those that are `there`: they have ended,
        or will begin anew."""
        for tracklet in self._open.keys() - there:
            span = self._open.pop(tracklet)
            if len(span) > 1:
                self._close(span)

    def all(self) -> np.ndarray:
        """The scores of all faces, in order: (faces, labels) float64, with four digits."""
        self.forget(set())
        while self._wanted:
            self._run()
        rows = [self._rated[number] for number in range(self._count)]
        return np.array(rows).reshape(-1, self._labels)

    def _close(self, span: list[int]) -> None:
        self._wanted.append(span[-1])
        if len(span) > 2:
            self._spans.append(span)

    def _run(self) -> None:
        numbers = [self._wanted.popleft() for _ in range(min(BATCH, len(self._wanted)))]
        found = self._classify([self._pictures.pop(number) for number in numbers])
        # With the four digits that the table keeps, so that all rooms see the same ones.
        rounded = np.round(found.astype(np.float64), 4)
        self._rated |= dict(zip(numbers, rounded, strict=True))
        waiting, self._spans = self._spans, []
        for span in waiting:
            if span[0] in self._rated and span[-1] in self._rated:
                self._rate(span)
            else:
                self._spans.append(span)

    def _rate(self, span: list[int]) -> None:
        """Interpolate between the ends of a span, or have what lies there classified, too."""
        first, last = self._rated[span[0]], self._rated[span[-1]]
        if not agree(first, last):
            self._wanted.extend(span[1:-1])
            return
        for place, number in enumerate(span[1:-1], 1):
            share = place / (len(span) - 1)
            self._rated[number] = np.round(first + share * (last - first), 4)
            del self._pictures[number]


def agree(first: np.ndarray, last: np.ndarray) -> bool:
    """Whether two frames' scores, each (labels,), say the same: the first label, nearly as sure."""
    return bool(first.argmax() == last.argmax() and np.abs(first - last).max() <= SAME_SCORES)


@functools.lru_cache(maxsize=1)
def classifier_of(model: Model) -> Classify:
    """Kept from chunk to chunk; another file of the same name is another model."""
    return classifier(model)
