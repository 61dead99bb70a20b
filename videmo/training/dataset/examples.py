"""Pictures and what is true of them: as places list them, and as networks see them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

UNKNOWN = -1
"""The label of a picture of which nothing, or nothing sure, is known."""


@dataclass(frozen=True)
class Listed:
    """All n pictures of a place, and what each kind of labels (each head) says of them."""

    classes: tuple[str, ...]
    heads: tuple[str, ...]
    pictures: np.ndarray
    """(n, height, width) uint8, or (n,) paths."""
    split: np.ndarray
    """(n,) str: train, valid, test, or empty where a picture is of no use."""
    targets: np.ndarray
    """(n, heads, classes) float32: what to learn; a row sums to 1, or to 0: nothing is known."""
    labels: np.ndarray
    """(n, heads) int64: the class to measure by, or `UNKNOWN`."""
    source: tuple[dict[str, str], ...]
    """Where pictures and labels come from, with their licences."""
    notes: tuple[str, ...] = ()
    """What the user should know."""


@dataclass(frozen=True)
class Examples:
    """A split as a network sees it; as in `Listed`."""

    images: np.ndarray
    """(n, side, side, channels) uint8."""
    targets: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.images)


@dataclass(frozen=True)
class Data:
    """What was wanted of a place; as in `Listed`."""

    classes: tuple[str, ...]
    heads: tuple[str, ...]
    splits: dict[str, Examples]
    source: tuple[dict[str, str], ...]
    notes: tuple[str, ...]


def one_hot(labels: np.ndarray, classes: int) -> np.ndarray:
    """(n, classes) float32 of (n,) labels; zeros where a label is unknown."""
    return np.asarray(labels[:, None] == np.arange(classes), np.float32)
