"""Make files of what was trained: TFLite in float32 and in 8 bits, ONNX, and the kit for a Nano.

A file that does not do what the trained network did is not written: wrong files are silent.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from scipy.special import softmax

from videmo.emotions import Model, classifier
from videmo.errors import OutputError, RequestError
from videmo.files import sha256, shown, write_atomic
from videmo.training.dataset import UNKNOWN, Data, read
from videmo.training.export import convert
from videmo.training.learner import logits_of
from videmo.training.measure import Measure, measure
from videmo.training.recipe import as_json
from videmo.training.weights import WEIGHTS, Trained, packed, read_trained

FORMATS = ("float32", "int8", "onnx")
"""What is made unless something else is asked for."""
MAIN = ("float32", "dynamic")
"""How NAME.tflite keeps its weights: in 4 bytes each, or in 1."""
TYPICAL = 400
"""Pictures of train from which an int8 file learns how large its values get."""
AGREEMENT, LOST = 0.99, 0.01
"""A file with rounded weights must answer as the network does on this part of valid, and may lose
this much accuracy."""
NEAR = 1e-4
"""How far a score of a file in float32 may be from the network's."""

Say = Callable[[str], None]


@dataclass
class Made:
    """The files of one model before they are written, by format, and what describes them."""

    files: dict[str, bytes] = field(default_factory=dict)
    about: dict[str, dict[str, Any]] = field(default_factory=dict)
    found: dict[str, Measure] = field(default_factory=dict)
    """What the main file does on valid, by kind of labels."""
    refused: list[str] = field(default_factory=list)
    """Why there is no file in 8 bits, where one was wanted."""


@dataclass(frozen=True)
class Exported:
    files: tuple[Path, ...]
    found: dict[str, Measure]
    refused: list[str]


def export(
    source: Path,
    folder: Path,
    *,
    name: str = "",
    formats: Sequence[str] = FORMATS,
    data: Path | None = None,
    agreement: float = AGREEMENT,
    say: Say = lambda line: None,
) -> Exported:
    """Write the model of `source` (a training's folder, or a model of ours) into `folder`.

    `data` are pictures to measure by, and for int8 to learn the values' sizes from: those of the
    training if not named and still there. A file in 8 bits that does not answer as the network does
    on `agreement` of valid is left out; the others are written all the same.

    Raises:
        RequestError: nothing to export, or no pictures for int8.
        OutputError: a file does not do what the trained network does.
    """
    trained = read_trained(source)
    name = name or trained.name
    pictures = find_pictures(trained, data)
    made = make(trained, folder / f"{name}.tflite", formats, pictures, agreement)
    files: dict[Path, bytes] = {}
    for kind, content in made.files.items():
        stem = f"{name}-int8" if kind == "int8" else name
        files[folder / f"{stem}{'.onnx' if kind == 'onnx' else '.tflite'}"] = content
        if kind in made.about:
            files[folder / f"{stem}.json"] = as_json(made.about[kind])
            if "agrees" in made.about[kind]:
                say(f"{kind} answers as the network on {made.about[kind]['agrees']:.2%} of valid")
    if set(MAIN) & set(made.files):
        about = trained.about | {"temperature": trained.temperature, "data": ""}
        files[folder / f"{name}{WEIGHTS}"] = packed(trained.weights, about)
    for path, content in files.items():
        write_atomic(path, content)
    return Exported(tuple(files), made.found, made.refused)


def make(
    trained: Trained,
    target: Path,
    formats: Sequence[str],
    pictures: Data | None,
    agreement: float = AGREEMENT,
) -> Made:
    """Make and check the files; `target` is named in errors."""
    if "int8" in formats and pictures is None:
        raise RequestError(
            f"{shown(target)}: an int8 file needs pictures; name them with --data, or leave int8 "
            "out: --as float32,onnx"
        )
    valid = pictures.splits["valid"] if pictures else None
    probes = valid.images if valid else _made_up(trained.recipe.look.shape)
    logits = logits_of(trained.network(), probes, torch.device("cpu"))
    wanted = softmax(logits / trained.temperature, axis=1)
    exact = convert.to_tflite(trained)
    _near(scores_of(exact, trained, target, probes), wanted, target)
    made = Made()
    for kind in (kind for kind in ("float32", "dynamic", "int8") if kind in formats):
        typical = _typical(pictures) if kind == "int8" else None
        content = exact if kind == "float32" else convert.quantised(exact, typical)
        _operators_known(convert.operators(content), target)
        scores = scores_of(content, trained, target, probes)
        same = float((scores.argmax(1) == wanted.argmax(1)).mean())
        if kind != "float32" and (why := _refused(scores, wanted, pictures, agreement)):
            made.refused.append(f"{shown(target)}: {kind} not written: {why}")
            continue
        found = _measured(scores, pictures)
        made.about[kind] = describe(trained, content, kind, found)
        if valid and kind != "float32":
            made.about[kind]["agrees"] = round(same, 4)
        made.files[kind], made.found = content, made.found or found
    if "onnx" in formats:
        made.files["onnx"] = convert.to_onnx(trained)
        said = convert.scores_of_onnx(made.files["onnx"], probes[:200])
        _near(said, wanted[:200], target.with_suffix(".onnx"))
    return made


