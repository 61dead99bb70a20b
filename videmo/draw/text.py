"""Write on pictures, in any script of which there is a font.

Latin, Greek and Cyrillic letters come from the font in this package (DejaVu Sans, without its other
scripts); for others the machine's own fonts are looked through.
"""

from __future__ import annotations

import functools
import unicodedata
from pathlib import Path

import numpy as np
from PIL import ImageFont

from videmo.draw.shapes import Colour, blend

FONT = Path(__file__).parent / "fonts" / "DejaVuSans.ttf"

OTHER_FONTS = (
    *("NotoSansCJK-Regular.ttc", "NotoSansCJKsc-Regular.otf", "SourceHanSans-Regular.ttc"),
    *("wqy-microhei.ttc", "DroidSansFallbackFull.ttf", "msyh.ttc", "malgun.ttf", "YuGothR.ttc"),
    *("PingFang.ttc", "Hiragino Sans GB.ttc", "AppleSDGothicNeo.ttc", "Arial Unicode.ttf"),
    *("arial.ttf", "Nirmala.ttc", "Nirmala.ttf", "DejaVuSans.ttf", "FreeSans.ttf"),
)
"""Files that Linux, Windows and macOS keep in their font folders, with the scripts of Asia."""

ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
UNKNOWN = "?"


def text_width(text: str, size: int) -> int:
    """How wide `text` is when written, in pixels; `size` is the height of a line's letters."""
    return int(_mask(text, size).shape[1])


def line_height(size: int) -> int:
    """The height of a line of letters of `size`, in pixels."""
    return sum(_font(str(FONT), size).getmetrics())


def letters_above(size: int) -> int:
    """How much of a line's height lies above the foot of its letters, in pixels."""
    return int(_font(str(FONT), size).getmetrics()[0])


def can_write(text: str) -> bool:
    """Whether there is a font with all letters of `text`."""
    return _font_for(_printable(text)) is not None


def fitted(text: str, size: int, room: int) -> str:
    """`text`, its end left out if it is wider than `room` pixels."""
    if text_width(text, size) <= room:
        return text
    keep = len(text)
    while keep and text_width(text[:keep].rstrip() + ELLIPSIS, size) > room:
        keep -= 1
    return text[:keep].rstrip() + ELLIPSIS if keep else ""


def write(
    picture: np.ndarray,
    text: str,
    at: tuple[int, int],
    size: int,
    colour: Colour,
    room: int | None = None,
) -> None:
    """Write `text` into `picture` (BGR uint8), its line's top left corner at `at` (x, y).

    What lies outside the picture is left out; what is wider than `room` pixels ends with dots.
    Letters of which there is no font are written without their accents, or as question marks.
    """
    line = fitted(text, size, room) if room is not None else text
    if line:
        blend(picture, _mask(line, size), at, colour)


@functools.lru_cache(maxsize=2048)
def _mask(text: str, size: int) -> np.ndarray:
    """How much of each pixel of a line is ink: uint8, (line height) x (width of the text)."""
    text = _printable(text)
    name = _font_for(text)
    if name is None:
        name, text = str(FONT), _plain(text)
    font = _font(name, size)
    above = letters_above(size)
    line = np.zeros((line_height(size), max(1, round(font.getlength(text)))), np.uint8)
    mask, (left, top) = font.getmask2(text, mode="L", anchor="ls")
    ink = np.array(mask, np.uint8).reshape(mask.size[1], mask.size[0])
    _put(line, ink, left, above + top)
    line.flags.writeable = False
    return line


def _put(line: np.ndarray, ink: np.ndarray, left: int, top: int) -> None:
    """Copy `ink` to its place in `line`, as far as it lies inside."""
    x, y = max(0, left), max(0, top)
    right = min(line.shape[1], left + ink.shape[1])
    bottom = min(line.shape[0], top + ink.shape[0])
    if x < right and y < bottom:
        line[y:bottom, x:right] = ink[y - top : bottom - top, x - left : right - left]


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in unicodedata.normalize("NFC", text))


def _plain(text: str) -> str:
    """`text` in letters that our own font has."""
    kept = []
    for letter in text:
        if _has(str(FONT), letter):
            kept.append(letter)
            continue
        base = [c for c in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(c)]
        kept += [c if _has(str(FONT), c) else UNKNOWN for c in base] or [UNKNOWN]
    return "".join(kept)


@functools.lru_cache(maxsize=1024)
def _font_for(text: str) -> str | None:
    """The first font that has all letters of `text`."""
    for name in (str(FONT), *OTHER_FONTS):
        if _is_there(name) and all(_has(name, letter) for letter in text):
            return name
    return None


@functools.cache
def _is_there(name: str) -> bool:
    try:
        _font(name, 16)
    except OSError:
        return False
    return True


@functools.lru_cache(maxsize=4096)
def _has(name: str, letter: str) -> bool:
    """Whether a font has a letter: it does not draw it like one that no font has."""
    if letter.isspace() or unicodedata.combining(letter):
        return True
    font = _font(name, 16)
    mask, none = font.getmask(letter), font.getmask("\uffff")
    return mask.size != none.size or bytes(mask) != bytes(none)


@functools.lru_cache(maxsize=64)
def _font(name: str, size: int) -> ImageFont.FreeTypeFont:
    # Our letters stand side by side, on every machine; others may have to be joined (Arabic).
    layout = ImageFont.Layout.BASIC if name == str(FONT) else None
    return ImageFont.truetype(name, size, layout_engine=layout)
