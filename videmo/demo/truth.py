"""What is true of a made movie: one row per face per frame. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from videmo.demo.story import Appearance, Story, appearances
from videmo.files import write_atomic
from videmo.schema import Box


class TruthRow(NamedTuple):
    """One face in one frame."""

    frame: int
    """From 0."""
    time: float
    """Seconds; the first frame's is 0."""
    actor: int
    """From 1."""
    x: int
    y: int
    w: int
    h: int
    """The box that Haar draws around such a face, in pixels of the upright picture."""
    emotion: str

    @property
    def box(self) -> Box:
        return Box(self.x, self.y, self.w, self.h)


def truth(story: Story) -> Iterator[TruthRow]:
    """Yield the rows of a story, by frame, then in the order of painting.

    A frame without faces gives no row, and so does a face that is not wholly inside the picture.
    A face hidden by another one still gives its row: mind where the actors go.
    """
    width, height = story.size
    for index, time in enumerate(story.frame_times()):
        for face in appearances(story, time):
            box = box_of(face)
            if box.x >= 0 and box.y >= 0 and box.x + box.w <= width and box.y + box.h <= height:
                yield TruthRow(index, float(time), face.actor, *box, face.emotion)


def box_of(face: Appearance) -> Box:
    """A face's box in whole pixels."""
    side = round(face.size)
    return Box(round(face.x - face.size / 2), round(face.y - face.size / 2), side, side)


def write_truth(target: Path, rows: Iterable[TruthRow]) -> None:
    """Write rows as CSV (UTF-8, comma, LF) with a header; time in seconds, 6 digits.

    Raises:
        OutputError: the file cannot be written.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(TruthRow._fields)
    for row in rows:
        frame, time, *rest = row
        writer.writerow([frame, f"{time:.6f}", *rest])
    write_atomic(target, text.getvalue().encode())
