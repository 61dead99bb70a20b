"""Trained networks as they lie on a disk: a training's folder, or weights beside a model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from videmo.errors import RequestError
from videmo.files import shown
from videmo.training.networks import Network, build
from videmo.training.recipe import Recipe, from_values

WEIGHTS = ".safetensors"
BEST = f"best{WEIGHTS}"
ABOUT = "about"
FOREIGN = (".pth", ".pt")
"""What others' weights are called."""
REMOVED = {".json": "TensorFlow.js", ".onnx": "InsightFace", ".pkl": "FaceX-Zoo"}


@dataclass(frozen=True)
class Trained:
    """A network that has learnt."""

    name: str
    recipe: Recipe
    classes: tuple[str, ...]
    heads: tuple[str, ...]
    """The kinds of labels that it learnt, by a head each."""
    temperature: float
    """By what the mean of its heads is to be divided, so that scores are true."""
    about: dict[str, Any]
    """Where its pictures lie (`data`), what it learnt from (`source`)."""
    weights: dict[str, Tensor]

    def network(self) -> Network:
        """As it was trained."""
        network = build(self.recipe, len(self.heads), len(self.classes))
        network.load_state_dict(self.weights)
        return network.eval()


def packed(weights: Mapping[str, Tensor], about: Mapping[str, Any]) -> bytes:
    """A file of weights that says what they are."""
    plain = {name: value.detach().cpu().contiguous() for name, value in weights.items()}
    return bytes(save(plain, {ABOUT: json.dumps(about)}))


def read_trained(path: Path) -> Trained:
    """The network at `path`: a training's folder, a model with its weights beside it, or weights.

    Raises:
        RequestError: there is none.
    """
    place = path / BEST if path.is_dir() else path.with_suffix(WEIGHTS)
    if path.is_dir() and not place.is_file():
        raise RequestError(
            f"{shown(path)}: no finished epoch of a training here; videmo train makes one"
        )
    if path.suffix in REMOVED:
        raise RequestError(
            f"{shown(path)}: weights of {REMOVED[path.suffix]} cannot be begun from any more; name a "
            "training, a model with its weights beside it, or torchvision's weights (.pth)"
        )
    if not path.exists() or (path.suffix not in (".tflite", WEIGHTS) and not path.is_dir()):
        raise RequestError(f"{shown(path)}: neither a training's folder nor a model (.tflite)")
    if not place.is_file():
        raise RequestError(
            f"{shown(path)}: its weights ({place.name}) are not beside it; videmo export writes "
            "them there; or name the folder of its training"
        )
    weights, about = _read(place)
    try:
        said = json.loads(about[ABOUT])
        recipe = from_values(said["recipe"], shown(place))
        classes, heads = tuple(said["classes"]), tuple(said["heads"])
        name = path.name if path.is_dir() else path.stem
        trained = Trained(name, recipe, classes, heads, said["temperature"], said, weights)
        trained.network()
    except (KeyError, ValueError, TypeError, RuntimeError) as error:
        raise RequestError(f"{shown(place)}: not weights of this videmo's; train anew") from error
    return trained


def read_foreign(path: Path, channels: int) -> dict[str, Tensor]:
    """Weights of torchvision's VGG16 or ResNet-18, for pictures of `channels`.

    Raises:
        RequestError: they cannot be read.
    """
    try:
        weights = torch.load(path, map_location="cpu", weights_only=True)
        found = {f"body.{name}": value.float() for name, value in weights.items()}
        first = next(name for name, value in found.items() if value.ndim == 4)
    except Exception as error:  # whatever PyTorch raises of a file that is not its own
        reason = str(error).partition("\n")[0]
        raise RequestError(f"{shown(path)}: no weights of PyTorch's ({reason})") from error
    if channels == 1:
        found[first] = found[first].sum(1, keepdim=True)
    return found


def _read(place: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    try:
        content = place.read_bytes()
        weights = load(content)
        size = int.from_bytes(content[:8], "little")
        about = json.loads(content[8 : 8 + size]).get("__metadata__", {})
    except (OSError, ValueError, SafetensorError) as error:
        raise RequestError(f"{shown(place)}: cannot read the weights ({error})") from error
    return weights, about
