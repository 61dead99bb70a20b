"""Moments: what is said of the runs of a table."""

from __future__ import annotations

import pytest

from tests.conftest import rows_of
from videmo.moments import best_first, moments_of
from videmo.runs import find_runs, to_segments


def test_a_moment_says_which_frames_and_how_sure() -> None:
    table = rows_of(["sad", "happy", "", "happy", "happy"])  # 10 frames/s
    table = table.assign(sad=0.1, happy=[0.05, 0.5, float("nan"), 0.8, 0.7])
    sad, happy = moments_of(find_runs(table), table, "a.mp4")
    assert (happy.movie, happy.emotion, happy.first, happy.last, happy.repeat) == (
        *("a.mp4", "happy"),
        *(1, 4, 3),
    )
    assert (happy.start, happy.end) == (pytest.approx(0.1), pytest.approx(0.5))
    assert happy.score == pytest.approx(2 / 3)
    assert (happy.best_score, happy.best_frame) == (0.8, 3)
    assert happy.best_time == pytest.approx(0.3)
    assert sad.seconds == pytest.approx(0.1)


def test_a_moment_says_who_it_is() -> None:
    table = rows_of(["happy"] * 5).assign(happy=0.9)
    (moment,) = moments_of(find_runs(table), table, "a.mp4", {1: "Jim"})
    assert moment.person == "Jim"


def test_the_best_moments_are_sure_and_long() -> None:
    """Long and sure before short and sure; and no length makes up for half the score."""
    lengths, scores = (2, 20, 200), (0.9, 0.9, 0.4)  # 10 frames/s
    table = rows_of([name for n in lengths for name in ["happy"] * n + ["sad"] * 30])
    table["happy"] = [s for n, s in zip(lengths, scores, strict=True) for s in [s] * (n + 30)]
    ranked = best_first(table, to_segments(find_runs(table, "happy")))
    assert [segment.runs[0].repeat for _, segment in ranked] == [20, 200, 2]
    assert ranked[0][0] == pytest.approx(0.9 * 2 / 3)
