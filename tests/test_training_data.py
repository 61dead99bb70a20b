"""What can be learnt from: FER-2013's CSV, folders of pictures, and what can be wrong with them."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.conftest import Made
from tests.movies import painted_grey
from videmo.demo import Actor, Place
from videmo.errors import RequestError
from videmo.extract import Wanted, extract_tables, find_tables
from videmo.schema import EMOTIONS
from videmo.training.dataset import Data, read
from videmo.training.dataset.folders import KEPT_BACK

SIDE = 48


def write_csv(path: Path, rows: int = 21, header: str = "emotion,pixels,Usage") -> Path:
    """A file like FER-2013's: each emotion in each part."""
    rng = np.random.default_rng(0)
    lines = [header]
    for i in range(rows):
        pixels = " ".join(map(str, rng.integers(0, 256, SIDE * SIDE)))
        for usage in ("Training", "PublicTest", "PrivateTest"):
            lines.append(f"{i % 7},{pixels},{usage}")
    path.write_text("\n".join(lines) + "\n")
    return path


def write_classes(folder: Path, classes: tuple[str, ...], count: int, side: int = SIDE) -> Path:
    """Folders of pictures: noise of another brightness for each class."""
    rng = np.random.default_rng(1)
    for i, name in enumerate(classes):
        (folder / name).mkdir(parents=True)
        for j in range(count):
            picture = rng.integers(25 * i, 25 * i + 90, (side, side)).astype(np.uint8)
            cv2.imwrite(str(folder / name / f"{j:03}.png"), picture)
    return folder


def sizes(data: Data) -> dict[str, int]:
    return {split: len(part) for split, part in data.splits.items()}


# --- FER-2013's CSV ------------------------------------------------------------------------------


def test_the_csv_of_fer2013_has_three_parts_and_our_emotions(tmp_path: Path) -> None:
    data = read(write_csv(tmp_path / "fer2013.csv"))
    assert data.classes == EMOTIONS
    assert sizes(data) == {"train": 21, "valid": 21, "test": 21}
    assert data.splits["train"].labels[:8].tolist() == [0, 1, 2, 3, 4, 5, 6, 0]
    first = np.random.default_rng(0).integers(0, 256, SIDE * SIDE).reshape(SIDE, SIDE)
    assert (data.splits["test"].images[0] == first).all()


