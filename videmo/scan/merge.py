"""From what was seen in each chunk to the rows of the table, a chunk at a time. Pure.

The chunks are gone through three times: for their cuts, for their tracks and runs, and for their
rows. So little is remembered of each that a movie of ten hours needs no more memory than a clip.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from videmo.runs import repeats
from videmo.scan.chunk import Observations, Settings
from videmo.schema import ALIGNED_EYES, EMOTIONS
from videmo.shots import changes, find_cuts
from videmo.table import Row
from videmo.tracks import Linker

TRUSTED_SIGHTINGS = 3
"""A track whose face is never aligned must be seen on so many frames, else it is not a face."""
TRUSTED_LOOKS = 2
"""And on so many of them in the whole picture: whoever searches a hand again and again near where
it was finds a face in it once."""
TRUSTED_SHARE = 0.25
"""And in this part of the pictures, where all are looked at: by so many looks, chance has a say."""

NEXT_LOOK = 1.5
"""Usual steps from one scanned frame to the next for which a face is always awaited: where steps
are longer than the gap, it would be somebody else each time."""

Seen = Callable[[], Iterable[Observations]]
"""Gives what was seen in each chunk, in order, each time anew."""


class Merged(NamedTuple):
    """What a movie's chunks are together."""

    rows: Iterator[Row]
    """The rows of the table, made as they are asked for."""
    columns: pd.DataFrame
    """Those columns of all rows that runs are found in."""
    times: np.ndarray
    """(n,) seconds of the frames that were scanned, rising."""
    frames: int
    """Frames decoded, whether they were scanned or not."""
    last: float
    """Time of the last frame decoded, in seconds."""
    failures: int
    repaired: int
    tracks: int


def merge(seen: Seen, settings: Settings, first: int = 0) -> Merged:
    """All rows of the table, in order; the movie's first decoded frame has the number `first`."""
    times, moves, places = array("d"), array("d"), array("l")
    frames = failures = repaired = 0
    before, last = None, 0.0
    for part in seen():
        times.extend(part.times)
        moves.extend(changes(part.thumbnails, before))
        places.extend(range(frames, frames + part.frames, settings.every))
        if part.frames:
            before, last = part.thumbnails[-1], part.last
        frames, failures = frames + part.frames, failures + part.failures
        repaired += part.repaired
    cuts = _cuts_before(np.array(places, np.int64), find_cuts(np.array(moves)))
    gap = max(settings.gap, NEXT_LOOK * _usual_step(np.array(times)))
    share = TRUSTED_SHARE if settings.look.every == 1 else 0.0
    tracks, count = _trusted(*_tracks(seen, cuts.tolist(), gap), share)
    columns = _columns(_rows(seen, tracks, first, settings.every))
    lengths = repeats(columns, settings.gap)
    rows = _rows(seen, tracks, first, settings.every)
    whole = (row._replace(repeat=n) for row, n in zip(rows, lengths.tolist(), strict=True))
    return Merged(whole, columns, np.array(times), frames, last, failures, repaired, count)


def _cuts_before(places: np.ndarray, cuts: np.ndarray) -> np.ndarray:
    """Whether there is a cut between each scanned frame and the one before; `places` says which of
    the frames decoded they are, and `cuts` which of these begin a shot."""
    return np.diff(np.cumsum(cuts)[places], prepend=0) > 0


def _usual_step(times: np.ndarray) -> float:
    """Seconds from one scanned frame to the next, as a rule."""
    return float(np.median(np.diff(times))) if len(times) > 1 else 0.0


def _tracks(seen: Seen, cuts: list[bool], gap: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of each face of the movie its track, whether it is aligned, and whether it was found in the
    whole picture; all (faces,)."""
    linker = Linker(gap)
    tracks, aligned, looked = array("l"), array("b"), array("b")
    cut = iter(cuts)
    for part in seen():
        for time, here in zip(part.times, part.faces, strict=True):
            tracks.extend(linker.link(time, [face.box for face in here], next(cut)))
            aligned.extend(face.eyes >= ALIGNED_EYES for face in here)
            looked.extend(face.looked for face in here)
    return np.array(tracks), np.array(aligned, bool), np.array(looked, bool)


def _trusted(
    tracks: np.ndarray, aligned: np.ndarray, looked: np.ndarray, share: float
) -> tuple[np.ndarray, int]:
    """Tracks numbered from 1 in order of appearance, 0 for those that are not faces; how many."""
    numbers, appearance, place, sightings = np.unique(
        tracks, return_index=True, return_inverse=True, return_counts=True
    )
    ever_aligned = np.bincount(place[aligned], minlength=len(numbers)) > 0
    looks = np.bincount(place[looked], minlength=len(numbers))
    enough = np.maximum(TRUSTED_LOOKS, share * sightings)
    trusted = ever_aligned | ((sightings >= TRUSTED_SIGHTINGS) & (looks >= enough))
    new = np.zeros(len(numbers), np.int64)
    in_order = [i for i in np.argsort(appearance) if trusted[i]]
    new[in_order] = np.arange(1, len(in_order) + 1)
    return new[place], len(in_order)


def _rows(seen: Seen, tracks: np.ndarray, first: int, every: int) -> Iterator[Row]:
    """The rows of all frames, without the lengths of their runs."""
    track = iter(tracks.tolist())
    for part in seen():
        for index, (time, here) in enumerate(zip(part.times, part.faces, strict=True)):
            number = first + index * every
            kept = sorted((n, face) for face in here if (n := next(track)))
            if not kept:
                yield Row(number, time)
            for n, face in kept:
                score = max(face.scores)
                emotion = EMOTIONS[face.scores.index(score)]
                yield Row(number, time, n, face.box, face.eyes, emotion, score, 0, face.scores)
        first += part.frames


def _columns(rows: Iterable[Row]) -> pd.DataFrame:
    """The columns of `rows` that runs are found in, as small as they can be."""
    codes = {emotion: code for code, emotion in enumerate(("", *EMOTIONS))}
    columns = [array(kind) for kind in "ldlbbd"]
    for row in rows:
        values = (row.frame, row.time, row.track, row.eyes, codes[row.emotion], row.score)
        for column, value in zip(columns, values, strict=True):
            column.append(value)
    frame, time, track, eyes, emotion, score = (np.array(column) for column in columns)
    names = np.array(list(codes), object)[emotion]
    return pd.DataFrame(
        {
            "frame": frame,
            "time": time,
            "track": track,
            "eyes": eyes,
            "emotion": names,
            "score": score,
        }
    )
