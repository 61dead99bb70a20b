"""Who is who: the file of names beside a table, what strangers may put into it, and who may change
it."""

from __future__ import annotations

from pathlib import Path

import pytest

from videmo.errors import TableError
from videmo.names import (
    PEOPLE_COLUMNS,
    Line,
    changed_by_hand,
    find_people,
    people_path,
    people_record_path,
    read_people,
    write_people,
)
from videmo.plain import tidy

RECORD = {"sha256": "of this scan"}
LINES = [Line(1, "Jim", 0.4123), Line(2, "", 0.7), Line(3, "", None), Line(4, "Jim", None)]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A table of which it is known who is who."""
    table = tmp_path / "movie.mp4.faces.csv"
    write_people(table, RECORD, LINES, ["Jim", "Rachel"], {})
    return table


def test_names_are_written_a_line_for_each_track(table: Path) -> None:
    assert people_path(table).read_text() == (
        "track,person,distance\n1,Jim,0.4123\n2,,0.7000\n3,,\n4,Jim,\n"
    )


def test_what_was_written_is_read(table: Path) -> None:
    people = read_people(table, RECORD)
    assert people.names == {1: "Jim", 4: "Jim"}
    assert people.known == ("Jim", "Rachel")
    assert people.away == {2: 0.7}


def test_tracks_that_nearly_got_a_name_are_found_the_nearest_first(table: Path) -> None:
    lines = [Line(1, "Jim", 0.5), Line(2, "", 0.69), Line(3, "", 0.61), Line(4, "", 0.75)]
    write_people(table, RECORD, lines, ["Jim"], {"distance": 0.6})
    assert read_people(table, RECORD).near(0.1) == [(3, 0.61), (2, 0.69)]


def test_a_distance_that_was_spoilt_by_hand_is_none(table: Path) -> None:
    people_path(table).write_text("track,person,distance\n1,,near\n2,,inf\n3,,0.6\n")
    assert read_people(table, RECORD).away == {3: 0.6}


def test_the_same_names_give_the_same_bytes(table: Path) -> None:
    before = people_path(table).read_bytes(), people_record_path(table).read_bytes()
    write_people(table, RECORD, LINES, ["Jim", "Rachel"], {})
    assert before == (people_path(table).read_bytes(), people_record_path(table).read_bytes())


def test_a_person_is_found_in_any_letter_case(table: Path) -> None:
    people = read_people(table, RECORD)
    assert people.tracks_of("jim") == people.tracks_of("Jim") == [1, 4]
    assert people.knows("RACHEL") and not people.knows("Ross")


def test_letter_case_counts_where_it_tells_people_apart(table: Path) -> None:
    lines = [Line(1, "Jim", None), Line(2, "jim", None)]
    write_people(table, RECORD, lines, [], {})
    assert read_people(table, RECORD).tracks_of("jim") == [2]


def test_names_of_an_earlier_scan_are_refused(table: Path) -> None:
    with pytest.raises(TableError, match=r"earlier scan.*videmo people .*movie\.mp4\.faces\.csv"):
        read_people(table, {"sha256": "of another scan"})


def test_where_nobody_was_looked_for_it_says_how_to(tmp_path: Path) -> None:
    table = tmp_path / "movie.mp4.faces.csv"
    with pytest.raises(TableError, match="run: videmo people"):
        read_people(table, RECORD)
    assert find_people(table, RECORD).names == {}


@pytest.mark.parametrize(
    "saved",
    [
        "\ufefftrack;person;distance\r\n1;Jim;0,4123\r\n2;Ross;0,7\r\n3;;\r\n4;Jim;\r\n",
        "track\tperson\tdistance\n1\tJim\t0.4\n2\tRoss\t\n4\tJim\t\n",
        'person,"track"\n"Jim",1\nRoss,2\nJim,4\n\n',
        "sep=;\ntrack;person\n1;Jim\n2;Ross\n4;Jim\n",
    ],
    ids=["Excel", "tabs", "columns moved and taken away", "sep"],
)
def test_names_that_were_changed_in_a_spreadsheet_are_read(table: Path, saved: str) -> None:
    people_path(table).write_bytes(saved.encode())
    assert read_people(table, RECORD).names == {1: "Jim", 2: "Ross", 4: "Jim"}
    assert read_people(table, RECORD).knows("Ross")


def test_it_is_seen_whether_names_were_changed_by_hand(table: Path) -> None:
    assert not changed_by_hand(table)
    people_path(table).write_text(people_path(table).read_text().replace("Jim", "Jimmy"))
    assert changed_by_hand(table)
    assert not changed_by_hand(table.with_name("other.mp4.faces.csv"))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"these are notes\n",
        b"track,person\none,Jim\n",
        b"track,person\n1,Jim\n1,Ross\n",
        b"track,person\n1\n",
        b"track,person\n1,\xff\xfe\n",
        b"track,person\n" + b"9" * 5000 + b",Jim\n",
        b'track,person\n1,"Jim\n',
        b"track,person\n1,Ji\0m\n",
    ],
)
def test_names_that_are_none_are_refused_or_harmless(table: Path, content: bytes) -> None:
    people_path(table).write_bytes(content)
    try:
        people = read_people(table, RECORD)
    except TableError as error:
        assert "movie.mp4.people.csv" in str(error) and "\n" not in str(error)
    else:
        assert set(people.names) <= {1} and all(n.isprintable() for n in people.names.values())


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff", b'{"format": 1}', b"[" * 9999])
def test_a_record_that_is_none_is_refused(table: Path, content: bytes) -> None:
    people_record_path(table).write_bytes(content)
    with pytest.raises(TableError, match=r"people\.json"):
        read_people(table, RECORD)


def test_names_without_their_record_are_refused(table: Path) -> None:
    people_record_path(table).unlink()
    with pytest.raises(TableError, match=r"people\.json: is missing"):
        read_people(table, RECORD)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "=cmd|' /C calc'!A1",
            "+1",
            "-1",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            " = 1",
            "'=1",
            "\uff1d1",
            "=" * 99,
        ),
        *("../../etc/passwd", "..", "C:\\Windows", "a/b", ".hidden", "x" * 500, "a\nb", "\x1b[31m"),
        *("\u202egpj.mij", "\udcff", "\u2028", 'Jim "the" <b>', "\0"),
    ],
)
def test_a_stranger_s_name_is_one_printable_line_no_path_and_no_formula(name: str) -> None:
    plain = tidy(name)
    assert plain.isprintable() and len(plain) <= 60
    assert not plain.startswith(("=", "+", "-", "@", "\uff1d", " ", "."))
    assert not set(plain) & set('/\\:*?"<>|\n\r\t')
    assert tidy(plain) == plain


def test_names_are_kept_as_they_are_written() -> None:
    for name in ("Jim", "Jean-Luc", "José Núñez", "Марія", "王小明", "O'Hara, Jr.", "person-1"):
        assert tidy(name) == name


def test_letters_that_are_written_in_two_ways_are_one_name() -> None:
    assert tidy("Jose\u0301") == tidy("Jos\u00e9")


def test_a_formula_is_not_written_whoever_asks_for_it(table: Path) -> None:
    write_people(table, RECORD, [Line(1, "=1+1", None)], ["=1+1"], {})
    cells = people_path(table).read_text().splitlines()[1].split(",")
    assert cells == ["1", "_=1+1", ""] and len(cells) == len(PEOPLE_COLUMNS)
