"""Tables in the forms of other programs, read as those programs read them."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet
import pytest

from tests.conftest import Made, made
from videmo.convert import FORMS, Converted, convert_tables
from videmo.convert import forms as made_by
from videmo.demo import Shot, Story
from videmo.errors import DiskFullError, RequestError, SetupError, TableError
from videmo.find import find_tables
from videmo.schema import EMOTIONS, Box, column_names
from videmo.table import record_path


def converted(one: Made, form: str, folder: Path) -> Path:
    (done,) = convert_tables(find_tables([one.scanned.table]), form, folder)
    assert done.error is None and done.file is not None
    return done.file


def table_of(columns: dict[str, Any], labels: Sequence[str] = EMOTIONS) -> pd.DataFrame:
    """A table with some of its columns filled."""
    return pd.DataFrame({**dict.fromkeys(column_names(labels)), **columns})


@pytest.fixture(scope="module")
def nobody(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A movie without a face."""
    return made(tmp_path_factory.mktemp("nobody"), Story((Shot(0.5),), (320, 240)))


OPENFACE = ["frame", "face_id", "timestamp", "confidence", "success"]


def test_openface_columns_stand_first_with_a_space_after_each_comma(
    people: Made, tmp_path: Path
) -> None:
    text = converted(people, "openface", tmp_path).read_text("ascii")
    header = text.splitlines()[0]
    assert header == ", ".join([*OPENFACE, *EMOTIONS])
    pattern = r"\d+, \d+, \d+\.\d{3}, \d\.\d{2}, [01](, \d\.\d{4}){7}"
    assert all(re.fullmatch(pattern, line) for line in text.splitlines()[1:])


def test_openface_is_read_as_its_readers_do(people: Made, tmp_path: Path) -> None:
    """py-feat's `read_openface` reads CSV and strips the names."""
    read = pd.read_csv(converted(people, "openface", tmp_path), sep=",")
    read.columns = read.columns.str.strip(" ")
    table = people.table
    assert len(read) == len(table)
    assert (read["frame"] == table["frame"] + 1).all() and read["frame"].iloc[0] == 1
    assert np.allclose(read["timestamp"], table["time"])
    there = table["track"].notna().to_numpy()
    assert (read["success"].to_numpy() == there).all()
    assert (read["face_id"][there].to_numpy() == table["track"][there].to_numpy(int)).all()
    assert np.allclose(read["confidence"][there], table["confidence"][there], atol=0.005)
    assert read["confidence"][there].between(0.7, 1).all()
    assert (read[["face_id", "confidence", *EMOTIONS]][~there] == 0).all(axis=None)
    assert np.allclose(read["happy"][there], table["happy"][there])


PYFEAT_BOX = ["FaceRectX", "FaceRectY", "FaceRectWidth", "FaceRectHeight", "FaceScore"]
PYFEAT_EMOTIONS = ["anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral"]
PYFEAT_REST = ["FrameHeight", "FrameWidth", "input", "frame", "approx_time", "Identity"]


def test_pyfeat_has_its_columns_in_their_order(people: Made, tmp_path: Path) -> None:
    read = pd.read_csv(converted(people, "pyfeat", tmp_path))
    assert list(read.columns) == [*PYFEAT_BOX, *PYFEAT_EMOTIONS, *PYFEAT_REST]
    # What its `read_feat` goes by: nothing of Detectorv2, nothing taken for an action unit.
    assert not {"valence", "arousal"} & set(read.columns)
    assert not [name for name in read.columns if "AU" in name]


