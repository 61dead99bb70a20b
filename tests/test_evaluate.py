"""Measuring a model file (which needs the extra `train`), and saying what it is."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result

from tests.conftest import DATA, ROOT
from tests.movies import painted, person, still
from tests.test_training_data import write_classes, write_csv, write_sheet
from videmo.cli import cli
from videmo.demo import make_movie
from videmo.emotions import Model, find_model, read_model
from videmo.errors import RequestError, SetupError, to_install
from videmo.faces import DETECTORS, DetectorConfig, StillPicture, detector_of
from videmo.scan import Settings, scan_movie
from videmo.scan.classify import sampler_of
from videmo.schema import EMOTIONS, Box, Detection, column_names
from videmo.table import face_boxes, labels_of, read_table

MODEL = ROOT / "models" / "emotion.tflite"


def videmo(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(a) for a in arguments])


def copy(folder: Path, **about: object) -> Path:
    """The shipped model, with another description."""
    path = folder / "mine.tflite"
    path.write_bytes(MODEL.read_bytes())
    described = json.loads(MODEL.with_suffix(".json").read_text())
    if "labels" in about:  # whose frequencies are not said
        described.pop("frequencies", None)
    path.with_suffix(".json").write_text(json.dumps({**described, **about}))
    return path


@pytest.fixture
def faces(tmp_path: Path) -> Path:
    """The demo's averaged faces, eight of each emotion, a little brighter each time."""
    for emotion in EMOTIONS:
        folder = tmp_path / "faces" / emotion
        folder.mkdir(parents=True)
        face = cv2.imread(str(ROOT / "videmo" / "demo" / "faces" / f"{emotion}.png"), 0)
        small = cv2.resize(face, (48, 48), interpolation=cv2.INTER_AREA).astype(int)
        for i in range(8):
            cv2.imwrite(str(folder / f"{i}.png"), np.clip(small + 3 * i, 0, 255).astype(np.uint8))
    return tmp_path / "faces"


# --- evaluate ------------------------------------------------------------------------------------


@pytest.fixture
def evaluate() -> Callable[..., Any]:
    for name in ("sklearn", "matplotlib"):
        pytest.importorskip(name, reason=f"{name} is only there for training")
    from videmo.training.evaluate import evaluate

    return evaluate


@pytest.mark.usefixtures("evaluate")
def test_a_model_is_measured_and_the_figures_are_printed_and_written(
    faces: Path, tmp_path: Path
) -> None:
    done = videmo("evaluate", MODEL, faces, "-o", tmp_path / "out", "--split", "train")
    assert done.exit_code == 0, done.output
    written = json.loads((tmp_path / "out" / "emotion.metrics.json").read_text())
    assert written["accuracy"] >= 0.8  # the averaged faces look as they should
    assert f"accuracy {written['accuracy']:.1%}" in done.output
    assert set(written["classes"]) == set(EMOTIONS)
    assert written["sha256"] == read_model().sha256
    assert (tmp_path / "out" / "emotion.confusion.png").is_file()


def test_the_part_that_nothing_was_chosen_by_is_measured_first(faces: Path, evaluate) -> None:
    assert list(evaluate(MODEL, faces, None)) == ["test, labels folder"]
    with pytest.raises(RequestError, match="no pictures of the split test"):
        evaluate(MODEL, write_only_train_and_valid(faces), None, split="test")


def write_only_train_and_valid(faces: Path) -> Path:
    folder = faces.parent / "parts"
    for split in ("train", "valid"):
        for emotion in faces.iterdir():
            shutil.copytree(emotion, folder / split / emotion.name)
    return folder


def test_the_csv_of_fer2013_will_do(tmp_path: Path, evaluate) -> None:
    found = evaluate(MODEL, write_csv(tmp_path / "fer2013.csv"), None)
    assert found["test, labels fer2013"]["pictures"] == 21


def test_both_kinds_of_labels_are_measured_at_once(tmp_path: Path, evaluate) -> None:
    found = evaluate(MODEL, write_sheet(tmp_path), None, labels="both")
    assert {head: one["pictures"] for head, one in found.items()} == {
        "valid, labels ferplus": 14,
        "valid, labels fer2013": 12,
    }


def test_other_classes_than_the_model_s_are_refused(tmp_path: Path, evaluate) -> None:
    with pytest.raises(RequestError, match=r"\(fist, palm\) are not the model's \(angry"):
        evaluate(MODEL, write_classes(tmp_path, ("fist", "palm"), 8), None)


def test_the_card_s_figures_are_what_evaluate_measures(evaluate) -> None:
    if not (DATA / "fer").is_dir():
        pytest.skip(f"no faces in {DATA / 'fer'}; set VIDEMO_DATA")
    said = read_model().about["measured"]
    found = evaluate(None, DATA / "fer", None)[said["on"].removeprefix("split ")]
    assert found["accuracy"] == said["accuracy"]
    assert found["confusion"] == said["confusion"]


# --- models of other kinds -----------------------------------------------------------------------


GESTURES = [f"gesture {i}" for i in range(7)]


def scanned(folder: Path, detector: str = "yunet", **about: object) -> pd.DataFrame:
    """The table of a movie of one happy person, by a model with another description."""
    make_movie(folder / "a.mp4", still(0.25))
    settings = Settings(DetectorConfig(detector), model=copy(folder, **about))
    return read_table(scan_movie(folder / "a.mp4", folder, settings).table)


