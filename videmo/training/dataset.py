"""The faces to learn from: FER-2013's pictures with the votes of FER+, and how votes become truth.

The folder holds ``labels.csv`` and the contact sheets that it names: grey pictures, one face in
each tile of 48 x 48 pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from videmo.errors import RequestError
from videmo.files import shown
from videmo.schema import EMOTIONS

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

NO_EMOTION = -1
"""The label of a face whose raters did not agree on one of `EMOTIONS`."""

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


def counted(votes: np.ndarray) -> np.ndarray:
    """FER+'s first rule: a vote that nobody shares is a slip, and is dropped."""
    return np.where(votes == 1, 0, votes).astype(np.uint8)


def majority(votes: np.ndarray) -> np.ndarray:
    """``(n,)`` indices into `EMOTIONS`: what most raters said, or `NO_EMOTION`.

    A face has a label only when one vote stands alone at the top and is one of `EMOTIONS`: no
    tie, not contempt, not unknown, not "no face".
    """
    votes = counted(votes)
    best = votes.max(axis=1, keepdims=True)
    alone = ((votes == best).sum(axis=1) == 1) & (best[:, 0] > 0)
    emotion_of_column = np.full(len(VOTES), NO_EMOTION)
    emotion_of_column[EMOTION_COLUMNS] = np.arange(len(EMOTIONS))
    return np.where(alone, emotion_of_column[votes.argmax(axis=1)], NO_EMOTION)


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
