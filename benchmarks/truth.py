"""How well a scan finds the faces that people marked in real clips: `tests/truth/clips.csv`."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from videmo.schema import Box
from videmo.table import face_boxes

ANNOTATED = Path(__file__).parent.parent / "tests" / "truth" / "clips.csv"
SAME = 0.4
"""Intersection over union from which on a find is the face that was marked. Detectors draw their
boxes differently: Haar's are square."""
COVERED = 0.5
"""Part that a find shares with what may or may not be counted, of the smaller of the two, from
which on it is not counted: of a half hidden face only the part that is seen was marked."""
LARGEST = 3.0
"""How many times as large it may be."""


class Marked(NamedTuple):
    """What people marked in one frame."""

    faces: list[Box]
    unsure: list[Box]
    """What may or may not be counted."""


class Found(NamedTuple):
    """What a scan found of it."""

    frames: int
    """Frames with a face that was marked."""
    frames_with: int
    """On how many of these the scan has a face."""
    faces: int
    """Faces that were marked."""
    hits: int
    """How many of them the scan has."""
    boxes: int
    """Boxes of the scan that are counted."""
    false: int
    """How many of these are no face."""


def marked_frames(clip: str) -> dict[int, Marked]:
    """What is marked in a clip, by frame."""
    marks: dict[int, Marked] = defaultdict(lambda: Marked([], []))
    with ANNOTATED.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["clip"] != clip:
                continue
            mark = marks[int(row["frame"])]
            if row["kind"] != "none":
                box = Box(*(int(row[name]) for name in Box._fields))
                (mark.faces if row["kind"] == "face" else mark.unsure).append(box)
    return dict(marks)


def hold_against(table: pd.DataFrame, clip: str) -> Found:
    """Count what the `table` of a clip has of what people marked in it."""
    found = Found(0, 0, 0, 0, 0, 0)
    rows = table[table["track"].notna()]
    for frame, mark in marked_frames(clip).items():
        boxes = list(face_boxes(rows[rows["frame"] == frame]))
        left = list(boxes)
        hits = 0
        for face in mark.faces:
            best = max(left, key=lambda box: box.iou(face), default=None)
            if best is not None and best.iou(face) >= SAME:
                left.remove(best)
                hits += 1
        false = [box for box in left if not _covered(box, mark.unsure)]
        found = Found(
            found.frames + bool(mark.faces),
            found.frames_with + bool(mark.faces and boxes),
            found.faces + len(mark.faces),
            found.hits + hits,
            found.boxes + hits + len(false),
            found.false + len(false),
        )
    return found


def _covered(box: Box, places: list[Box]) -> bool:
    size = box.w * box.h
    return any(
        size <= LARGEST * place.w * place.h
        and box.intersection(place) >= COVERED * min(size, place.w * place.h)
        for place in places
    )
