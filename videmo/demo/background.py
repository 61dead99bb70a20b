"""The rooms behind the actors: soft colours that move gently and hold nothing like a face."""

from __future__ import annotations

import cv2
import numpy as np

GRAIN = 4
"""Noise: so many grey levels, the same on every frame, so that gradients do not show bands."""

SOFT = 8
"""Everything in a room is so soft that painting it at this fraction of the size is enough."""

SHAPES = 4

PALETTES = (
    ((150, 104, 62), (96, 60, 40)),
    ((92, 122, 168), (46, 66, 110)),
    ((110, 138, 76), (70, 84, 38)),
    ((140, 90, 128), (84, 50, 84)),
    ((128, 140, 148), (70, 82, 92)),
    ((84, 140, 160), (48, 80, 104)),
)
"""Upper and lower colour of a room, (blue, green, red)."""


class Background:
    """One room: remembers its colours, so that a frame costs little."""

    def __init__(self, size: tuple[int, int], number: int) -> None:
        """`size` is (width, height) in pixels; the same number gives the same room."""
        self.size = size
        random = np.random.Generator(np.random.PCG64(abs(number)))
        small = (max(4, size[0] // SOFT), max(4, size[1] // SOFT))
        self._small = small
        upper, lower = (np.array(c, np.float32) for c in PALETTES[number % len(PALETTES)])
        down = np.linspace(0, 1, small[1], dtype=np.float32)[:, None, None]
        across = np.linspace(-1, 1, small[0], dtype=np.float32)[None, :, None]
        self._walls = upper + (lower - upper) * down + 14 * across
        self._colours = random.uniform(-34, 46, (SHAPES, 3)).astype(np.float32)
        self._widths = random.uniform(0.14, 0.34, SHAPES)
        self._starts = random.uniform(0, 1, (SHAPES, 2))
        self._speeds = random.uniform(0.1, 0.35, (SHAPES, 2))
        self.grain = random.integers(0, GRAIN, (size[1], size[0]), np.uint8)

    def paint(self, time: float) -> np.ndarray:
        """The room `time` seconds after the shot began: ``(height, width, 3)`` uint8, BGR."""
        width, height = self._small
        picture = self._walls.copy()
        x, y = np.arange(width) / height, np.arange(height) / height
        for colour, spread, start, speed in zip(
            self._colours, self._widths, self._starts, self._speeds, strict=True
        ):
            centre = 0.5 + 0.55 * np.sin(2 * np.pi * start + speed * time)
            row = np.exp(-(((x - centre[0] * width / height) / spread) ** 2))
            column = np.exp(-(((y - centre[1]) / spread) ** 2))
            shape = np.outer(column, row).astype(np.float32)
            picture += shape[..., None] * colour
        soft = np.clip(picture, 0, 255 - GRAIN).astype(np.uint8)
        return np.asarray(cv2.resize(soft, self.size, interpolation=cv2.INTER_CUBIC))
