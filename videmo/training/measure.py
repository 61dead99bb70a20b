"""How well scores agree with labels: accuracy, F1, AUC, confusions, and whether scores are true."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from sklearn import metrics
from sklearn.utils.class_weight import compute_sample_weight

NOTE = (
    "binary_accuracy asks of each class by itself whether the answer (a score of 0.5 or more) is "
    "right, and counts all these answers; who says no to everything scores {floor:.1%} with "
    "{classes} classes, so it tells little: compare by accuracy and recall"
)
BINS = 15


@dataclass(frozen=True)
class Measure:
    """What a model does on some pictures; figures of classes are (k,)."""

    confusion: np.ndarray
    """(k, k) counts: pictures of one class (row) that were taken for another (column)."""
    precision: np.ndarray
    recall: np.ndarray
    f1: np.ndarray
    auc: np.ndarray
    """Area under each class's ROC curve, against all others; NaN where undefined."""
    binary_accuracy: float
    loss: float
    """Mean cross-entropy with the labels."""
    calibration_error: float
    """How far the highest scores are from how often they are right, classes weighed alike."""

    @property
    def count(self) -> int:
        return int(self.confusion.sum())

    @property
    def accuracy(self) -> float:
        return float(np.trace(self.confusion) / max(1, self.count))

    @property
    def mean_recall(self) -> float:
        """Each class counts the same, however rare; of classes that are there."""
        there = self.confusion.sum(axis=1) > 0
        return float(self.recall[there].mean()) if there.any() else 0.0

    @property
    def macro_f1(self) -> float:
        return float(self.f1.mean())

    @property
    def words(self) -> str:
        return (
            f"accuracy {self.accuracy:.1%}, mean over classes {self.mean_recall:.1%}, macro-F1 "
            f"{self.macro_f1:.3f}"
        )


def measure(scores: np.ndarray, labels: np.ndarray) -> Measure:
    """Compare `scores` (n, k), rows summing to 1, with `labels` (n,), indices from 0."""
    known = list(range(scores.shape[1]))
    answers, truth = scores.argmax(axis=1), labels[:, None] == np.array(known)
    precision, recall, f1, _ = metrics.precision_recall_fscore_support(
        labels, answers, labels=known, zero_division=0.0
    )
    split = [0 < one.sum() < len(one) for one in truth.T]
    auc = [metrics.roc_auc_score(truth[:, i], scores[:, i]) if split[i] else np.nan for i in known]
    right = scores[np.arange(len(labels)), labels].astype(np.float64)
    return Measure(
        *(metrics.confusion_matrix(labels, answers, labels=known), precision, recall, f1),
        auc=np.array(auc),
        binary_accuracy=float(((scores >= 0.5) == truth).mean()),
        loss=float(-np.log(np.maximum(right, 1e-7)).mean()),
        calibration_error=calibration_error(scores, labels),
    )


def calibration_error(scores: np.ndarray, labels: np.ndarray) -> float:
    """The expected calibration error (C. Guo et al., 2017), classes weighed alike."""
    weights = compute_sample_weight("balanced", labels) / len(labels)
    highest, right = scores.max(axis=1), scores.argmax(axis=1) == labels
    bins = np.minimum((highest * BINS).astype(int), BINS - 1)
    return float(np.abs(np.bincount(bins, weights * (highest - right))).sum())


def temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """By what `logits` (n, k) are to be divided so that their scores are likeliest, classes weighed
    alike."""
    weights = compute_sample_weight("balanced", labels)

    def loss(power: float) -> float:
        said = log_softmax(logits / np.exp(power), axis=1)
        return float(-(weights * said[np.arange(len(labels)), labels]).mean())

    return float(np.exp(minimize_scalar(loss, bounds=(-2, 2), method="bounded").x))


def figures(found: Measure, classes: tuple[str, ...]) -> dict[str, Any]:
    """All figures, rounded, as they are written into JSON files."""
    k = len(classes)
    supports = found.confusion.sum(axis=1)
    each = {name: getattr(found, name) for name in ("precision", "recall", "f1", "auc")}
    names = ("accuracy", "mean_recall", "macro_f1", "loss", "calibration_error", "binary_accuracy")
    return {
        "pictures": found.count,
        **{name: round(float(getattr(found, name)), 4) for name in names},
        "binary_accuracy_note": NOTE.format(floor=(k - 1) / k, classes=k),
        "classes": {
            name: {key: _rounded(values[i]) for key, values in each.items()}
            | {"support": int(supports[i])}
            for i, name in enumerate(classes)
        },
        "confusion": found.confusion.tolist(),
    }


def in_words(found: Measure, classes: tuple[str, ...]) -> str:
    """The figures as a table for a terminal; a Markdown one, too."""
    lines = ["| class | precision | recall | F1 | AUC | pictures |", "| --- |" + " ---: |" * 5]
    for i, name in enumerate(classes):
        values = (found.precision[i], found.recall[i], found.f1[i], found.auc[i])
        said = " | ".join("-" if np.isnan(value) else f"{value:.3f}" for value in values)
        lines.append(f"| {name} | {said} | {found.confusion[i].sum()} |")
    k = len(classes)
    return "\n".join(
        [
            *lines,
            "",
            f"{found.words}; {found.count} pictures; calibration error "
            f"{found.calibration_error:.3f}; binary accuracy {found.binary_accuracy:.1%} (no to "
            f"everything: {(k - 1) / k:.1%})",
        ]
    )


def _rounded(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), 4)
