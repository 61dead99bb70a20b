"""Where one shot ends and the next begins, from tiny pictures of the frames. Pure.

A cut is a frame that differs from the one before much more than its neighbours do from theirs: the
adaptive rule of PySceneDetect (scenedetect.com, AdaptiveDetector), on luma alone so that scanning
needs no colours.
"""

from __future__ import annotations

from collections import deque

import cv2
import numpy as np
import numpy.typing as npt

Thumbnail = npt.NDArray[np.uint8]
"""(9, 16): a tiny picture of a frame."""

THUMBNAIL = (16, 9)
"""Width and height in pixels of a frame's tiny picture."""
SAMPLES = 80
"""Pixels of a row, at least, of which a tiny picture is made."""
LEAST_CHANGE = 9.0
"""Mean change of grey level, 0 to 255, below which nothing is a cut."""
RATIO = 3.0
"""A cut changes so many times as much as the frames around it."""
NEIGHBOURS = 2
"""Frames on either side that a change is compared with."""


def thumbnail(grey: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """A tiny picture (uint8, 9 x 16) of `grey` (uint8, h x w) that tells shots apart."""
    # Every pixel counted would cost as much as decoding: rows and columns are skipped first.
    step = max(1, grey.shape[1] // SAMPLES)
    sparse = np.ascontiguousarray(grey[::step, ::step])
    return np.asarray(cv2.resize(sparse, THUMBNAIL, interpolation=cv2.INTER_AREA), np.uint8)


class CutWatch:
    """Tells cuts while frames come, as well as it can without those that follow.

    Remembers the last tiny picture and the last changes.
    """

    def __init__(self) -> None:
        self._last: npt.NDArray[np.int16] | None = None
        self._changes: deque[float] = deque(maxlen=NEIGHBOURS)

    def is_cut(self, picture: npt.NDArray[np.uint8]) -> bool:
        """Whether the frame with this tiny picture begins a new shot."""
        now = picture.astype(np.int16)
        before, self._last = self._last, now
        if before is None:
            return False
        change = float(np.abs(now - before).mean())
        usual = sum(self._changes) / max(1, len(self._changes))
        self._changes.append(change)
        return change >= LEAST_CHANGE and change >= RATIO * usual


def changes(
    thumbnails: npt.NDArray[np.uint8], before: npt.NDArray[np.uint8] | None = None
) -> npt.NDArray[np.float64]:
    """How much each frame differs from the one before it.

    Args:
        thumbnails: (n, 9, 16), one for each frame, in order.
        before: (9, 16), that of the frame before the first one, if there is one.

    Returns:
        (n,) mean change of grey level, 0 to 255; 0 for a frame with none before it.
    """
    if not len(thumbnails):
        return np.zeros(0)
    first = thumbnails[:1] if before is None else before[None]
    steps = np.diff(np.concatenate([first, thumbnails]).astype(np.int16), axis=0)
    return np.asarray(np.abs(steps).mean(axis=(1, 2)))


def find_cuts(change: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Which frames begin a new shot, from what `changes` gives of all of them; both (n,)."""
    padded = np.pad(change, NEIGHBOURS)
    around = np.zeros_like(change)
    for shift in range(1, NEIGHBOURS + 1):
        around += padded[NEIGHBOURS - shift : len(padded) - NEIGHBOURS - shift]
        around += padded[NEIGHBOURS + shift : len(padded) - NEIGHBOURS + shift]
    around /= 2 * NEIGHBOURS
    return np.asarray((change >= LEAST_CHANGE) & (change >= RATIO * around))
