"""Where nothing matches, or cannot: what would find something, on tables made by hand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner

from tests.conftest import rows_of
from tests.tables import told
from tests.test_table import RECORD, ROWS
from videmo.cli import cli
from videmo.errors import RequestError
from videmo.exporters import EXPORTERS, OPTIONS
from videmo.exporters.selection import Choice
from videmo.extract import Wanted, extract_tables
from videmo.extract.hints import hints_for
from videmo.names import Line, People, write_people
from videmo.reading import Source
from videmo.review import Review
from videmo.table import read_record, table_path, write_table

HAPPY = Wanted(("happy",))
NOBODY = People()
TRACKS = {1: ["happy"], 2: ["sad"], 3: ["happy"] * 6 + ["sad"] * 20}
"""Looks of tracks, to be shown six times: one moment; none; six, far enough apart."""


def record_of(table: pd.DataFrame, **more: Any) -> dict[str, Any]:
    return {
        "end": float(table["time"].max()) + 0.1,
        "cuts": [],
        "tracks": int(table["track"].max()),
        "smaller_faces": {"pictures": 0, "faces": 0},
        "settings": {"min_face": 0.08},
        **more,
    }


def hints(
    wanted: Wanted, emotions: Sequence[str], people: People = NOBODY, **more: Any
) -> list[str]:
    table = rows_of(emotions)
    table["score"] = more.pop("score", 0.9)
    table["eyes"] = more.pop("eyes", table["eyes"])
    record = record_of(table, **more)
    source = Source(Path("movie.mp4.faces.csv"), "movie.mp4", table, record, people, Review())
    return hints_for(wanted, Choice(), source)


def test_runs_that_are_just_too_short_are_told_with_their_length() -> None:
    twice = ["happy"] * 4 + ["sad"] * 20
    assert hints(HAPPY, twice * 2) == ["--repeat 4 finds 2 moments"]
    in_seconds = Wanted(("happy",), repeat=1, seconds=0.5)
    assert hints(in_seconds, twice) == ["--repeat 0.4s finds 1 moment"]


def test_runs_that_are_far_too_short_are_no_hint() -> None:
    assert hints(HAPPY, ["happy", "happy", "sad"]) == []


def test_faces_that_do_not_count_are_told() -> None:
    (hint,) = hints(HAPPY, ["happy"] * 6, eyes=[1] * 6)
    assert hint.startswith("--eyes 1 finds 1 moment (")
    (hint,) = hints(HAPPY, ["happy"] * 6, eyes=[0] * 6)
    assert hint.startswith("--eyes 0 finds 1 moment (")


def test_moments_that_nobody_has_reviewed_are_told() -> None:
    reviewed = Wanted(("happy",), reviewed=True)
    assert hints(reviewed, ["happy"] * 6) == [
        "1 moment nobody has reviewed yet; open them with: videmo view"
    ]


def test_scores_that_are_too_low_are_told_with_the_highest_that_finds_some() -> None:
    sure = Wanted(("happy",), min_score=0.8)
    assert hints(sure, ["happy"] * 6, score=0.63) == ["--min-score 0.6 finds 1 moment"]


def test_a_gap_that_is_too_long_is_told() -> None:
    parted = ["happy"] * 3 + [""] * 8 + ["happy"] * 3
    assert "--gap 1 finds 1 moment" in hints(HAPPY, parted)


@pytest.mark.parametrize(
    ("asked", "hole", "says"),
    [
        *((0.2, 8, ["--gap 1 finds 1 moment"]), (0.2, 12, [])),
        *((0.8, 12, ["--gap 1.6 finds 1 moment"]), (0.8, 18, [])),
    ],
)
def test_a_gap_of_a_second_or_of_twice_as_much_is_tried(
    asked: float, hole: int, says: list[str]
) -> None:
    """Whichever is more; the holes are of 0.8, 1.2 and 1.8 s."""
    parted = ["happy"] * 3 + [""] * hole + ["happy"] * 3
    said = hints(Wanted(("happy",), gap=asked), parted, eyes=[2 * bool(e) for e in parted])
    assert [hint for hint in said if hint.startswith("--gap")] == says


def test_of_a_list_there_are_no_hints() -> None:
    """Whoever gave one said what is to be cut; no option finds more."""
    from_list = Wanted(("happy",), listed={Path("movie.mp4.faces.csv"): ()})
    assert hints(from_list, ["happy"] * 3, smaller_faces={"pictures": 4, "faces": 9}) == []


@pytest.mark.parametrize(("asked", "half"), [(0.08, "0.04"), (0.3, "0.15"), (0.05, "0.025")])
def test_half_the_height_of_the_scan_is_told(asked: float, half: str) -> None:
    few = {"smaller_faces": {"pictures": 1, "faces": 1}, "settings": {"min_face": asked}}
    (hint,) = hints(HAPPY, ["sad"], **few)
    assert hint == (
        f"videmo scan --min-face {half} finds smaller faces (1 of them in the picture that were "
        "looked at more closely)"
    )


def test_faces_that_are_too_small_for_the_scan_are_told() -> None:
    (hint,) = hints(HAPPY, ["sad"], smaller_faces={"pictures": 4, "faces": 9})
    assert hint.startswith("videmo scan --min-face 0.04 finds smaller faces (9 of them in 4 pic")


def test_where_there_is_none_at_all_there_is_no_hint() -> None:
    assert hints(HAPPY, ["sad"] * 9) == []


def test_a_track_that_nearly_got_the_name_is_told() -> None:
    people = People({}, ("Jim",), {1: 0.58})
    jim = Wanted(("happy",), persons=("Jim",))
    (hint,) = hints(jim, ["happy"] * 6, people)
    assert (
        hint.startswith("--track 1 finds 1 moment (")
        and "at 0.58 from somebody known, from 0.55 on" in hint
    )
    assert hints(jim, ["happy"] * 6, People({}, ("Jim",), {1: 0.7})) == []
    assert hints(jim, ["happy"] * 6, People({2: "Jim"}, ("Jim",), {1: 0.58})) == [hint]
    assert hints(HAPPY, ["sad"] * 6, people) == []


@pytest.mark.parametrize(
    ("limit", "away", "told"),
    [*((0.55, 0.6499, True), (0.55, 0.6501, False), (0.4, 0.49, True), (0.4, 0.51, False))],
)
def test_a_track_is_near_up_to_a_tenth_behind_the_limit(
    limit: float, away: float, told: bool
) -> None:
    """The limit with which people were told apart, whatever it was."""
    people = People({}, ("Jim",), {1: away}, limit)
    said = hints(Wanted(("happy",), persons=("Jim",)), ["happy"] * 6, people)
    assert bool(said) == told and all(f"from {limit:g} on it has no name" in s for s in said)


def test_of_near_tracks_those_are_told_that_have_such_moments_the_nearest_first() -> None:
    """With how many there are in that track alone."""
    parts = [rows_of(looks * 6, track=track) for track, looks in TRACKS.items()]
    table = pd.concat(parts, ignore_index=True)
    people = People({}, ("Jim",), {1: 0.62, 2: 0.56, 3: 0.58})
    place = (Path("movie.mp4.faces.csv"), "movie.mp4")
    source = Source(*place, table, record_of(table), people, Review())
    said = hints_for(Wanted(("happy",), persons=("Jim",)), Choice(), source)
    assert [hint.split(" (")[0] for hint in said] == [
        "--track 3 finds 6 moments",
        "--track 1 finds 1 moment",
    ]


def test_a_track_that_is_somebody_else_is_told() -> None:
    wanted = Wanted(("happy",), tracks=(1, 3), persons=("Jim",))
    said = hints(wanted, ["happy"] * 6, People({1: "Pam", 2: "Jim"}, ("Jim", "Pam")))
    assert said[:2] == ["track 1 is Pam", "there is no track 3 in it, they end with 1"]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A table of two tracks, without its movie."""
    path = table_path(tmp_path, Path("movie.mp4"))
    write_table(path, ROWS, RECORD)
    return path


