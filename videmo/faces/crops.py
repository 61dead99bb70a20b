"""Cut a face out of a picture as emotion models see it: upright, framed as they learnt it. Pure."""

from __future__ import annotations

import math

import cv2
import numpy as np

from videmo.faces.pixels import crop_resize
from videmo.faces.pose import fit_to_frame
from videmo.schema import Box, Detection

LARGE = 3
"""Halvings from which on the first one leaves pixels out: a face has plenty of them then."""


def crop_face(image: np.ndarray, detection: Detection, side: int) -> np.ndarray:
    """The face as a square of `side` pixels, grey or in colour as `image` ((h, w) or (h, w, 3)).

    Brought upright by its keypoints; without them, what lies in its box.
    """
    if detection.keypoints is None:
        return crop_resize(image, detection.box, (side, side))
    fit = fit_to_frame(detection.keypoints)
    turn, move = fit.turn * side, fit.move * side - complex(0.5, 0.5)
    region = _region(turn, move, side, image.shape)
    part = image[region.y : region.y + region.h, region.x : region.x + region.w]
    halvings = max(0, math.floor(-math.log2(abs(turn)))) if turn else 0
    reduced, step, middle = _halved(part, halvings)
    origin = complex(region.x + middle, region.y + middle)
    scaled, moved = turn * step, turn * origin + move
    matrix = np.array(
        [[scaled.real, -scaled.imag, moved.real], [scaled.imag, scaled.real, moved.imag]]
    )
    return cv2.warpAffine(
        reduced, matrix, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )


def crop_picture(image: np.ndarray, side: int) -> np.ndarray:
    """All of a picture, stretched to a square of `side` pixels."""
    height, width = image.shape[:2]
    return crop_resize(image, Box(0, 0, width, height), (side, side))


def _region(turn: complex, move: complex, side: int, shape: tuple[int, ...]) -> Box:
    """What of a picture of this shape the crop is made of."""
    corners = (
        [(complex(x, y) - move) / turn for x in (0, side) for y in (0, side)] if turn else [0j]
    )
    height, width = shape[:2]
    left = min(max(0, math.floor(min(c.real for c in corners)) - 1), width - 1)
    top = min(max(0, math.floor(min(c.imag for c in corners)) - 1), height - 1)
    right = min(width, math.ceil(max(c.real for c in corners)) + 2)
    bottom = min(height, math.ceil(max(c.imag for c in corners)) + 2)
    return Box(left, top, max(1, right - left), max(1, bottom - top))


def _halved(part: np.ndarray, halvings: int) -> tuple[np.ndarray, int, float]:
    """`part`, halved so often.

    Each time to the mean of four pixels, which is many times as fast as to reduce by any other
    number; but at first, if it is large, by leaving every other row and column out.

    Returns:
        The picture; how many pixels of `part` in a row make one of it; and where in `part` the
        middle of its first pixel lies, in pixels from the middle of the first one there.
    """
    step, middle = 1, 0.0
    for number in range(halvings):
        height, width = part.shape[0] // 2, part.shape[1] // 2
        if min(height, width) < 1:
            break
        even = part[: 2 * height, : 2 * width]
        if number == 0 and halvings >= LARGE:
            part = np.ascontiguousarray(even[::2, ::2])
        else:
            part = cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA)
            middle += step / 2
        step *= 2
    return part, step, middle
