"""The words that all rooms share."""

from __future__ import annotations

import pytest

from videmo.schema import EMOTIONS, OBSERVED, TABLE_COLUMNS, Box, column_names, is_label

GOOD = (
    *("happy", "thumb up", "a+b", "a_b", "5", "grüße", "笑顔", "x" * 60, "non-verbal", "v1.2"),
    *("content", "con 2", "com", "com10", "a.con"),
)
BAD = ("", " ", "a,b", "a/b", "a\\b", "a\nb", " happy", "happy ", ".hidden", "-e", "x" * 61, '"a"')
DEVICES = ("con", "CON", "Prn", "aux", "nul", "COM1", "com9", "lpt5", "COM²", "con.2", "nul .a.b")
TAKEN = (*(column.name for column in TABLE_COLUMNS), "all", "file", "faces")


@pytest.mark.parametrize("name", [*EMOTIONS, *GOOD])
def test_what_can_name_a_column_a_folder_and_an_option_is_a_label(name: str) -> None:
    assert is_label(name)


@pytest.mark.parametrize("name", BAD)
def test_what_can_not_is_none(name: str) -> None:
    assert not is_label(name)


@pytest.mark.parametrize("name", TAKEN)
def test_what_means_something_else_already_is_none(name: str) -> None:
    assert not is_label(name)


@pytest.mark.parametrize("name", DEVICES)
def test_what_cannot_be_a_folder_on_windows_is_none(name: str) -> None:
    assert not is_label(name)


def test_after_the_columns_come_the_labels() -> None:
    names = column_names(("fist", "palm"))
    assert names[-2:] == ("fist", "palm") and names[:-2] == column_names(())
    assert names[:3] == ("frame", "time", "track")


def test_no_two_columns_have_one_name() -> None:
    names = column_names(EMOTIONS)
    assert len(set(names)) == len(names)


def test_the_box_of_a_face_is_where_its_columns_are() -> None:
    assert tuple(column.name for column in OBSERVED[:4]) == Box._fields
