"""The eye check: whether two eyes lie in a face where eyes belong."""

from __future__ import annotations

import math
from itertools import combinations
from typing import NamedTuple

import numpy as np

from videmo.faces.cascades import EYE, cascade
from videmo.faces.pixels import Patch, correlation, crop_resize, patch
from videmo.schema import ALIGNED_EYES, Alignment, Box, Point

WIDTH = 104
"""Width in pixels to which a face is brought before its eyes are looked for."""
BAND = (0.12, 0.58)
"""The rows of a face in which eyes are looked for, as parts of its width."""
SIZES = (0.19, 0.42)
"""Smallest and largest eye, as parts of the face's width."""
STEP, NEIGHBOURS = 1.05, 2
AGAIN_STEP, AGAIN_NEIGHBOURS = 1.1, 1
"""Where eyes are looked for again: less sure, and a quarter of the work."""
AGAIN_MARGIN = 0.2
"""What is searched around an eye's place in the frame before, as a part of its size."""
AGAIN_SIZES = (0.85, 1.18)
"""How much an eye may seem to shrink or grow from frame to frame."""
SIDES = ((0.14, 0.2, 0.48, 0.54), (0.52, 0.2, 0.86, 0.54))
"""Left, top, right, bottom of the places where a face's eyes are, as parts of its width."""
LONGEST_KEPT = 2
"""Frames for which an answer stands while these places look as they did; a blink takes longer."""
LEAST_CORRELATION = 0.9
"""Correlation, from -1 to 1, above which a place looks as it did."""


class Eye(NamedTuple):
    """An eye's centre and size, as parts of the width of its face's box."""

    x: float
    y: float
    size: float


Pair = tuple[Eye, Eye]


class Eyes(NamedTuple):
    """How many eyes a face shows (0, 1, 2), and where they are if there are two."""

    number: int
    pair: Pair | None = None
    sides: tuple[Patch, ...] = ()
    """How the places of the eyes looked when they were searched."""
    age: int = 0
    """Frames since they were searched."""


def align_by_eyes(
    grey: np.ndarray, box: Box, before: Alignment | None, *, keep: bool = False
) -> Alignment:
    """How the face `box` is turned, by its eyes; for `before` and `keep` see `find_eyes`."""
    known = before.memory if before and isinstance(before.memory, Eyes) else None
    eyes = find_eyes(grey, box, known, keep=keep)
    if eyes.pair is None:
        return Alignment(eyes.number, memory=eyes)
    left, right = (Point(box.x + eye.x * box.w, box.y + eye.y * box.w) for eye in eyes.pair)
    roll = round(math.degrees(math.atan2(right.y - left.y, right.x - left.x)), 1) + 0.0
    return Alignment(eyes.number, None, roll, (left, right), eyes)


def find_eyes(
    grey: np.ndarray, box: Box, before: Eyes | None = None, *, keep: bool = False
) -> Eyes:
    """The eyes in the face `box` of `grey` that lie where eyes belong.

    Two only if they make a plausible pair: then the face is aligned. `before` is what was found in
    the frame before: where the eyes were they are looked for first, which costs a third. With
    `keep` they are not looked for at all, for two frames, while their places look as they did.
    """
    sides = _sides(grey, box) if keep else ()
    if before and sides and before.age < LONGEST_KEPT and _similar(before.sides, sides):
        return before._replace(age=before.age + 1)
    return _searched(grey, box, before.pair if before else None)._replace(sides=sides)


def _searched(grey: np.ndarray, box: Box, before: Pair | None) -> Eyes:
    pair = _again(grey, box, before) if before else None
    if pair:
        return Eyes(ALIGNED_EYES, pair)
    # Nostrils and the corners of the mouth look like eyes: only the upper part is searched.
    found = _search(grey, box, (0.0, BAND[0], 1.0, BAND[1]), SIZES, STEP, NEIGHBOURS)
    eyes = sorted(eye for eye in found if _in_its_place(eye))
    pairs = (pair for pair in combinations(eyes, 2) if _plausible(*pair))
    pair = next(pairs, None)
    return Eyes(ALIGNED_EYES, pair) if pair else Eyes(min(len(eyes), 1))


def _sides(grey: np.ndarray, box: Box) -> tuple[Patch, ...]:
    """How the two places look in which a face's eyes are."""
    places = []
    for side in SIDES:
        left, top, right, bottom = (round(box.w * part) for part in side)
        bottom = min(bottom, grey.shape[0] - box.y)
        if bottom <= top:  # the face leaves the picture
            return ()
        places.append(Box(box.x + left, box.y + top, right - left, bottom - top))
    return tuple(patch(grey, place) for place in places)


def _similar(one: tuple[Patch, ...], other: tuple[Patch, ...]) -> bool:
    return bool(one) and all(
        correlation(a, b) >= LEAST_CORRELATION for a, b in zip(one, other, strict=True)
    )


def _again(grey: np.ndarray, box: Box, before: Pair) -> Pair | None:
    """The pair of eyes near the places where it was; None if one is not there."""
    eyes = []
    for eye in before:
        half = eye.size * (0.5 + AGAIN_MARGIN)
        place = (eye.x - half, eye.y - half, eye.x + half, eye.y + half)
        smallest, largest = (eye.size * part for part in AGAIN_SIZES)
        sizes = (max(SIZES[0], smallest), largest)
        found = _search(grey, box, place, sizes, AGAIN_STEP, AGAIN_NEIGHBOURS)
        if not found:
            return None
        eyes.append(min(found, key=lambda f: (abs(f.x - eye.x) + abs(f.y - eye.y), f)))
    left, right = eyes
    sound = _in_its_place(left) and _in_its_place(right) and _plausible(left, right)
    return (left, right) if sound else None


def _search(
    grey: np.ndarray,
    box: Box,
    place: tuple[float, float, float, float],
    sizes: tuple[float, float],
    step: float,
    neighbours: int,
) -> list[Eye]:
    """What looks like an eye in a place of a face (left, top, right, bottom in its widths)."""
    left, top, right, bottom = (round(box.w * part) for part in place)
    left, right = max(0, left), min(box.w, right)
    top, bottom = max(0, top), min(grey.shape[0] - box.y, bottom)
    if right <= left or bottom <= top:
        return []
    scale = WIDTH / box.w
    size = (max(1, round(scale * (right - left))), max(1, round(scale * (bottom - top))))
    smallest, largest = (round(WIDTH * part) for part in sizes)
    found = cascade(EYE).detectMultiScale(
        crop_resize(grey, Box(box.x + left, box.y + top, right - left, bottom - top), size),
        step,
        neighbours,
        minSize=(smallest, smallest),
        maxSize=(largest, largest),
    )
    return [
        Eye(left / box.w + (x + w / 2) / WIDTH, top / box.w + (y + h / 2) / WIDTH, w / WIDTH)
        for x, y, w, h in np.asarray(found).reshape(-1, 4).tolist()
    ]


def _in_its_place(eye: Eye) -> bool:
    """Whether an eye lies in the band of the face's box in which eyes are."""
    return 0.22 <= eye.y <= 0.52 and 0.12 <= eye.x <= 0.88


def _plausible(left: Eye, right: Eye) -> bool:
    """Whether two eyes are apart, level and alike enough to be a person's two."""
    across, down = right.x - left.x, abs(right.y - left.y)
    return (
        0.25 <= across <= 0.60
        and down <= 0.35 * across
        and left.x < 0.5 < right.x
        and max(left.size, right.size) <= 2 * min(left.size, right.size)
    )
