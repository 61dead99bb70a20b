"""The table: written as the design says, and read strictly."""

from __future__ import annotations

import codecs
import json
from pathlib import Path

import pandas as pd
import pytest

from videmo.errors import TableError
from videmo.files import sha256
from videmo.schema import EMOTIONS, OBSERVED
from videmo.table import (
    FORMAT,
    Row,
    labels_of,
    movie_name,
    read_record,
    read_table,
    record_path,
    table_path,
    write_table,
)

SCORES = (0.01, 0.02, 0.03, 0.9, 0.01, 0.02, 0.01)
ROWS = [
    Row(0, 0.0),
    Row(1, 0.0417, 1, (10, 20, 30, 40, 0.9, 2, -12.3, 0.5), "happy", 0.9, 2, SCORES),
    Row(1, 0.0417, 2, (60, 20, 30, 40, 0.75, 0, None, None), "happy", 0.9, 0, SCORES),
    Row(2, 0.0834, 1, (11, 20, 30, 40, 0.9, 2, -12.3, 0.5), "happy", 0.9, 2, SCORES),
]
RECORD = {
    **{"format": FORMAT, "width": 100, "height": 60, "end": 0.125, "timed": True},
    **{"first_frame": 0, "frames_read": 3, "frames_scanned": 3},
    **{"frames_expected": 3, "decode_failures": 0, "changed_meanwhile": False, "cut_off": False},
    **{"fps": "24/1", "faces": 3, "aligned": 2, "tracks": 2, "status": "ok", "warnings": []},
    "settings": {"start": 0.0, "end": None},
    "detector": {"name": "yunet", "weights": {"a.onnx": "0" * 64}, "margin": -0.04},
    "smaller_faces": {"pictures": 1, "faces": 0},
    "cuts": [0.042],
    "model": {"name": "one", "sha256": "0" * 64, "crop": "face"},
    "labels": list(EMOTIONS),
    "seconds": {"happy": 0.083},
    "movie": {"file": "movie.mp4", "fingerprint": "0" * 64},
}


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = table_path(tmp_path, Path("movie.mp4"))
    write_table(path, ROWS, RECORD)
    return path


def rewrite(table: Path, content: bytes) -> None:
    """Change a table and let its record vouch for it, as a forger would."""
    table.write_bytes(content)
    record = json.loads(record_path(table).read_text())
    rows = len(content.splitlines()) - 1
    record_path(table).write_text(json.dumps({**record, "sha256": sha256(content), "rows": rows}))


def test_the_table_is_written_as_the_design_says(table: Path) -> None:
    assert table.read_bytes().decode().split("\n") == [
        "frame,time,track,x,y,w,h,confidence,eyes,yaw,roll,emotion,score,repeat,"
        "angry,disgust,fear,happy,sad,surprise,neutral",
        "0,0.000" + "," * 19,
        "1,0.042,1,10,20,30,40,0.900,2,-12.3,0.5,happy,0.9000,2,"
        "0.0100,0.0200,0.0300,0.9000,0.0100,0.0200,0.0100",
        "1,0.042,2,60,20,30,40,0.750,0,,,happy,0.9000,,"
        "0.0100,0.0200,0.0300,0.9000,0.0100,0.0200,0.0100",
        "2,0.083,1,11,20,30,40,0.900,2,-12.3,0.5,happy,0.9000,2,"
        "0.0100,0.0200,0.0300,0.9000,0.0100,0.0200,0.0100",
        "",
    ]


def test_what_is_written_is_read_again(table: Path) -> None:
    read = read_table(table)
    assert read["frame"].tolist() == [0, 1, 1, 2]
    assert read["track"].tolist() == [pd.NA, 1, 2, 1]
    assert read["emotion"].tolist() == ["", "happy", "happy", "happy"]
    assert read["repeat"].tolist() == [pd.NA, 2, pd.NA, 2]
    assert read["happy"].tolist()[1:] == [0.9, 0.9, 0.9]
    assert read["confidence"].tolist()[1:] == [0.9, 0.75, 0.9]
    assert read["yaw"].isna().tolist() == read["roll"].isna().tolist() == [True, False, True, False]
    assert read["roll"].tolist()[1] == 0.5


def test_the_columns_are_those_of_the_model_that_the_record_names(tmp_path: Path) -> None:
    path = table_path(tmp_path, Path("movie.mp4"))
    rows = [Row(0, 0.0, 1, (10, 20, 30, 40, 0.9, None, None, None), "ok", 0.75, 1, (0.25, 0.75))]
    record = {**RECORD, "labels": ["thumb up", "ok"], "seconds": {"ok": 0.1}, "frames_scanned": 1}
    write_table(path, rows, record)
    table = read_table(path)
    assert labels_of(table) == ("thumb up", "ok")
    assert table["ok"].tolist() == [0.75] and table["emotion"].tolist() == ["ok"]


