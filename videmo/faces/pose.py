"""How a face lies and is turned, and which of its eyes are seen, from five points of it. Pure."""

from __future__ import annotations

import cmath
import math
from typing import NamedTuple

from videmo.schema import Alignment, Keypoints, Point

NOSE = 0.45
"""How far the tip of the nose stands before the eyes, as a part of the distance between them: some
28 of 63 mm."""
APART = 1.05
"""Distance between the eyes of a face seen from the front, as a part of that from eyes to mouth."""
PROFILE = 48.0
"""Degrees of yaw from which on only the nearer eye is taken to be seen."""
FRAME = ((0.312, 0.371), (0.684, 0.378), (0.502, 0.585), (0.324, 0.756), (0.653, 0.762))
"""Where the keypoints lie in a crop, as parts of its side: where they lie in Haar's box (median of
5,637 faces), for in that framing the models learnt. Right eye, left eye, nose, mouth."""
_TARGET = tuple(complex(x, y) for x, y in FRAME)
_MIDDLE = sum(_TARGET) / len(_TARGET)


class Fit(NamedTuple):
    """How the points of a face, as complex numbers, come to lie in `FRAME`: times `turn`, and then
    moved by `move`."""

    turn: complex
    move: complex


def fit_to_frame(points: Keypoints) -> Fit:
    """What turns, scales and moves `points` as near to `FRAME` as can be.

    By least squares: S. Umeyama, Least-squares estimation of transformation parameters between two
    point patterns, IEEE PAMI 13, 1991.
    """
    source = [complex(point.x, point.y) for point in points]
    middle = sum(source) / len(source)
    spread = sum(abs(point - middle) ** 2 for point in source)
    both = sum(
        (point - middle).conjugate() * (target - _MIDDLE)
        for point, target in zip(source, _TARGET, strict=True)
    )
    turn = both / max(spread, 1e-6)
    return Fit(turn, _MIDDLE - turn * middle)


def pose_of(points: Keypoints, size: tuple[int, int]) -> Alignment:
    """How a face with these keypoints is turned in a picture of `size` (width, height)."""
    right, left, nose = points.right_eye, points.left_eye, points.nose
    eyes, mouth = _middle(right, left), _middle(points.mouth_right, points.mouth_left)
    lean = lean_of(points)
    turn = math.radians(lean)
    apart = _along(right, left, turn)
    aside = _along(eyes, nose, turn)
    yaw = _yaw(aside, apart, math.hypot(mouth.x - eyes.x, mouth.y - eyes.y))
    return Alignment(_eyes(points, yaw, size), _rounded(yaw), _rounded(lean), tuple(points))


def lean_of(points: Keypoints) -> float:
    """Degrees that a face leans, clockwise: by all points, for in profile the line from eye to eye
    says nothing."""
    return math.degrees(-cmath.phase(fit_to_frame(points).turn))


def _along(one: Point, other: Point, turn: float) -> float:
    """How far `other` lies from `one` along a line turned by `turn` (radians), in pixels."""
    return (other.x - one.x) * math.cos(turn) + (other.y - one.y) * math.sin(turn)


def _middle(one: Point, other: Point) -> Point:
    return Point((one.x + other.x) / 2, (one.y + other.y) / 2)


def _yaw(aside: float, apart: float, high: float) -> float:
    """Degrees that a head is turned, seen from far: good to some ten degrees.

    Two things tell of it: how far the nose stands to one side, and how near the eyes seem to each
    other. The nose alone says too little of a profile, whose nose detectors see too near its
    middle; the eyes alone, too much of an open mouth.

    Args:
        aside: from the middle between the eyes to the nose, in pixels along the line of the eyes.
        apart: from eye to eye.
        high: from eyes to mouth.
    """
    by_nose = math.degrees(math.atan2(abs(aside), NOSE * max(apart, 1e-6)))
    by_eyes = math.degrees(math.acos(min(1.0, max(0.0, apart) / (APART * max(high, 1e-6)))))
    yaw = math.sqrt(by_nose * by_eyes) if by_eyes > by_nose else by_nose
    return math.copysign(yaw, aside)


def _eyes(points: Keypoints, yaw: float, size: tuple[int, int]) -> int:
    """How many eyes are seen: of a face in profile only the nearer one, and none outside the
    picture."""
    right, left = _inside(points.right_eye, size), _inside(points.left_eye, size)
    if abs(yaw) <= PROFILE:
        return right + left
    return int(right if yaw > 0 else left)


def _inside(point: Point, size: tuple[int, int]) -> bool:
    return 0 <= point.x < size[0] and 0 <= point.y < size[1]


def _rounded(degrees: float) -> float:
    return round(degrees, 1) + 0.0  # no -0.0
