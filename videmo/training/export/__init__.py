"""Make files of what was trained: TFLite in float32 and in 8 bits, ONNX, and the kit for a Nano.

A file that does not do what the trained network does is not written: wrong files are silent.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from scipy.special import softmax

from videmo.emotions import Model, classifier
from videmo.errors import OutputError, RequestError
from videmo.files import sha256, shown, write_atomic
from videmo.training.dataset import Data, read
from videmo.training.export import convert
from videmo.training.learner import logits_of
from videmo.training.measure import Figures, measured
from videmo.training.recipe import as_json
from videmo.training.settings import USUAL
from videmo.training.weights import WEIGHTS, Trained, packed, read_trained

TYPICAL = 400
"""Pictures of train from which an int8 file learns how large its values get."""
AGREEMENT, LOST = 0.99, 0.01
"""A file in 8 bits must answer as the network does on this part of valid, and may lose this much
accuracy."""
NEAR = 1e-4
"""How far a score of a file in float32 may be from the network's."""

Say = Callable[[str], None]


@dataclass
class Made:
    """The files of one model, by format, what describes them, and why others were not made."""

    files: dict[str, bytes] = field(default_factory=dict)
    about: dict[str, dict[str, Any]] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)


def export(
    source: Path,
    folder: Path,
    *,
    name: str = "",
    formats: Sequence[str] = USUAL,
    data: Path | None = None,
    agreement: float = AGREEMENT,
) -> tuple[Made, list[Path]]:
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
    made = make(
        trained, folder / f"{name}.tflite", formats, find_pictures(trained, data), agreement
    )
    files: dict[Path, bytes] = {}
    for kind, content in made.files.items():
        stem = f"{name}-int8" if kind == "int8" else name
        files[folder / f"{stem}{'.onnx' if kind == 'onnx' else '.tflite'}"] = content
        if kind in made.about:
            files[folder / f"{stem}.json"] = as_json(made.about[kind])
    if {"float32", "dynamic"} & set(made.files):
        about = {**trained.about, "data": ""}  # where it lay is nobody's business
        files[folder / f"{name}{WEIGHTS}"] = packed(trained.weights, about)
    for path, content in files.items():
        write_atomic(path, content)
    return made, list(files)


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
    probes = pictures.splits["valid"].images if pictures else _made_up(trained.recipe.look.shape)
    wanted = softmax(logits_of(trained.network(), probes) / trained.temperature, axis=1)
    exact, made = convert.to_tflite(trained), Made()
    _near(scores_of(exact, trained, target, probes), wanted, target)
    for kind in (kind for kind in ("float32", "dynamic", "int8") if kind in formats):
        content = exact
        if kind != "float32":
            content = convert.quantised(exact, _typical(pictures) if kind == "int8" else None)
        check_operators(convert.operators(content), target)
        scores = scores_of(content, trained, target, probes)
        same = float((scores.argmax(axis=1) == wanted.argmax(axis=1)).mean())
        found, exactly = _measured(scores, pictures), _measured(wanted, pictures)
        lost = max(
            [one["accuracy"] - found[head]["accuracy"] for head, one in exactly.items()] or [0]
        )
        if pictures and kind != "float32" and (same < agreement or lost > LOST):
            made.refused.append(
                f"{shown(target)}: {kind} not written: it answers as the network on {same:.2%} of "
                f"valid and loses {lost:.2%}; allowed are {agreement:.0%} (--agreement) and {LOST:.0%}"
            )
            continue
        made.files[kind] = content
        made.about[kind] = describe(trained, content, kind, found) | {"agrees": round(same, 4)}
    if "onnx" in formats:
        made.files["onnx"] = convert.to_onnx(trained)
        said = convert.scores_of_onnx(made.files["onnx"], probes[:200])
        _near(said, wanted[:200], target.with_suffix(".onnx"))
    return made


def find_pictures(trained: Trained, data: Path | None) -> Data | None:
    """The pictures at `data`, or those that `trained` learnt from, if they are still there."""
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
    trained: Trained, content: bytes, kind: str, found: dict[str, Figures]
) -> dict[str, Any]:
    """What stands in the JSON beside a model; nothing in it depends on the day."""
    look, about = trained.recipe.look, trained.about
    side, channels = look.side, look.shape[2]
    colours = "grey" if channels == 1 else "red, green, blue"
    said = [{"on": f"split valid, labels {head}", **_short(one)} for head, one in found.items()]
    return {
        "name": f"videmo {trained.name}",
        "labels": list(trained.classes),
        "input": f"float32 (n, {side}, {side}, {channels}): {colours} 0..255; n may be resized",
        "output": f"float32 (n, {len(trained.classes)}): scores in the order of labels, summing to "
        "1, as if all labels were equally frequent",
        **{"side": side, "crop": look.crop, "colour": look.colour},
        **{"sha256": sha256(content), "bytes": len(content), "weights": kind},
        "parameters": sum(weights.numel() for weights in trained.weights.values()),
        "operators": convert.operators(content),
        "learnt": about["recipe"]["labels"],
        "trained_on": about.get("source", []),
        **{name: about[name] for name in ("recipe", "init", "teachers") if about.get(name)},
        "temperature": round(trained.temperature, 4),
        **({"measured": said[0]} if said else {}),
        **({"also_measured": said[1:]} if said[1:] else {}),
        "made_with": convert.VERSIONS,
    }


def _short(found: Figures) -> Figures:
    names = ("pictures", "accuracy", "mean_recall", "macro_f1", "calibration_error")
    classes = found["classes"].items()
    each = {key: {name: one[key] for name, one in classes} for key in ("recall", "precision")}
    return {**{name: found[name] for name in names}, **each, "confusion": found["confusion"]}


def _measured(scores: np.ndarray, pictures: Data | None) -> dict[str, Figures]:
    if pictures is None:
        return {}
    return measured(scores, pictures.splits["valid"], pictures.heads, pictures.classes)


def _typical(pictures: Data | None) -> np.ndarray:
    assert pictures is not None
    images = pictures.splits["train"].images
    return images[:: max(1, len(images) // TYPICAL)][:TYPICAL]


def _near(scores: np.ndarray, wanted: np.ndarray, target: Path) -> None:
    """Raise OutputError where a score is not what it should be."""
    difference = float(np.abs(scores - wanted).max())
    if not difference <= NEAR:  # so that NaN fails too
        raise OutputError(f"{shown(target)}: scores {difference:.1g} away from the network's")


def check_operators(found: dict[str, int], target: Path) -> None:
    """Raise OutputError unless old runtimes know all operators in `found`."""
    for name, version in found.items():
        if version > convert.KNOWN_OPERATORS.get(name, 0):
            what = f"needs {name} version {version}: not on old runtimes"
            raise OutputError(f"{shown(target)}: {what}")


def _made_up(shape: tuple[int, int, int]) -> np.ndarray:
    """Pictures of nothing, where there are no others, to compare files by: (64, *shape)."""
    coarse = np.random.default_rng(0).integers(0, 256, (64, 6, 6, shape[2]), np.uint8)
    large = [cv2.resize(one, shape[:2], interpolation=cv2.INTER_CUBIC) for one in coarse]
    return np.stack(large).reshape(-1, *shape)
