"""The emotion repeater, on rows made by hand."""

from __future__ import annotations

import itertools
import random
import re

import pandas as pd
import pytest

from tests.conftest import rows_of
from videmo.errors import RequestError
from videmo.runs import find_runs, lengthened, repeats, to_segments
from videmo.schema import Run


def lengths(table: pd.DataFrame, **options: object) -> list[int]:
    return [run.repeat for run in find_runs(table, "happy", **options)]  # type: ignore[arg-type]


def test_a_run_is_as_long_as_its_frames() -> None:
    assert lengths(rows_of(["sad", "happy", "happy", "happy", "sad"])) == [3]


def test_a_run_that_ends_with_the_movie_counts() -> None:
    assert lengths(rows_of(["sad", "happy", "happy"])) == [2]


def test_a_shorter_run_than_asked_for_is_left_out() -> None:
    table = rows_of(["happy"] * 4 + ["sad"] + ["happy"] * 5)
    assert lengths(table, repeat=5) == [5]


def test_another_emotion_breaks_a_run() -> None:
    assert lengths(rows_of(["happy", "happy", "sad", "happy"])) == [2, 1]


def test_a_frame_without_aligned_face_neither_counts_nor_breaks() -> None:
    assert lengths(rows_of(["happy", "happy", "", "happy"])) == [3]


def test_unknown_frames_for_longer_than_the_gap_break_a_run() -> None:
    table = rows_of(["happy", *[""] * 6, "happy"])  # 0.6 s at 10 frames/s
    assert lengths(table, gap=0.5) == [1, 1]


def test_unknown_frames_just_as_long_as_the_gap_do_not_break_a_run() -> None:
    assert lengths(rows_of(["happy", *[""] * 5, "happy"]), gap=0.5) == [2]


def test_one_unknown_frame_breaks_no_run_however_long_it_is_shown() -> None:
    """As in recordings of a screen: it is one look that says nothing."""
    table = rows_of(["happy", "", "happy", "", "", "happy"])
    table["time"] = [0.0, 1.7, 3.4, 5.1, 6.8, 8.5]
    assert lengths(table, gap=0.5) == [2, 1]


def test_a_long_frame_amid_unknown_ones_counts_in_full() -> None:
    """Somebody was away for three seconds, whatever was shown."""
    table = rows_of(["happy", "", "", "", "happy"])
    table["time"] = [0.0, 0.1, 0.2, 3.1, 3.2]
    assert lengths(table, gap=0.5) == [1, 1]


def test_a_frame_in_which_the_face_is_not_found_is_unknown() -> None:
    table = rows_of(["happy"] * 5)
    table.loc[2, "track"] = 2
    table.loc[2, "eyes"] = 0
    assert lengths(table) == [4]


def test_a_run_may_be_asked_to_last_so_many_seconds() -> None:
    """The same at any rate: 240 frames a second of slow motion, 12 of a GIF."""
    for fps in (240, 24, 12):
        held = 0.5
        table = rows_of(["happy"] * round(held * fps) + ["sad"] * round(0.25 * fps), fps=fps)
        runs = find_runs(table, seconds=0.5)
        assert [run.emotion for run in runs] == ["happy"]
        assert [run.emotion for run in find_runs(table, seconds=0.25)] == ["happy", "sad"]


def test_two_tracks_make_two_runs() -> None:
    table = pd.concat([rows_of(["happy"] * 3), rows_of(["happy"] * 2, track=2)])
    table = table.sort_values(["frame", "track"]).reset_index(drop=True)
    assert [(run.track, run.repeat) for run in find_runs(table)] == [(1, 3), (2, 2)]


def test_only_the_wanted_tracks_are_found() -> None:
    table = pd.concat([rows_of(["happy"] * 3), rows_of(["happy"] * 2, track=2)])
    table = table.sort_values(["frame", "track"]).reset_index(drop=True)
    assert [run.track for run in find_runs(table, tracks=[2])] == [2]


def test_a_score_under_the_least_is_unknown() -> None:
    table = rows_of(["happy"] * 4)
    table.loc[1, "score"] = 0.3
    assert lengths(table, min_score=0.5) == [3]


def test_a_run_ends_at_the_time_of_the_next_frame() -> None:
    (run,) = find_runs(rows_of(["sad", "happy", "happy", "sad"]), "happy")
    assert (run.start, run.end) == (0.1, 0.3)


def test_the_last_run_ends_with_the_movie() -> None:
    (run,) = find_runs(rows_of(["happy"] * 3), end=0.35)
    assert run.end == 0.35


def test_without_an_end_the_last_frame_lasts_as_long_as_the_one_before() -> None:
    (run,) = find_runs(rows_of(["happy"] * 3))
    assert run.end == pytest.approx(0.3)


def test_an_empty_table_has_no_runs() -> None:
    assert find_runs(rows_of([])) == []


def test_every_row_of_a_run_says_its_full_length() -> None:
    table = rows_of(["sad", "happy", "happy", "", "happy"])
    assert repeats(table).tolist() == [1, 3, 3, 0, 3]


def naive_runs(emotions: list[str], gap_frames: int) -> list[int]:
    """The rule written down a second time: walk from frame to frame."""
    runs: list[list[int]] = []
    last, unknown = "", 0
    for index, emotion in enumerate(emotions):
        if not emotion:
            unknown += 1
            continue
        if emotion != last or unknown > gap_frames:
            runs.append([])
        runs[-1].append(index)
        last, unknown = emotion, 0
    return [len(run) for run in runs]


