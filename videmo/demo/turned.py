"""Turn a head: its face, painted from the front, is laid on a body and seen from elsewhere."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from videmo.demo.outline import NOD, NOSE, PROFILE, ROUND, SIDE
from videmo.demo.shape import Shape, shaped

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

ACROSS, DOWN = (-140, 141), (-60, 261)
"""The x and the y for which the surface and the colours of a head are kept, one for each pixel."""
DEEP = (-160, 161)
"""The z for which the colours of a head's side are kept."""

BACK = (
    *((-45, -10), (-30, -60), (0, -96), (40, -114), (80, -120), (120, -112)),
    *((150, -88), (170, -52), (188, -12), (206, 18), (222, 54), (236, 88)),
)
"""Where skull, neck and jaw end behind: y and z."""

HAIRLINE = (
    *((-130, 165), (-60, 160), (-36, 140), (-32, 84), (8, 80)),  # behind and above the ear
    *((14, 112), (30, 108), (42, 78), (70, 40), (110, 0)),
)
"""How far down short hair comes on the side of the head: z and y."""

AMBIENT = 0.55
"""The part of the light that comes from everywhere; the rest comes from the viewer's side."""
LAMP = (0.0, -0.25, 0.97)
"""Whence the rest comes: to the right, down, towards the viewer."""


FACE = (slice(-DOWN[0], 240 - DOWN[0]), slice(-ACROSS[0] - 120, 120 - ACROSS[0]))
"""Where a face's picture lies in what is kept by `DOWN` and `ACROSS`."""


class Body(NamedTuple):
    """The surface of a head, by y and x (`DOWN`, `ACROSS`)."""

    front: np.ndarray
    back: np.ndarray
    """z at which a ray from the front comes in, and leaves; the same: there is nothing."""
    wide: np.ndarray
    """Half the head's width, by y."""


class Cover(NamedTuple):
    """The colours that are laid on a head: (blue, green, red), 0 to 255."""

    front: np.ndarray
    """By y and x."""
    side: np.ndarray
    """By y and z (`DEEP`)."""
    clear: np.ndarray
    """By y and x: how much of the head is there, 0 to 1."""


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
    body = _body(shape, long_hair)
    right, down = math.radians(yaw), math.radians(pitch)
    width, height = CANVAS
    row, column = np.mgrid[:height, :width].astype(np.float32)
    x, y = column - ORIGIN[0], row - ORIGIN[1]
    z = _depths(body, x, y, right, down)
    # Where jaw and neck are thin, some rays miss them: what is left there are crumbs.
    there = cv2.morphologyEx(np.isfinite(z).astype(np.float32), cv2.MORPH_OPEN, np.ones((5, 5)))
    depth = np.where(there > 0, z, SIDE).astype(np.float32)
    point = _unturned(x, y, depth, right, down)
    light = _light(depth, there, right, down)
    wide = np.interp(point[1], np.arange(*DOWN), body.wide)
    aside = np.clip((np.abs(point[0]) / np.maximum(wide, 1) - 0.8) / 0.16, 0, 1)
    behind = np.clip((SIDE - point[2]) / 8, 0, 1)
    aside = behind if long_hair else np.maximum(aside, behind)
    return View(*(part.astype(np.float32) for part in (*point, aside, there, light)))


def cover(skin: np.ndarray, hair: tuple[int, int, int], oval: np.ndarray, long_hair: bool) -> Cover:
    """Colours for a head with such a face (240 x 240, BGR), of which `oval` (0 to 1) is view."""
    y, x = np.mgrid[slice(*DOWN), slice(*ACROSS)].astype(np.float32)
    plain = _cheek(skin)[:, None, :]
    front = np.broadcast_to(plain, (*x.shape, 3)).astype(np.float32)
    front[FACE] += oval[..., None] * (skin - front[FACE])
    chin = np.clip((_skin_width(y) - np.abs(x)) / 4, 0, 1) * np.clip((y - 190) / 15, 0, 1)
    free = np.maximum(_window(x, y), chin)
    low, clear = np.clip((120 - y) / 50, 0, 1), np.ones_like(x)
    if long_hair:
        low, clear = np.ones_like(x), np.maximum(free, np.clip((240 - y) / 40, 0, 1))
    front = _mixed(front, hair, (1 - free) * low)
    return Cover(front, _side(plain, hair, long_hair), clear.astype(np.float32))


