"""Run the emotion model on faces: grey pixels in, seven scores out.

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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from videmo.errors import RequestError, SetupError
from videmo.files import sha256, shown
from videmo.schema import EMOTIONS

SIDE = 48
"""Width and height, in pixels, of a face as the model sees it."""
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


def model_folder() -> Path:
    """Where the models lie that come with videmo: in the package, or beside it in a checkout."""
    package = Path(__file__).resolve().parent
    installed = package / "models"
    return installed if installed.is_dir() else package.parent / "models"


def find_model(path: Path | None = None) -> Model:
    """The model at `path`, or the one that comes with videmo, checked against its description.

    Raises:
        RequestError: there is no file at `path`.
        SetupError: the file or the .json beside it is missing, says other labels than videmo's, or
            names another checksum.
    """
    if path is not None and not path.is_file():
        raise RequestError(f"{shown(path)}: there is no model of this name")
    path = path or model_folder() / DEFAULT_MODEL
    about = path.with_suffix(".json")
    try:
        content = path.read_bytes()
        description = json.loads(about.read_text("utf-8"))
    except OSError as error:
        raise SetupError(
            f"{shown(error.filename or path)}: the model cannot be read; install videmo again"
        ) from error
    except ValueError as error:
        raise SetupError(f"{shown(about)}: is not JSON; install videmo again") from error
    if not isinstance(description, dict) or description.get("labels") != list(EMOTIONS):
        raise SetupError(f"{shown(about)}: its labels are not {', '.join(EMOTIONS)}")
    digest = sha256(content)
    if description.get("sha256") != digest:
        raise SetupError(
            f"{shown(path)}: is not the model that {about.name} describes (wrong checksum); "
            "install videmo again"
        )
    return Model(path, str(description.get("name", path.stem)), digest, content)


def tflite(model: Model) -> Classify:
    """A classifier that runs a TFLite model on one core."""
    interpreter = _interpreter(model)
    # One size of batch for all calls: the kernels chosen, and so the last digits, depend on it.
    source = interpreter.get_input_details()[0]["index"]
    try:
        with _unheard():
            interpreter.resize_tensor_input(source, [BATCH, SIDE, SIDE, 1])
            interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        raise SetupError(
            f"{shown(model.path)}: this model does not take {SIDE}x{SIDE} grey faces"
        ) from error
    output = interpreter.get_output_details()[0]
    result = output["index"]
    if tuple(output["shape"]) != (BATCH, len(EMOTIONS)):
        raise SetupError(f"{shown(model.path)}: this model does not give {len(EMOTIONS)} scores")

    def classify(faces: Sequence[np.ndarray]) -> np.ndarray:
        scores = np.empty((len(faces), len(EMOTIONS)), np.float32)
        batch = np.zeros((BATCH, SIDE, SIDE, 1), np.float32)
        for start in range(0, len(faces), BATCH):
            part = faces[start : start + BATCH]
            batch[: len(part), :, :, 0] = part
            interpreter.set_tensor(source, batch)
            interpreter.invoke()
            scores[start : start + len(part)] = interpreter.get_tensor(result)[: len(part)]
        return scores

    return classify


CLASSIFIERS: dict[str, Callable[[Model], Classify]] = {".tflite": tflite}


def classifier(model: Model) -> Classify:
    """The function that classifies with `model`: (48, 48) uint8 faces to (n, 7) float32 scores.

    Raises:
        SetupError: no runtime for this kind of model, or the runtime refuses the file.
    """
    make = CLASSIFIERS.get(model.path.suffix)
    if make is None:
        kinds = ", ".join(CLASSIFIERS)
        raise SetupError(f"{shown(model.path)}: models of this kind cannot be run; use {kinds}")
    return make(model)


def _interpreter(model: Model) -> Any:
    make = _runtime()
    try:
        with _unheard():
            return make(model_content=model.content, num_threads=1)
    except (ValueError, RuntimeError) as error:
        raise SetupError(
            f"{shown(model.path)}: the runtime refuses this model ({error})"
        ) from error


@contextlib.contextmanager
def _unheard() -> Iterator[None]:
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
            from tflite_runtime.interpreter import Interpreter
        except ImportError:
            raise SetupError(
                "no TFLite runtime is installed; run: pip install ai-edge-litert"
            ) from None
    return Interpreter
