"""Stretches of time: what two share, what several cover, what is left of one. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Protocol

from videmo.schema import ROUNDING

SHORTEST = 5e-4
"""Seconds; times have three digits."""


class Lasting(Protocol):
    """Whatever has a start and an end."""

    @property
    def start(self) -> float: ...
    @property
    def end(self) -> float: ...


class Ends(NamedTuple):
    """From when to when something lasts, in seconds; the end is not part of it."""

    start: float
    end: float


def overlap(a: Lasting, b: Lasting) -> float:
    """Seconds that two stretches of time share."""
    return max(0.0, min(a.end, b.end) - max(a.start, b.start))


def joined(stretches: Iterable[Lasting], gap: float = 0.0) -> list[Ends]:
    """From when to when there is one of `stretches`; what lies no more than `gap` apart is one."""
    ends: list[Ends] = []
    for start, end in sorted((one.start, one.end) for one in stretches):
        if ends and start <= ends[-1].end + gap + ROUNDING:
            ends[-1] = Ends(ends[-1].start, max(end, ends[-1].end))
        else:
            ends.append(Ends(start, end))
    return ends


def left_of(span: Lasting, taken: Iterable[Lasting]) -> list[Ends]:
    """What is left of a stretch of time without those that are `taken`."""
    left = [Ends(span.start, span.end)]
    for one in taken:
        sides = [((a, min(b, one.start)), (max(a, one.end), b)) for a, b in left]
        left = [Ends(a, b) for pair in sides for a, b in pair if b - a > SHORTEST]
    return left
