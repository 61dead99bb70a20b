"""The faces to learn from: FER-2013's pictures with the votes of FER+, and how votes become truth.

The folder holds ``labels.csv`` and the contact sheets that it names: grey pictures, one face in
each tile of 48 x 48 pixels.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from videmo.errors import RequestError
from videmo.files import shown
from videmo.schema import EMOTIONS
from videmo.training.dataset.examples import NO_LABEL, Data, Examples, resized, sure

SIDE = 48
"""Width and height of a face, in pixels."""

VOTES = (
    *("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear"),
    *("contempt", "unknown", "not_face"),
)
"""What FER+'s ten raters could say, in the order of the columns of ``labels.csv``."""

VOTE_OF_EMOTION = {
    **{"angry": "anger", "disgust": "disgust", "fear": "fear", "happy": "happiness"},
    **{"sad": "sadness", "surprise": "surprise", "neutral": "neutral"},
}
EMOTION_COLUMNS = [VOTES.index(VOTE_OF_EMOTION[emotion]) for emotion in EMOTIONS]

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

TEXT_COLUMNS = ("sheet", "split", "fer2013_label")
NUMBER_COLUMNS = ("row", "column", *VOTES)


@dataclass(frozen=True)
class Faces:
    """Faces and what was said about them, in the order of ``labels.csv``."""

    images: np.ndarray
    """``(n, 48, 48)`` uint8, grey."""
    votes: np.ndarray
    """``(n, 10)`` uint8: how many raters chose each of `VOTES`."""
    fer2013: np.ndarray
    """``(n,)`` str: the older label (one of `EMOTIONS`), empty where there is none."""
    split: np.ndarray
    """``(n,)`` str: ``train`` or ``valid``."""

    def __len__(self) -> int:
        return len(self.images)

    def where(self, mask: np.ndarray) -> Faces:
        """The faces that `mask` (``(n,)`` bool, or indices) picks."""
        parts = (self.images, self.votes, self.fer2013, self.split)
        return Faces(*(part[mask] for part in parts))


def read_ferplus(folder: Path) -> Faces:
    """Read all faces of `folder`.

    Raises:
        RequestError: ``labels.csv`` or a sheet is missing, or not what it should be.
    """
    table = _read_labels(Path(folder) / "labels.csv")
    images = np.zeros((len(table), SIDE, SIDE), np.uint8)
    sheet_names = table["sheet"].to_numpy(object)
    rows, columns = table["row"].to_numpy(), table["column"].to_numpy()
    for name in dict.fromkeys(sheet_names):
        if Path(name).name != name:
            raise RequestError(f"{shown(name)}: labels.csv names a sheet outside its folder")
        picked = sheet_names == name
        tiles = _read_sheet(Path(folder) / name)
        images[picked] = _pick(tiles, rows[picked], columns[picked], Path(folder) / name)
    return Faces(
        images=images,
        votes=table[list(VOTES)].to_numpy(np.uint8),
        fer2013=table["fer2013_label"].to_numpy(object),
        split=table["split"].to_numpy(object),
    )


def read_votes(folder: Path, *, crop: str = "face", side: int = SIDE) -> Data:
    """FER+: the raters' votes are learnt; their majority, where it is clear, is measured against.

    Raises:
        RequestError: as `read_ferplus`.
    """
    return _voted(read_ferplus(folder), side)


def read_fer2013_labels(folder: Path, *, crop: str = "face", side: int = SIDE) -> Data:
    """FER-2013's own labels of the faces in FER+'s folder, where they have one.

    Raises:
        RequestError: as `read_ferplus`, or a label is not one of `EMOTIONS`.
    """
    faces = read_ferplus(folder)
    labels = _own_labels(faces, folder)
    faces, labels = faces.where(labels != NO_LABEL), labels[labels != NO_LABEL]
    examples = sure(resized(faces.images, side), labels, len(EMOTIONS))
    splits = {s: examples.where(faces.split == s) for s in dict.fromkeys(faces.split)}
    return Data(EMOTIONS, splits, (FER2013,))


def read_both(folder: Path, *, crop: str = "face", side: int = SIDE) -> Data:
    """The votes of FER+, and for a second head FER-2013's own labels of the same pictures.

    Raises:
        RequestError: as `read_fer2013_labels`.
    """
    faces = read_ferplus(folder)
    labels = _own_labels(faces, folder)
    known = (labels != NO_LABEL)[:, None]
    second = np.eye(len(EMOTIONS), dtype=np.float32)[labels] * known
    return replace(_voted(faces, side, second), heads=("ferplus", "fer2013"))


