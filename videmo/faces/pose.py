"""How a face is turned, and which of its eyes are seen, from five points of it. Pure."""

from __future__ import annotations

import math

from videmo.schema import Alignment, Keypoints, Point

NOSE = 0.45
"""How far the tip of the nose stands before the eyes, as a part of the distance between them: some
28 of 63 mm."""
APART = 1.05
"""Distance between the eyes of a face seen from the front, as a part of that from eyes to mouth."""
PROFILE = 45.0
"""Degrees of yaw from which on only the nearer eye is taken to be seen."""
AWAY = 0.12
"""Distance between the eyes, as a part of that from the eyes to the mouth, below which it cannot be
said how a face leans."""


def pose_of(points: Keypoints, size: tuple[int, int]) -> Alignment:
    """How a face with these keypoints is turned in a picture of `size` (width, height)."""
    right, left, nose = points.right_eye, points.left_eye, points.nose
    eyes, mouth = _middle(right, left), _middle(points.mouth_right, points.mouth_left)
    across, down = left.x - right.x, left.y - right.y
    roll = _roll(across, down, mouth.x - eyes.x, mouth.y - eyes.y)
    turn = math.radians(roll)
    apart = across * math.cos(turn) + down * math.sin(turn)
    aside = (nose.x - eyes.x) * math.cos(turn) + (nose.y - eyes.y) * math.sin(turn)
    yaw = _yaw(aside, apart, math.hypot(mouth.x - eyes.x, mouth.y - eyes.y))
    return Alignment(_eyes(points, yaw, size), _rounded(yaw), _rounded(roll), tuple(points))


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


def _roll(across: float, down: float, mouth_across: float, mouth_down: float) -> float:
    """Degrees that a face leans, by its eyes; of one in profile, whose eyes lie on each other, by
    where its mouth is."""
    if math.hypot(across, down) >= AWAY * math.hypot(mouth_across, mouth_down):
        return math.degrees(math.atan2(down, across))
    return math.degrees(math.atan2(-mouth_across, mouth_down))


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
