"""Paint one frame of a story: a room, and in it people with averaged faces."""

from __future__ import annotations

import functools
from fractions import Fraction

import cv2
import numpy as np

from videmo.demo.background import Background
from videmo.demo.head import (
    BOX_CENTRE,
    LOOKS,
    STEPS,
    TURNED_CENTRE,
    TURNS,
    Look,
    front_head,
    turned_head,
)
from videmo.demo.outline import BOX_SIDE
from videmo.demo.story import Appearance, Story, appearances

CAST_DOWN = 20.0
"""At so many degrees down, and from there on, the lids hide the eyes."""


class Painter:
    """Paints the frames of one story and remembers what comes again: rooms and heads."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self._room: Background | None = None
        self._room_index = -1

    def paint(self, time: Fraction) -> np.ndarray:
        """The picture at `time` (exact seconds): ``(height, width, 3)`` uint8, BGR, upright.

        Raises:
            SetupError: the pictures of the faces are not there.
        """
        room, passed = self._room_at(time)
        picture = room.paint(passed)
        for face in appearances(self.story, time):
            _paint_actor(picture, face)
        light = self.story.shots[self._room_index].light
        return picture if light == 1 else cv2.LUT(picture, _dimmed(light))

    def grain(self, time: Fraction) -> np.ndarray:
        """The noise to be added to the luma at `time`: ``(height, width)`` uint8."""
        return self._room_at(time)[0].grain

    def _room_at(self, time: Fraction) -> tuple[Background, float]:
        """The room of the shot that is on, and the seconds since it began."""
        index, passed = self.story.shot_at(time)
        if index != self._room_index or self._room is None:
            self._room = Background(self.story.size, self.story.shots[index].background)
            self._room_index = index
        return self._room, float(passed)


def _paint_actor(picture: np.ndarray, face: Appearance) -> None:
    """Paint shoulders and head into `picture` (BGR), in place."""
    look = LOOKS[(face.actor - 1) % len(LOOKS)]
    _paint_body(picture, face, look)
    looks = (face.before, face.after, round(face.share * STEPS), round(_shut(face) * STEPS))
    number = (face.actor - 1) % len(LOOKS)
    if face.solid:
        turns = (round(face.yaw * TURNS), round(face.pitch * TURNS))
        head, middle = turned_head(number, *looks, *turns), TURNED_CENTRE
    else:
        head, middle = front_head(number, *looks), BOX_CENTRE
    sprite, scale, part = head.at(face.size / BOX_SIDE)
    centre = (middle[0] * part, middle[1] * part)
    matrix = cv2.getRotationMatrix2D((0, 0), -face.tilt, scale) @ np.array(
        [[look.width, 0, -look.width * centre[0]], [0, 1, -centre[1]], [0, 0, 1]]
    )
    matrix[:, 2] += (face.x, face.y)
    _blend_in(picture, sprite, matrix)


def _shut(face: Appearance) -> float:
    """How far the lids hide the eyes, 0 to 1: in a blink, or because they look down."""
    return max(face.shut, min(1.0, max(0.0, face.pitch / CAST_DOWN)))


def _blend_in(picture: np.ndarray, sprite: np.ndarray, matrix: np.ndarray) -> None:
    """Put `sprite` (premultiplied BGRA) where `matrix` takes it, clipped to the picture."""
    height, width = sprite.shape[:2]
    corners = matrix @ np.array([[0, width, 0, width], [0, 0, height, height], [1, 1, 1, 1]])
    left, top = np.maximum(np.floor(corners.min(axis=1)).astype(int), 0)
    right, bottom = np.minimum(
        np.ceil(corners.max(axis=1)).astype(int), (picture.shape[1], picture.shape[0])
    )
    if left >= right or top >= bottom:
        return
    shifted = matrix - [[0, 0, left], [0, 0, top]]
    drawn = cv2.warpAffine(sprite, shifted, (int(right - left), int(bottom - top)))
    clear = cv2.bitwise_not(drawn[:, :, 3])
    region = picture[top:bottom, left:right]
    behind = cv2.multiply(region, cv2.merge((clear, clear, clear)), scale=1 / 255)
    cv2.add(behind, drawn[:, :, :3], dst=region)


def _paint_body(picture: np.ndarray, face: Appearance, look: Look) -> None:
    """Paint neck and shoulders, down to the lower edge of the picture."""
    unit = face.size / 100
    x, y = face.x, face.y
    half, fine = (0.5, 16)  # corners in sixteenths of a pixel: no jumps from frame to frame
    neck = [(-24, 0), (24, 0), (26, 74), (0, 84), (-26, 74)]
    below = max((picture.shape[0] - y) / unit + 1, 140)
    right = [(26, 62), (48, 74), (68, 84), (82, 102), (90, 130), (92, below)]
    collar = [(-12, 73), (0, 77), (12, 73)]
    shirt = [*right, *((-a, b) for a, b in reversed(right)), *collar]
    # Between dark hair and a dark shirt, a bright neck would look like a face to Haar.
    shade = tuple(int(0.5 * colour) for colour in look.skin)
    for polygon, colour in ((neck, shade), (shirt, look.shirt)):
        corners = np.array(polygon) * unit + (x, y)
        points = np.round((corners - half) * fine).astype(np.int32)
        cv2.fillPoly(picture, [points], colour, cv2.LINE_AA, shift=4)


@functools.cache
def _dimmed(light: float) -> np.ndarray:
    """A table from each value to what a camera shows at such a part of the light.

    By the curve of ITU-R BT.709, which cameras follow: a quarter of the light is half as bright
    to the eye, and what was dark is lost.
    """
    value = np.arange(256) / 255
    amount = np.where(value < 0.081, value / 4.5, ((value + 0.099) / 1.099) ** (1 / 0.45)) * light
    dark = np.where(amount < 0.018, 4.5 * amount, 1.099 * amount**0.45 - 0.099)
    return np.round(255 * dark).astype(np.uint8)
