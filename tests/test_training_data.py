"""What can be learnt from: FER-2013, FER+, folders of pictures, recipes, and what can be wrong."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.conftest import ROOT, Made
from tests.movies import painted_grey
from videmo.demo import Actor, Place
from videmo.errors import RequestError
from videmo.extract import Wanted, extract_tables, find_tables
from videmo.schema import EMOTIONS
from videmo.training.dataset import UNKNOWN, Data, Look, read
from videmo.training.dataset.fer import EMOTION_COLUMNS, VOTES, majority, teachable
from videmo.training.dataset.folders import KEPT_BACK
from videmo.training.dataset.look import seen
from videmo.training.recipe import Recipe, as_json, from_values, read_values

SIDE = 48
AS_IT_IS = Look(detector="")


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


def write_sheet(folder: Path) -> Path:
    """A folder like FER+'s of 42 faces: the raters see angry to neutral, FER-2013 the next one."""
    (folder / "fer").mkdir()
    faces = np.random.default_rng(0).integers(0, 256, (42, SIDE, SIDE)).astype(np.uint8)
    cv2.imwrite(str(folder / "fer" / "sheet.png"), np.hstack(list(faces)))
    lines = [f"sheet,row,column,split,fer2013_index,fer2013_label,{','.join(VOTES)}"]
    for i in range(42):
        label = "" if i % 6 == 0 else EMOTIONS[(i + 1) % 7]
        votes = [0] * 10
        votes[EMOTION_COLUMNS[i % 7]] = 10
        split = "train" if i < 28 else "valid"
        lines.append(f"sheet.png,0,{i},{split},{i},{label},{','.join(map(str, votes))}")
    (folder / "fer" / "labels.csv").write_text("\n".join(lines) + "\n")
    return folder / "fer"


def sizes(data: Data) -> dict[str, int]:
    return {split: len(part.images) for split, part in data.splits.items()}


# --- FER-2013's CSV ------------------------------------------------------------------------------


def test_the_csv_of_fer2013_has_three_parts_and_our_emotions(tmp_path: Path) -> None:
    data = read(write_csv(tmp_path / "fer2013.csv"), AS_IT_IS)
    assert data.classes == EMOTIONS
    assert sizes(data) == {"train": 21, "valid": 21, "test": 21}
    assert data.splits["train"].labels[:8, 0].tolist() == [0, 1, 2, 3, 4, 5, 6, 0]
    first = np.random.default_rng(0).integers(0, 256, SIDE * SIDE).reshape(SIDE, SIDE)
    assert (data.splits["test"].images[0, ..., 0] == first).all()


