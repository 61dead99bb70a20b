"""Pick the faces of each track that show best who it is, and describe the track by them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from videmo.people.likeness import embed, face_in_the_middle, surroundings
from videmo.runs import frame_starts
from videmo.schema import ALIGNED_EYES, Box
from videmo.table import face_boxes
from videmo.video import Movie, open_movie

FACES = 5
"""Faces of a track that are looked at, at most; each costs some 60 ms."""
LEAST_SIDE = 32
"""Pixels: the side of a square as large as the face's box. In smaller faces (tried with real ones,
reduced, in square boxes) one person looks like another."""

Progress = Callable[[int, int], None]
"""Told how many faces were looked at, and how many there are."""


class Exemplar(NamedTuple):
    """A face that shows well who a track is."""

    time: float
    """Seconds."""
    box: Box
    score: float
    """How sure dlib's detector is that it is a face."""


@dataclass(frozen=True, eq=False)
class Track:
    """A track of one movie, and what it looks like."""

    number: int
    seconds: float
    """For how long it is seen."""
    start: float
    """Time of its first frame, in seconds."""
    beside: frozenset[int]
    """Tracks that are seen in the same frames, and so are other people."""
    faces: tuple[Exemplar, ...] = ()
    """Those that were described, the surest first; none: it cannot be said who it is."""
    embedding: np.ndarray | None = None
    """(128,) the mean of those of its faces."""


def describe_tracks(
    table: pd.DataFrame, movie: Movie, end: float, progress: Progress | None = None
) -> list[Track]:
    """The tracks of a movie, which ends at `end` seconds, in order of their numbers.

    Only aligned faces are looked at, and only those count that dlib's detector finds, too.

    Raises:
        MovieError: the movie cannot be read, or is not the one that was scanned.
    """
    rows = table[table["track"].notna()]
    chosen = _chosen(rows)
    total = sum(len(faces) for faces in chosen.values())
    found: dict[int, list[Exemplar]] = defaultdict(list)
    embeddings: dict[int, list[np.ndarray]] = defaultdict(list)
    done = 0
    with open_movie(movie) as reader:
        for time, frame in zip(chosen, reader.at(chosen), strict=True):
            picture = frame.bgr
            for track, box in chosen[time]:
                square = surroundings(picture, box)
                face = face_in_the_middle(square)
                if face is not None:
                    found[track].append(Exemplar(time, box, face.score))
                    embeddings[track].append(embed(square, face))
                done += 1
                if progress is not None:
                    progress(done, total)
    lengths, beside = _lengths(rows, frame_starts(table, end)), _beside(rows)
    return [
        Track(
            number=track,
            seconds=seconds,
            start=start,
            beside=frozenset(beside[track]),
            faces=tuple(sorted(found[track], key=lambda face: (-face.score, face.time))),
            embedding=np.mean(embeddings[track], axis=0) if embeddings[track] else None,
        )
        for track, (seconds, start) in lengths.items()
    ]


def _chosen(rows: pd.DataFrame) -> dict[float, list[tuple[int, Box]]]:
    """The faces to look at, by their times, rising: the best of each of five parts of a track."""
    pixels = rows["w"].astype("float64") * rows["h"].astype("float64")
    fit = rows[(rows["eyes"] >= ALIGNED_EYES) & (pixels >= LEAST_SIDE**2)]
    of_time: dict[float, list[tuple[int, Box]]] = defaultdict(list)
    for track, faces in fit.groupby("track"):
        worth = (faces["score"] * faces["w"].astype("float64")).to_numpy(np.float64)
        times, boxes = faces["time"].tolist(), list(face_boxes(faces))
        for part in np.array_split(np.arange(len(faces)), min(FACES, len(faces))):
            best = int(part[worth[part].argmax()])
            of_time[times[best]].append((int(track), boxes[best]))
    return dict(sorted(of_time.items()))


def _lengths(rows: pd.DataFrame, starts: np.ndarray) -> dict[int, tuple[float, float]]:
    """For each track how many seconds it is seen, and from when on."""
    frames = rows["frame"].to_numpy(np.int64)
    seconds = pd.Series(starts[frames + 1] - starts[frames]).groupby(
        rows["track"].to_numpy(np.int64)
    )
    first = rows.groupby("track")["time"].min()
    return {
        int(track): (float(total), float(first[track])) for track, total in seconds.sum().items()
    }


def _beside(rows: pd.DataFrame) -> dict[int, set[int]]:
    """For each track those that share a frame with it."""
    seen = rows[["frame", "track"]].astype("int64")
    pairs = seen.merge(seen, on="frame")[["track_x", "track_y"]].drop_duplicates()
    beside: dict[int, set[int]] = defaultdict(set)
    for one, other in pairs.itertuples(index=False):
        if one != other:
            beside[one].add(other)
    return beside
