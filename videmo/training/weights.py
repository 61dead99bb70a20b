"""Trained networks as they lie on a disk: a training's folder, or weights beside a model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load, save
from torch import Tensor

from videmo.emotions import COLOURS
from videmo.files import shown
from videmo.training import wrong
from videmo.training.networks import Network, build
from videmo.training.recipe import Recipe, from_values

WEIGHTS, BEST = ".safetensors", "best.safetensors"
ABOUT = "about"
FOREIGN = (".pth", ".pt")  # what torchvision's weights are called
REMOVED = {".json": "TensorFlow.js", ".onnx": "InsightFace", ".pkl": "FaceX-Zoo"}


@dataclass(frozen=True)
class Trained:
    """A network that has learnt."""

    name: str
    recipe: Recipe
    classes: tuple[str, ...]
    heads: tuple[str, ...]  # the kinds of labels that it learnt, by a head each
    temperature: float  # by what the heads' mean is to be divided, so that scores are true
    about: dict[str, Any]  # where its pictures lie (data), what it learnt from (source)
    weights: dict[str, Tensor]
    run: Path | None = None  # the training's folder, which keeps its faces brought upright

    def network(self) -> Network:
        network = build(self.recipe, len(self.heads), len(self.classes))
        network.load_state_dict(self.weights)
        network.eval()
        return network


def packed(weights: Mapping[str, Tensor], about: Mapping[str, Any]) -> bytes:
    """A file of weights that says what they are."""
    plain = {name: value.detach().cpu().contiguous() for name, value in weights.items()}
    return bytes(save(plain, {ABOUT: json.dumps(about)}))


def place_of(path: Path) -> Path:
    """Where the weights lie of a training's folder, of a model, or of torchvision."""
    if path.suffix in REMOVED:
        what = f"weights of {REMOVED[path.suffix]} are not taken any more"
        raise wrong(path, f"{what}; name a training, a model, or weights of torchvision's (.pth)")
    if not path.exists() or (path.is_file() and path.suffix not in (".tflite", WEIGHTS, *FOREIGN)):
        raise wrong(path, "neither a training's folder nor a model (.tflite)")
    place = path if path.suffix in FOREIGN else path.with_suffix(WEIGHTS)
    why = f"its weights ({place.name}) are not beside it; videmo export writes them there"
    if path.is_dir():
        place, why = path / BEST, "no finished epoch of a training here"
    if not place.is_file():
        raise wrong(path, f"{why}; name the folder of a training (videmo train)")
    return place


def read_trained(path: Path) -> Trained:
    """The network at `path`."""
    place = place_of(path)
    try:
        content = place.read_bytes()
        header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
        about = json.loads(header["__metadata__"][ABOUT])
        recipe = from_values(about["recipe"], shown(place))
        known = (tuple(about["classes"]), tuple(about["heads"]), about["temperature"])
        name = path.name if path.is_dir() else path.stem
        run = path if path.is_dir() else None
        trained = Trained(name, recipe, *known, about, load(content), run)
        trained.network()
    except Exception as error:  # whatever is wrong with a file
        why = str(error).partition("\n")[0]
        raise wrong(place, f"no weights of this videmo's ({why})") from error
    return trained


def weights_to_begin_from(
    init: Path, recipe: Recipe, classes: tuple[str, ...], heads: tuple[str, ...]
) -> tuple[dict[str, Tensor], list[dict[str, str]]]:
    """Weights for the network of `recipe`, and what they learnt from."""
    if init.suffix in FOREIGN:
        weights = _of_torchvision(place_of(init), COLOURS[recipe.colour])
        source = [
            {"name": init.name, "what": "weights to begin from", "licence": "ask their maker"}
        ]
    else:
        trained = read_trained(init)
        weights, source = trained.weights, trained.about.get("source", [])
        if (trained.classes, trained.heads) != (classes, heads):
            weights = {n: v for n, v in weights.items() if not n.startswith("head.")}
    own = build(recipe, len(heads), len(classes)).state_dict()
    fits = {n: v for n, v in weights.items() if n in own and own[n].shape == v.shape}
    if not fits:
        raise wrong(init, f"nothing in it fits the network {recipe.network}")
    return fits, source


def _of_torchvision(place: Path, channels: int) -> dict[str, Tensor]:
    try:
        theirs = torch.load(place, map_location="cpu", weights_only=True)
        weights = {f"body.{name}": value.float() for name, value in theirs.items()}
        first = next(name for name, value in weights.items() if value.ndim == 4)
    except Exception as error:  # whatever is wrong with a file
        raise wrong(place, "no weights of torchvision's") from error
    if channels == 1:
        weights[first] = weights[first].sum(1, keepdim=True)
    return weights
