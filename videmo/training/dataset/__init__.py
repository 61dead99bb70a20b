"""What can be learnt from: pictures and their classes, from any of the places they come in.

A place is FER+'s folder (``labels.csv`` and sheets), FER-2013's ``fer2013.csv``, or a folder of
pictures for each class, such as `extract` collects. Everything is read and checked before a
training begins, so that a bad file costs seconds and not a night.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from videmo.errors import RequestError
from videmo.files import atomic_path, sha256, shown
from videmo.schema import EMOTIONS
from videmo.training.dataset.examples import UNKNOWN, Data, Examples, one_hot
from videmo.training.dataset.fer import FER2013, FERPLUS, Faces, read_csv, read_sheets
from videmo.training.dataset.folders import list_folders
from videmo.training.dataset.look import Look, seen

__all__ = ["UNKNOWN", "Data", "Examples", "Look", "cached", "labels_at", "read"]

SPLITS = ("train", "valid", "test")


def labels_at(path: Path) -> tuple[str, ...]:
    """The kinds of labels that the place at `path` has, the usual one first.

    Raises:
        RequestError: nothing lies there.
    """
    if path.is_dir():
        # What `extract` collects has a labels.csv too, beside the folders of its classes.
        classes = any(p.is_dir() and not p.name.startswith(".") for p in path.iterdir())
        sheets = (path / "labels.csv").exists() and not classes
        return ("ferplus", "fer2013", "both") if sheets else ("folder",)
    if not path.exists():
        raise RequestError(f"{shown(path)}: no such file or folder")
    return ("fer2013",)


def read(
    path: Path,
    look: Look,
    *,
    labels: str = "",
    splits: Sequence[str] = SPLITS,
    first: bool = False,
    cache: Path | None = None,
) -> Data:
    """Read and check the pictures of `path`, as `look` sees them.

    Args:
        labels: the kind of labels; the place's usual ones if not given.
        splits: those that are wanted, as far as they are there; if `first`, only the first of them.
        cache: a folder that keeps faces brought upright, for the next time.

    Raises:
        RequestError: something is missing or damaged, named in one line; or this place has no
            labels of this kind.
    """
    kinds = labels_at(path)
    labels = labels or kinds[0]
    if labels not in kinds:
        raise RequestError(f"{shown(path)}: has no labels {labels}; it has {', '.join(kinds)}")
    wanted = _Wanted(path, look, tuple(splits), first, cache)
    if labels == "folder":
        return wanted.of_folders()
    faces = read_sheets(path) if path.is_dir() else read_csv(path)
    return wanted.of_faces(faces, ("ferplus", "fer2013") if labels == "both" else (labels,))


def cached(folder: Path | None, name: str, key: bytes) -> Path | None:
    """Where `folder` keeps what was made of `key`; None where nothing is kept."""
    return None if folder is None else folder / f"{name}-{sha256(key)[:16]}.npy"


class _Wanted:
    """What is wanted of a place."""

    def __init__(
        self, path: Path, look: Look, splits: tuple[str, ...], first: bool, cache: Path | None
    ) -> None:
        self.path, self.look, self.splits, self.first, self.cache = path, look, splits, first, cache

    def of(self, there: set[str]) -> list[str]:
        """The splits, of those that are there.

        Raises:
            RequestError: none of them is.
        """
        found = [split for split in self.splits if split in there]
        if not found or (self.splits == SPLITS and not {"train", "valid"} <= there):
            missing = next(split for split in self.splits if split not in there)
            has = ", ".join(sorted(there))
            raise RequestError(f"{shown(self.path)}: no pictures of the split {missing}; has {has}")
        return found[:1] if self.first else found

    def of_faces(self, faces: Faces, heads: tuple[str, ...]) -> Data:
        targets = np.stack([faces.targets[head] for head in heads], axis=1)
        labels = np.stack([faces.labels[head] for head in heads], axis=1)
        useful = {"train": targets.any(axis=(1, 2))}
        known = (labels != UNKNOWN).any(axis=1)
        splits = {}
        for split in self.of(set(faces.split)):
            picked = (faces.split == split) & useful.get(split, known)
            images = self._upright(faces.images[picked])
            splits[split] = Examples(images, targets[picked], labels[picked])
        source = (FER2013, FERPLUS) if "ferplus" in heads else (FER2013,)
        data = Data(EMOTIONS, heads, splits, source)
        self._check(data)
        return data

    def _upright(self, images: np.ndarray) -> np.ndarray:
        """(n, 48, 48) faces as the network sees them; kept in `cache`."""
        place = cached(self.cache, "faces", repr(self.look).encode() + images.tobytes())
        if place is not None and place.exists():
            return np.asarray(np.load(place))
        found = [picture for picture in seen(images, self.look) if picture is not None]
        upright = np.array(found, np.uint8).reshape(-1, *self.look.shape)
        if place is not None:
            with atomic_path(place) as part, part.open("wb") as file:
                np.save(file, upright)
        return upright

    def of_folders(self) -> Data:
        listed = list_folders(self.path)
        if len(listed.classes) < 2:
            only = ", ".join(listed.classes)
            raise RequestError(
                f"{shown(self.path)}: two classes at least must be told apart; found: {only}"
            )
        splits, faceless, total = {}, list[Path](), 0
        for split in self.of({split for split, files in listed.files.items() if files}):
            files = listed.files[split]
            pictures = seen([file for file, _ in files], self.look)
            faceless += [f for (f, _), p in zip(files, pictures, strict=True) if p is None]
            total += len(files)
            labels = np.array([n for (_, n), p in zip(files, pictures, strict=True) if p is not None])
            images = np.array([p for p in pictures if p is not None], np.uint8)
            images = images.reshape(-1, *self.look.shape)
            targets = one_hot(labels, len(listed.classes))[:, None]
            splits[split] = Examples(images, targets, labels[:, None])
        if 2 * len(faceless) > total:
            raise RequestError(
                f"{shown(faceless[0])} and {len(faceless) - 1} others of {total}: no face found; "
                "use --crop frame to learn from whole pictures"
            )
        notes = []
        if listed.split_by_us:
            said = ", ".join(f"{len(files)} {split}" for split, files in listed.files.items())
            notes.append(f"split by the pictures' contents: {said}")
        if faceless:
            example = shown(faceless[0])
            notes.append(f"left out, no face found: {len(faceless)} of {total} ({example} ...)")
        source = ({"name": self.path.resolve().name, "licence": "the user's"},)
        data = Data(listed.classes, ("folder",), splits, source, tuple(notes))
        self._check(data)
        return data

    def _check(self, data: Data) -> None:
        train = data.splits.get("train")
        if train is None:
            return
        for number in range(len(data.heads)):
            counts = (train.targets[:, number] > 0).sum(axis=0)
            rare = [name for name, n in zip(data.classes, counts, strict=True) if n < 2]
            if rare:
                raise RequestError(
                    f"{shown(self.path)}: too few pictures of {', '.join(rare)} in train; "
                    "add some, or take the class away"
                )
