"""How sure a moment is: a mark, from its score and from how much was seen of it. Pure.

Single scores say little: of moments of a quarter of a second with a mean score of 0.9 hardly more
are right than of those with 0.7. What holds for longer is right more often. The thresholds were
chosen by `python -m benchmarks.marks` on labelled clips; what came of it stands in
`benchmarks/README.md`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from videmo.schema import TWO_DIGITS


class Least(NamedTuple):
    """What a moment must have at least."""

    seconds: float
    """How long it holds."""
    score: float
    """The mean of its frames, 0 to 1."""
    frames: int
    """Frames that say something of the emotion; where not all were scanned, they are fewer."""


SURE, LIKELY, UNSURE = "sure", "likely", "unsure"

MARKS = {SURE: Least(0.75, 0.6, 10), LIKELY: Least(0.4, 0.55, 5)}
"""The surest first; what has none of them is unsure."""


def mark_of(seconds: float, score: float, frames: int, marks: Mapping[str, Least] = MARKS) -> str:
    """The mark of a moment that holds for so many seconds, in so many frames, with this mean score.

    `marks` are the thresholds of each, the surest first.
    """
    for mark, least in marks.items():
        long_enough = seconds >= least.seconds - TWO_DIGITS
        if long_enough and score >= least.score and frames >= least.frames:
            return mark
    return UNSURE
