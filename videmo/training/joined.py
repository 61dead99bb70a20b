"""Several trainings as one network: side by side, or with the mean of their weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from videmo.errors import RequestError
from videmo.files import sha256, shown
from videmo.training.dataset import rivals
from videmo.training.network import HEAD, draw, parts_of
from videmo.training.weights import Trained, one_head, published, read_trained, sources_of

LIKE = 0.5
"""Correlation of weights from which their mean may mean something."""


def read_joined(
    paths: Sequence[Path], labels: str = "", *, average: bool = False, mirrored: bool = False
) -> Trained:
    """What stands at `paths`, each with the one head that learnt `labels`, as one network: side
    by side, or, if `average`, with the mean of their weights.

    It answers for both sides of a picture if `mirrored`, or if one of them does.

    Raises:
        RequestError: as `read_trained`, `one_head`, `joined` and `averaged`.
    """
    several = [one_head(read_trained(path), labels) for path in paths]
    one = averaged(several) if average else joined(several)
    both = mirrored or any(part.recipe.mirrored for part in several)
    return replace(one, recipe=replace(one.recipe, mirrored=both))


def averaged(several: Sequence[Trained]) -> Trained:
    """One network, whose weights are the mean of those of `several`.

    "Model soups: averaging weights of multiple fine-tuned models improves accuracy without
    increasing inference time" (Wortsman and others, ICML 2022). That holds for trainings that began
    from the same weights and did not go far; each must have one head.

    Raises:
        RequestError: they tell different classes apart, see different pictures, are not of the same
            network, or have so different weights that their mean would mean nothing.
    """
    first = several[0]
    _check_alike(several)
    if len(several) == 1:
        raise RequestError(
            f"{shown(first.path)}: one training alone has no mean; name several that began from "
            "the same weights"
        )
    for one in several[1:]:
        shapes = [{name: array.shape for name, array in t.arrays.items()} for t in (first, one)]
        if shapes[0] != shapes[1]:
            raise RequestError(
                f"{shown(one.path)}: is a network {one.network.name}, {shown(first.path)} "
                f"{first.network.name}; only weights of the same network have a mean"
            )
        likeness = _likeness(first, one)
        if likeness < LIKE:
            raise RequestError(
                f"{shown(one.path)}: its weights have a correlation of {likeness:.2f} with those "
                f"of {shown(first.path)}, so their mean would mean nothing; name trainings that "
                "began from the same weights (--init)"
            )
    arrays = {
        name: np.mean([one.arrays[name] for one in several], axis=0, dtype=np.float64).astype(
            np.float32
        )
        for name in first.arrays
    }
    return replace(first, arrays=arrays, about=_made_of(several, "averaged"))


def joined(several: Sequence[Trained]) -> Trained:
    """The networks of `several` side by side, answering with the mean of their logits.

    Each must have one head, and be a single network.

    Raises:
        RequestError: they tell different classes apart, see different pictures, or one of them
            cannot stand beside others.
    """
    first = several[0]
    _check_alike(several)
    if len(several) == 1:
        return first
    name = "+".join(one.network.name for one in several)
    arrays: dict[str, np.ndarray] = {}
    for part, one in zip(parts_of(name), several, strict=True):
        if one.network.name != part.name:
            raise RequestError(
                f"{shown(one.path)}: is several networks already; name the trainings it is made of"
            )
        arrays |= {part.prefix + key: array for key, array in one.body.items()}
    heads = [[one.arrays[f"{HEAD}.{part}"] for one in several] for part in ("weight", "bias")]
    share = np.float32(1 / len(several))
    arrays[f"{HEAD}.weight"] = np.concatenate(heads[0], axis=1) * share
    arrays[f"{HEAD}.bias"] = sum(heads[1]) * share
    network = draw(name, side=first.network.side, classes=first.network.classes)
    return replace(
        first,
        network=network,
        recipe=replace(first.recipe, network=name),
        arrays=arrays,
        about=_made_of(several, "parts"),
    )


def _check_alike(several: Sequence[Trained]) -> None:
    """RequestError unless all of `several` answer the same question, each in its own way."""
    first = several[0]
    for one in several[1:]:
        if _seen(one) != _seen(first):
            raise RequestError(
                f"{shown(one.path)}: cannot be one model with {shown(first.path)}: its classes, or "
                "what it sees of a picture, are others; export them one by one"
            )
        if rivals(one.heads[0], first.heads[0]):
            raise RequestError(
                f"{shown(one.path)}: learnt the labels {one.heads[0]}, and {shown(first.path)} "
                f"{first.heads[0]}; choose with --labels"
            )
    if len({_digest(one) for one in several}) < len(several):
        raise RequestError(f"{shown(first.path)}: the same weights are named twice; name them once")


def _likeness(one: Trained, other: Trained) -> float:
    """The mean of the correlations of their layers' weights: 1 where all are the same but for
    their size, about 0 where both learnt from different beginnings."""
    found = []
    for name in [name for name, array in one.arrays.items() if array.ndim == 4]:
        a, b = one.arrays[name].ravel(), other.arrays[name].ravel()
        length = float(np.linalg.norm(a) * np.linalg.norm(b))
        found.append(float(a @ b) / length if length else 0.0)
    return float(np.mean(found))


def _made_of(several: Sequence[Trained], how: str) -> dict[str, Any]:
    """What is known of a network made of `several`; their recipes stand under `how`."""
    made_of = [{"name": one.name, "recipe": published(one.recipe)} for one in several]
    return {**several[0].about, "source": sources_of(several), how: made_of}


def _seen(trained: Trained) -> tuple[object, ...]:
    recipe = trained.recipe
    return trained.classes, trained.network.side, recipe.crop


def _digest(trained: Trained) -> str:
    return sha256(b"".join(trained.arrays[name].tobytes() for name in sorted(trained.arrays)))
