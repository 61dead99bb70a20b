"""Run an emotion model: pixels in, a score for each of its labels out.

Everything that the pixels need before the network lies inside the model's own graph: a caller cuts
the face out, and that is all.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from videmo.errors import RequestError, SetupError
from videmo.files import sha256, shown
from videmo.schema import CROPS, EMOTIONS, FACE, is_label

COLOURS = {"grey": 1, "rgb": 3}
"""Channels of the pictures that models look at."""
SIDE = 48
"""Width and height, in pixels, of a picture as a model sees it that does not say so."""
LARGEST_SIDE = 1024
EQUAL, TRAINING = "equal", "training"
MOST_TEMPERATURE = 20.0
SUMS_NEAR = 0.01
"""By how much the sum of a face's scores may miss 1: 16 bits are enough for that."""
LEAST_SCORE = 1e-7
"""What is less is taken for so much: it has no logarithm, or none that means anything."""
BATCH = 32
DEFAULT_MODEL = "emotion.tflite"

Classify = Callable[[Sequence[np.ndarray]], np.ndarray]


@dataclass(frozen=True)
class Model:
    """A model file whose bytes are known to be the right ones."""

    path: Path
    name: str
    sha256: str
    content: bytes
    labels: tuple[str, ...] = EMOTIONS
    """What its scores are of, in order."""
    side: int = SIDE
    """Width and height, in pixels, of a picture as it sees it."""
    crop: str = FACE
    """What of a picture it looks at: one of `CROPS`."""
    colour: str = "grey"
    """A key of `COLOURS`."""
    frequencies: tuple[float, ...] = ()
    """How frequent each label was among what it learnt from, if its file answers accordingly; its
    scores are divided by them. Empty: they are taken as they are."""
    temperature: float = 1.0
    """What the logarithms of its scores are divided by, so that they are as sure as they are often
    right (C. Guo et al., On Calibration of Modern Neural Networks, ICML 2017)."""
    about: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)
    """All that the .json beside it says."""

    @property
    def prior(self) -> str:
        """How frequent the labels are in the world of its scores: `EQUAL`, or as they were in its
        `TRAINING`, where it does not say."""
        return EQUAL if self.frequencies or self.about.get("prior") == EQUAL else TRAINING


def model_folder() -> Path:
    """Where the models lie that come with videmo: in the package, or beside it in a checkout."""
    package = Path(__file__).resolve().parent
    installed = package / "models"
    return installed if installed.is_dir() else package.parent / "models"


def find_model(path: Path | None = None) -> Model:
    """The model at `path`, or the one that comes with videmo: one that a movie can be scanned with.

    Raises:
        RequestError: there is no file at `path`.
        SetupError: as `read_model`; or its labels cannot be columns of a table.
    """
    model = read_model(path)
    wrong = [label for label in model.labels if not is_label(label)]
    if wrong:
        raise SetupError(
            f"{shown(model.path)}: cannot scan with it: its label {shown(repr(wrong[0]))} cannot "
            "name a column; train it with letters, digits, spaces and _.+- in the labels, and not "
            "with names of the table's own columns"
        )
    if len({label.casefold() for label in model.labels}) < len(model.labels):
        raise SetupError(
            f"{shown(model.path)}: cannot scan with it: it has one label twice; train it again"
        )
    return model


def read_model(path: Path | None = None) -> Model:
    """The model at `path`, or the one that comes with videmo, checked against its description.

    Raises:
        RequestError: there is no file at `path`.
        SetupError: the file or the .json beside it is missing, or says nothing of use, or names
            another checksum.
    """
    if path is not None and not path.is_file():
        raise RequestError(f"{shown(path)}: there is no model of this name")
    advice = "put the model and the .json that was made with it side by side, or export it again"
    if path is None:
        path, advice = model_folder() / DEFAULT_MODEL, "install videmo again"
    about = path.with_suffix(".json")
    try:
        content = path.read_bytes()
        description = json.loads(about.read_text("utf-8"))
    except OSError as error:
        raise SetupError(
            f"{shown(error.filename or path)}: the model cannot be read; {advice}"
        ) from error
    except (ValueError, RecursionError) as error:
        raise SetupError(f"{shown(about)}: is not JSON; {advice}") from error
    labels = description.get("labels") if isinstance(description, dict) else None
    if not isinstance(labels, list) or not labels or not all(isinstance(x, str) for x in labels):
        raise SetupError(f"{shown(about)}: it does not say what the model's labels are")
    side = description.get("side", SIDE)
    if type(side) is not int or not 0 < side <= LARGEST_SIDE:
        raise SetupError(f"{shown(about)}: {shown(str(side))} is no size of pictures")
    crop, colour = description.get("crop", FACE), description.get("colour", "grey")
    if crop not in CROPS or colour not in tuple(COLOURS):
        raise SetupError(
            f"{shown(about)}: crop {shown(str(crop))}, colour {shown(str(colour))}: this videmo "
            f"gives {' or '.join(CROPS)}, and {' or '.join(COLOURS)}; use a newer one"
        )
    digest = sha256(content)
    if description.get("sha256") != digest:
        raise SetupError(
            f"{shown(path)}: is not the model that {about.name} describes (wrong checksum); "
            f"{advice}"
        )
    name = str(description.get("name", path.stem))
    frequencies, temperature = _correction(about, description)
    return Model(
        *(path, name, digest, content, tuple(labels), side, crop, colour),
        *(frequencies, temperature, description),
    )


