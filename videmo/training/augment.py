"""Faces as a video would show them: mirrored, shifted, turned, blurred, darker, half hidden."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np

SEAMS = (0.45, 0.65)
"""Where, from its top to its bottom, one face goes over into another: between eyes and mouth."""

SEAM = 0.15
"""The height of what belongs to both, as a share of a face's side."""

AT_ONCE = 4096
"""Faces of which two at a time are made into one together: no more memory than that."""


@dataclass(frozen=True)
class Variety:
    """How far faces are moved and changed; lengths are shares of a face's side."""

    mirrored: float = 0.5
    """Share of pictures that are shown mirrored; 0 where left and right mean something."""
    scale: float = 0.18
    """A face is up to ``1 + scale`` times larger or smaller: Haar's boxes vary as much."""
    shift: float = 0.08
    turn: float = 12.0
    """Degrees."""
    gamma: float = 1.5
    contrast: float = 0.25
    brightness: float = 0.1
    """How far all grey values go up or down, as a share of white."""
    coarse: float = 0.25
    """Share of faces that are shown as if they had been found small (20 to 40 pixels)."""
    blurred: float = 0.1
    noisy: float = 0.15
    hidden: float = 0.25
    """Share of faces of which a rectangle is covered."""


def moved_only(variety: Variety) -> Variety:
    """What of `variety` leaves all of a face to be seen: its place, its size, its light."""
    return replace(variety, coarse=0.0, blurred=0.0, noisy=0.0, hidden=0.0)


def without_moves(variety: Variety, again: float = 0.0) -> Variety:
    """What is left of `variety` for pictures that were `moved_only`; mirrored they are again.

    They are also moved about, by the part `again` of what `variety` says, in the same light.
    """
    moves = {name: again * getattr(variety, name) for name in ("scale", "shift", "turn")}
    return replace(variety, **moves, gamma=1.0, contrast=0.0, brightness=0.0)


def varied(images: np.ndarray, variety: Variety, rng: np.random.Generator) -> np.ndarray:
    """A new version of each of `images`, both ``(n, side, side)`` uint8."""
    result = np.empty_like(images)
    for i, image in enumerate(images):
        result[i] = _varied_face(image, variety, rng)
    return result


def of_two(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """For each of `images` a face with its eyes and the mouth of another one, which is drawn.

    Both are ``(n, side, side)`` uint8. The lower part is made as light and as rich in contrast as
    the face above it, and goes over into it where the nose is.
    """
    n, side = images.shape[:2]
    result = np.empty_like(images)
    others = rng.permutation(n)
    seams = rng.uniform(*SEAMS, n) * side
    rows = np.arange(side) + 0.5
    for start in range(0, n, AT_ONCE):
        part = slice(start, start + AT_ONCE)
        upper, lower = images[part].astype(np.float32), images[others[part]].astype(np.float32)
        lower = (lower - _mean(lower)) * (_deviation(upper) / _deviation(lower)) + _mean(upper)
        share = np.clip((rows - seams[part, None]) / (SEAM * side) + 0.5, 0, 1)[:, :, None]
        result[part] = np.clip(upper + share * (lower - upper), 0, 255).round()
    return result


def _mean(images: np.ndarray) -> np.ndarray:
    return images.mean((1, 2), keepdims=True)


def _deviation(images: np.ndarray) -> np.ndarray:
    """At least a grey level: a face all of one grey has no contrast to be made richer."""
    return np.maximum(images.std((1, 2), keepdims=True), 1)


def _varied_face(image: np.ndarray, variety: Variety, rng: np.random.Generator) -> np.ndarray:
    if rng.random() < variety.mirrored:
        image = image[:, ::-1]
    image = _moved(image, variety, rng)
    chance = rng.random(4)
    if chance[0] < variety.coarse:
        image = _coarse(image, rng)
    if chance[1] < variety.blurred:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.4, 1.2))
    tones = _tones(variety, rng)
    image = image if tones is None else cv2.LUT(image, tones)
    if chance[2] < variety.noisy:
        noise = rng.normal(0, rng.uniform(2, 8), image.shape)
        image = np.clip(image + noise, 0, 255).astype(np.uint8)
    if chance[3] < variety.hidden:
        image = _hidden(image, rng)
    return image


def _moved(image: np.ndarray, variety: Variety, rng: np.random.Generator) -> np.ndarray:
    side = len(image)
    limit = math.log1p(variety.scale)
    scale = math.exp(rng.uniform(-limit, limit))
    turn = rng.uniform(-variety.turn, variety.turn)
    centre = (side - 1) / 2
    matrix = cv2.getRotationMatrix2D((centre, centre), turn, scale)
    matrix[:, 2] += rng.uniform(-variety.shift, variety.shift, 2) * side
    if not (variety.scale or variety.turn or variety.shift):
        return image  # as it would come out, but at once
    size = (side, side)
    return cv2.warpAffine(image, matrix, size, borderMode=cv2.BORDER_REFLECT_101)


def _coarse(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    full = len(image)
    # The same draw for all sizes: 20 to 40 pixels of 48.
    side = max(8, int(rng.integers(20, 41)) * full // 48)
    small = cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (full, full), interpolation=cv2.INTER_LINEAR)


def _tones(variety: Variety, rng: np.random.Generator) -> np.ndarray | None:
    """A table of 256 new grey values: another gamma, contrast, brightness; None: all as before."""
    limit = math.log(variety.gamma)
    power = math.exp(rng.uniform(-limit, limit))
    contrast = 1 + rng.uniform(-variety.contrast, variety.contrast)
    brightness = rng.uniform(-variety.brightness, variety.brightness)
    if (power, contrast, brightness) == (1, 1, 0):
        return None
    grey = (np.arange(256) / 255) ** power
    grey = (grey - 0.5) * contrast + 0.5 + brightness
    return np.clip(grey * 255, 0, 255).round().astype(np.uint8)


def _hidden(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    side = len(image)
    w, h = rng.integers(side // 8, side // 2, 2)
    x, y = rng.integers(0, side - w), rng.integers(0, side - h)
    image = image.copy()
    image[y : y + h, x : x + w] = rng.integers(0, 256)
    return image
