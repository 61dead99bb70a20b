"""Parts of pictures: cropped, reduced, and compared."""

from __future__ import annotations

import cv2
import numpy as np

from videmo.schema import Box

SPARE = 3
"""Pixels kept, for each that remains, when others are skipped before reducing."""
LEAST_CORRELATION = 0.7
"""Correlation, -1 to 1."""

Patch = np.ndarray


def crop_resize(image: np.ndarray, box: Box, size: tuple[int, int]) -> np.ndarray:
    """The part of `image` ((h, w) or (h, w, 3)) in `box`, at `size` (width, height in pixels)."""
    # To average every pixel of a large face costs more than to find it: some are skipped first.
    skip = max(1, box.w // (SPARE * size[0]))
    part = image[box.y : box.y + box.h : skip, box.x : box.x + box.w : skip]
    how = cv2.INTER_AREA if part.shape[1] > size[0] else cv2.INTER_LINEAR
    if skip > 1:
        part = np.ascontiguousarray(part)
    return cv2.resize(part, size, interpolation=how)


def similar(grey: np.ndarray, box: Box, other_grey: np.ndarray, other: Box) -> bool:
    """Whether two places of two pictures show the same: their patches correlate."""
    if expand(other, 0, other_grey) != other:
        return False
    return correlation(patch(grey, box), patch(other_grey, other)) >= LEAST_CORRELATION


def expand(box: Box, margin: float, grey: np.ndarray) -> Box:
    """`box` with a margin, a part of its size, as far as the picture goes."""
    more = round(margin * box.w)
    left, top = max(0, box.x - more), max(0, box.y - more)
    right = min(grey.shape[1], box.x + box.w + more)
    bottom = min(grey.shape[0], box.y + box.h + more)
    return Box(left, top, right - left, bottom - top)


def patch(grey: np.ndarray, box: Box) -> Patch:
    """The part of `grey` in `box` as 16 x 16 float32, with mean 0 and length 1."""
    small = crop_resize(grey, box, (16, 16)).astype(np.float32)
    small -= small.mean()
    return np.asarray(small / (np.linalg.norm(small) + 1e-6))


def correlation(one: Patch, other: Patch) -> float:
    """How much two places look the same: their correlation, from -1 to 1."""
    return float((one * other).sum())