def _side(plain: np.ndarray, hair: tuple[int, int, int], long_hair: bool) -> np.ndarray:
    """The colours of a head's side, where the skin is `plain`."""
    y, z = np.mgrid[slice(*DOWN), slice(*DEEP)].astype(np.float32)
    side = np.broadcast_to(plain, (*z.shape, 3)).astype(np.float32)
    share = np.ones_like(z) if long_hair else _side_hair(z, y)
    return _mixed(side * _ear(z, y)[..., None], hair, share)


def _mixed(skin: np.ndarray, hair: tuple[int, int, int], share: np.ndarray) -> np.ndarray:
    """Skin of which a share is covered by hair."""
    mixed = skin + share[..., None] * (np.asarray(hair, np.float32) - skin)
    return np.asarray(mixed, np.float32)


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


def _depths(body: Body, x: np.ndarray, y: np.ndarray, right: float, down: float) -> np.ndarray:
    """The z of the turned head at each x, y of the canvas; NaN: the ray misses it."""
    # Most of the work is rays that miss: where they all do is seen by one in sixteen.
    rough = _came_in(body, x[::COARSE, ::COARSE], y[::COARSE, ::COARSE], right, down)
    near = cv2.dilate(np.isfinite(rough).astype(np.uint8), np.ones((3, 3), np.uint8))
    rays = cv2.resize(near, x.shape[::-1], interpolation=cv2.INTER_NEAREST) > 0
    depths = np.full(x.shape, np.nan, np.float32)
    depths[rays] = _came_in(body, x[rays], y[rays], right, down)
    rays = np.isfinite(depths)
    outer = depths[rays]
    inner = outer - STEP
    for _ in range(HALVINGS):
        middle = (inner + outer) / 2
        hit = _just_inside(body, *_unturned(x[rays], y[rays], middle, right, down))
        inner, outer = np.where(hit, middle, inner), np.where(hit, outer, middle)
    depths[rays] = inner
    return depths


def _came_in(body: Body, x: np.ndarray, y: np.ndarray, right: float, down: float) -> np.ndarray:
    """The z at which each ray was last outside the head; NaN: it misses it."""
    depths = np.full(x.size, np.nan, np.float32)
    near = REACH**2 - x.ravel() ** 2 - (y.ravel() - MIDDLE) ** 2
    rays = np.flatnonzero(near > 0)
    x, y, z, shape = x.ravel()[rays], y.ravel()[rays], np.sqrt(near[rays]), x.shape
    last = -z
    while len(rays):
        hit = _inside(body, *_unturned(x, y, z, right, down))
        depths[rays[hit]] = z[hit] + STEP
        going = ~hit & (z > last)
        rays, x, y, last, z = rays[going], x[going], y[going], last[going], z[going] - STEP
    return depths.reshape(shape)


