"""From what was seen in each chunk to the rows of the table. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from videmo.runs import repeats
from videmo.scan.chunk import Observations, Settings
from videmo.schema import ALIGNED_EYES, EMOTIONS, Face
from videmo.shots import find_cuts
from videmo.table import Row
from videmo.tracks import Linker

TRUSTED_SIGHTINGS = 3
"""A track whose face is never aligned must be seen on so many frames, else it is not a face."""


def merge(seen: Sequence[Observations], settings: Settings) -> list[Row]:
    """All rows of the table, from what was seen in each chunk, in order. Pure."""
    times = [time for part in seen for time in part.times]
    faces = [seen_faces for part in seen for seen_faces in part.faces]
    looked = [part.thumbnails for part in seen if len(part.thumbnails)]
    cuts = find_cuts(np.concatenate(looked)) if looked else []
    linker = Linker(settings.gap)
    tracks = [
        linker.link(time, [face.box for face in here], bool(cut))
        for time, here, cut in zip(times, faces, cuts, strict=True)
    ]
    rows = list(_rows(times, faces, _renumbered(tracks, faces)))
    lengths = repeats(columns_of(rows), settings.gap)
    return [row._replace(repeat=int(n)) for row, n in zip(rows, lengths, strict=True)]


def _rows(times: list[float], faces: list[list[Face]], tracks: list[list[int]]) -> Iterator[Row]:
    for index, (time, here, numbers) in enumerate(zip(times, faces, tracks, strict=True)):
        kept = sorted((n, face) for n, face in zip(numbers, here, strict=True) if n)
        if not kept:
            yield Row(index, time)
        for number, (box, eyes, scores) in kept:
            score = max(scores)
            emotion = EMOTIONS[scores.index(score)]
            yield Row(index, time, number, box, eyes, emotion, score, 0, scores)


def _renumbered(tracks: list[list[int]], faces: list[list[Face]]) -> list[list[int]]:
    """Number tracks from 1 in order of appearance; 0 for those that are not faces."""
    sightings = Counter(number for here in tracks for number in here)
    aligned = {
        number
        for numbers, here in zip(tracks, faces, strict=True)
        for number, face in zip(numbers, here, strict=True)
        if face.eyes >= ALIGNED_EYES
    }
    new: dict[int, int] = {}
    for number in (number for here in tracks for number in here):
        trusted = number in aligned or sightings[number] >= TRUSTED_SIGHTINGS
        if number not in new and trusted:
            new[number] = len(new) + 1
    return [[new.get(number, 0) for number in here] for here in tracks]


def columns_of(rows: list[Row]) -> pd.DataFrame:
    """The columns of `rows` that runs are found in."""
    columns = ("frame", "time", "track", "eyes", "emotion", "score")
    return pd.DataFrame({name: [getattr(row, name) for row in rows] for name in columns})
