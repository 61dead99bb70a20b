"""Run a TFLite model: a batch of pictures in, a score for each label out."""

from __future__ import annotations

import contextlib
import functools
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from videmo.emotions.model import COLOURS, Model
from videmo.errors import SetupError
from videmo.files import shown

BATCH = 32
SUMS_NEAR = 0.01
"""By how much the sum of a face's scores may miss 1: 16 bits are enough for that."""

Classify = Callable[[Sequence[np.ndarray]], np.ndarray]


def tflite(model: Model, size: int = BATCH) -> Classify:
    """A classifier that runs a TFLite model on one core, so many pictures (`size`) at a time."""
    interpreter = interpreter_of(model)
    side, count = model.side, len(model.labels)
    shape = (size, side, side, COLOURS[model.colour])
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
    if tuple(output["shape"]) != (size, count):
        raise SetupError(f"{shown(model.path)}: this model does not give {count} scores")
    details = interpreter.get_input_details()[0], output
    if any(d["dtype"] is not np.float32 and not d["quantization"][0] for d in details):
        raise SetupError(f"{shown(model.path)}: its whole numbers have no step; export it again")
    put, taken = _quantised(details[0]), _dequantised(output)

    def classify(faces: Sequence[np.ndarray]) -> np.ndarray:
        """Raises SetupError if what the model gives are no scores."""
        scores = np.empty((len(faces), count), np.float32)
        batch = np.zeros(shape, np.float32)
        for start in range(0, len(faces), size):
            part = faces[start : start + size]
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
