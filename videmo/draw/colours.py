"""The colours of emotions, of paper and of ink."""

from __future__ import annotations

from collections.abc import Sequence

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
_OTHERS: tuple[Colour, ...] = (
    *EMOTION_COLOURS.values(),
    *((150, 60, 120), (60, 120, 60), (190, 170, 60), (90, 90, 220), (40, 190, 120), (200, 90, 200)),
)
PAPER: Colour = (28, 24, 22)
INK: Colour = (240, 238, 236)
FAINT: Colour = (150, 146, 142)
LINE: Colour = (60, 54, 50)


def colours_of(labels: Sequence[str]) -> dict[str, Colour]:
    """A colour for each of `labels`: emotions have their own, others those that are left, in order;
    where there are more labels than colours, these come again."""
    known = {label: EMOTION_COLOURS[label] for label in labels if label in EMOTION_COLOURS}
    free = [colour for colour in _OTHERS if colour not in known.values()]
    others = [label for label in labels if label not in known]
    given = {label: free[index % len(free)] for index, label in enumerate(others)}
    return {label: known.get(label) or given[label] for label in labels}


def mixed(colour: Colour, other: Colour, share: float) -> Colour:
    """`colour` with `share` (0 to 1) of `other` in it."""
    blue, green, red = (round(a + share * (b - a)) for a, b in zip(colour, other, strict=True))
    return blue, green, red


def ink_on(colour: Colour) -> Colour:
    """Black or white, whichever is read more easily on `colour` (luma of ITU-R BT.601)."""
    blue, green, red = colour
    return (20, 18, 16) if 0.114 * blue + 0.587 * green + 0.299 * red > 125 else (255, 255, 255)
