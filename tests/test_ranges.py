"""How far the maps of int8 files reach: changed without changing what is computed, and fitted."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.conftest import ROOT
from videmo.schema import EMOTIONS

pytest.importorskip("keras", reason="Keras is only there for training")


def faces(seed: int) -> np.ndarray:
    coarse = np.random.default_rng(seed).integers(0, 256, (24, 6, 6), np.uint8)
    return np.stack([cv2.resize(c, (48, 48), interpolation=cv2.INTER_CUBIC) for c in coarse])


def scores(content: bytes, images: np.ndarray) -> np.ndarray:
    from videmo.training.export.check import scores_of

    return scores_of(content, Path("made.tflite"), EMOTIONS, images)


@pytest.fixture(scope="module")
def files() -> tuple[bytes, bytes]:
    """A shipped network as float32 and as int8, which has seen pictures of nothing."""
    from videmo.training.export import tflite
    from videmo.training.weights import read_trained

    trained = read_trained(ROOT / "models" / "emotion-fer2013.tflite")
    exact = tflite.convert(trained.network, trained.arrays)
    return exact, tflite.convert(trained.network, trained.arrays, faces(0))


def test_scores_come_nearer_to_those_of_float32(files: tuple[bytes, bytes]) -> None:
    from videmo.training.export.ranges import fitted

    exact, content = files
    wanted = scores(exact, faces(0))
    better = fitted(content, wanted, lambda content: scores(content, faces(0)))
    before, after = (np.square(scores(c, faces(0)) - wanted).mean() for c in (content, better))
    assert after < 0.9 * before


def test_a_reach_that_is_changed_and_changed_back_is_as_before(files: tuple[bytes, bytes]) -> None:
    from videmo.training.export.ranges import Reaches

    _, content = files
    reaches = Reaches(content)
    for maps in reaches.groups():
        reaches.multiply(maps, 0.5)
        reaches.multiply(maps, 2)
    assert np.array_equal(scores(reaches.packed(), faces(1)), scores(content, faces(1)))


def test_a_longer_reach_answers_as_before_but_for_the_rounding(files: tuple[bytes, bytes]) -> None:
    from videmo.training.export.ranges import Reaches

    _, content = files
    before = scores(content, faces(1))
    reaches = Reaches(content)
    changed = 0.0
    for maps in reaches.groups():
        reaches.multiply(maps, 1.5)
        now = scores(reaches.packed(), faces(1))
        reaches.multiply(maps, 1 / 1.5)
        assert now == pytest.approx(before, abs=0.15)
        changed = max(changed, float(np.abs(now - before).max()))
    assert changed > 0


def test_what_reaches_from_0_to_1_stays(files: tuple[bytes, bytes]) -> None:
    from tensorflow.lite.python import schema_py_generated as schema

    from videmo.training.export.ranges import Reaches

    _, content = files
    reaches = Reaches(content)
    for maps in reaches.groups():
        reaches.multiply(maps, 0.5)

    def scales(content: bytes) -> list[float]:
        (graph,) = schema.ModelT.InitFromPackedBuf(content, 0).subgraphs
        made = [i for operator in graph.operators for i in operator.outputs]
        return [float(graph.tensors[i].quantization.scale[0]) for i in made]

    kept = [
        new
        for old, new in zip(scales(content), scales(reaches.packed()), strict=True)
        if new == old
    ]
    assert kept and set(kept) == {1 / 256}
