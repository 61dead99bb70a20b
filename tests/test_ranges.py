"""How far the maps of int8 files reach: changed without changing what is computed, and fitted."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.conftest import ROOT
from videmo.errors import SetupError
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
    """The shipped networks as float32 and as int8, which has seen pictures of nothing."""
    from videmo.training.export import tflite
    from videmo.training.weights import read_trained

    trained = read_trained(ROOT / "models" / "emotion.tflite")
    exact = tflite.convert(trained.network, trained.arrays)
    return exact, tflite.convert(trained.network, trained.arrays, faces(0))


@pytest.fixture(scope="module")
def with_slopes() -> bytes:
    """A new MobileFaceNet as int8."""
    import keras

    from videmo.training.export import tflite
    from videmo.training.network import draw, in_keras

    network = draw("mobilefacenet-slight", side=48, classes=len(EMOTIONS))
    keras.utils.set_random_seed(0)
    arrays = {}
    for layer in in_keras.build(network).layers:
        for name, value in zip(in_keras._names(layer), layer.get_weights(), strict=True):
            if value.ndim == 4:
                depthwise = isinstance(layer, keras.layers.DepthwiseConv2D)
                arrays[name] = value.transpose((2, 3, 0, 1) if depthwise else (3, 2, 0, 1))
            else:
                arrays[name] = value
    return tflite.convert(network, arrays, faces(0))


def scales(content: bytes, kinds: tuple[str, ...]) -> list[list[float]]:
    """Of each operator of these kinds, the scales of what it takes in and of what it gives."""
    from videmo.training.export.tflite_file import kind_of, opened

    model = opened(content)
    (graph,) = model.subgraphs
    found = []
    for operator in graph.operators:
        if kind_of(model, operator) in kinds:
            maps = [graph.tensors[i] for i in (*operator.inputs, *operator.outputs)]
            found.append([float(m.quantization.scale[0]) for m in maps if m.type == maps[0].type])
    return found


def test_scores_come_nearer_to_those_of_float32(files: tuple[bytes, bytes]) -> None:
    from videmo.training.export.ranges import fitted

    exact, content = files
    wanted = scores(exact, faces(0))
    better = fitted(content, wanted, lambda tried: scores(tried, faces(0)))
    before, after = (np.square(scores(c, faces(0)) - wanted).mean() for c in (content, better))
    assert after < 0.9 * before


def test_what_is_as_wanted_already_stays_as_it_is(files: tuple[bytes, bytes]) -> None:
    from videmo.training.export.ranges import fitted

    _, content = files
    wanted = scores(content, faces(1))
    asked = []

    def scores_of(tried: bytes) -> np.ndarray:
        asked.append(tried)
        return wanted

    assert np.array_equal(scores(fitted(content, wanted, scores_of), faces(1)), wanted)
    assert len(asked) < 300


def test_a_file_that_no_runtime_takes_is_refused(files: tuple[bytes, bytes]) -> None:
    from videmo.training.export.ranges import fitted

    def scores_of(tried: bytes) -> np.ndarray:
        raise SetupError("made.tflite: cannot be run")

    with pytest.raises(SetupError, match="cannot be run"):
        fitted(files[1], np.zeros((1, 7)), scores_of)


def test_reaches_that_a_runtime_refuses_are_left(files: tuple[bytes, bytes]) -> None:
    from videmo.training.export.ranges import fitted

    _, content = files
    asked = []

    def scores_of(tried: bytes) -> np.ndarray:
        asked.append(tried)
        if len(asked) > 1:
            raise SetupError("made.tflite: cannot be run")
        return scores(tried, faces(1))

    left = fitted(content, np.zeros((len(faces(1)), 7)), scores_of)
    assert np.array_equal(scores(left, faces(1)), scores(content, faces(1)))


def test_reaches_that_are_changed_and_changed_back_are_as_before(
    files: tuple[bytes, bytes],
) -> None:
    from videmo.training.export.ranges import FACTORS, Reaches

    _, content = files
    reaches = Reaches(content)
    for maps in reaches.groups():
        for factor in (*FACTORS, 1):
            reaches.set(maps, factor)
    assert np.array_equal(scores(reaches.packed(), faces(1)), scores(content, faces(1)))


def test_a_longer_reach_answers_as_before_but_for_the_rounding(files: tuple[bytes, bytes]) -> None:
    from videmo.training.export.ranges import Reaches

    _, content = files
    before = scores(content, faces(1))
    reaches = Reaches(content)
    changed = 0.0
    for maps in reaches.groups():
        reaches.set(maps, 1.5)
        now = scores(reaches.packed(), faces(1))
        reaches.set(maps, 1)
        assert now == pytest.approx(before, abs=0.15)
        changed = max(changed, float(np.abs(now - before).max()))
    assert changed > 0


def test_what_reaches_from_0_to_1_stays(files: tuple[bytes, bytes]) -> None:
    from videmo.training.export.ranges import Reaches

    _, content = files
    reaches = Reaches(content)
    for maps in reaches.groups():
        reaches.set(maps, 0.5)
    found = scales(reaches.packed(), ("LOGISTIC", "SOFTMAX"))
    assert len(found) == 11  # ten gates and the scores
    assert {after for _, after in found} == {1 / 256}
    assert found != scales(content, ("LOGISTIC", "SOFTMAX"))


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("files", {"CONCATENATION": 1, "AVERAGE_POOL_2D": 5}),
        ("with_slopes", {"RESIZE_BILINEAR": 1, "PRELU": 10}),
    ],
)
def test_what_only_passes_values_on_reaches_as_far_as_what_it_takes(
    name: str, kinds: dict[str, int], request: pytest.FixtureRequest
) -> None:
    from videmo.training.export.ranges import ALIKE, Reaches

    made = request.getfixturevalue(name)
    reaches = Reaches(made if isinstance(made, bytes) else made[1])
    before = scales(reaches.packed(), ALIKE)
    for i, maps in enumerate(reaches.groups()):
        reaches.set(maps, 0.9 + 0.001 * i)
    for kind, count in kinds.items():
        assert len(scales(reaches.packed(), (kind,))) >= count
    after = scales(reaches.packed(), ALIKE)
    assert after != before and all(len(set(maps)) == 1 for maps in after)
    assert np.isfinite(scores(reaches.packed(), faces(1))).all()