def _correction(about: Path, description: dict[str, Any]) -> tuple[tuple[float, ...], float]:
    """The frequencies and the temperature in a description; see `Model`."""
    labels = description["labels"]
    said, temperature = description.get("frequencies", {}), description.get("temperature", 1.0)
    known = isinstance(said, dict) and (not said or set(said) == set(labels))
    frequencies = tuple(said[label] for label in labels) if known and said else ()
    sound = all(type(one) in (int, float) and 0 < one <= 1 for one in frequencies)
    if not known or not sound:
        raise SetupError(
            f"{shown(about)}: its frequencies are not a number above 0, up to 1, for each label; "
            "export it again"
        )
    if type(temperature) not in (int, float) or not 0 < temperature <= MOST_TEMPERATURE:
        raise SetupError(
            f"{shown(about)}: {shown(str(temperature))} is no temperature; export it again"
        )
    return frequencies, float(temperature)


def lines_about(model: Model) -> Iterator[tuple[str, str]]:
    """What a model's description says, for people: names and values, one line each."""
    about = model.about
    yield "model", f"{model.name} ({model.path})"
    parameters = about.get("parameters")
    many = f", {parameters:,} parameters" if isinstance(parameters, int) else ""
    yield "size", f"{len(model.content):,} bytes{many}"
    yield "labels", ", ".join(model.labels)
    equal = "as if all labels were equally frequent"
    yield "scores", equal if model.prior == EQUAL else "for labels as frequent as in its training"
    for name in ("input", "output"):
        yield name, str(about.get(name, "not said"))
    yield from _lines_about_figures(about.get("measured"))
    for source in about.get("trained_on") or ():
        if isinstance(source, dict):
            made = f" by {source['by']}" if "by" in source else ""
            yield "learnt from", f"{source.get('name')}{made}; licence: {source.get('licence')}"
    recipe = about.get("recipe")
    if isinstance(recipe, dict):
        said = (
            f"{k} {v}" for k, v in recipe.items() if not isinstance(v, (dict, list)) and v != ""
        )
        yield "recipe", ", ".join(said)
    yield "sha256", f"{model.sha256} (as recorded)"


