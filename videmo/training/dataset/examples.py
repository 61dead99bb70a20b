"""Pictures and what is true of them: as places list them, and as networks see them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

UNKNOWN = -1
"""The label of a picture of which nothing, or nothing sure, is known."""


class Listed(NamedTuple):
    """All n pictures of a place, and what each kind of labels (each head) says of them."""

    classes: tuple[str, ...]
    heads: tuple[str, ...]
    pictures: np.ndarray  # (n, height, width) uint8, or (n,) paths
    split: np.ndarray  # (n,): train, valid, test, or empty where a picture is of no use
    targets: np.ndarray  # (n, heads, classes) float32, to learn; rows sum to 1, or 0: not known
    labels: np.ndarray  # (n, heads) int64: the class to measure by, or `UNKNOWN`
    source: tuple[dict[str, str], ...]  # where all comes from, with its licences
    notes: tuple[str, ...] = ()  # what the user should know


class Examples(NamedTuple):
    """A split as a network sees it; as in `Listed`."""

    images: np.ndarray  # (n, side, side, channels) uint8
    targets: np.ndarray
    labels: np.ndarray


class Data(NamedTuple):
    """What was wanted of a place; as in `Listed`."""

    classes: tuple[str, ...]
    heads: tuple[str, ...]
    splits: dict[str, Examples]
    source: tuple[dict[str, str], ...]
    notes: tuple[str, ...]


def one_hot(labels: np.ndarray, classes: int) -> np.ndarray:
    """(n, classes) float32 of (n,) labels; zeros where a label is unknown."""
    return np.asarray(labels[:, None] == np.arange(classes), np.float32)
