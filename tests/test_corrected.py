"""All commands heed corrections, and say the same of them; `--raw` ignores them."""

from __future__ import annotations

import csv
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.conftest import Made
from tests.tables import told
from videmo.cli import cli
from videmo.cli.options import REPEAT
from videmo.extract import Wanted
from videmo.extract.select import wanted_runs
from videmo.moments import Moment
from videmo.reading import read_moments, read_source
from videmo.report.data import seconds_of
from videmo.report.look import look_at
from videmo.review import CONFIRMED, REMOVED, Fix, Key, Review, TrackName, write_review
from videmo.runs import track_spans
from videmo.schema import DEFAULT_REPEAT, EMOTIONS
from videmo.summary import Asked, summarise
from videmo.table import read_table, review_path


@pytest.fixture
def table(people: Made, tmp_path: Path) -> Path:
    """A table of its own, with its movie, of a session's."""
    shutil.copytree(people.movie.parent, tmp_path / "copy")
    return tmp_path / "copy" / "tables" / people.scanned.table.name


def moments(table: Path) -> list[Moment]:
    found = read_moments(table, "movie.mp4", raw=True).found
    return [one for one in found if one.repeat >= DEFAULT_REPEAT]


def key(moment: Moment) -> Key:
    return Key(moment.track, moment.emotion, moment.start, moment.end)


def extracted(table: Path, *options: str, output: str = "out") -> list[dict[str, str]]:
    """What `segments.csv` says after the command."""
    folder = table.parent / output
    command = ["extract", str(table), "-o", str(folder), "-q", *options]
    done = CliRunner().invoke(cli, command)
    assert done.exit_code == 0, done.output
    segments = folder / "segments.csv"
    return lines_of(segments) if segments.exists() else []


def lines_of(path: Path) -> list[dict[str, str]]:
    return [*csv.DictReader(path.read_text("utf-8").splitlines())]


def happy(table: Path) -> list[Moment]:
    return [moment for moment in moments(table) if moment.emotion == "happy"]


def test_another_emotion_is_found_under_its_own_name_only(table: Path) -> None:
    first, *others = happy(table)
    write_review(review_path(table), Review((Fix(key(first), emotion="fear"),)))
    (line,) = extracted(table, "-e", "fear", "--as", "crops,clips")
    assert (float(line["start"]), float(line["end"])) == (first.start, first.end)
    assert (table.parent / "out" / line["clips"]).is_file()
    assert len(extracted(table, "-e", "happy", "--as", "crops", output="b")) == len(others)
    assert len(extracted(table, "-e", "happy", "--as", "crops", "--raw", output="c")) == (
        1 + len(others)
    )


def test_moved_ends_are_cut(table: Path) -> None:
    first = happy(table)[0]
    start, end = round(first.start - 0.25, 3), round(first.end - 0.25, 3)
    write_review(review_path(table), Review((Fix(key(first), start=start, end=end),)))
    line = extracted(table, "-e", "happy", "--as", "crops", "--track", str(first.track))[0]
    assert (float(line["start"]), float(line["end"])) == (start, end)
    assert int(line["first"]) < first.first and int(line["last"]) < first.last
    crops = sorted((table.parent / "out" / "movie.mp4" / "happy" / "crops").iterdir())
    assert len(crops) == int(line["repeat"])


def test_what_is_taken_out_is_not_made(table: Path) -> None:
    review = Review(tuple(Fix(key(moment), REMOVED) for moment in happy(table)))
    write_review(review_path(table), review)
    assert extracted(table, "-e", "happy", "--as", "crops") == []
    assert extracted(table, "-e", "happy", "--as", "crops", "--raw") != []


def test_who_was_named_by_hand_is_found(table: Path) -> None:
    first = happy(table)[0]
    named = TrackName(first.track, 0.0, 99.0, "Jim")
    write_review(review_path(table), Review(tracks=(named,)))
    lines = extracted(table, "-e", "happy", "--as", "crops", "--person", "jim")
    assert {line["track"] for line in lines} == {str(first.track)}
    assert {line["person"] for line in lines} == {"Jim"}
    command = ["extract", str(table), "-e", "happy", "--person", "Jimm"]
    done = CliRunner().invoke(cli, command)
    assert "nobody has this name; there are: Jim" in str(done.exception)


def test_a_dataset_of_what_is_sure_has_only_that(table: Path) -> None:
    first, *others = happy(table)
    assert others
    other = others[0]
    fixes = (Fix(key(first), CONFIRMED), Fix(key(other), emotion="surprise"))
    write_review(review_path(table), Review(fixes))
    lines = extracted(table, "-e", "all", "--reviewed", "--as", "crops,dataset")
    assert {(line["emotion"], line["track"]) for line in lines} == {
        ("happy", str(first.track)),
        ("surprise", str(other.track)),
    }
    labels = lines_of(table.parent / "out" / "dataset" / "labels.csv")
    assert {(line["emotion"], line["track"]) for line in labels} == {
        ("happy", str(first.track)),
        ("surprise", str(other.track)),
    }


def test_a_damaged_review_is_said_and_costs_its_table(table: Path) -> None:
    review_path(table).write_text("kind,what\n")
    command = ["extract", str(table), "-e", "happy", "-o", str(table.parent / "out")]
    done = CliRunner().invoke(cli, command)
    assert done.exit_code == 1
    assert "movie.mp4.review.csv: must have just the columns" in done.output


