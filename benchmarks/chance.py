"""How high the correlation of two people is who have nothing to do with each other.

python -m benchmarks.chance

`videmo summary` tells of a pair the highest correlation of a hundred lags, which is high by chance,
too. Here scores of happy are made by chance: noise, smoothed over so many seconds, as a smile comes
and goes more or less quickly. Printed is the median of what is told, and what one pair in twenty
has, and of how many pairs something is told.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from videmo.summary.pairs import STEP, strongest_lag

TOGETHER = (12, 20, 60)
"""Seconds."""
SMOOTH = (0.3, 1.0, 3.0)
"""Seconds over which noise is averaged."""
ROUNDS = 1000


class Chance(NamedTuple):
    median: float
    high: float
    """What one pair of twenty is above."""
    told: float
    """Of how many pairs something is told, 0 to 1."""


def main() -> None:
    print("| smoothed over | " + " | ".join(f"{n} s together" for n in TOGETHER) + " |")
    print("|--:|" + "--:|" * len(TOGETHER))
    for smooth in SMOOTH:
        print(f"| {smooth:g} s | " + " | ".join(cell(n, smooth) for n in TOGETHER) + " |")


def cell(together: float, smooth: float) -> str:
    one = by_chance(together, smooth)
    return f"{one.median:.2f}; {one.high:.2f}; {100 * one.told:.0f} %"


def by_chance(together: float, smooth: float, rounds: int = ROUNDS) -> Chance:
    """Of `rounds` pairs who are together for so many seconds; the same each time."""
    some = np.random.default_rng(5)
    found = np.array(
        [
            strongest_lag(curve(some, together, smooth), curve(some, together, smooth))[1]
            for _ in range(rounds)
        ]
    )
    told = found[~np.isnan(found)]
    return Chance(float(np.median(told)), float(np.quantile(told, 0.95)), len(told) / rounds)


def curve(some: np.random.Generator, seconds: float, smooth: float) -> np.ndarray:
    """A score of happy at each step, from 0 to 1."""
    width = max(1, round(smooth / STEP))
    noise = some.normal(size=round(seconds / STEP) + width - 1)
    slow = np.convolve(noise, np.ones(width), "valid")
    return np.asarray(1 / (1 + np.exp(-2 * slow / np.sqrt(width))))


if __name__ == "__main__":
    main()
