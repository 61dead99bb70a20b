"""Channels brought to like ranges: the same answers, and maps of which 8 bits lose less."""

from __future__ import annotations

import numpy as np
import pytest

from videmo.training.network import draw
from videmo.training.network.drawing import Network

keras = pytest.importorskip("keras", reason="Keras is only there for training")

SIDE = 32


def uneven(network: Network) -> dict[str, np.ndarray]:
    """Random weights of it, with channels of very different sizes."""
    from videmo.training.network import in_keras

    keras.utils.set_random_seed(0)  # Keras draws the other weights
    rng = np.random.default_rng(0)
    arrays: dict[str, np.ndarray] = {}
    for layer in in_keras.build(network).layers:
        for name, value in zip(in_keras._names(layer), layer.get_weights(), strict=True):
            if name.endswith("slope.weight"):
                arrays[name] = rng.uniform(-0.5, 0.5, value.size)
            elif name.endswith("norm.weight"):
                arrays[name] = np.exp(rng.normal(0, 2, value.shape))
            elif value.ndim == 4:
                depthwise = isinstance(layer, keras.layers.DepthwiseConv2D)
                arrays[name] = value.transpose((2, 3, 0, 1) if depthwise else (3, 2, 0, 1))
            else:
                arrays[name] = value
    return {name: value.astype(np.float32) for name, value in arrays.items()}


@pytest.fixture(scope="module", params=["mobilefacenet-lean", "resnet18"])
def changed(request: pytest.FixtureRequest) -> tuple:
    """A network, its maps' highest values by weights, its weights before and after."""
    from videmo.training.export.equalise import equalised
    from videmo.training.export.tflite import _highest

    network = draw(request.param, side=SIDE, classes=3)
    highest = _highest(network, faces())
    before = uneven(network)
    return network, highest, before, equalised(network, before, highest)


def faces() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (6, SIDE, SIDE), np.uint8)


def said_by(network: Network, arrays: dict[str, np.ndarray]) -> np.ndarray:
    from videmo.training.network import in_keras

    model = in_keras.build(network)
    logits = keras.Model(model.input, model.get_layer("logits").output)
    in_keras.set_weights(model, arrays)
    return np.asarray(logits(faces()[..., None].astype(np.float32)))


def test_an_equalised_network_says_the_same(changed: tuple) -> None:
    network, _, before, after = changed
    said = said_by(network, before)
    differ = float(np.ptp(said, axis=0).max())
    assert differ > 0 and said_by(network, after) == pytest.approx(said, abs=1e-4 * differ)


def test_its_channels_are_of_like_sizes(changed: tuple) -> None:
    network, highest, before, after = changed
    maps = [s.name for s in network.steps if s.kind in ("prelu", "relu", "add")]

    def spread(arrays: dict[str, np.ndarray]) -> float:
        """How many times the usual channel the largest is, in the usual map."""
        tops = highest(arrays)
        return float(np.median([tops[m].max() / max(np.median(tops[m]), 1e-9) for m in maps]))

    assert spread(before) > 10
    assert spread(after) < spread(before) / 3


@pytest.fixture(scope="module")
def gated() -> tuple:
    """A network with gates, and its weights before and after."""
    from videmo.training.export.equalise import equalised
    from videmo.training.export.tflite import _highest

    network = draw("swift", side=SIDE, classes=3)
    before = uneven(network)
    return network, before, equalised(network, before, _highest(network, faces()))


def test_with_gates_it_says_the_same(gated: tuple) -> None:
    network, before, after = gated
    said = said_by(network, before)
    differ = float(np.ptp(said, axis=0).max())
    assert differ > 0 and said_by(network, after) == pytest.approx(said, abs=1e-4 * differ)


def test_where_gates_are_only_what_lies_within_blocks_is_evened_out(gated: tuple) -> None:
    _, before, after = gated
    norms = [name for name in before if name.endswith(".norm.weight")]
    changed = {name for name in norms if not np.array_equal(before[name], after[name])}
    assert changed == {name for name in norms if name.endswith(".first.norm.weight")}
