"""What can be learnt from: pictures and their classes, from any of the places they come in.

A place is FER+'s folder (``labels.csv`` and sheets), FER-2013's ``fer2013.csv``, or a folder of
pictures for each class, such as `extract` collects. Everything is read and checked before a
training begins, so that a bad file costs seconds and not a night: RequestError names it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from videmo.files import atomic_path, sha256, shown
from videmo.training import wrong
from videmo.training.dataset.fer import list_csv, list_sheets
from videmo.training.dataset.folders import list_folders
from videmo.training.dataset.look import UNKNOWN, Data, Examples, Listed, Look, seen

__all__ = ["UNKNOWN", "Data", "Examples", "Look", "kept", "labels_at", "read"]

SPLITS = ("train", "valid", "test")


def labels_at(path: Path) -> tuple[str, ...]:
    """The kinds of labels that the place at `path` has, the usual one first."""
    if path.is_dir():
        # What `extract` collects has a labels.csv too, beside the folders of its classes.
        classes = any(p.is_dir() and not p.name.startswith(".") for p in path.iterdir())
        sheets = (path / "labels.csv").exists() and not classes
        return ("ferplus", "fer2013", "both") if sheets else ("folder",)
    if not path.exists():
        raise wrong(path, "no such file or folder")
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
        splits: those that are wanted (test only if it is there); if `first`, one of them.
        cache: a folder that keeps FER's faces brought upright, for the next time.
    """
    listed = _listed(path, labels)
    found, faceless = {}, list[Path]()
    for split in _wanted(path, listed, splits, first):
        place = np.flatnonzero(listed.split == split)
        pictures = _seen(listed.pictures[place], look, cache)
        there = np.array([picture is not None for picture in pictures], bool)
        faceless += list(listed.pictures[place[~there]])
        images = np.array([p for p in pictures if p is not None], np.uint8)
        true = (listed.targets[place[there]], listed.labels[place[there]])
        found[split] = Examples(images.reshape(-1, *look.shape), *true)
    notes = listed.notes
    if faceless:
        total = len(faceless) + sum(len(one.images) for one in found.values())
        notes += (f"no face found in {len(faceless)} of {total} ({shown(faceless[0])} ...)",)
        if 2 * len(faceless) > total:
            what = "a model of faces sees nothing in them; whole pictures are for --crop frame"
            raise wrong(path, f"{notes[-1]}: {what} of videmo train")
    for targets in found["train"].targets.swapaxes(0, 1) if "train" in found else ():
        counts = zip(listed.classes, (targets > 0).sum(axis=0), strict=True)
        rare = ", ".join(name for name, count in counts if count < 2)
        if rare:
            raise wrong(path, f"too few pictures of {rare} in train; add some")
    for split, examples in found.items():
        met = {*examples.labels.ravel().tolist()}
        if none := ", ".join(name for n, name in enumerate(listed.classes) if n not in met):
            notes += (f"no picture of {none} in {split}: its figures say nothing of that",)
    return Data(listed.classes, listed.heads, found, listed.source, notes)


def kept(folder: Path | None, name: str, key: bytes, make: Callable[[], np.ndarray]) -> np.ndarray:
    """What `make` makes of what `key` says; `folder` keeps it for the next time."""
    if folder is None:
        return make()
    place = folder / f"{name}-{sha256(key)[:16]}.npy"
    if not place.exists():
        made = make()
        with atomic_path(place) as part, part.open("wb") as file:
            np.save(file, made)
    return np.asarray(np.load(place))


def _listed(path: Path, labels: str) -> Listed:
    kinds = labels_at(path)
    labels = labels or kinds[0]
    if labels not in kinds:
        raise wrong(path, f"has no labels {labels}; it has {', '.join(kinds)}")
    if labels == "folder":
        return list_folders(path)
    heads = ("ferplus", "fer2013") if labels == "both" else (labels,)
    return list_sheets(path, heads) if path.is_dir() else list_csv(path)


def _seen(pictures: np.ndarray, look: Look, cache: Path | None) -> Sequence[np.ndarray | None]:
    if pictures.ndim == 1:  # paths
        return seen(list(pictures), look)
    key = repr(look).encode() + pictures.tobytes()
    return list(kept(cache, "faces", key, lambda: np.array(seen(pictures, look), np.uint8)))


def _wanted(path: Path, listed: Listed, splits: Sequence[str], first: bool) -> list[str]:
    there = set(listed.split)
    found = [split for split in splits if split in there]
    missing = [s for s in splits if s not in there and (s != "test" or not found)]
    if not found or (missing and not first):
        has = ", ".join(split for split in SPLITS if split in there)
        few = "; add pictures: some 15 in 100 of each class are kept back for it"
        more = few if missing[0] == "valid" else ""
        raise wrong(path, f"no pictures of the split {missing[0]}; has {has}{more}")
    return found[:1] if first else found
