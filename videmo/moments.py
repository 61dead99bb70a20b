"""Moments: a table's runs as people speak of them: who, which emotion, when, how sure. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from videmo.review import Review, apply
from videmo.runs import find_runs
from videmo.schema import DEFAULT_REPEAT, Run


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
    """Their mean score, 0 to 1."""
    best_score: float
    best_frame: int
    best_time: float
    """When that frame is shown, in seconds."""

    @property
    def seconds(self) -> float:
        return self.end - self.start


def moments_of(
    table: pd.DataFrame,
    movie: str,
    *,
    persons: Mapping[int, str] | None = None,
    repeat: int = DEFAULT_REPEAT,
    end: float | None = None,
    review: Review | None = None,
    **how: Any,
) -> list[Moment]:
    """The moments of a table's movie, in order of time.

    Args:
        table: as `read_table` gives it.
        movie: its name.
        persons: who each track is.
        repeat: the fewest frames a moment must have.
        end: where what was scanned ends, in seconds, as the record says.
        review: what people corrected; None: the moments as the scan found them.
        how: as `find_runs` takes it.
    """
    runs = find_runs(table, repeat=repeat, end=end, **how)
    frames = table["frame"].to_numpy(np.int64)
    tracks = table["track"].to_numpy(np.int64, na_value=0)
    rows = np.lexsort((frames, tracks))
    keys = tracks[rows] << 32 | frames[rows]
    scores = table["score"].to_numpy(np.float64, na_value=np.nan)
    times = table["time"].to_numpy(np.float64)
    moments = []
    for run in runs:
        at = rows[np.searchsorted(keys, run.track << 32 | np.asarray(run.frames, np.int64))]
        moments.append(
            _moment(run, movie, (persons or {}).get(run.track, ""), scores[at], times[at])
        )
    return apply(moments, review) if review else moments


def _moment(run: Run, movie: str, person: str, scores: np.ndarray, times: np.ndarray) -> Moment:
    best = int(scores.argmax())
    return Moment(
        *(movie, run.track, person, run.emotion, run.start, run.end),
        *(run.first, run.last, run.repeat),
        score=float(scores.mean()),
        best_score=float(scores[best]),
        best_frame=run.frames[best],
        best_time=float(times[best]),
    )