def extract(table: Path, wanted: Wanted, *exports: str, **choice: Any) -> None:
    how = {"exports": exports or ("crops",), "choice": Choice(**choice)}
    extract_tables({table: "movie.mp4"}, wanted, table.parent / "out", **how)  # type: ignore[arg-type]


def test_a_track_that_is_not_there_cannot_be_met(table: Path) -> None:
    with pytest.raises(RequestError, match=r"--track 99: no such track in .*; the last one is 2"):
        extract(table, Wanted(("happy",), tracks=(1, 99)))


@pytest.mark.parametrize(
    ("away", "says"),
    [(0.5825, r"2 of .*, is at 0\.58, .* --distance 0\.59 names it"), (0.9, "more pictures")],
)
def test_a_person_in_no_track_cannot_be_met(table: Path, away: float, says: str) -> None:
    lines = [Line(1, "Pam", 0.3), Line(2, "", away)]
    write_people(table, read_record(table), lines, ["Jim", "Pam"], {"distance": 0.55})
    with pytest.raises(RequestError, match=f"Jim: is in no track.*{says}"):
        extract(table, Wanted(("happy",), persons=("Jim",)))


def test_an_emotion_of_another_model_says_whose_labels_there_are(table: Path) -> None:
    with pytest.raises(RequestError, match=r"fist: no such emotion; .* that is what one tells"):
        extract(table, Wanted(("fist",)))


