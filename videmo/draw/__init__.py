"""Draw: cut faces out of pictures, lay them out on sheets, and mark them where they are. Pure."""

from videmo.draw.colours import EMOTION_COLOURS, colours_of
from videmo.draw.overlay import Marked, Spots, called, draw_faces, style_for
from videmo.draw.sheet import (
    FACE,
    FACES_A_ROW,
    HEADER,
    MARGIN,
    TILE,
    TILES_A_ROW,
    Header,
    PersonRow,
    Tile,
    contact_sheet,
    cut_face,
    people_sheet,
)
from videmo.draw.timeline import Lane, Timeline, draw_timeline, lane_room

__all__ = [
    "EMOTION_COLOURS",
    "FACE",
    "FACES_A_ROW",
    "HEADER",
    "MARGIN",
    "TILE",
    "TILES_A_ROW",
    "Header",
    "Lane",
    "Marked",
    "PersonRow",
    "Spots",
    "Tile",
    "Timeline",
    "called",
    "colours_of",
    "contact_sheet",
    "cut_face",
    "draw_faces",
    "draw_timeline",
    "lane_room",
    "people_sheet",
    "style_for",
]
