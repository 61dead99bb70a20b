"""Corrections: what they make of moments, how they outlive another scan, and how they are kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.conftest import rows_of
from videmo.corrected import corrected
from videmo.errors import TableError
from videmo.reading import unknown_emotions
from videmo.review import (
    CONFIRMED,
    REMOVED,
    Fix,
    Key,
    Review,
    TrackName,
    corrected_span,
    fixes_of,
    read_review,
    renamed,
    shifted,
    unmatched,
    unmatched_names,
    with_fix,
    with_person,
    with_track,
    write_review,
)
from videmo.schema import Run, column_names

FPS = 10.0
END = 40.0
LABELS = ("happy", "sad", "fear")


def seen(*tracks: int) -> pd.DataFrame:
    """A table in which each track is there all the time."""
    table = pd.concat(rows_of(["sad"] * int(END * FPS), track=track) for track in tracks)
    return table.assign(**dict.fromkeys(LABELS, 0.5)).reindex(columns=column_names(LABELS))


TABLE = seen(1, 2)


def run(start: float, end: float, emotion: str = "happy", track: int = 1) -> Run:
    frames = tuple(range(round(start * FPS), round(end * FPS)))
    return Run(track, emotion, frames, start, end)


def after(runs: list[Run], *fixes: Fix) -> list[Run]:
    return [part.run for part in corrected(runs, TABLE, Review(fixes), END).parts]


def lost(runs: list[Run], review: Review) -> list[Fix]:
    return unmatched(corrected(runs, TABLE, review, END).fixes.values(), review)


HAPPY = Key(1, "happy", 10.0, 12.0)


def test_a_moment_gets_another_emotion() -> None:
    assert after([run(10, 12)], Fix(HAPPY, emotion="sad")) == [run(10, 12, "sad")]


def test_a_moment_gets_other_ends_and_the_frames_between() -> None:
    assert after([run(10, 12)], Fix(HAPPY, start=9.5, end=11.0)) == [run(9.5, 11.0)]


def test_a_moment_is_taken_out_and_others_stay() -> None:
    others = [run(10, 12, track=2), run(12, 14, "sad"), run(20, 22)]
    assert after([run(10, 12), *others], Fix(HAPPY, REMOVED)) == others


def test_a_confirmed_moment_stays_as_it_is() -> None:
    assert after([run(10, 12)], Fix(HAPPY, CONFIRMED)) == [run(10, 12)]


def test_moments_come_in_order_after_their_ends_were_moved() -> None:
    runs = [run(10, 12), run(20, 22)]
    assert [one.start for one in after(runs, Fix(HAPPY, start=30.0, end=31.0))] == [20, 30]


def test_what_a_longer_moment_lies_over_gives_way() -> None:
    runs = [run(10, 12), run(12, 13, "sad"), run(13, 16), run(13, 16, track=2)]
    assert after(runs, Fix(HAPPY, end=14.0)) == [run(10, 14), run(13, 16, track=2), run(14, 16)]


def test_a_moment_that_another_is_moved_into_is_two() -> None:
    runs = [run(10, 12), run(20, 24, "sad")]
    parts = corrected(runs, TABLE, Review((Fix(HAPPY, start=21.0, end=22.0),)), END).parts
    assert [part.run for part in parts] == [run(20, 21, "sad"), run(21, 22), run(22, 24, "sad")]
    assert [part.of for part in parts] == [1, 0, 1]


def test_of_two_that_were_moved_the_shorter_one_holds() -> None:
    runs = [run(10, 12), run(20, 24, "sad")]
    fixes = (Fix(HAPPY, start=21.0, end=22.0), Fix(Key(1, "sad", 20.0, 24.0), start=19.0))
    assert after(runs, *fixes) == [run(19, 21, "sad"), run(21, 22), run(22, 24, "sad")]


def test_ends_that_were_moved_hold_against_another_emotion() -> None:
    runs = [run(8, 10, "sad"), run(10, 12)]
    fixes = (Fix(Key(1, "sad", 8.0, 10.0), emotion="fear"), Fix(HAPPY, start=9.0))
    assert after(runs, *fixes) == [run(8, 9, "fear"), run(9, 12)]


def test_moments_that_begin_at_once_are_corrected_together() -> None:
    runs = [run(10, 12), run(10, 12, track=2)]
    fixes = (Fix(HAPPY, emotion="sad"), Fix(Key(2, "happy", 10.0, 12.0), emotion="sad"))
    assert after(runs, *fixes) == [run(10, 12, "sad"), run(10, 12, "sad", track=2)]


def test_a_part_holds_as_long_as_its_run_did_or_does() -> None:
    review = Review((Fix(HAPPY, end=13.0),))
    parts = corrected([run(10, 12), run(12, 16, "sad")], TABLE, review, END).parts
    assert [part.most_frames for part in parts] == [30, 40]  # frames, 10 in a second
    assert [part.lasts(30, 3.0) for part in parts] == [True, True]
    assert [part.lasts(31) for part in parts] == [False, True]
    assert not parts[0].lasts(1, 3.1)


def test_between_two_frames_that_were_looked_at_the_first_is_seen() -> None:
    table = TABLE[TABLE["frame"] % 10 == 0]  # one a second
    found = Run(1, "happy", (100, 110), 10.0, 12.0)
    review = Review((Fix(HAPPY, start=10.2, end=10.8),))
    (part,) = corrected([found], table, review, END).parts
    assert part.run == Run(1, "happy", (100,), 10.2, 10.8)


def test_a_piece_that_was_cut_away_stays_away() -> None:
    """As it is found with another --min-score."""
    pieces = [run(10, 10.8), run(11, 12)]
    assert after(pieces, Fix(HAPPY, start=11.0)) == [pieces[1]]


def test_a_moment_is_not_moved_to_where_its_track_is_away() -> None:
    table = TABLE[(TABLE["time"] < 20) | (TABLE["time"] >= 30) | (TABLE["track"] == 2)]
    review = Review((Fix(HAPPY, start=24.0, end=25.0),))
    done = corrected([run(10, 12)], table, review, END)
    assert [part.run for part in done.parts] == [run(10, 12)] and not done.fixes


def test_a_moment_is_not_lost_where_its_new_ends_are_those_of_another_scan() -> None:
    pieces = [run(10, 10.8), run(11, 12)]
    review = Review((Fix(HAPPY, start=20.0, end=21.0),))
    assert after(pieces, *review.fixes) == pieces
    assert lost(pieces, review) == [*review.fixes]


def test_which_faces_count_is_said_by_who_asks() -> None:
    """As with --eyes and --min-score."""
    counts = np.asarray(TABLE["frame"] % 2 == 0)
    review = Review((Fix(HAPPY, end=13.0),))
    (part,) = corrected([run(10, 12)], TABLE, review, END, counts).parts
    assert part.run.frames == (*range(100, 120), *range(120, 130, 2))


def test_a_moment_keeps_within_what_is_seen_of_its_track() -> None:
    assert after([run(10, 12)], Fix(HAPPY, end=100.0)) == [run(10, END)]


def test_a_correction_to_where_nothing_is_seen_is_about_nothing() -> None:
    review = Review((Fix(HAPPY, start=50.0, end=51.0),))
    assert after([run(10, 12)], *review.fixes) == [run(10, 12)]
    assert lost([run(10, 12)], review) == [*review.fixes]


def test_a_correction_to_an_emotion_that_the_model_has_not_is_about_nothing() -> None:
    review = Review((Fix(HAPPY, emotion="hapy"),))
    assert after([run(10, 12)], *review.fixes) == [run(10, 12)]
    assert lost([run(10, 12)], review) == [*review.fixes]
    said = unknown_emotions(review, Path("a.mp4.faces.csv"), LABELS)
    assert said.startswith("a.mp4.review.csv: hapy: no such emotion; did you mean happy")


@pytest.mark.parametrize("start, end", [(10.1, 12.1), (9.5, 12.0), (10.0, 13.5)])
def test_a_correction_outlives_another_scan_whose_times_are_a_little_different(
    start: float, end: float
) -> None:
    review = Review((Fix(HAPPY, emotion="sad", start=10.5, end=11.5),))
    assert after([run(start, end)], *review.fixes) == [run(10.5, 11.5, "sad")]
    assert lost([run(start, end)], review) == []


@pytest.mark.parametrize(
    "other", [run(10, 12, track=2), run(11.5, 14), run(10, 12, "fear"), run(10, 15)]
)
def test_what_does_not_match_is_kept_and_changes_nothing(other: Run) -> None:
    review = Review((Fix(HAPPY, emotion="sad"),))
    assert after([other], *review.fixes) == [other]
    assert lost([other], review) == [*review.fixes]


def test_a_scan_that_finds_itself_what_was_corrected_matches() -> None:
    review = Review((Fix(HAPPY, emotion="sad", note="he cries"),))
    assert lost([run(10, 12, "sad")], review) == []


def test_pieces_of_what_was_taken_out_are_taken_out() -> None:
    """As they are found with another --min-score."""
    pieces = [run(10, 10.5), run(11, 12), run(12.5, 13)]
    assert after(pieces, Fix(HAPPY, REMOVED)) == [pieces[2]]


def test_pieces_keep_within_the_new_ends_and_get_them_never_twice() -> None:
    fix = Fix(HAPPY, start=10.25, end=20.0)
    pieces = [run(10, 10.5), run(11, 12)]
    assert [corrected_span(m, fix) for m in pieces] == [("happy", 10.25, 10.5), ("happy", 11, 12)]


def test_of_two_corrections_the_nearer_one_counts() -> None:
    other = Fix(Key(1, "happy", 11.5, 14.0), REMOVED)
    assert fixes_of([run(10, 12)], Review((other, Fix(HAPPY, CONFIRMED)))) == {
        0: Fix(HAPPY, CONFIRMED)
    }


def test_of_two_corrections_with_all_of_a_moment_the_closer_one_counts() -> None:
    wide = Fix(Key(1, "happy", 5.0, 20.0), REMOVED)
    assert fixes_of([run(10, 12)], Review((wide, Fix(HAPPY, CONFIRMED)))) == {
        0: Fix(HAPPY, CONFIRMED)
    }


def test_a_track_gets_a_name_where_it_is_seen() -> None:
    review = Review(tracks=(TrackName(1, 0.0, 15.0, "Jim"),))
    tracks = {1: (0.0, 14.0), 2: (5.0, 6.0)}
    assert renamed({2: "Ross"}, tracks, review) == {1: "Jim", 2: "Ross"}


def test_a_name_is_about_a_track_that_is_seen_at_the_same_time_for_the_most() -> None:
    """In another scan the same number may be somebody else."""
    review = with_track(Review(), TrackName(1, 0.0, 10.0, "Jim"))
    review = with_track(review, TrackName(1, 9.5, 30.0, "Ross"))
    assert [one.person for one in review.tracks] == ["Jim", "Ross"]
    assert renamed({}, {1: (9.0, 28.0)}, review) == {1: "Ross"}
    assert renamed({1: "Rachel"}, {1: (9.9, 12.0)}, Review(tracks=review.tracks[:1])) == {
        1: "Rachel"
    }
    assert unmatched_names({1: (9.0, 28.0)}, review) == [review.tracks[0]]
    again = with_track(review, TrackName(1, 0.5, 9.0, ""))
    assert [one.person for one in again.tracks] == ["Ross"]


def test_two_persons_are_made_one_whatever_they_were_called_before() -> None:
    review = with_track(Review(), TrackName(7, 0.0, 9.0, "Jim"))
    review = with_person(review, "person-1", "Jim")
    review = with_person(review, "Jim", "James", scanned=["person-1", "Jim", "Ross"])
    names = {1: "person-1", 2: "Jim", 3: "Ross"}
    assert renamed(names, dict.fromkeys((1, 2, 3, 7), (1.0, 8.0)), review) == {
        **dict.fromkeys((1, 2, 7), "James"),
        3: "Ross",
    }


def test_a_name_that_only_corrections_gave_renames_nobody_later() -> None:
    review = with_track(Review(), TrackName(7, 0.0, 9.0, "Jim"))
    review = with_person(review, "person-1", "Jim", scanned=["person-1"])
    review = with_person(review, "Jim", "James", scanned=["person-1"])
    spans = dict.fromkeys((1, 2, 7), (1.0, 8.0))
    assert renamed({1: "person-1", 2: "Jim"}, spans, review) == {1: "James", 2: "Jim", 7: "James"}


def test_a_name_that_is_taken_back_leaves_nothing() -> None:
    review = with_person(with_person(Review(), "Jim", "James"), "James", "Jim")
    assert renamed({1: "Jim"}, {1: (1.0, 2.0)}, review) == {1: "Jim"}


def test_what_is_said_again_replaces_what_was_said() -> None:
    review = with_fix(Review(), Fix(HAPPY, REMOVED))
    assert with_fix(review, Fix(HAPPY, CONFIRMED)).fixes == (Fix(HAPPY, CONFIRMED),)
    assert not with_fix(review, Fix(HAPPY))


REVIEW = Review(
    (
        Fix(HAPPY, CONFIRMED, start=9.5, end=12.25, note="sure, he smiles"),
        Fix(Key(2, "sad", 30.0, 31.0), REMOVED),
        Fix(Key(2, "sad", 40.0, 41.0), emotion="fear"),
    ),
    (TrackName(1, 0.0, 15.0, "Jim"),),
    {"person-1": "Rachel"},
)


def test_corrections_are_read_as_they_were_written(tmp_path: Path) -> None:
    write_review(tmp_path / "a.review.csv", REVIEW)
    assert read_review(tmp_path / "a.review.csv") == REVIEW
    assert not read_review(tmp_path / "none.review.csv")


def test_corrections_that_a_spreadsheet_saved_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.review.csv"
    path.write_bytes(
        b"\xef\xbb\xbfkind;track;start;end;was;now;new_start;new_end;verdict;note\r\n"
        b"track;1;0,0;15,0;;Jim;;;;\r\nperson;;;;person-1;Rachel;;;;\r\n"
        b"moment;2;30,0;31;sad;;;;removed;\r\nmoment;2;40,000;41,0;sad;fear;;;;\r\n"
    )
    assert read_review(path) == replace(REVIEW, fixes=REVIEW.fixes[1:])


HEADER = "kind,track,start,end,was,now,new_start,new_end,verdict,note\n"
GOOD = "moment,1,0,1,happy,,,,confirmed,\n"


@pytest.mark.parametrize(
    "line, said",
    [
        ("moment,1,0,1,happy,,,,perhaps,", "'perhaps' is no verdict"),
        ("moment,1,soon,1,happy,,,,removed,", "start: 'soon' is no time"),
        ("track,13,,,,Guest,,,,", "needs start and end, in seconds"),
        ("moment,1,2,1,happy,,,,removed,", "its end does not come after its start"),
        ("moment,1,0,1,happy,,3,,,", "its new end does not come after its start"),
        ("moment,one,0,1,happy,,,,removed,", "'one' is no track"),
        ("moment,1,0,1,../../etc,,,,removed,", "'../../etc' is no emotion"),
        ("moment,1,0,1,happy,a/b,,,,", "'a/b' is no emotion"),
        ("moment,1,0,nan,happy,,,,removed,", "end: 'nan' is no time"),
        ("movement,1,0,1,happy,,,,removed,", "'movement' is no kind"),
        ("track,1,0,1,,///,,,,", "names nobody"),
        ("person,,,,,Jim,,,,", "names nobody"),
        ("moment,1,0", "does not have 10 columns"),
        ("moment,1,0,1,happy,,,,removed,,,,", "does not have 10 columns"),
    ],
)
def test_a_line_that_is_wrong_is_named(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "a.review.csv"
    path.write_text(HEADER + GOOD + line + "\n")
    with pytest.raises(TableError) as error:
        read_review(path)
    assert f"a.review.csv: line 3: {said}" in str(error.value) and "\n" not in str(error.value)


def test_a_line_for_excel_and_a_clock_s_times_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.review.csv"
    header = HEADER.replace(",", ";")
    path.write_text(f"sep=;\n{header}moment;1;0:01:12.5;0:01:14,0;happy;;;;removed;\n")
    (fix,) = read_review(path).fixes
    assert fix.of == Key(1, "happy", 72.5, 74.0)


@pytest.mark.parametrize("content", [b"", b"notes\n", b"\xff\xfe", HEADER.encode() + b'a,"b'])
def test_a_file_that_holds_no_corrections_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.review.csv"
    path.write_bytes(content)
    with pytest.raises(TableError, match=r"a\.review\.csv"):
        read_review(path)


def test_a_hostile_note_and_name_are_one_plain_line(tmp_path: Path) -> None:
    path = tmp_path / "a.review.csv"
    fix = Fix(HAPPY, note="=cmd|' /C calc'!A1\nsecond line\u2028")
    write_review(path, Review((fix,)))
    (read,) = read_review(path).fixes
    assert read.note == "_=cmd|' /C calc'!A1 second line"


def test_rows_of_empty_cells_say_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.review.csv"
    write_review(path, REVIEW)
    header, *lines = path.read_text().splitlines()
    path.write_text("\n".join([header, ",,,,,,,,,", *lines, " , ,,,,,,,,,,", ""]))
    assert read_review(path) == REVIEW


def test_in_another_cut_of_the_movie_all_lies_later() -> None:
    late = shifted(REVIEW, 100.0)
    assert fixes_of([run(110, 112)], late)[0].start == 109.5
    assert late.tracks[0].end == 115.0
    assert shifted(Review((Fix(HAPPY, start=1.1),)), 2.2).fixes[0].start == 3.3