def find_pictures(trained: Trained, data: Path | None) -> Data | None:
    """The pictures at `data`, or those that `trained` learnt from, if they are still there.

    Raises:
        RequestError: they cannot be read, or have other classes.
    """
    kept = trained.about.get("data")
    if data is None and (not kept or not Path(kept).exists()):
        return None
    place = data or Path(kept)
    found = read(place, trained.recipe.look, labels=trained.recipe.labels)
    if found.classes != trained.classes:
        raise RequestError(f"{shown(place)}: its classes are not those of {trained.name}")
    return found


def scores_of(content: bytes, trained: Trained, target: Path, images: np.ndarray) -> np.ndarray:
    """Scores of a TFLite file by the code, and the runtime, with which movies are scanned."""
    look = trained.recipe.look
    shape = (look.side, look.crop, look.colour)
    model = Model(target, target.stem, "", content, trained.classes, *shape)
    return classifier(model)(list(images))


def describe(
    trained: Trained, content: bytes, kind: str, found: dict[str, Measure]
) -> dict[str, Any]:
    """What stands in the JSON beside a model; nothing in it depends on the day."""
    look, about = trained.recipe.look, trained.about
    side, channels = look.side, look.shape[2]
    colours = "grey" if channels == 1 else "red, green, blue"
    values: dict[str, Any] = {
        "name": f"videmo {trained.name}",
        "labels": list(trained.classes),
        "input": f"float32 (n, {side}, {side}, {channels}): {colours} 0..255; n may be resized",
        "output": f"float32 (n, {len(trained.classes)}): scores in the order of labels, summing to "
        "1, as if all labels were equally frequent",
        "side": side,
        "crop": look.crop,
        "colour": look.colour,
        "sha256": sha256(content),
        "bytes": len(content),
        "parameters": sum(weights.numel() for weights in trained.weights.values()),
        "weights": kind,
        "operators": convert.operators(content),
        "learnt": about["recipe"]["labels"],
        "trained_on": about.get("source", []),
        "recipe": about["recipe"],
        "temperature": round(trained.temperature, 4),
    }
    values |= {key: about[key] for key in ("init", "teachers") if about.get(key)}
    if found:
        first, *others = [_said(one, head, trained.classes) for head, one in found.items()]
        values |= {"measured": first} | ({"also_measured": others} if others else {})
    return {**values, "made_with": convert.VERSIONS}


def _said(found: Measure, head: str, classes: tuple[str, ...]) -> dict[str, Any]:
    def by_class(values: np.ndarray) -> dict[str, float]:
        return {name: round(float(v), 4) for name, v in zip(classes, values, strict=True)}

    names = ("accuracy", "mean_recall", "macro_f1", "calibration_error")
    return {
        "on": f"split valid, labels {head}",
        "pictures": found.count,
        **{name: round(getattr(found, name), 4) for name in names},
        "recall": by_class(found.recall),
        "precision": by_class(found.precision),
        "confusion": found.confusion.tolist(),
    }


def _measured(scores: np.ndarray, pictures: Data | None) -> dict[str, Measure]:
    found: dict[str, Measure] = {}
    for number, head in enumerate(pictures.heads if pictures else ()):
        assert pictures is not None
        labels = pictures.splits["valid"].labels[:, number]
        known = labels != UNKNOWN
        found[head] = measure(scores[known], labels[known])
    return found


def _refused(scores: np.ndarray, wanted: np.ndarray, pictures: Data | None, least: float) -> str:
    """Why a file in 8 bits is not good enough; empty: it is."""
    if pictures is None:
        return ""
    agreement = float((scores.argmax(axis=1) == wanted.argmax(axis=1)).mean())
    both = zip(*(_measured(one, pictures).values() for one in (wanted, scores)), strict=True)
    lost = max(one.accuracy - other.accuracy for one, other in both)
    if agreement >= least and lost <= LOST:
        return ""
    return (
        f"it answers as the network on {agreement:.2%} of valid and loses {100 * lost:.2f} points; "
        f"allowed are {least:.0%} (--agreement) and {100 * LOST:.0f}"
    )


def _typical(pictures: Data | None) -> np.ndarray:
    assert pictures is not None
    images = pictures.splits["train"].images
    return images[:: max(1, len(images) // TYPICAL)][:TYPICAL]


def _near(scores: np.ndarray, wanted: np.ndarray, target: Path) -> None:
    """Raise OutputError where a score is not what it should be."""
    difference = float(np.abs(scores - wanted).max())
    if not difference <= NEAR:  # so that NaN fails too
        raise OutputError(f"{shown(target)}: scores {difference:.1g} away from the network's")


def _operators_known(found: dict[str, int], target: Path) -> None:
    """Raise OutputError unless old runtimes know all operators in `found`."""
    for name, version in found.items():
        if version > convert.KNOWN_OPERATORS.get(name, 0):
            raise OutputError(
                f"{shown(target)}: needs {name} version {version}: not on old runtimes"
            )


def _made_up(shape: tuple[int, int, int]) -> np.ndarray:
    """Pictures of nothing, where there are no others, to compare files by: (64, *shape)."""
    side, _, channels = shape
    coarse = np.random.default_rng(0).integers(0, 256, (64, 6, 6, channels), np.uint8)
    large = [cv2.resize(one, (side, side), interpolation=cv2.INTER_CUBIC) for one in coarse]
    return np.stack(large).reshape(-1, *shape)
