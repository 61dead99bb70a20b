"""A trained network made narrower: of its channels those go whose part the others can take over.

Optimal brain surgery (Hassibi and Stork: "Second order derivatives for network pruning: Optimal
Brain Surgeon", NIPS 1992), here for whole channels and layer by layer: the convolution that takes
the channels in is to give what it gave, in the mean of squares over typical pictures, with fewer of
them. The one whose loss costs least goes first; the others then say what it said, as far as they
can.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch.nn import functional

from videmo.training.fit.training import as_input, load
from videmo.training.network import in_torch
from videmo.training.network.drawing import BATCH_NORM_EPSILON, Network

BY_CHANNEL = ("norm", "prelu", "relu", "relu6", "elu", "dropout", "depthwise")
"""Steps in which no channel knows of another."""

WITH_WEIGHTS = ("conv", "norm", "prelu", "depthwise")

DAMPING = 1e-4
"""Added to the moments of each channel, as a share of their mean: so that they can be inverted."""

TOGETHER = 64
"""Pictures that are looked at at once."""

CPU = torch.device("cpu")


class Cut(NamedTuple):
    """Channels between two convolutions, of which some go."""

    taker: str
    """The convolution that takes them in."""
    makers: tuple[str, ...]
    """The layers that make them, from the convolution on."""
    norm: str
    """The norm after `taker`; empty: it has a bias instead."""
    count: int
    """How many stay."""


@torch.no_grad()
def narrowed(
    wide: Network, arrays: Mapping[str, np.ndarray], narrow: Network, images: np.ndarray
) -> dict[str, np.ndarray]:
    """`arrays`, the weights of `wide`, with as few channels as `narrow` has between its layers.

    What they answer about `images` (grey, ``(n, side, side)``) changes least. All other layers stay
    as they are, whatever `narrow` has there.
    """
    going = list(cuts(wide, narrow))
    if not going or not _same_but_for(wide, narrow, going):
        return dict(arrays)
    module = in_torch.build(wide).eval()
    load(module, arrays)
    state = module.state_dict()  # shares its memory: what is changed here, the module has
    made: dict[str, np.ndarray] = {}
    taken: dict[str, np.ndarray] = {}
    for cut in going:
        weights = state[f"{cut.taker}.weight"]
        scale = torch.ones(len(weights))
        if cut.norm:
            spread = torch.sqrt(state[f"{cut.norm}.running_var"] + BATCH_NORM_EPSILON)
            scale = state[f"{cut.norm}.weight"] / spread
        moments = _moments(module, cut.taker, images)
        # Later cuts see what this one left, and make up for it.
        fewer, shift, stay = without_least(
            weights.flatten(2).numpy(), moments, cut.count, scale.numpy()
        )
        weights.copy_(torch.from_numpy(fewer).reshape(weights.shape))
        constant = torch.from_numpy(shift).float()
        if cut.norm:
            state[f"{cut.norm}.running_mean"] -= constant
        else:
            state[f"{cut.taker}.bias"] += constant
        made |= dict.fromkeys(cut.makers, stay)
        taken[cut.taker] = stay
    result = {}
    for name in arrays:
        layer, _, part = name.rpartition(".")
        value = state[name].numpy()
        if layer in made:
            value = value[made[layer]]
        if layer in taken and part == "weight":
            value = value[:, taken[layer]]
        result[name] = value
    return result


def _same_but_for(wide: Network, narrow: Network, going: Sequence[Cut]) -> bool:
    """Whether most layers of `narrow` are those of `wide` once the cuts are made."""
    made = {name: cut.count for cut in going for name in cut.makers}
    taken = {cut.taker: cut.count for cut in going}
    steps = {step.name: step for step in wide.steps if step.kind in WITH_WEIGHTS}
    wanted = [step for step in narrow.steps if step.kind in WITH_WEIGHTS]
    same = [
        step
        for step in wanted
        if (there := steps.get(step.name))
        and step.kernel == there.kernel
        and step.channels == made.get(step.name, there.channels)
        and (step.kind != "conv" or step.taken == taken.get(step.name, there.taken))
    ]
    return 2 * len(same) > len(wanted)


def cuts(wide: Network, narrow: Network) -> Iterator[Cut]:
    """Where `narrow` has fewer channels between two convolutions, in the order of its layers."""
    steps = {step.name: step for step in wide.steps}
    users = Counter(name for step in wide.steps for name in step.inputs)
    norms = {step.inputs[0]: step.name for step in wide.steps if step.kind == "norm"}
    fewer = {step.name: step for step in narrow.steps}
    for step in wide.steps:
        there = fewer.get(step.name)
        if step.kind != "conv" or step.groups > 1 or there is None or there.taken >= step.taken:
            continue
        makers = []
        name = step.inputs[0]
        # What others use, too, cannot go.
        while users[name] == 1 and name in steps and steps[name].kind in BY_CHANNEL:
            makers.append(name)
            name = steps[name].inputs[0]
        maker = steps.get(name)
        if users[name] == 1 and maker and maker.kind == "conv" and maker.groups == 1:
            makers.append(name)
            yield Cut(step.name, tuple(makers), norms.get(step.name, ""), there.taken)


def without_least(
    weights: np.ndarray, moments: np.ndarray, count: int, scale: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """`weights` ``(rows, channels, places)`` with only `count` of the channels that they take in.

    The others are 0, and those that are left make up for them as well as they can. `moments`
    ``(channels * places + 1,) * 2`` are the means of the products of what is taken in, two by two;
    the last of it is always 1. `scale` says how much each row counts when one is chosen.

    Returns:
        The weights, what is to be added to each row, and the channels that stayed.
    """
    rows, channels, places = weights.shape
    size = channels * places
    w = np.concatenate([weights.reshape(rows, size), np.zeros((rows, 1))], axis=1)
    inverse = np.linalg.inv(moments + np.eye(size + 1) * DAMPING * np.trace(moments) / (size + 1))
    stay = np.ones(channels, bool)
    every = np.arange(channels)
    for _ in range(channels - count):
        own = inverse[:size, :size].reshape(channels, places, channels, places)
        inner = np.linalg.inv(own[every, :, every, :])
        parts = (w[:, :size] * scale[:, None]).reshape(rows, channels, places)
        cost = np.einsum("rcp,cpq,rcq->c", parts, inner, parts)
        least = int(np.where(stay, cost, np.inf).argmin())
        stay[least] = False
        at = slice(least * places, (least + 1) * places)
        row = inner[least] @ inverse[at]
        w -= w[:, at] @ row
        inverse -= inverse[:, at] @ row
        w[:, at] = inverse[at] = inverse[:, at] = 0
        inverse[at, at] = np.eye(places)
    left = w[:, :size].reshape(weights.shape).astype(np.float32)
    return left, w[:, size], np.flatnonzero(stay)


def _moments(module: torch.nn.Module, layer: str, images: np.ndarray) -> np.ndarray:
    """Of what `layer` takes in, at all places of `images`, and of something that is always 1."""
    conv = module.get_submodule(layer)
    size = conv.in_channels * math.prod(conv.kernel_size) + 1
    total = torch.zeros((size, size), dtype=torch.float64)

    def look(_: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        x = functional.unfold(inputs[0], conv.kernel_size, padding=conv.padding, stride=conv.stride)
        x = functional.pad(x.transpose(1, 2).flatten(0, 1), (0, 1), value=1.0)
        total.add_((x.T @ x).double(), alpha=len(inputs[0]) / len(x))

    hook = conv.register_forward_pre_hook(look)
    for start in range(0, len(images), TOGETHER):
        module(as_input(images[start : start + TOGETHER], CPU))
    hook.remove()
    return (total / len(images)).numpy()