def _inside(body: Body, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Whether each point is in the head, to a pixel."""
    rows, columns = body.front.shape
    column = np.clip((x - (ACROSS[0] - 0.5)).astype(np.int32), 0, columns - 1)
    row = np.clip((y - (DOWN[0] - 0.5)).astype(np.int32), 0, rows - 1)
    at = row * columns + column
    return np.asarray((z < body.front.take(at)) & (z > body.back.take(at)))


def _just_inside(body: Body, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Whether each point is in the head, whose surface is straight from pixel to pixel."""
    rows, columns = body.front.shape
    x = np.clip(x - ACROSS[0], 0, columns - 1.01)
    y = np.clip(y - DOWN[0], 0, rows - 1.01)
    left, top = x.astype(np.int32), y.astype(np.int32)
    right, low = x - left, y - top
    at = top * columns + left
    shares = ((1 - right) * (1 - low), right * (1 - low), (1 - right) * low, right * low)
    corners = [at + offset for offset in (0, 1, columns, columns + 1)]
    front = sum(s * body.front.take(c) for s, c in zip(shares, corners, strict=True))
    back = sum(s * body.back.take(c) for s, c in zip(shares, corners, strict=True))
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


@functools.cache
def _body(shape: Shape, long_hair: bool) -> Body:
    """The surface of a head with its hair."""
    y, x = np.mgrid[slice(*DOWN), slice(*ACROSS)].astype(np.float32)
    wide = _skin_width(y)
    skin = np.abs(x) < wide
    front, back = _skin(x, y, wide, shape)
    hair_wide, hair_front, hair_back = (_long_hair if long_hair else _short_hair)(x, y)
    hair = np.abs(x) < hair_wide
    over = front + np.maximum(0, hair_front - front) * (1 - _window(x, y))
    front = np.where(hair, np.where(skin, over, hair_front), np.where(skin, front, SIDE))
    behind = np.where(skin, np.minimum(back, hair_back), hair_back)
    back = np.where(hair, behind, np.where(skin, back, SIDE))
    wide = np.maximum(wide, hair_wide)[:, 0]
    return Body(front.astype(np.float32), back.astype(np.float32), wide)


def _skin(
    x: np.ndarray, y: np.ndarray, wide: np.ndarray, shape: Shape
) -> tuple[np.ndarray, np.ndarray]:
    """Front and back of a head without hair."""
    depth = _rounded(x, wide, np.interp(y, (190, 225), (ROUND, 3.5)))
    middle, relief = _along(PROFILE, y), np.zeros_like(x)
    middle[FACE] = shaped(middle[FACE], shape)
    relief[FACE] = shaped(_relief(x[FACE], y[FACE]), shape)
    front = SIDE + (middle - SIDE) * depth + relief * np.minimum(1, 3 * depth)
    ends = _along(BACK, y, 8)
    return front, np.where(ends < SIDE, SIDE + (ends - SIDE) * depth, ends)


def _skin_width(y: np.ndarray) -> np.ndarray:
    """Half the width of the skin at each height."""
    jaw = _oval_width(y) * np.sqrt(np.clip(0.97**2 - ((y - 112) / 122) ** 2, 0, None))
    skull = 97 * np.sqrt(np.clip(1 - ((y - 100) / 140) ** 2, 0, None))
    return np.asarray(np.where(y > 100, jaw, skull))


def _rounded(x: np.ndarray, wide: np.ndarray, power: float | np.ndarray) -> np.ndarray:
    """1 in the middle, 0 where the head is widest."""
    part = np.clip(np.abs(x) / np.maximum(wide, 1e-3), 0, 1)
    return np.asarray((1 - part**power) ** (1 / power))


def _along(points: Sequence[tuple[float, float]], y: np.ndarray, soft: float = 2) -> np.ndarray:
    """The values at `y` on a line through `points`, of which corners are rounded off."""
    rows = np.arange(DOWN[0] - 20, DOWN[1] + 20, dtype=np.float64)
    values = np.interp(rows, *np.transpose(points))
    smooth = cv2.GaussianBlur(values[:, None], (0, 0), sigmaX=soft)[:, 0]
    return np.asarray(np.interp(y, rows, smooth), np.float32)


def _relief(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """What stands out of an egg in a face, in pixels: nose, sockets of the eyes, cheeks."""
    wide = np.interp(y, (80, 110, 135, 150), (13, 14, 20, 24))
    relief = np.interp(y, *np.transpose(NOSE)) * np.exp(-((x / wide) ** 2))
    for side in (-1, 1):
        relief -= 7 * np.exp(-(((x - side * 44) / 22) ** 2) - ((y - 94) / 13) ** 2)
        relief += 5 * np.exp(-(((x - side * 56) / 26) ** 2) - ((y - 136) / 24) ** 2)
    return np.asarray(relief, np.float32)


def _window(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """1 where the face is free of hair, 0 where it is not, as in the face's oval."""
    distance = np.hypot(x / _oval_width(y), (y - 112) / 122)
    return np.asarray(np.clip((1 - distance) / 0.13, 0, 1))


def _oval_width(y: np.ndarray) -> np.ndarray:
    """Half the width of a face's oval, which is an ellipse down to where a chin begins."""
    chin = 0.86 + 0.14 * np.cos((y - 110) / 120 * 1.4)
    return np.asarray(np.where(y > 110, 100 * chin, 100))


def _long_hair(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Half the width, the front and the back of hair down to the shoulders."""
    high = np.where(y < 100, 145, 300)
    wide = 122 * np.sqrt(np.clip(1 - ((y - 100) / high) ** 2, 0, None))
    round_ = _rounded(x, wide, 2.2)
    tall = _rounded(np.minimum(y, 100) - 100, np.float32(145), 2.5)
    share = np.clip((y - 40) / 90, 0, 1)
    share = share * share * (3 - 2 * share)
    forward = 134 * tall * (1 - share) + share * (80 - np.clip((y - 130) / 110, 0, 1) * 30)
    behind = np.where(y < 100, 136 * tall, 136 - np.clip((y - 100) / 140, 0, 1) * 36)
    front = SIDE + forward * round_
    back = SIDE - behind * round_
    return wide, front, back


def _short_hair(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Half the width, the front and the back of hair down to the ears."""
    wide = 122 * np.sqrt(np.clip(1 - ((y - 100) / 145) ** 2, 0, None))
    shrunk = np.clip((y - 50) / 75, 0, 1)
    wide = wide + shrunk * (_skin_width(y) + 2 - wide)
    round_ = _rounded(x, wide, 2.2)
    tall = _rounded(y - 100, np.float32(145), 2.5)
    ends = np.minimum(_along(BACK, y, 8) - 13 * np.clip((175 - y) / 30, 0, 1), SIDE)
    front = np.where(y < 130, SIDE + 134 * tall * round_, SIDE)
    return np.where(y < 175, wide, 0), front, SIDE + (ends - SIDE) * round_


def _cheek(skin: np.ndarray) -> np.ndarray:
    """The colour of the skin beside the face, by y of `DOWN`."""
    column = np.concatenate([skin[:, 34:48], skin[:, 192:206]], axis=1).astype(np.float32)
    rows = np.clip(np.arange(*DOWN), 100, 190)
    smooth = cv2.GaussianBlur(column.mean(axis=1), (1, 61), 0, sigmaY=16)
    return np.asarray(smooth[rows])


def _ear(z: np.ndarray, y: np.ndarray) -> np.ndarray:
    """How bright the skin of a head's side is, on which there is an ear."""
    lean = z + 14 + (y - 112) * 0.15
    rim = np.hypot(lean / 20, (y - 110) / 34)
    shell = np.clip((1 - rim) / 0.2, 0, 1)
    dark = np.exp(-(((rim - 1.02) / 0.12) ** 2)) * 0.35
    hollow = np.exp(-((np.hypot((lean - 5) / 9, (y - 108) / 17)) ** 2)) * 0.35
    return np.asarray(1 + 0.06 * shell - dark - hollow)


def _side_hair(z: np.ndarray, y: np.ndarray) -> np.ndarray:
    """How much of a head's side is short hair, 0 to 1."""
    line = np.interp(z, *np.transpose(HAIRLINE))
    share = np.clip((line - y) / 8 + 0.5, 0, 1)
    return np.asarray(cv2.GaussianBlur(share, (0, 0), 3), np.float32)
