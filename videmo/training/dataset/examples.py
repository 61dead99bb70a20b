"""Pictures and what is true of them, as every place gives them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

UNKNOWN = -1
"""The label of a picture of which nothing, or nothing sure, is known."""


@dataclass(frozen=True)
class Examples:
    """Pictures in a fixed order, and what each kind of labels (each head) says of them."""

    images: np.ndarray
    """(n, side, side, channels) uint8."""
    targets: np.ndarray
    """(n, heads, classes) float32: what to learn; a row sums to 1, or to 0 where nothing is
    known."""
    labels: np.ndarray
    """(n, heads) int64: the class to measure by, or `UNKNOWN`."""

    def __len__(self) -> int:
        return len(self.images)


@dataclass(frozen=True)
class Data:
    """All that a place has."""

    classes: tuple[str, ...]
    heads: tuple[str, ...]
    """Names of the kinds of labels."""
    splits: dict[str, Examples]
    """Of train, valid and test what is there."""
    source: tuple[dict[str, str], ...]
    """Where pictures and labels come from, with their licences."""
    notes: tuple[str, ...] = field(default=())
    """What the user should know: what was left out, how it was split."""


def one_hot(labels: np.ndarray, classes: int) -> np.ndarray:
    """(n, classes) float32 of (n,) labels; zeros where a label is unknown."""
    return np.asarray((labels[:, None] == np.arange(classes)).astype(np.float32))
