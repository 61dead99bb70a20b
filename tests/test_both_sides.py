"""Files that look at a picture and at its mirror image, of floats and of whole numbers."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.conftest import ROOT
from videmo.schema import EMOTIONS

pytest.importorskip("keras", reason="Keras is only there for training")

MODEL = ROOT / "models" / "emotion.tflite"


def faces(seed: int) -> np.ndarray:
    coarse = np.random.default_rng(seed).integers(0, 256, (33, 6, 6), np.uint8)
    return np.stack([cv2.resize(c, (48, 48), interpolation=cv2.INTER_CUBIC) for c in coarse])


def scores(content: bytes, images: np.ndarray) -> np.ndarray:
    from videmo.training.export.check import scores_of

    return scores_of(content, Path("made.tflite"), EMOTIONS, images)


@pytest.fixture(scope="module", params=["float32", "float16", "dynamic", "int8"])
def files(request: pytest.FixtureRequest) -> tuple[bytes, bytes, float]:
    """A file before and after it learnt of mirror images, and how near its scores must be."""
    from videmo.training.export import tflite
    from videmo.training.export.both_sides import with_mirror_image
    from videmo.training.weights import read_trained

    trained = read_trained(MODEL)
    whole = request.param == "int8"
    how = {"typical": faces(0)} if whole else {"weights": request.param}
    content = tflite.convert(trained.network, trained.arrays, **how)
    return content, with_mirror_image(content), 0.02 if whole else 1e-4


def test_a_face_and_its_mirror_image_are_answered_alike(files: tuple) -> None:
    plain, both, near = files
    turned = faces(1)[:, :, ::-1]
    assert scores(both, faces(1)) == pytest.approx(scores(both, turned), abs=near)
    assert scores(plain, faces(1)) != pytest.approx(scores(plain, turned), abs=5 * near)


def test_the_answer_is_that_of_the_mean_of_both_logits(files: tuple) -> None:
    plain, both, near = files
    product = np.sqrt(scores(plain, faces(1)) * scores(plain, faces(1)[:, :, ::-1]))
    wanted = product / product.sum(axis=1, keepdims=True)
    assert scores(both, faces(1)) == pytest.approx(wanted, abs=near)


def test_weights_are_in_it_once(files: tuple) -> None:
    plain, both, _ = files
    assert len(both) < len(plain) + 40_000


def test_old_runtimes_know_its_operators(files: tuple) -> None:
    from videmo.training.export import check, tflite

    _, both, _ = files
    check.operators_known(tflite.operators(both), tflite.KNOWN_OPERATORS, Path("made.tflite"))


def test_the_onnx_says_what_the_file_says() -> None:
    from videmo.training.export import jetson, tflite
    from videmo.training.export.both_sides import with_mirror_image
    from videmo.training.network import in_onnx
    from videmo.training.weights import read_trained

    trained = read_trained(MODEL)
    onnx = in_onnx.build(trained.network, trained.arrays, mirrored=True)
    both = with_mirror_image(tflite.convert(trained.network, trained.arrays))
    assert jetson.scores_of(onnx, faces(1)) == pytest.approx(scores(both, faces(1)), abs=1e-4)


def test_a_training_counts_mirrored_answers_as_the_file_gives_them() -> None:
    import torch

    from videmo.training.export import tflite
    from videmo.training.export.both_sides import with_mirror_image
    from videmo.training.fit.training import load, scores_of
    from videmo.training.network import in_torch
    from videmo.training.weights import read_trained

    trained = read_trained(MODEL)
    module = in_torch.build(trained.network).eval()
    load(module, trained.arrays)
    found = scores_of(module, faces(1), torch.device("cpu"), mirrored=True)
    both = with_mirror_image(tflite.convert(trained.network, trained.arrays))
    assert found == pytest.approx(scores(both, faces(1)), abs=1e-4)


def test_a_file_that_ends_in_another_way_is_refused() -> None:
    from videmo.training.export.both_sides import with_mirror_image
    from videmo.training.export.tflite_file import opened, packed

    model = opened(MODEL.read_bytes())
    model.subgraphs[0].operators = model.subgraphs[0].operators[:-1]
    with pytest.raises(ValueError, match="does not end with a mean and a softmax"):
        with_mirror_image(packed(model))


def test_what_stands_beside_a_mirrored_file_is_mirrored_with_it() -> None:
    from videmo.training.joined import read_joined

    mirrored = read_joined([MODEL.with_name("emotion-fer2013.tflite")])
    assert mirrored.recipe.mirrored and not read_joined([MODEL]).recipe.mirrored
    assert read_joined([MODEL], mirrored=True).recipe.mirrored