def test_pyfeat_rows_are_those_of_the_table(people: Made, tmp_path: Path) -> None:
    read, table = pd.read_csv(converted(people, "pyfeat", tmp_path)), people.table
    there = table["track"].notna().to_numpy()
    assert (read["frame"] == table["frame"]).all() and read["frame"].iloc[0] == 0
    ours = table[["x", "y", "w", "h"]][there].to_numpy(int)
    assert (read[PYFEAT_BOX[:4]][there].to_numpy() == ours).all()
    assert np.allclose(read[PYFEAT_EMOTIONS][there], table[list(EMOTIONS)][there])
    assert read[[*PYFEAT_BOX[:4], *PYFEAT_EMOTIONS, "Identity"]][~there].isna().all(axis=None)
    assert (read["FaceScore"][~there] == 0).all()
    assert (read["FrameHeight"] == 240).all() and (read["FrameWidth"] == 320).all()
    assert read["approx_time"].iloc[0] == "00:00" and read["approx_time"].iloc[-1] == "00:05"
    assert set(read["Identity"].dropna()) == {f"Person_{t}" for t in table["track"].dropna()}


def test_minutes_go_beyond_an_hour() -> None:
    assert made_by._minutes(67.9) == "01:07" and made_by._minutes(3725) == "62:05"


def test_fer_rows_are_sorted_as_its_own_writer_does(people: Made, tmp_path: Path) -> None:
    with converted(people, "fer", tmp_path).open(newline="") as file:
        lines = list(csv.reader(file))
    header, rows = lines[0], lines[1:]

    def key(name: str) -> tuple[str, int]:  # fer.classes.Video.to_csv
        found = re.match(r"^(\D+)(\d+)$", name)
        assert found
        return found.group(1), int(found.group(2))

    names = {f"{name}{face}" for name in (*EMOTIONS, "box") for face in (0, 1)}
    assert header == sorted(names, key=key)
    faces = people.table[people.table["track"].notna()]
    assert len(rows) == faces["frame"].nunique()
    shown = dict(zip(header, rows[0], strict=True))
    first = faces.iloc[0]
    assert shown["box0"] == str([int(first[name]) for name in "xywh"])
    assert shown["box1"] == "" and shown["angry1"] == ""
    assert float(shown["happy0"]) == round(float(first["happy"]), 2)
    two = faces[faces["frame"] == 80]
    line = dict(zip(header, rows[faces["frame"].unique().tolist().index(80)], strict=True))
    assert json.loads(line["box1"]) == [int(two.iloc[1][name]) for name in "xywh"]


def test_fer_keeps_many_faces_in_the_order_of_their_numbers() -> None:
    rows = table_of({"frame": [4] * 12 + [9], "track": range(1, 14)})
    for name in (*"xywh", *EMOTIONS):
        rows[name] = range(13)
    made = made_by.fer(rows, {})
    assert [name for name in made.columns if name.startswith("box")] == [
        f"box{n}" for n in range(12)
    ]
    assert made["angry11"].tolist() == [11, None] and made["angry0"].tolist() == [0, 12]


def test_counts_are_of_every_frame(people: Made, tmp_path: Path) -> None:
    with converted(people, "counts", tmp_path).open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["frame", "faces", *EMOTIONS]
    assert [int(row["frame"]) for row in rows] == list(range(144))
    for row in rows:
        mine = people.table[people.table["frame"] == int(row["frame"])]
        assert int(row["faces"]) == mine["track"].notna().sum()
        for name in EMOTIONS:
            assert int(row[name]) == (mine["emotion"] == name).sum()
    assert any(row["faces"] == "2" for row in rows) and rows[-1]["faces"] == "0"


def test_parquet_holds_the_table_and_its_record(people: Made, tmp_path: Path) -> None:
    file = converted(people, "parquet", tmp_path)
    read = pyarrow.parquet.read_table(file)
    assert read.column_names == list(column_names(EMOTIONS)) and read.num_rows == len(people.table)
    kinds = {name: str(read.schema.field(name).type) for name in ("frame", "time", "track")}
    assert kinds == {"frame": "int64", "time": "double", "track": "int64"}
    assert read.column("track").null_count == people.table["track"].isna().sum()
    record = json.loads(read.schema.metadata[b"videmo"])
    assert record["fps"] == "24/1" and record["rows"] == read.num_rows
    pd.testing.assert_frame_equal(pd.read_parquet(file), people.table)


