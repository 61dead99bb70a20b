"""Draw: cut faces out of pictures, lay them out on sheets, and mark them where they are. Pure."""

from videmo.draw.colours import EMOTION_COLOURS
from videmo.draw.overlay import Marked, Spots, called, draw_faces, style_for
from videmo.draw.sheet import (
    COLUMNS,
    FACE,
    FACES_A_ROW,
    HEADER,
    MARGIN,
    TILE,
    Header,
    Row,
    Tile,
    contact_sheet,
    cut_face,
    people_sheet,
)
from videmo.draw.timeline import Lane, Timeline, draw_timeline, lane_room

__all__ = [
    "COLUMNS",
    "EMOTION_COLOURS",
    "FACE",
    "FACES_A_ROW",
    "HEADER",
    "MARGIN",
    "TILE",
    "Header",
    "Lane",
    "Marked",
    "Row",
    "Spots",
    "Tile",
    "Timeline",
    "called",
    "contact_sheet",
    "cut_face",
    "draw_faces",
    "draw_timeline",
    "lane_room",
    "people_sheet",
    "style_for",
]
