"""Measure a model file on labelled pictures, by the same code that runs it in `scan`."""

from __future__ import annotations

from pathlib import Path

from videmo.emotions import Model, classifier, read_model
from videmo.files import write_atomic
from videmo.training import wrong
from videmo.training.dataset import Look, labels_at, read
from videmo.training.diary import confusion
from videmo.training.measure import Figures, in_short, measured
from videmo.training.recipe import as_json

SPLITS = ("test", "valid", "train")
"""In the order of preference: what nothing was chosen by comes first."""


def evaluate(
    path: Path | None, data: Path, folder: Path | None, *, split: str = "", labels: str = ""
) -> dict[str, Figures]:
    """Measure the model at `path` (None: the shipped one), by split and kind of labels; write the
    figures into `folder`."""
    model = read_model(path)
    learnt = model.about.get("learnt", "")
    labels = labels or (learnt if learnt in labels_at(data) else "")
    splits = (split,) if split else SPLITS
    pictures = read(data, look_of(model), labels=labels, splits=splits, first=True)
    if pictures.classes != model.labels:
        theirs = f"its classes ({', '.join(pictures.classes)}) are not the model's"
        raise wrong(data, f"{theirs} ({', '.join(model.labels)})")
    ((split, examples),) = pictures.splits.items()
    found = measured(classifier(model)(list(examples.images)), pictures, split)
    for (name, one), head in zip(found.items(), pictures.heads, strict=False):
        if folder:
            stem = model.path.stem if len(found) == 1 else f"{model.path.stem}-{head}"
            about = {"model": model.name, "sha256": model.sha256, "on": name}
            write_atomic(folder / f"{stem}.metrics.json", as_json(about | one))
            drawn = confusion(one, f"{name}: {in_short(one)}")
            write_atomic(folder / f"{stem}.confusion.png", drawn)
    return found


def look_of(model: Model) -> Look:
    """How `model` sees pictures. What learnt before there was alignment saw FER's as they are."""
    recipe = model.about.get("recipe")
    detector = recipe.get("detector", "") if isinstance(recipe, dict) else ""
    return Look(model.crop, model.side, model.colour, detector)
