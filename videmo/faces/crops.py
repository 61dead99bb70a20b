"""Cut a face out of a picture as emotion models see it: upright, framed as they learnt it. Pure."""

from __future__ import annotations

import math

import cv2
import numpy as np

from videmo.faces.pixels import crop_resize
from videmo.schema import Box, Detection

FRAME = ((0.312, 0.371), (0.684, 0.378), (0.502, 0.585), (0.324, 0.756), (0.653, 0.762))
"""Where the keypoints lie in a crop, as parts of its side: where they lie in Haar's box (median of
5,637 faces), for in that framing the models learnt. Right eye, left eye, nose, mouth."""
FINER = 2.0
"""Pixels kept, for each of the crop in a row, when a large face is reduced before it is turned."""


def crop_face(image: np.ndarray, detection: Detection, side: int) -> np.ndarray:
    """The face as a square of `side` pixels, grey or in colour as `image` ((h, w) or (h, w, 3)).

    Brought upright by its keypoints; without them, what lies in its box.
    """
    if detection.keypoints is None:
        return crop_resize(image, detection.box, (side, side))
    to_crop = _similarity(detection.keypoints, side)
    region = _region(to_crop, side, image.shape)
    scale = min(1.0, FINER * math.hypot(to_crop[0, 0], to_crop[1, 0]))
    size = (max(1, round(region.w * scale)), max(1, round(region.h * scale)))
    reduced = crop_resize(image, region, size)
    # A pixel's middle lies half a pixel from its corner, in both pictures.
    across, down = region.w / size[0], region.h / size[1]
    from_reduced = np.array(
        [[across, 0, region.x + (across - 1) / 2], [0, down, region.y + (down - 1) / 2], [0, 0, 1]]
    )
    matrix = np.vstack([to_crop, [0, 0, 1]]) @ from_reduced
    return cv2.warpAffine(
        reduced, matrix[:2], (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )


def crop_picture(image: np.ndarray, side: int) -> np.ndarray:
    """All of a picture, stretched to a square of `side` pixels."""
    height, width = image.shape[:2]
    return crop_resize(image, Box(0, 0, width, height), (side, side))


def _similarity(points: tuple[tuple[float, float], ...], side: int) -> np.ndarray:
    """The (2, 3) matrix that turns, scales and moves `points` as near to `FRAME` as can be.

    By least squares: S. Umeyama, Least-squares estimation of transformation parameters between two
    point patterns, IEEE PAMI 13, 1991; in the plane, points are complex numbers.
    """
    source = np.array([complex(x, y) for x, y in points])
    target = np.array([complex(x, y) for x, y in FRAME]) * side - complex(0.5, 0.5)
    off, to = source - source.mean(), target - target.mean()
    spread = float((np.abs(off) ** 2).sum())
    turn = complex((off.conj() * to).sum()) / max(spread, 1e-6)
    move = target.mean() - turn * source.mean()
    return np.array([[turn.real, -turn.imag, move.real], [turn.imag, turn.real, move.imag]])


def _region(to_crop: np.ndarray, side: int, shape: tuple[int, ...]) -> Box:
    """What of a picture of this shape the crop is made of."""
    back = cv2.invertAffineTransform(to_crop)
    corners = back @ np.array([[0, side, 0, side], [0, 0, side, side], [1, 1, 1, 1]], np.float64)
    height, width = shape[:2]
    left, top = np.floor(corners.min(axis=1)).astype(int) - 1
    right, bottom = np.ceil(corners.max(axis=1)).astype(int) + 2
    left, top = min(max(0, left), width - 1), min(max(0, top), height - 1)
    right, bottom = max(left + 1, min(width, right)), max(top + 1, min(height, bottom))
    return Box(int(left), int(top), int(right - left), int(bottom - top))
