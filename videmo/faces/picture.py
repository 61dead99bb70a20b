"""A picture as detectors see it: grey in full, and in colour at any size."""

from __future__ import annotations

from functools import cached_property
from typing import Protocol

import cv2
import numpy as np


class Picture(Protocol):
    """An upright picture. A frame of a movie is one."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        ...

    @property
    def grey(self) -> np.ndarray:
        """(height, width) uint8; black and white may be 16 and 235."""
        ...

    def stretched(self, grey: np.ndarray) -> np.ndarray:
        """Pixels of `grey`, or made of them, on a scale from 0 (black) to 255 (white)."""
        ...

    def colour(self, width: int, height: int) -> np.ndarray:
        """The picture brought to this size: (height, width, 3) uint8, blue first."""
        ...


class StillPicture:
    """A picture that is no frame of a movie."""

    def __init__(self, bgr: np.ndarray) -> None:
        """`bgr` is (height, width, 3) uint8, blue first, upright."""
        self._bgr = bgr

    @property
    def size(self) -> tuple[int, int]:
        return self._bgr.shape[1], self._bgr.shape[0]

    @cached_property
    def grey(self) -> np.ndarray:
        return cv2.cvtColor(self._bgr, cv2.COLOR_BGR2GRAY)

    def stretched(self, grey: np.ndarray) -> np.ndarray:
        return grey

    def colour(self, width: int, height: int) -> np.ndarray:
        if (width, height) == self.size:
            return self._bgr
        return cv2.resize(self._bgr, (width, height), interpolation=cv2.INTER_AREA)
