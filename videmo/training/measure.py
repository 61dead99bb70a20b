"""How well scores agree with labels: accuracy, recalls, F1 and the table of confusions. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from videmo.schema import EMOTIONS


@dataclass(frozen=True)
class Measure:
    """How often faces of one emotion (row) were taken for another (column)."""

    confusion: np.ndarray
    """``(7, 7)`` counts, both axes in the order of `EMOTIONS`."""

    @property
    def count(self) -> int:
        return int(self.confusion.sum())

    @property
    def accuracy(self) -> float:
        return float(np.trace(self.confusion) / max(1, self.count))

    @property
    def recalls(self) -> np.ndarray:
        """``(7,)``: the share of each emotion's faces that was recognised."""
        return np.diag(self.confusion) / np.maximum(1, self.confusion.sum(axis=1))

    @property
    def precisions(self) -> np.ndarray:
        """``(7,)``: the share of faces called an emotion that have it."""
        return np.diag(self.confusion) / np.maximum(1, self.confusion.sum(axis=0))

    @property
    def macro_f1(self) -> float:
        """The mean over emotions of F1: each emotion counts the same, however rare."""
        sums = self.confusion.sum(axis=0) + self.confusion.sum(axis=1)
        return float((2 * np.diag(self.confusion) / np.maximum(1, sums)).mean())

    @property
    def figure(self) -> float:
        """The one number by which epochs are compared."""
        return (self.accuracy + self.macro_f1) / 2


def measure(scores: np.ndarray, labels: np.ndarray) -> Measure:
    """Compare the highest of `scores` (``(n, 7)``) with `labels` (``(n,)`` indices, from 0)."""
    confusion = np.zeros((len(EMOTIONS), len(EMOTIONS)), np.int64)
    np.add.at(confusion, (labels, scores.argmax(axis=1)), 1)
    return Measure(confusion)
