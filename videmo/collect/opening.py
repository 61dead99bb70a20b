"""Open a folder of collected pictures: take up what others put there, mend what a kill left."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from dataclasses import replace as changed
from pathlib import Path

import numpy as np

from videmo.collect.folder import DELETED, Files, Picture, read_picture, unlink
from videmo.collect.plan import split_for
from videmo.collect.variety import Measures, difference, tiny
from videmo.errors import RequestError
from videmo.files import shown
from videmo.labelled import FACE_LABELS, IMAGES, read_face_labels

LIKE = 10.0
"""Difference of tiny pictures up to which neighbours of another program's list are one burst."""
FOREIGN = "FaceLabeler"
"""The source of pictures that another program put there."""


@dataclass
class Opened:
    """What there is in a folder."""

    pictures: dict[str, Picture] = field(default_factory=dict)
    tiny: dict[str, np.ndarray] = field(default_factory=dict)
    """What each is compared by."""
    notes: list[str] = field(default_factory=list)
    """What one should know."""


def opened(files: Files, labels: Sequence[str]) -> Opened:
    """What is in the folder, all of it in its place; nobody else may write there now.

    Raises:
        RequestError: pictures of other origin, or of other labels, are there.
        OutputError: it cannot be read or written.
    """
    found = Opened()
    files.check_ours()
    listed = files.read()
    files.remove_left()
    for one in listed:
        if files.image(one.file).is_file():
            found.pictures[one.file] = one
            found.tiny[one.file] = tiny(read_picture(files.image(one.file)))
        else:
            files.take_away(one)
    shutil.rmtree(files.folder / IMAGES / DELETED, ignore_errors=True)
    if gone := len(listed) - len(found.pictures):
        found.notes.append(f"{gone} of the listed pictures are gone from {IMAGES}")
    if (files.folder / FACE_LABELS).is_file():
        _adopt(files, found)
    unknown = sorted({one.label for one in found.pictures.values()} - set(labels))
    if unknown:
        raise RequestError(
            f"{shown(files.folder)}: holds pictures of {shown(', '.join(unknown))}, too; name "
            "these labels as well, or choose another folder with -o"
        )
    _mend(files, found, labels)
    return found


def _adopt(files: Files, found: Opened) -> None:
    """Take up pictures that another program put there: what looks alike, one after the other, is
    one burst."""
    before = len(found.pictures)
    last: Picture | None = None
    number = max((one.burst for one in found.pictures.values()), default=0)
    for name, label in read_face_labels(files.folder).items():
        if name in found.pictures or not files.image(name).is_file():
            continue
        seen = tiny(read_picture(files.image(name)))
        goes_on = last is not None and last.label == label
        if last is None or not goes_on or difference(seen, found.tiny[last.file]) > LIKE:
            of_label = (one for one in found.pictures.values() if one.label == label)
            split, number = (
                split_for(Counter(one.split for one in of_label), "", 0.0, ()),
                number + 1,
            )
        else:
            split = last.split
        last = Picture(name, label, number, split, FOREIGN, 0.0, Measures(float(seen.mean())))
        found.pictures[name], found.tiny[name] = last, seen
    if count := len(found.pictures) - before:
        found.notes.append(f"{count} pictures of {FACE_LABELS} are taken up")


def _mend(files: Files, found: Opened, labels: Sequence[str]) -> None:
    """Let each picture lie in the folder of its class, and there alone."""
    lie = files.class_files()
    for one in found.pictures.values():
        places = lie.get(one.file, [])
        if len(places) == 1 and places[0] != files.class_place(one):
            one = found.pictures[one.file] = _moved(one, places[0], labels)
        for place in places:
            if place != files.class_place(one):
                unlink(place)
        if files.class_place(one) not in places:
            files.place(one)


def _moved(one: Picture, place: Path, labels: Sequence[str]) -> Picture:
    """A picture that the user put into the folder of another class."""
    label, split = place.parent.name, place.parent.parent.name
    return changed(one, label=label, split=split) if label in labels else one
