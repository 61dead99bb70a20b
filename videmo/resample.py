"""How far a figure may be off: intervals by the bootstrap, over units that do not hang together.

Frames of one moment are alike, so that they are no units of their own: intervals over frames would
be far too narrow. What is drawn, with putting back, are moments, or stretches of a movie (Efron,
"Bootstrap methods: another look at the jackknife", Annals of Statistics 7, 1979; Davison & Hinkley,
"Bootstrap Methods and their Application", 1997, chapter 3.8: resampling of blocks). The interval is
that of the percentiles.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[Any]

DRAWS = 1000
SEED = 20240229
"""Always the same draws: the same table gives the same figures."""
LEVEL = 0.95
LEAST = 5
"""With fewer units draws are nearly all alike, and intervals too narrow."""
AT_ONCE = 2_000_000
"""Numbers that are held in memory at a time."""


def drawn_sums(units: Numbers, draws: int = DRAWS, seed: int = SEED) -> Numbers:
    """What the units give in sum when as many are drawn with putting back: (draws, ...).

    Args:
        units: (n, ...) what each gives.
        draws: how often that is done.
        seed: of the draws.
    """
    count = len(units)
    flat = np.asarray(units, np.float64).reshape(count, -1)
    generator = np.random.default_rng(seed)
    step = max(1, AT_ONCE // max(1, count))
    sums = []
    for begin in range(0, draws, step):
        some = min(step, draws - begin)
        times = generator.multinomial(count, np.full(count, 1 / count), size=some)
        sums.append(times @ flat)
    return np.concatenate(sums).reshape(draws, *np.shape(units)[1:])


def interval(values: Numbers) -> tuple[float, float]:
    """Between which two most of the `values` lie; NaN where there are none.

    A figure that a draw does not give (NaN: nothing was divided by nothing) is left out.
    """
    there = values[~np.isnan(values)]
    if not len(there):
        return float("nan"), float("nan")
    rest = 100 * (1 - LEVEL) / 2
    low, high = np.percentile(there, [rest, 100 - rest])
    return float(low), float(high)


def intervals(
    units: Numbers, figure: Callable[[Numbers], Numbers], draws: int = DRAWS
) -> tuple[Numbers, Numbers]:
    """The intervals of figures that `figure` makes of sums: (draws, ...) to (draws, figures).

    Fewer than `LEAST` units say too little of how they differ: NaN.
    """
    count = figure(np.asarray(units, np.float64).sum(axis=0, keepdims=True)).shape[1]
    if len(units) < LEAST:
        return np.full(count, np.nan), np.full(count, np.nan)
    found = figure(drawn_sums(units, draws))
    ends = [interval(column) for column in found.T]
    return np.array([low for low, _ in ends]), np.array([high for _, high in ends])
