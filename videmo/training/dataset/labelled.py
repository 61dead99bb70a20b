"""Pictures in one folder, and a list that says what each shows: FaceLabeler's, and `collect`'s."""

from __future__ import annotations

import csv
from pathlib import Path

from videmo.files import shown
from videmo.labelled import COLLECTED, FACE_LABELS, IMAGES, check_labels, read_face_labels
from videmo.training import wrong

Files = dict[str, list[Path]]


def list_labelled(folder: Path) -> dict[str, Files]:
    """The pictures of ``faceLabels.csv``, by split and class: as ``collected.csv`` beside it says,
    else all in train.

    Raises:
        RequestError: a list cannot be read, or names a picture that is not there.
    """
    labels = read_face_labels(folder)
    if not labels:
        raise wrong(folder / FACE_LABELS, "names no pictures; collect some: videmo collect")
    check_labels(sorted(set(labels.values())), shown(folder / FACE_LABELS))
    splits = _splits(folder / COLLECTED)
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


def _splits(path: Path) -> dict[str, str]:
    """The split of each picture; none where nobody said."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            lines = list(csv.DictReader(file))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, csv.Error) as error:
        raise wrong(path, "cannot be read; move it away") from error
    known = {"train": "train", "val": "valid", "test": "test"}
    splits = {line.get("file", ""): known.get(line.get("split", ""), "train") for line in lines}
    return splits
