"""Pictures to train on: what is made, and that the user's sorting stays."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.conftest import Made
from tests.moments import moments
from tests.movies import numbered
from videmo.draw import cut_face
from videmo.emotions import SIDE
from videmo.errors import OutputError
from videmo.exporters.dataset import Key, export, picture_name
from videmo.exporters.selection import Choice
from videmo.extract import Extracted, Wanted, extract_tables, find_tables
from videmo.faces import DetectorConfig, crop_face, detector_of
from videmo.runs import find_runs
from videmo.schema import Box
from videmo.video import open_movie, probe

BEST = Choice(best=True)


def extracted(one: Made, folder: Path, wanted: Wanted, **how: object) -> Extracted:
    (done,) = extract_tables(
        find_tables([one.scanned.table]), wanted, folder, exports=["dataset"], **how
    )  # type: ignore[arg-type]
    for error in done.errors:
        raise error
    return done


def pictures(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*.jpg"))


def labels(folder: Path) -> list[dict[str, str]]:
    with (folder / "labels.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_dataset_grows_by_movies(tmp_path: Path) -> None:
    for name in ("a.mp4", "b.mp4"):
        export(moments(numbered(tmp_path / name, 25), tmp_path, (0.4, 0.6)))
    folder = tmp_path / "out" / "dataset"
    assert len(pictures(folder)) == len(labels(folder)) == 10
    assert {line["movie"] for line in labels(folder)} == {"a.mp4", "b.mp4"}


@pytest.fixture
def sorted_out(people: Made, tmp_path: Path) -> Path:
    """A dataset of the happy and surprised faces of `people`, one for each run."""
    extracted(people, tmp_path, Wanted(("happy", "surprise")), choice=BEST)
    return tmp_path / "dataset"


def test_each_emotion_is_a_folder_of_its_faces(people: Made, tmp_path: Path) -> None:
    extracted(people, tmp_path, Wanted(("happy", "surprise")))
    runs = find_runs(people.table, ("happy", "surprise"), repeat=5)
    wanted = [
        f"{run.emotion}/movie.mp4_{frame:06}_t{run.track}.jpg"
        for run in runs
        for frame in run.frames
    ]
    assert pictures(tmp_path / "dataset") == sorted(wanted)
    assert [line["file"] for line in labels(tmp_path / "dataset")] == sorted(
        wanted, key=lambda name: name.split("/")[1]
    )


def test_a_picture_is_what_the_model_saw(people: Made, sorted_out: Path) -> None:
    """The face upright, framed as the model learnt it, and small, as training takes it."""
    line = labels(sorted_out)[0]
    box = Box(*(int(line[name]) for name in Box._fields))
    table = people.table
    (roll,) = table[(table["frame"] == int(line["frame"])) & (table["track"] == 1)]["roll"]
    with open_movie(probe(people.movie)) as reader:
        (frame,) = reader.at([float(line["time"])])
        detector = detector_of(DetectorConfig())
        cut = cut_face(frame.bgr, box, margin=detector.margin, size=96, roll=roll)
        (found,) = detector.detect(frame, ())
        seen = crop_face(frame.grey, found, SIDE)
    made = cv2.imread(str(sorted_out / line["file"]))
    assert made.shape == (96, 96, 3)
    assert np.abs(made.astype(int) - cut).mean() < 3
    small = cv2.resize(made, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    assert np.corrcoef(small.mean(axis=2).ravel(), seen.ravel())[0, 1] > 0.9


def test_size_and_margin_can_be_had(people: Made, tmp_path: Path) -> None:
    square = Choice(best=True, size=96, margin=0.5)
    done = extracted(people, tmp_path, Wanted(("happy",)), choice=square)
    assert all(cv2.imread(str(path)).shape == (96, 96, 3) for path in done.files[1:])


def test_a_dataset_grows_by_emotions(people: Made, sorted_out: Path, tmp_path: Path) -> None:
    before = pictures(sorted_out)
    extracted(people, tmp_path, Wanted(("sad",)), choice=BEST)
    after = pictures(sorted_out)
    assert set(before) < set(after) and {name.split("/")[0] for name in after} == {
        "happy",
        "sad",
        "surprise",
    }
    assert len(labels(sorted_out)) == len(after)


def test_a_picture_that_was_moved_stays_where_it_is(
    people: Made, sorted_out: Path, tmp_path: Path
) -> None:
    """Into a class of the user's own, too."""
    first, second = (line["file"] for line in labels(sorted_out)[:2])
    (sorted_out / "grin").mkdir()
    moved = {
        first: f"grin/{Path(first).name}",
        second: f"surprise/{Path(second).name}",
    }
    for old, new in moved.items():
        (sorted_out / old).rename(sorted_out / new)
    before = pictures(sorted_out)
    extracted(people, tmp_path, Wanted(("happy", "surprise")), choice=BEST)
    assert pictures(sorted_out) == before
    listed = {line["file"]: line["emotion"] for line in labels(sorted_out)}
    assert listed[moved[first]] == "happy" and sorted(listed) == before


