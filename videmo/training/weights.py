"""The weights of something trained before: of a training's folder, or of a model file.

A model file of ours can be read back: its layers bear the names of the drawing, and its batch
norms lie inside its convolutions. So one can learn on from the model that videmo ships, or turn it
into other formats, without the training that made it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from videmo.emotions import interpreter_of, read_model
from videmo.errors import RequestError
from videmo.files import sha256, shown
from videmo.schema import EMOTIONS
from videmo.training.dataset import rivals
from videmo.training.network import HEAD, draw, parts_of
from videmo.training.network.drawing import BATCH_NORM_EPSILON, Network, Step
from videmo.training.recipe import Recipe, as_values, from_values, read_values
from videmo.training.tensorflowjs import SIDE, made_by, read_mobilenet

MODEL, TENSORFLOW_JS = ".tflite", ".json"

LIKE = 0.5
"""Correlation of weights from which their mean may mean something."""

HOW_MADE = ("parts", "averaged")
"""What a description may hold of the trainings of which a model was made."""


@dataclass(frozen=True)
class Trained:
    """Something that was trained."""

    network: Network
    classes: tuple[str, ...]
    recipe: Recipe
    arrays: dict[str, np.ndarray]
    about: dict[str, Any]
    """What else is known of it: ``data``, ``source`` ..."""
    path: Path
    heads: tuple[str, ...]
    """The kinds of labels that were learnt; each has its part of the outputs, in this order."""

    @property
    def name(self) -> str:
        """What it is called: the name of its folder, or of its file without the ending."""
        path = self.path.resolve()
        return path.stem if path.suffix in (MODEL, TENSORFLOW_JS) else path.name

    @property
    def body(self) -> dict[str, np.ndarray]:
        """The weights without those of the last layer."""
        return {name: a for name, a in self.arrays.items() if not name.startswith(f"{HEAD}.")}


def read_trained(path: Path) -> Trained:
    """What `path` holds: the folder of a training, a .tflite file of ours, or a MobileNet that
    others trained (TensorFlow.js).

    Raises:
        RequestError: none of them, or not readable.
    """
    path = Path(path)
    if path.is_dir():
        return _of_run(path)
    if path.suffix == MODEL:
        return _of_model(path)
    if path.suffix == TENSORFLOW_JS:
        return _of_others(path)
    raise RequestError(
        f"{shown(path)}: neither the folder of a training nor a {MODEL} model, nor the "
        f"model{TENSORFLOW_JS} of a MobileNet"
    )


def read_joined(paths: Sequence[Path], labels: str = "", *, average: bool = False) -> Trained:
    """What stands at `paths`, each with the one head that learnt `labels`, as one network: side
    by side, or, if `average`, with the mean of their weights.

    Raises:
        RequestError: as `read_trained`, `one_head`, `joined` and `averaged`.
    """
    several = [one_head(read_trained(path), labels) for path in paths]
    return averaged(several) if average else joined(several)


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


def sources_of(several: Sequence[Trained]) -> list[dict[str, str]]:
    """What `several` learnt from, with its licences, each once."""
    sources = [source for one in several for source in one.about.get("source", [])]
    return [source for i, source in enumerate(sources) if source not in sources[:i]]


def published(recipe: Recipe) -> dict[str, Any]:
    """The values of a recipe for others: of teachers, where they lay is nobody's business."""
    return as_values(recipe) | {"teachers": [Path(teacher).name for teacher in recipe.teachers]}


def _seen(trained: Trained) -> tuple[object, ...]:
    recipe = trained.recipe
    return trained.classes, trained.network.side, recipe.crop, recipe.mirrored


def _digest(trained: Trained) -> str:
    return sha256(b"".join(trained.arrays[name].tobytes() for name in sorted(trained.arrays)))


def _of_run(run: Path) -> Trained:
    recipe_path = run / "recipe.json"
    recipe = from_values(read_values(recipe_path), recipe_path)
    try:
        about_path = run / "run.json"
        about = json.loads(about_path.read_bytes())
        classes = tuple(about["classes"])
        heads = tuple(about.get("heads", (recipe.labels,)))
        with np.load(run / "best.npz", allow_pickle=False) as arrays:
            found = {name: arrays[name] for name in arrays.files}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RequestError(
            f"{shown(run)}: no finished epoch of a training here ({error}); videmo train makes one"
        ) from error
    network = draw(recipe.network, side=recipe.side, classes=len(classes) * len(heads))
    return Trained(network, classes, recipe, found, about, run, heads)


def one_head(trained: Trained, labels: str = "") -> Trained:
    """`trained` with the head alone that learnt `labels`; the first one if nothing is named.

    Raises:
        RequestError: no head learnt them.
    """
    if not trained.heads:
        raise RequestError(
            f"{shown(trained.path)}: has no last layer of ours; begin from it with train --init"
        )
    labels = labels or trained.heads[0]
    if labels not in trained.heads:
        there = ", ".join(trained.heads)
        raise RequestError(f"{shown(trained.path)}: did not learn the labels {labels}; but {there}")
    k = len(trained.classes)
    start = k * trained.heads.index(labels)
    arrays = {
        name: array[start : start + k] if name.startswith(f"{HEAD}.") else array
        for name, array in trained.arrays.items()
    }
    network = draw(trained.recipe.network, side=trained.recipe.side, classes=k)
    return replace(trained, network=network, arrays=arrays, heads=(labels,))


