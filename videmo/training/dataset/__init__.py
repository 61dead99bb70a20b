"""What can be learnt from: pictures and their classes, from any of the places they come in.

A place is FER+'s folder (``labels.csv`` and sheets), FER-2013's ``fer2013.csv``, or a folder of
pictures for each class. Everything is read and checked before a training begins, so that a
bad file costs seconds and not a night.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from videmo.errors import RequestError
from videmo.files import shown
from videmo.training.dataset.examples import Data, Examples
from videmo.training.dataset.fer2013 import read_fer2013_csv
from videmo.training.dataset.ferplus import read_both, read_fer2013_labels, read_votes
from videmo.training.dataset.folders import CROPS, read_folders

__all__ = ["CROPS", "LABELS", "Data", "Examples", "kind_of", "labels_at", "read", "rivals"]

PLACES: dict[str, dict[str, Callable[..., Data]]] = {
    "ferplus": {"ferplus": read_votes, "fer2013": read_fer2013_labels, "both": read_both},
    "csv": {"fer2013": read_fer2013_csv},
    "folders": {"folder": read_folders},
}
"""Kinds of places, and in each the labels that it has; the first ones are the usual ones."""

LABELS = tuple(dict.fromkeys(name for readers in PLACES.values() for name in readers))


def kind_of(path: Path) -> str:
    """Which of `PLACES` lies at `path`.

    Raises:
        RequestError: nothing lies there.
    """
    if path.is_dir():
        # What `extract` collects has a labels.csv too, beside the folders of its classes.
        classes = any(p.is_dir() and not p.name.startswith(".") for p in path.iterdir())
        return "ferplus" if (path / "labels.csv").exists() and not classes else "folders"
    if not path.exists():
        raise RequestError(f"{shown(path)}: no such file or folder")
    return "csv"


def labels_at(path: Path) -> tuple[str, ...]:
    """The kinds of labels that the place at `path` has, the usual one first."""
    return tuple(PLACES[kind_of(path)])


def rivals(one: str, other: str) -> bool:
    """Whether these labels are of the same pictures and differ: what one calls sad, the other need
    not."""
    return one != other and any({one, other} <= readers.keys() for readers in PLACES.values())


def read(path: Path, *, labels: str | None = None, crop: str = "face", side: int = 48) -> Data:
    """Read and check all pictures of `path`, as grey squares of `side` pixels.

    Raises:
        RequestError: something is missing or damaged, named in one line; or this place has no
            labels of this kind.
    """
    readers = PLACES[kind_of(path)]
    labels = labels or next(iter(readers))
    if labels not in readers:
        raise RequestError(f"{shown(path)}: has no labels {labels}; it has {', '.join(readers)}")
    data = readers[labels](path, crop=crop, side=side)
    _check(data, path)
    return data


def _check(data: Data, path: Path) -> None:
    if len(data.classes) < 2:
        only = ", ".join(data.classes) or "none"
        raise RequestError(f"{shown(path)}: two classes at least must be told apart; found: {only}")
    for split, least in (("train", 2), ("valid", 1)):
        part = data.splits.get(split)
        if part is None or not len(part):
            raise RequestError(f"{shown(path)}: no pictures of the split {split}")
        counts = np.bincount(part.labels[part.labels >= 0], minlength=len(data.classes))
        rare = [name for name, n in zip(data.classes, counts, strict=True) if n < least]
        if split == "train" and rare:
            raise RequestError(
                f"{shown(path)}: too few pictures of {', '.join(rare)} in {split}; "
                "add some, or take the class away"
            )
