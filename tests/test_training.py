"""The model that is shipped."""

from __future__ import annotations

import hashlib
import json

import cv2
import numpy as np
import pytest

from tests.conftest import DATA, ROOT
from videmo.schema import EMOTIONS
from videmo.training.dataset.fer import SIDE, list_sheets

MODEL = ROOT / "models" / "emotion.tflite"
FLOOR = 0.82
"""Share of 400 valid faces that the shipped model must recognise; it does better."""


def run_model(faces: np.ndarray, *, batch: int) -> np.ndarray:
    interpreter = pytest.importorskip("ai_edge_litert.interpreter").Interpreter(
        str(MODEL), num_threads=1
    )
    if batch > 1:
        interpreter.resize_tensor_input(0, [batch, SIDE, SIDE, 1])
    interpreter.allocate_tensors()
    source, result = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    scores = []
    for start in range(0, len(faces), batch):
        part = faces[start : start + batch, :, :, None].astype(np.float32)
        interpreter.set_tensor(source["index"], part)
        interpreter.invoke()
        scores.append(interpreter.get_tensor(result["index"]).copy())
    return np.concatenate(scores)


def some_faces(count: int) -> np.ndarray:
    """Smooth random pictures and, among them, a black and a white one."""
    rng = np.random.default_rng(3)
    coarse = rng.integers(0, 256, (count, 6, 6), np.uint8)
    faces = np.stack([cv2.resize(c, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC) for c in coarse])
    faces[0], faces[1] = 0, 255
    return faces


def test_the_shipped_model_gives_seven_scores_that_sum_to_one():
    scores = run_model(some_faces(8), batch=1)
    assert scores.shape == (8, len(EMOTIONS)) and scores.dtype == np.float32
    assert (scores >= 0).all()
    assert scores.sum(axis=1) == pytest.approx(1, abs=1e-4)


def test_the_shipped_model_says_the_same_one_by_one_and_in_batches():
    faces = some_faces(32)
    assert run_model(faces, batch=1) == pytest.approx(run_model(faces, batch=32), abs=1e-4)


def test_the_shipped_model_does_not_mind_the_light():
    faces = some_faces(8)[2:]
    darker = (faces * 0.5 + 20).astype(np.float32)
    assert run_model(darker, batch=1) == pytest.approx(run_model(faces, batch=1), abs=0.02)


@pytest.mark.parametrize(
    ("name", "learnt"),
    [("emotion", "ferplus"), ("emotion-fer2013", "fer2013"), ("emotion-wide", "both")],
)
def test_the_description_is_of_the_shipped_model(name: str, learnt: str):
    about = json.loads(MODEL.with_name(f"{name}.json").read_text("utf-8"))
    content = MODEL.with_name(f"{name}.tflite").read_bytes()
    assert about["learnt"] == learnt
    assert about["sha256"] == hashlib.sha256(content).hexdigest()
    assert about["bytes"] == len(content) <= 2_000_000
    assert about["labels"] == list(EMOTIONS)
    licences = " ".join(source["licence"] for source in about["trained_on"])
    assert "research" in licences and "Microsoft" in licences


def test_the_model_card_states_what_the_description_states():
    about = json.loads(MODEL.with_suffix(".json").read_text("utf-8"))
    card = (MODEL.parent / "README.md").read_text("utf-8")
    measured = about["measured"]
    assert f"{100 * measured['accuracy']:.1f} %" in card
    assert f"{measured['macro_f1']:.3f}" in card
    assert f"{about['parameters']:,}" in card and f"{about['bytes']:,}" in card
    for emotion, row in zip(EMOTIONS, measured["confusion"], strict=True):
        cells = " | ".join(str(count) for count in row)
        assert f"| {emotion} | {cells} |" in card


def test_the_shipped_model_recognises_faces_it_never_saw():
    if not (DATA / "fer").is_dir():
        pytest.skip(f"no faces in {DATA / 'fer'}; set VIDEMO_DATA")
    faces = list_sheets(DATA / "fer", ("ferplus",))
    labels = faces.labels[:, 0]
    clear = np.flatnonzero((faces.split == "valid") & (labels >= 0))
    spread = clear[:: len(clear) // 384][:384]
    answers = run_model(faces.pictures[spread], batch=32).argmax(axis=1)
    assert (answers == labels[spread]).mean() >= FLOOR
