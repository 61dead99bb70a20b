"""Make files of what was trained: TFLite in float32 and in 8 bits, ONNX.

A file that does not do what the trained network does is not written: wrong files are silent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from scipy.special import softmax

from videmo.emotions import EQUAL, Model, classifier
from videmo.errors import OutputError
from videmo.files import sha256, shown, write_atomic
from videmo.training import wrong
from videmo.training.dataset import Data, read
from videmo.training.export import convert
from videmo.training.learner import logits_of
from videmo.training.measure import Figures, measured
from videmo.training.recipe import as_json
from videmo.training.weights import WEIGHTS, Trained, packed, read_trained

FORMATS = ("float32", "dynamic", "int8", "onnx")
USUAL = ("float32", "int8", "onnx")
TYPICAL = 400  # pictures of train from which an int8 file learns how large its values get
AGREEMENT, LOST = 0.99, 0.01
"""A file in 8 bits answers as the network on this part of valid, and loses no more accuracy."""
NEAR = 1e-4  # how far a score of a file in float32 may be from the network's


@dataclass
class Made:
    """The files of one model, by format, what describes them, and why others were not made."""

    files: dict[str, bytes] = field(default_factory=dict)
    about: dict[str, dict[str, Any]] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)


def formats_of(text: str | None) -> tuple[str, ...]:
    """The formats in a list separated by commas."""
    names = USUAL if text is None else tuple(name.strip() for name in text.split(","))
    for name in names:
        if name == "float16":
            raise wrong("--as float16", "is gone; use dynamic, which is smaller and faster")
        if name not in FORMATS:
            raise wrong("--as", f"no format {name!r}; there are {', '.join(FORMATS)}")
    if {"float32", "dynamic"} <= set(names):
        raise wrong("--as", "float32 and dynamic are one file; name one of them")
    return names


def export(
    source: Path, folder: Path, *, name: str = "", formats: Sequence[str] = USUAL, **how: Any
) -> tuple[Made, list[Path]]:
    """Write the model of `source` (a training's folder, or a model of ours) into `folder`.

    A file in 8 bits that does not answer as the network is left out, the others are written.
    `how` is as in `make`.
    """
    trained = read_trained(source)
    name = name or trained.name
    made = make(trained, folder / f"{name}.tflite", formats, **how)
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
    data: Path | None = None,
    agreement: float = AGREEMENT,
    optional: Sequence[str] = (),
) -> Made:
    """Make and check the files; `target` is named in errors.

    `data` are pictures to measure by, and for int8 to learn the values' sizes from: those of the
    training if not named and still there. Without any, formats that are `optional` are left out.

    Raises:
        RequestError: no pictures for int8.
        OutputError: a file does not do what the trained network does.
    """
    pictures = _pictures(trained, data)
    formats = [kind for kind in formats if pictures or kind not in optional]
    if "int8" in formats and pictures is None:
        raise wrong(target, "an int8 file needs pictures (--data); or leave it out of --as")
    probes = pictures.splits["valid"].images if pictures else _made_up(trained.recipe.look.shape)
    wanted = softmax(logits_of(trained.network(), probes) / trained.temperature, axis=1)
    exact, made = convert.to_tflite(trained), Made()
    _near(scores_of(exact, trained, target, probes), wanted, target)
    for kind in (kind for kind in FORMATS[:3] if kind in formats):
        typical = None
        if pictures and kind == "int8":
            images = pictures.splits["train"].images
            typical = images[:: max(1, len(images) // TYPICAL)][:TYPICAL]
        content = exact if kind == "float32" else convert.quantised(exact, typical)
        check_operators(convert.operators(content), target)
        scores = scores_of(content, trained, target, probes)
        same = float((scores.argmax(axis=1) == wanted.argmax(axis=1)).mean())
        found, exactly = (
            measured(s, pictures, "valid") if pictures else {} for s in (scores, wanted)
        )
        if pictures and "test" in pictures.splits:  # first: valid chose when training stopped
            kept_back = scores_of(content, trained, target, pictures.splits["test"].images)
            found = measured(kept_back, pictures, "test") | found
        lost = max([one["accuracy"] - found[on]["accuracy"] for on, one in exactly.items()] or [0])
        if pictures and kind != "float32" and (same < agreement or lost > LOST):
            what = f"it answers as the network on {same:.2%} of valid and loses {lost:.2%}"
            allowed = f"allowed are {agreement:.0%} (--agreement) and {LOST:.0%}"
            made.refused.append(f"{shown(target)}: {kind} not written: {what}; {allowed}")
            continue
        made.files[kind] = content
        made.about[kind] = describe(trained, content, kind, found) | {"agrees": round(same, 4)}
    if "onnx" in formats:
        made.files["onnx"] = convert.to_onnx(trained)
        said = convert.scores_of_onnx(made.files["onnx"], probes[:200])
        _near(said, wanted[:200], target.with_suffix(".onnx"))
    return made


def scores_of(content: bytes, trained: Trained, target: Path, images: np.ndarray) -> np.ndarray:
    """Scores of a TFLite file by the code, and the runtime, with which movies are scanned."""
    look = trained.recipe.look
    shape = (look.side, look.crop, look.colour)
    return classifier(Model(target, "", "", content, trained.classes, *shape))(list(images))


def describe(
    trained: Trained, content: bytes, kind: str, found: dict[str, Figures]
) -> dict[str, Any]:
    """What stands in the JSON beside a model; nothing in it depends on the day."""
    look, about, k = trained.recipe.look, trained.about, len(trained.classes)
    shape = ", ".join(map(str, look.shape))
    said = [{"on": f"split {on}", **one} for on, one in found.items()]
    return {
        "name": f"videmo {trained.name}",
        "labels": list(trained.classes),
        "input": f"float32 (n, {shape}): {look.colour} 0..255; n may be resized",
        "output": f"float32 (n, {k}): scores in the order of labels, summing to 1",
        **{"side": look.side, "crop": look.crop, "colour": look.colour},
        **{"sha256": sha256(content), "bytes": len(content), "weights": kind},
        "parameters": sum(weights.numel() for weights in trained.weights.values()),
        "operators": convert.operators(content),
        **({"prior": EQUAL} if trained.recipe.balance == 1 else {}),
        **{"learnt": trained.recipe.labels, "trained_on": about.get("source", [])},
        **{name: about[name] for name in ("recipe", "init", "teachers") if about.get(name)},
        **({"measured": said[0], "also_measured": said[1:]} if said else {}),
        "made_with": convert.VERSIONS,
    }


def _pictures(trained: Trained, data: Path | None) -> Data | None:
    place = data or Path(trained.about.get("data") or "nowhere")
    if data is None and not place.exists():
        return None
    found = read(place, trained.recipe.look, labels=trained.recipe.labels, cache=trained.run)
    if found.classes != trained.classes:
        raise wrong(place, f"its classes are not those of {trained.name}")
    return found


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
