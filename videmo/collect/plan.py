"""Into which split a burst goes. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

SPLITS = {"train": 0.8, "val": 0.1, "test": 0.1}
"""The part of a label's pictures that each has in the end; folders are called so, too."""
NEIGHBOURS = 1.0
"""Seconds between bursts of one source below which they show the same: they stay together."""


class Taken(NamedTuple):
    """A burst that there is."""

    split: str
    source: str
    start: float
    end: float
    """Seconds in the time of the source."""


def split_for(counts: Mapping[str, int], source: str, time: float, bursts: Sequence[Taken]) -> str:
    """Where a burst goes that begins at `time`.

    Where its neighbours are, whatever they show. Else first into one split after the other, so that
    few bursts will do to train; then where most pictures lack.

    Args:
        counts: the label's pictures by split, so far.
        bursts: all that there are, the first one first.
    """
    for burst in reversed(bursts):
        near = burst.start - NEIGHBOURS < time < burst.end + NEIGHBOURS
        if burst.source == source and near:
            return burst.split
    for split in SPLITS:
        if not counts.get(split):
            return split
    total = sum(counts.values())
    return max(SPLITS, key=lambda split: SPLITS[split] * total - counts.get(split, 0))
