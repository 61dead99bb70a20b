"""Give the one averaged face the shapes of several people. Pure."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import cv2
import numpy as np

MIDDLE = 119.5
"""Where a face's own middle is, in pixels from the left of its picture (240 x 240)."""
EYE_ROW, EYE_OFF = 92, 46
"""The pupils: their row, and how far they lie from the middle."""


@dataclass(frozen=True)
class Shape:
    """How a face differs from the average one; all 0: not at all.

    The values of the demo's people were found by trying some hundred: dlib's network can tell them
    apart, while Haar's cascades and the emotion model still see what they should.
    """

    jaw: float = 0.0
    """How much wider the jaw is, as a part of its width."""
    temples: float = 0.0
    """How much wider the forehead is, as a part of its width."""
    eyes: float = 0.0
    """Pixels by which each eye lies further out."""
    eye_size: float = 0.0
    """How much larger the eyes are, as a part of their size."""
    brows: float = 0.0
    """Pixels by which the brows lie lower."""
    nose: float = 0.0
    """Pixels by which the nose is longer, and what is under it lower."""
    nose_width: float = 0.0
    """How much wider the nose is, as a part of its width."""
    mouth_width: float = 0.0
    """How much wider the mouth is, as a part of its width."""


SHAPES = (
    Shape(
        jaw=-0.14,
        temples=-0.01,
        eyes=6.0,
        eye_size=0.29,
        brows=-8.0,
        nose=3.16,
        nose_width=0.45,
        mouth_width=-0.08,
    ),
    Shape(
        jaw=-0.15,
        temples=0.09,
        eyes=-6.0,
        eye_size=-0.08,
        brows=-7.7,
        nose=8.18,
        nose_width=-0.21,
        mouth_width=-0.05,
    ),
    Shape(
        jaw=0.08,
        temples=-0.07,
        eyes=13.0,
        eye_size=-0.13,
        brows=-0.59,
        nose=12.13,
        nose_width=0.43,
        mouth_width=0.32,
    ),
    Shape(
        jaw=-0.02,
        temples=0.04,
        eyes=12.38,
        eye_size=0.13,
        brows=-0.36,
        nose=3.83,
        nose_width=-0.25,
        mouth_width=-0.12,
    ),
    Shape(
        jaw=0.11,
        temples=0.04,
        eyes=-9.0,
        eye_size=-0.05,
        brows=-0.13,
        nose=-4.92,
        nose_width=0.46,
        mouth_width=0.08,
    ),
)


def shaped(face: np.ndarray, shape: Shape) -> np.ndarray:
    """`face` (240 x 240, grey) in another shape."""
    across, down = _sources(shape, face.shape[0])
    return cv2.remap(face, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


@functools.cache
def _sources(shape: Shape, side: int) -> tuple[np.ndarray, np.ndarray]:
    """For each pixel of the shaped face, where in the average one it comes from: (x, y)."""
    y, x = np.mgrid[:side, :side].astype(np.float32)
    off = x - MIDDLE
    far = np.abs(off)
    across, down = off.copy(), y.copy()
    across /= 1 + shape.jaw * np.clip((y - 120) / 100, 0, 1)
    across /= 1 + shape.temples * np.clip((110 - y) / 100, 0, 1)
    near_eyes = _bump(y, EYE_ROW, 40) * np.clip(far / 30, 0, 1) * np.clip((115 - far) / 60, 0, 1)
    across -= np.sign(off) * shape.eyes * near_eyes
    below = np.clip((y - 95) / 50, 0, 1) * np.clip((238 - y) / 60, 0, 1) * _bump(off, 0, 80)
    down -= shape.nose * below
    across /= 1 + shape.mouth_width * _bump(y, 185, 35) * _bump(off, 0, 70)
    across /= 1 + shape.nose_width * _bump(y, 135, 30) * _bump(off, 0, 40)
    down -= shape.brows * _bump(y, 65, 22) * np.clip((110 - far) / 40, 0, 1)
    for eye in (-EYE_OFF, EYE_OFF):
        larger = shape.eye_size * _bump(off, eye, 34) * _bump(y, EYE_ROW, 24)
        across -= (off - eye) * larger / (1 + larger)
        down -= (y - EYE_ROW) * larger / (1 + larger)
    return (across + MIDDLE).astype(np.float32), down.astype(np.float32)


def _bump(values: np.ndarray, centre: float, width: float) -> np.ndarray:
    """1 at `centre`, falling smoothly to 0."""
    return np.exp(-(((values - centre) / width) ** 2))
