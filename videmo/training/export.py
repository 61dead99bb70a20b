"""Make the shipped model: ``python -m videmo.training.export DATA RUN -o models``.

Takes the best weights of a training (see `fit`), writes ``emotion.tflite`` and ``emotion.json``
beside it, and refuses a file that does not do what the trained network did. The road is Keras ->
SavedModel -> TFLite; shorter ones wrote broken files without a word (Keras 3, TensorFlow 2.21).
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from tensorflow.lite.python import schema_py_generated as schema

from videmo.errors import OutputError, RequestError, VidemoError
from videmo.files import sha256, shown, write_whole
from videmo.schema import EMOTIONS
from videmo.training import network_keras
from videmo.training.dataset import SIDE, majority, read_ferplus
from videmo.training.measure import Measure, measure
from videmo.training.network import NETWORKS

NAME = "emotion"
LARGEST_DIFFERENCE = 1e-4
"""How far a score of the exported file may be from the trained network's."""

KNOWN_OPERATORS = {
    **{"ADD": 2, "AVERAGE_POOL_2D": 2, "CONV_2D": 5, "LOGISTIC": 1, "MEAN": 2, "MUL": 2},
    **{"RSQRT": 1, "SOFTMAX": 2, "SUB": 2, "SQUARED_DIFFERENCE": 1},
}
"""What runs on old runtimes too, and the newest version of each: no flex, no dense, no reshape."""

SOURCES = (
    {
        "name": "FER-2013",
        "by": "P.-L. Carrier and A. Courville, ICML 2013 challenge in representation learning",
        "what": "the pictures: 48x48 grey faces found on the web; split train",
        "licence": "released for research; its pictures belong to many owners",
    },
    {
        "name": "FER+",
        "by": "E. Barsoum, C. Zhang, C. Canton Ferrer, Z. Zhang (Microsoft), ICMI 2016",
        "what": "the labels: ten raters' votes for each picture",
        "licence": "MIT License, (c) Microsoft Corporation; github.com/microsoft/FERPlus",
    },
)


@dataclass(frozen=True)
class Trained:
    """What a training left: the recipe and the best weights."""

    recipe: dict
    weights: dict[str, np.ndarray]


def read_run(run: Path) -> Trained:
    """Read what `fit` left in `run`.

    Raises:
        RequestError: nothing there yet, or not readable.
    """
    try:
        recipe = json.loads((run / "recipe.json").read_bytes())
        with np.load(run / "best.npz") as arrays:
            return Trained(recipe, dict(arrays))
    except (OSError, ValueError) as error:
        raise RequestError(f"{shown(run)}: no training to export ({error})") from error


def export(data: Path, run: Path, folder: Path) -> Measure:
    """Write the model and its description into `folder`; return what it does on ``valid``.

    Raises:
        OutputError: the file does not do what the trained network does.
    """
    trained = read_run(run)
    model = network_keras.build(NETWORKS[trained.recipe["network"]])
    network_keras.set_weights(model, trained.weights)
    content = to_tflite(model)
    faces = read_ferplus(data)
    labels = majority(faces.votes)
    valid = faces.where((faces.split == "valid") & (labels >= 0))
    target = folder / f"{NAME}.tflite"
    check_operators(content, target)
    scores = run_batches(content, valid.images)
    check_scores(scores, model.predict(_as_input(valid.images), verbose=0), "Keras", target)
    single = run_batches(content, valid.images[:200], batch=1)
    check_scores(single, scores[:200], "batches of 32", target)
    found = measure(scores, majority(valid.votes))
    about = describe(content, model.count_params(), trained.recipe, found)
    write_whole(target, content)
    write_whole(folder / f"{NAME}.json", (json.dumps(about, indent=2) + "\n").encode())
    return found


