"""From a table's rows to those of other programs, by their names and conventions. Pure.

Each function takes a table as `read_table` gives it, and its record. What another program has and
videmo has not is left out where that program allows it, and empty otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from videmo.schema import EMOTIONS, Box
from videmo.table import Record, labels_of

PYFEAT_NAMES = dict(
    zip(
        EMOTIONS,
        ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral"),
        strict=True,
    )
)
"""What py-feat calls our emotions; other labels keep their names."""
PYFEAT_BOX = ("FaceRectX", "FaceRectY", "FaceRectWidth", "FaceRectHeight")
FER_PLACES = 2
"""Digits to which fer rounds scores."""


def openface(table: pd.DataFrame, record: Record) -> pd.DataFrame:
    """OpenFace 2.x (RecorderCSV.cpp) with its five columns for a video; frames count from 1.

    Its groups of columns for gaze, landmarks, pose and action units can be switched off, and are
    left out. `confidence` is the detector's; `face_id` is the track. A frame
    without a face is a row with `success` 0, and with 0 for everything else, as OpenFace has it.
    Last come the model's labels, of which OpenFace knows nothing.
    """
    there = table["track"].notna()
    return pd.DataFrame(
        {
            "frame": table["frame"] + 1,
            "face_id": table["track"].fillna(0).astype("int64"),
            "timestamp": table["time"],
            "confidence": table["confidence"].fillna(0.0),
            "success": there.astype("int64"),
            **{name: table[name].fillna(0.0) for name in labels_of(table)},
        }
    )


def pyfeat(table: pd.DataFrame, record: Record) -> pd.DataFrame:
    """py-feat (`feat.utils.io.read_feat`), with the emotions' names of its Detectorv1; frames count
    from 0.

    A frame without a face is a row without values and `FaceScore` 0. `FaceScore` is the detector's
    confidence; `Identity` is the track. Landmarks, pose, action units and embeddings are left out.
    """
    boxes = dict(zip(PYFEAT_BOX, (table[name] for name in Box._fields), strict=True))
    scores = {PYFEAT_NAMES.get(name, name): table[name] for name in labels_of(table)}
    who = [f"Person_{n}" if n else "" for n in table["track"].fillna(0).astype("int64").tolist()]
    return pd.DataFrame(
        {
            **boxes,
            "FaceScore": table["confidence"].fillna(0.0),
            **scores,
            "FrameHeight": record["height"],
            "FrameWidth": record["width"],
            "input": record["movie"]["file"],
            "frame": table["frame"],
            "approx_time": [_minutes(time) for time in table["time"].tolist()],
            "Identity": who,
        }
    )


def fer(table: pd.DataFrame, record: Record) -> pd.DataFrame:
    """fer (`Video.to_csv`): a row for each frame with faces, its faces side by side.

    ``angry0, angry1, ..., box0, ...``: sorted by name, then by face; a box is ``[x, y, w, h]``,
    scores have two digits. As in fer, there is nothing to tell which frame a row is of.
    """
    rows = table[table["track"].notna()]
    face = rows.groupby("frame").cumcount().to_numpy()
    line = (rows["frame"].diff().fillna(0) > 0).cumsum().to_numpy()
    lines, faces = (int(n.max()) + 1 if len(n) else 0 for n in (line, face))
    values: dict[str, Sequence[object]] = {
        name: np.round(rows[name].to_numpy(np.float64), FER_PLACES).tolist()
        for name in labels_of(table)
    }
    values["box"] = [str(list(box)) for box in zip(*_boxes(rows), strict=True)]
    columns: dict[str, np.ndarray] = {}
    for name in sorted(values):
        for number in range(faces):
            column = np.full(lines, None, dtype=object)
            mine = face == number
            column[line[mine]] = np.array([*values[name], None], dtype=object)[:-1][mine]
            columns[f"{name}{number}"] = column
    return pd.DataFrame(columns)


def counts(table: pd.DataFrame, record: Record) -> pd.DataFrame:
    """How many faces each frame has, and how many of them have each emotion; all frames."""
    frames, line = np.unique(table["frame"].to_numpy(np.int64), return_inverse=True)
    there = table["track"].notna().to_numpy(bool)
    columns = {"frame": frames, "faces": np.bincount(line[there], minlength=len(frames))}
    for emotion in labels_of(table):
        mine = there & (table["emotion"] == emotion).to_numpy(bool)
        columns[emotion] = np.bincount(line[mine], minlength=len(frames))
    return pd.DataFrame(columns)


def parquet(table: pd.DataFrame, record: Record) -> pd.DataFrame:
    """The table as it is; its record goes with it."""
    made = table.copy()
    made.attrs = {"videmo": record}
    return made


def _boxes(rows: pd.DataFrame) -> list[list[int]]:
    return [rows[name].astype("int64").tolist() for name in Box._fields]


def _minutes(seconds: float) -> str:
    """Minutes and whole seconds: 01:07."""
    return f"{int(seconds) // 60:02}:{int(seconds) % 60:02}"
