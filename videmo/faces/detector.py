"""What a detector is asked for, and what it has to offer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from videmo.errors import RequestError
from videmo.faces.picture import Picture
from videmo.schema import DEFAULT_DETECTOR, DEFAULT_MIN_FACE, Alignment, Box, Detection


@dataclass(frozen=True)
class DetectorConfig:
    """How to look for faces."""

    detector: str = DEFAULT_DETECTOR
    width: int | None = None
    """Width in pixels of the reduced picture in which faces are searched; 0 keeps the size; None:
    as suits the detector and `min_face`."""
    min_face: float = DEFAULT_MIN_FACE
    """Height of the smallest face, as a part of the picture's height."""
    interval: int | None = None
    """Frames from one look at the whole picture to the next; None: as suits the detector."""

    def __post_init__(self) -> None:
        """Refuse what cannot be.

        Raises:
            RequestError: a face of no height, a picture of no width, a look at no frame.
        """
        if not 0 < self.min_face <= 1:
            raise RequestError(f"min_face {self.min_face:g}: is more than 0 and at most 1")
        if self.width is not None and self.width < 0:
            raise RequestError(f"width {self.width}: is a number of pixels, or 0")
        if self.interval is not None and self.interval < 1:
            raise RequestError(f"interval {self.interval}: is at least 1")


class Sightings(NamedTuple):
    """What is known of each track of a movie, to tell faces from chance; all (tracks,)."""

    frames: np.ndarray
    """Frames on which it is."""
    detected: np.ndarray
    """On how many of them a look at the whole picture saw it."""
    aligned: np.ndarray
    """bool: whether it is aligned on any."""
    confidence: np.ndarray
    """The highest one, 0 to 1."""


@dataclass(frozen=True)
class Detector:
    """How faces are found in pictures, and what the finder needs to be used well."""

    weights: Mapping[str, str]
    """SHA-256 of each file of what it has learnt, by the file's name."""
    interval: int
    """Frames from one look at the whole picture to the next."""
    sure: float
    """The confidence from which on one detection is enough to follow a face."""
    detect: Callable[[Picture, Sequence[Box]], list[Detection]]
    """All faces in a picture, sorted, and some places that may be none; but where the boxes are, in
    which faces are known, it need not look."""
    align: Callable[[Picture, Detection, Alignment | None], Alignment]
    """How a face is turned; given that of the same face in the frame before, if there is one."""
    trusted: Callable[[Sightings], np.ndarray]
    """Which tracks are faces: (tracks,) bool."""
    origin: str = ""
    """What it is, and under which licence."""
    keypoints: bool = False
    """Whether its detections have them."""
    margin: float = 0.0
    """What is to be left around its boxes, as a part of their size on each side, so that a square
    is framed as emotion models learnt it."""
    redetect: Callable[[Picture, Box], Detection | None] | None = None
    """The face that should be about where the box is and about as large; None: not there. A
    detector without it looks at whole pictures so cheaply that faces need not be followed from one
    look to the next: they are interpolated."""
    confirmed: Callable[[Picture, Sequence[Detection]], list[Detection]] | None = None
    """Which detections in a single picture are faces though they are not aligned: no other frame
    tells them from chance. None: their confidence does."""
