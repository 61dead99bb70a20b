"""What makes pictures unlike each other, and what to ask for so that they are. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from videmo.schema import FACE

TINY = 16
"""Pixels of a side of the tiny picture by which pictures are compared."""
MOST_UNLIKE = 32
"""Of its 256 pixels, those that are compared: a hand, or a mouth, is a small part of a picture."""
NEAR = 8.0
"""Difference up to which two pictures are nearly the same. Of faces 0.2 s apart in three real clips
fewer than one in 20 are, of neighbouring frames of a quiet face one in three."""

ENOUGH_YAW = 25.0
"""Degrees between the most turned pictures of a label."""
ENOUGH_SIZE = 1.5
"""The largest face, as a multiple of the smallest one."""
ENOUGH_LIGHT = 30.0
"""Grey levels between the darkest picture and the lightest one."""
NOT_THE_OUTERMOST = 10
"""Percent at either end that may be chance."""

MOVED = (
    "move to another place in the picture",
    "come nearer, or go further away",
    "turn it a little",
    "use the other hand",
)
"""What is asked of gestures, one after the other."""


class Measures(NamedTuple):
    """In what a picture may differ from others of its label."""

    light: float
    """Its mean grey level, 0 to 255."""
    size: float | None = None
    """The face's height as a part of the picture's; None: it is no face."""
    yaw: float | None = None
    """Degrees that it is turned aside; None: not known."""


def tiny(picture: np.ndarray) -> np.ndarray:
    """(16, 16) float32, grey: what a picture (BGR uint8) is compared by."""
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    return cv2.resize(grey, (TINY, TINY), interpolation=cv2.INTER_AREA).astype(np.float32)


def is_near(one: np.ndarray, others: Sequence[np.ndarray]) -> bool:
    """Whether one of the others (tiny pictures) is nearly the same."""
    if not others:
        return False
    return bool(difference(np.stack(others), one).min() <= NEAR)


def difference(some: np.ndarray, one: np.ndarray) -> np.ndarray:
    """How much tiny pictures (..., 16, 16) differ from one, where they differ most: in grey levels
    of 0 to 255."""
    apart = np.abs(some - one).reshape(*some.shape[:-2], -1)
    return np.asarray(np.partition(apart, -MOST_UNLIKE)[..., -MOST_UNLIKE:].mean(axis=-1))


def ask(pictures: Sequence[Measures], bursts: int, crop: str) -> str:
    """What to do in the next burst of a label, so that it is unlike those before."""
    if not pictures:
        return "begin as you are" if crop == FACE else "show it as you would"
    wanted = []
    if crop == FACE:
        if _spread([one.yaw for one in pictures]) < ENOUGH_YAW:
            wanted.append("turn your head a little while it counts")
        if _ratio([one.size for one in pictures]) < ENOUGH_SIZE:
            wanted.append("come nearer, or go further away")
    if _spread([one.light for one in pictures]) < ENOUGH_LIGHT:
        wanted.append("change the light: another lamp, or turn to the window")
    if crop != FACE:
        wanted += MOVED
    if not wanted:
        wanted = ["something else: glasses, hair, clothes, another room or another person"]
    return wanted[bursts % len(wanted)]


def _inner(values: Sequence[float | None]) -> tuple[float, float] | None:
    """The least and the most of what is known, but for the outermost."""
    known = [value for value in values if value is not None]
    if not known:
        return None
    least, most = np.percentile(known, [NOT_THE_OUTERMOST, 100 - NOT_THE_OUTERMOST])
    return float(least), float(most)


def _spread(values: Sequence[float | None]) -> float:
    """From the least to the most; without any, nothing is known to lack."""
    ends = _inner(values)
    return float("inf") if ends is None else ends[1] - ends[0]


def _ratio(values: Sequence[float | None]) -> float:
    ends = _inner(values)
    return float("inf") if ends is None else ends[1] / max(ends[0], 1e-6)