def test_a_picture_that_was_taken_away_does_not_come_back(
    people: Made, sorted_out: Path, tmp_path: Path
) -> None:
    gone = labels(sorted_out)[0]["file"]
    (sorted_out / gone).unlink()
    for _ in range(2):
        extracted(people, tmp_path, Wanted(("happy", "surprise")), choice=BEST)
        assert gone not in pictures(sorted_out)
        assert [line["file"] for line in labels(sorted_out)].count("") == 1


def test_without_the_list_everything_is_made_again(
    people: Made, sorted_out: Path, tmp_path: Path
) -> None:
    before = pictures(sorted_out)
    shutil.rmtree(sorted_out)
    extracted(people, tmp_path, Wanted(("happy", "surprise")), choice=BEST)
    assert pictures(sorted_out) == before


def test_pictures_that_no_longer_match_are_taken_away_but_for_the_sorted_ones(
    people: Made, tmp_path: Path
) -> None:
    extracted(people, tmp_path, Wanted(("happy",)))
    folder = tmp_path / "dataset"
    mine = folder / "happy" / "mine.jpg"
    shutil.copy(folder / pictures(folder)[0], mine)
    extracted(people, tmp_path, Wanted(("happy",)), choice=BEST)
    best = pictures(folder)
    runs = find_runs(people.table, "happy", repeat=5)
    assert len(best) == len(runs) + 1 and mine.exists()
    extracted(people, tmp_path, Wanted(("happy",)))
    kept = next(name for name in pictures(folder) if name not in best)
    (folder / "sad").mkdir()
    (folder / kept).rename(folder / "sad" / Path(kept).name)
    extracted(people, tmp_path, Wanted(("happy",)), choice=BEST)
    assert pictures(folder) == sorted([*best, f"sad/{Path(kept).name}"])


def test_a_face_that_the_model_sees_in_another_way_changes_its_folder(tmp_path: Path) -> None:
    movie = numbered(tmp_path / "movie.mp4", 50)
    export(moments(movie, tmp_path, (0.4, 0.6)))
    export(moments(movie, tmp_path, (0.4, 0.6), emotions=["sad"]))
    folder = tmp_path / "out" / "dataset"
    assert {name.split("/")[0] for name in pictures(folder)} == {"sad"}
    assert {line["emotion"] for line in labels(folder)} == {"sad"}
    assert not (folder / "happy").exists()  # a class of nothing


def test_movies_in_folders_do_not_make_folders_in_classes() -> None:
    names = {picture_name(Key(movie, "7", "1")) for movie in ("s1/a.mp4", "s2/a.mp4", "a.mp4")}
    assert len(names) == 3 and not any("/" in name for name in names)
    long = picture_name(Key("ü" * 120 + ".mp4", "7", "1"))
    assert len(long.encode()) < 160 and long.endswith("_000007_t1.jpg")


@pytest.mark.parametrize("content", [b"my;own\n", b"\xff\xfe", b"file,emotion\na,b\n"])
def test_labels_that_are_not_ours_are_left_alone(tmp_path: Path, content: bytes) -> None:
    one = moments(numbered(tmp_path / "movie.mp4", 25), tmp_path, (0.4, 0.6))
    folder = tmp_path / "out" / "dataset"
    folder.mkdir(parents=True)
    (folder / "labels.csv").write_bytes(content)
    with pytest.raises(OutputError, match="move it away"):
        export(one)
    assert [path.name for path in folder.rglob("*")] == ["labels.csv"]
    assert (folder / "labels.csv").read_bytes() == content


def test_labels_from_a_stranger_cannot_reach_outside(tmp_path: Path) -> None:
    """Neither to take away what lies there, nor to write."""
    movie = numbered(tmp_path / "movie.mp4", 25)
    export(moments(movie, tmp_path, (0.4, 0.6)))
    folder = tmp_path / "out" / "dataset"
    victim = tmp_path / "out" / "movie.mp4_000099_t1.jpg"
    victim.write_bytes(b"mine")
    header = (folder / "labels.csv").read_text().splitlines()[0]
    line = f"../{victim.name},..,movie.mp4,99,3.9,1,0,0,9,9,0.9"
    evil = "../../x.jpg,happy,../../../x,../../../7,0,/../1,0,0,9,9,0.9"
    (folder / "labels.csv").write_text("\n".join([header, line, evil, ""]))
    export(moments(movie, tmp_path, (0.4, 0.6)))
    assert victim.read_bytes() == b"mine"
    assert {path.parent.name for path in tmp_path.rglob("*.jpg")} == {"happy", "out"}