def test_columns_of_the_csv_may_have_blanks_around_them(tmp_path: Path) -> None:
    assert read(write_csv(tmp_path / "a.csv", header="emotion, pixels, Usage")).classes == EMOTIONS


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("emotion,pixels", "emotion,pixel", "no column pixels"),
        ("\n6,", "\n7,", "line 20: emotion is not 0 to 6"),
        ("PrivateTest", "Test", "line 4: Usage is none of"),
        ("\n0,", "\n0,1 ", "line 2: 2305 pixels, not 48x48"),
        (" 1 ", " 256 ", "pixels are not numbers from 0 to 255"),
        (" 1 ", " x ", "pixels, not 48x48|not numbers"),
    ],
)
def test_what_is_wrong_with_the_csv_is_named_with_its_line(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    path = write_csv(tmp_path / "fer2013.csv")
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(RequestError, match=message) as caught:
        read(path)
    assert "fer2013.csv" in str(caught.value) and "\n" not in str(caught.value)


# --- folders -------------------------------------------------------------------------------------


def test_a_flat_folder_is_split_the_same_way_each_time(tmp_path: Path) -> None:
    write_classes(tmp_path / "a", ("fist", "palm", "none"), 40)
    data = read(tmp_path / "a")
    part = round(KEPT_BACK * 40)
    assert data.classes == ("fist", "none", "palm")
    assert sizes(data) == {"train": 3 * (40 - 2 * part), "valid": 3 * part, "test": 3 * part}
    # Other names, other order: the same split.
    for i, path in enumerate(sorted((tmp_path / "a" / "fist").iterdir(), reverse=True)):
        path.rename(path.with_name(f"x{i:03}.png"))
    again = read(tmp_path / "a")
    for split, examples in data.splits.items():
        ours = {image.tobytes() for image in examples.images}
        assert ours == {image.tobytes() for image in again.splits[split].images}


def test_faces_that_extract_collected_can_be_learnt_from(people: Made, tmp_path: Path) -> None:
    wanted = Wanted(("happy", "surprise"))
    tables = find_tables([people.scanned.table])
    list(extract_tables(tables, wanted, tmp_path, exports=["dataset"]))
    assert (tmp_path / "dataset" / "labels.csv").is_file()
    data = read(tmp_path / "dataset")
    assert data.classes == ("happy", "surprise") and not any("no face" in n for n in data.notes)


def test_a_picture_that_is_there_twice_does_not_come_into_two_splits(tmp_path: Path) -> None:
    folder = write_classes(tmp_path, ("fist", "palm"), 20)
    for path in list((folder / "fist").iterdir()):
        path.with_name(f"copy-{path.name}").write_bytes(path.read_bytes())
    parts = read(folder).splits
    seen = {split: {image.tobytes() for image in part.images} for split, part in parts.items()}
    assert not seen["train"] & (seen["valid"] | seen["test"]) and not seen["valid"] & seen["test"]


def test_folders_of_splits_are_taken_as_they_are(tmp_path: Path) -> None:
    for split, count in (("train", 6), ("val", 3), ("test", 2)):
        write_classes(tmp_path / split, ("yes", "no"), count)
    assert sizes(read(tmp_path)) == {"train": 12, "valid": 6, "test": 4}


def test_folders_that_mean_our_emotions_come_in_our_order(tmp_path: Path) -> None:
    names = ("Anger", "disgust", "FEAR", "Happiness", "sadness", "Surprised", "neutral")
    data = read(write_classes(tmp_path, names, 8))
    assert data.classes == EMOTIONS
    # Class i was painted 25 grey levels brighter than the one before it.
    train = data.splits["train"]
    means = [train.images[train.labels == i].mean() for i in range(7)]
    assert means == sorted(means)


def test_the_face_is_cut_out_of_larger_pictures_and_the_frame_is_not(tmp_path: Path) -> None:
    for i, emotion in enumerate(("happy", "sad")):
        (tmp_path / emotion).mkdir()
        for j in range(8):
            place = Place(0, 200 + 10 * j, 170, 150)
            grey = painted_grey(Actor(1 + i, (place,), ((0, emotion),)))
            cv2.imwrite(str(tmp_path / emotion / f"{j}.png"), grey)
    face = read(tmp_path, crop="face").splits["train"]
    frame = read(tmp_path, crop="frame", side=64).splits["train"]
    assert face.images.shape[1:] == (48, 48) and frame.images.shape[1:] == (64, 64)
    # Wherever the face is in the frame, cut out it is in the same place, and as large.
    happy = face.images[face.labels == 0].reshape(-1, 48 * 48)
    assert np.corrcoef(happy).min() > 0.9
    # Of the whole frame, the corners are there: no face.
    assert np.ptp(frame.images[:, :4, :4]) < 40


def test_pictures_without_a_face_are_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    write_classes(tmp_path, ("yes", "no"), 6, side=160)
    with pytest.raises(RequestError, match="--crop frame"):
        read(tmp_path)
    assert sizes(read(tmp_path, crop="frame"))["train"]


def break_one(folder: Path, content: bytes) -> None:
    (folder / "palm" / "003.png").write_bytes(content)


def small(folder: Path) -> None:
    cv2.imwrite(str(folder / "palm" / "003.png"), np.zeros((8, 40), np.uint8))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda f: break_one(f, b"no picture"), r"palm/003\.png: not a readable picture"),
        (lambda f: break_one(f, b""), r"palm/003\.png: not a readable picture"),
        (small, r"palm/003\.png: 40x8 pixels are too few"),
        (lambda f: (f / "empty").mkdir(), "empty: no pictures of this class"),
        (lambda f: [p.unlink() for p in (f / "palm").iterdir()], "palm: no pictures of this"),
        (lambda f: (f / "palm").rename(f / "..hidden"), "two classes at least"),
        (lambda f: (f / "palm").rename(f / 'a,b"'), "simpler name: letters, digits, spaces"),
        (lambda f: (f / "palm").rename(f / "(palm)"), r"\(palm\): give this class a simpler name"),
        (lambda f: (f / "palm").rename(f / "all"), "all: give this class a simpler name"),
        (lambda f: (f / "palm").rename(f / "Fist"), "fist: would be one class with Fist"),
        (lambda f: [p.unlink() for p in sorted((f / "palm").iterdir())[1:]], "too few pictures"),
    ],
)
def test_what_is_wrong_with_folders_is_said_in_one_line(tmp_path: Path, spoil, message) -> None:
    write_classes(tmp_path, ("fist", "palm"), 10)
    spoil(tmp_path)
    with pytest.raises(RequestError, match=message) as caught:
        read(tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_class_is_called_as_its_folder_wherever_that_was_made(tmp_path: Path, form: str) -> None:
    """A Mac takes letters and their accents apart."""
    name = unicodedata.normalize(form, "grüße")  # type: ignore[arg-type]
    assert read(write_classes(tmp_path, (name, "fist"), 8)).classes == ("fist", "grüße")


def test_one_name_written_in_two_ways_is_refused(tmp_path: Path) -> None:
    names = tuple(unicodedata.normalize(form, "é") for form in ("NFC", "NFD"))  # type: ignore[arg-type]
    with pytest.raises(RequestError, match="would be one class"):
        read(write_classes(tmp_path, names, 8))


def test_splits_with_other_classes_are_refused(tmp_path: Path) -> None:
    write_classes(tmp_path / "train", ("yes", "no"), 4)
    write_classes(tmp_path / "val", ("yes", "maybe"), 4)
    with pytest.raises(RequestError, match=r"other classes \(maybe, no\)"):
        read(tmp_path)


def test_labels_that_a_place_does_not_have_are_refused(tmp_path: Path) -> None:
    write_classes(tmp_path, ("yes", "no"), 4)
    with pytest.raises(RequestError, match="it has folder"):
        read(tmp_path, labels="ferplus")
    with pytest.raises(RequestError, match="no such file"):
        read(tmp_path / "nowhere")
