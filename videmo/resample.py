"""How far a figure may be off: intervals by the bootstrap, over units that do not hang together.

Frames of one moment are alike, so that they are no units of their own: intervals over frames would
be far too narrow. What is drawn, with putting back, are moments, or stretches of a movie (Efron,
"Bootstrap methods: another look at the jackknife", Annals of Statistics 7, 1979; Davison & Hinkley,
"Bootstrap Methods and their Application", 1997, chapter 3.8: resampling of blocks). The interval is
that of the percentiles.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[Any]

DRAWS = 1000
SEED = 20240229
"""Always the same draws: the same table gives the same figures."""
LEVEL = 0.95
LEAST = 10
"""With fewer units draws are too much alike, and intervals too narrow: of shares of moments whose
lengths are log-normal, that of 95 % held the truth in 78 of 100 cases with 5 of them, in 84 with
10, and in 92 with 20."""
AT_ONCE = 2_000_000
"""Numbers that are held in memory at a time."""


@dataclass(frozen=True)
class Figure:
    """A figure, and where it may lie; NaN: not known."""

    value: float
    low: float = float("nan")
    high: float = float("nan")


def figures_of(units: Numbers, figure: Callable[[Numbers], Numbers]) -> list[Figure]:
    """The figures that `figure` makes of sums, (n, ...) to (n, figures), with their intervals.

    Fewer than `LEAST` units say too little of how they differ: these have none.
    """
    values = figure(np.asarray(units, np.float64).sum(axis=0, keepdims=True))[0].tolist()
    if len(units) < LEAST:
        return [Figure(value) for value in values]
    drawn = figure(drawn_sums(units))
    return [Figure(value, *interval(of)) for value, of in zip(values, drawn.T, strict=True)]


def drawn_sums(units: Numbers) -> Numbers:
    """What the units give in sum when as many are drawn with putting back: (`DRAWS`, ...).

    Args:
        units: (n, ...) what each gives.
    """
    count = len(units)
    flat = np.asarray(units, np.float64).reshape(count, -1)
    generator = np.random.default_rng(SEED)
    step = max(1, AT_ONCE // max(1, count))
    sums = []
    for begin in range(0, DRAWS, step):
        some = min(step, DRAWS - begin)
        times = generator.multinomial(count, np.full(count, 1 / count), size=some)
        sums.append(times @ flat)
    return np.concatenate(sums).reshape(DRAWS, *np.shape(units)[1:])


def interval(values: Numbers) -> tuple[float, float]:
    """Between which two most of the `values` lie; NaN where there are none.

    A figure that a draw does not give (NaN: nothing was divided by nothing) is left out. Where
    draws give one and the same, as of what never was, they do not tell how far it may be off: NaN.
    """
    there = values[~np.isnan(values)]
    rest = 100 * (1 - LEVEL) / 2
    low, high = np.percentile(there, [rest, 100 - rest]).tolist() if len(there) else (0.0, 0.0)
    known = not math.isclose(low, high, rel_tol=1e-9, abs_tol=1e-12)
    return (low, high) if known else (math.nan, math.nan)