def test_every_column_that_is_seen_in_a_face_has_a_place_in_a_row() -> None:
    names = ["x", "y", "w", "h", "confidence", "eyes", "yaw", "roll"]
    assert [column.name for column in OBSERVED] == names


def test_a_table_of_an_older_videmo_is_named_as_such(table: Path) -> None:
    record = json.loads(record_path(table).read_text())
    record_path(table).write_text(json.dumps({**record, "format": 2}))
    with pytest.raises(TableError) as refused:
        read_table(table)
    assert str(refused.value) == (
        f"{record_path(table)}: is of an older videmo (format 2; this one reads 3, which has more "
        "columns); scan the movie again"
    )


def test_the_record_counts_rows_and_knows_the_checksum(table: Path) -> None:
    record = read_record(table)
    assert record["rows"] == 4
    assert record["sha256"] == sha256(table.read_bytes())


def test_a_table_without_record_is_not_whole(table: Path) -> None:
    record_path(table).unlink()
    with pytest.raises(TableError, match="scan again"):
        read_table(table)


@pytest.mark.parametrize("cut", [1, 10, 100])
def test_a_table_that_is_cut_is_refused(table: Path, cut: int) -> None:
    table.write_bytes(table.read_bytes()[:-cut])
    with pytest.raises(TableError, match="scan again"):
        read_table(table)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"frame,", b"\xef\xbb\xbfframe,"),
        (b"eyes,", b"eyes,person,"),
        (b"1,0.042", b"1;0,042"),
        (b"happy,0.9000,2", b"glad,0.9000,2"),
        (b",0.900,2,", b",1.001,2,"),
        (b",0.900,2,", b",-0.1,2,"),
        (b",0.900,2,", b",,2,"),
        (b",0.900,2,", b",0.900,3,"),
        (b",-12.3,", b",-90.1,"),
        (b",0.5,happy", b",180.1,happy"),
        (b",0.5,happy", b",inf,happy"),
        (b",sad,", b",sad,disgust,"),
        (b",10,20,", b",-10,20,"),
        (b",10,20,30", b",90,20,30"),
        (b",10,20,", b",,20,"),
        (b",10,20,", b",1e3,20,"),
        (b"2,0.083", b"999999999999,0.083"),
        (b"2,0.083", b"2,nan"),
        (b"2,0.083", b"2,inf"),
        (b"2,0.083", b"0,0.083"),
        (b"0.0100\n", b"0.0100,7\n"),
        (b"0.0100\n", b"0.01\x0000\n"),
    ],
)
def test_a_forged_table_is_refused(table: Path, old: bytes, new: bytes) -> None:
    content = table.read_bytes()
    assert old in content
    rewrite(table, content.replace(old, new, 1) if old != b"2,0.083" else content.replace(old, new))
    with pytest.raises(TableError, match="scan again"):
        read_table(table)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"format": 99}', b"\xff\xfe"])
def test_a_damaged_record_is_refused(table: Path, content: bytes) -> None:
    record_path(table).write_bytes(content)
    with pytest.raises(TableError, match="scan again"):
        read_table(table)


def test_a_movie_without_frames_gives_an_empty_table(tmp_path: Path) -> None:
    path = table_path(tmp_path, Path("movie.mp4"))
    write_table(path, [], {**RECORD, "frames_read": 0, "frames_scanned": 0, "end": 0, "cuts": []})
    assert read_table(path).empty


def test_two_movies_that_differ_in_their_suffix_get_two_tables(tmp_path: Path) -> None:
    assert table_path(tmp_path, Path("a.mp4")) != table_path(tmp_path, Path("a.mkv"))


