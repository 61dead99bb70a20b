"""The faces of FER-2013: its own labels (`fer2013.csv`), and the votes of FER+ beside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import pandas as pd

from videmo.errors import RequestError
from videmo.files import shown
from videmo.schema import EMOTIONS
from videmo.training.dataset.examples import UNKNOWN, one_hot

SIDE = 48
"""Width and height of a face, in pixels."""
VOTES = (
    *("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear"),
    *("contempt", "unknown", "not_face"),
)
"""What FER+'s ten raters could say: columns of ``labels.csv``."""
VOTE_OF = dict(zip(EMOTIONS, ("anger", "disgust", "fear", "happiness", "sadness"), strict=False)) | {
    "surprise": "surprise",
    "neutral": "neutral",
}
EMOTION_COLUMNS = [VOTES.index(VOTE_OF[emotion]) for emotion in EMOTIONS]
CSV_SPLITS = {"Training": "train", "PublicTest": "valid", "PrivateTest": "test"}
FER2013 = {
    "name": "FER-2013",
    "by": "P.-L. Carrier and A. Courville, ICML 2013 challenge in representation learning",
    "what": "the pictures: 48x48 grey faces found on the web; split train",
    "licence": "released for research; its pictures belong to many owners",
}
FERPLUS = {
    "name": "FER+",
    "by": "E. Barsoum, C. Zhang, C. Canton Ferrer, Z. Zhang (Microsoft), ICMI 2016",
    "what": "the labels: ten raters' votes for each picture",
    "licence": "MIT License, (c) Microsoft Corporation; github.com/microsoft/FERPlus",
}


class Faces(NamedTuple):
    """Faces, and what each kind of labels says of them."""

    images: np.ndarray
    """(n, 48, 48) uint8, grey."""
    split: np.ndarray
    """(n,) str."""
    targets: dict[str, np.ndarray]
    """By kind of labels (n, 7) float32; zeros where nothing is known."""
    labels: dict[str, np.ndarray]
    """By kind of labels (n,) int64: the class, or `UNKNOWN`."""


def read_csv(path: Path) -> Faces:
    """FER-2013 as its challenge gave it out: one CSV with the pixels of all faces as text.

    Raises:
        RequestError: a column is missing, or a line is not what it should be, named.
    """
    table = _table(path, ("emotion", "pixels", "Usage"), "is this FER-2013's file?")
    numbers = [str(i) for i in range(len(EMOTIONS))]
    _refuse(path, ~table["emotion"].isin(numbers), "emotion is not 0 to 6")
    _refuse(path, ~table["Usage"].isin([*CSV_SPLITS]), f"Usage is none of {', '.join(CSV_SPLITS)}")
    images = np.stack([_pixels(path, i, text) for i, text in enumerate(table["pixels"])])
    labels = table["emotion"].astype(int).to_numpy(np.int64)
    split = table["Usage"].map(CSV_SPLITS).to_numpy(object)
    return Faces(images, split, {"fer2013": one_hot(labels, len(EMOTIONS))}, {"fer2013": labels})


def read_sheets(folder: Path) -> Faces:
    """FER+'s folder: ``labels.csv``, and the contact sheets that it names.

    Raises:
        RequestError: ``labels.csv`` or a sheet is missing, or not what it should be.
    """
    path = folder / "labels.csv"
    numbers = ("row", "column", *VOTES)
    table = _table(path, ("sheet", "split", "fer2013_label", *numbers), "is this FER+'s folder?")
    for name in numbers:
        if not table[name].str.fullmatch("[0-9]{1,4}").all():
            raise RequestError(f"{shown(path)}: column {name} holds more than whole numbers")
    place = table[["row", "column"]].astype(int).to_numpy()
    images = np.zeros((len(table), SIDE, SIDE), np.uint8)
    for name in table["sheet"].unique():
        picked = (table["sheet"] == name).to_numpy(bool)
        images[picked] = _tiles(folder, name, place[picked])
    wrong = set(table["fer2013_label"]) - {*EMOTIONS, ""}
    if wrong:
        raise RequestError(f"{shown(path)}: fer2013_label {shown(min(wrong))!r} is no emotion")
    index = {name: i for i, name in enumerate(EMOTIONS)} | {"": UNKNOWN}
    own = table["fer2013_label"].map(index).to_numpy(np.int64)
    votes = table[list(VOTES)].astype(int).to_numpy()
    return Faces(
        images,
        table["split"].to_numpy(object),
        {"ferplus": teachable(votes), "fer2013": one_hot(own, len(EMOTIONS))},
        {"ferplus": majority(votes), "fer2013": own},
    )


