"""Corrections: what they make of moments, how they outlive another scan, and how they are kept."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from videmo.errors import TableError
from videmo.moments import Moment
from videmo.review import (
    CONFIRMED,
    REMOVED,
    Fix,
    Key,
    Review,
    TrackName,
    apply,
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


def moment(
    start: float, end: float, emotion: str = "happy", track: int = 1, who: str = ""
) -> Moment:
    return Moment(
        *("a.mp4", track, who, emotion, start, end),
        *(int(start * 10), int(end * 10) - 1, int((end - start) * 10)),
        *(0.8, 0.9, int(start * 10), start),
    )


HAPPY = Key(1, "happy", 10.0, 12.0)


def test_a_moment_gets_another_emotion() -> None:
    (one,) = apply([moment(10, 12)], Review((Fix(HAPPY, emotion="sad"),)))
    assert one == moment(10, 12, "sad")


def test_a_moment_gets_other_ends() -> None:
    (one,) = apply([moment(10, 12)], Review((Fix(HAPPY, start=9.5, end=11.0),)))
    assert (one.start, one.end, one.first, one.emotion) == (9.5, 11.0, 100, "happy")


def test_a_moment_is_taken_out_and_others_stay() -> None:
    others = [moment(10, 12, track=2), moment(20, 22), moment(12, 14, "sad")]
    assert apply([moment(10, 12), *others], Review((Fix(HAPPY, REMOVED),))) == [
        others[0],
        others[2],
        others[1],
    ]


def test_a_confirmed_moment_stays_as_it_is() -> None:
    assert apply([moment(10, 12)], Review((Fix(HAPPY, CONFIRMED),))) == [moment(10, 12)]


def test_moments_come_in_order_after_their_ends_were_moved() -> None:
    review = Review((Fix(HAPPY, start=30.0, end=31.0),))
    assert [m.start for m in apply([moment(10, 12), moment(20, 22)], review)] == [20, 30.0]


@pytest.mark.parametrize("start, end", [(10.1, 12.1), (9.5, 12.0), (10.0, 13.5)])
def test_a_correction_outlives_another_scan_whose_times_are_a_little_different(
    start: float, end: float
) -> None:
    review = Review((Fix(HAPPY, emotion="sad", start=10.5, end=11.5),))
    (one,) = apply([moment(start, end)], review)
    assert (one.emotion, one.start, one.end) == ("sad", 10.5, 11.5)
    assert unmatched(fixes_of([moment(start, end)], review).values(), review) == []


@pytest.mark.parametrize(
    "other", [moment(10, 12, track=2), moment(11.5, 14), moment(10, 12, "fear"), moment(10, 15)]
)
def test_what_does_not_match_is_kept_and_changes_nothing(other: Moment) -> None:
    review = Review((Fix(HAPPY, emotion="sad"),))
    assert apply([other], review) == [other]
    assert unmatched(fixes_of([other], review).values(), review) == list(review.fixes)


def test_a_scan_that_finds_itself_what_was_corrected_matches() -> None:
    review = Review((Fix(HAPPY, emotion="sad", note="he cries"),))
    assert unmatched(fixes_of([moment(10, 12, "sad")], review).values(), review) == []


def test_pieces_of_what_was_taken_out_are_taken_out() -> None:
    """As they are found with another --min-score."""
    pieces = [moment(10, 10.5), moment(11, 12), moment(12.5, 13)]
    assert apply(pieces, Review((Fix(HAPPY, REMOVED),))) == [pieces[2]]


def test_pieces_keep_within_the_new_ends_and_get_them_never_twice() -> None:
    fix = Fix(HAPPY, start=10.25, end=20.0)
    pieces = [moment(10, 10.5), moment(11, 12)]
    assert [corrected_span(m, fix) for m in pieces] == [("happy", 10.25, 10.5), ("happy", 11, 12)]


def test_of_two_corrections_the_nearer_one_counts() -> None:
    other = Fix(Key(1, "happy", 11.5, 14.0), REMOVED)
    assert fixes_of([moment(10, 12)], Review((other, Fix(HAPPY, CONFIRMED)))) == {
        0: Fix(HAPPY, CONFIRMED)
    }


def test_of_two_corrections_with_all_of_a_moment_the_closer_one_counts() -> None:
    wide = Fix(Key(1, "happy", 5.0, 20.0), REMOVED)
    assert fixes_of([moment(10, 12)], Review((wide, Fix(HAPPY, CONFIRMED)))) == {
        0: Fix(HAPPY, CONFIRMED)
    }


def test_a_track_gets_a_name_where_it_is_seen() -> None:
    review = Review(tracks=(TrackName(1, 0.0, 15.0, "Jim"),))
    moments = [moment(10, 12, who="person-1"), moment(20, 22), moment(10, 12, track=2)]
    assert [m.person for m in apply(moments, review)] == ["Jim", "", ""]
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
    moments = [
        moment(1, 2, track=7),
        moment(3, 4, who="person-1"),
        moment(5, 6, who="Jim"),
        moment(7, 8, who="Ross"),
    ]
    assert [m.person for m in apply(moments, review)] == ["James", "James", "James", "Ross"]


def test_a_name_that_only_corrections_gave_renames_nobody_later() -> None:
    review = with_track(Review(), TrackName(7, 0.0, 9.0, "Jim"))
    review = with_person(review, "person-1", "Jim", scanned=["person-1"])
    review = with_person(review, "Jim", "James", scanned=["person-1"])
    moments = [moment(1, 2, track=7), moment(3, 4, who="person-1"), moment(5, 6, who="Jim")]
    assert [m.person for m in apply(moments, review)] == ["James", "James", "Jim"]


def test_a_name_that_is_taken_back_leaves_nothing() -> None:
    review = with_person(with_person(Review(), "Jim", "James"), "James", "Jim")
    assert apply([moment(1, 2, who="Jim")], review)[0].person == "Jim"


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


@dataclass(frozen=True)
class Stretch:
    track: int
    emotion: str
    start: float
    end: float


def test_in_another_cut_of_the_movie_all_lies_later() -> None:
    late = shifted(REVIEW, 100.0)
    assert fixes_of([Stretch(1, "happy", 110.0, 112.0)], late)[0].start == 109.5
    assert late.tracks[0].end == 115.0
