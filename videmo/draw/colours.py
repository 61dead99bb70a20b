"""The colours of emotions, of paper and of ink."""

from __future__ import annotations

from videmo.draw.shapes import Colour
from videmo.schema import EMOTIONS

# Blue, green, red; told apart by people who see few colours, too (after Okabe and Ito, Color
# Universal Design, 2008).
EMOTION_COLOURS: dict[str, Colour] = dict(
    zip(
        EMOTIONS,
        (
            (0, 94, 213),
            (115, 158, 0),
            (167, 121, 204),
            (66, 228, 240),
            (178, 114, 0),
            (0, 159, 230),
            (170, 170, 170),
        ),
        strict=True,
    )
)
PAPER: Colour = (28, 24, 22)
INK: Colour = (240, 238, 236)
FAINT: Colour = (150, 146, 142)
LINE: Colour = (60, 54, 50)


def mixed(colour: Colour, other: Colour, share: float) -> Colour:
    """`colour` with `share` (0 to 1) of `other` in it."""
    blue, green, red = (round(a + share * (b - a)) for a, b in zip(colour, other, strict=True))
    return blue, green, red


def ink_on(colour: Colour) -> Colour:
    """Black or white, whichever is read more easily on `colour` (luma of ITU-R BT.601)."""
    blue, green, red = colour
    return (20, 18, 16) if 0.114 * blue + 0.587 * green + 0.299 * red > 125 else (255, 255, 255)
