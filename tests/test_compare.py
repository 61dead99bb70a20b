"""Agreement with people's coding: against other programs, and against what was put in."""

from __future__ import annotations

import json
import math
import shutil
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result
from sklearn.metrics import cohen_kappa_score, confusion_matrix, precision_recall_fscore_support

from tests.conftest import Made
from tests.tables import ABSENT, UNKNOWN, told
from videmo.cli import cli
from videmo.compare import Compared, How, compare, pairs_of
from videmo.compare.agreement import UNKNOWN as NOTHING
from videmo.compare.agreement import agreement_of, icc, kappa, units_of
from videmo.compare.coded import Code, read_coded
from videmo.errors import RequestError
from videmo.extract import Wanted, extract_tables
from videmo.table import read_record, write_record

LABELS = ("happy", "sad", "neutral")


def codings(seed: int, count: int = 3000) -> tuple[np.ndarray, np.ndarray]:
    """What people and a program say, who agree in seven of ten steps."""
    some = np.random.default_rng(seed)
    people = some.integers(0, 3, count // 20).repeat(20)
    program = np.where(some.random(count) < 0.7, people, some.integers(0, 3, count))
    people[some.random(count) < 0.1] = NOTHING
    program[some.random(count) < 0.1] = NOTHING
    return people, program


@pytest.mark.parametrize("seed", range(5))
def test_kappa_and_f1_are_those_of_scikit_learn_to_six_digits(seed: int) -> None:
    people, program = codings(seed)
    found = agreement_of(units_of(people, program, 3, 100, 0.1), LABELS)
    both = (people != NOTHING) & (program != NOTHING)
    a, b = people[both], program[both]
    assert found.kappa.value == pytest.approx(cohen_kappa_score(a, b), abs=1e-6)
    assert found.accuracy.value == pytest.approx((a == b).mean(), abs=1e-6)
    assert found.confusion == pytest.approx(confusion_matrix(a, b) * 0.1)
    precision, recall, f1, _ = precision_recall_fscore_support(a, b)
    for number, label in enumerate(LABELS):
        assert found.precision[label].value == pytest.approx(precision[number], abs=1e-6)
        assert found.recall[label].value == pytest.approx(recall[number], abs=1e-6)
        assert found.f1[label].value == pytest.approx(f1[number], abs=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_icc_is_that_of_pingouin_to_six_digits(seed: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pingouin

    people, program = codings(seed)
    units = units_of(people, program, 3, 100, 0.1)
    found = agreement_of(units, LABELS)
    seconds = units[:, 9:15].reshape(-1, 2, 3)  # (windows, people and program, labels)
    for number, label in enumerate(LABELS):
        long = pd.DataFrame(
            {
                "window": np.repeat(np.arange(len(units)), 2),
                "rater": ["people", "program"] * len(units),
                "seconds": seconds[:, :, number].ravel(),
            }
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            table = pingouin.intraclass_corr(
                long, targets="window", raters="rater", ratings="seconds"
            ).set_index("Type")
        row = "ICC2" if "ICC2" in table.index else "ICC(A,1)"
        assert found.icc[label].value == pytest.approx(table.loc[row, "ICC"], abs=1e-6)


def test_icc_of_shrout_and_fleiss_s_own_example() -> None:
    """Two of the judges of their table 2, computed by hand: BMS 6.6833, JMS 36.75, EMS 0.35."""
    x, y = np.array([9, 6, 8, 7, 10, 6.0]), np.array([2, 1, 4, 1, 5, 2.0])
    sums = np.array([x.sum(), y.sum(), (x * x).sum(), (y * y).sum(), (x * y).sum()]).reshape(5, 1)
    rows = 2 * ((x + y) / 2).var(ddof=1)
    columns = 6 * np.array([x.mean(), y.mean()]).var(ddof=1)
    rest = ((x - y) - (x - y).mean()).var(ddof=1) / 2
    expected = (rows - rest) / (rows + rest + 2 * (columns - rest) / 6)
    assert icc(sums, np.array([6.0])) == pytest.approx(expected)


def test_where_both_say_one_thing_only_kappa_is_not_defined() -> None:
    assert np.isnan(kappa(np.array([[5.0, 0], [0, 0]])))
    assert kappa(np.array([[5.0, 0], [0, 5]])) == 1
    assert kappa(np.array([[0, 5.0], [5, 0]])) == -1


def test_the_interval_covers_what_is_true() -> None:
    """Of 40 codings that agree as much, the interval holds the true kappa in nearly all."""
    true = 0.7 * 1 + 0.3 / 3
    expected = (true - 1 / 3) / (1 - 1 / 3)
    hits = 0
    for seed in range(40):
        found = agreement_of(units_of(*codings(seed), 3, 100, 0.1), LABELS)
        hits += found.kappa.low <= expected <= found.kappa.high
    assert hits >= 34


# Movies: ten frames a second.


def coded(folder: Path, text: str, name: str = "coded.csv") -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def one(table: Path, coding: Path, **how: object) -> Compared:
    (done,) = compare(pairs_of([table], [coding]), How(**how))  # type: ignore[arg-type]
    return done


def test_seconds_are_those_that_were_coded_and_found(tmp_path: Path) -> None:
    """Videmo: 3 s happy, 1 s sad, 1 s not aligned; people: 2 s happy, 3 s sad."""
    looks = [*["happy"] * 30, *["sad"] * 10, *[UNKNOWN] * 10]
    table = told(tmp_path, "a.mp4", {1: looks})
    done = one(table, coded(tmp_path, "start,end,label\n0,2,happy\n2,5,sad\n"))
    assert (done.coded, done.both) == (pytest.approx(5), pytest.approx(4))
    labels = done.agreement.labels
    happy, sad = labels.index("happy"), labels.index("sad")
    confusion = done.agreement.confusion
    assert confusion[happy, happy] == pytest.approx(2) and confusion[sad, sad] == pytest.approx(1)
    assert confusion[sad, happy] == pytest.approx(1) and confusion.sum() == pytest.approx(4)
    assert done.agreement.kappa.value == pytest.approx(0.5)


def test_what_is_not_coded_is_left_out_neutral_or_something_else(tmp_path: Path) -> None:
    looks = [*["neutral"] * 20, *["happy"] * 20, *["sad"] * 20]
    table = told(tmp_path, "a.mp4", {1: looks})
    coding = coded(tmp_path, "start;end;label\n2,0;4,0;Smile\n")
    assert one(table, coding).both == pytest.approx(2)
    neutral = one(table, coding, uncoded="neutral")
    assert neutral.both == pytest.approx(6)
    assert neutral.agreement.accuracy.value == pytest.approx(4 / 6)
    other = one(table, coding, uncoded="other")
    assert other.agreement.labels == ("happy", "other")
    assert other.agreement.kappa.value == 1 and other.both == pytest.approx(6)


def test_of_several_faces_the_largest_counts_or_who_is_wanted(tmp_path: Path) -> None:
    looks = {1: ["happy"] * 20, 2: [ABSENT] * 10 + ["sad"] * 10}
    persons = {1: "Jim", 2: "Rachel"}
    table = told(tmp_path, "a.mp4", looks, persons=persons, width={1: 40, 2: 80})
    coding = coded(tmp_path, "start,end,label\n0,1,happy\n1,2,sad\n")
    assert one(table, coding).agreement.accuracy.value == 1
    assert one(table, coding, persons=("jim",)).agreement.accuracy.value == 0.5
    assert one(table, coding, tracks=(2,)).both == pytest.approx(1)


def test_a_coding_that_begins_later_is_moved(tmp_path: Path) -> None:
    table = told(tmp_path, "a.mp4", {1: [*["happy"] * 20, *["sad"] * 20]})
    coding = coded(tmp_path, "start,end,label\n10,12,happy\n12,14,sad\n")
    assert one(table, coding, offset=-10.0).agreement.kappa.value == 1
    with pytest.raises(RequestError, match="nothing of it lies in what was scanned"):
        one(table, coding)


def test_a_table_agrees_with_itself_and_with_another(tmp_path: Path) -> None:
    table = told(tmp_path, "a.mp4", {1: [*["happy"] * 20, *["sad"] * 20]})
    other = told(tmp_path / "other", "a.mp4", {1: [*["happy"] * 30, *["sad"] * 10]})
    assert one(table, table).agreement.kappa.value == 1
    assert one(table, other).agreement.accuracy.value == pytest.approx(0.75)


def test_a_table_of_another_movie_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    tables = []
    for name in ("a", "b"):
        table = told(tmp_path / name, f"{name}.mp4", {1: ["happy"] * 20})
        record = read_record(table)
        write_record(table, {**record, "movie": {**record["movie"], "fingerprint": name}})
        tables.append(table)
    assert one(*tables).agreement.accuracy.value == 1
    assert "b.mp4.faces.csv: is of another file than that of a.mp4" in caplog.text


def test_what_only_one_of_both_says_is_left_out_and_told(tmp_path: Path) -> None:
    table = told(tmp_path, "a.mp4", {1: [*["happy"] * 30, *[UNKNOWN] * 10]})
    coding = coded(tmp_path, "start,end,label\n0,2,happy\n")
    done = one(table, coding)
    assert (done.scanned, done.both) == (pytest.approx(4), pytest.approx(2))
    assert "coded 2.0 s, left out 2.0 s" in run(table, "--with", coding).output


def test_of_fewer_than_ten_windows_no_icc_is_told(tmp_path: Path) -> None:
    for windows in (9, 10):
        looks = [*["happy"] * 50, *["sad"] * 50] * windows  # 10 s each
        half, end = windows * 5, windows * 10
        text = f"start,end,label\n0,{half},happy\n{half},{end},sad\n"
        table = told(tmp_path / str(windows), "a.mp4", {1: looks})
        done = one(table, coded(tmp_path, text))
        assert math.isnan(done.agreement.icc["happy"].value) == (windows < 10)


BORIS = (
    "Observation id,Observation date,Media file,Total length,FPS,Subject,Behavior,"
    "Behavioral category,Modifiers,Behavior type,Start (s),Stop (s),Duration (s)\n"
)
EVENTS = (
    "Observation id,one\n\nMedia file(s)\n,a.mp4\n\n"
    "Time,Media file path,Total length,FPS,Subject,Behavior,Behavioral category,Comment,Status\n"
)


def test_boris_s_lists_are_read(tmp_path: Path) -> None:
    begin = "one,2020-01-01,a.mp4,9,25,"
    aggregated = coded(
        tmp_path,
        f"{BORIS}{begin}No focal subject,happy,,,STATE,0.5,2.5,2\n"
        f"{begin}No focal subject,blink,,,POINT,1,1,NA\n{begin}Jim,sad,,,STATE,3,4,1\n",
    )
    expected = [Code("happy", 0.5, 2.5, ""), Code("sad", 3, 4, "Jim")]
    assert read_coded(aggregated) == expected
    rest = ",a.mp4,9,25,{},{},,,{}\n"
    lines = [
        f"{time}{rest.format(subject, label, status)}"
        for time, subject, label, status in (
            *(("0.5", "No focal subject", "happy", "START"), ("1", "", "blink", "POINT")),
            *(("2.5", "", "happy", "STOP"), ("3", "Jim", "sad", "START")),
            ("4", "Jim", "sad", "STOP"),
        )
    ]
    tabular = coded(tmp_path, EVENTS + "".join(lines), "events.csv")
    assert read_coded(tabular) == expected
    left = coded(tmp_path, EVENTS + lines[0], "left.csv")
    with pytest.raises(RequestError, match=r"happy starts at 0\.500 and never stops"):
        read_coded(left)
    wrong = coded(tmp_path, EVENTS + lines[2], "wrong.csv")
    with pytest.raises(RequestError, match="line 7, column status: STOP: happy does not stop here"):
        read_coded(wrong)


def elan(folder: Path, tiers: dict[str, list[tuple[int, int, str]]]) -> Path:
    """A file of ELAN, written by pympi."""
    import pympi

    document = pympi.Elan.Eaf(author="nobody")
    document.remove_tier("default")
    for tier, theirs in tiers.items():
        document.add_tier(tier)
        for start, end, label in theirs:
            document.add_annotation(tier, start, end, label)
    path = folder / "coded.eaf"
    document.to_file(str(path))
    return path


def test_elan_s_annotations_are_read(tmp_path: Path) -> None:
    jims = [(500, 2500, "joy"), (3000, 4000, "sadness")]
    path = elan(tmp_path, {"Jim": jims, "words": [(0, 900, "hello")]})
    assert [code for code in read_coded(path) if code.tier == "Jim"] == [
        Code("joy", 0.5, 2.5, "Jim"),
        Code("sadness", 3.0, 4.0, "Jim"),
    ]
    looks = [*["happy"] * 25, *["sad"] * 25]
    table = told(tmp_path, "a.mp4", {1: looks})
    done = one(table, path, tier="Jim")
    assert done.agreement.kappa.value == 1 and done.both == pytest.approx(3)
    with pytest.raises(RequestError, match="hello: no emotion of this model; say what it means"):
        one(table, path)
    with pytest.raises(RequestError, match="name one tier with --tier, there are: words, Jim; or "):
        one(table, path)
    assert one(table, path, words={"hello": ""}).agreement.kappa.value == 1
    with pytest.raises(RequestError, match="has no tier Ann; there are: "):
        one(table, path, tier="Ann")
    both = elan(tmp_path, {"Jim": jims, "Rachel": [(0, 900, "happy")]})
    with pytest.raises(RequestError, match="name one tier with --tier; there are: "):
        one(table, both)


def test_an_elan_file_of_videmo_s_own_is_read(people: Made, tmp_path: Path) -> None:
    """Its tiers that say how sure others are, are no coding."""
    table, out = people.scanned.table, tmp_path / "out"
    wanted = Wanted(("all",))
    (done,) = extract_tables({table: "movie.mp4"}, wanted, out, exports=["eaf"])
    (path,) = (file for file in done.files if file.suffix == ".eaf")
    tiers = {code.tier for code in read_coded(path)}
    assert tiers and not any(tier.endswith("score") for tier in tiers)
    tier = sorted(tiers)[0]
    found = one(table, path, tier=tier, tracks=(int(tier.split()[-1]),))
    assert found.agreement.kappa.value > 0.9


def test_elan_s_slots_without_a_time_and_what_hangs_on_others(tmp_path: Path) -> None:
    text = """<ANNOTATION_DOCUMENT><TIME_ORDER>
    <TIME_SLOT TIME_SLOT_ID="t1" TIME_VALUE="1000"/><TIME_SLOT TIME_SLOT_ID="t2"/>
    <TIME_SLOT TIME_SLOT_ID="t3" TIME_VALUE="3000"/></TIME_ORDER>
    <TIER TIER_ID="face">
    <ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a1" TIME_SLOT_REF1="t1" TIME_SLOT_REF2="t2">
    <ANNOTATION_VALUE>happy</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>
    <ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a2" TIME_SLOT_REF1="t2" TIME_SLOT_REF2="t3">
    <ANNOTATION_VALUE>sad</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION></TIER>
    <TIER TIER_ID="how"><ANNOTATION><REF_ANNOTATION ANNOTATION_ID="a3" ANNOTATION_REF="a2">
    <ANNOTATION_VALUE>much</ANNOTATION_VALUE></REF_ANNOTATION></ANNOTATION></TIER>
    </ANNOTATION_DOCUMENT>"""
    path = coded(tmp_path, text, "a.eaf")
    assert read_coded(path) == [
        Code("happy", 1.0, 2.0, "face"),
        Code("sad", 2.0, 3.0, "face"),
        Code("much", 2.0, 3.0, "how"),
    ]
    looped = text.replace('ANNOTATION_REF="a2"', 'ANNOTATION_REF="a3"')
    with pytest.raises(RequestError, match="is no whole ELAN file"):
        read_coded(coded(tmp_path, looped, "b.eaf"))


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.eaf", "no XML", "is no ELAN file"),
        ("a.eaf", "<html/>", "is no ELAN file"),
        ("a.eaf", '<!DOCTYPE a [<!ENTITY b "c">]><ANNOTATION_DOCUMENT/>', "is no ELAN file"),
        ("a.eaf", "<ANNOTATION_DOCUMENT/>", "nothing is coded in it"),
        ("a.csv", "start,end\n1,2\n", "the column label is missing"),
        ("a.csv", "begin,end,label\n1,2,x\n", "the column start is missing"),
        ("a.csv", "start,end,label\n1,x,happy\n", "line 2, column end: 'x' is no time"),
        ("a.csv", "start,end,label\n2,1,happy\n", "line 2, column end: 1.000 does not lie behind"),
        ("a.csv", "start,end,label\n1,2,\n", "line 2, column label: is empty"),
        ("a.csv", "start,end,label\n", "nothing is coded in it"),
        ("a.csv", "start,end,label\n0,2,happy\n1,3,sad\n", "happy and sad are coded at once"),
        (
            "a.csv",
            "start,end,label\n0,4,happy\n1,2,happy\n3,5,sad\n",
            "happy and sad are coded at once, at 3.000",
        ),
        ("a.csv", "start,end,label\n0,2,bored\n", "bored: no emotion of this model"),
    ],
)
def test_a_coding_that_cannot_be_is_told(
    tmp_path: Path, name: str, text: str, message: str
) -> None:
    table = told(tmp_path, "a.mp4", {1: ["happy"] * 50})
    with pytest.raises(RequestError, match=message):
        one(table, coded(tmp_path, text, name))


# The command.


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["compare", *map(str, arguments)])


def test_several_movies_are_compared_one_by_one_and_together(tmp_path: Path) -> None:
    first = told(tmp_path, "a.mp4", {1: [*["happy"] * 60, *["sad"] * 60]})
    second = told(tmp_path, "b.mp4", {1: [*["sad"] * 60, *["happy"] * 60]})
    (tmp_path / "codings").mkdir()
    for name in ("a", "b"):
        coded(tmp_path / "codings", "start,end,label\n0,6,happy\n6,12,sad\n", f"{name}.csv")
    target = tmp_path / "agreement.json"
    done = run(first, second, "--with", tmp_path / "codings", "-o", target)
    assert done.exit_code == 0, done.output
    assert "a.mp4: kappa 1.00" in done.stdout and "b.mp4: kappa -1.00" in done.stdout
    assert "all together: kappa 0.00" in done.stdout
    lines = json.loads(target.read_text("utf-8"))
    kappas = {line["movie"]: line["value"] for line in lines if line["measure"] == "kappa"}
    assert kappas == {"a.mp4": 1.0, "b.mp4": -1.0, "all": 0.0}
    text = tmp_path / "agreement.csv"
    assert run(first, second, "--with", tmp_path / "codings", "-q", "-o", text).stdout == ""
    assert text.read_text("utf-8").startswith("movie,measure,emotion,videmo,value,low,high\n")
    (tmp_path / "codings" / "b.csv").unlink()
    said = run(first, second, "--with", tmp_path / "codings").exception
    assert "holds no coding of b.mp4; name it b.eaf or .csv" in str(said)
    said = run(first, second, "--with", tmp_path / "codings" / "a.csv").exception
    assert "2 tables, and 1 codings" in str(said)


def test_a_word_is_said_to_mean_something(tmp_path: Path) -> None:
    table = told(tmp_path, "a.mp4", {1: [*["happy"] * 20, *["sad"] * 20]})
    coding = coded(tmp_path, "start,end,label\n0,2,AU12\n2,4,AU15\n")
    done = run(table, "--with", coding, "--label", "AU12=happy", "--label", "au15=sad")
    assert "kappa 1.00" in done.stdout
    assert run(table, "--with", coding, "--label", "AU12").exit_code == 2


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--person", "Nobody"), "--person Nobody: is in no track; there are: Jim"),
        (("--track", "99"), "--track 99: no such track; the last one is 1"),
    ],
)
def test_who_is_not_there_cannot_be_compared(
    tmp_path: Path, more: tuple[str, ...], message: str
) -> None:
    table = told(tmp_path, "a.mp4", {1: ["happy"] * 20}, persons={1: "Jim"})
    coding = coded(tmp_path, "start,end,label\n0,2,happy\n")
    assert message in str(run(table, "--with", coding, *more).exception)