def _of_model(path: Path) -> Trained:
    model = read_model(path)
    values = model.about.get("recipe")
    if not isinstance(values, dict):
        raise RequestError(f"{shown(path)}: its .json has no recipe; name a model made by videmo")
    recipe = from_values(values, path.with_suffix(".json"))
    network = draw(recipe.network, side=model.side, classes=len(model.labels))
    arrays = _unfolded(model, network)
    about = {"source": model.about.get("trained_on", []), "classes": list(model.labels)}
    about |= {how: model.about[how] for how in HOW_MADE if how in model.about}
    classes = model.labels or EMOTIONS
    learnt = model.about.get("learnt", recipe.labels or "ferplus")
    return Trained(network, classes, recipe, arrays, about, path, (learnt,))


def _of_others(path: Path) -> Trained:
    arrays = {}
    for name, array in read_mobilenet(path).items():
        layer, _, part = name.rpartition(".")
        arrays |= _neutral(layer, array) if part == "bias" else {name: array}
    recipe = Recipe(network="mobilenet", side=SIDE)
    network = draw(recipe.network, side=recipe.side, classes=1)
    source = {
        "name": f"a MobileNet of others ({path.name})",
        "by": made_by(path),
        "what": "weights to begin from",
        "licence": "the file does not say; ask who made it",
    }
    return Trained(network, (), recipe, arrays, {"source": [source]}, path, ())


def _unfolded(model: Any, network: Network) -> dict[str, np.ndarray]:
    """The weights of the file's convolutions, with norms that leave them as they are."""
    interpreter = interpreter_of(model)
    if interpreter.get_input_details()[0]["dtype"] is not np.float32:
        raise RequestError(
            f"{shown(model.path)}: all in whole numbers, which cannot be read back; name the "
            "float32 model, or the folder of its training"
        )
    tensors = interpreter.get_tensor_details()
    # Where weights are kept as float16, the float32 tensors are what a runtime widens them to.
    halves = [d for d in tensors if d["dtype"] is np.float16]
    constants = halves or [d for d in tensors if d["dtype"] in (np.float32, np.int8)]
    norm_of = {s.inputs[0]: s for s in network.steps if s.kind == "norm"}
    arrays: dict[str, np.ndarray] = {}
    for step in network.steps:
        if step.kind in ("conv", "depthwise"):
            shape = _shape(step)
            named = [d for d in constants if _bears(d["name"], step.name)]
            weights = [d for d in named if tuple(d["shape"]) == shape]
            biases = [d for d in named if tuple(d["shape"]) == (step.channels,)]
            if len(weights) != 1 or len(biases) > 1:
                raise RequestError(
                    f"{shown(model.path)}: no weights of {step.name} in it; name the "
                    "float32 model, or the folder of its training"
                )
            # (out, k, k, in) or (1, k, k, channels) to PyTorch's order
            order = (3, 0, 1, 2) if step.kind == "depthwise" else (0, 3, 1, 2)
            arrays[f"{step.name}.weight"] = _value(interpreter, weights[0]).transpose(order)
            bias = np.zeros(step.channels, np.float32)
            if biases:
                bias = _value(interpreter, biases[0])
            if step.bias:
                arrays[f"{step.name}.bias"] = bias
            elif step.name in norm_of:
                arrays |= _neutral(norm_of[step.name].name, bias)
    return arrays


def _bears(tensor: str, name: str) -> bool:
    """Whether a tensor's name says that it belongs to the layer `name`."""
    return bool(re.search(rf"(^|[/;]){re.escape(name)}(_\d+)?/(depthwise|convolution)", tensor))


def _value(interpreter: Any, detail: dict) -> np.ndarray:
    value = interpreter.get_tensor(detail["index"]).astype(np.float32)
    if detail["dtype"] is np.int8:
        about = detail["quantization_parameters"]
        shape = [1] * value.ndim
        shape[about["quantized_dimension"] if len(about["scales"]) > 1 else 0] = -1
        value *= about["scales"].reshape(shape)
    return value


def _neutral(name: str, bias: np.ndarray) -> dict[str, np.ndarray]:
    """A norm that only adds `bias`."""
    one = np.ones_like(bias)
    return {
        f"{name}.weight": one,
        f"{name}.bias": bias,
        f"{name}.running_mean": np.zeros_like(bias),
        f"{name}.running_var": one - np.float32(BATCH_NORM_EPSILON),
    }


def _shape(step: Step) -> tuple[int, ...]:
    if step.kind == "depthwise":
        return (1, step.kernel, step.kernel, step.channels)
    return (step.channels, step.kernel, step.kernel, step.taken)