def test_columns_of_the_csv_may_have_blanks_around_them(tmp_path: Path) -> None:
    assert (
        read(write_csv(tmp_path / "a.csv", header="emotion, pixels, Usage"), AS_IT_IS).classes
        == EMOTIONS
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("emotion,pixels", "emotion,pixel", "no column pixels"),
        ("\n6,", "\n7,", "line 20: emotion is not 0 to 6"),
        ("PrivateTest", "Test", "line 4: Usage is none of"),
        ("\n0,", "\n0,1 ", "line 2: 2305 pixels, not 48x48"),
        (" 1 ", " 256 ", "a pixel is not 0 to 255"),
        (" 1 ", " x ", "a pixel is not 0 to 255"),
    ],
)
def test_what_is_wrong_with_the_csv_is_named_with_its_line(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    path = write_csv(tmp_path / "fer2013.csv")
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(RequestError, match=message) as caught:
        read(path, AS_IT_IS)
    assert "fer2013.csv" in str(caught.value) and "\n" not in str(caught.value)


# --- folders -------------------------------------------------------------------------------------


def test_a_flat_folder_is_split_the_same_way_each_time(tmp_path: Path) -> None:
    write_classes(tmp_path / "a", ("fist", "palm", "none"), 40)
    data = read(tmp_path / "a", AS_IT_IS)
    part = round(KEPT_BACK * 40)
    assert data.classes == ("fist", "none", "palm")
    assert sizes(data) == {"train": 3 * (40 - 2 * part), "valid": 3 * part, "test": 3 * part}
    # Other names, other order: the same split.
    for i, path in enumerate(sorted((tmp_path / "a" / "fist").iterdir(), reverse=True)):
        path.rename(path.with_name(f"x{i:03}.png"))
    again = read(tmp_path / "a", AS_IT_IS)
    for split, examples in data.splits.items():
        ours = {image.tobytes() for image in examples.images}
        assert ours == {image.tobytes() for image in again.splits[split].images}


def test_faces_that_extract_collected_can_be_learnt_from(people: Made, tmp_path: Path) -> None:
    wanted = Wanted(("happy", "surprise"))
    tables = find_tables([people.scanned.table])
    list(extract_tables(tables, wanted, tmp_path, exports=["dataset"]))
    assert (tmp_path / "dataset" / "labels.csv").is_file()
    data = read(tmp_path / "dataset", Look())
    assert data.classes == ("happy", "surprise") and not any("no face" in n for n in data.notes)


def test_a_picture_that_is_there_twice_does_not_come_into_two_splits(tmp_path: Path) -> None:
    folder = write_classes(tmp_path, ("fist", "palm"), 20)
    for path in list((folder / "fist").iterdir()):
        path.with_name(f"copy-{path.name}").write_bytes(path.read_bytes())
    parts = read(folder, AS_IT_IS).splits
    seen = {split: {image.tobytes() for image in part.images} for split, part in parts.items()}
    assert not seen["train"] & (seen["valid"] | seen["test"]) and not seen["valid"] & seen["test"]


def test_folders_of_splits_are_taken_as_they_are(tmp_path: Path) -> None:
    for split, count in (("train", 6), ("val", 3), ("test", 2)):
        write_classes(tmp_path / split, ("yes", "no"), count)
    assert sizes(read(tmp_path, AS_IT_IS)) == {"train": 12, "valid": 6, "test": 4}


def test_folders_that_mean_our_emotions_come_in_our_order(tmp_path: Path) -> None:
    names = ("Anger", "disgust", "FEAR", "Happiness", "sadness", "Surprised", "neutral")
    data = read(write_classes(tmp_path, names, 8), AS_IT_IS)
    assert data.classes == EMOTIONS
    # Class i was painted 25 grey levels brighter than the one before it.
    train = data.splits["train"]
    means = [train.images[train.labels[:, 0] == i].mean() for i in range(7)]
    assert means == sorted(means)


def test_the_face_is_cut_out_of_larger_pictures_and_the_frame_is_not(tmp_path: Path) -> None:
    for i, emotion in enumerate(("happy", "sad")):
        (tmp_path / emotion).mkdir()
        for j in range(8):
            place = Place(0, 200 + 10 * j, 170, 150)
            grey = painted_grey(Actor(1 + i, (place,), ((0, emotion),)))
            cv2.imwrite(str(tmp_path / emotion / f"{j}.png"), grey)
    face = read(tmp_path, Look()).splits["train"]
    frame = read(tmp_path, Look("frame", 64)).splits["train"]
    assert face.images.shape[1:] == (48, 48, 1) and frame.images.shape[1:] == (64, 64, 1)
    # Wherever the face is in the frame, cut out it is in the same place, and as large.
    happy = face.images[face.labels[:, 0] == 0].reshape(-1, 48 * 48)
    assert np.corrcoef(happy).min() > 0.9
    # Of the whole frame, the corners are there: no face.
    assert np.ptp(frame.images[:, :4, :4]) < 40


def test_pictures_without_a_face_are_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    write_classes(tmp_path, ("yes", "no"), 6, side=160)
    with pytest.raises(RequestError, match="--crop frame"):
        read(tmp_path, AS_IT_IS)
    assert sizes(read(tmp_path, Look("frame")))["train"]


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
        (
            lambda f: (f / "palm").rename(f / "..hidden"),
            "two classes at least are to be told apart, not fist",
        ),
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
        read(tmp_path, AS_IT_IS)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_class_is_called_as_its_folder_wherever_that_was_made(tmp_path: Path, form: str) -> None:
    """A Mac takes letters and their accents apart."""
    name = unicodedata.normalize(form, "grüße")  # type: ignore[arg-type]
    assert read(write_classes(tmp_path, (name, "fist"), 8), AS_IT_IS).classes == ("fist", "grüße")


def test_one_name_written_in_two_ways_is_refused(tmp_path: Path) -> None:
    names = tuple(unicodedata.normalize(form, "é") for form in ("NFC", "NFD"))  # type: ignore[arg-type]
    with pytest.raises(RequestError, match="would be one class"):
        read(write_classes(tmp_path, names, 8), AS_IT_IS)


def test_splits_with_other_classes_are_refused(tmp_path: Path) -> None:
    write_classes(tmp_path / "train", ("yes", "no"), 4)
    write_classes(tmp_path / "val", ("yes", "maybe"), 4)
    with pytest.raises(RequestError, match=r"other classes \(maybe, no\)"):
        read(tmp_path, AS_IT_IS)


def test_labels_that_a_place_does_not_have_are_refused(tmp_path: Path) -> None:
    write_classes(tmp_path, ("yes", "no"), 4)
    with pytest.raises(RequestError, match="it has folder"):
        read(tmp_path, AS_IT_IS, labels="ferplus")
    with pytest.raises(RequestError, match="no such file"):
        read(tmp_path / "nowhere", AS_IT_IS)


# --- FER+ ----------------------------------------------------------------------------------------


def votes(**counts: int) -> np.ndarray:
    """One face's ten votes."""
    return np.array([[counts.get(name, 0) for name in VOTES]])


def change_labels(folder: Path, old: str, new: str) -> None:
    path = folder / "labels.csv"
    path.write_text(path.read_text().replace(old, new))


def test_both_kinds_of_labels_are_those_of_the_same_pictures(tmp_path: Path) -> None:
    data = read(write_sheet(tmp_path), AS_IT_IS, labels="both")
    train = data.splits["train"]
    assert data.heads == ("ferplus", "fer2013") and sizes(data) == {"train": 28, "valid": 14}
    truth = np.random.default_rng(0).integers(0, 256, (42, SIDE, SIDE))
    assert (train.images[..., 0] == truth[:28]).all()
    assert (train.targets[:, 0].argmax(axis=1) == np.arange(28) % 7).all()
    known = np.arange(28) % 6 != 0
    assert (train.targets[~known, 1] == 0).all() and (train.labels[~known, 1] == UNKNOWN).all()
    assert (train.labels[known, 1] == (np.arange(28) + 1)[known] % 7).all()


def test_a_face_of_fer_is_brought_upright(tmp_path: Path) -> None:
    """Leaning by 15 degrees it is seen as when it does not."""
    face = cv2.imread(str(ROOT / "videmo" / "demo" / "faces" / "happy.png"), 0)
    turn = cv2.getRotationMatrix2D((120, 120), 15, 1.0)
    leaning = cv2.warpAffine(face, turn, face.shape, borderMode=cv2.BORDER_REPLICATE)
    both = np.stack(
        [cv2.resize(one, (SIDE, SIDE), interpolation=cv2.INTER_AREA) for one in (face, leaning)]
    )
    aligned, as_they_are = (
        np.corrcoef(*(one.ravel() for one in seen(both, look)))[0, 1] for look in (Look(), AS_IT_IS)
    )
    assert aligned > as_they_are + 0.05


def test_one_split_alone_is_read_where_one_is_wanted(tmp_path: Path) -> None:
    data = read(write_sheet(tmp_path), AS_IT_IS, splits=("test", "valid", "train"), first=True)
    assert sizes(data) == {"valid": 14}
    with pytest.raises(RequestError, match="no pictures of the split test; has train, valid"):
        read(tmp_path / "fer", AS_IT_IS, splits=("test",))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda folder: (folder / "labels.csv").write_bytes(b""), "labels.csv: not a CSV table"),
        (lambda folder: (folder / "labels.csv").write_bytes(b"\xff,\xfe\n"), "labels.csv: not a"),
        (lambda folder: change_labels(folder, "anger", "angst"), "labels.csv: no column anger"),
        (lambda folder: change_labels(folder, "sheet.png,0,2", "sheet.png,0,x"), "column column"),
        (lambda folder: change_labels(folder, "sheet.png,0,2", "sheet.png,0,"), "column column"),
        (lambda folder: change_labels(folder, ",happy,", ",glad,"), "'glad' is no emotion"),
        (lambda folder: (folder / "sheet.png").unlink(), "sheet.png: not a picture"),
        (lambda folder: (folder / "sheet.png").write_bytes(b"no"), "sheet.png: not a picture"),
        (lambda folder: (folder / "sheet.png").write_bytes(b""), "sheet.png: not a picture"),
        (lambda folder: change_labels(folder, "sheet.png,0,2", "sheet.png,9,2"), "smaller than"),
        (lambda folder: change_labels(folder, "sheet.png,0,2,", "../a.png,0,2,"), "outside"),
        (
            lambda folder: cv2.imwrite(str(folder / "sheet.png"), np.zeros((96, 100), np.uint8)),
            "sheet.png: 100x96 pixels",
        ),
    ],
)
def test_what_is_wrong_with_ferplus_is_said_in_one_line(tmp_path: Path, spoil, message) -> None:
    folder = write_sheet(tmp_path)
    spoil(folder)
    with pytest.raises(RequestError, match=message) as caught:
        read(folder, AS_IT_IS)
    assert "\n" not in str(caught.value)


