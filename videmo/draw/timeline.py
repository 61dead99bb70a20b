"""Draw a movie's emotions over time, a lane for each face, and where in it we are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from videmo.draw.colours import EMOTION_COLOURS, FAINT, INK, PAPER, mixed
from videmo.draw.overlay import Style, style_for
from videmo.draw.shapes import Colour, fill
from videmo.draw.text import fitted, line_height, text_width, write
from videmo.schema import Box

LANE = (44, 39, 36)
LONGEST_NAME = 0.18
"""Room for names before the lanes, as a part of the width."""
PALE = 0.55
"""How much paper is in the colour of a face that is not aligned."""


@dataclass(frozen=True, eq=False)
class Lane:
    """One line of the timeline."""

    name: str
    """What stands before it; empty: nothing."""
    emotions: np.ndarray
    """(columns,) int: index in the model's labels; -1 where there is no face."""
    aligned: np.ndarray
    """(columns,) bool: whether the face is aligned, so that it counts."""


@dataclass(frozen=True, eq=False)
class Timeline:
    """A strip as wide as the picture, on which a play head can be put."""

    strip: np.ndarray
    """(height, width, 3) BGR uint8; its height is even."""
    lanes: Box
    """Where on the strip the lanes lie."""
    style: Style

    def at(self, share: float, text: str) -> np.ndarray:
        """The strip with its play head at `share` of the movie (0 to 1), and `text` (its time)."""
        strip: np.ndarray = self.strip.copy()
        style, lanes = self.style, self.lanes
        write(strip, text, (style.gap * 2, style.gap), style.letters, INK)
        x = lanes.x + round(share * (lanes.w - 1))
        top, bottom = lanes.y - style.gap, lanes.y + lanes.h + style.gap - 1
        half = max(2, style.gap // 2 + style.line)
        wide = style.line + 1
        head = np.array([(x - half, top - half), (x + half, top - half), (x, top + half)])
        for ink, more in ((PAPER, 2), (INK, 0)):
            left = x - (wide + more) // 2
            fill(strip, Box(left, top, wide + more, bottom - top), ink)
        cv2.fillConvexPoly(strip, head.astype(np.int32), INK, cv2.LINE_AA)
        return strip


def lane_room(width: int, style: Style, names: Sequence[str]) -> Box:
    """Where lanes lie: x and width, without a height."""
    names = [name for name in names if name]
    margin = 2 * style.gap
    before = max((text_width(_shown(n, width, style), _small(style)) for n in names), default=0)
    left = margin + (before + margin if before else 0)
    top = 3 * style.gap + line_height(style.letters)
    return Box(left, top, max(1, width - left - margin), 0)


def draw_timeline(
    width: int,
    height: int,
    lanes: Sequence[Lane],
    note: str = "",
    colours: Mapping[str, Colour] = EMOTION_COLOURS,
) -> Timeline:
    """The timeline of a movie whose pictures are `width` x `height` pixels.

    `lanes` have as many columns as `lane_room` is wide. `note` stands beside the time.
    `colours` are those of all labels of the model, in its order.
    """
    style = style_for(width, height)
    room = lane_room(width, style, [lane.name for lane in lanes])
    high, step = _lane_height(style, lanes), _lane_height(style, lanes) + max(2, style.line + 1)
    deep = step * len(lanes) - (step - high)
    room = room._replace(h=deep)
    total = room.y + deep + 2 * style.gap
    strip = np.full((total + total % 2, width, 3), PAPER, np.uint8)
    _draw_legend(strip, colours, style, note)
    for index, lane in enumerate(lanes):
        y = room.y + index * step
        fill(strip, Box(room.x, y, room.w, high), LANE)
        _draw_lane(strip[y : y + high, room.x : room.x + room.w], lane, colours)
        if lane.name:
            name = _shown(lane.name, width, style)
            small = _small(style)
            write(strip, name, (2 * style.gap, y + (high - line_height(small)) // 2), small, FAINT)
    return Timeline(strip, room, style)


def _shown(name: str, width: int, style: Style) -> str:
    return fitted(name, _small(style), round(LONGEST_NAME * width))


def _small(style: Style) -> int:
    return max(9, round(0.85 * style.letters))


def _lane_height(style: Style, lanes: Sequence[Lane]) -> int:
    if any(lane.name for lane in lanes):
        return line_height(_small(style))
    return max(6, round((1.1 if len(lanes) <= 2 else 0.75) * style.letters))


def _draw_lane(room: np.ndarray, lane: Lane, colours: Mapping[str, Colour]) -> None:
    """Colour each column that has a face."""
    bright = np.array(list(colours.values()), np.uint8)
    pale = np.array([mixed(colour, LANE, PALE) for colour in colours.values()], np.uint8)
    there = lane.emotions >= 0
    columns = np.where(lane.aligned[:, None], bright[lane.emotions], pale[lane.emotions])
    room[:, there] = columns[there]


def _draw_legend(strip: np.ndarray, colours: Mapping[str, Colour], style: Style, note: str) -> None:
    """What the colours mean, at the right, if there is room beside the time."""
    width = strip.shape[1]
    small = _small(style)
    square, space = round(0.7 * small), style.gap
    widths = [square + space + text_width(name, small) for name in colours]
    time = 2 * style.gap + text_width("00:00:00.000", style.letters) + 4 * space
    apart = 2 * space
    right = width - 2 * style.gap
    y = style.gap + (line_height(style.letters) - line_height(small)) // 2 + 1
    if time + sum(widths) + apart * (len(widths) - 1) <= right:
        x = right - sum(widths) - apart * (len(widths) - 1)
        for name, wide in zip(colours, widths, strict=True):
            middle = y + (line_height(small) - square) // 2 + 1
            fill(strip, Box(x, middle, square, square), colours[name], radius=square // 4)
            write(strip, name, (x + square + space, y), small, FAINT)
            x += wide + apart
        right -= sum(widths) + apart * (len(widths) - 1) + 2 * apart
    if note and time + text_width(note, small) <= right:
        write(strip, note, (time, y), small, FAINT)
