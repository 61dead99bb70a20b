"""How faces are to be looked for, and what a detector has to offer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from videmo.schema import DEFAULT_EVERY, DEFAULT_MIN_FACE, Box, Detection


@dataclass(frozen=True)
class Look:
    """How to look for faces."""

    detector: str = "haar"
    width: int = 640
    """Width in pixels of the reduced picture in which faces are searched; 0 keeps the size."""
    min_face: float = DEFAULT_MIN_FACE
    """Height of the smallest face, as a part of the picture's height."""
    every: int = DEFAULT_EVERY
    """Frames from one look at the whole picture to the next; between them faces are followed."""


@dataclass(frozen=True)
class Detector:
    """Two ways to look for faces in a grey picture (uint8, h x w)."""

    everywhere: Callable[[np.ndarray, Sequence[Box]], list[Detection]]
    """All faces in the picture, sorted, and some places that may be none; but where the boxes are,
    in which faces are known, it need not look."""
    near: Callable[[np.ndarray, Box], Detection | None]
    """The face that should be about where the box is and about as large; None: not there."""