def _lines_about_figures(measured: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(measured, dict):
        yield "figures", "not said"
        return
    accuracy, macro_f1 = measured.get("accuracy"), measured.get("macro_f1")
    on = f"{measured.get('on')} ({measured.get('faces', measured.get('pictures'))})"
    yield "figures", f"accuracy {accuracy}, macro-F1 {macro_f1}, on {on}"
    classes = measured.get("classes")
    recalls = measured.get("recall")
    if isinstance(classes, dict):
        recalls = {name: one.get("recall") for name, one in classes.items()}
    if isinstance(recalls, dict):
        yield "recalls", ", ".join(f"{name} {value}" for name, value in recalls.items())


def tflite(model: Model) -> Classify:
    """A classifier that runs a TFLite model on one core."""
    interpreter = interpreter_of(model)
    side, count = model.side, len(model.labels)
    shape = (BATCH, side, side, COLOURS[model.colour])
    # One size of batch for all calls: the kernels chosen, and so the last digits, depend on it.
    source = interpreter.get_input_details()[0]["index"]
    try:
        with unheard():
            interpreter.resize_tensor_input(source, list(shape))
            interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        raise SetupError(
            f"{shown(model.path)}: this model does not take {side}x{side} {model.colour} pictures, "
            "as its .json says; export it again"
        ) from error
    output = interpreter.get_output_details()[0]
    if tuple(output["shape"]) != (BATCH, count):
        raise SetupError(f"{shown(model.path)}: this model does not give {count} scores")
    details = interpreter.get_input_details()[0], output
    if any(d["dtype"] is not np.float32 and not d["quantization"][0] for d in details):
        raise SetupError(f"{shown(model.path)}: its whole numbers have no step; export it again")
    put, taken = _quantised(details[0]), _dequantised(output)

    def classify(faces: Sequence[np.ndarray]) -> np.ndarray:
        """Raises SetupError if what the model gives are no scores."""
        scores = np.empty((len(faces), count), np.float32)
        batch = np.zeros(shape, np.float32)
        for start in range(0, len(faces), BATCH):
            part = faces[start : start + BATCH]
            batch[: len(part)] = np.reshape(part, (len(part), *shape[1:]))
            interpreter.set_tensor(source, put(batch))
            interpreter.invoke()
            found = taken(interpreter.get_tensor(output["index"]))
            scores[start : start + len(part)] = found[: len(part)]
        if not _are_scores(scores):
            raise SetupError(
                f"{shown(model.path)}: this model does not give scores from 0 to 1 that sum to 1; "
                "export it with a softmax"
            )
        return scores

    return classify


def _are_scores(scores: np.ndarray) -> bool:
    """Whether all are from 0 to 1 and those of each face, (labels,), sum to 1; none of none is."""
    near = np.abs(scores.sum(axis=1) - 1) <= SUMS_NEAR
    return bool(np.isfinite(scores).all() and (scores >= 0).all() and near.all())


def _quantised(detail: dict[str, Any]) -> Callable[[np.ndarray], np.ndarray]:
    """From pixels to what the model's input holds: floats, or whole numbers of some step."""
    kind = detail["dtype"]
    if kind is np.float32:
        return lambda batch: np.ascontiguousarray(batch)
    scale, zero = detail["quantization"]
    limits = np.iinfo(kind)
    return lambda batch: np.clip(np.rint(batch / scale) + zero, limits.min, limits.max).astype(kind)


def _dequantised(detail: dict[str, Any]) -> Callable[[np.ndarray], np.ndarray]:
    """From what the model's output holds to scores; whole numbers are made to sum to 1."""
    if detail["dtype"] is np.float32:
        return lambda scores: scores
    scale, zero = detail["quantization"]

    def scores_of(whole: np.ndarray) -> np.ndarray:
        scores = (whole.astype(np.float32) - zero) * np.float32(scale)
        total = np.maximum(scores.sum(axis=1, keepdims=True), np.float32(scale))
        return np.asarray(scores / total)

    return scores_of


CLASSIFIERS: dict[str, Callable[[Model], Classify]] = {".tflite": tflite}


def classifier(model: Model) -> Classify:
    """The function that classifies with `model`: uint8 pictures to (n, labels) float32 scores.

    Pictures are (side, side), or (side, side, 3), red first, if the model wants colour.

    Raises:
        SetupError: no runtime for this kind of model, or the runtime refuses the file.
    """
    make = CLASSIFIERS.get(model.path.suffix)
    if make is None:
        kinds = ", ".join(CLASSIFIERS)
        raise SetupError(f"{shown(model.path)}: models of this kind cannot be run; use {kinds}")
    classify = make(model)
    if not model.frequencies and model.temperature == 1:
        return classify
    return lambda faces: corrected(classify(faces), model.frequencies, model.temperature)


def corrected(scores: np.ndarray, frequencies: Sequence[float], temperature: float) -> np.ndarray:
    """Scores, (n, labels), in a world in which all labels are equally frequent, by Bayes' rule.

    M. Saerens, P. Latinne, C. Decaestecker, Adjusting the Outputs of a Classifier to New a Priori
    Probabilities, Neural Computation 14, 2002.
    """
    likely = np.log(np.maximum(scores.astype(np.float64), LEAST_SCORE))
    if frequencies:
        likely = likely - np.log(frequencies)
    likely = likely / temperature
    found = np.exp(likely - likely.max(axis=1, keepdims=True, initial=-np.inf))
    return np.asarray(found / found.sum(axis=1, keepdims=True), np.float32)


def interpreter_of(model: Model) -> Any:
    """The runtime with `model` in it.

    Raises:
        SetupError: there is no runtime, or it refuses the file.
    """
    make = _runtime()
    try:
        with unheard():
            return make(model_content=model.content, num_threads=1)
    except (ValueError, RuntimeError) as error:
        raise SetupError(
            f"{shown(model.path)}: the runtime refuses this model ({error})"
        ) from error


@contextlib.contextmanager
def unheard() -> Iterator[None]:
    """Keep what the runtime's own code says of its kernels off the user's terminal.

    It has no switch for that. What goes wrong is raised as an exception all the same.
    """
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


@functools.cache
def _runtime() -> Any:
    """The class that runs TFLite files, from the newest package that is there."""
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        try:
            from tflite_runtime.interpreter import (  # type: ignore[import-not-found]
                Interpreter,
            )
        except ImportError:
            raise SetupError(
                "no TFLite runtime is installed; run: pip install ai-edge-litert"
            ) from None
    return Interpreter
