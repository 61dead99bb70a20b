"""What is true of a made movie: one row per face per frame. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from videmo.demo.outline import outline
from videmo.demo.story import Appearance, Story, appearances
from videmo.files import write_atomic
from videmo.schema import Box

TURNED, PROFILE, CAST_DOWN, TILTED = 10.0, 75.0, 15.0, 14.0
"""From so many degrees on a face is called so."""
DIM = 0.5
"""Up to this light a face is dim."""
SMALL, LARGE = 1 / 12, 0.75
"""Up to, and from, this part of the picture's height a face is small, or large."""

KINDS = ("frontal", "turned", "profile", "tilted", "cast-down", "dim", "small", "large")
"""What makes a face hard to find, if anything does."""


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
    """The box, in pixels of the upright picture: that which Haar draws around such a face if it
    looks ahead, its head neither turned nor leaning far; of any other, the same as `face`."""
    emotion: str
    yaw: float = 0.0
    pitch: float = 0.0
    tilt: float = 0.0
    """Degrees by which the head is turned to the right, nods down, and leans clockwise."""
    light: float = 1.0
    """The part of the full light in which it is seen."""
    kind: str = "frontal"
    """One of `KINDS`; if several fit, the one that `kind_of` says."""
    face_x: int = 0
    face_y: int = 0
    face_w: int = 0
    face_h: int = 0
    """The box around the painted skin from the hairline to the chin, as it is seen: geometry, in
    which no detector has a say. By this, detectors are compared."""

    @property
    def box(self) -> Box:
        return Box(self.x, self.y, self.w, self.h)

    @property
    def face(self) -> Box:
        return Box(self.face_x, self.face_y, self.face_w, self.face_h)


def truth(story: Story) -> Iterator[TruthRow]:
    """Yield the rows of a story, by frame, then in the order of painting.

    A frame without faces gives no row, and so does a face whose box is not wholly inside the
    picture. A face hidden by another one still gives its row: mind where the actors go.
    """
    width, height = story.size
    for index, time in enumerate(story.frame_times()):
        light = story.shots[story.shot_at(time)[0]].light
        for face in appearances(story, time):
            around = face_of(face)
            box = box_of(face) if _looks_ahead(face) else around
            if box.x >= 0 and box.y >= 0 and box.x + box.w <= width and box.y + box.h <= height:
                start = (index, float(time), face.actor, *box, face.emotion)
                turns = (face.yaw, face.pitch, face.tilt)
                kind = kind_of(face, light, around.h / height)
                yield TruthRow(*start, *turns, light, kind, *around)


def kind_of(face: Appearance, light: float, height: float) -> str:
    """The first of these that fits; `height` is the face's part of the picture's height."""
    if light <= DIM:
        return "dim"
    if height <= SMALL or height >= LARGE:
        return "small" if height <= SMALL else "large"
    if abs(face.yaw) >= TURNED:
        return "profile" if abs(face.yaw) >= PROFILE else "turned"
    if abs(face.pitch) >= CAST_DOWN:
        return "cast-down" if face.pitch > 0 else "turned"
    return "tilted" if abs(face.tilt) >= TILTED else "frontal"


def _looks_ahead(face: Appearance) -> bool:
    turned = max(abs(face.yaw), abs(face.pitch)) >= TURNED
    return not turned and abs(face.tilt) < TILTED


def face_of(face: Appearance) -> Box:
    """The box around the face's skin, in whole pixels."""
    turns = (face.yaw, face.pitch, face.tilt)
    edges = outline(face.x, face.y, face.size, *turns, actor=face.actor)
    left, top, right, bottom = map(round, edges)
    return Box(left, top, right - left, bottom - top)


def box_of(face: Appearance) -> Box:
    """The box of a face that looks ahead, in whole pixels."""
    side = round(face.size)
    return Box(round(face.x - face.size / 2), round(face.y - face.size / 2), side, side)


def write_truth(target: Path, rows: Iterable[TruthRow]) -> None:
    """Write rows as CSV (UTF-8, comma, LF) with a header; time in seconds, 6 digits; degrees, 1.

    Raises:
        OutputError: the file cannot be written.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(TruthRow._fields)
    for row in rows:
        turns = {name: f"{getattr(row, name):.1f}" for name in ("yaw", "pitch", "tilt")}
        shown = {"time": f"{row.time:.6f}", "light": f"{row.light:g}", **turns}
        writer.writerow((row._asdict() | shown).values())
    write_atomic(target, text.getvalue().encode())
