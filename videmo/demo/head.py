"""Paint an actor's head: an averaged face, in its own shape and colours, between its hair."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from videmo.demo import turned
from videmo.demo.cover import cover
from videmo.demo.outline import BOX_MIDDLE, LONG_HAIR, WIDTH
from videmo.demo.shape import SHAPES, Shape, shaped
from videmo.errors import SetupError
from videmo.files import shown

FACES = Path(__file__).parent / "faces"

FACE_SIDE = 240
"""Width and height of the pictures in `FACES`, in pixels."""

LEFT, TOP, RIGHT = 40, 60, 40
"""Room for the hair around a face: pixels by which the sprite is larger on each side."""

SPRITE = (LEFT + FACE_SIDE + RIGHT, TOP + FACE_SIDE)
"""Width and height of a head, in pixels."""

BOX_CENTRE = (LEFT + 120.0, TOP + BOX_MIDDLE)

TURNED_CENTRE = (turned.ORIGIN[0], turned.ORIGIN[1] + BOX_MIDDLE)
"""Middle of Haar's box around a head that looks ahead, in the sprite's pixels: where a `Place` is;
and in the sprite of a turned one."""

SHRINK = 0.4
"""A half-sized sprite that is to shrink further than to this part is halved before."""

STEPS = 12
"""Shades of a morph or a blink that are told apart; more would be painted for nothing."""

TURNS = 2
"""Turns of a head that are told apart, per degree."""

EYES = ((74, 92), (166, 92))
"""The pupils in a face's picture, in its pixels."""


@dataclass(frozen=True)
class Look:
    """What tells one actor from another; colours are (blue, green, red)."""

    skin: tuple[int, int, int]
    """The colour of a white pixel of the grey face."""
    hair: tuple[int, int, int]
    shirt: tuple[int, int, int]
    long_hair: bool
    width: float
    """Width of the head against that of the average face."""
    shape: Shape


LOOKS = (
    Look((150, 186, 242), (38, 52, 80), (150, 92, 40), LONG_HAIR[0], WIDTH[0], SHAPES[0]),
    Look((128, 168, 228), (30, 30, 36), (62, 98, 60), LONG_HAIR[1], WIDTH[1], SHAPES[1]),
    Look((152, 186, 244), (44, 96, 140), (60, 60, 150), LONG_HAIR[2], WIDTH[2], SHAPES[2]),
    Look((112, 152, 214), (52, 56, 62), (96, 84, 84), LONG_HAIR[3], WIDTH[3], SHAPES[3]),
    Look((158, 188, 244), (28, 46, 104), (120, 60, 110), LONG_HAIR[4], WIDTH[4], SHAPES[4]),
)


@dataclass(frozen=True)
class Head:
    """A painted head as premultiplied BGRA, in full and in half size."""

    whole: np.ndarray
    half: np.ndarray

    @classmethod
    def of(cls, whole: np.ndarray) -> Head:
        return cls(whole, _halved(whole))

    def at(self, scale: float) -> tuple[np.ndarray, float, float]:
        """What to paint at `scale`: a picture, its own scale, and its part of the full size."""
        if scale >= 0.5:
            return self.whole, scale, 1.0
        # Plain linear sampling of every third pixel would glitter.
        picture, part = self.half, 0.5
        while scale / part < SHRINK:
            picture, part = _halved(picture), part / 2
        return picture, scale / part, part


