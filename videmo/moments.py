"""Moments: a table's runs as people speak of them: who, which emotion, when, how sure. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from videmo.marks import mark_of
from videmo.runs import frame_starts, rows_of, scores_of
from videmo.schema import DEFAULT_GAP, ROUNDING, Run, Segment

HALF_WORTH = 1.0
"""Seconds for which a moment must hold to be worth half its score."""


class Moment(NamedTuple):
    """A run of one track with one emotion."""

    movie: str
    """Its movie's name, as `find_tables` gives it: in an archive, with its folders."""
    track: int
    person: str
    """Who the track is; empty: nobody said."""
    emotion: str
    start: float
    """Seconds."""
    end: float
    """Seconds; the end is not part of it."""
    first: int
    """Its first frame."""
    last: int
    """Its last frame."""
    repeat: int
    """Its frames that say something of the emotion."""
    score: float
    """The model's mean score of the emotion in them, 0 to 1."""
    best_score: float
    best_frame: int
    best_time: float
    """When that frame is shown, in seconds."""
    most_frames: int
    """The most frames that it had, before corrections or after: what `--repeat` asks of it."""

    @property
    def seconds(self) -> float:
        return self.end - self.start

    @property
    def mark(self) -> str:
        """How sure it is: `SURE`, `LIKELY` or `UNSURE` of `marks`."""
        return mark_of(self.seconds, self.score, self.repeat)


class Stretch(NamedTuple):
    """A stretch of time for which a track is on the screen."""

    track: int
    start: float
    """Seconds."""
    end: float
    """Seconds; the end is not part of it."""


def moments_of(
    runs: Sequence[Run],
    table: pd.DataFrame,
    movie: str,
    persons: Mapping[int, str] | None = None,
    most_frames: Iterable[int] | None = None,
) -> list[Moment]:
    """What is said of each of `runs`.

    Args:
        runs: as `find_runs` gives them, or after corrections.
        table: in whose rows they were found.
        movie: its name.
        persons: who each track is.
        most_frames: how many each had, before corrections or after; None: as many as now.
    """
    if not runs:
        return []  # the table need not be put in order
    scores = scores_of(table, runs)
    times = table["time"].to_numpy(np.float64)
    places, names = rows_of(table, _frames_of(runs)), persons or {}
    most = [run.repeat for run in runs] if most_frames is None else most_frames
    return [
        _moment(run, movie, names.get(run.track, ""), scores[run.emotion][at], times[at], count)
        for run, at, count in zip(runs, places, most, strict=True)
    ]


def best_first(table: pd.DataFrame, segments: Sequence[Segment]) -> list[tuple[float, Segment]]:
    """The segments of a table and how much each is worth, the best one first.

    What counts is the mean score of its frames, and how long it held, but less and less: of two
    that are equally sure, one of two seconds is worth a third more than one of a second, and no
    length makes up for a score half as high.
    """
    runs = [run for segment in segments for run in segment.runs]
    scores, rows = scores_of(table, runs), rows_of(table, _frames_of(runs))
    worth = []
    for segment in segments:
        places = np.concatenate([next(rows) for _ in segment.runs])
        score = float(scores[segment.emotion][places].mean())
        worth.append((score * segment.held / (segment.held + HALF_WORTH), segment))
    return sorted(worth, key=lambda one: -one[0])


def _frames_of(runs: Iterable[Run]) -> Iterator[tuple[int, tuple[int, ...]]]:
    return ((run.track, run.frames) for run in runs)


def _moment(
    run: Run, movie: str, person: str, scores: np.ndarray, times: np.ndarray, most: int
) -> Moment:
    best = int(scores.argmax())
    return Moment(
        *(movie, run.track, person, run.emotion, run.start, run.end),
        *(run.first, run.last, run.repeat),
        score=float(scores.mean()),
        best_score=float(scores[best]),
        best_frame=run.frames[best],
        best_time=float(times[best]),
        most_frames=most,
    )


def on_screen(
    table: pd.DataFrame, end: float | None = None, gap: float = DEFAULT_GAP
) -> list[Stretch]:
    """When each track is to be seen: a face that is away for longer than `gap` is away.

    Args:
        table: as `read_table` gives it.
        end: where what was scanned ends, in seconds, as the record says.
        gap: seconds.
    """
    starts = frame_starts(table, end)
    frames = table["frame"].to_numpy(np.int64)
    tracks = table["track"].to_numpy(np.int64, na_value=0)
    order = np.lexsort((frames, tracks))
    order = order[tracks[order] > 0]
    frames, tracks = frames[order], tracks[order]
    if not len(frames):
        return []
    away = starts[frames[1:]] - starts[frames[:-1] + 1]
    breaks = np.flatnonzero((tracks[1:] != tracks[:-1]) | (away > gap + ROUNDING)) + 1
    first, last = np.r_[0, breaks], np.r_[breaks, len(frames)] - 1
    begun, ended = starts[frames[first]], starts[frames[last] + 1]
    return [
        Stretch(*one)
        for one in zip(tracks[first].tolist(), begun.tolist(), ended.tolist(), strict=True)
    ]
