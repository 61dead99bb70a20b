"""What stands in docs/for-a-paper.md is so: its figures, its rules, its code, and the citation."""

from __future__ import annotations

import contextlib
import io
import json
import re

import pytest

import videmo
from tests.conftest import ROOT, Made
from videmo.runs import find_runs
from videmo.table import read_record

PAGE = ROOT / "docs" / "for-a-paper.md"
CITATION = ROOT / "CITATION.cff"


def test_the_citation_is_of_this_version() -> None:
    lines = dict(re.findall(r"^([\w-]+): (.+)$", CITATION.read_text("utf-8"), re.MULTILINE))
    assert lines["cff-version"] == "1.2.0" and lines["title"] == "videmo"
    assert lines["version"] == videmo.__version__ and lines["license"] == "MIT"
    assert re.search(r"^authors:\n  - name: \S", CITATION.read_text("utf-8"), re.MULTILINE)


def test_the_figures_of_the_method_are_those_of_the_shipped_model() -> None:
    measured = json.loads((ROOT / "models" / "emotion.json").read_text())["measured"]
    text = " ".join(PAGE.read_text("utf-8").replace("\n> ", " ").split())
    assert f"finds [{100 * measured['mean_recall']:.1f}] %" in text
    assert f"accuracy [{100 * measured['accuracy']:.1f}] %" in text


def test_all_that_is_to_be_filled_in_stands_in_a_record(people: Made) -> None:
    record = read_record(people.scanned.table)
    for place in re.findall(r"`((?:settings|model)\.\w+|videmo|labels|seconds)`", PAGE.read_text()):
        value: object = record
        for name in place.split("."):
            assert isinstance(value, dict) and name in value, place
            value = value[name]


def test_seconds_of_an_emotion_are_added_over_tracks(people: Made) -> None:
    record = read_record(people.scanned.table)
    runs = find_runs(people.table, "happy", repeat=5, end=record["end"])
    assert len({run.track for run in runs}) == 2
    lengths = [run.end - run.start for run in runs]
    assert record["seconds"]["happy"] == pytest.approx(sum(lengths), abs=0.001)


def test_the_python_of_the_page_counts_seconds_of_the_movie(
    people: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    monkeypatch.chdir(people.scanned.table.parent)
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(code.replace("holiday.mp4", "movie.mp4"), PAGE.name, "exec"), {})
    rows = people.table[(people.table["emotion"] == "happy") & (people.table["repeat"] >= 5)]
    frames = rows["frame"].nunique()
    assert float(said.getvalue().split()[0]) == pytest.approx(frames / 24, abs=0.05)
