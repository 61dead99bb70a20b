"""What a training begins with that was learnt before: weights to go on from, and teachers."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import torch
from torch.nn import functional

from videmo.errors import RequestError
from videmo.files import shown
from videmo.training.dataset import rivals
from videmo.training.fit.narrowed import narrowed
from videmo.training.fit.teachers import Teacher
from videmo.training.fit.training import Training, as_input, load
from videmo.training.network import in_torch
from videmo.training.network.drawing import Network
from videmo.training.weights import Trained, one_head, read_trained

LOOKED_AT = 2048
"""Pictures from which the norms of a model that is learnt on are filled."""


def continued(
    training: Training,
    path: Path,
    images: np.ndarray,
    classes: tuple[str, ...],
    heads: tuple[str, ...],
) -> str:
    """Let `training`, which is to tell `classes` apart, begin with the weights of `path`.

    Its last layer is new, unless the same classes were learnt from labels of the same kinds.

    A network that is wider in places takes over the layers that are the same; one that is narrower
    within its blocks those channels that matter most; the weights of a weighed mean are stretched
    over another number of places.

    Returns:
        What was taken over, in words.

    Raises:
        RequestError: it is of another architecture, or cannot be read.
    """
    trained = read_trained(path)
    shapes = {name: tuple(value.shape) for name, value in training.network.state_dict().items()}
    alike = trained.classes == classes and trained.heads == heads
    picked = images[:: max(1, len(images) // LOOKED_AT)][:LOOKED_AT]
    trained = _as_narrow(trained, training.network.network, picked)
    given = _stretched(trained.arrays if alike else trained.body, training.network.network)
    same = {name: a for name, a in given.items() if shapes.get(name) == a.shape}
    taken, all_layers = _layers(same), _layers(shapes)
    # A norm alone means nothing: what it takes comes out of the convolution before it.
    taken = {name for name in taken if name.replace(".norm", ".conv") in taken}
    if 2 * len(taken) < len(all_layers):
        raise RequestError(
            f"{shown(path)}: is a network {trained.network.name} of {trained.network.side} pixels, "
            f"not {training.recipe.network} of {training.recipe.side}; use --arch and --side"
        )
    training.begin_from({name: a for name, a in same.items() if name.rpartition(".")[0] in taken})
    fill_norms(training.network, picked, training.device, taken)
    training.averaged.load_state_dict(training.network.state_dict())
    return f"{len(taken)} of {len(all_layers)} layers are those of {shown(path)}"


def _as_narrow(trained: Trained, network: Network, images: np.ndarray) -> Trained:
    """`trained` with as few channels within its blocks as `network` has."""
    side = trained.network.side
    if side != network.side:
        images = np.stack([cv2.resize(image, (side, side)) for image in images])
    arrays = narrowed(trained.network, trained.arrays, network, images)
    return replace(trained, arrays=arrays)


def _stretched(arrays: Mapping[str, np.ndarray], network: Network) -> dict[str, np.ndarray]:
    """`arrays`, with the weights of weighed means brought to as many places as `network` has."""
    fitted = dict(arrays)
    for step in network.steps:
        name = f"{step.name}.weight"
        if step.weighed_mean and name in fitted and fitted[name].shape[-1] != step.kernel:
            there = torch.from_numpy(np.array(fitted[name]))
            size = (step.kernel, step.kernel)
            now = functional.interpolate(there, size, mode="bilinear", align_corners=True)
            # All weights together are as much as before.
            fitted[name] = (now * (there.shape[-1] / step.kernel) ** 2).numpy()
    return fitted


def _layers(arrays: Mapping[str, object]) -> set[str]:
    """The layers whose weights `arrays` hold."""
    return {name.rpartition(".")[0] for name in arrays if name.endswith(".weight")}


@torch.no_grad()
def fill_norms(
    module: torch.nn.Module, images: np.ndarray, device: torch.device, names: Container[str]
) -> None:
    """Give the batch norms `names` the mean and variance of what they see; they answer as before.

    The norms of a model file lie inside its convolutions; while training, each would undo that.
    """
    norms = [
        m
        for name, m in module.named_modules()
        if isinstance(m, torch.nn.BatchNorm2d) and name in names
    ]
    sums = {norm: [torch.zeros(0), torch.zeros(0), 0] for norm in norms}

    def look(norm: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        (x,) = inputs
        total, squares, count = sums[norm]
        x = x.double()
        total = x.sum((0, 2, 3)) + (total if count else 0)
        squares = x.square().sum((0, 2, 3)) + (squares if count else 0)
        sums[norm] = [total, squares, count + x.numel() // x.shape[1]]

    hooks = [norm.register_forward_pre_hook(look) for norm in norms]
    module.eval()
    for start in range(0, len(images), 128):
        module(as_input(images[start : start + 128], device))
    for hook in hooks:
        hook.remove()
    for norm, (total, squares, count) in sums.items():
        mean = total / count
        variance = (squares / count - mean.square()).clamp_min(0)
        slope = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        norm.bias.copy_(norm.bias + slope * (mean - norm.running_mean))
        norm.weight.copy_(slope * torch.sqrt(variance + norm.eps))
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(variance)


def taught_by(path: Path, classes: tuple[str, ...], heads: tuple[str, ...]) -> Teacher:
    """The network of `path`, to learn from: those of its heads that learnt what `heads` are to.

    It teaches only what it has learnt. Where both have one head, what their labels are called does
    not matter, unless they mean different things.

    Raises:
        RequestError: it tells other classes apart, or learnt other labels.
    """
    trained = read_trained(path)
    if trained.classes != classes:
        raise RequestError(f"{shown(path)}: cannot teach: its classes are others; leave it out")
    known = tuple(number for number, labels in enumerate(heads) if labels in trained.heads)
    alone = len(trained.heads) == len(heads) == 1 and not rivals(trained.heads[0], heads[0])
    if alone:
        known = (0,)
    elif len(known) < len(trained.heads) or tuple(heads[n] for n in known) != trained.heads:
        # One head of several; who learnt nothing of what is wanted is refused here.
        labels = heads[known[0]] if known else heads[0]
        trained, known = one_head(trained, labels), known[:1]
    module = in_torch.build(trained.network)
    load(module, trained.arrays)
    return Teacher(module, trained.network.side, known)
