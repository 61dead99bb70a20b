"""FER-2013 as its challenge gave it out: one CSV with the pixels of 48x48 faces as text."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from videmo.errors import RequestError
from videmo.files import shown
from videmo.schema import EMOTIONS
from videmo.training.dataset.examples import Data, resized, sure
from videmo.training.dataset.ferplus import FER2013, SIDE

CSV_COLUMNS = ("emotion", "pixels", "Usage")
SPLITS = {"Training": "train", "PublicTest": "valid", "PrivateTest": "test"}


def read_fer2013_csv(path: Path, *, crop: str = "face", side: int = SIDE) -> Data:
    """Read ``fer2013.csv``; its classes 0 to 6 are `EMOTIONS` in our order.

    Raises:
        RequestError: a column is missing, or a line is not what it should be, named.
    """
    table = _read(path)
    emotions = table["emotion"].str.strip()
    _refuse(path, ~emotions.isin([str(i) for i in range(len(EMOTIONS))]), "emotion is not 0 to 6")
    usage = table["Usage"].str.strip()
    _refuse(path, ~usage.isin(list(SPLITS)), f"Usage is none of {', '.join(SPLITS)}")
    images = np.empty((len(table), SIDE, SIDE), np.uint8)
    for i, text in enumerate(table["pixels"]):
        images[i] = _face(path, i, text)
    labels = emotions.to_numpy(object).astype(np.int64)
    images = resized(images, side)
    splits = {}
    for theirs, ours in SPLITS.items():
        picked = (usage == theirs).to_numpy(bool)
        if picked.any():
            splits[ours] = sure(images[picked], labels[picked], len(EMOTIONS))
    return Data(EMOTIONS, splits, (FER2013,))


def _read(path: Path) -> pd.DataFrame:
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
    except OSError as error:
        raise RequestError(f"{shown(path)}: cannot read ({error.strerror or error})") from error
    except ValueError as error:
        reason = " ".join(str(error).split())
        raise RequestError(f"{shown(path)}: not a CSV table ({reason})") from error
    table = table.rename(columns=lambda name: str(name).strip())
    missing = [name for name in CSV_COLUMNS if name not in table.columns]
    if missing:
        found = ", ".join(shown(name)[:20] for name in list(table.columns)[:6])
        raise RequestError(
            f"{shown(path)}: no column {', '.join(missing)}; FER-2013's file has "
            f"{', '.join(CSV_COLUMNS)}, this one {found}"
        )
    if table.empty:
        raise RequestError(f"{shown(path)}: no pictures in it; fetch the file again")
    return table


def _refuse(path: Path, wrong: pd.Series, what: str) -> None:
    if wrong.any():
        line = int(np.flatnonzero(wrong.to_numpy(bool))[0]) + 2
        raise RequestError(f"{shown(path)}: line {line}: {what}; fetch the file again")


def _face(path: Path, index: int, text: str) -> np.ndarray:
    try:
        pixels = np.array(text.split(), np.int64)
    except (ValueError, OverflowError):
        pixels = np.empty(0)
    wrong = ""
    if pixels.size != SIDE * SIDE:
        wrong = f"{len(text.split())} pixels, not {SIDE}x{SIDE}"
    if not pixels.size or pixels.min() < 0 or pixels.max() > 255:
        wrong = wrong or "pixels are not numbers from 0 to 255"
    if wrong:
        raise RequestError(f"{shown(path)}: line {index + 2}: {wrong}; fetch the file again")
    return pixels.astype(np.uint8).reshape(SIDE, SIDE)