@pytest.fixture
def longer(table: Path) -> Path:
    """A table in which somebody made a happy moment longer, over all that its track shows."""
    late = happy_later(table)
    write_review(review_path(table), Review((Fix(key(late), start=0.0, end=999.0),)))
    return table


def happy_later(table: Path) -> Moment:
    """A happy moment of a track that shows something else, too."""
    every = moments(table)
    return next(m for m in happy(table) if any(m.track == o.track and m != o for o in every))


def held(rows: Iterable[Mapping[str, str]]) -> set[tuple[str, ...]]:
    names = ("track", "emotion", "start", "end", "score", "first", "last", "repeat")
    return {tuple(row[name] for name in names) for row in rows}


def found(table: Path) -> list[dict[str, str]]:
    """What `find` lists."""
    target = table.parent / "found.csv"
    done = CliRunner().invoke(cli, ["find", str(table), "-o", str(target), "-q"])
    assert done.exit_code == 0, done.output
    return lines_of(target)


def test_find_and_extract_say_the_same_of_what_was_made_longer(longer: Path) -> None:
    lines = extracted(longer, "-e", "all", "--as", "crops")
    assert held(lines) == held(found(longer)) and len(lines) > 1


def test_what_is_cut_by_a_list_of_find_has_the_same_score(longer: Path) -> None:
    track = str(happy_later(longer).track)
    (line,) = (m for m in found(longer) if (m["track"], m["emotion"]) == (track, "happy"))
    found_csv = longer.parent / "found.csv"
    words = ("extract", str(longer), "--moments", str(found_csv), "--as", "crops", "-q")
    done = CliRunner().invoke(cli, [*words, "-o", str(longer.parent / "listed")])
    assert done.exit_code == 0, done.output
    lines = lines_of(longer.parent / "listed" / "segments.csv")
    scores = {(one["track"], one["emotion"], one["start"]): one["score"] for one in lines}
    assert scores[track, "happy", line["start"]] == line["score"]


def test_no_second_of_a_track_is_in_two_moments(longer: Path) -> None:
    track = happy_later(longer).track
    end = track_spans(read_table(longer))[track][1]
    mine = [one for one in found(longer) if one["track"] == str(track)]
    ends = sorted((float(one["start"]), float(one["end"])) for one in mine)
    assert all(a <= b for (_, a), (b, _) in pairwise(ends))
    assert ends[-1][1] == pytest.approx(end, abs=0.05)  # not 999 s: there it is seen no more


def test_summary_and_report_sum_up_the_same_seconds(longer: Path) -> None:
    (summed,) = summarise({longer: "movie.mp4"}, Asked())
    seconds = Counter[str]()
    for person in summed.persons:
        seconds.update(person.seconds)
    sums = seconds_of(look_at(longer, "movie.mp4").moments)
    assert {name: value for name, value in seconds.items() if value} == pytest.approx(sums)


@pytest.fixture
def short(tmp_path: Path) -> Path:
    """A table in which somebody made a short smile longer, over what is sad after it."""
    looks = ["happy"] * 6 + ["sad"] * 20  # 10 in a second
    table = told(tmp_path, "movie.mp4", {1: looks})
    write_review(review_path(table), Review((Fix(Key(1, "happy", 0.0, 0.6), end=2.6),)))
    return table


@pytest.mark.parametrize("least", [["-r", "10"], ["-r", "1.5s"]])
def test_how_long_a_moment_must_hold_is_asked_after_corrections(
    short: Path, least: list[str]
) -> None:
    whole = [("happy", "0.000", "2.600")]
    target = short.parent / "found.csv"
    CliRunner().invoke(cli, ["find", str(short), *least, "-o", str(target), "-q"])
    assert [(one["emotion"], one["start"], one["end"]) for one in lines_of(target)] == whole
    source = read_source(short, "movie.mp4")
    frames, seconds = REPEAT.convert(least[1], None, None)
    wanted = Wanted(EMOTIONS, repeat=frames, seconds=seconds)
    runs = wanted_runs(wanted, source)
    assert [(one.emotion, f"{one.start:.3f}", f"{one.end:.3f}") for one in runs] == whole


def test_corrections_that_are_ignored_are_no_matter(short: Path) -> None:
    write_review(review_path(short), Review((Fix(Key(1, "happy", 0.0, 0.6), emotion="hapy"),)))
    for place in (short, short.parent):  # by itself, and through the index
        said = [CliRunner().invoke(cli, ["find", str(place), *raw]) for raw in ((), ("--raw",))]
        assert ["no such emotion" in one.stderr for one in said] == [True, False]


def test_an_emotion_that_the_model_has_not_is_told_and_counts_for_nothing(
    table: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_review(review_path(table), Review((Fix(key(happy(table)[0]), emotion="hapy"),)))
    done = CliRunner().invoke(cli, ["find", str(table), "-e", "happy"])
    assert "movie.mp4.review.csv: hapy: no such emotion; did you mean happy" in done.output
    lines = extracted(table, "-e", "happy", "--as", "crops")
    assert len(lines) == len(extracted(table, "-e", "happy", "--as", "crops", "--raw", output="b"))
    for words in (("plot", "-o", table.parent), ("summary",), ("report", "-o", table.parent / "r")):
        with caplog.at_level("WARNING"):
            done = CliRunner().invoke(cli, [words[0], str(table), *map(str, words[1:])])
        assert "hapy: no such emotion" in done.output + caplog.text, words
        caplog.clear()
