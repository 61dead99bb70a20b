"""Pictures with their classes, as all places give them."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

NO_LABEL = -1
"""The label of a picture of which the classes are disputed."""


@dataclass(frozen=True)
class Examples:
    """Pictures and what is true of them, in a fixed order."""

    images: np.ndarray
    """``(n, side, side)`` uint8, grey."""
    targets: np.ndarray
    """``(n, classes)`` float32: what to learn; each row sums to 1."""
    labels: np.ndarray
    """``(n,)`` indices of classes, or `NO_LABEL`."""
    second: np.ndarray | None = None
    """``(n, classes)`` float32: what a second head is to learn of the same pictures; a row is zero
    where nothing is known."""

    def __len__(self) -> int:
        return len(self.images)

    def where(self, mask: np.ndarray) -> Examples:
        """The pictures that `mask` (``(n,)`` bool, or indices) picks."""
        second = None if self.second is None else self.second[mask]
        return Examples(self.images[mask], self.targets[mask], self.labels[mask], second)

    @property
    def clear(self) -> Examples:
        """Those that have a label."""
        return self.where(self.labels != NO_LABEL)


@dataclass(frozen=True)
class Data:
    """All that a place has."""

    classes: tuple[str, ...]
    splits: dict[str, Examples]
    """``train`` and ``valid``, and ``test`` where there is one."""
    source: tuple[dict[str, str], ...]
    """Where the pictures and labels come from, with their licences, for the model's description."""
    notes: tuple[str, ...] = field(default=())
    """What the user should know: what was left out, how it was split."""
    heads: tuple[str, ...] = ()
    """The labels that each of the network's heads learns, where there are several kinds of them."""


def sure(images: np.ndarray, labels: np.ndarray, classes: int) -> Examples:
    """Examples with one class each."""
    return Examples(images, np.eye(classes, dtype=np.float32)[labels], labels)


def resized(images: np.ndarray, side: int) -> np.ndarray:
    """``(n, s, s)`` pictures with another `side`."""
    if images.shape[1] == side:
        return images
    how = cv2.INTER_AREA if images.shape[1] > side else cv2.INTER_CUBIC
    result = np.empty((len(images), side, side), np.uint8)
    for i, image in enumerate(images):
        result[i] = cv2.resize(image, (side, side), interpolation=how)
    return result
