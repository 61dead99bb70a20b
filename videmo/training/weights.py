"""The weights of something trained before: of a training's folder, or of a model file.

A model file of ours can be read back: its layers bear the names of the drawing, and its batch
norms lie inside its convolutions. So one can learn on from the model that videmo ships, or turn it
into other formats, without the training that made it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from videmo.emotions import interpreter_of, read_model
from videmo.errors import RequestError
from videmo.files import shown
from videmo.schema import EMOTIONS
from videmo.training import facexzoo, insightface, tensorflowjs
from videmo.training.network import HEAD, draw
from videmo.training.network.drawing import BATCH_NORM_EPSILON, Network, Step
from videmo.training.recipe import Recipe, as_values, from_values, read_values

MODEL, TENSORFLOW_JS, ONNX, PICKLE = ".tflite", ".json", ".onnx", ".pkl"

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
        return path.stem if path.suffix in (MODEL, TENSORFLOW_JS, ONNX, PICKLE) else path.name

    @property
    def body(self) -> dict[str, np.ndarray]:
        """The weights without those of the last layer."""
        return {name: a for name, a in self.arrays.items() if not name.startswith(f"{HEAD}.")}


def read_trained(path: Path) -> Trained:
    """What `path` holds: the folder of a training, a .tflite file of ours, or what others trained:
    a MobileNet (TensorFlow.js) or a MobileFaceNet (InsightFace's ONNX, FaceX-Zoo's pickle).

    Raises:
        RequestError: none of them, or not readable.
    """
    path = Path(path)
    if path.is_dir():
        return _of_run(path)
    if path.suffix == MODEL:
        return _of_model(path)
    if path.suffix == TENSORFLOW_JS:
        return _of_others(path, tensorflowjs.read_mobilenet(path), MOBILENET)
    if path.suffix == ONNX:
        return _of_others(path, insightface.read_mobilefacenet(path), MOBILEFACENET)
    if path.suffix == PICKLE:
        return _of_others(path, facexzoo.read_mobilefacenet(path), SLIM_MOBILEFACENET)
    raise RequestError(
        f"{shown(path)}: neither the folder of a training nor a {MODEL} model, nor the "
        f"model{TENSORFLOW_JS} of a MobileNet or the {ONNX} or {PICKLE} file of a MobileFaceNet"
    )


def sources_of(several: Sequence[Trained]) -> list[dict[str, str]]:
    """What `several` learnt from, with its licences, each once."""
    sources = [source for one in several for source in one.about.get("source", [])]
    return [source for i, source in enumerate(sources) if source not in sources[:i]]


def published(recipe: Recipe) -> dict[str, Any]:
    """The values of a recipe for others: of teachers, where they lay is nobody's business."""
    return as_values(recipe) | {"teachers": [Path(teacher).name for teacher in recipe.teachers]}


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


class _Others(NamedTuple):
    """A kind of network that others train."""

    name: str
    recipe: Recipe
    made_by: Callable[[Path], str]
    licence: str


MOBILENET = _Others(
    "MobileNet",
    Recipe(network="mobilenet", side=tensorflowjs.SIDE),
    tensorflowjs.made_by,
    "the file does not say; ask who made it",
)
MOBILEFACENET = _Others(
    "MobileFaceNet",
    Recipe(network="mobilefacenet", side=insightface.SIDE),
    lambda path: "InsightFace, github.com/deepinsight/insightface",
    "InsightFace gives its weights out for research that is not commercial",
)
SLIM_MOBILEFACENET = _Others(
    "MobileFaceNet",
    Recipe(network=facexzoo.NETWORK),
    lambda path: "FaceX-Zoo, github.com/JDAI-CV/FaceX-Zoo",
    "Apache License 2.0",
)


def _of_others(path: Path, found: Mapping[str, np.ndarray], kind: _Others) -> Trained:
    arrays: dict[str, np.ndarray] = {}
    for name, array in found.items():
        layer, _, part = name.rpartition(".")
        arrays |= _neutral(layer, array) if part == "bias" else {name: array}
    recipe = kind.recipe
    network = draw(recipe.network, side=recipe.side, classes=1)
    source = {
        "name": f"a {kind.name} of others ({path.name})",
        "by": kind.made_by(path),
        "what": "weights to begin from",
        "licence": kind.licence,
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
    norm_of = {s.inputs[0]: s for s in network.steps if s.kind == "norm"}
    arrays: dict[str, np.ndarray] = {}

    def only(step: Step, shape: tuple[int, ...]) -> list[np.ndarray]:
        """What belongs to `step` and is of that shape: one array, or none."""
        named = [d for d in tensors if _bears(d["name"], step.name) and tuple(d["shape"]) == shape]
        # Where weights are kept as float16, the float32 tensors are what a runtime widens them to.
        halves = [d for d in named if d["dtype"] is np.float16]
        kept = halves or [d for d in named if d["dtype"] in (np.float32, np.int8)]
        if len(kept) > 1:
            raise RequestError(f"{shown(model.path)}: {step.name} is in it more than once")
        return [_value(interpreter, d) for d in kept]

    for step in network.steps:
        if step.kind not in ("conv", "depthwise", "prelu"):
            continue
        found = only(step, _shape(step))
        if step.kind == "prelu":
            # Without slopes it is a plain rectifier: they had faded.
            slopes = found[0] if found else np.zeros(step.channels, np.float32)
            arrays[f"{step.name}.weight"] = slopes.reshape(-1)
            continue
        if not found:
            raise RequestError(
                f"{shown(model.path)}: no weights of {step.name} in it; name the "
                "float32 model, or the folder of its training"
            )
        # (out, k, k, in) or (1, k, k, channels) to PyTorch's order
        order = (3, 0, 1, 2) if step.kind == "depthwise" else (0, 3, 1, 2)
        arrays[f"{step.name}.weight"] = found[0].transpose(order)
        biases = only(step, (step.channels,))
        bias = biases[0] if biases else np.zeros(step.channels, np.float32)
        if step.bias:
            arrays[f"{step.name}.bias"] = bias
        elif step.name in norm_of:
            arrays |= _neutral(norm_of[step.name].name, bias)
    return arrays


def _bears(tensor: str, name: str) -> bool:
    """Whether a tensor's name says that it belongs to the layer `name`."""
    kinds = "depthwise|convolution|slope"
    return bool(re.search(rf"(^|[/;]){re.escape(name)}(_\d+)?/({kinds})", tensor))


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
    if step.kind == "prelu":
        return (1, 1, step.channels)
    if step.kind == "depthwise":
        return (1, step.kernel, step.kernel, step.channels)
    return (step.channels, step.kernel, step.kernel, step.taken)
