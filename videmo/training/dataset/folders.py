"""Read pictures of own classes (emotions, gestures, whatever can be told apart).

They lie in a folder for each class; or in one folder, with a list that says what each shows, as
FaceLabeler and `collect` write it.
"""

from __future__ import annotations

import csv
import unicodedata
from collections import defaultdict
from pathlib import Path

import numpy as np

from videmo.files import sha256, shown
from videmo.labelled import (
    COLLECTED,
    FACE_LABELS,
    IMAGES,
    RULE,
    SUFFIXES,
    check_labels,
    read_face_labels,
)
from videmo.schema import EMOTIONS, is_label
from videmo.training import wrong
from videmo.training.dataset.fer import VOTE_OF, one_hot
from videmo.training.dataset.look import Listed

Files = dict[str, list[Path]]  # the pictures of each class
SPLITS = {"training": "train", "testing": "test", "val": "valid", "validation": "valid"}
SPLITS |= {split: split for split in SPLITS.values()}
KEPT_BACK = 0.15  # part of a flat folder's pictures that becomes valid, and as many test
EMOTION_OF = {"surprised": "surprise", "fearful": "fear", "disgusted": "disgust"}
EMOTION_OF |= {name: emotion for emotion, vote in VOTE_OF.items() for name in (emotion, vote)}


def list_folders(path: Path) -> Listed:
    """List ``train/CLASS/*.png`` and so on, or ``CLASS/*.png`` or what ``faceLabels.csv`` names,
    which is then split."""
    places = {SPLITS.get(f.name.lower(), ""): f for f in _listed(path) if f.is_dir()}
    places = {name: f for name, f in places.items() if name} if "train" in places else {}
    if not places and (path / FACE_LABELS).is_file():
        found = _labelled(path)
    else:
        found = {name: _classes(folder) for name, folder in (places or {"train": path}).items()}
    given = bool(places) or len(found) > 1
    if "train" not in found:
        raise wrong(path, "no pictures are to be learnt from; collect some more")
    names = sorted(found["train"])
    for split, files in found.items():
        if sorted(files) != names:
            other = ", ".join(sorted(set(files) ^ set(names))[:5])
            raise wrong(path, f"{split} and train have other classes ({other})")
    if len(names) < 2:
        raise wrong(path, f"two classes at least are to be told apart, not {', '.join(names)}")
    if "valid" not in found:
        found |= _kept_back(found["train"], ("valid",) if given else ("valid", "test"))
    meant = [EMOTION_OF.get(name.lower(), name) for name in names]
    ours = sorted(meant) == sorted(EMOTIONS)
    classes, called = (EMOTIONS, meant) if ours else (tuple(names), names)
    rows = [
        (file, split, classes.index(label))
        for split, files in found.items()
        for name, label in zip(names, called, strict=True)
        for file in files[name]
    ]
    pictures, splits, numbers = (np.array(column) for column in zip(*rows, strict=True))
    counts = ", ".join(f"{(splits == split).sum()} {split}" for split in found)
    notes = () if given else (f"split by the pictures' contents: {counts}",)
    numbers = numbers[:, None]
    source = ({"name": path.resolve().name, "licence": "the user's"},)
    true = (one_hot(numbers, len(classes)), numbers)
    return Listed(classes, ("folder",), pictures, splits, *true, source, notes)


def _classes(folder: Path) -> Files:
    """The pictures of each class in `folder`."""
    found: Files = {}
    for place in [f for f in _listed(folder) if f.is_dir()]:
        name = unicodedata.normalize("NFC", place.name)  # a Mac takes letters and accents apart
        if not is_label(name):
            raise wrong(place, f"give this class a simpler name: {RULE}")
        same = [other for other in found if other.casefold() == name.casefold()]
        if same:
            what = f"would be one class with {shown(same[0])} beside it, as capitals make no"
            raise wrong(place, f"{what} difference; rename one, or put all pictures into one")
        found[name] = [f for f in _listed(place) if f.suffix.lower() in SUFFIXES and f.is_file()]
        if not found[name]:
            raise wrong(place, f"no pictures of this class ({', '.join(SUFFIXES)})")
    return found


def _labelled(folder: Path) -> dict[str, Files]:
    """The pictures of ``faceLabels.csv``, by split and class: as ``collected.csv`` beside it says,
    else all in train.

    Raises:
        RequestError: a list cannot be read, or names a picture that is not there.
    """
    labels = read_face_labels(folder)
    if not labels:
        raise wrong(folder / FACE_LABELS, "names no pictures; collect some: videmo collect")
    check_labels(sorted(set(labels.values())), shown(folder / FACE_LABELS))
    splits = _splits_of(folder / COLLECTED)
    found: dict[str, Files] = {}
    for name, label in labels.items():
        file = folder / IMAGES / name
        if not file.is_file():
            raise wrong(file, f"is not there, and {FACE_LABELS} names it; take that line out")
        files = found.setdefault(splits.get(name, "train"), {})
        files.setdefault(label, []).append(file)
    return {
        split: {label: sorted(files) for label, files in classes.items()}
        for split, classes in found.items()
    }


def _splits_of(path: Path) -> dict[str, str]:
    """The split of each picture; none where nobody said."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            lines = list(csv.DictReader(file))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, csv.Error) as error:
        raise wrong(path, "cannot be read; move it away") from error
    return {line.get("file", ""): SPLITS.get(line.get("split", ""), "train") for line in lines}


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(f for f in folder.iterdir() if not f.name.startswith("."))
    except OSError as error:
        raise wrong(folder, f"cannot read ({error.strerror})") from error


def _kept_back(train: Files, splits: tuple[str, ...]) -> dict[str, Files]:
    """Pictures of each class for other splits, and what is left for train.

    Their contents decide, not their names or dates, so that anybody gets the same split; and one
    picture that is there twice does not come into two splits.
    """
    parts: dict[str, Files] = {name: {} for name in ("train", *splits)}
    for name, files in train.items():
        same = defaultdict(list)
        for file in files:
            same[sha256(file.read_bytes())].append(file)
        groups = [same[digest] for digest in sorted(same)]
        count = round(KEPT_BACK * len(groups)) or max(0, min(1, (len(groups) - 2) // len(splits)))
        for i, split in enumerate((*splits, "train")):
            end = None if split == "train" else (i + 1) * count
            parts[split][name] = sorted(file for g in groups[i * count : end] for file in g)
    return parts
