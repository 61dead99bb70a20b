"""How well scores agree with labels: accuracy, F1, AUC, and the table of confusions. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

NOTE = (
    "binary_accuracy asks of each class by itself whether the answer (a score of 0.5 or more) is "
    "right, and counts all these answers; who says no to everything scores {floor:.1%} with "
    "{classes} classes ({share}), so it tells little: compare by accuracy and macro_f1"
)


@dataclass(frozen=True)
class Measure:
    """What a model does on some pictures."""

    confusion: np.ndarray
    """``(k, k)`` counts: pictures of one class (row) that were taken for another (column)."""
    areas: np.ndarray
    """``(k,)``: the area under each class's ROC curve, against all others; NaN where undefined."""
    binary_accuracy: float
    loss: float
    """Mean cross-entropy with the labels."""

    @property
    def count(self) -> int:
        return int(self.confusion.sum())

    @property
    def supports(self) -> np.ndarray:
        """``(k,)``: how many pictures each class has."""
        return self.confusion.sum(axis=1)

    @property
    def accuracy(self) -> float:
        return float(np.trace(self.confusion) / max(1, self.count))

    @property
    def recalls(self) -> np.ndarray:
        """``(k,)``: the share of each class's pictures that was recognised."""
        return np.diag(self.confusion) / np.maximum(1, self.supports)

    @property
    def precisions(self) -> np.ndarray:
        """``(k,)``: the share of pictures called a class that are of it."""
        return np.diag(self.confusion) / np.maximum(1, self.confusion.sum(axis=0))

    @property
    def f1s(self) -> np.ndarray:
        sums = self.confusion.sum(axis=0) + self.supports
        return 2 * np.diag(self.confusion) / np.maximum(1, sums)

    @property
    def macro_f1(self) -> float:
        """The mean over classes of F1: each class counts the same, however rare."""
        return float(self.f1s.mean())


def measure(scores: np.ndarray, labels: np.ndarray) -> Measure:
    """Compare `scores` (``(n, k)``, rows summing to 1) with `labels` (``(n,)`` indices, from 0)."""
    classes = scores.shape[1]
    confusion = np.zeros((classes, classes), np.int64)
    np.add.at(confusion, (labels, scores.argmax(axis=1)), 1)
    truth = labels[:, None] == np.arange(classes)
    areas = np.array([area(scores[:, i], truth[:, i]) for i in range(classes)])
    binary = float(((scores >= 0.5) == truth).mean()) if len(labels) else 0.0
    right = scores[np.arange(len(labels)), labels].astype(np.float64)
    loss = float(-np.log(np.maximum(right, 1e-7)).mean()) if len(labels) else 0.0
    return Measure(confusion, areas, binary, loss)


def area(scores: np.ndarray, positive: np.ndarray) -> float:
    """The area under the ROC curve: how often a positive outranks a negative, ties counting half.

    NaN where there are none of either.
    """
    positives = int(positive.sum())
    negatives = len(positive) - positives
    if not positives or not negatives:
        return float("nan")
    _, places, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    ranks = (ends - (counts - 1) / 2)[places]
    return float((ranks[positive].sum() - positives * (positives + 1) / 2) / positives / negatives)


def figures(found: Measure, classes: tuple[str, ...]) -> dict:
    """All figures, rounded, as they are written into JSON files."""
    each = {
        "precision": found.precisions,
        "recall": found.recalls,
        "f1": found.f1s,
        "auc": found.areas,
    }
    k = len(classes)
    return {
        "pictures": found.count,
        "accuracy": _rounded(found.accuracy),
        "macro_f1": _rounded(found.macro_f1),
        "loss": _rounded(found.loss),
        "binary_accuracy": _rounded(found.binary_accuracy),
        "binary_accuracy_note": NOTE.format(floor=(k - 1) / k, classes=k, share=f"{k - 1}/{k}"),
        "classes": {
            name: {key: _rounded(values[i]) for key, values in each.items()}
            | {"support": int(found.supports[i])}
            for i, name in enumerate(classes)
        },
        "confusion": found.confusion.tolist(),
    }


def in_words(found: Measure, classes: tuple[str, ...]) -> str:
    """The figures as a table for a terminal."""
    wide = max(8, *map(len, classes))
    lines = [f"{'':{wide}}  precision  recall     F1    AUC  pictures"]
    for i, name in enumerate(classes):
        auc = found.areas[i]
        lines.append(
            f"{name:{wide}}  {found.precisions[i]:9.3f}  {found.recalls[i]:6.3f}  "
            f"{found.f1s[i]:5.3f}  {'    -' if np.isnan(auc) else f'{auc:5.3f}'}  "
            f"{found.supports[i]:8}"
        )
    k = len(classes)
    lines.append(
        f"accuracy {found.accuracy:.1%}, macro-F1 {found.macro_f1:.3f}, {found.count} pictures; "
        f"binary accuracy {found.binary_accuracy:.1%} (no to everything: {(k - 1) / k:.1%})"
    )
    return "\n".join(lines)


def _rounded(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), 4)
