"""From a table's rows to what is drawn: faces frame by frame, lanes of a timeline. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from videmo.draw import Lane, Marked, called
from videmo.runs import countable_rows, frame_starts
from videmo.schema import Box
from videmo.table import labels_of

CALM_SECONDS = 0.1
"""A box is drawn where the face is on average over so many seconds before and after."""
MOST_CALM = 12
"""Frames, at most, that are averaged on each side."""
MOST_LANES = 5


@dataclass(frozen=True, eq=False)
class Scene:
    """The faces of a movie, by the frames that were scanned."""

    frames: np.ndarray
    """(frames,) their numbers, rising."""
    times: np.ndarray
    """(frames,) seconds."""
    starts: np.ndarray
    """(frames + 1,) where the faces of each frame begin in what follows."""
    tracks: np.ndarray
    """(faces,) int."""
    boxes: np.ndarray
    """(faces, 4) int, as `Box`."""
    aligned: np.ndarray
    """(faces,) bool."""
    scores: np.ndarray
    """(faces, labels) float."""
    emotions: np.ndarray
    """(faces,) int: index in `labels`."""
    labels: tuple[str, ...]
    """Those of the model."""
    names: Mapping[int, str]
    """Of tracks; others have none."""

    def at(self, index: int) -> list[Marked]:
        """The faces in the frame whose time is ``times[index]``."""
        labels = self.labels
        here = slice(self.starts[index], self.starts[index + 1])
        columns = (self.tracks, self.boxes, self.aligned, self.emotions, self.scores)
        return [
            Marked(track, Box(*box), aligned, labels[emotion], tuple(scores), self._name(track))
            for track, box, aligned, emotion, scores in zip(
                *(column[here].tolist() for column in columns), strict=True
            )
        ]

    def after(self, index: int, share: float) -> list[Marked]:
        """The faces in a frame that was not scanned, `share` of the way from one that was to the
        next: what is in both lies between. What is in one of them only is left out: nobody knows
        from when on it is there, or how long."""
        skipped = index + 1 < len(self.frames) and self.frames[index + 1] - self.frames[index] > 1
        if not skipped:
            return []
        here, there = ({face.track: face for face in self.at(i)} for i in (index, index + 1))
        return [
            face._replace(box=_between(here[track].box, there[track].box, share))
            for track, face in (here if share < 0.5 else there).items()
            if track in here and track in there
        ]

    def _name(self, track: int) -> str:
        return self.names.get(track, "")


def _between(a: Box, b: Box, share: float) -> Box:
    return Box(*(round(p + share * (q - p)) for p, q in zip(a, b, strict=True)))


def scene_of(table: pd.DataFrame, names: Mapping[int, str]) -> Scene:
    """What is to be drawn in each frame; `names` are those of tracks."""
    frames, first = np.unique(table["frame"].to_numpy(np.int64), return_index=True)
    times = table["time"].to_numpy(np.float64)[first]
    rows = table[table["track"].notna()]
    place = np.searchsorted(frames, rows["frame"].to_numpy(np.int64))
    return Scene(
        frames=frames,
        times=times,
        starts=np.searchsorted(place, np.arange(len(frames) + 1)),
        tracks=rows["track"].to_numpy(np.int64),
        boxes=_calm_boxes(rows, place, times),
        aligned=countable_rows(rows),
        scores=rows[list(labels_of(table))].to_numpy(np.float64),
        emotions=_emotions(rows),
        labels=labels_of(table),
        names=names,
    )


def _emotions(rows: pd.DataFrame) -> np.ndarray:
    """The emotion of each row, as its index among the model's labels."""
    order = {name: index for index, name in enumerate(labels_of(rows))}
    return rows["emotion"].map(order).to_numpy(np.int64)


def _calm_boxes(rows: pd.DataFrame, place: np.ndarray, times: np.ndarray) -> np.ndarray:
    """The boxes of `rows` without their trembling: (n, 4) int.

    A detector's boxes tremble by some pixels from frame to frame. Nearby frames before and after
    are averaged in pairs, so that a face that moves is not left behind. `place` says of each row
    which of the scanned frames it is in; `times` are theirs.
    """
    boxes = rows[list(Box._fields)].to_numpy(np.float64)
    step = float(np.median(np.diff(times))) if len(times) > 1 else CALM_SECONDS
    reach = min(MOST_CALM, round(CALM_SECONDS / max(step, 1e-3)))
    if not len(boxes) or not reach:
        return np.asarray(boxes, int)
    track = np.unique(rows["track"].to_numpy(np.int64), return_inverse=True)[1]
    key = track * (len(times) + 2 * reach + 2) + place
    order = np.argsort(key)
    ranked = key[order]
    total, weight = boxes * (reach + 1), np.full(len(boxes), float(reach + 1))
    for away in range(1, reach + 1):
        pair = []
        for wanted in (key - away, key + away):
            at = np.minimum(np.searchsorted(ranked, wanted), len(ranked) - 1)
            pair.append((ranked[at] == wanted, order[at]))
        both = pair[0][0] & pair[1][0]
        share = (reach + 1 - away) * both
        total += share[:, None] * (boxes[pair[0][1]] + boxes[pair[1][1]])
        weight += 2 * share
    calm: np.ndarray = np.rint(total / weight[:, None]).astype(int)
    return calm


