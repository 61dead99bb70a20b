"""Channels of a network brought to like ranges, before its values are kept in 8 bits.

All channels of a map share one scale in a file of whole numbers: where one is a hundred times as
large as another, that one is left with two or three levels. Between two layers a channel can be
made larger in the one and smaller in the other without changing what comes out, as long as what
lies between keeps proportions (a rectifier, a PReLU, a sum). That is cross-layer equalization
(Nagel, van Baalen, Blankevoort and Welling: "Data-free quantization through weight equalization and
bias correction", ICCV 2019, section 4.1), here by the maps' measured ranges beside the weights'.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from videmo.training.network.drawing import PICTURE, Network, Step

PROPORTIONATE = ("relu", "prelu", "dropout", "add", "average", "mean", "maximum")
"""Steps that give twice as much for twice as much."""

WITH_WEIGHTS = ("conv", "depthwise", "norm")

ROUNDS = 3
"""Scales hang on each other through the layers between them."""

FARTHEST = 1000.0
"""How much larger or smaller a round may make a channel."""

Arrays = Mapping[str, np.ndarray]


def equalised(
    network: Network, arrays: Arrays, highest: Callable[[Arrays], dict[str, np.ndarray]]
) -> dict[str, np.ndarray]:
    """Weights with which `network` says the same as with `arrays`.

    `highest` gives, for weights, each step's highest magnitude in each channel, on typical
    pictures. What a step of another kind (a gate, say) takes in or gives keeps its size, and all
    that is added to it, too.
    """
    result = dict(arrays)
    group_of = _groups(network)
    for _ in range(ROUNDS):
        result = _scaled(network, result, _scales(network, result, group_of, highest(result)))
    return result


def _groups(network: Network) -> dict[str, str]:
    """Which maps can only be scaled together, by the name of one of them."""
    above: dict[str, str] = {}

    def find(name: str) -> str:
        while above.setdefault(name, name) != name:
            name = above[name]
        return name

    for step in network.steps:
        find(step.name)
        if step.kind in PROPORTIONATE:
            for name in step.inputs:
                above[find(name)] = find(step.name)
    return {name: find(name) for name in list(above)}


def _scales(
    network: Network,
    arrays: Arrays,
    group_of: Mapping[str, str],
    highest: Mapping[str, np.ndarray],
) -> dict[str, np.ndarray]:
    """By what each map's channels are to be multiplied, where that can be."""
    fixed = {group_of[network.result], group_of.get(PICTURE, PICTURE)}
    for step in network.steps:
        # A convolution is scaled by its norm; the picture, and what it is enlarged to, not at all.
        if step.kind == "norm":
            fixed.add(group_of[step.inputs[0]])
        if step.kind not in (*PROPORTIONATE, *WITH_WEIGHTS):
            fixed.update(group_of.get(name, name) for name in (step.name, *step.inputs))
    scales: dict[str, np.ndarray] = {}
    for group in set(group_of.values()) - fixed:
        members = [s for s in network.steps if group_of[s.name] == group]
        users = [s for s in network.steps if group_of.get(s.inputs[0]) == group]
        values = _typical(np.max([highest[s.name] for s in members], axis=0))
        weights = [_by_input(arrays, s) for s in users if s.kind == "conv"]
        # Only an ordinary convolution has one scale for the weights of several channels: between
        # its weights and what it takes in, both are as far from even.
        scale = np.sqrt(_typical(np.max(weights, axis=0)) / values) if weights else 1 / values
        scales[group] = np.clip(scale, 1 / FARTHEST, FARTHEST).astype(np.float32)
    return {name: scales[group] for name, group in group_of.items() if group in scales}


def _typical(values: np.ndarray) -> np.ndarray:
    """`values` by their median, and none of them 0."""
    values = np.maximum(values, 1e-6)
    return np.asarray(values / np.median(values))


def _by_input(arrays: Arrays, step: Step) -> np.ndarray:
    """The largest weight of a convolution for each channel that it takes in."""
    weights = np.abs(arrays[f"{step.name}.weight"]).max(axis=(2, 3))
    # Of grouped ones each row sees its own part of the channels.
    parts = np.split(weights, step.groups)
    return np.concatenate([part.max(axis=0) for part in parts])


def _scaled(network: Network, arrays: Arrays, scales: Arrays) -> dict[str, np.ndarray]:
    """The weights with which each map is `scales` times what it was, and the result as it was."""
    result = dict(arrays)

    def multiply(name: str, by: np.ndarray) -> None:
        result[name] = result[name] * by.reshape(-1, *[1] * (result[name].ndim - 1))

    for step in network.steps:
        if step.kind not in WITH_WEIGHTS:
            continue
        before, after = scales.get(step.inputs[0]), scales.get(step.name)
        if before is not None:
            _take(result, step, before)
        if after is not None:
            multiply(f"{step.name}.weight", after)
            if f"{step.name}.bias" in result:
                multiply(f"{step.name}.bias", after)
    return result


def _take(arrays: dict[str, np.ndarray], step: Step, scale: np.ndarray) -> None:
    """Let `step` answer as before to what is `scale` times as large."""
    name = f"{step.name}.weight"
    if step.kind == "depthwise":
        arrays[name] = arrays[name] / scale[:, None, None, None]
    else:
        rows = np.repeat(scale.reshape(step.groups, -1), step.channels // step.groups, axis=0)
        arrays[name] = arrays[name] / rows[:, :, None, None]
