"""Networks made narrower: what the others can take over goes without a trace."""

from __future__ import annotations

import numpy as np
import pytest

from videmo.training.network import draw
from videmo.training.network.drawing import Network

torch = pytest.importorskip("torch", reason="PyTorch is only there for training")

SIDE = 48


def random_arrays(network: Network) -> dict[str, np.ndarray]:
    from videmo.training.network import in_torch

    torch.manual_seed(0)
    state = in_torch.build(network).state_dict()
    rng = np.random.default_rng(0)
    arrays = {}
    for name, value in state.items():
        if name.endswith(("norm.weight", "running_var")):
            arrays[name] = rng.uniform(0.5, 1.5, value.shape).astype(np.float32)
        elif name.endswith(("norm.bias", "running_mean")):
            arrays[name] = rng.normal(0, 0.3, value.shape).astype(np.float32)
        elif not name.endswith("num_batches_tracked"):
            arrays[name] = value.numpy()
    return arrays


def answers(network: Network, arrays: dict[str, np.ndarray], images: np.ndarray) -> np.ndarray:
    from videmo.training.fit.training import as_input, load
    from videmo.training.network import in_torch

    module = in_torch.build(network).eval()
    load(module, arrays)
    with torch.no_grad():
        return module(as_input(images, torch.device("cpu"))).numpy()


def faces() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (24, SIDE, SIDE), np.uint8)


@pytest.mark.parametrize(
    ("wide", "narrow"), [("swift", "lithe"), ("mobilefacenet-lean", "mobilefacenet-slight")]
)
def test_channels_that_are_there_twice_go_without_a_trace(wide: str, narrow: str) -> None:
    from videmo.training.fit.narrowed import cuts, narrowed

    ours, fewer = (draw(name, side=SIDE, classes=7) for name in (wide, narrow))
    arrays = random_arrays(ours)
    for cut in cuts(ours, fewer):
        for name in arrays:
            layer = name.rpartition(".")[0]
            if layer in cut.makers:
                # From the first one that is too many on, each is the copy of one before it.
                arrays[name][cut.count :] = arrays[name][: len(arrays[name]) - cut.count]
    left = narrowed(ours, arrays, fewer, faces())
    shapes = {name: array.shape for name, array in left.items()}
    assert shapes == {name: array.shape for name, array in random_arrays(fewer).items()}
    before = answers(ours, arrays, faces())
    assert answers(fewer, left, faces()) == pytest.approx(before, abs=0.02 * float(np.ptp(before)))


def test_what_stays_says_what_went_as_well_as_it_can() -> None:
    """The weights that are left are those of the least squares over what is taken in."""
    from videmo.training.fit import narrowed

    rng = np.random.default_rng(2)
    mixed = rng.normal(size=(6, 6)) + np.eye(6)
    taken_in = np.hstack([rng.normal(size=(500, 6)) @ mixed + 1, np.ones((500, 1))])
    weights = rng.normal(size=(3, 3, 2))  # rows, channels, places
    wanted = taken_in[:, :6] @ weights.reshape(3, 6).T
    moments = taken_in.T @ taken_in / 500
    left, shift, stay = narrowed.without_least(weights, moments, 2, np.ones(3))
    assert len(stay) == 2
    columns = np.concatenate([2 * stay[:, None] + np.arange(2)]).ravel()
    known = taken_in[:, [*columns, 6]]
    best = np.linalg.lstsq(known, wanted, rcond=None)[0]
    assert np.hstack([left.reshape(3, 6)[:, columns], shift[:, None]]) == pytest.approx(
        best.T, abs=0.01
    )


def test_the_channel_that_costs_least_goes_first() -> None:
    from videmo.training.fit import narrowed

    rng = np.random.default_rng(3)
    taken_in = np.hstack([rng.normal(size=(500, 4)), np.ones((500, 1))])
    weights = rng.normal(size=(3, 4, 1))
    moments = taken_in.T @ taken_in / 500
    *_, stay = narrowed.without_least(weights, moments, 3, np.ones(3))

    def lost(channel: int) -> float:
        known = np.delete(taken_in, channel, axis=1)
        wanted = taken_in[:, :4] @ weights[:, :, 0].T
        return float(np.linalg.lstsq(known, wanted, rcond=None)[1].sum())

    assert set(range(4)) - set(stay) == {min(range(4), key=lost)}


def test_only_what_is_wider_is_cut() -> None:
    from videmo.training.fit.narrowed import cuts, narrowed

    small, broad = (draw(name, side=SIDE, classes=7) for name in ("small", "broad"))
    arrays = random_arrays(small)
    assert not list(cuts(small, broad))
    left = narrowed(small, arrays, broad, faces())
    assert all(left[name] is arrays[name] for name in arrays)


def test_another_architecture_is_left_alone_before_anything_is_computed() -> None:
    from videmo.training.fit.narrowed import cuts, narrowed

    vgg16, small = (draw(name, side=SIDE, classes=7) for name in ("vgg16", "small"))
    assert list(cuts(vgg16, small))
    assert narrowed(vgg16, {}, small, faces()) == {}


def test_a_row_that_counts_for_nothing_keeps_finite_weights() -> None:
    from videmo.training.fit import narrowed

    rng = np.random.default_rng(4)
    taken_in = np.hstack([rng.normal(size=(500, 4)), np.ones((500, 1))])
    moments = taken_in.T @ taken_in / 500
    weights = rng.normal(size=(3, 4, 1))
    left, shift, _ = narrowed.without_least(weights, moments, 2, np.array([1.0, 0.0, 2.0]))
    assert np.isfinite(left).all() and np.isfinite(shift).all()
