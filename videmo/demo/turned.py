"""Turn a head: its face, painted from the front, is laid on a solid and seen from elsewhere."""

from __future__ import annotations

import functools
import math
from typing import NamedTuple

import cv2
import numpy as np

from videmo.demo.cover import Cover
from videmo.demo.outline import NOD, SIDE
from videmo.demo.shape import Shape
from videmo.demo.surface import ACROSS, DEEP, DOWN, Surface, surface_of

CANVAS = (400, 400)
"""Width and height of the picture of a turned head."""

ORIGIN = (200.0, 80.0)
"""Where in it the axis and the upper edge of a face's picture are."""

REACH = 190.0
"""No part of a head is so far from the middle between crown and chin, in pixels."""

MIDDLE = 100.0
"""y of that middle."""

STEP = 5.0
"""Pixels between two looks at whether a ray of sight is in the head yet."""

COARSE = 4
"""A first look is at every such row and column only."""

HALVINGS = 5
"""How often the last step is halved, to know where the ray came in."""

AMBIENT = 0.55
"""The part of the light that comes from everywhere; the rest comes from the viewer's side."""

LAMP = (0.0, -0.25, 0.97)
"""Whence the rest comes: to the right, down, towards the viewer."""


class View(NamedTuple):
    """Which point of the head each pixel of the canvas shows; all (height, width) float32."""

    x: np.ndarray
    y: np.ndarray
    z: np.ndarray
    aside: np.ndarray
    """How much of its colour comes from the side's, 0 to 1."""
    there: np.ndarray
    """1 where there is a head at all, else 0."""
    light: np.ndarray
    """How much brighter it is than it would be from the front."""


def lay(cover: Cover, view: View) -> np.ndarray:
    """The picture of a head: premultiplied BGRA, `CANVAS`."""
    row = view.y - DOWN[0]
    front = cv2.remap(cover.front, view.x - ACROSS[0], row, cv2.INTER_LINEAR)
    side = cv2.remap(cover.side, view.z - DEEP[0], row, cv2.INTER_LINEAR)
    share = view.aside[..., None]
    colour = (front + share * (side - front)) * view.light[..., None]
    clear = view.there * cv2.remap(cover.clear, view.x - ACROSS[0], row, cv2.INTER_LINEAR)
    whole = np.dstack([np.clip(colour, 0, 255) * clear[..., None], 255 * clear])
    # Only the outline is softened: inside, a soft picture would lose the eyes.
    soft = cv2.GaussianBlur(whole, (0, 0), 0.8)
    rim = cv2.erode(view.there, np.ones((3, 3), np.uint8))[..., None]
    return np.round(soft + rim * (whole - soft)).astype(np.uint8)


@functools.lru_cache(maxsize=8)
def see(shape: Shape, long_hair: bool, yaw: float, pitch: float) -> View:
    """What is seen of a head turned by so many degrees, to the right and down."""
    surface = surface_of(shape, long_hair)
    right, down = math.radians(yaw), math.radians(pitch)
    width, height = CANVAS
    row, column = np.mgrid[:height, :width].astype(np.float32)
    x, y = column - ORIGIN[0], row - ORIGIN[1]
    z = _depths(surface, x, y, right, down)
    # Where jaw and neck are thin, some rays miss them: what is left there are crumbs.
    there = cv2.morphologyEx(np.isfinite(z).astype(np.float32), cv2.MORPH_OPEN, np.ones((5, 5)))
    depth = np.where(there > 0, z, SIDE).astype(np.float32)
    point = _unturned(x, y, depth, right, down)
    light = _light(depth, there, right, down)
    wide = np.interp(point[1], np.arange(*DOWN), surface.wide)
    aside = np.clip((np.abs(point[0]) / np.maximum(wide, 1) - 0.8) / 0.16, 0, 1)
    behind = np.clip((SIDE - point[2]) / 8, 0, 1)
    aside = behind if long_hair else np.maximum(aside, behind)
    return View(*(part.astype(np.float32) for part in (*point, aside, there, light)))