def counted(votes: np.ndarray) -> np.ndarray:
    """FER+'s first rule: a vote that nobody shares is a slip, and is dropped."""
    return np.where(votes == 1, 0, votes)


def majority(votes: np.ndarray) -> np.ndarray:
    """(n,) indices into `EMOTIONS`: what most raters said, or `UNKNOWN`.

    A face has a label only when one vote stands alone at the top and is one of `EMOTIONS`: no
    tie, not contempt, not unknown, not "no face".
    """
    votes = counted(votes)
    best = votes.max(axis=1, keepdims=True)
    alone = ((votes == best).sum(axis=1) == 1) & (best[:, 0] > 0)
    emotion_of_column = np.full(len(VOTES), UNKNOWN)
    emotion_of_column[EMOTION_COLUMNS] = np.arange(len(EMOTIONS))
    return np.where(alone, emotion_of_column[votes.argmax(axis=1)], UNKNOWN)


def teachable(votes: np.ndarray) -> np.ndarray:
    """(n, 7) float32: how the counted votes are spread over `EMOTIONS`, each row summing to 1.

    A row is zero where fewer than half the raters saw an emotion, or no two the same.
    """
    emotions = counted(votes)[:, EMOTION_COLUMNS].astype(np.float32)
    shares = emotions / np.maximum(emotions.sum(axis=1, keepdims=True), 1)
    mostly = votes[:, len(EMOTIONS) :].sum(axis=1) * 2 <= votes.sum(axis=1)
    return np.asarray(shares * mostly[:, None], np.float32)


def _table(path: Path, columns: Sequence[str], else_: str) -> pd.DataFrame:
    """A CSV's columns as stripped texts."""
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, skipinitialspace=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise RequestError(f"{shown(path)}: cannot read ({reason}); {else_}") from error
    except ValueError as error:
        reason = " ".join(str(error).split())
        raise RequestError(f"{shown(path)}: not a CSV table ({reason})") from error
    table = table.rename(columns=lambda name: str(name).strip())
    missing = [name for name in columns if name not in table.columns]
    if missing:
        raise RequestError(f"{shown(path)}: no column {', '.join(missing)}; {else_}")
    if table.empty:
        raise RequestError(f"{shown(path)}: no pictures in it; fetch the file again")
    strip: Callable[[pd.Series], pd.Series] = lambda column: column.str.strip()  # noqa: E731
    return table[list(columns)].apply(strip)


def _refuse(path: Path, wrong: pd.Series, what: str) -> None:
    if wrong.any():
        line = int(np.flatnonzero(wrong.to_numpy(bool))[0]) + 2
        raise RequestError(f"{shown(path)}: line {line}: {what}; fetch the file again")


def _pixels(path: Path, index: int, text: str) -> np.ndarray:
    numbers = text.split()
    fine = all(n.isascii() and n.isdigit() and len(n) <= 3 and int(n) <= 255 for n in numbers)
    wrong = "" if fine else "pixels are not numbers from 0 to 255"
    if len(numbers) != SIDE * SIDE:
        wrong = f"{len(numbers)} pixels, not {SIDE}x{SIDE}"
    if wrong:
        raise RequestError(f"{shown(path)}: line {index + 2}: {wrong}; fetch the file again")
    return np.array(numbers, np.uint8).reshape(SIDE, SIDE)


def _tiles(folder: Path, name: str, place: np.ndarray) -> np.ndarray:
    """The faces of a sheet at these rows and columns: (n, 48, 48) uint8."""
    path = folder / name
    if Path(name).name != name:
        raise RequestError(f"{shown(name)}: labels.csv names a sheet outside its folder")
    try:
        data = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError as error:
        reason = error.strerror or str(error)
        raise RequestError(f"{shown(path)}: cannot read ({reason}); labels.csv names it") from error
    sheet = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE) if data.size else None
    if sheet is None:
        raise RequestError(f"{shown(path)}: not a picture; fetch the file again")
    height, width = sheet.shape
    if height % SIDE or width % SIDE:
        raise RequestError(f"{shown(path)}: {width}x{height} pixels are no sheet of {SIDE}x{SIDE}")
    tiles = sheet.reshape(height // SIDE, SIDE, width // SIDE, SIDE).transpose(0, 2, 1, 3)
    if (place >= tiles.shape[:2]).any():
        raise RequestError(f"{shown(path)}: smaller than labels.csv says; fetch the file again")
    return np.asarray(tiles[place[:, 0], place[:, 1]])
