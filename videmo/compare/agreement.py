"""How far two codings agree, over units of time that both have coded. Pure.

Kappa: Cohen, "A coefficient of agreement for nominal scales", Educational and Psychological
Measurement 20, 1960; of time cut into equal steps: Bakeman & Quera, "Sequential Analysis and
Observational Methods for the Behavioral Sciences", 2011. ICC(2,1), of single raters, two-way random
effects, absolute agreement: Shrout & Fleiss, "Intraclass correlations: uses in assessing rater
reliability", Psychological Bulletin 86, 1979 (McGraw & Wong's ICC(A,1), Psychological Methods 1,
1996). F1: van Rijsbergen, "Information Retrieval", 1979, with the people's coding as the truth.
All are made of sums over windows of time, so that they can be drawn again: see `resample`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from videmo.resample import LEAST, Figure, Numbers, figures_of

UNKNOWN = -1
"""A step that says nothing."""
_MOMENTS = 5
"""Sums over windows of which an ICC is made: x, y, their squares and their product."""


@dataclass(frozen=True)
class Agreement:
    """How far videmo and people agree."""

    labels: tuple[str, ...]
    confusion: Numbers
    """(labels, labels) seconds: people's by row, videmo's by column."""
    kappa: Figure
    accuracy: Figure
    f1: dict[str, Figure]
    precision: dict[str, Figure]
    recall: dict[str, Figure]
    icc: dict[str, Figure]
    windows: int


def units_of(coded: Numbers, found: Numbers, labels: int, window: int, step: float) -> Numbers:
    """What each window of time gives: (windows, labels² + 5 labels + 1) sums.

    Args:
        coded: people's label at each step, a number; `UNKNOWN`: none.
        found: videmo's.
        labels: how many there are.
        window: steps in a window.
        step: seconds.
    """
    both = (coded != UNKNOWN) & (found != UNKNOWN)
    places = np.flatnonzero(both)
    windows, at = np.unique(places // window, return_inverse=True)
    cells = np.zeros((len(windows), labels * labels))
    np.add.at(cells, (at, coded[places] * labels + found[places]), step)
    tables = cells.reshape(-1, labels, labels)
    x, y = tables.sum(axis=2), tables.sum(axis=1)
    return np.concatenate([cells, x, y, x * x, y * y, x * y, np.ones((len(windows), 1))], axis=1)


def agreement_of(units: Numbers, labels: Sequence[str]) -> Agreement:
    """The agreement that `units`, of one movie or of several, amount to."""
    count = len(labels)
    figures = figures_of(units, lambda sums: _figures(sums, count))
    f1, precision, recall, of_icc = (
        dict(zip(labels, figures[2 + n * count : 2 + (n + 1) * count], strict=True))
        for n in range(4)
    )
    if len(units) < LEAST:  # of few windows it says nothing
        of_icc = dict.fromkeys(labels, Figure(float("nan")))
    confusion = units.sum(axis=0)[: count * count].reshape(count, count)
    return Agreement(
        labels=tuple(labels),
        confusion=confusion,
        kappa=figures[0],
        accuracy=figures[1],
        f1=f1,
        precision=precision,
        recall=recall,
        icc=of_icc,
        windows=len(units),
    )


def _figures(sums: Numbers, labels: int) -> Numbers:
    """(draws, 2 + 4 labels): kappa, accuracy; F1, precision, recall and ICC of each label."""
    tables = sums[:, : labels * labels].reshape(-1, labels, labels)
    rest = sums[:, labels * labels : -1].reshape(-1, _MOMENTS, labels)
    precision, recall, f1 = rates(tables)
    columns = (kappa(tables)[:, None], accuracy(tables)[:, None], f1, precision, recall)
    return np.concatenate([*columns, icc(rest, sums[:, -1:])], axis=1)


def kappa(tables: Numbers) -> Numbers:
    """Cohen's kappa of confusions (..., labels, labels)."""
    every = tables.sum(axis=(-1, -2))
    chance = (tables.sum(axis=-1) * tables.sum(axis=-2)).sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        seen, expected = accuracy(tables), chance / every**2
        found = (seen - expected) / (1 - expected)
    # Both say one thing all the time: there is nothing to agree on.
    return np.where(np.isclose(expected, 1, rtol=0, atol=1e-12), np.nan, found)


def accuracy(tables: Numbers) -> Numbers:
    """The part of the time for which both say the same."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(
            np.trace(tables, axis1=-2, axis2=-1) / tables.sum(axis=(-1, -2)), np.float64
        )


def rates(tables: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """Precision, recall and F1 of each label; NaN where nobody, or one of both, never says it."""
    right = np.diagonal(tables, axis1=-2, axis2=-1)
    found, coded = tables.sum(axis=-2), tables.sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return right / found, right / coded, 2 * right / (found + coded)


def icc(sums: Numbers, windows: Numbers) -> Numbers:
    """ICC(2,1) of two raters' numbers in windows.

    Args:
        sums: (..., 5, labels) sums over windows: x, y, their squares, and their product.
        windows: (..., 1) how many there are.
    """
    x, y, xx, yy, xy = (sums[..., n, :] for n in range(_MOMENTS))
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = (x + y) / (2 * windows)
        corrected = 2 * windows * mean**2
        rows = (xx + 2 * xy + yy) / 2 - corrected
        columns = (x**2 + y**2) / windows - corrected
        rest = np.maximum(0, xx + yy - corrected - rows - columns)
        of_rows, of_rest = rows / (windows - 1), rest / (windows - 1)
        below = of_rows + of_rest + 2 * (columns - of_rest) / windows
        found = (of_rows - of_rest) / below
    # Neither ever says it, or always as long: nothing differs that could be told apart.
    return np.where(below > 1e-9, found, np.nan)
