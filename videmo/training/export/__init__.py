"""Make files of what was trained: float32 and int8 TFLite, ONNX, and the kit for a Nano.

`export` refuses to write a file that does not do what the trained network did: wrong files are
silent.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from videmo.errors import RequestError
from videmo.files import sha256, shown, write_atomic
from videmo.training.dataset import Data, labels_at, read
from videmo.training.export import check
from videmo.training.export.rectifiers import rectified
from videmo.training.joined import read_joined
from videmo.training.measure import Measure, measure
from videmo.training.weights import HOW_MADE, MODEL, Trained, published

FORMATS = ("float32", "int8", "onnx")
"""What is made unless something else is asked for."""

WEIGHTS = ("float32", "float16", "dynamic")
"""How the main file keeps its weights: in 4 bytes each, 2, or 1; see `tflite.convert`."""

KNOWN_FORMATS = (*WEIGHTS, "int8", "onnx")

TYPICAL = 400
"""Pictures of ``train`` from which an int8 file learns how large its values get."""

AGREEMENT, LOST = 0.99, 0.01
"""A file with rounded weights must answer as the float32 one does on this part of ``valid``, and
the int8 file may lose this much accuracy."""

MADE_UP_AGREEMENT = 0.9
"""The same for pictures of nothing, where there are no others: of them little is sure."""

Say = Callable[[str], None]


@dataclass(frozen=True)
class Exported:
    """What was written, and what it does on ``valid``, where pictures were there to measure it."""

    files: tuple[Path, ...]
    found: Measure | None
    agreement: float | None
    """Part of ``valid`` on which int8 and float32 agree."""
    refused: str
    """Why there is no int8 file, where one was wanted."""


@dataclass(frozen=True)
class Made:
    """The files of one model before they are written."""

    main: bytes
    int8: bytes | None
    onnx: bytes | None
    about: dict[str, Any]
    """The description of the main file."""
    about_int8: dict[str, Any]
    found: Measure | None
    agreement: float | None = None
    refused: str = ""


def export(
    sources: Sequence[Path],
    folder: Path,
    *,
    name: str = "",
    labels: str = "",
    formats: tuple[str, ...] = FORMATS,
    data: Path | None = None,
    agreement: float = AGREEMENT,
    mirrored: bool = False,
    average: bool = False,
    say: Say = lambda line: None,
) -> Exported:
    """Write the model of `sources` (trainings' folders, or .tflite files of ours) into `folder`.

    Several become one model, which answers with the mean of their logits, or, if `average`, is one
    network with the mean of their weights; if `mirrored`, the files answer with the mean of what
    they say of a picture and of its mirror image, which takes twice the time.
    `data` are pictures to measure by, and for int8 to learn the values' sizes from: those of the
    training if not named and still there. An int8 file that does not answer as the float32 one does
    on `agreement` of ``valid`` is left out; the others are written all the same. `labels` names the
    head, where the training learnt several kinds of labels; the first one if not given. Without
    `name`, the files are called as the training, and the labels if they are not the first.

    Raises:
        RequestError: nothing to export, or no pictures for int8.
        OutputError: a file does not do what the trained network does.
    """
    trained = read_joined(sources, labels, average=average, mirrored=mirrored)
    name = name or _named(trained)
    pictures = find_pictures(trained, data)
    made = make(trained, folder / f"{name}.tflite", formats, pictures, agreement)
    files: dict[Path, bytes] = {}
    if set(WEIGHTS) & set(formats):
        files[folder / f"{name}.tflite"] = made.main
        files[folder / f"{name}.json"] = _json(made.about)
    if made.int8:
        files[folder / f"{name}-int8.tflite"] = made.int8
        files[folder / f"{name}-int8.json"] = _json(made.about_int8)
    if made.onnx:
        files[folder / f"{name}.onnx"] = made.onnx
    for path, content in files.items():
        write_atomic(path, content)
    if made.agreement is not None and not made.refused:
        say(f"int8 agrees with float32 on {made.agreement:.2%} of valid")
    return Exported(tuple(files), made.found, made.agreement, made.refused)


def make(
    trained: Trained,
    target: Path,
    formats: tuple[str, ...],
    pictures: Data | None,
    agreement: float = AGREEMENT,
) -> Made:
    """Make and check the files; `target` is named in errors and in the descriptions."""
    from videmo.training.export import tflite

    trained = rectified(trained)
    if "int8" in formats and pictures is None:
        raise RequestError(
            f"{shown(trained.path)}: an int8 file needs pictures; name them with --data, "
            "or leave int8 out: --as float32,onnx"
        )
    exact = content = _finished(trained, tflite.convert(trained.network, trained.arrays))
    weights = next((kind for kind in WEIGHTS if kind in formats), "float32")
    if weights != "float32":
        content = tflite.convert(trained.network, trained.arrays, weights=weights)
        content = _finished(trained, content)
    check.operators_known(tflite.operators(content), tflite.KNOWN_OPERATORS, target)
    valid = pictures.splits["valid"].clear if pictures else None
    probes = valid.images if valid else _made_up(trained.network.side)
    scores = check.scores_of(exact, target, trained.classes, probes)
    answers = scores
    if weights != "float32":
        answers = check.scores_of(content, target, trained.classes, probes)
        check.answers_agree(answers, scores, target, agreement if valid else MADE_UP_AGREEMENT)
    found = measure(answers, valid.labels) if valid else None
    about = describe(trained, content, tflite, found) | {"weights": weights}
    made = Made(content, None, None, about, {}, found)
    if "onnx" in formats:
        place = target.with_suffix(".onnx")
        made = replace(made, onnx=_onnx(trained, probes[:200], scores[:200], place))
    if "int8" in formats and pictures is not None:
        made = _with_int8(made, trained, target, pictures, scores, agreement)
    return made


def _finished(trained: Trained, content: bytes) -> bytes:
    """`content`, which looks at both sides of a picture if `trained` is to."""
    from videmo.training.export.both_sides import with_mirror_image

    return with_mirror_image(content) if trained.recipe.mirrored else content


def _with_int8(
    made: Made,
    trained: Trained,
    target: Path,
    pictures: Data,
    scores: np.ndarray,
    least: float,
) -> Made:
    """`made` with its int8 file, or with the reason why there is none.

    `scores` are what the float32 file says of ``valid``.
    """
    from videmo.training.export import tflite

    typical, valid = pictures.splits["train"].images, pictures.splits["valid"].clear
    typical = typical[:: max(1, len(typical) // TYPICAL)][:TYPICAL]
    content = _finished(trained, tflite.convert(trained.network, trained.arrays, typical))
    place = target.with_name(f"{target.stem}-int8.tflite")
    check.operators_known(tflite.operators(content), tflite.KNOWN_OPERATORS, place)
    theirs = check.scores_of(content, place, trained.classes, valid.images)
    agreement = float((theirs.argmax(axis=1) == scores.argmax(axis=1)).mean())
    found = measure(theirs, valid.labels)
    lost = measure(scores, valid.labels).accuracy - found.accuracy
    if agreement < least or lost > LOST:
        refused = (
            f"{shown(place)}: not written: it answers as float32 on {agreement:.2%} of valid and "
            f"loses {100 * lost:.2f} points; allowed are {least:.0%} and {100 * LOST:.0f}"
        )
        return replace(made, agreement=agreement, refused=refused)
    about = describe(trained, content, tflite, found, kind="uint8")
    about["agrees_with_float32"] = round(agreement, 4)
    return replace(made, int8=content, about_int8=about, agreement=agreement)


def find_pictures(trained: Trained, data: Path | None) -> Data | None:
    """The pictures at `data`, or those that `trained` learnt from, if they are still there.

    Raises:
        RequestError: they cannot be read, or have other classes.
    """
    kept = trained.about.get("data")
    if data is None and (kept is None or not Path(kept).exists()):
        return None
    recipe = trained.recipe
    place = data or Path(kept)
    labels = trained.heads[0] if trained.heads[0] in labels_at(place) else None
    found = read(place, labels=labels, crop=recipe.crop, side=recipe.side)
    if found.classes != trained.classes:
        raise RequestError(f"{shown(place)}: its classes are not those of {shown(trained.path)}")
    return found


def describe(
    trained: Trained, content: bytes, tflite: Any, found: Measure | None, kind: str = "float32"
) -> dict[str, Any]:
    """What stands in the JSON beside a model; nothing in it depends on the day."""
    side, classes = trained.network.side, trained.classes
    about = {
        "name": f"videmo {_named(trained)}",
        "labels": list(classes),
        "input": f"{kind} (n, {side}, {side}, 1): grey 0..255; n is 1, and may be resized",
        "output": f"{kind} (n, {len(classes)}): scores in the order of labels, summing to "
        + ("1" if kind == "float32" else "about 256")
        + ("; the mean of both sides is taken inside" if trained.recipe.mirrored else ""),
        "side": side,
        "crop": trained.recipe.crop,
        "mirrored": trained.recipe.mirrored,
        "sha256": sha256(content),
        "bytes": len(content),
        "parameters": sum(array.size for array in trained.arrays.values()),
        "operators": tflite.operators(content),
        "learnt": trained.heads[0],
        "trained_on": trained.about.get("source", []),
        "recipe": published(trained.recipe),
    }
    about |= {how: trained.about[how] for how in HOW_MADE if how in trained.about}
    if found is not None:
        about["measured"] = _measured(found, classes, about["learnt"])
    return {**about, "made_with": tflite.VERSIONS}


def _measured(found: Measure, classes: tuple[str, ...], labels: str) -> dict[str, Any]:
    def by_class(values: np.ndarray) -> dict[str, float]:
        return {name: round(float(v), 4) for name, v in zip(classes, values, strict=True)}

    return {
        "on": f"split valid, labels {labels}" if labels else "split valid",
        "faces": found.count,
        "accuracy": round(found.accuracy, 4),
        "macro_f1": round(found.macro_f1, 4),
        "recall": by_class(found.recalls),
        "precision": by_class(found.precisions),
        "confusion": found.confusion.tolist(),
    }


def _onnx(trained: Trained, images: np.ndarray, wanted: np.ndarray, target: Path) -> bytes:
    """The ONNX file, run as jetson-inference runs it and found to say the same."""
    from videmo.training.export import jetson
    from videmo.training.network import in_onnx

    content = in_onnx.build(trained.network, trained.arrays, mirrored=trained.recipe.mirrored)
    found = jetson.scores_of(content, images)
    check.scores_near(found, wanted, "the TFLite file", target)
    return content


def _made_up(side: int) -> np.ndarray:
    """Pictures of nothing, where there are no others, to compare files by: ``(64, side, side)``."""
    import cv2

    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (64, 6, 6), np.uint8)
    return np.stack([cv2.resize(c, (side, side), interpolation=cv2.INTER_CUBIC) for c in coarse])


def _named(trained: Trained) -> str:
    """The name of its training, and of its labels if they are not the first that were learnt."""
    name, (labels,) = trained.name, trained.heads
    if len(trained.about.get("parts", ())) > 1 and trained.path.suffix != MODEL:
        name = "+".join(part["name"] for part in trained.about["parts"])
    first = trained.about.get("heads", trained.heads)[0]
    return name if labels == first else f"{name}-{labels}"


def _json(values: dict[str, Any]) -> bytes:
    return (json.dumps(values, indent=2) + "\n").encode()
