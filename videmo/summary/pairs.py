"""Smiles that two people share, and how long after one the other follows.

The lag is that at which the scores of both correlate most (Boker, Xu, Rotondo & King, "Windowed
cross-correlation and peak picking for the analysis of variability in the association between
behavioral time series", Psychological Methods 7, 2002; here over the whole time that both are
seen).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from videmo.moments import Moment, Stretch
from videmo.resample import Figure, Numbers, figures_of
from videmo.runs import countable_rows
from videmo.spans import joined, overlap

STEP = 0.1
"""Seconds between two samples of scores."""
MOST_LAG = 5.0
"""Seconds that a smile is looked for after, or before, another one."""
LEAST_TOGETHER = 10.0
"""Seconds that both must be seen, at a lag, for a correlation to say anything."""


@dataclass(frozen=True)
class Pair:
    """Two people of a movie, or two tracks."""

    movie: str
    one: str
    other: str
    together: float
    """Seconds for which both are on the screen."""
    shared: Figure
    """Seconds for which both have the emotion, in moments that are long enough."""
    lag: float
    """Seconds by which `other` follows `one`; negative: is ahead. NaN: not known."""
    correlation: float
    """That of the scores at this lag, -1 to 1."""


def pair_of(
    movie: str,
    names: tuple[str, str],
    tracks: tuple[Collection[int], Collection[int]],
    curve: Callable[[tuple[int, ...]], Numbers],
    moments: Sequence[Moment],
    stretches: Sequence[Stretch],
    step: float,
) -> Pair | None:
    """What two people share; None: they are never on the screen at once.

    Args:
        movie: its name.
        names: of both.
        tracks: of both.
        curve: of tracks, see `curve_of`; it is asked only where it is needed.
        moments: of the emotion, those that are long enough.
        stretches: when each track is on the screen.
        step: seconds between two samples of the curves.
    """
    seen = [joined(s for s in stretches if s.track in of) for of in tracks]
    together = sum(overlap(a, b) for a in seen[0] for b in seen[1])
    if not together:
        return None
    held = [joined(m for m in moments if m.track in of) for of in tracks]
    units = np.array([[sum(overlap(a, b) for b in held[1])] for a in held[0]]).reshape(-1, 1)
    (shared,) = figures_of(units, lambda sums: sums)
    one, other = (curve(tuple(of)) for of in tracks)
    lag, correlation = strongest_lag(one, other, step)
    return Pair(movie, *names, together, shared, lag, correlation)


def step_of(table: pd.DataFrame) -> float:
    """Seconds between two samples of scores: `STEP`, or more where fewer frames were scanned."""
    between = np.diff(np.unique(table["time"].to_numpy(np.float64)))
    return max(STEP, float(np.median(between))) if len(between) else STEP


def curve_of(
    table: pd.DataFrame, tracks: Collection[int], emotion: str, step: float = STEP
) -> Numbers:
    """The score of somebody's emotion at each step; NaN where the face does not count."""
    mine = table["track"].isin(list(tracks)).to_numpy() & countable_rows(table)
    # Where a step is a frame, times that are rounded lie around its number.
    within = 1e-6 if step == STEP else 0.5
    places = np.floor(table["time"].to_numpy(np.float64) / step + within).astype(np.int64)
    count = int(places[-1]) + 1 if len(places) else 0
    scores = table[emotion].to_numpy(np.float64)
    sums = np.bincount(places[mine], scores[mine], minlength=count)
    numbers = np.bincount(places[mine], minlength=count)
    with np.errstate(invalid="ignore"):
        return np.asarray(sums / numbers)


def strongest_lag(one: Numbers, other: Numbers, step: float = STEP) -> tuple[float, float]:
    """The lag in seconds at which two curves correlate most, and that correlation; of equals the
    shortest.

    NaN where they are known together for too short, or never change; where they go together at no
    lag; and where they do so most at the longest one, for then it may lie beyond.
    """
    nothing = float("nan"), float("nan")
    if len(one) * step < LEAST_TOGETHER:  # and perhaps than a lag
        return nothing
    best, correlated = 0, float("nan")
    most = round(MOST_LAG / step)
    for lag in sorted(range(-most, most + 1), key=abs):
        a = one[max(0, -lag) : len(one) - max(0, lag)]
        b = other[max(0, lag) : len(other) - max(0, -lag)]
        both = ~np.isnan(a) & ~np.isnan(b)
        if both.sum() * step < LEAST_TOGETHER or not (a[both].std() and b[both].std()):
            continue
        correlation = float(np.corrcoef(a[both], b[both])[0, 1])
        if np.isnan(correlated) or correlation > correlated + 1e-9:
            best, correlated = lag, correlation
    return (best * step, correlated) if correlated > 0 and abs(best) < most else nothing
