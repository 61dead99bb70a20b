"""The demo's head as a body: its profile, and where a face falls when the head is turned. Pure.

All is in pixels of a face's picture (240 x 240): x to the right from the picture's middle, where
the head's axis is, y downwards from the picture's upper edge, z towards the viewer.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Sequence

NOD = (140.0, -20.0)
"""y and z of the line about which a head nods."""

BOX_SIDE = 243.0
BOX_MIDDLE = 117.0
"""Haar's box around a head that looks ahead: its side, and the y of its middle; the mean over
emotions and sizes, measured."""

PROFILE = (
    (-45, 20),
    (-30, 70),
    (-12, 94),
    (8, 106),
    (30, 113),
    (52, 117),
    (66, 118),
    (80, 112),
    (92, 109),
    (120, 112),
    (150, 113),
    (166, 112),
    (178, 117),
    (184, 113),
    (193, 116),
    (204, 107),
    (216, 111),
    (226, 108),
    (232, 96),
    (236, 72),
)
"""The middle line of the skin without the nose: y and z."""

NOSE = ((76, 0), (90, 4), (112, 14), (130, 24), (142, 30), (150, 28), (157, 17), (164, 5), (172, 0))
"""How far the nose stands out of the profile: y and pixels."""

SIDE = -10.0
"""z of the widest part of the head, where its front meets its back."""
ROUND = 2.35
"""How a head is rounded from the profile to the side: 2 is an ellipse, more is flatter."""

LONG_HAIR = (True, False, True, False, True)
"""Whether each actor's hair hides the ears."""
WIDTH = (0.97, 1.03, 1.0, 1.0, 1.02)
"""Width of each actor's head against that of the average one."""
EAR, EARS = 8.0, (70, 185)
"""z at which a cheek ends before the ear, where no hair hides it; from which y to which."""

EDGE = 0.935
"""At this part of the oval of a face, half of the colour is the face's."""


def half_width(y: float) -> float:
    """Half the width of the oval of a face at height `y`."""
    down = (y - 112) / 122
    below = 0.86 + 0.14 * math.cos((y - 110) / 120 * 1.4) if y > 110 else 1.0
    return 100 * below * math.sqrt(max(0.0, EDGE**2 - down**2))


def between(points: Sequence[tuple[float, float]], y: float) -> float:
    """The value at `y` on the straight lines between `points`, which rise."""
    if y <= points[0][0]:
        return points[0][1]
    for (before, a), (after, b) in itertools.pairwise(points):
        if y <= after:
            return a + (b - a) * (y - before) / (after - before)
    return points[-1][1]


def turned(x: float, y: float, z: float, yaw: float, pitch: float) -> tuple[float, float]:
    """Where a point of the head is seen: x from the axis, y from the picture's upper edge."""
    down, right = math.radians(pitch), math.radians(yaw)
    y, z = y - NOD[0], z - NOD[1]
    y, z = y * math.cos(down) + z * math.sin(down), z * math.cos(down) - y * math.sin(down)
    z += NOD[1]
    return x * math.cos(right) + z * math.sin(right), y + NOD[0]


def outline(
    x: float,
    y: float,
    size: float,
    yaw: float = 0.0,
    pitch: float = 0.0,
    tilt: float = 0.0,
    *,
    actor: int,
) -> tuple[float, float, float, float]:
    """The upright box around the visible face: left, top, right, bottom, in the movie's pixels.

    The face is the skin from the hairline to the chin and, across, from where hair or an ear
    begins to the same on the other side or, where it is turned away, to the outline of brow,
    nose and lips. It is projected from the head of the demo, which all actors share but for its
    hair and width: no detector has a say in it. `x`, `y` and `size` are those of a `Place`.
    """
    scale, lean = size / BOX_SIDE, math.radians(tilt)
    number = (actor - 1) % len(WIDTH)
    seen = [turned(*point, yaw, pitch) for point in _skin(LONG_HAIR[number])]
    wide = WIDTH[number]
    points = [
        (
            wide * a * math.cos(lean) - (b - BOX_MIDDLE) * math.sin(lean),
            wide * a * math.sin(lean) + (b - BOX_MIDDLE) * math.cos(lean),
        )
        for a, b in seen
    ]
    across, down = zip(*points, strict=True)
    return (
        x + scale * min(across),
        y + scale * min(down),
        x + scale * max(across),
        y + scale * max(down),
    )


@functools.cache
def _skin(long_hair: bool) -> list[tuple[float, float, float]]:
    """Points all over the face."""
    points = []
    top, bottom = 112 - 122 * EDGE, 112 + 122 * EDGE
    for row in range(41):
        y = top + (bottom - top) * row / 40
        wide, front = half_width(y), between(PROFILE, y)
        points.append((0.0, y, front + between(NOSE, y)))
        for share in (-1.0, -0.9, -0.7, -0.4, 0.4, 0.7, 0.9, 1.0):
            depth = (1 - abs(share * EDGE) ** ROUND) ** (1 / ROUND)
            points.append((share * wide, y, SIDE + (front - SIDE) * depth))
        if not long_hair and EARS[0] <= y <= EARS[1]:
            points += [(-wide, y, EAR), (wide, y, EAR)]
    return points