def test_a_movie_is_scanned_with_a_model_of_other_labels(tmp_path: Path) -> None:
    table = scanned(tmp_path, labels=GESTURES)
    assert list(table.columns) == list(column_names(GESTURES))
    assert labels_of(table) == tuple(GESTURES)
    assert set(table["emotion"]) == {GESTURES[EMOTIONS.index("happy")]}


def test_a_model_of_larger_pictures_is_given_larger_pictures(tmp_path: Path) -> None:
    model = find_model(copy(tmp_path, side=64))
    picture = StillPicture(painted(person()))
    (found,) = detector_of(DetectorConfig()).detect(picture, ())
    assert sampler_of(model)(picture, found).shape == (64, 64)
    assert scanned(tmp_path, side=64)["track"].tolist() == [1] * 6


def test_a_model_of_colours_is_given_them_red_first(tmp_path: Path) -> None:
    model = find_model(copy(tmp_path, colour="rgb"))
    blue = np.full((40, 60, 3), (250, 20, 10), np.uint8)
    seen = sampler_of(model)(StillPicture(blue), Detection(Box(10, 10, 20, 20), 1.0))
    assert seen.shape == (48, 48, 3) and (seen == (10, 20, 250)).all()


@pytest.mark.parametrize(("colour", "channels"), [("grey", ()), ("rgb", (3,))])
def test_a_model_of_whole_pictures_is_given_all_of_each(
    tmp_path: Path, colour: str, channels: tuple[int, ...]
) -> None:
    model = find_model(copy(tmp_path, crop="frame", colour=colour))
    halves = np.zeros((40, 60, 3), np.uint8)
    halves[:, 30:] = 255
    seen = sampler_of(model)(StillPicture(halves), Detection(Box(40, 10, 9, 9), 1.0))
    assert seen.shape == (48, 48, *channels)
    assert (seen[:, :23] == 0).all() and (seen[:, 25:] == 255).all()


@pytest.mark.parametrize("detector", DETECTORS)
def test_with_a_model_of_whole_pictures_every_picture_is_one_observation_without_eyes(
    tmp_path: Path, detector: str
) -> None:
    """It counts all the same, and is one track, whatever detector is asked for."""
    table = scanned(tmp_path, detector, crop="frame")
    assert table["track"].tolist() == [1] * 6
    assert (
        table["eyes"].isna().all() and table["yaw"].isna().all() and table["repeat"].notna().all()
    )
    assert set(face_boxes(table)) == {Box(0, 0, 320, 240)}


@pytest.mark.parametrize("about", [{"labels": []}, {"labels": "abc"}, {"labels": [1]}, {"side": 0}])
def test_a_description_that_says_nothing_of_use_is_refused(tmp_path: Path, about: dict) -> None:
    with pytest.raises(SetupError, match=r"mine\.json"):
        read_model(copy(tmp_path, **about))


# --- model info ----------------------------------------------------------------------------------


def test_model_info_says_what_the_shipped_model_is() -> None:
    done = videmo("model", "info")
    model: Model = read_model()
    about = model.about
    assert done.exit_code == 0
    for said in (
        *(model.sha256, f"{about['bytes']:,} bytes", f"{about['parameters']:,} parameters"),
        *(", ".join(EMOTIONS), str(about["measured"]["accuracy"]), "grey 0..255"),
        *("FER-2013", "released for research", "MIT License", "network swift+small"),
    ):
        assert said in done.output


def test_model_info_refuses_a_file_that_was_changed(tmp_path: Path) -> None:
    path = copy(tmp_path)
    path.write_bytes(path.read_bytes() + b"\0")
    done = videmo("model", "info", path)
    assert isinstance(done.exception, SetupError) and "checksum" in str(done.exception)


def test_model_info_says_which_file_of_an_export_has_the_figures(tmp_path: Path) -> None:
    (tmp_path / "mine.onnx").write_bytes(b"onnx")
    (tmp_path / "mine.json").write_text("{}")
    done = videmo("model", "info", tmp_path / "mine.onnx")
    assert "scan with the .tflite that was made with it" in str(done.exception)


def test_model_info_has_all_figures(tmp_path: Path) -> None:
    one = {"accuracy": 0.75, "macro_f1": 0.5, "pictures": 9}
    both = {"measured": {**one, "on": "test"}, "also_measured": [{**one, "on": "valid"}]}
    lines = videmo("model", "info", copy(tmp_path, **both)).output.splitlines()
    assert [line.split(", on ")[1] for line in lines if line.startswith("figures:")] == [
        *("test (9)", "valid (9)"),
    ]


def test_model_info_shows_strange_names_as_one_line(tmp_path: Path) -> None:
    done = videmo("model", "info", copy(tmp_path, name="a\nb\x1b[31m", measured=None))
    assert done.exit_code == 0
    assert "a\\nb\\x1b[31m" in done.output and "figures:" in done.output


@pytest.mark.parametrize("command", ["train", "export", "evaluate"])
def test_without_the_extra_the_command_says_what_to_install(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("videmo.training.find_spec", lambda name: None)
    more = [tmp_path] if command == "evaluate" else []
    done = videmo(command, tmp_path, *more, "-o", tmp_path / "out")
    assert isinstance(done.exception, SetupError)
    assert 'in videmo\'s folder, run: pip install ".[train]"' in str(done.exception)
    assert "8 GB with what GPUs need" in str(done.exception)
    assert "--index-url https://download.pytorch.org/whl/cpu" in str(done.exception)
    assert to_install("train") in " ".join(videmo(command, "--help").output.split())
