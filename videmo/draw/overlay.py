"""Draw what is known of the faces in a picture: box, name, emotion, and all scores."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from videmo.draw.colours import EMOTION_COLOURS, FAINT, INK, PAPER, ink_on, mixed
from videmo.draw.places import Placed, Spot, Wish, place
from videmo.draw.shapes import Colour, dot, fill, frame
from videmo.draw.text import can_write, fitted, line_height, text_width, write
from videmo.schema import Box, Point

CHIP_SIDES = (
    *("above, left", "above, right", "below, left", "below, right"),
    *("right, top", "left, top", "inside, top", "inside, bottom"),
)
BARS_SIDES = (
    *("right, top", "left, top", "right, bottom", "left, bottom", "below, left", "below, right"),
    *("above, left", "above, right", "far above, left", "far above, right", "far below, left"),
    *("inside, right", "inside, bottom"),
)
PALE = mixed(FAINT, INK, 0.45)
CORNERS = 0.35
"""The part of its edge that is drawn of the box of a face that is not aligned."""
LONGEST_NAME = 0.3
"""Room for a name, as a part of the picture's width."""


class Marked(NamedTuple):
    """A face to be drawn, and what is to be said of it."""

    track: int
    box: Box
    aligned: bool
    emotion: str
    scores: tuple[float, ...]
    """One for each label of the model, 0 to 1."""
    name: str = ""
    """Who it is; empty: the track's number is shown."""
    points: tuple[Point, ...] = ()
    """Eyes, or eyes, nose and mouth, to be marked."""


class Style(NamedTuple):
    """Sizes in pixels, as they suit a picture."""

    letters: int
    """Height of letters."""
    line: int
    """Width of lines."""
    gap: int
    """Between things, and around text."""


Spots = dict[str, dict[int, Spot]]
"""Where labels were, by kind and track: what the next frame has to know."""


def style_for(width: int, height: int) -> Style:
    """Sizes that can be read, and leave the picture to the picture.

    Letters grow more slowly than the picture: a large one is looked at on a large screen.
    """
    short = min(width, height)
    letters = max(10, round(7 + short / 66))
    return Style(letters, max(1, round(short / 240)), max(2, round(letters / 4)))


def draw_faces(
    picture: np.ndarray,
    faces: Sequence[Marked],
    *,
    colours: Mapping[str, Colour] = EMOTION_COLOURS,
    bars: bool = True,
    style: Style | None = None,
    before: Spots | None = None,
) -> Spots:
    """Draw `faces` into `picture` (BGR uint8).

    A face that is aligned has a whole box, another one only its corners, and a label in grey: it
    does not count.

    Args:
        picture: is drawn into.
        faces: each track once.
        colours: of all labels of the model, in its order.
        bars: draw the scores of all emotions, where there is room.
        style: as `style_for` the picture.
        before: what was returned for the frame before, so that labels stay where they are.
    """
    height, width = picture.shape[:2]
    style = style or style_for(width, height)
    before = before or {}
    for face in sorted(faces, key=lambda face: face.box.w):
        colour, share = colours[face.emotion], 1.0 if face.aligned else CORNERS
        frame(picture, face.box, colour, thick=style.line, radius=2 * style.gap, share=share)
        for point in face.points:
            dot(picture, point, colour, radius=style.line + 1)
    texts = {face.track: _text(face, tuple(colours), style, width) for face in faces}
    chips = _places(
        [_chip_wish(face, texts[face.track], style) for face in faces],
        (width, height),
        style,
        before.get("chips", {}),
        (),
    )
    shown = {}
    if bars:
        covered = [chip.box for chip in chips.values()]
        sizes, lift = (_bars_size(colours, style),), _chip_height(style) + style.gap
        wishes = [
            Wish(face.track, face.box, sizes, BARS_SIDES, needed=False, lift=lift) for face in faces
        ]
        shown = _places(wishes, (width, height), style, before.get("bars", {}), covered)
    for face in faces:
        if face.track in shown:
            _draw_bars(picture, shown[face.track].box, face, colours, style)
    for face in faces:
        chip = chips[face.track]
        text = texts[face.track][: 3 - chip.spot.size]
        _draw_chip(picture, chip.box, text, face, colours[face.emotion], style)
    return {"chips": _spots(chips), "bars": _spots(shown)}


