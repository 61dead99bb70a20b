"""The faces of FER-2013: its own labels (`fer2013.csv`), and the votes of FER+ beside them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from videmo.files import shown
from videmo.schema import EMOTIONS
from videmo.training import wrong
from videmo.training.dataset.look import UNKNOWN, Listed

SIDE = 48  # pixels of a face
EMOTION_VOTES = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear")
VOTES = (*EMOTION_VOTES, "contempt", "unknown", "not_face")  # what FER+'s raters could say
VOTE_OF = {"angry": "anger", "happy": "happiness", "sad": "sadness"}  # others are called as here
VOTE_OF = {emotion: VOTE_OF.get(emotion, emotion) for emotion in EMOTIONS}
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


def list_csv(path: Path) -> Listed:
    """FER-2013 as its challenge gave it out: one CSV with the pixels of all faces as text."""
    table = _table(path, ("emotion", "pixels", "Usage"))
    for name, values, what in (
        ("emotion", [str(i) for i in range(7)], "emotion is not 0 to 6"),
        ("Usage", [*CSV_SPLITS], f"Usage is none of {', '.join(CSV_SPLITS)}"),
    ):
        bad = ~table[name].isin(values).to_numpy(bool)
        if bad.any():
            raise wrong(path, f"line {bad.argmax() + 2}: {what}; fetch the file again")
    images = np.stack([_pixels(path, i + 2, text) for i, text in enumerate(table["pixels"])])
    labels = table["emotion"].astype(int).to_numpy(np.int64)[:, None]
    split, targets = table["Usage"].map(CSV_SPLITS).to_numpy(object), one_hot(labels, 7)
    return Listed(EMOTIONS, ("fer2013",), images, split, targets, labels, (FER2013,))


def list_sheets(folder: Path, heads: tuple[str, ...]) -> Listed:
    """FER+'s folder: ``labels.csv``, and the contact sheets that it names."""
    path, numbers = folder / "labels.csv", ("row", "column", *VOTES)
    table = _table(path, ("sheet", "split", "fer2013_label", *numbers))
    for name in numbers:
        if not table[name].str.fullmatch("[0-9]{1,4}").all():
            raise wrong(path, f"column {name} holds more than whole numbers")
    strange = set(table["fer2013_label"]) - {*EMOTIONS, ""}
    if strange:
        raise wrong(path, f"fer2013_label {shown(min(strange))!r} is no emotion")
    place = table[["row", "column"]].astype(int).to_numpy()
    images = np.zeros((len(table), SIDE, SIDE), np.uint8)
    for name in table["sheet"].unique():
        picked = (table["sheet"] == name).to_numpy(bool)
        images[picked] = _tiles(folder, name, place[picked])
    index = {name: i for i, name in enumerate(EMOTIONS)} | {"": UNKNOWN}
    own = table["fer2013_label"].map(index).to_numpy(np.int64)
    votes = table[list(VOTES)].astype(int).to_numpy()
    known = {"ferplus": (teachable(votes), majority(votes)), "fer2013": (one_hot(own, 7), own)}
    targets, labels = (np.stack([known[head][i] for head in heads], axis=1) for i in (0, 1))
    split = table["split"].to_numpy(object)
    use = np.where(split == "train", targets.any((1, 2)), (labels != UNKNOWN).any(1))
    source = (FER2013, FERPLUS) if "ferplus" in heads else (FER2013,)
    return Listed(EMOTIONS, heads, images, np.where(use, split, ""), targets, labels, source)


def one_hot(labels: np.ndarray, classes: int) -> np.ndarray:
    """(..., classes) float32 of labels; zeros where one is unknown."""
    return np.asarray(labels[..., None] == np.arange(classes), np.float32)


def majority(votes: np.ndarray) -> np.ndarray:
    """(n,) indices into `EMOTIONS`: what most raters said, or `UNKNOWN`.

    A face has a label only when one vote stands alone at the top and is one of `EMOTIONS`: no
    tie, not contempt, not unknown, not "no face". A vote that nobody shares is a slip.
    """
    votes = np.where(votes == 1, 0, votes)
    best = votes.max(axis=1, keepdims=True)
    alone = ((votes == best).sum(axis=1) == 1) & (best[:, 0] > 0)
    emotion_of_column = np.full(len(VOTES), UNKNOWN)
    emotion_of_column[EMOTION_COLUMNS] = np.arange(len(EMOTIONS))
    return np.where(alone, emotion_of_column[votes.argmax(axis=1)], UNKNOWN)


def teachable(votes: np.ndarray) -> np.ndarray:
    """(n, 7) float32: how the votes that are no slips are spread over `EMOTIONS`.

    A row is zero where fewer than half the raters saw an emotion, or no two the same.
    """
    emotions = np.where(votes == 1, 0, votes)[:, EMOTION_COLUMNS].astype(np.float32)
    shares = emotions / np.maximum(emotions.sum(axis=1, keepdims=True), 1)
    mostly = votes[:, len(EMOTIONS) :].sum(axis=1) * 2 <= votes.sum(axis=1)
    return np.asarray(shares * mostly[:, None], np.float32)


def _table(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    """A CSV's columns as stripped texts."""
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise wrong(path, f"not a CSV table ({' '.join(str(error).split())})") from error
    table = table.rename(columns=lambda name: str(name).strip())
    missing = ", ".join(name for name in columns if name not in table.columns)
    if missing or table.empty:
        what = f"no column {missing}" if missing else "no pictures in it"
        raise wrong(path, f"{what}; is this FER-2013's or FER+'s?")
    stripped: pd.DataFrame = table[list(columns)].apply(lambda column: column.str.strip())
    return stripped


def _pixels(path: Path, line: int, text: str) -> np.ndarray:
    numbers = text.split()
    fine = all(n.isascii() and n.isdigit() and len(n) <= 3 and int(n) <= 255 for n in numbers)
    if not fine or len(numbers) != SIDE * SIDE:
        what = f"{len(numbers)} pixels, not {SIDE}x{SIDE}" if fine else "a pixel is not 0 to 255"
        raise wrong(path, f"line {line}: {what}; fetch the file again")
    return np.array(numbers, np.uint8).reshape(SIDE, SIDE)


def _tiles(folder: Path, name: str, place: np.ndarray) -> np.ndarray:
    """The faces of a sheet at these rows and columns: (n, 48, 48) uint8."""
    if Path(name).name != name:
        raise wrong(name, "labels.csv names a sheet outside its folder")
    path = folder / name
    sheet = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) if path.is_file() else None
    if sheet is None:
        raise wrong(path, "not a picture, and labels.csv names it")
    height, width = sheet.shape
    if height % SIDE or width % SIDE:
        raise wrong(path, f"{width}x{height} pixels are no sheet of {SIDE}x{SIDE}")
    tiles = sheet.reshape(height // SIDE, SIDE, width // SIDE, SIDE).transpose(0, 2, 1, 3)
    if (place >= tiles.shape[:2]).any():
        raise wrong(path, "smaller than labels.csv says; fetch the file again")
    return np.asarray(tiles[place[:, 0], place[:, 1]])
