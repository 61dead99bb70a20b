"""The colours that are laid on a head: a face from the front, hair and an ear at the side."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from videmo.demo.surface import ACROSS, DEEP, DOWN, FACE, skin_width, window

HAIRLINE = (
    *((-130, 165), (-60, 160), (-36, 140), (-32, 84), (8, 80)),  # behind and above the ear
    *((14, 112), (30, 108), (42, 78), (70, 40), (110, 0)),
)
"""How far down short hair comes on the side of the head: z and y."""


class Cover(NamedTuple):
    """The colours that are laid on a head: (blue, green, red), 0 to 255."""

    front: np.ndarray
    """By y and x."""
    side: np.ndarray
    """By y and z (`DEEP`)."""
    clear: np.ndarray
    """By y and x: how much of the head is there, 0 to 1."""


def cover(skin: np.ndarray, hair: tuple[int, int, int], oval: np.ndarray, long_hair: bool) -> Cover:
    """Colours for a head with such a face (240 x 240, BGR), of which `oval` (0 to 1) is view."""
    y, x = np.mgrid[slice(*DOWN), slice(*ACROSS)].astype(np.float32)
    plain = _cheek(skin)[:, None, :]
    front = np.broadcast_to(plain, (*x.shape, 3)).astype(np.float32)
    front[FACE] += oval[..., None] * (skin - front[FACE])
    chin = np.clip((skin_width(y) - np.abs(x)) / 4, 0, 1) * np.clip((y - 190) / 15, 0, 1)
    free = np.maximum(window(x, y), chin)
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