def called(name: str, track: int) -> str:
    """What a face is called: its name, if there is one that can be written, or its track."""
    return name if name and can_write(name) else f"t{track}"


def _places(
    wishes: list[Wish],
    size: tuple[int, int],
    style: Style,
    before: Mapping[int, Spot],
    taken: Sequence[Box],
) -> dict[int, Placed]:
    return place(wishes, size, gap=style.line + style.gap // 2, taken=taken, before=before)


def _spots(places: Mapping[int, Placed]) -> dict[int, Spot]:
    return {track: placed.spot for track, placed in places.items()}


def _text(face: Marked, labels: Sequence[str], style: Style, width: int) -> tuple[str, ...]:
    """What is written at a face: who, which emotion, and its score."""
    name = fitted(called(face.name, face.track), style.letters, round(LONGEST_NAME * width))
    return name, face.emotion, f"{face.scores[labels.index(face.emotion)]:.2f}"


def _chip_wish(face: Marked, text: tuple[str, ...], style: Style) -> Wish:
    """A label with all parts of `text`, or without the last ones."""
    # A score's digits differ in width from frame to frame; the label must not.
    widths = [text_width(part, style.letters) for part in (*text[:2], "0.00")]
    high = _chip_height(style)
    sizes = tuple(
        (sum(widths[:n]) + (n - 1) * _space(style) + 2 * _pad(style), high) for n in (3, 2, 1)
    )
    return Wish(face.track, face.box, sizes, CHIP_SIDES)


def _chip_height(style: Style) -> int:
    return line_height(style.letters) + style.gap


def _pad(style: Style) -> int:
    return style.gap + style.line


def _space(style: Style) -> int:
    """Between two words."""
    return max(3, round(style.letters / 2.2))


def _draw_chip(
    picture: np.ndarray,
    box: Box,
    text: tuple[str, ...],
    face: Marked,
    colour: Colour,
    style: Style,
) -> None:
    ground = colour if face.aligned else PAPER
    ink = ink_on(colour) if face.aligned else PALE
    share = 0.94 if face.aligned else 0.8
    fill(picture, box, ground, radius=style.gap, share=share)
    x, y = box.x + _pad(style), box.y + style.gap // 2
    for part in text:
        write(picture, part, (x, y), style.letters, ink)
        x += text_width(part, style.letters) + _space(style)


def _bars_size(labels: Mapping[str, Colour], style: Style) -> tuple[int, int]:
    small = _small(style)
    wide = 3 * _pad(style) + _names_width(labels, small) + _bar_length(style)
    return wide, 2 * _pad(style) + len(labels) * _row(style) - style.gap // 2


def _small(style: Style) -> int:
    """The height of letters beside bars."""
    return max(9, round(0.82 * style.letters))


def _names_width(labels: Iterable[str], small: int) -> int:
    return max(text_width(name, small) for name in labels)


def _bar_length(style: Style) -> int:
    return 4 * style.letters


def _row(style: Style) -> int:
    return line_height(_small(style)) + max(0, style.gap // 2 - 1)


def _draw_bars(
    picture: np.ndarray, box: Box, face: Marked, colours: Mapping[str, Colour], style: Style
) -> None:
    """A line for each label: an emotion, and how high its score is."""
    small, pad = _small(style), _pad(style)
    fill(picture, box, PAPER, radius=2 * style.gap, share=0.72)
    x, y = box.x + pad, box.y + pad
    left = x + _names_width(colours, small) + pad
    room = box.x + box.w - pad - left
    thick = max(3, round(0.55 * small))
    for emotion, score in zip(colours, face.scores, strict=True):
        first = emotion == face.emotion
        write(picture, emotion, (x, y), small, INK if first else PALE)
        bar = Box(left, y + (line_height(small) - thick) // 2 + 1, room, thick)
        fill(picture, bar, FAINT, radius=thick // 2, share=0.28)
        long = round(min(1.0, max(0.0, score)) * room)
        if long >= 1:
            fill(picture, bar._replace(w=long), colours[emotion], radius=min(thick, long) // 2)
        y += _row(style)
