"""Intervals by the bootstrap: over units, the same each time."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import bootstrap

from videmo.resample import drawn_sums, interval, intervals


def test_the_interval_of_a_mean_is_that_of_another_program() -> None:
    values = np.random.default_rng(1).gamma(2, size=60)
    units = np.stack([values, np.ones(60)], axis=1)
    low, high = intervals(units, lambda sums: sums[:, :1] / sums[:, 1:], draws=20_000)
    other = bootstrap((values,), np.mean, n_resamples=20_000, method="percentile", rng=2)
    assert low[0] == pytest.approx(other.confidence_interval.low, abs=0.02)
    assert high[0] == pytest.approx(other.confidence_interval.high, abs=0.02)


def test_draws_are_the_same_each_time_and_however_much_memory_is_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    units = np.arange(12.0).reshape(6, 2)
    sums = drawn_sums(units)
    assert sums.shape == (1000, 2)
    monkeypatch.setattr("videmo.resample.AT_ONCE", 60)
    assert (drawn_sums(units) == sums).all()


def test_each_draw_has_as_many_units_as_there_are() -> None:
    assert (drawn_sums(np.ones((7, 1))) == 7).all()


def test_few_units_say_nothing() -> None:
    low, high = intervals(np.ones((4, 2)), lambda sums: sums)
    assert np.isnan(low).all() and np.isnan(high).all() and low.shape == (2,)
    low, high = intervals(np.ones((0, 2)), lambda sums: sums)
    assert np.isnan(low).all()


def test_what_a_draw_does_not_give_is_left_out() -> None:
    assert interval(np.array([np.nan, 1.0, 1.0])) == (1.0, 1.0)
    assert np.isnan(interval(np.array([np.nan]))).all()