@pytest.mark.parametrize(
    "change",
    [
        {"end": None},
        {"end": "x"},
        {"end": float("inf")},
        {"end": float("nan")},
        {"end": 0.01},
        {"movie": []},
        {"movie": {}},
        {"movie": {"file": 7, "fingerprint": ""}},
        {"frames_read": None},
        {"frames_read": "3"},
        {"frames_scanned": 10**12},
        {"first_frame": -1},
        {"first_frame": 1},
        {"width": "100"},
        {"height": -1},
        {"rows": True},
        {"timed": 1},
        {"sha256": None},
        {"end": 10**400},
        {"status": None},
        {"status": "fine"},
        {"status": ["ok"]},
        {"fps": "0/0"},
        {"fps": "25/0"},
        {"fps": "25"},
        {"fps": 25},
        {"frames_expected": None},
        {"frames_expected": 10**400},
        {"decode_failures": "1"},
        {"faces": -1},
        {"aligned": 1.5},
        {"tracks": []},
        {"changed_meanwhile": None},
        {"cut_off": "no"},
        {"seconds": 3},
        {"seconds": {"glad": 1.0}},
        {"seconds": {"happy": "1"}},
        {"seconds": {"happy": 10**400}},
        {"seconds": {"happy": float("nan")}},
        {"warnings": None},
        {"warnings": "its"},
        {"warnings": [1]},
        {"settings": None},
        {"settings": {}},
        {"settings": {"start": "0"}},
        {"settings": {"start": 0.0, "end": "x"}},
        {"detector": None},
        {"detector": {}},
        {"detector": {"name": ["haar"], "weights": {}, "margin": 0.0}},
        {"detector": {"name": "haar", "margin": 0.0}},
        {"detector": {"name": "haar", "weights": {}}},
        {"detector": {"name": "haar", "weights": {}, "margin": -0.41}},
        {"detector": {"name": "haar", "weights": {}, "margin": True}},
        {"model": None},
        {"cuts": None},
        {"cuts": [0.2]},
        {"cuts": [0.1, 0.05]},
        {"cuts": ["0.1"]},
        {"cuts": [0.1] * 5},
        {"model": {"name": "one", "sha256": "0", "crop": "hands"}},
        {"model": {"crop": "face"}},
        {"model": {"name": "one", "sha256": None, "crop": "face"}},
        {"labels": None},
        {"labels": []},
        {"labels": "happy"},
        {"labels": [1]},
        {"labels": [*EMOTIONS, "happy"]},
        {"labels": [*EMOTIONS, "Happy"]},
        {"labels": [*EMOTIONS, "straße", "STRASSE"]},
        {"labels": [*EMOTIONS, "con"]},
        {"labels": [*EMOTIONS, "a,b"]},
        {"labels": [*EMOTIONS, "track"]},
        {"labels": [*EMOTIONS, "glad"]},
    ],
)
def test_a_forged_record_is_refused(table: Path, change: dict[str, object]) -> None:
    record = json.loads(record_path(table).read_text())
    record_path(table).write_text(json.dumps({**record, **change}))
    with pytest.raises(TableError, match="scan again"):
        read_table(table)


@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
@pytest.mark.parametrize(("between", "end"), [(b";", b"\r\n"), (b",", b"\r\n"), (b"\t", b"\n")])
def test_a_table_that_a_spreadsheet_saved_is_told_as_that(
    table: Path, mark: bytes, between: bytes, end: bytes
) -> None:
    content = table.read_bytes().replace(b",", between).replace(b"\n", end)
    table.write_bytes(mark + content)
    with pytest.raises(TableError, match=r"saved by a spreadsheet, .* put the original back"):
        read_table(table)


def test_a_table_saved_as_text_of_two_bytes_a_letter_is_told_as_that(table: Path) -> None:
    text = table.read_text("utf-8").replace(",", "\t").replace("\n", "\r\n")
    table.write_bytes(text.encode("utf-16"))
    with pytest.raises(TableError, match="saved by a spreadsheet"):
        read_table(table)


@pytest.mark.parametrize("name", ["a\nb.mp4", "a\r\u2028\x1b.mp4"])
def test_a_name_of_several_lines_makes_paths_of_one(tmp_path: Path, name: str) -> None:
    path = table_path(tmp_path, Path(name))
    assert path.name.isprintable() and path != table_path(tmp_path, Path("ab.mp4"))
    assert movie_name(tmp_path / f"{name}.faces.csv").isprintable()  # of an older scan


def test_a_track_that_is_twice_in_a_frame_is_refused(table: Path) -> None:
    lines = table.read_bytes().splitlines(keepends=True)
    rewrite(table, b"".join([*lines[:3], lines[2], *lines[3:]]))
    with pytest.raises(TableError, match="numbers that cannot be"):
        read_table(table)


def test_a_record_nested_too_deeply_is_refused(table: Path) -> None:
    record_path(table).write_text("[" * 100_000 + "]" * 100_000)
    with pytest.raises(TableError, match="scan again"):
        read_table(table)


@pytest.mark.parametrize("name", [".faces.csv", "..faces.csv", "...faces.csv"])
def test_a_table_cannot_be_named_for_a_folder_above(tmp_path: Path, name: str) -> None:
    with pytest.raises(TableError, match="no name"):
        movie_name(tmp_path / name)
