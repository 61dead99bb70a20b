"""What a detector is asked for, and what it has to offer."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from videmo.errors import RequestError
from videmo.faces.picture import Picture
from videmo.schema import DEFAULT_DETECTOR, DEFAULT_MIN_FACE, Alignment, Box, Detection


class Region(NamedTuple):
    """A part of the picture: in parts of its width and height if no number is more than 1, else in
    pixels of the upright picture."""

    x: float
    y: float
    w: float
    h: float

    def holds(self, box: Box, size: tuple[int, int]) -> bool:
        """Whether the middle of `box` lies in it; the picture has this `size` (width, height)."""
        width, height = size if max(self) <= 1 else (1, 1)
        x, y = box.x + box.w / 2, box.y + box.h / 2
        left, top = self.x * width, self.y * height
        return left <= x < left + self.w * width and top <= y < top + self.h * height


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
    regions: tuple[Region, ...] = ()
    """Only in these faces are looked for; none: everywhere."""

    def __post_init__(self) -> None:
        """Refuse what cannot be.

        Raises:
            RequestError: a face of no height, a picture of no width, a look at no frame, a region
                in which there is nothing.
        """
        if not 0 < self.min_face <= 1:
            raise RequestError(f"min_face {self.min_face:g}: is more than 0 and at most 1")
        if self.width is not None and self.width < 0:
            raise RequestError(f"width {self.width}: is a number of pixels, or 0")
        if self.interval is not None and self.interval < 1:
            raise RequestError(f"interval {self.interval}: is at least 1")
        for region in self.regions:
            if not (min(region) >= 0 and min(region.w, region.h) > 0 and max(region) < math.inf):
                said = ",".join(f"{value:g}" for value in region)
                raise RequestError(f"region {said}: is no part of a picture; say x,y,w,h")


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
