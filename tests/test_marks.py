"""How sure a moment is, and how that was chosen."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from benchmarks.marks import Seen, by_mark, choose, left_out, marked, moments_seen
from tests.conftest import DATA, ROOT, Made, rows_of
from tests.test_readme import in_one_line
from videmo.emotions import find_model
from videmo.extract import Wanted, extract_tables, find_tables
from videmo.marks import LIKELY, MARKS, SURE, UNSURE, Least, mark_of
from videmo.moments import Moment, moments_of
from videmo.runs import find_runs

NUMBER = r"(\d+(?:\.\d+)?)"
MEASURED = {SURE: Least(0.75, 0.6, 10), LIKELY: Least(0.4, 0.55, 5)}
"""What `choose` finds on the real clips with the shipped model; see the last test."""


@pytest.mark.parametrize("mark", MARKS)
def test_a_moment_has_the_mark_of_which_it_has_the_least(mark: str) -> None:
    least = MARKS[mark]
    assert mark_of(*least) == mark
    lower = {SURE: LIKELY, LIKELY: UNSURE}[mark]
    just_less = (least.seconds - 0.01, least.score, least.frames)
    assert mark_of(*just_less) == lower
    assert mark_of(least.seconds, least.score, least.frames - 1) == lower
    assert mark_of(least.seconds, MARKS[LIKELY].score - 0.01, least.frames) == UNSURE


def least_in(text: str, pattern: str) -> dict[str, Least]:
    found = re.search(pattern, in_one_line(text))
    assert found, f"not as a test reads it: {pattern}"
    sure, likely = found.groups()[:3], found.groups()[3:]
    return {
        name: Least(float(seconds), float(score), int(frames))
        for name, (seconds, score, frames) in zip(MARKS, (sure, likely), strict=True)
    }


def test_the_thresholds_are_those_that_were_measured() -> None:
    """`benchmarks/README.md` has what `make marks` printed of the shipped model; the long test
    below measures it anew. Nobody moves a threshold by hand."""
    of_one = rf"{NUMBER} s, {NUMBER} and (\d+) frames"
    pattern = rf"\(sure: {of_one}; likely: {of_one}\)"
    said = (ROOT / "benchmarks" / "README.md").read_text("utf-8")
    assert least_in(said, pattern) == MARKS == MEASURED


def test_the_readme_says_all_that_a_mark_wants() -> None:
    """Seconds, score and frames, of both."""
    pattern = (
        rf"`sure`: {NUMBER} s and longer, with a mean score of {NUMBER} and more, in (\d+) frames "
        rf"or more; `likely`: {NUMBER} s, {NUMBER} and (\d+) frames; else `unsure`"
    )
    assert least_in((ROOT / "README.md").read_text("utf-8"), pattern) == MARKS


def test_times_are_rounded_and_marks_do_not_hang_on_that() -> None:
    assert mark_of(MARKS[SURE].seconds - 0.001, 0.9, 20) == SURE


def test_a_moment_says_how_sure_it_is() -> None:
    tables = (rows_of(["happy"] * count).assign(happy=0.9) for count in (20, 5))
    long, short = (moments_of(find_runs(table), table, "a.mp4")[0].mark for table in tables)
    assert (long, short) == (SURE, LIKELY)


def test_the_list_of_runs_says_how_sure_each_is(people: Made, tmp_path: Path) -> None:
    extract_tables(find_tables([people.scanned.table]), Wanted(("happy",)), tmp_path)
    with (tmp_path / "segments.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    assert lines
    for line in lines:
        seconds = float(line["end"]) - float(line["start"])
        assert line["mark"] == mark_of(seconds, float(line["score"]), int(line["repeat"]))


def seen(person: str, *moments: tuple[float, float, bool]) -> list[Seen]:
    """Moments of a person, each by its seconds, its score, and whether it is right."""
    return [
        Seen(
            Moment("a", 1, "", "happy", 0.0, seconds, 0, 99, 100, score, score, 0, 0.0, 100),
            "happy" if right else "sad",
            person,
        )
        for seconds, score, right in moments
    ]


def test_of_all_thresholds_that_are_right_often_enough_those_are_chosen_that_keep_most() -> None:
    sure = [(1.0, 0.9, True)] * 8 + [(1.2, 0.7, False)] * 2
    likely = [(0.5, 0.7, True)] * 5 + [(0.5, 0.8, False)] * 5
    wrong = [(0.3, 0.9, False)] * 20
    assert choose(seen("ann", *sure, *likely, *wrong)) == {
        SURE: Least(1.0, 0.7, 10),
        LIKELY: Least(0.5, 0.7, 5),
    }


def test_a_person_left_out_has_no_say_in_their_own_marks() -> None:
    ann = seen("ann", *[(0.5, 0.9, True)] * 10)
    bob = seen("bob", *[(0.5, 0.9, False)] * 10, *[(1.0, 0.9, True)] * 10)
    mark = left_out([*ann, *bob])
    assert [mark(ann[0]), mark(bob[0])] == [UNSURE, SURE]


@pytest.mark.long
def test_the_thresholds_in_use_are_those_that_are_chosen_on_real_clips(tmp_path: Path) -> None:
    """After another model: run `python -m benchmarks.marks`, and write down what it says."""
    if not (DATA / "wild" / "clips").is_dir():
        pytest.skip(f"no real clips at {DATA}; set VIDEMO_DATA")
    found = list(moments_seen(find_model(None), tmp_path))
    assert choose(found) == MARKS == MEASURED
    said = (ROOT / "benchmarks" / "README.md").read_text("utf-8")
    for line in by_mark("mark", found, marked(MARKS))[2:]:
        assert line in said