@pytest.mark.parametrize(
    "more",
    [("--tier", "Jim"), ("--label", "joy=happy"), ("--offset", "1"), ("--uncoded", "neutral")],
)
def test_what_is_said_of_codings_does_not_go_with_a_table(
    tmp_path: Path, more: tuple[str, str]
) -> None:
    table = told(tmp_path, "a.mp4", {1: ["happy"] * 20})
    other = told(tmp_path / "other", "a.mp4", {1: ["happy"] * 20})
    said = str(run(table, "--with", other, *more).exception)
    assert f"is a table of videmo, of which {more[0]} says nothing" in said


def test_a_track_is_one_of_the_first_table(tmp_path: Path) -> None:
    """In the other scan the same face is track 1."""
    table = told(tmp_path, "a.mp4", {1: ["sad"] * 20, 2: ["happy"] * 20})
    other = told(tmp_path / "other", "a.mp4", {1: ["happy"] * 20})
    assert one(table, other, tracks=(2,)).agreement.accuracy.value == 1


def test_copies_in_a_folder_are_compared_once(tmp_path: Path) -> None:
    tables = tmp_path / "tables"
    table = told(tables, "a.mp4", {1: ["happy"] * 20})
    for kind in ("csv", "json"):
        shutil.copy(table.with_suffix(f".{kind}"), tables / f"b.mp4.faces.{kind}")
    codings = tmp_path / "codings"
    codings.mkdir()
    for name in ("a.csv", "b.csv"):
        coded(codings, "start,end,label\n0,2,happy\n", name)
    assert [name for _, name, _ in pairs_of([tables], [codings])] == ["a.mp4"]
