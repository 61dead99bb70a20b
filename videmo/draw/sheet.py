"""Cut faces out of pictures, and lay pictures out on a sheet. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from videmo.draw.colours import FAINT, INK, LINE, PAPER
from videmo.draw.shapes import Colour
from videmo.draw.text import letters_above, text_width, write
from videmo.schema import Box

TILE = 180
"""Side of a face on a sheet, in pixels."""
CAPTION = 46
MARGIN = 14
HEADER = 112
STRIP = 14
TILES_A_ROW = 6
LETTERS = 29
"""Height in pixels of letters of scale 1."""
SMALLEST_LETTERS = 9

FACE = 120
"""Side of a face on a sheet of people, in pixels."""
FACES_A_ROW = 8
ROW_TITLE = 44
ROW_LINE = 17


@dataclass(frozen=True)
class Tile:
    """A face on a sheet, with what is written under it."""

    picture: np.ndarray
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Header:
    """What stands over the faces of a sheet."""

    title: str
    about: str
    colour: Colour
    """Of the emotion."""
    stretches: tuple[tuple[float, float], ...]
    """Where in the movie the runs are: start and end as parts of its length, 0 to 1."""


@dataclass(frozen=True)
class PersonRow:
    """A person on a sheet of people, with some of their faces."""

    title: str
    about: str
    tiles: tuple[Tile, ...]
    """At most `FACES_A_ROW`, each `FACE` pixels wide and high."""


def cut_face(
    picture: np.ndarray, box: Box, *, margin: float = 0.0, size: int = 0, roll: float = 0.0
) -> np.ndarray:
    """The face in `box`, with `margin` (a part of the box's size) around it on each side.

    The margin ends where the picture ends. With `size`, the face is brought to a square of so many
    pixels: at the picture's edge the square is moved inwards, and made smaller only if it must be.
    A face that leans by `roll` degrees, clockwise, is brought upright; what is turned in from
    outside of the picture repeats its edge.
    """
    height, width = picture.shape[:2]
    if not size:
        pad_x, pad_y = round(box.w * margin), round(box.h * margin)
        left, top = max(0, box.x - pad_x), max(0, box.y - pad_y)
        right, bottom = min(width, box.x + box.w + pad_x), min(height, box.y + box.h + pad_y)
        return _upright(picture, box, roll, Box(left, top, right - left, bottom - top))
    side = max(1, min(round(max(box.w, box.h) * (1 + 2 * margin)), width, height))
    left = min(max(0, box.x + (box.w - side) // 2), width - side)
    top = min(max(0, box.y + (box.h - side) // 2), height - side)
    square = _upright(picture, box, roll, Box(left, top, side, side))
    how = cv2.INTER_AREA if side > size else cv2.INTER_CUBIC
    return cv2.resize(square, (size, size), interpolation=how)


def _upright(picture: np.ndarray, box: Box, roll: float, part: Box) -> np.ndarray:
    """A part of the picture, turned around the middle of `box` by `roll` degrees."""
    if not roll:
        rows, columns = slice(part.y, part.y + part.h), slice(part.x, part.x + part.w)
        return np.ascontiguousarray(picture[rows, columns])
    middle = (box.x + (box.w - 1) / 2, box.y + (box.h - 1) / 2)
    matrix = cv2.getRotationMatrix2D(middle, roll, 1.0)
    matrix[:, 2] -= (part.x, part.y)
    size, edge = (part.w, part.h), cv2.BORDER_REPLICATE
    return cv2.warpAffine(picture, matrix, size, flags=cv2.INTER_CUBIC, borderMode=edge)


def contact_sheet(tiles: Sequence[Tile], header: Header) -> np.ndarray:
    """One picture (BGR uint8) of faces in rows, a line of words over them and two under each."""
    columns = min(TILES_A_ROW, max(3, len(tiles)))
    rows = -(-len(tiles) // columns)
    width = MARGIN + columns * (TILE + MARGIN)
    height = HEADER + rows * (TILE + CAPTION + MARGIN)
    sheet = np.full((height, width, 3), PAPER, np.uint8)
    _draw_header(sheet, header)
    for index, tile in enumerate(tiles):
        x = MARGIN + index % columns * (TILE + MARGIN)
        y = HEADER + index // columns * (TILE + CAPTION + MARGIN)
        sheet[y : y + TILE, x : x + TILE] = tile.picture
        bar = (x, y + TILE), (x + TILE - 1, y + TILE + 2)
        cv2.rectangle(sheet, *bar, header.colour, cv2.FILLED)
        _write(sheet, tile.lines[0], (x, y + TILE + 21), 0.5, INK, TILE)
        _write(sheet, tile.lines[1], (x, y + TILE + 39), 0.42, FAINT, TILE)
    return sheet


def people_sheet(rows: Sequence[PersonRow], title: str, about: str) -> np.ndarray:
    """One picture (BGR uint8) of people: a row of faces for each, and words over all of them."""
    width = MARGIN + FACES_A_ROW * (FACE + MARGIN)
    step = row_height(rows)
    sheet = np.full((HEADER - STRIP + len(rows) * step, width, 3), PAPER, np.uint8)
    _write(sheet, title, (MARGIN, 36), 0.8, INK, width - 2 * MARGIN)
    _write(sheet, about, (MARGIN, 62), 0.5, FAINT, width - 2 * MARGIN)
    for index, row in enumerate(rows):
        top = HEADER - 2 * STRIP + index * step
        cv2.line(sheet, (MARGIN, top), (width - MARGIN, top), LINE, 1)
        used = _write(sheet, row.title, (MARGIN, top + 28), 0.7, INK, width // 2)
        room = width - 3 * MARGIN - used
        _write(sheet, row.about, (2 * MARGIN + used, top + 28), 0.5, FAINT, room)
        for place, tile in enumerate(row.tiles):
            x, y = MARGIN + place * (FACE + MARGIN), top + ROW_TITLE
            sheet[y : y + FACE, x : x + FACE] = tile.picture
            for number, line in enumerate(tile.lines, 1):
                colour = INK if number == 1 else FAINT
                _write(sheet, line, (x, y + FACE + number * ROW_LINE), 0.42, colour, FACE)
    return sheet


def row_height(rows: Sequence[PersonRow]) -> int:
    """Pixels from one person to the next."""
    lines = max((len(tile.lines) for row in rows for tile in row.tiles), default=0)
    return ROW_TITLE + FACE + lines * ROW_LINE + 2 * MARGIN


def _draw_header(sheet: np.ndarray, header: Header) -> None:
    width = sheet.shape[1]
    room = width - 2 * MARGIN
    _write(sheet, header.title, (MARGIN, 36), 0.8, INK, room)
    _write(sheet, header.about, (MARGIN, 62), 0.5, FAINT, room)
    top, bottom = 78, 78 + STRIP
    cv2.rectangle(sheet, (MARGIN, top), (width - MARGIN, bottom), LINE, cv2.FILLED)
    for start, end in header.stretches:
        left = MARGIN + round(start * room)
        right = max(left + 1, MARGIN + round(end * room))
        cv2.rectangle(sheet, (left, top), (right, bottom), header.colour, cv2.FILLED)


def _write(
    sheet: np.ndarray,
    text: str,
    at: tuple[int, int],
    scale: float,
    colour: tuple[int, int, int],
    room: int,
) -> int:
    """Write `text` on the line at `at`, smaller if it would be wider than `room` pixels.

    Gives the width that it takes, in pixels.
    """
    size = round(LETTERS * scale)
    while size > SMALLEST_LETTERS and text_width(text, size) > room:
        size -= 1
    write(sheet, text, (at[0], at[1] - letters_above(size)), size, colour, room)
    return min(text_width(text, size), room)
