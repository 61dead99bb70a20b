"""How well scores agree with labels: accuracy, F1, AUC, confusions, and whether scores are true."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from sklearn import metrics
from sklearn.utils.class_weight import compute_sample_weight

from videmo.training.dataset import UNKNOWN, Data

NOTE = (
    "binary_accuracy asks of each class by itself whether the answer (a score of 0.5 or more) is "
    "right, and counts all these answers; who says no to everything scores {floor:.1%} with "
    "{classes} classes, so it tells little: compare by accuracy and mean_recall"
)
BINS = 15
POWERS = (-0.7, 1.6)  # logs of the least and the highest temperature: few pictures decide little

Figures = dict[str, Any]


def measured(scores: np.ndarray, data: Data, split: str) -> dict[str, Figures]:
    """The figures of one answer, `scores` (n, k), to a split, by each kind of labels."""
    found = {}
    for head, labels in zip(data.heads, data.splits[split].labels.T, strict=True):
        known = labels != UNKNOWN
        if known.any():
            found[f"{split}, labels {head}"] = figures(scores[known], labels[known], data.classes)
    return found


def figures(scores: np.ndarray, labels: np.ndarray, classes: tuple[str, ...]) -> Figures:
    """Compare `scores` (n, k), rows summing to 1, with `labels` (n,), indices from 0."""
    k, n, known = len(classes), len(labels), np.arange(len(classes))
    answers, truth = scores.argmax(axis=1), labels[:, None] == known
    how: Any = {"labels": known, "zero_division": 0.0}
    each = np.array(metrics.precision_recall_fscore_support(labels, answers, **how))
    rows: Figures = {}
    for i, name in enumerate(classes):
        precision, recall, f1, support = each[:, i].round(4).tolist()
        auc = metrics.roc_auc_score(truth[:, i], scores[:, i]) if 0 < support < n else None
        rows[name] = {"precision": precision, "recall": recall, "f1": f1}
        rows[name] |= {"auc": auc and round(float(auc), 4), "support": int(support)}
    there = truth.any(axis=0)  # of a class without pictures nothing is known
    found = {
        "accuracy": (answers == labels).mean(),
        "mean_recall": each[1, there].mean(),
        "macro_f1": each[2, there].mean(),
        "loss": -np.log(np.maximum(scores[np.arange(n), labels], 1e-7)).mean(),
        "calibration_error": calibration_error(scores, labels),
        "binary_accuracy": ((scores >= 0.5) == truth).mean(),
    }
    rounded = {name: round(float(value), 4) for name, value in found.items()}
    note = {"binary_accuracy_note": NOTE.format(floor=(k - 1) / k, classes=k)}
    confusion = metrics.confusion_matrix(labels, answers, labels=known).tolist()
    return {"pictures": n, **rounded, **note, "classes": rows, "confusion": confusion}


def calibration_error(scores: np.ndarray, labels: np.ndarray) -> float:
    """The expected calibration error (C. Guo et al., 2017), classes weighed alike."""
    weights = compute_sample_weight("balanced", labels) / len(labels)
    highest, right = scores.max(axis=1), scores.argmax(axis=1) == labels
    bins = np.minimum((highest * BINS).astype(int), BINS - 1)
    return float(np.abs(np.bincount(bins, weights * (highest - right))).sum())


def temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """By what `logits` (n, k) are to be divided so that their scores are likeliest, classes weighed
    alike."""
    weights, rows = compute_sample_weight("balanced", labels), np.arange(len(labels))

    def loss(power: float) -> float:
        return float(-(weights * log_softmax(logits / np.exp(power), axis=1)[rows, labels]).mean())

    return float(np.exp(minimize_scalar(loss, bounds=POWERS, method="bounded").x))


def in_short(found: Figures) -> str:
    right, recall, f1 = (found[name] for name in ("accuracy", "mean_recall", "macro_f1"))
    return f"accuracy {right:.1%}, mean over classes {recall:.1%}, macro-F1 {f1:.3f}"


def in_words(found: Figures) -> str:
    """The figures as a table, for a terminal and for Markdown."""
    lines = ["| class | precision | recall | F1 | AUC | pictures |", "| --- |" + " ---: |" * 5]
    for name, one in found["classes"].items():
        said = " | ".join("-" if v is None else f"{v:.3f}" for v in list(one.values())[:4])
        lines.append(f"| {name} | {said} | {one['support']} |")
    binary, k = found["binary_accuracy"], len(found["classes"])
    said = f"{found['pictures']} pictures; calibration error {found['calibration_error']:.3f}"
    said += f"; binary accuracy {binary:.1%} (no to everything: {(k - 1) / k:.1%})"
    return "\n".join([*lines, "", f"{in_short(found)}; {said}"])
