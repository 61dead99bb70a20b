"""The surface of a head with its hair, from the front and from behind."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from videmo.demo.outline import NOSE, PROFILE, ROUND, SIDE
from videmo.demo.shape import Shape, shaped

ACROSS, DOWN = (-140, 141), (-60, 261)
"""The x and the y for which the surface and the colours of a head are kept, one for each pixel."""

DEEP = (-160, 161)
"""The z for which the colours of a head's side are kept."""

BACK = (
    *((-45, -10), (-30, -60), (0, -96), (40, -114), (80, -120), (120, -112)),
    *((150, -88), (170, -52), (188, -12), (206, 18), (222, 54), (236, 88)),
)
"""Where skull, neck and jaw end behind: y and z."""

FACE = (slice(-DOWN[0], 240 - DOWN[0]), slice(-ACROSS[0] - 120, 120 - ACROSS[0]))
"""Where a face's picture lies in what is kept by `DOWN` and `ACROSS`."""


class Surface(NamedTuple):
    """The surface of a head, by y and x (`DOWN`, `ACROSS`)."""

    front: np.ndarray
    back: np.ndarray
    """z at which a ray from the front comes in, and leaves; the same: there is nothing."""
    wide: np.ndarray
    """Half the head's width, by y."""


@functools.cache
def surface_of(shape: Shape, long_hair: bool) -> Surface:
    """The surface of a head with its hair."""
    y, x = np.mgrid[slice(*DOWN), slice(*ACROSS)].astype(np.float32)
    wide = skin_width(y)
    skin = np.abs(x) < wide
    front, back = _skin(x, y, wide, shape)
    hair_wide, hair_front, hair_back = (_long_hair if long_hair else _short_hair)(x, y)
    hair = np.abs(x) < hair_wide
    over = front + np.maximum(0, hair_front - front) * (1 - window(x, y))
    front = np.where(hair, np.where(skin, over, hair_front), np.where(skin, front, SIDE))
    behind = np.where(skin, np.minimum(back, hair_back), hair_back)
    back = np.where(hair, behind, np.where(skin, back, SIDE))
    wide = np.maximum(wide, hair_wide)[:, 0]
    return Surface(front.astype(np.float32), back.astype(np.float32), wide)


def _skin(
    x: np.ndarray, y: np.ndarray, wide: np.ndarray, shape: Shape
) -> tuple[np.ndarray, np.ndarray]:
    """Front and back of a head without hair."""
    depth = _rounded(x, wide, np.interp(y, (190, 225), (ROUND, 3.5)))
    middle, relief = _along(PROFILE, y), np.zeros_like(x)
    middle[FACE] = shaped(middle[FACE], shape)
    relief[FACE] = shaped(_relief(x[FACE], y[FACE]), shape)
    front = SIDE + (middle - SIDE) * depth + relief * np.minimum(1, 3 * depth)
    ends = _along(BACK, y, 8)
    return front, np.where(ends < SIDE, SIDE + (ends - SIDE) * depth, ends)


def skin_width(y: np.ndarray) -> np.ndarray:
    """Half the width of the skin at each height."""
    jaw = _oval_width(y) * np.sqrt(np.clip(0.97**2 - ((y - 112) / 122) ** 2, 0, None))
    skull = 97 * np.sqrt(np.clip(1 - ((y - 100) / 140) ** 2, 0, None))
    return np.asarray(np.where(y > 100, jaw, skull))


def _rounded(x: np.ndarray, wide: np.ndarray, power: float | np.ndarray) -> np.ndarray:
    """1 in the middle, 0 where the head is widest."""
    part = np.clip(np.abs(x) / np.maximum(wide, 1e-3), 0, 1)
    return np.asarray((1 - part**power) ** (1 / power))


def _along(points: Sequence[tuple[float, float]], y: np.ndarray, soft: float = 2) -> np.ndarray:
    """The values at `y` on a line through `points`, of which corners are rounded off."""
    rows = np.arange(DOWN[0] - 20, DOWN[1] + 20, dtype=np.float64)
    values = np.interp(rows, *np.transpose(points))
    smooth = cv2.GaussianBlur(values[:, None], (0, 0), sigmaX=soft)[:, 0]
    return np.asarray(np.interp(y, rows, smooth), np.float32)


def _relief(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """What stands out of an egg in a face, in pixels: nose, sockets of the eyes, cheeks."""
    wide = np.interp(y, (80, 110, 135, 150), (13, 14, 20, 24))
    relief = np.interp(y, *np.transpose(NOSE)) * np.exp(-((x / wide) ** 2))
    for side in (-1, 1):
        relief -= 7 * np.exp(-(((x - side * 44) / 22) ** 2) - ((y - 94) / 13) ** 2)
        relief += 5 * np.exp(-(((x - side * 56) / 26) ** 2) - ((y - 136) / 24) ** 2)
    return np.asarray(relief, np.float32)


def window(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """1 where the face is free of hair, 0 where it is not, as in the face's oval."""
    distance = np.hypot(x / _oval_width(y), (y - 112) / 122)
    return np.asarray(np.clip((1 - distance) / 0.13, 0, 1))


def _oval_width(y: np.ndarray) -> np.ndarray:
    """Half the width of a face's oval, which is an ellipse down to where a chin begins."""
    chin = 0.86 + 0.14 * np.cos((y - 110) / 120 * 1.4)
    return np.asarray(np.where(y > 110, 100 * chin, 100))


def _long_hair(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Half the width, the front and the back of hair down to the shoulders."""
    high = np.where(y < 100, 145, 300)
    wide = 122 * np.sqrt(np.clip(1 - ((y - 100) / high) ** 2, 0, None))
    round_ = _rounded(x, wide, 2.2)
    tall = _rounded(np.minimum(y, 100) - 100, np.float32(145), 2.5)
    share = np.clip((y - 40) / 90, 0, 1)
    share = share * share * (3 - 2 * share)
    forward = 134 * tall * (1 - share) + share * (80 - np.clip((y - 130) / 110, 0, 1) * 30)
    behind = np.where(y < 100, 136 * tall, 136 - np.clip((y - 100) / 140, 0, 1) * 36)
    front = SIDE + forward * round_
    back = SIDE - behind * round_
    return wide, front, back


def _short_hair(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Half the width, the front and the back of hair down to the ears."""
    wide = 122 * np.sqrt(np.clip(1 - ((y - 100) / 145) ** 2, 0, None))
    shrunk = np.clip((y - 50) / 75, 0, 1)
    wide = wide + shrunk * (skin_width(y) + 2 - wide)
    round_ = _rounded(x, wide, 2.2)
    tall = _rounded(y - 100, np.float32(145), 2.5)
    ends = np.minimum(_along(BACK, y, 8) - 13 * np.clip((175 - y) / 30, 0, 1), SIDE)
    front = np.where(y < 130, SIDE + 134 * tall * round_, SIDE)
    return np.where(y < 175, wide, 0), front, SIDE + (ends - SIDE) * round_