@pytest.mark.parametrize("form", FORMS)
def test_the_same_table_gives_the_same_bytes(people: Made, tmp_path: Path, form: str) -> None:
    one, two = (converted(people, form, tmp_path / name).read_bytes() for name in ("a", "b"))
    assert one == two


@pytest.mark.parametrize("form", FORMS)
def test_a_table_without_faces_is_converted(nobody: Made, tmp_path: Path, form: str) -> None:
    file = converted(nobody, form, tmp_path)
    if form == "parquet":
        assert pd.read_parquet(file)["track"].isna().all()
    elif form == "fer":
        assert file.read_text().strip() == ""
    else:
        assert len(pd.read_csv(file)) == 12


@pytest.mark.parametrize("form", FORMS)
def test_a_table_is_written_beside_its_name(people: Made, tmp_path: Path, form: str) -> None:
    assert converted(people, form, tmp_path).name == "movie.mp4" + FORMS[form].suffix


def test_no_form_looks_like_a_table(people: Made, tmp_path: Path) -> None:
    """Else `extract` would take it for one of its own."""
    for form in FORMS:
        converted(people, form, tmp_path)
    with pytest.raises(RequestError, match="holds no table"):
        find_tables([tmp_path])


def test_a_name_that_spreads_over_lines_stays_in_its_cell(people: Made) -> None:
    from videmo.convert import write

    record = {"width": 320, "height": 240, "movie": {"file": 'a,"b"\n=1.mp4'}}
    text = write.commas(made_by.pyfeat(people.table, record)).decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert {row["input"] for row in rows} == {'a,"b"\n=1.mp4'}


def test_one_bad_table_costs_one(people: Made, tmp_path: Path) -> None:
    tables = tmp_path / "tables"
    shutil.copytree(people.scanned.table.parent, tables)
    bad = tables / "a.mp4.faces.csv"
    bad.write_bytes(people.scanned.table.read_bytes()[:-10])
    shutil.copy(record_path(people.scanned.table), record_path(bad))
    done: list[Converted] = convert_tables(find_tables([tables]), "counts", tmp_path / "out")
    assert [type(one.error) for one in done] == [TableError, type(None)]
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["movie.mp4.counts.csv"]


def test_an_unknown_form_is_named(people: Made, tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=r"excel.*openface, pyfeat"):
        convert_tables(find_tables([people.scanned.table]), "excel", tmp_path)


def test_tables_in_folders_keep_their_folders(people: Made, tmp_path: Path) -> None:
    for folder in ("s1", "s2"):
        shutil.copytree(people.scanned.table.parent, tmp_path / folder)
    convert_tables(find_tables([tmp_path]), "counts", tmp_path / "out")
    assert (tmp_path / "out/s1/movie.mp4.counts.csv").is_file()
    assert (tmp_path / "out/s2/movie.mp4.counts.csv").is_file()