def test_runs_agree_with_the_rule_written_down_a_second_time() -> None:
    choose = random.Random(7)
    for _ in range(200):
        emotions = choose.choices(["happy", "sad", ""], [4, 2, 3], k=40)
        found = [run.repeat for run in find_runs(rows_of(emotions), gap=0.3)]
        assert found == naive_runs(emotions, gap_frames=3)


def test_repeats_and_runs_agree() -> None:
    choose = random.Random(8)
    table = rows_of(choose.choices(["happy", "sad", "fear", ""], k=300))
    by_row = dict(
        itertools.chain.from_iterable(
            ((frame, run.repeat) for frame in run.frames) for run in find_runs(table)
        )
    )
    assert repeats(table).tolist() == [by_row.get(frame, 0) for frame in table["frame"]]


def run_of(start: float, end: float, track: int = 1) -> Run:
    return Run(track, "happy", (round(start * 10),), start, end)


def test_a_segment_has_the_pad_on_both_sides() -> None:
    (segment,) = to_segments([run_of(2, 3)], pad=0.5)
    assert (segment.start, segment.end) == (1.5, 3.5)


def test_a_segment_stays_inside_the_movie() -> None:
    (segment,) = to_segments([run_of(0.2, 3)], pad=0.5, end=3.2)
    assert (segment.start, segment.end) == (0.0, 3.2)


def test_a_segment_goes_over_no_change_of_shot() -> None:
    """What lacks at one end is given at the other."""
    (segment,) = to_segments([run_of(2, 3)], pad=0.5, cuts=[1.0, 1.9, 5.0])
    assert (segment.start, segment.end) == pytest.approx((1.9, 3.9))


def test_in_a_short_shot_a_segment_is_all_of_it() -> None:
    (segment,) = to_segments([run_of(2, 3)], pad=0.5, cuts=[1.9, 3.05])
    assert (segment.start, segment.end) == (1.9, 3.05)


def test_a_run_that_begins_with_a_shot_belongs_to_it() -> None:
    (segment,) = to_segments([run_of(2, 3)], pad=0.5, cuts=[2.0])
    assert (segment.start, segment.end) == (2.0, 4.0)


def test_runs_on_either_side_of_a_cut_are_two_segments() -> None:
    """Though they are near: a track may be taken up again by hand."""
    first, second = to_segments([run_of(1, 2), run_of(2.2, 3)], gap=0.5, cuts=[2.1])
    assert (first.end, second.start) == (2, 2.2)


def test_runs_within_the_gap_make_one_segment() -> None:
    (segment,) = to_segments([run_of(1, 2), run_of(2.5, 3)], gap=0.5)
    assert (segment.start, segment.end, len(segment.runs)) == (1, 3, 2)


def test_runs_of_two_tracks_are_never_merged() -> None:
    assert len(to_segments([run_of(1, 2), run_of(1, 2, track=2)], gap=5)) == 2


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("Happy", "did you mean happy?"),
        ("anger", "did you mean angry?"),
        ("bored", "choose from angry, or happy"),
    ],
)
def test_an_emotion_that_is_nearly_one_of_the_table_s_is_taken_for_a_slip(
    word: str, hint: str
) -> None:
    table = rows_of(["happy"] * 5).assign(angry=0.1, happy=0.9)
    with pytest.raises(RequestError, match=re.escape(f"{word}: no such emotion; {hint}")):
        find_runs(table, word)


def test_runs_of_one_person_in_two_tracks_are_one_moment_within_a_shot() -> None:
    runs = [run_of(1, 2), run_of(2.2, 3, track=2), run_of(3.1, 4, track=3)]
    who = {1: "Jim", 2: "Jim", 3: "Pam"}
    jim, pam = to_segments(runs, persons=who)
    assert (jim.start, jim.end, jim.runs) == (1, 3, tuple(runs[:2])) and pam.runs == (runs[2],)
    assert len(to_segments(runs, persons=who, cuts=[2.1])) == 3
    assert len(to_segments(runs)) == 3


def test_a_short_moment_is_made_longer_evenly_as_far_as_its_shot_goes() -> None:
    (segment,) = to_segments([run_of(2, 3)], shortest=2)
    assert (segment.start, segment.end) == (1.5, 3.5)
    (segment,) = to_segments([run_of(2, 3)], shortest=2, cuts=[1.9])
    assert (segment.start, segment.end) == (1.9, 3.9)
    (segment,) = to_segments([run_of(2, 3)], shortest=2, cuts=[1.9, 3.2])
    assert (segment.start, segment.end) == (1.9, 3.2)


def test_moments_that_overlap_when_made_longer_are_one() -> None:
    runs = [run_of(2, 3), run_of(4, 5)]
    assert [len(one.runs) for one in to_segments(runs, gap=0.5)] == [1, 1]
    (both,) = to_segments(runs, gap=0.5, shortest=2.2)
    assert (both.start, both.end, both.held) == (pytest.approx(1.4), pytest.approx(5.6), 2)


def test_what_is_long_enough_stays_as_it_is() -> None:
    (segment,) = to_segments([run_of(2, 3)])
    assert lengthened(segment, 1.0, (0.0, 9.0)) is segment
