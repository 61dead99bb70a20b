"""How many of one table's faces another one has."""

from __future__ import annotations

from collections import defaultdict

import pandas as pd

from videmo.schema import Box
from videmo.table import face_boxes

SAME = 0.5
"""Overlap (intersection over union) at which two boxes are one face."""

Boxes = dict[int, list[Box]]


def boxes_of(table: pd.DataFrame) -> Boxes:
    """The boxes of each frame of a table."""
    faces = table[table["track"].notna()]
    boxes: Boxes = defaultdict(list)
    for frame, box in zip(faces["frame"].tolist(), face_boxes(faces), strict=True):
        boxes[frame].append(box)
    return boxes


def recall_and_precision(found: Boxes, truth: Boxes) -> tuple[float, float]:
    """The part of `truth` that is found, and the part of what is found that is true."""
    hits = 0
    for frame, boxes in truth.items():
        left = list(found.get(frame, []))
        for box in boxes:
            best = max(left, key=lambda other: other.iou(box), default=None)
            if best is not None and best.iou(box) >= SAME:
                left.remove(best)
                hits += 1
    return hits / sum(map(len, truth.values())), hits / sum(map(len, found.values()))
