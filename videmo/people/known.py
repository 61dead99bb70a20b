"""Read the pictures of known people: `Jim.jpg`, `Rachel/1.jpg`, ..."""

from __future__ import annotations

import itertools
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from videmo.errors import PictureError, RequestError
from videmo.files import shown
from videmo.people.likeness import DlibFace, embed, find_faces
from videmo.pictures import read_picture, reduced
from videmo.plain import tidy

SIDE = 1024
"""Pixels to which the longer side of a picture is brought, if it is longer."""
BORDER = 0.25
"""What is put around a picture, as a part of its size: faces that fill it are not found else."""
BACKGROUND = 0.5
"""A face not so high, as a part of the highest one, is somebody in the background."""

SHEET = r"sheet(-\d+)?\.jpg"
"""What `videmo people` itself draws into its folder, and is no person."""
LITTER = {"thumbs.db", "desktop.ini"}


@dataclass(frozen=True)
class Known:
    """What known people look like."""

    embeddings: dict[str, np.ndarray] = field(default_factory=dict)
    """(pictures, 128) for each name, in order of the names."""
    left_out: list[PictureError] = field(default_factory=list)
    """Pictures that could not be used, of people of whom there are others."""


def read_known(place: Path) -> Known:
    """Read a folder of pictures, a picture or a folder of them for each person; or one picture.

    Raises:
        RequestError: it is not there, there is nobody in it, two people get one name, or somebody
            has no picture that can be used.
        SetupError: dlib or its weights are missing.
    """
    embeddings: dict[str, np.ndarray] = {}
    left_out: list[PictureError] = []
    for name, pictures in _pictures(place).items():
        described, wrong = [], []
        for picture in pictures:
            try:
                described.append(look_of(picture))
            except PictureError as error:
                wrong.append(error)
        if not described:
            more = f" (and so for {len(wrong) - 1} more of {name})" if len(wrong) > 1 else ""
            raise RequestError(f"{wrong[0]}{more}")
        embeddings[name] = np.array(described)
        left_out += wrong
    return Known(embeddings, left_out)


def look_alikes(known: Known, distance: float) -> list[tuple[str, str, float]]:
    """Pairs of people of whom some pictures are nearer to each other than `distance`."""
    pairs = []
    for one, other in itertools.combinations(known.embeddings, 2):
        ways = known.embeddings[one][:, None] - known.embeddings[other][None]
        nearest = float(np.linalg.norm(ways, axis=-1).min())
        if nearest < distance:
            pairs.append((one, other, nearest))
    return pairs


def look_of(path: Path) -> np.ndarray:
    """The 128 numbers of the one face in a picture.

    Raises:
        PictureError: it cannot be read, or there is no face in it, or more than one.
    """
    picture, face = only_face(read_picture(path), shown(path))
    return embed(picture, face)


def only_face(picture: np.ndarray, what: str) -> tuple[np.ndarray, DlibFace]:
    """The one face of `picture` (BGR uint8), and the picture, of another size, that it lies in.

    Raises:
        PictureError: there is none, or more than one; `what` says of which picture.
    """
    picture = reduced(picture, SIDE)
    top, left = (round(side * BORDER) for side in picture.shape[:2])
    picture = cv2.copyMakeBorder(picture, top, top, left, left, cv2.BORDER_REPLICATE)
    faces = find_faces(picture) or find_faces(picture, twice=True)
    if not faces:
        raise PictureError(
            f"{what}: no face is found in it; take a picture from the front, in which the face is "
            "100 pixels high or more"
        )
    highest = max(face.box.h for face in faces)
    fit = [face for face in faces if face.box.h >= BACKGROUND * highest]
    if len(fit) > 1:
        raise PictureError(
            f"{what}: there are {len(fit)} faces in it; cut out the one that is meant"
        )
    return picture, fit[0]


def _pictures(place: Path) -> dict[str, list[Path]]:
    """The files of each person, by name, in order."""
    if not os.path.exists(place):  # Path.exists raises where a name is too long
        raise RequestError(f"{shown(place)}: no such file or folder; check the name")
    try:
        entries = sorted(place.iterdir()) if place.is_dir() else [place]
    except OSError as error:
        raise RequestError(f"{shown(place)}: cannot be read ({error.strerror})") from error
    of_name: dict[str, list[Path]] = {}
    raw: dict[str, str] = {}
    for entry in entries:
        if _is_litter(entry) or re.fullmatch(SHEET, entry.name):
            continue
        inside = sorted(p for p in entry.rglob("*") if p.is_file() and not _is_litter(p))
        files = inside if entry.is_dir() else [entry]
        if not files:
            continue
        said = entry.name if entry.is_dir() else entry.stem
        name = tidy(said)
        if not name:
            raise RequestError(f"{shown(entry)}: gives no name; rename it as the person")
        if raw.setdefault(name, said) != said:
            raise RequestError(
                f"{shown(entry)}: another one, {shown(raw[name])}, would get the same name {name}; "
                "rename one of them"
            )
        of_name.setdefault(name, []).extend(files)
    if not of_name:
        raise RequestError(
            f"{shown(place)}: holds no pictures; put in one for each person, such as Jim.jpg, or a "
            "folder of them, such as Rachel"
        )
    return dict(sorted(of_name.items()))


def _is_litter(path: Path) -> bool:
    """Whether a file was put there by the system, not by the user."""
    return path.name.startswith(".") or path.name.lower() in LITTER