def _voted(faces: Faces, side: int, second: np.ndarray | None = None) -> Data:
    images = resized(faces.images, side)
    examples = Examples(images, shares(faces.votes), majority(faces.votes), second)
    wanted = {"train": teachable(faces), "valid": examples.labels != NO_LABEL}
    splits = {
        split: examples.where((faces.split == split) & wanted.get(split, wanted["valid"]))
        for split in dict.fromkeys(faces.split)
    }
    return Data(EMOTIONS, splits, (FER2013, FERPLUS))


def _own_labels(faces: Faces, folder: Path) -> np.ndarray:
    """``(n,)`` indices of FER-2013's labels in `EMOTIONS`, or `NO_LABEL` where there is none."""
    wrong = set(faces.fer2013) - {*EMOTIONS, ""}
    if wrong:
        path = Path(folder) / "labels.csv"
        raise RequestError(f"{shown(path)}: fer2013_label {shown(min(wrong))!r} is no emotion")
    index = {name: i for i, name in enumerate(EMOTIONS)} | {"": NO_LABEL}
    return np.array([index[label] for label in faces.fer2013], np.int64)


def teachable(faces: Faces) -> np.ndarray:
    """``(n,)`` bool: the faces of which at least half the raters agreed to see emotions."""
    seen = faces.votes.sum(axis=1)
    emotional = np.minimum(shares(faces.votes).sum(axis=1), 1) > 0
    others = faces.votes[:, 7:].sum(axis=1)
    return emotional & (others * 2 <= seen)


def counted(votes: np.ndarray) -> np.ndarray:
    """FER+'s first rule: a vote that nobody shares is a slip, and is dropped."""
    return np.where(votes == 1, 0, votes).astype(np.uint8)


def majority(votes: np.ndarray) -> np.ndarray:
    """``(n,)`` indices into `EMOTIONS`: what most raters said, or `NO_LABEL`.

    A face has a label only when one vote stands alone at the top and is one of `EMOTIONS`: no
    tie, not contempt, not unknown, not "no face".
    """
    votes = counted(votes)
    best = votes.max(axis=1, keepdims=True)
    alone = ((votes == best).sum(axis=1) == 1) & (best[:, 0] > 0)
    emotion_of_column = np.full(len(VOTES), NO_LABEL)
    emotion_of_column[EMOTION_COLUMNS] = np.arange(len(EMOTIONS))
    return np.where(alone, emotion_of_column[votes.argmax(axis=1)], NO_LABEL)


def shares(votes: np.ndarray) -> np.ndarray:
    """``(n, 7)`` float32: how the counted votes are spread over `EMOTIONS`, each row summing to 1.

    A row is all zero where no emotion was voted for by more than one rater.
    """
    emotions = counted(votes)[:, EMOTION_COLUMNS].astype(np.float32)
    return emotions / np.maximum(emotions.sum(axis=1, keepdims=True), 1)


def _read_labels(path: Path) -> pd.DataFrame:
    """``labels.csv`` with the columns needed, numbers as int64, empty texts as ``""``."""
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
    except OSError as error:
        reason = error.strerror or str(error)
        raise RequestError(
            f"{shown(path)}: cannot read ({reason}); is this FER+'s folder?"
        ) from error
    except ValueError as error:
        reason = " ".join(str(error).split())
        raise RequestError(f"{shown(path)}: not a CSV table ({reason})") from error
    missing = [name for name in (*TEXT_COLUMNS, *NUMBER_COLUMNS) if name not in table.columns]
    if missing:
        raise RequestError(f"{shown(path)}: no column {', '.join(missing)}; fetch the file again")
    for name in NUMBER_COLUMNS:
        if not table[name].str.fullmatch("[0-9]{1,4}").all():
            raise RequestError(f"{shown(path)}: column {name} holds more than whole numbers")
        table[name] = table[name].astype(np.int64)
    return table


def _read_sheet(path: Path) -> np.ndarray:
    """The tiles of a contact sheet: ``(rows, columns, 48, 48)`` uint8."""
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
    tiles = sheet.reshape(height // SIDE, SIDE, width // SIDE, SIDE)
    return tiles.transpose(0, 2, 1, 3)


def _pick(tiles: np.ndarray, rows: np.ndarray, columns: np.ndarray, path: Path) -> np.ndarray:
    """The tiles at `rows` and `columns`: ``(n, 48, 48)``."""
    if rows.max() >= tiles.shape[0] or columns.max() >= tiles.shape[1]:
        raise RequestError(f"{shown(path)}: smaller than labels.csv says; fetch the file again")
    return tiles[rows, columns]
