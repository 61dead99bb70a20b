"""Run an emotion model: pixels in, a score for each of its labels out.

Everything that the pixels need before the network lies inside the model's own graph: a caller cuts
the face out, and that is all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from videmo.emotions.model import (
    COLOURS,
    EQUAL,
    SIDE,
    TRAINING,
    Model,
    find_model,
    lines_about,
    mistaken,
    model_folder,
    read_model,
)
from videmo.emotions.runtime import BATCH, Classify, interpreter_of, tflite, unheard
from videmo.errors import SetupError
from videmo.files import shown

__all__ = [
    "BATCH",
    "COLOURS",
    "EQUAL",
    "SIDE",
    "TRAINING",
    "Classify",
    "Model",
    "classifier",
    "corrected",
    "find_model",
    "interpreter_of",
    "lines_about",
    "mistaken",
    "model_folder",
    "read_model",
    "unheard",
]

LEAST_SCORE = 1e-7
"""What is less is taken for so much: it has no logarithm, or none that means anything."""

CLASSIFIERS: dict[str, Callable[[Model, int], Classify]] = {".tflite": tflite}


def classifier(model: Model, size: int = BATCH) -> Classify:
    """The function that classifies with `model`: uint8 pictures to (n, labels) float32 scores.

    Pictures are (side, side), or (side, side, 3), red first, if the model wants colour. `size` of
    them are computed at a time, and so much it costs if there are fewer; the last digits depend on
    it.

    Raises:
        SetupError: no runtime for this kind of model, or the runtime refuses the file.
    """
    make = CLASSIFIERS.get(model.path.suffix)
    if make is None:
        kinds = ", ".join(CLASSIFIERS)
        raise SetupError(f"{shown(model.path)}: models of this kind cannot be run; use {kinds}")
    classify = make(model, size)
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
