"""What stands in docs/for-a-paper.md is so: its figures, its rules, its code, and the citation."""

from __future__ import annotations

import contextlib
import io
import json
import re
import shutil
from pathlib import Path

import pytest

import videmo
from tests.conftest import ROOT, Made
from tests.tables import told
from videmo.cli import cli
from videmo.plot.series import POINTS
from videmo.runs import find_runs
from videmo.scan.chunk import SCORE_STRIDE
from videmo.scan.classify import SAME_SCORES
from videmo.schema import ALIGNED_EYES, DEFAULT_GAP, DEFAULT_REPEAT
from videmo.table import read_record, read_table, record_path

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


def method() -> str:
    """The paragraph to copy, in one line."""
    lines = PAGE.read_text("utf-8").splitlines()
    return " ".join(line[2:] for line in lines if line.startswith("> "))


IN_BRACKETS = {
    *("`videmo`", "`labels`", "`model.name`", "`model.sha256`"),
    *("`settings.scan_every`", "`settings.min_face`", "`settings.interval`"),
    *("`--repeat`", "`--gap`", "`--distance`"),
}
"""All that is to be filled in, and has a name."""


def test_all_that_is_to_be_filled_in_stands_in_a_record_or_is_an_option(people: Made) -> None:
    """Each by its exact name, inside of brackets; nothing in the paragraph has another name."""
    brackets = " ".join(re.findall(r"\[([^][]+)\]", method()))
    assert set(re.findall(r"`[^`]+`", brackets)) == IN_BRACKETS
    assert set(re.findall(r"`[^`]+`", method())) == IN_BRACKETS
    record = read_record(people.scanned.table)
    commands = (cli.commands[name] for name in ("extract", "people"))
    options = {name for command in commands for p in command.params for name in p.opts}
    for place in (name.strip("`") for name in IN_BRACKETS):
        if place.startswith("--"):
            assert place in options
            continue
        value: object = record
        for name in place.split("."):
            assert isinstance(value, dict) and name in value, place
            value = value[name]
        assert value, place


def test_the_figures_of_the_page_are_the_code_s() -> None:
    """Defaults, strides and limits that it names."""
    said, page = method(), " ".join(PAGE.read_text("utf-8").split())
    assert f"at least [`--repeat`, {DEFAULT_REPEAT}] analysed frames in a row" in said
    assert f"up to [`--gap`, {DEFAULT_GAP:g}] s in which it did not" in said
    assert f"every {ORDINALS[SCORE_STRIDE]} frame of a face" in said
    assert f"in their highest label and, to within {SAME_SCORES:g}, in all scores" in said
    assert f"if it is *aligned* (`eyes` is {ALIGNED_EYES})" in page
    assert f"lasts longer than the gap ({DEFAULT_GAP:g} s)" in page
    assert f"of all its runs of {DEFAULT_REPEAT} frames or more (`settings.repeat`)" in page
    assert f"the mean in each {POINTS}th part of the time shown" in page


ORDINALS = {2: "second", 3: "third", 4: "fourth"}
OVERLAPPING = {
    1: [*["happy"] * 30, *["sad"] * 40],
    2: [*["sad"] * 10, *["happy"] * 10, *["sad"] * 50],
    3: [*["sad"] * 20, *["happy"] * 25, *["sad"] * 25],
    4: [*["sad"] * 60, *["happy"] * 7, *["sad"] * 3],
}
"""Smiles of 3 s, of 1 s within them, of 2.5 s from their last second on, and of 0.7 s later."""


def test_of_smiles_at_once_all_are_added_and_the_movie_s_seconds_counted_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """7.2 s of faces are 5.2 s of the movie, by the Python of the page."""
    table = told(tmp_path, "holiday.mp4", OVERLAPPING)
    runs = find_runs(read_table(table), "happy", repeat=5, end=read_record(table)["end"])
    assert sum(run.end - run.start for run in runs) == pytest.approx(7.2)
    monkeypatch.chdir(tmp_path)
    assert said_by_the_page() == "5.200 s with somebody happy\n"


def said_by_the_page() -> str:
    """What the Python of the page prints, as it stands there, in the current folder."""
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(code, PAGE.name, "exec"), {})
    return said.getvalue()


def test_seconds_of_an_emotion_are_added_over_tracks(people: Made) -> None:
    record = read_record(people.scanned.table)
    runs = find_runs(people.table, "happy", repeat=5, end=record["end"])
    assert len({run.track for run in runs}) == 2
    lengths = [run.end - run.start for run in runs]
    assert record["seconds"]["happy"] == pytest.approx(sum(lengths), abs=0.001)


def test_the_python_of_the_page_counts_seconds_of_the_movie(
    people: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in (people.scanned.table, record_path(people.scanned.table)):
        shutil.copy(path, tmp_path / path.name.replace("movie.mp4", "holiday.mp4"))
    monkeypatch.chdir(tmp_path)
    rows = people.table[(people.table["emotion"] == "happy") & (people.table["repeat"] >= 5)]
    frames = rows["frame"].nunique()
    assert float(said_by_the_page().split()[0]) == pytest.approx(frames / 24, abs=0.05)
