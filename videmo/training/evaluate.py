"""Measure a model file on labelled pictures, by the same code that runs it in `scan`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from videmo.emotions import Model, classifier, read_model
from videmo.errors import RequestError, SetupError
from videmo.files import shown, write_atomic
from videmo.training import pictures
from videmo.training.dataset import Data, labels_at, read
from videmo.training.measure import Measure, figures, measure

SPLITS = ("test", "valid", "train")
"""In the order of preference: what nothing was chosen by comes first."""


@dataclass(frozen=True)
class Evaluated:
    """What a model does on one split."""

    model: Model
    split: str
    found: Measure
    files: tuple[Path, ...]


def evaluate(
    path: Path | None, data: Path, folder: Path | None, *, split: str | None, labels: str | None
) -> Evaluated:
    """Measure the model at `path` (None: the shipped one); write the figures into `folder`.

    Raises:
        RequestError: the pictures have no such split or labels, or other classes than the model.
        SetupError: the model cannot be run, is not the one that its .json describes, or looks at
            colours.
    """
    model = read_model(path)
    pictures_of = read_for(model, data, labels)
    split = split or next(s for s in SPLITS if s in pictures_of.splits)
    if split not in pictures_of.splits:
        there = ", ".join(pictures_of.splits)
        raise RequestError(f"{shown(data)}: no split {split} here; there are {there}")
    examples = pictures_of.splits[split].clear
    found = measure(classifier(model)(list(examples.images)), examples.labels)
    files = _write(folder, model, split, found) if folder else ()
    return Evaluated(model, split, found, files)


def read_for(model: Model, data: Path, labels: str | None) -> Data:
    """The pictures at `data`, as `model` sees them.

    Raises:
        RequestError: as `read`; or their classes are not what the model tells apart.
        SetupError: the model looks at colours.
    """
    if model.colour != "grey":
        raise SetupError(
            f"{shown(model.path)}: evaluate measures grey models only, and this one wants "
            f"{model.colour} pictures; name a model of grey ones"
        )
    recipe = model.about.get("recipe")
    learnt = model.about.get("learnt")
    if learnt is None and isinstance(recipe, dict):
        learnt = recipe.get("labels")
    if labels is None and learnt in labels_at(data):
        labels = learnt
    crop = "frame" if model.about.get("crop") == "frame" else "face"
    found = read(data, labels=labels, crop=crop, side=model.side)
    if found.classes != model.labels:
        raise RequestError(
            f"{shown(data)}: its classes ({', '.join(found.classes)}) are not the model's "
            f"({shown(', '.join(model.labels))})"
        )
    return found


def _write(folder: Path, model: Model, split: str, found: Measure) -> tuple[Path, ...]:
    name = model.path.stem
    values = {
        "model": model.name,
        "sha256": model.sha256,
        "split": split,
        **figures(found, model.labels),
    }
    files = [folder / f"{name}.metrics.json"]
    write_atomic(files[0], (json.dumps(values, indent=2) + "\n").encode())
    if pictures.can_draw():
        title = f"{split}: accuracy {found.accuracy:.1%}, macro-F1 {found.macro_f1:.3f}"
        files.append(folder / f"{name}.confusion.png")
        write_atomic(files[1], pictures.confusion(found, model.labels, title))
    return tuple(files)
