"""Plain shapes with smooth edges, drawn into pictures."""

from __future__ import annotations

import functools

import cv2
import numpy as np

from videmo.schema import Box, Point

Colour = tuple[int, int, int]
"""Blue, green, red; 0 to 255."""

SHIFT = 4
"""Binary places after the point of what OpenCV takes for coordinates."""
FINER = 4
"""Corners are drawn so many times as large, and then reduced."""


def blend(
    picture: np.ndarray, mask: np.ndarray, at: tuple[int, int], colour: Colour, share: float = 1.0
) -> None:
    """Colour `picture` (BGR uint8) where `mask` (uint8, 0 to 255) lies on it, top left at `at`.

    `share`, 0 to 1, says how much the colour covers where the mask is 255. What lies outside the
    picture is left out.
    """
    x, y = at
    left, top = max(0, x), max(0, y)
    right = min(picture.shape[1], x + mask.shape[1])
    bottom = min(picture.shape[0], y + mask.shape[0])
    if left >= right or top >= bottom:
        return
    region = picture[top:bottom, left:right]
    cover = mask[top - y : bottom - y, left - x : right - x, None].astype(np.float32)
    cover *= share / 255
    region[:] = np.rint(region + (np.array(colour, np.float32) - region) * cover)


def fill(
    picture: np.ndarray, box: Box, colour: Colour, *, radius: int = 0, share: float = 1.0
) -> None:
    """Fill `box`, its corners rounded by `radius` pixels; `share` as in `blend`."""
    if box.w > 0 and box.h > 0:
        blend(picture, _rounded(box.w, box.h, radius), (box.x, box.y), colour, share)


def dot(picture: np.ndarray, at: Point, colour: Colour, *, radius: int) -> None:
    """Draw a small disc with a dark edge around a point."""
    for more, ink in ((1, (20, 18, 16)), (0, colour)):
        side = 2 * (radius + more) + 1
        corner = Box(round(at.x) - radius - more, round(at.y) - radius - more, side, side)
        fill(picture, corner, ink, radius=radius + more)


def frame(
    picture: np.ndarray, box: Box, colour: Colour, *, thick: int, radius: int, share: float = 1.0
) -> None:
    """Draw the edge of `box` with round corners; only `share` of each side, from its corners on.

    The line lies on the box's edge, inside the picture.
    """
    half = thick // 2 + 1
    left, top = max(half, box.x), max(half, box.y)
    right = min(picture.shape[1] - 1 - half, box.x + box.w - 1)
    bottom = min(picture.shape[0] - 1 - half, box.y + box.h - 1)
    if right <= left or bottom <= top:
        return
    radius = max(0, min(radius, (right - left) // 2, (bottom - top) // 2))
    long = (share * (right - left) / 2, share * (bottom - top) / 2)
    corners = [
        _corner((left, top), (1, 1), radius, long),
        _corner((right, top), (-1, 1), radius, long)[::-1],
        _corner((right, bottom), (-1, -1), radius, long),
        _corner((left, bottom), (1, -1), radius, long)[::-1],
    ]
    whole = share >= 1
    # Of a whole edge only the arcs: where two lines meet in the middle of a side, it would show.
    lines = [np.concatenate([line[1:-1] for line in corners])] if whole else corners
    points = [np.rint(line * (1 << SHIFT)).astype(np.int32) for line in lines]
    edge = thick + 1 + thick // 3
    for ink, width in (((0, 0, 0), edge), (colour, thick)):  # to be seen on light pictures, too
        cv2.polylines(picture, points, whole, ink, width, cv2.LINE_AA, SHIFT)


def _corner(
    at: tuple[int, int], inwards: tuple[int, int], radius: int, long: tuple[float, float]
) -> np.ndarray:
    """The line around a corner, from the end of its upright side: (n, 2) float, x and y.

    `inwards` says where the box is, seen from its corner; `long` how far the line goes along both
    sides.
    """
    angles = np.linspace(0, np.pi / 2, 2 + radius)
    arc = radius * np.stack([1 - np.cos(angles), 1 - np.sin(angles)], axis=1)
    ends = [(0.0, max(long[1], radius)), (max(long[0], radius), 0.0)]
    return np.asarray(at + np.array(inwards) * np.concatenate([ends[:1], arc, ends[1:]]))


@functools.lru_cache(maxsize=256)
def _rounded(width: int, height: int, radius: int) -> np.ndarray:
    """A filled rectangle with round corners, as a mask."""
    radius = min(radius, width // 2, height // 2)
    mask = np.full((height, width), 255, np.uint8)
    if radius:
        side = radius * FINER
        quarter = np.zeros((side, side), np.uint8)
        cv2.circle(quarter, (side - 1, side - 1), side - 1, 255, cv2.FILLED)
        corner = cv2.resize(quarter, (radius, radius), interpolation=cv2.INTER_AREA)
        mask[:radius, :radius] = corner
        mask[:radius, -radius:] = corner[:, ::-1]
        mask[-radius:] = mask[:radius][::-1]
    mask.flags.writeable = False
    return mask