def _unturned(
    x: np.ndarray, y: np.ndarray, z: np.ndarray, right: float, down: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which point of the head is at x, y, z once it is turned (angles in radians)."""
    x, z = _rolled(x, z, right)
    y, z = _rolled(y - NOD[0], z - NOD[1], down)
    return x, y + NOD[0], z + NOD[1]


def _rolled(a: np.ndarray, z: np.ndarray, angle: float) -> tuple[np.ndarray, np.ndarray]:
    """Turn back two coordinates about the third."""
    cos, sin = math.cos(angle), math.sin(angle)
    return a * cos - z * sin, z * cos + a * sin


def _depths(
    surface: Surface, x: np.ndarray, y: np.ndarray, right: float, down: float
) -> np.ndarray:
    """The z of the turned head at each x, y of the canvas; NaN: the ray misses it."""
    # Most of the work is rays that miss: where they all do is seen by one in sixteen.
    rough = _came_in(surface, x[::COARSE, ::COARSE], y[::COARSE, ::COARSE], right, down)
    near = cv2.dilate(np.isfinite(rough).astype(np.uint8), np.ones((3, 3), np.uint8))
    rays = cv2.resize(near, x.shape[::-1], interpolation=cv2.INTER_NEAREST) > 0
    depths = np.full(x.shape, np.nan, np.float32)
    depths[rays] = _came_in(surface, x[rays], y[rays], right, down)
    rays = np.isfinite(depths)
    outer = depths[rays]
    inner = outer - STEP
    for _ in range(HALVINGS):
        middle = (inner + outer) / 2
        hit = _just_inside(surface, *_unturned(x[rays], y[rays], middle, right, down))
        inner, outer = np.where(hit, middle, inner), np.where(hit, outer, middle)
    depths[rays] = inner
    return depths


def _came_in(
    surface: Surface, x: np.ndarray, y: np.ndarray, right: float, down: float
) -> np.ndarray:
    """The z at which each ray was last outside the head; NaN: it misses it."""
    depths = np.full(x.size, np.nan, np.float32)
    near = REACH**2 - x.ravel() ** 2 - (y.ravel() - MIDDLE) ** 2
    rays = np.flatnonzero(near > 0)
    x, y, z, shape = x.ravel()[rays], y.ravel()[rays], np.sqrt(near[rays]), x.shape
    last = -z
    while len(rays):
        hit = _inside(surface, *_unturned(x, y, z, right, down))
        depths[rays[hit]] = z[hit] + STEP
        going = ~hit & (z > last)
        rays, x, y, last, z = rays[going], x[going], y[going], last[going], z[going] - STEP
    return depths.reshape(shape)


def _inside(surface: Surface, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Whether each point is in the head, to a pixel."""
    rows, columns = surface.front.shape
    column = np.clip((x - (ACROSS[0] - 0.5)).astype(np.int32), 0, columns - 1)
    row = np.clip((y - (DOWN[0] - 0.5)).astype(np.int32), 0, rows - 1)
    at = row * columns + column
    return np.asarray((z < surface.front.take(at)) & (z > surface.back.take(at)))


def _just_inside(surface: Surface, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Whether each point is in the head, whose surface is straight from pixel to pixel."""
    rows, columns = surface.front.shape
    x = np.clip(x - ACROSS[0], 0, columns - 1.01)
    y = np.clip(y - DOWN[0], 0, rows - 1.01)
    left, top = x.astype(np.int32), y.astype(np.int32)
    right, low = x - left, y - top
    at = top * columns + left
    shares = ((1 - right) * (1 - low), right * (1 - low), (1 - right) * low, right * low)
    corners = [at + offset for offset in (0, 1, columns, columns + 1)]
    front = sum(s * surface.front.take(c) for s, c in zip(shares, corners, strict=True))
    back = sum(s * surface.back.take(c) for s, c in zip(shares, corners, strict=True))
    return np.asarray((z < front) & (z > back))


def _light(depth: np.ndarray, there: np.ndarray, right: float, down: float) -> np.ndarray:
    """How much brighter each pixel is than if the head looked ahead, as it was painted."""
    # Beyond the outline the surface falls away: otherwise its blur would be a wall.
    weight = cv2.GaussianBlur(there, (0, 0), 3)
    smooth = cv2.GaussianBlur(depth * there, (0, 0), 3) / np.maximum(weight, 1e-3)
    down_hill, right_hill = np.gradient(smooth)
    normal = np.dstack([-right_hill, -down_hill, np.ones_like(smooth)])
    normal /= np.linalg.norm(normal, axis=2, keepdims=True)
    # The same direction on the head that looks ahead.
    x, z = _rolled(normal[..., 0], normal[..., 2], right)
    y, z = _rolled(normal[..., 1], z, down)
    return np.asarray(np.clip(_lit(normal) / _lit(np.dstack([x, y, z])), 0.6, 1.15))


def _lit(normal: np.ndarray) -> np.ndarray:
    """How bright a surface is that looks there."""
    towards = normal @ np.asarray(LAMP, np.float32)
    return np.asarray(AMBIENT + (1 - AMBIENT) * np.maximum(0, towards))
