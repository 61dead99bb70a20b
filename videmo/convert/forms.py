"""From a table's rows to those of other programs, by their names and conventions. Pure.

Each function takes a table as `read_table` gives it, and its record. What another program has and
videmo has not is left out where that program allows it, and empty otherwise.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

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
PYFEAT_AFTER = ("FrameHeight", "FrameWidth", "input", "frame", "approx_time", "Identity")
OPENFACE = ("frame", "face_id", "timestamp", "confidence", "success")
FER_PLACES = 2
"""Digits to which fer rounds scores."""


def openface(table: pd.DataFrame, record: Record) -> pd.DataFrame:
    """OpenFace 2.x (RecorderCSV.cpp) with its five columns for a video; frames count from 1.

    Its groups of columns for gaze, landmarks, pose and action units can be switched off, and are
    left out. `confidence` is the detector's; `face_id` is the track. A frame
    without a face is a row with `success` 0, and with 0 for everything else, as OpenFace has it.
    Last come the model's labels, of which OpenFace knows nothing.
    """
    values = (
        table["frame"] + 1,
        table["track"].fillna(0).astype("int64"),
        table["time"],
        table["confidence"].fillna(0.0),
        table["track"].notna().astype("int64"),
    )
    names = _names(labels_of(table), OPENFACE)
    made: pd.DataFrame = pd.DataFrame(
        {
            **dict(zip(OPENFACE, values, strict=True)),
            **{name: table[label].fillna(0.0) for label, name in names.items()},
        }
    )
    return made


def pyfeat(table: pd.DataFrame, record: Record) -> pd.DataFrame:
    """py-feat (`feat.utils.io.read_feat`), with the emotions' names of its Detectorv1; frames count
    from 0.

    A frame without a face is a row without values and `FaceScore` 0. `FaceScore` is the detector's
    confidence; `Identity` is the track. Landmarks, pose, action units and embeddings are left out.
    """
    boxes = dict(zip(PYFEAT_BOX, (table[name] for name in Box._fields), strict=True))
    labels = labels_of(table)
    theirs = {ours: name for ours, name in PYFEAT_NAMES.items() if name not in labels}
    names = _names(labels, (*PYFEAT_BOX, "FaceScore", *PYFEAT_AFTER), theirs)
    who = [f"Person_{n}" if n else "" for n in table["track"].fillna(0).astype("int64").tolist()]
    after = (
        *(record["height"], record["width"], record["movie"]["file"], table["frame"]),
        *([_minutes(time) for time in table["time"].tolist()], who),
    )
    made: pd.DataFrame = pd.DataFrame(
        {
            **boxes,
            "FaceScore": table["confidence"].fillna(0.0),
            **{name: table[label] for label, name in names.items()},
            **dict(zip(PYFEAT_AFTER, after, strict=True)),
        }
    )
    return made


def fer(table: pd.DataFrame, record: Record) -> pd.DataFrame:
    """fer (`Video.to_csv`): a row for each frame with faces, its faces side by side.

    ``angry0, angry1, ..., box0, ...``: sorted by name, then by face; a box is ``[x, y, w, h]``,
    scores have two digits. As in fer, there is nothing to tell which frame a row is of. A label
    that ends in a digit gets a ``_``: ``fist 1_0`` is that of the first face.
    """
    rows = table[table["track"].notna()]
    face = rows.groupby("frame").cumcount().to_numpy()
    line = (rows["frame"].diff().fillna(0) > 0).cumsum().to_numpy()
    lines, faces = (int(n.max()) + 1 if len(n) else 0 for n in (line, face))
    labels = labels_of(table)
    names = _names(labels, ("box",), {name: f"{name}_" for name in labels if name[-1].isdigit()})
    values: dict[str, Sequence[object]] = {
        name: np.round(rows[label].to_numpy(np.float64), FER_PLACES).tolist()
        for label, name in names.items()
    }
    values["box"] = [str(list(box)) for box in zip(*_boxes(rows), strict=True)]
    columns: dict[str, np.ndarray] = {}
    for name in sorted(values):
        for number in range(faces):
            column = np.full(lines, None, dtype=object)
            mine = face == number
            column[line[mine]] = np.array([*values[name], None], dtype=object)[:-1][mine]
            columns[f"{name}{number}"] = column
    made: pd.DataFrame = pd.DataFrame(columns)
    return made


def counts(table: pd.DataFrame, record: Record) -> pd.DataFrame:
    """How many faces each frame has, and how many of them have each emotion; all frames."""
    frames, line = np.unique(table["frame"].to_numpy(np.int64), return_inverse=True)
    there = table["track"].notna().to_numpy(bool)
    columns = {"frame": frames, "faces": np.bincount(line[there], minlength=len(frames))}
    for emotion in labels_of(table):
        mine = there & (table["emotion"] == emotion).to_numpy(bool)
        columns[emotion] = np.bincount(line[mine], minlength=len(frames))
    made: pd.DataFrame = pd.DataFrame(columns)
    return made


def parquet(table: pd.DataFrame, record: Record) -> pd.DataFrame:
    """The table as it is; its record goes with it."""
    made: pd.DataFrame = table.copy()
    made.attrs = {"videmo": record}
    return made


def _names(
    labels: Sequence[str], taken: Collection[str], theirs: Mapping[str, str] | None = None
) -> dict[str, str]:
    """How the column of each label is called: as the other program calls it (`theirs`), or as the
    label; with ``label_`` before it where another column has this name (`taken`)."""
    names: dict[str, str] = {}
    for label in labels:
        name = (theirs or {}).get(label, label)
        while name in taken or name in names.values() or (name != label and name in labels):
            name = f"label_{name}"
        names[label] = name
    return names


def _boxes(rows: pd.DataFrame) -> list[list[int]]:
    return [rows[name].astype("int64").tolist() for name in Box._fields]


def _minutes(seconds: float) -> str:
    """Minutes and whole seconds: 01:07."""
    return f"{int(seconds) // 60:02}:{int(seconds) % 60:02}"