def test_each_emotion_is_found_by_its_name_in_ferplus() -> None:
    names = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")
    for emotion, name in zip(EMOTIONS, names, strict=True):
        assert majority(votes(**{name: 6}))[0] == EMOTIONS.index(emotion)
        assert teachable(votes(**{name: 6}))[0].tolist() == [float(e == emotion) for e in EMOTIONS]


@pytest.mark.parametrize(
    "undecided",
    [
        {"happiness": 5, "sadness": 5},
        {"happiness": 3, "contempt": 4, "sadness": 3},
        {"happiness": 3, "unknown": 7},
        {"happiness": 1, "sadness": 1, "fear": 1},
        {},
    ],
)
def test_without_one_clear_emotion_there_is_no_label(undecided: dict[str, int]) -> None:
    assert majority(votes(**undecided))[0] == UNKNOWN


def test_what_is_learnt_leaves_out_what_is_no_emotion() -> None:
    learnt = teachable(votes(happiness=6, sadness=2, contempt=2))
    assert learnt[0].tolist() == [0, 0, 0, 0.75, 0.25, 0, 0]
    assert teachable(votes(not_face=6, fear=4)).sum() == 0
    assert teachable(votes(anger=1, sadness=1, fear=1)).sum() == 0


# --- recipes -------------------------------------------------------------------------------------


def test_a_recipe_is_read_as_it_was_written() -> None:
    recipe = Recipe(network="small", rate=0.02, labels="both")
    assert from_values(json.loads(as_json(recipe)), "") == recipe


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"network": "large"}, "network is one of residual, wide"),
        ({"epochs": 0}, "epochs is from 1"),
        ({"epochs": 1.5}, "epochs is not a int"),
        ({"rate": True}, "rate is not a float"),
        ({"side": 16}, "side is from 32 to 256"),
        ({"views": 12}, "views: no such setting; see docs/training-history.md"),
        ({"variety": {"noisy": 0.1}}, "noisy: no such setting"),
        ({"variety": {"dark": 2}}, "dark is from 0 to 1"),
        ({"variety": 3}, "variety is no group of settings"),
    ],
)
def test_what_is_wrong_with_a_recipe_is_said_in_one_line(values: dict, message: str) -> None:
    with pytest.raises(RequestError, match=rf"a\.json: not a recipe \({message}") as caught:
        from_values(values, "a.json")
    assert "\n" not in str(caught.value)


def test_the_recipe_of_the_shipped_model_can_be_read() -> None:
    values = read_values(ROOT / "models" / "emotion.recipe.json")
    assert from_values(values, "").labels == "both"
