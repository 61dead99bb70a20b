"""Where labels go: beside their faces, in the picture, not over other faces and labels. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import NamedTuple

from videmo.schema import Box

OVER_LABEL = 20.0
OVER_FACE = 6.0
"""What it costs to lie on other labels, and on other faces, with all of the label."""
OVER_OWN = 6.0
"""What it costs to cover all of the label's own face."""
RANK = 0.015
"""What a place costs for each better one that there is."""
SHORTER = 0.4
"""What it costs to show less."""
HABIT = 0.3
"""What the place that a label had in the frame before is cheaper by: labels must not jump about."""
DEAREST = 0.45
"""The cost from which on a label that may be left out is."""
DEAREST_OF_LATE = 0.75
"""The same, where it was there in the frame before."""


class Wish(NamedTuple):
    """A label that is to be placed."""

    owner: int
    """Whose it is; what is remembered is remembered by this."""
    face: Box
    sizes: tuple[tuple[int, int], ...]
    """Width and height in pixels; first of all that there is to show, then of less and less."""
    sides: tuple[str, ...]
    """Where it may be, keys of `SIDES`, the best first."""
    needed: bool = True
    """Whether it must be somewhere; else it may be left out where there is no room."""
    lift: int = 0
    """How far from the face the places are that are called far: another label lies between."""


class Spot(NamedTuple):
    """On which side of its face a label is, and which of its sizes it has."""

    side: str
    size: int = 0


class Placed(NamedTuple):
    """Where a label is, and its rectangle in the picture."""

    spot: Spot
    box: Box


def _aside(face: Box, w: int, h: int, gap: int, lift: int = 0) -> dict[str, tuple[int, int]]:
    left, right = face.x - gap - w, face.x + face.w + gap
    above, below = face.y - gap - h, face.y + face.h + gap
    end_x, end_y = face.x + face.w - w, face.y + face.h - h
    return {
        "above, left": (face.x, above),
        "above, right": (end_x, above),
        "below, left": (face.x, below),
        "below, right": (end_x, below),
        "right, top": (right, face.y),
        "right, bottom": (right, end_y),
        "left, top": (left, face.y),
        "left, bottom": (left, end_y),
        "far above, left": (face.x, above - lift),
        "far above, right": (end_x, above - lift),
        "far below, left": (face.x, below + lift),
        "inside, top": (face.x + gap, face.y + gap),
        "inside, bottom": (face.x + gap, end_y - gap),
        "inside, right": (end_x - gap, face.y + gap),
    }


SIDES = tuple(_aside(Box(0, 0, 1, 1), 1, 1, 0))
"""The places that a label can have: the side of its face on which it lies, and what it is flush
with."""


def place(
    wishes: Sequence[Wish],
    size: tuple[int, int],
    *,
    gap: int,
    taken: Iterable[Box] = (),
    before: Mapping[int, Spot] | None = None,
) -> dict[int, Placed]:
    """A place for each label, those of large faces first, by owner.

    Args:
        wishes: the labels; one for each owner.
        size: width and height of the picture: all labels lie inside.
        gap: pixels between a face and its label, and around labels.
        taken: what is covered by labels already.
        before: the spot that each label had in the frame before.
    """
    before = before or {}
    covered = list(taken)
    found: dict[int, Placed] = {}
    for wish in sorted(wishes, key=lambda w: (-w.face.w * w.face.h, w.owner)):
        others = [other.face for other in wishes if other.owner != wish.owner]
        last = before.get(wish.owner)
        rated = []
        for rank, (less, side) in enumerate(product(range(len(wish.sizes)), wish.sides)):
            spot = Spot(side, less)
            box = _inside(wish, spot, size, gap)
            cost = _cost(wish, box, covered, others, gap) + RANK * (rank % len(wish.sides))
            rated.append((cost + SHORTER * less - HABIT * (spot == last), rank, cost, spot, box))
        _, _, cost, spot, box = min(rated)
        best = Placed(spot, box)
        if wish.needed or cost < (DEAREST_OF_LATE if last else DEAREST):
            found[wish.owner] = best
            covered.append(best.box)
    return found


def _inside(wish: Wish, spot: Spot, size: tuple[int, int], gap: int) -> Box:
    """The label at a spot, moved so that it lies in the picture."""
    wide, high = wish.sizes[spot.size]
    x, y = _aside(wish.face, wide, high, gap, wish.lift)[spot.side]
    return Box(max(0, min(x, size[0] - wide)), max(0, min(y, size[1] - high)), wide, high)


def _cost(wish: Wish, box: Box, covered: Sequence[Box], others: Sequence[Box], gap: int) -> float:
    """How much a label would hide."""
    around = Box(box.x - gap, box.y - gap, box.w + 2 * gap, box.h + 2 * gap)
    hidden = OVER_LABEL * sum(around.intersection(label) for label in covered)
    hidden += OVER_FACE * sum(box.intersection(face) for face in others)
    own = OVER_OWN * box.intersection(wish.face) / max(1, wish.face.w * wish.face.h)
    return hidden / max(1, box.w * box.h) + own