def to_tflite(model: keras.Model) -> bytes:
    """`model` as a TFLite file with float32 weights; its batch is 1, and may be resized."""
    with tempfile.TemporaryDirectory() as folder:
        signature = [keras.InputSpec(shape=(1, SIDE, SIDE, 1), dtype="float32", name="grey")]
        model.export(folder, "tf_saved_model", input_signature=signature, verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
        return converter.convert()


def operators(content: bytes) -> dict[str, int]:
    """The operators that a TFLite file uses, each with its version."""
    names = {
        value: name
        for name, value in vars(schema.BuiltinOperator).items()
        if isinstance(value, int)
    }
    codes = schema.ModelT.InitFromPackedBuf(content, 0).operatorCodes
    return {
        names[max(code.builtinCode, code.deprecatedBuiltinCode)]: code.version for code in codes
    }


def check_operators(content: bytes, target: Path) -> None:
    """Raise OutputError unless old runtimes know all operators of `content`."""
    for name, version in operators(content).items():
        if version > KNOWN_OPERATORS.get(name, 0):
            raise OutputError(
                f"{shown(target)}: needs {name} version {version}: not on old runtimes"
            )


def check_scores(scores: np.ndarray, wanted: np.ndarray, whose: str, target: Path) -> None:
    """Raise OutputError where a score is not what it should be."""
    difference = float(np.abs(scores - wanted).max())
    # Written so that NaN fails too.
    if not difference <= LARGEST_DIFFERENCE:
        raise OutputError(f"{shown(target)}: scores {difference:.1g} away from those of {whose}")


def run_batches(content: bytes, images: np.ndarray, *, batch: int = 32) -> np.ndarray:
    """Scores ``(n, 7)`` of `images` ``(n, 48, 48)``, by the runtime that users have."""
    invoke = invoker(content, batch)
    parts = [images[i : i + batch] for i in range(0, len(images), batch)]
    blank = np.zeros((batch, SIDE, SIDE, 1), np.float32)
    scores = []
    for part in parts:
        blank[: len(part)] = _as_input(part)
        scores.append(invoke(blank)[: len(part)])
    return np.concatenate(scores)


def invoker(content: bytes, batch: int) -> Callable[[np.ndarray], np.ndarray]:
    """A function from `batch` faces ``(batch, 48, 48, 1)`` to their scores."""
    interpreter = Interpreter(model_content=content, num_threads=1)
    interpreter.resize_tensor_input(0, [batch, SIDE, SIDE, 1])
    interpreter.allocate_tensors()
    source = interpreter.get_input_details()[0]["index"]
    result = interpreter.get_output_details()[0]["index"]

    def invoke(faces: np.ndarray) -> np.ndarray:
        interpreter.set_tensor(source, faces)
        interpreter.invoke()
        return interpreter.get_tensor(result).copy()

    return invoke


def describe(content: bytes, parameters: int, recipe: dict, found: Measure) -> dict:
    """What stands in the JSON beside the model; nothing in it depends on the day."""
    return {
        "name": f"videmo {NAME}",
        "labels": list(EMOTIONS),
        "input": f"float32 (n, {SIDE}, {SIDE}, 1): grey 0..255; n is 1, and may be resized",
        "output": f"float32 (n, {len(EMOTIONS)}): scores in the order of labels, summing to 1",
        "sha256": sha256(content),
        "bytes": len(content),
        "parameters": parameters,
        "operators": operators(content),
        "trained_on": list(SOURCES),
        "recipe": recipe,
        "measured": {
            "on": "FER+ split valid: faces whose raters agree on one of the labels",
            "faces": found.count,
            "accuracy": round(found.accuracy, 4),
            "macro_f1": round(found.macro_f1, 4),
            "recall": _by_emotion(found.recalls),
            "precision": _by_emotion(found.precisions),
            "confusion": found.confusion.tolist(),
        },
        "made_with": {"keras": keras.__version__, "tensorflow": tf.__version__},
    }


def _by_emotion(values: np.ndarray) -> dict[str, float]:
    return {name: round(float(value), 4) for name, value in zip(EMOTIONS, values, strict=True)}


def _as_input(images: np.ndarray) -> np.ndarray:
    return images[..., None].astype(np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m videmo.training.export", description=__doc__)
    parser.add_argument("data", type=Path, help="folder with labels.csv and the contact sheets")
    parser.add_argument("run", type=Path, help="folder that videmo.training.fit filled")
    parser.add_argument("-o", "--output", type=Path, default=Path("models"))
    options = parser.parse_args()
    try:
        found = export(options.data, options.run, options.output)
    except VidemoError as error:
        parser.exit(error.exit_code, f"{error}\n")
    print(f"valid: accuracy {found.accuracy:.4f}, macro-F1 {found.macro_f1:.4f}")


if __name__ == "__main__":
    main()
