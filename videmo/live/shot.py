"""A picture of a live source, which several threads look at."""

from __future__ import annotations

import threading

import numpy as np

from videmo.video import Frame


class Shot:
    """A captured picture. Only one thread at a time converts it: FFmpeg's scaler is one of its
    own for each frame, and no two may use it at once."""

    def __init__(self, number: int, frame: Frame, arrived: float) -> None:
        self.number = number
        """From 0, in the order in which they were captured."""
        self.time = float(frame.time)
        """Seconds after the first picture."""
        self.frame = frame
        self.arrived = arrived
        """When it was captured, by `time.monotonic`."""
        self._busy = threading.Lock()

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.frame.size

    @property
    def grey(self) -> np.ndarray:
        with self._busy:
            return self.frame.grey

    @property
    def ordinary(self) -> np.ndarray:
        """BGR uint8, as an ordinary screen shows it; whoever draws into it takes a copy."""
        with self._busy:
            return self.frame.ordinary

    def stretched(self, grey: np.ndarray) -> np.ndarray:
        return self.frame.stretched(grey)

    def colour(self, width: int, height: int) -> np.ndarray:
        with self._busy:
            return self.frame.colour(width, height)
