"""Intervals by the bootstrap: over units, the same each time."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import bootstrap

from videmo.resample import LEAST, drawn_sums, figures_of, interval


def test_the_interval_of_a_mean_is_that_of_another_program() -> None:
    values = np.random.default_rng(1).gamma(2, size=60)
    units = np.stack([values, np.ones(60)], axis=1)
    (mean,) = figures_of(units, lambda sums: sums[:, :1] / sums[:, 1:])
    assert mean.value == pytest.approx(values.mean())
    other = bootstrap((values,), np.mean, n_resamples=20_000, method="percentile", rng=2)
    assert mean.low == pytest.approx(other.confidence_interval.low, abs=0.03)
    assert mean.high == pytest.approx(other.confidence_interval.high, abs=0.03)


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
    for count in (0, LEAST - 1):
        one, other = figures_of(np.ones((count, 2)), lambda sums: sums)
        assert (one.value, other.value) == (count, count)
        assert np.isnan([one.low, one.high, other.low, other.high]).all()


def test_what_a_draw_does_not_give_is_left_out() -> None:
    assert interval(np.array([np.nan, 1.0, 2.0])) == interval(np.array([1.0, 2.0]))
    assert np.isnan(interval(np.array([np.nan]))).all()


def test_where_draws_give_one_and_the_same_they_say_nothing() -> None:
    """Of what never was, they would say that it surely never is."""
    some = np.random.default_rng(4).random(20)
    units = np.stack([some, 0 * some, 0.1 + 0 * some], axis=1)
    there, never, always = figures_of(units, lambda sums: sums)
    assert there.low < there.value < there.high
    assert (never.value, always.value) == (0, pytest.approx(2))
    assert np.isnan([never.low, never.high, always.low, always.high]).all()