def _halved(picture: np.ndarray) -> np.ndarray:
    height, width = picture.shape[:2]
    return cv2.resize(picture, (width // 2, height // 2), interpolation=cv2.INTER_AREA)


@functools.lru_cache(maxsize=64)
def front_head(look: int, before: str, after: str, share: int, shut: int) -> Head:
    """A head with a face between two emotions; `share` and `shut` in `STEPS`."""
    return Head.of(_dress(_skin(look, before, after, share, shut), LOOKS[look]))


@functools.lru_cache(maxsize=32)
def turned_head(
    look: int, before: str, after: str, share: int, shut: int, yaw: int, pitch: int
) -> Head:
    """The same, turned: `yaw` and `pitch` in degrees times `TURNS`."""
    style = LOOKS[look]
    skin = _skin(look, before, after, share, shut)[:, :, :3]
    colours = cover(skin, style.hair, _oval(), style.long_hair)
    seen = turned.see(style.shape, style.long_hair, yaw / TURNS, pitch / TURNS)
    return Head.of(turned.lay(colours, seen))


def _skin(look: int, before: str, after: str, share: int, shut: int) -> np.ndarray:
    """A face's picture in its shape and colours: BGRA, opaque."""
    grey = cv2.addWeighted(_face(before), 1 - share / STEPS, _face(after), share / STEPS, 0)
    if shut:
        lids = cv2.addWeighted(
            _shut_face(before), 1 - share / STEPS, _shut_face(after), share / STEPS, 0
        )
        grey = cv2.addWeighted(grey, 1 - shut / STEPS, lids, shut / STEPS, 0)
    grey = shaped(grey, LOOKS[look].shape)
    tinted = (cv2.LUT(grey, _tint(white)) for white in LOOKS[look].skin)
    return cv2.merge([*tinted, np.full_like(grey, 255)])


def _dress(skin: np.ndarray, look: Look) -> np.ndarray:
    """Put a face's picture between its hair: premultiplied BGRA of `SPRITE`'s size."""
    sprite = cv2.merge([_hair(look.long_hair)] * 4)
    hair = np.array((*look.hair, 255), np.float64)
    sprite = cv2.multiply(sprite, hair, scale=1 / 255)
    part = sprite[TOP : TOP + FACE_SIDE, LEFT : LEFT + FACE_SIDE]
    part[:] = cv2.blendLinear(np.ascontiguousarray(part), skin, 1 - _oval(), _oval())
    return sprite


def _tint(white: int) -> np.ndarray:
    """A table from grey to one colour channel: dark stays dark, white becomes `white`."""
    grey = np.arange(256) / 255
    table = 255 * grey ** (1 + 0.5 * (1 - white / 255)) * (white / 255) ** 0.8
    return np.asarray(np.round(table), np.uint8)


@functools.cache
def _oval() -> np.ndarray:
    """How much of each pixel of a face's picture is face: 0 to 1, soft at the edge."""
    y, x = np.mgrid[:FACE_SIDE, :FACE_SIDE].astype(np.float32)
    below = np.where(y > 110, 0.86 + 0.14 * np.cos((y - 110) / 120 * 1.4), 1)  # a chin
    distance = np.hypot((x - 119.5) / (100 * below), (y - 112) / 122)
    return np.asarray(np.clip((1.0 - distance) / 0.13, 0, 1), np.float32)


@functools.cache
def _hair(long_hair: bool) -> np.ndarray:
    """How much of each pixel of a sprite is hair: 0 to 255, soft at the edge."""
    width, height = SPRITE
    y, x = np.mgrid[:height, :width].astype(np.float32)
    x = x - (LEFT + 119.5)
    top = TOP + 100
    distance = np.hypot(x / 122, (y - top) / 145)
    cap = np.clip((1 - distance) / 0.05, 0, 1)
    if long_hair:
        side = np.hypot(x / 122, np.maximum(0, y - top) / 300)
        fall = np.clip((1 - side) / 0.05, 0, 1) * np.clip((height - y) / 40, 0, 1)
        share = np.where(y > top, fall, cap)
    else:
        share = cap * np.clip((TOP + 120 - y) / 50, 0, 1)
    return np.asarray(np.round(255 * share), np.uint8)


@functools.cache
def _face(emotion: str) -> np.ndarray:
    """The averaged face: ``(240, 240)`` uint8, grey."""
    path = FACES / f"{emotion}.png"
    try:
        picture = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_GRAYSCALE)
    except OSError as error:
        raise SetupError(f"{shown(path)}: cannot be read; install videmo again") from error
    if picture is None or picture.shape != (FACE_SIDE, FACE_SIDE):
        raise SetupError(f"{shown(path)}: not a face of the demo; install videmo again")
    return picture


@functools.cache
def _shut_face(emotion: str) -> np.ndarray:
    """The averaged face with its eyes shut: lids so smooth that Haar finds no eyes."""
    face = _face(emotion).astype(np.float32)
    y, x = np.mgrid[:FACE_SIDE, :FACE_SIDE].astype(np.float32)
    for centre_x, centre_y in EYES:
        across, down = x - centre_x, y - centre_y
        lid = np.clip((1 - np.hypot(across / 42, (down + 4) / 26)) / 0.35, 0, 1)
        skin = float(face[centre_y + 22 : centre_y + 30, centre_x - 14 : centre_x + 14].mean())
        lash = np.exp(-(((down - 8 + (across / 16) ** 2) / 2.5) ** 2)) * (np.abs(across) < 28)
        face += lid * (skin * (0.97 - 0.2 * lash) - face)
    return np.round(face).astype(np.uint8)