def test_an_option_that_no_exporter_can_use_is_refused_by_name(table: Path) -> None:
    with pytest.raises(RequestError, match=r"--order: srt, eaf cannot use it;.* sheet, gif, webp"):
        extract(table, HAPPY, "srt", "eaf", order="score")
    with pytest.raises(RequestError, match=r"--sound: gif cannot use it;.* clips, supercut"):
        extract(table, HAPPY, "gif", sound=1)
    with pytest.raises(RequestError, match="--pad: crops cannot use it"):
        extract(table, Wanted(("happy",), pad=2.0))


def test_an_option_is_given_if_somebody_gave_it_whatever_it_says(table: Path) -> None:
    command = ["extract", str(table), "-e", "happy", "-o", str(table.parent / "out"), "--as", "srt"]
    refused = CliRunner().invoke(cli, [*command, "--order", "time"])
    assert isinstance(refused.exception, RequestError) and "--order" in str(refused.exception)
    assert "nothing matches" in CliRunner().invoke(cli, command).output


def test_where_somebody_is_not_it_is_not_said_that_no_face_counts(tmp_path: Path) -> None:
    for name, person in (("a", "Ann"), ("b", "Bob")):
        told(tmp_path, f"{name}.mp4", {1: ["happy"] * 6}, persons={1: person})
    command = ["extract", str(tmp_path), "-e", "happy", "--person", "Bob", "--as", "srt"]
    said = CliRunner().invoke(cli, [*command, "-o", str(tmp_path / "out")]).output.splitlines()
    (line,) = (line for line in said if "nothing matches" in line)
    assert line.endswith("a.mp4.faces.csv: nothing matches, Bob is in no track of it")


def test_each_option_of_the_table_is_one_of_the_command_and_used_by_some() -> None:
    there = {name for option in cli.commands["extract"].params for name in option.opts}
    assert set(OPTIONS.values()) <= there
    used = {option for entry in EXPORTERS.values() for option in entry.uses}
    assert used == set(OPTIONS)


def test_lengths_that_exclude_each_other_are_refused(table: Path) -> None:
    with pytest.raises(RequestError, match="--shortest 5 is more than --longest 2"):
        extract(table, HAPPY, "clips", shortest=5.0, longest=2.0)
