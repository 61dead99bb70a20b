"""Sums of movies: each figure against what was put into the table."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from scipy.signal import correlate, correlation_lags

from benchmarks.chance import by_chance
from tests.conftest import ROOT
from tests.tables import ABSENT, UNKNOWN, told
from tests.test_readme import in_one_line
from videmo.cli import cli
from videmo.review import REMOVED, Fix, Key, Review, write_review
from videmo.scan import scan_movie
from videmo.summary import Asked, Summarised, summarise
from videmo.summary.pairs import strongest_lag
from videmo.summary.persons import valence_of
from videmo.table import read_record, read_table, review_path


def summed(*tables: Path, **asked: object) -> list[Summarised]:
    names = {table: table.name.removesuffix(".faces.csv") for table in tables}
    return list(summarise(names, Asked(**asked)))  # type: ignore[arg-type]


def test_seconds_shares_and_moments_are_those_of_the_table(tmp_path: Path) -> None:
    """Ten frames a second: 2 s happy, 1 s sad, 0.3 s angry, 1 s not aligned, 0.7 s happy."""
    looks = [*["happy"] * 20, *["sad"] * 10, *["angry"] * 3, *[UNKNOWN] * 10, *["happy"] * 7]
    (one,) = summed(told(tmp_path, "a.mp4", {1: looks}, persons={1: "Jim"}))
    (jim,) = one.persons
    assert (jim.person, jim.tracks, jim.moments) == ("Jim", (1,), 3)
    assert jim.seen == pytest.approx(5) and jim.counted == pytest.approx(4)
    assert {k: round(v, 6) for k, v in jim.seconds.items() if v} == {"happy": 2.7, "sad": 1.0}
    assert jim.shares["happy"].value == pytest.approx(2.7 / 4)
    assert sum(share.value for share in jim.shares.values()) == pytest.approx(3.7 / 4)
    assert jim.per_minute.value == pytest.approx(3 / 4 * 60)
    assert (jim.longest, jim.first) == (pytest.approx(2), 0)


def test_seconds_are_those_of_the_record(clips: Path, tmp_path: Path) -> None:
    """Against the record that a scan of a real movie wrote, by another way."""
    scanned = scan_movie(clips / "night_phone.mp4", tmp_path)
    (one,) = summed(scanned.table)
    record = read_record(scanned.table)
    for label, seconds in record["seconds"].items():
        assert sum(p.seconds[label] for p in one.persons) == pytest.approx(seconds, abs=0.002)


def test_valence_is_happy_minus_the_strongest_negative_one(tmp_path: Path) -> None:
    table = read_table(told(tmp_path, "a.mp4", {1: ["happy:0.7", "sad:0.4", "surprise:1.0"]}))
    assert list(valence_of(table)) == pytest.approx([0.7 - 0.05, 0.1 - 0.4, 0])
    assert np.isnan(valence_of(pd.DataFrame({"thumb": [1.0]}))).all()


def test_valence_is_a_mean_over_time(tmp_path: Path) -> None:
    looks = [*["happy:0.7"] * 30, *["sad:0.4"] * 10]
    (one,) = summed(told(tmp_path, "a.mp4", {1: looks}))
    assert one.persons[0].valence.value == pytest.approx((3 * 0.65 - 0.3) / 4)


def test_intervals_are_over_moments_and_not_over_frames(tmp_path: Path) -> None:
    """As many frames, in few long moments or in many short ones: few leave more open."""
    few = [*["happy"] * 100, *["sad"] * 100] * 5
    many = [*["happy"] * 10, *["sad"] * 10] * 50
    wide, narrow = (
        one.persons[0].shares["happy"]
        for one in summed(told(tmp_path, "f.mp4", {1: few}), told(tmp_path, "m.mp4", {1: many}))
    )
    assert wide.value == narrow.value == pytest.approx(0.5)
    assert wide.high - wide.low > 2 * (narrow.high - narrow.low)
    # Of 100 equal moments, each as likely happy: the binomial's own interval.
    assert narrow.high - narrow.low == pytest.approx(2 * 1.96 * (0.25 / 100) ** 0.5, rel=0.12)


def test_a_person_s_tracks_are_one_row_and_the_nameless_another(tmp_path: Path) -> None:
    looks = {n: [ABSENT] * 10 * (n - 1) + ["happy"] * 10 for n in (1, 2, 3, 4)}
    table = told(tmp_path, "a.mp4", looks, persons={1: "Jim", 3: "Jim"})
    (one,) = summed(table)
    assert [(p.person, p.tracks, round(p.seen, 6)) for p in one.persons] == [
        ("Jim", (1, 3), 2.0),
        ("", (2, 4), 2.0),
    ]
    (one,) = summed(table, tracks=True)
    assert [p.tracks for p in one.persons] == [(1, 3), (2,), (4,)]


def test_no_time_counts_twice_after_corrections(tmp_path: Path) -> None:
    """2 s happy, 2 s sad, 2 s angry: the happy one is made longer over the half of the sad one,
    and the angry one is taken out."""
    looks = [*["happy"] * 20, *["sad"] * 20, *["angry"] * 20]
    table = told(tmp_path, "a.mp4", {1: looks})
    (raw,) = summed(table)[0].persons
    fixes = (
        Fix(Key(1, "happy", 0.0, 2.0), end=3.0),
        Fix(Key(1, "angry", 4.0, 6.0), verdict=REMOVED),
    )
    write_review(review_path(table), Review(fixes))
    (one,) = summed(table)[0].persons
    assert one.counted == pytest.approx(6)
    assert {k: round(v, 6) for k, v in one.seconds.items() if v} == {"happy": 3.0, "sad": 1.0}
    assert one.shares["happy"].value == pytest.approx(0.5)
    assert one.shares["angry"].value == 0
    assert (one.moments, one.longest) == (2, pytest.approx(3))
    assert one.valence.value == pytest.approx(raw.valence.value)


def test_only_moments_of_wanted_emotions_are_counted(tmp_path: Path) -> None:
    looks = [*["neutral"] * 10, *["sad"] * 10, *["happy"] * 10, *["neutral"] * 10]
    table = told(tmp_path, "a.mp4", {1: looks})
    assert summed(table)[0].persons[0].moments == 2
    one = summed(table, emotions=("happy",))[0].persons[0]
    assert (one.moments, one.first) == (1, 2.0)
    none = summed(table, emotions=("fear",))[0].persons[0]
    assert none.moments == 0 and np.isnan(none.longest) and np.isnan(none.first)
    assert "did you mean happy" in str(summed(table, emotions=("hapy",))[0].error)


def test_shared_smiles_and_who_follows_whom(tmp_path: Path) -> None:
    """Rachel smiles as Jim does, 0.7 s later; they smile together for 1.3 s of each of his 2 s."""
    jim = [*["sad"] * 30, *["happy"] * 20, *["sad"] * 17, *["happy"] * 20] * 3
    rachel = [*["sad"] * 7, *jim[:-7]]
    table = told(tmp_path, "a.mp4", {1: jim, 2: rachel}, persons={1: "Jim", 2: "Rachel"})
    (pair,) = summed(table)[0].pairs
    assert (pair.one, pair.other) == ("Jim", "Rachel")
    assert pair.together == pytest.approx(26.1)
    assert pair.shared.value == pytest.approx(6 * 1.3)
    assert np.isnan(pair.shared.low)  # of six moments
    assert pair.lag == pytest.approx(0.7) and pair.correlation == pytest.approx(1)


@pytest.mark.parametrize("lag", [60, -60, None])
def test_a_lag_that_lies_beyond_or_at_none_is_not_told(lag: int | None) -> None:
    """6 s are more than are looked for; and who smiles when the other does not, follows at none."""
    one = np.cumsum(np.random.default_rng(5).normal(size=600))
    slow = np.linspace(0.0, 1.0, 600)
    both = (slow, -slow) if lag is None else (one, np.roll(one, lag))
    assert np.isnan(strongest_lag(*both)).all()


def test_of_a_scan_of_few_frames_the_lag_is_told_too(tmp_path: Path) -> None:
    """Six frames a second: together for 12 s, of which a step in three of 0.1 s has none."""
    some = np.random.default_rng(7)
    jim = [str(look) for look in some.choice(["happy", "sad"], 72)]
    looks = {1: jim, 2: [*["sad"] * 6, *jim[:-6]]}
    table = told(tmp_path, "a.mp4", looks, fps=6, persons={1: "Jim", 2: "Rachel"})
    (pair,) = summed(table)[0].pairs
    assert pair.lag == pytest.approx(1.0, abs=0.01) and pair.correlation == pytest.approx(1)


def test_who_smile_at_once_do_not_follow(tmp_path: Path) -> None:
    jim = [*["sad"] * 30, *["happy"] * 40, *["sad"] * 60]
    table = told(tmp_path, "a.mp4", {1: jim, 2: jim}, persons={1: "Jim", 2: "Rachel"})
    said = CliRunner().invoke(cli, ["summary", str(table)]).stdout
    assert "; at once (correlation 1.00)" in said and "follows" not in said


def test_who_are_never_together_are_no_pair(tmp_path: Path) -> None:
    looks = {1: ["happy"] * 10, 2: [ABSENT] * 10 + ["happy"] * 10}
    assert summed(told(tmp_path, "a.mp4", looks, persons={1: "a", 2: "b"}))[0].pairs == []


def test_the_strongest_lag_is_that_of_another_program() -> None:
    some = np.random.default_rng(3)
    one = np.convolve(some.normal(size=2000), np.ones(9), "same")
    other = np.roll(one, -13) + some.normal(size=2000)
    a, b = one - one.mean(), other - other.mean()
    lags = correlation_lags(len(a), len(b))
    expected = -lags[np.argmax(correlate(a, b))] / 10
    assert strongest_lag(one, other)[0] == pytest.approx(expected) == pytest.approx(-1.3)


@pytest.mark.parametrize(("together", "column", "smooth"), [(12, 0, 1.0), (60, 2, 0.3)])
def test_correlations_by_chance_are_those_that_are_told(
    together: int, column: int, smooth: float
) -> None:
    """A part of the pairs of the benchmark: by chance, within some hundredths."""
    found = by_chance(together, smooth, rounds=150)
    page = (ROOT / "benchmarks" / "README.md").read_text("utf-8")
    (row,) = re.findall(rf"^\| {smooth:g} s \| (.+) \|$", page, re.MULTILINE)
    median, high, told = row.split(" | ")[column].split("; ")
    assert found.median == pytest.approx(float(median), abs=0.04)
    assert found.high == pytest.approx(float(high), abs=0.08)
    assert 100 * found.told == pytest.approx(float(told.removesuffix(" %")), abs=6)


def test_the_readme_tells_the_range_of_chance_that_was_measured() -> None:
    readme, page = (
        in_one_line((ROOT / name).read_text("utf-8"))
        for name in ("README.md", "benchmarks/README.md")
    )
    table = page[page.index("| smoothed over |") :].split("So a correlation")[0]
    rows = re.findall(r"\| [\d.]+ s \| ([^|]+) \| ([^|]+) \| ([^|]+) \|", table)
    short, long = ([row[n].split(";")[0] for row in rows] for n in (0, 2))
    assert f"the median is {min(short)} to {max(short)} if they are together for 12 s" in readme
    assert f"{min(long)} to {max(long)} for 60 s" in readme


@pytest.mark.parametrize("curve", [np.full(500, np.nan), np.ones(500)])
def test_what_never_changes_or_is_not_known_has_no_lag(curve: np.ndarray) -> None:
    assert np.isnan(strongest_lag(curve, np.arange(500.0) % 7)).all()


def test_the_command_writes_both_lists_and_says_the_same_again(tmp_path: Path) -> None:
    jim = [*["sad"] * 60, *["happy"] * 60]
    told(tmp_path / "in", "a.mp4", {1: jim, 2: jim}, persons={1: "Jim", 2: "=1+1"})
    bad = told(tmp_path / "in", "b.mp4", {1: jim})
    bad.write_bytes(bad.read_bytes()[:-9])
    texts = []
    for _ in range(2):
        target = tmp_path / "summary.csv"
        done = CliRunner().invoke(cli, ["summary", str(tmp_path / "in"), "-o", str(target)])
        assert done.exit_code == 1 and "b.mp4.faces.csv: is not the table" in done.stderr
        texts.append(target.read_text("utf-8"))
    assert texts[0] == texts[1]
    lines = list(csv.DictReader(io.StringIO(texts[0])))
    assert [line["movie"] for line in lines] == ["a.mp4", "a.mp4"]
    assert not any(line["person"].startswith("=") for line in lines)
    jims = next(line for line in lines if line["person"] == "Jim")
    assert (jims["seconds_happy"], jims["share_happy"]) == ("6.000", "0.5000")
    assert jims["valence_low"] == ""  # of two moments
    pairs = list(csv.DictReader(io.StringIO((tmp_path / "summary.pairs.csv").read_text("utf-8"))))
    assert [(p["shared"], p["lag"]) for p in pairs] == [("6.000", "0.0")]
    shown = CliRunner().invoke(cli, ["summary", str(tmp_path / "in"), "-r", "7"]).stdout
    assert "smile together for 6.0 s" in shown


def test_a_list_of_pairs_is_written_where_there_are_some(tmp_path: Path) -> None:
    looks = ["happy"] * 10
    told(tmp_path, "a.mp4", {1: looks, 2: looks}, persons={1: "Jim"})
    command = ["summary", str(tmp_path), "-o", str(tmp_path / "s.csv")]
    said = CliRunner().invoke(cli, command).stdout
    pairs = tmp_path / "s.pairs.csv"
    assert "no pairs: no two people with names" in said and not pairs.exists()
    assert str(pairs) in CliRunner().invoke(cli, [*command, "--tracks"]).stdout
    assert len(pairs.read_text("utf-8").splitlines()) == 2
    CliRunner().invoke(cli, command)  # an earlier list is not left behind
    assert len(pairs.read_text("utf-8").splitlines()) == 1