def test_without_pyarrow_it_says_what_to_install(
    people: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(SetupError, match=r"videmo's folder, run: pip install \"\.\[parquet\]\""):
        convert_tables(find_tables([people.scanned.table]), "parquet", tmp_path)


def test_a_full_disk_is_said(people: Made, small_disk: Callable[[int], Path]) -> None:
    disk = small_disk(4)
    with pytest.raises(DiskFullError, match="disk full"):
        convert_tables(find_tables([people.scanned.table]), "openface", disk)
    assert not [p for p in disk.rglob("*") if p.is_file()]


def test_the_counts_of_a_crowd_add_up() -> None:
    rows = table_of(
        {
            "frame": [0, 0, 0, 1, 3],
            "track": pd.array([1, 2, 3, None, 1], dtype="Int64"),
            "emotion": ["sad", "sad", "happy", "", "fear"],
        }
    )
    found = made_by.counts(rows, {})
    assert found["frame"].tolist() == [0, 1, 3]
    assert found["faces"].tolist() == [3, 0, 1]
    assert found["sad"].tolist() == [2, 0, 0] and found["fear"].tolist() == [0, 0, 1]
    assert (found[list(EMOTIONS)].sum(axis=1) == found["faces"]).all()


@pytest.mark.parametrize("form", [name for name in FORMS if name != "parquet"])
def test_the_labels_of_another_model_are_columns(form: str) -> None:
    columns = {"frame": [0, 1], "time": [0.0, 0.1], "track": pd.array([1, None], dtype="Int64")}
    columns |= {"emotion": ["ok", ""], "thumb up": [0.2, np.nan], "ok": [0.8, np.nan]}
    columns |= {"confidence": [0.9, np.nan], **{name: [1, 1] for name in "xywh"}}
    rows = table_of(columns, ("thumb up", "ok"))
    made = getattr(made_by, form)(rows, {"width": 9, "height": 9, "movie": {"file": "a.mp4"}})
    number = "0" if form == "fer" else ""
    assert {f"thumb up{number}", f"ok{number}"} < set(made.columns)
    assert not {name for name in made.columns if name.startswith(("happy", "happiness"))}
    assert made[f"ok{number}"].iloc[0] == (1 if form == "counts" else 0.8)


def in_form(form: str, labels: Sequence[str]) -> pd.DataFrame:
    """A table of one face, whose scores are 0.1, 0.2 and so on, in the form of a program."""
    columns: dict[str, Any] = {"frame": [0], "time": [0.0], "confidence": [0.9]}
    columns |= {"track": pd.array([1], dtype="Int64"), **{name: [7] for name in "xywh"}}
    columns |= {label: [number / 10] for number, label in enumerate(labels, 1)}
    rows = table_of(columns, labels)
    done = getattr(made_by, form)(rows, {"width": 9, "height": 9, "movie": {"file": "a.mp4"}})
    assert isinstance(done, pd.DataFrame)
    return done


@pytest.mark.parametrize(
    ("form", "theirs"),
    [
        *(("openface", name) for name in ("face_id", "timestamp", "success")),
        *(("pyfeat", name) for name in ("FaceRectX", "FaceScore", "FrameWidth", "input")),
        *(("pyfeat", name) for name in ("approx_time", "Identity")),
    ],
)
def test_a_label_that_is_called_as_a_column_of_the_other_program_gets_another_name(
    form: str, theirs: str
) -> None:
    plain, done = in_form(form, ("ok",)), in_form(form, (theirs, "ok"))
    assert done[theirs].tolist() == plain[theirs].tolist()
    assert done[f"label_{theirs}"].tolist() == [0.1] and done["ok"].tolist() == [0.2]


def test_a_label_called_box_does_not_take_the_place_of_fer_s_boxes() -> None:
    done = in_form("fer", ("box", "ok"))
    assert done["box0"].tolist() == [str([7, 7, 7, 7])] and done["label_box0"].tolist() == [0.1]


def test_the_name_that_a_label_gets_is_no_other_label_s() -> None:
    done = in_form("openface", ("success", "label_success"))
    assert done["label_success"].tolist() == [0.2]
    assert done["label_label_success"].tolist() == [0.1]


def test_labels_that_pyfeat_would_call_the_same_keep_their_names() -> None:
    done = in_form("pyfeat", ("happy", "happiness", "sad"))
    found = {name: done[name].item() for name in ("happy", "happiness", "sadness")}
    assert found == {"happy": 0.1, "happiness": 0.2, "sadness": 0.3}


def test_the_numbers_of_labels_and_of_faces_are_told_apart_in_fer() -> None:
    rows = table_of({"frame": [0] * 11, "track": range(1, 12)}, ("fist 1", "fist 11", "box1"))
    for name in (*Box._fields, "fist 1", "fist 11", "box1"):
        rows[name] = range(11)
    columns = made_by.fer(rows, {}).columns
    assert columns.is_unique and len(columns) == 4 * 11
    assert {"fist 1_10", "fist 11_0", "box1_0", "box10"} <= set(columns)
