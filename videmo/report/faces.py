"""The best faces of a movie as small pictures, which a page holds in itself."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence

import pandas as pd

from videmo.exporters.crops import Crop, faces
from videmo.exporters.selection import Sighting
from videmo.moments import Moment
from videmo.pictures import encode_jpeg
from videmo.report.data import boxes_of
from videmo.report.index import MOST_BEST
from videmo.report.look import Look, Scan, Seen
from videmo.schema import FRAME, SCORE
from videmo.table import face_boxes
from videmo.video import Movie

SIDE = 112
"""Pixels."""
MARGIN = 0.25
QUALITY = 82
MOST = 72
"""Pictures on a page: each has some kilobytes."""
EACH = MOST_BEST
"""Of one emotion, where there are others: any of them may be of the best of all movies."""


def best_of(moments: Sequence[Seen]) -> list[int]:
    """Which moments' faces are shown: of each emotion the best ones, in order of time. Pure."""
    order = sorted(
        range(len(moments)), key=lambda n: (-round(moments[n].moment.score, SCORE.digits), n)
    )
    taken: dict[str, int] = {}
    chosen: list[int] = []
    others: list[int] = []
    for number in order:
        emotion = moments[number].moment.emotion
        taken[emotion] = taken.get(emotion, 0) + 1
        (chosen if taken[emotion] <= EACH else others).append(number)
    return sorted((chosen + others)[:MOST])


def pictures(
    look: Look | Scan, movie: Movie, found: Sequence[Moment]
) -> Iterator[tuple[int, bytes]]:
    """The best face of each of the moments `found`, by its index, as a JPEG file, in order of time.

    Raises:
        MovieError: the movie cannot be read.
    """
    places = [(moment.track, moment.best_frame) for moment in found]
    of_place: dict[tuple[int, int], list[int]] = {}
    for number, place in enumerate(places):
        of_place.setdefault(place, []).append(number)
    how = Crop(MARGIN, SIDE, whole=look.record["model"]["crop"] == FRAME)
    for sighting, face in faces(movie, _sightings(look.table, places), how):
        data = encode_jpeg(face, QUALITY)
        for number in of_place[sighting.track, sighting.frame]:
            yield number, data


def data_url(jpeg: bytes) -> str:
    """A picture as an address that holds it."""
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode()


def _sightings(table: pd.DataFrame, places: Sequence[tuple[int, int]]) -> list[Sighting]:
    if not places:
        return []
    rows = boxes_of(table, places)
    columns = (rows[name].tolist() for name in ("frame", "time", "track"))
    cells = zip(*columns, face_boxes(rows), rows["score"].tolist(), strict=True)
    return [Sighting(*of_row) for of_row in cells]
