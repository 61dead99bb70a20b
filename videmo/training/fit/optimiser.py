"""What of a network learns, how fast, and by which rule."""

from __future__ import annotations

import fnmatch
from collections.abc import Sequence

import torch

from videmo.errors import RequestError
from videmo.training.network import HEAD
from videmo.training.recipe import Recipe


def freeze(network: torch.nn.Module, patterns: Sequence[str]) -> list[torch.nn.Module]:
    """Keep the layers that `patterns` name as they are.

    Returns:
        The norms among them, which must not gather what they see while others learn.

    Raises:
        RequestError: a pattern names no layer.
    """
    layers = {name: m for name, m in network.named_modules() if list(m.parameters(recurse=False))}
    norms = []
    for pattern in patterns:
        names = fnmatch.filter(layers, pattern)
        if not names:
            raise RequestError(
                f"frozen: no layer is called {pattern}; there are {', '.join(list(layers)[:3])} ..."
            )
        for name in names:
            layers[name].requires_grad_(False)
            if isinstance(layers[name], torch.nn.BatchNorm2d):
                norms.append(layers[name])
    return norms


def optimiser_of(network: torch.nn.Module, recipe: Recipe, *, fused: bool) -> torch.optim.Optimizer:
    """What teaches `network`, as `recipe` says; each group says by how many `times` the rate.

    Raises:
        RequestError: all layers are frozen.
    """
    groups = _grouped(network, recipe)
    if not groups:
        raise RequestError("frozen: nothing is left to learn; name fewer layers")
    if recipe.optimiser == "adamw":
        # Gradients of single batches are forgotten sooner than the usual 0.999 does: trainings
        # from something known are short.
        betas = (recipe.momentum, 0.99)
        return torch.optim.AdamW(groups, lr=recipe.rate, betas=betas, fused=fused)
    return torch.optim.SGD(
        groups, lr=recipe.rate, momentum=recipe.momentum, nesterov=True, fused=fused
    )


def _grouped(network: torch.nn.Module, recipe: Recipe) -> list[dict]:
    """Only the weights of convolutions decay, not biases and norms; the last layer goes faster."""
    groups = []
    learning = {name: p for name, p in network.named_parameters() if p.requires_grad}
    apart = recipe.head_rate != 1
    for of_head in (False, True) if apart else (False,):
        params = [p for n, p in learning.items() if not apart or n.startswith(HEAD) == of_head]
        times = recipe.head_rate if of_head else 1.0
        for decay, wanted in ((recipe.decay, True), (0.0, False)):
            found = [p for p in params if (p.ndim == 4) == wanted]
            groups.append({"params": found, "weight_decay": decay, "times": times})
    return [group for group in groups if group["params"]]
