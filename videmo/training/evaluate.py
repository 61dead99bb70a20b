"""Measure a model file on labelled pictures, by the same code that runs it in `scan`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from videmo.emotions import Model, classifier, read_model
from videmo.errors import RequestError
from videmo.files import shown, write_atomic
from videmo.training.dataset import UNKNOWN, Look, labels_at, read
from videmo.training.diary import confusion
from videmo.training.measure import Measure, figures, measure
from videmo.training.recipe import as_json

SPLITS = ("test", "valid", "train")
"""In the order of preference: what nothing was chosen by comes first."""


@dataclass(frozen=True)
class Evaluated:
    """What a model does on one split, by each kind of labels."""

    model: Model
    split: str
    found: dict[str, Measure]
    files: tuple[Path, ...] = ()


def evaluate(
    path: Path | None, data: Path, folder: Path | None, *, split: str = "", labels: str = ""
) -> Evaluated:
    """Measure the model at `path` (None: the shipped one); write the figures into `folder`.

    Raises:
        RequestError: the pictures have no such split or labels, or other classes than the model.
        SetupError: the model cannot be run, or is not the one that its .json describes.
    """
    model = read_model(path)
    learnt = model.about.get("learnt", "")
    labels = labels or (learnt if learnt in labels_at(data) else "")
    splits = (split,) if split else SPLITS
    found = read(data, look_of(model), labels=labels, splits=splits, first=True)
    if found.classes != model.labels:
        raise RequestError(
            f"{shown(data)}: its classes ({', '.join(found.classes)}) are not the model's "
            f"({shown(', '.join(model.labels))})"
        )
    ((split, examples),) = found.splits.items()
    scores = classifier(model)(list(examples.images))
    measures = {}
    for number, head in enumerate(found.heads):
        known = examples.labels[:, number] != UNKNOWN
        measures[head] = measure(scores[known], examples.labels[known, number])
    done = Evaluated(model, split, measures)
    return Evaluated(model, split, measures, _write(folder, done)) if folder else done


def look_of(model: Model) -> Look:
    """How `model` sees pictures. Models of before 0.1 learnt FER's faces as they are."""
    recipe = model.about.get("recipe")
    detector = recipe.get("detector", "") if isinstance(recipe, dict) else ""
    return Look(model.crop, model.side, model.colour, detector)


def _write(folder: Path, done: Evaluated) -> tuple[Path, ...]:
    model, files = done.model, []
    for head, found in done.found.items():
        name = model.path.stem if len(done.found) == 1 else f"{model.path.stem}-{head}"
        about = {"model": model.name, "sha256": model.sha256, "split": done.split, "labels": head}
        values = as_json(about | figures(found, model.labels))
        drawn = confusion(found, model.labels, f"{done.split}: {found.words}")
        for suffix, content in ((".metrics.json", values), (".confusion.png", drawn)):
            files.append(folder / f"{name}{suffix}")
            write_atomic(files[-1], content)
    return tuple(files)
