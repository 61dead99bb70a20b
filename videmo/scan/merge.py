"""From what was seen in each chunk to the rows of the table, a chunk at a time. Pure.

The chunks are gone through three times: for their cuts, for their tracks, and for their rows. So
little is remembered of each that a movie of ten hours needs no more memory than a clip.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from videmo.faces import Detector, Sightings
from videmo.runs import repeats
from videmo.scan.chunk import ChunkResult, Settings
from videmo.schema import ALIGNED_EYES, OBSERVED, Box
from videmo.shots import changes, find_cuts
from videmo.table import Row
from videmo.tracks import TrackJoiner

Chunks = Callable[[], Iterable[ChunkResult]]
"""Gives what was seen in each chunk, in order, each time anew."""

_PLACE = {column.name: index for index, column in enumerate(OBSERVED)}
_BOX = slice(_PLACE["x"], _PLACE["h"] + 1)


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
    cuts: list[float]
    """Seconds at which shots begin, but for the first; where frames were left out, as far as their
    neighbours say."""
    samples: int
    """Pictures in which faces too small for the scan were counted."""
    smaller: int
    """How many there were in all of these."""


def merge(
    chunks: Chunks, settings: Settings, detector: Detector, labels: Sequence[str], first: int = 0
) -> Merged:
    """All rows of the table, in order; the movie's first decoded frame has the number `first`."""
    times, moves, places = array("d"), array("d"), array("l")
    frames = failures = repaired = samples = smaller = 0
    before, last = None, 0.0
    for chunk in chunks():
        times.extend(chunk.times)
        moves.extend(changes(chunk.thumbnails, before))
        places.extend(range(frames, frames + chunk.frames, settings.every))
        if chunk.frames:
            before, last = chunk.thumbnails[-1], chunk.last
        frames, failures = frames + chunk.frames, failures + chunk.failures
        repaired += chunk.repaired
        samples, smaller = samples + chunk.samples, smaller + chunk.smaller
    at, begins = np.array(places, np.int64), find_cuts(np.array(moves))
    cuts = _cuts_before(at, begins)
    found = _tracks(chunks, cuts.tolist(), settings.gap)
    tracks, count = _trusted(chunks, found, detector)
    columns = run_columns(_rows(chunks, tracks, labels, first, settings.every), labels)
    lengths = repeats(columns, settings.gap)
    rows = _rows(chunks, tracks, labels, first, settings.every)
    whole = (row._replace(repeat=n) for row, n in zip(rows, lengths.tolist(), strict=True))
    return Merged(
        *(whole, columns, np.array(times), frames, last, failures, repaired),
        *(count, _cut_times(at, np.array(times), begins), samples, smaller),
    )


def _cuts_before(places: np.ndarray, cuts: np.ndarray) -> np.ndarray:
    """Whether there is a cut between each scanned frame and the one before; `places` says which of
    the frames decoded they are, and `cuts` which of these begin a shot."""
    return np.asarray(np.diff(np.cumsum(cuts)[places], prepend=0) > 0)


def _cut_times(places: np.ndarray, times: np.ndarray, cuts: np.ndarray) -> list[float]:
    """When the frames begin, in seconds, that are `cuts`; `times` are of those at `places`."""
    if not len(places):
        return []
    there = np.flatnonzero(cuts)
    there = there[(there > places[0]) & (there <= places[-1])]
    found: list[float] = np.round(np.interp(there, places, times), 3).tolist()
    return found


def _tracks(chunks: Chunks, cuts: list[bool], gap: float) -> np.ndarray:
    """The track of each face of the movie: (faces,)."""
    joiner = TrackJoiner(gap)
    tracks = array("l")
    cut = iter(cuts)
    for chunk in chunks():
        joiner.begin_chunk()
        boxes = [Box(*map(int, box)) for box in chunk.columns[:, _BOX].tolist()]
        tracklets = chunk.tracklets.tolist()
        for time, here in zip(chunk.times.tolist(), _by_frame(chunk), strict=True):
            tracks.extend(joiner.join(time, boxes[here], tracklets[here], next(cut)))
    return np.array(tracks, np.int64)


def _by_frame(chunk: ChunkResult) -> Iterator[slice]:
    """Which of a chunk's faces are in each of its scanned frames."""
    ends = np.cumsum(chunk.counts)
    return (
        slice(*ends) for ends in zip((ends - chunk.counts).tolist(), ends.tolist(), strict=True)
    )


def _trusted(chunks: Chunks, tracks: np.ndarray, detector: Detector) -> tuple[np.ndarray, int]:
    """Tracks numbered from 1 in order of appearance, 0 for those that are not faces; how many."""
    numbers, appearance, place = np.unique(tracks, return_index=True, return_inverse=True)
    trusted = detector.trusted(_sightings(chunks, place, len(numbers)))
    new = np.zeros(len(numbers), np.int64)
    in_order = [i for i in np.argsort(appearance) if trusted[i]]
    new[in_order] = np.arange(1, len(in_order) + 1)
    return new[place], len(in_order)


def _sightings(chunks: Chunks, place: np.ndarray, count: int) -> Sightings:
    """What is known of each of `count` tracks; `place` says which of them each face belongs to."""
    frames, detected, aligned = (np.zeros(count, np.int64) for _ in range(3))
    confidence = np.zeros(count)
    start = 0
    for chunk in chunks():
        mine = place[start : start + len(chunk.columns)]
        start += len(mine)
        np.add.at(frames, mine, 1)
        np.add.at(detected, mine, chunk.detected)
        np.add.at(aligned, mine, chunk.columns[:, _PLACE["eyes"]] >= ALIGNED_EYES)
        np.maximum.at(confidence, mine, chunk.columns[:, _PLACE["confidence"]])
    return Sightings(frames, detected, aligned > 0, confidence)


def _rows(
    chunks: Chunks, tracks: np.ndarray, labels: Sequence[str], first: int, every: int
) -> Iterator[Row]:
    """The rows of all frames, without the lengths of their runs."""
    start = 0
    for chunk in chunks():
        mine = tracks[start : start + len(chunk.columns)].tolist()
        start += len(mine)
        observed, scores = chunk.columns.tolist(), chunk.scores.tolist()
        times = enumerate(chunk.times.tolist())
        for (index, time), here in zip(times, _by_frame(chunk), strict=True):
            number = first + index * every
            faces = sorted((mine[i], i) for i in range(here.start, here.stop) if mine[i])
            if not faces:
                yield Row(number, time)
            for track, i in faces:
                score = max(scores[i])
                emotion = labels[scores[i].index(score)]
                yield Row(number, time, track, tuple(observed[i]), emotion, score, 0, scores[i])
        first += chunk.frames


def run_columns(rows: Iterable[Row], labels: Sequence[str]) -> pd.DataFrame:
    """The columns of `rows` that runs are found in, as small as they can be."""
    codes = {emotion: code for code, emotion in enumerate(("", *labels))}
    columns: list[Any] = [array(kind) for kind in "ldldhd"]
    eyes_at = _PLACE["eyes"]
    for row in rows:
        seen = row.observed[eyes_at] if row.observed else float("nan")
        values = (row.frame, row.time, row.track, seen, codes[row.emotion], row.score)
        for column, value in zip(columns, values, strict=True):
            column.append(value)
    frame, time, track, eyes, emotion, score = (np.array(column) for column in columns)
    table: pd.DataFrame = pd.DataFrame(
        {
            "frame": frame,
            "time": time,
            "track": track,
            "eyes": eyes,
            "emotion": np.array(list(codes), object)[emotion],
            "score": score,
        }
    )
    return table