class _LanePlan(NamedTuple):
    """Who is in a lane."""

    name: str
    tracks: tuple[int, ...]


def lane_names(table: pd.DataFrame, names: Mapping[int, str]) -> list[str]:
    """What stands before each lane of the table's timeline."""
    return [plan.name for plan in _plans(table, names)[0]]


def lanes_of(
    table: pd.DataFrame, names: Mapping[int, str], columns: int, start: float, end: float
) -> tuple[list[Lane], int]:
    """The lanes of a timeline `columns` wide, of what lies between `start` and `end` (seconds); and
    how many tracks have no place in them.

    A person has a lane; so has a track of nobody in particular, together with others that are there
    when it is not. Those that are there longest come first.
    """
    plans, left_out = _plans(table, names)
    starts = frame_starts(table, end)
    rows = table[table["track"].notna()]
    frame = rows["frame"].to_numpy(np.int64)
    scale = columns / max(end - start, 1e-9)
    left = np.clip(((starts[frame] - start) * scale).astype(int), 0, columns - 1)
    right = np.clip(np.ceil((starts[frame + 1] - start) * scale).astype(int), left + 1, columns)
    emotion = _emotions(rows)
    aligned = countable_rows(rows)
    track = rows["track"].to_numpy(np.int64)
    lanes = []
    for plan in plans:
        counts = np.zeros((2, columns + 1, len(labels_of(table))), np.int64)
        mine = np.isin(track, plan.tracks)
        for sure in (False, True):
            which = mine & (aligned == sure)
            np.add.at(counts[int(sure)], (left[which], emotion[which]), 1)
            np.add.at(counts[int(sure)], (right[which], emotion[which]), -1)
        lanes.append(_lane(plan.name, counts.cumsum(axis=1)[:, :columns]))
    return lanes, left_out


def _lane(name: str, counts: np.ndarray) -> Lane:
    """`counts`: (2, columns, labels), of faces that are not aligned, and of those that are."""
    seen = counts.sum(axis=2)
    aligned = seen[1] > 0
    emotions = np.where(aligned[:, None], counts[1], counts[0]).argmax(axis=1)
    return Lane(name, np.where(seen.sum(axis=0) > 0, emotions, -1), aligned)


def _plans(table: pd.DataFrame, names: Mapping[int, str]) -> tuple[list[_LanePlan], int]:
    """Who is in which lane, and how many tracks are in none."""
    spans = _spans(table)
    persons: Counter[str] = Counter()
    for span in spans:
        persons[names.get(span.track, "")] += span.frames
    del persons[""]
    plans = []
    for name, _ in sorted(persons.items(), key=lambda item: (-item[1], item[0]))[:MOST_LANES]:
        tracks = tuple(span.track for span in spans if names.get(span.track) == name)
        plans.append(_LanePlan(called(name, tracks[0]), tracks))
    last = max((span.last for span in spans), default=0)
    taken = np.zeros((MOST_LANES - len(plans), last + 1), bool)
    shared: list[list[int]] = [[] for _ in taken]
    others = [span for span in spans if not names.get(span.track)]
    for span in sorted(others, key=lambda span: (-span.frames, span.track)):
        for lane, busy in zip(shared, taken, strict=True):
            if not busy[span.first : span.last + 1].any():
                busy[span.first : span.last + 1] = True
                lane.append(span.track)
                break
    plans += [_LanePlan("", tuple(lane)) for lane in shared if lane]
    return plans or [_LanePlan("", ())], len(spans) - sum(len(plan.tracks) for plan in plans)


class _Span(NamedTuple):
    """From which frame to which a track is there, and in how many it is seen."""

    track: int
    first: int
    last: int
    frames: int


def _spans(table: pd.DataFrame) -> list[_Span]:
    rows = table[table["track"].notna()]
    found = rows.groupby("track")["frame"].agg(["min", "max", "count"])
    columns = (found[name].tolist() for name in ("min", "max", "count"))
    return [_Span(*span) for span in zip(found.index.tolist(), *columns, strict=True)]
