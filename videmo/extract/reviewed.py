"""A table's runs as people corrected them: other emotions, other ends, some taken out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from videmo.errors import TableError
from videmo.review import CONFIRMED, Fix, Review, corrected_span, fixes_of, read_review
from videmo.runs import frame_starts
from videmo.schema import Run
from videmo.table import review_path


def names_said(tables: Iterable[Path]) -> list[str]:
    """The names that people gave in corrections of `tables`; bad ones say so later."""
    names: list[str] = []
    for table in tables:
        try:
            review = read_review(review_path(table))
        except TableError:
            continue
        names += [*(one.person for one in review.tracks), *(review.persons or {}).values()]
    return list(dict.fromkeys(names))


def corrected_runs(
    runs: list[Run], table: pd.DataFrame, review: Review, *, end: float, reviewed: bool = False
) -> list[Run]:
    """The runs after corrections, in order of their first frame, then track.

    Args:
        runs: of all emotions, as `find_runs` gives them.
        table: in whose rows they were found.
        review: the corrections.
        end: where what was scanned ends, in seconds.
        reviewed: only those that somebody confirmed, or gave another emotion or other ends.
    """
    fixes = fixes_of(runs, review)
    looks = _Looks(table, end)
    every = []
    for index, run in enumerate(runs):
        fix = fixes.get(index)
        if fix is None:
            every += [] if reviewed else [run]
        elif not reviewed or _is_sure(fix):
            every += looks.corrected(run, fix)
    return sorted(every, key=lambda run: (run.first, run.track))


def _is_sure(fix: Fix) -> bool:
    changed = fix.emotion or fix.start is not None or fix.end is not None
    return fix.verdict == CONFIRMED or bool(changed)


class _Looks:
    """In which frames each track is seen, and when these begin."""

    def __init__(self, table: pd.DataFrame, end: float) -> None:
        self._frames = table["frame"].to_numpy(np.int64)
        self._tracks = table["track"].to_numpy(np.int64, na_value=0)
        self._starts = frame_starts(table, end)

    def corrected(self, run: Run, fix: Fix) -> list[Run]:
        """`run` as `fix` says; nothing where it is taken out, or no frame of its track remains."""
        span = corrected_span(run, fix)
        if span is None:
            return []
        emotion, start, end = span
        if (start, end) == (run.start, run.end):
            return [replace(run, emotion=emotion)]
        kept = [frame for frame in run.frames if start <= self._starts[frame] < end]
        frames = sorted({*kept, *self._added(run, start, end)})
        return [Run(run.track, emotion, tuple(frames), start, end)] if frames else []

    def _added(self, run: Run, start: float, end: float) -> list[int]:
        """The frames of the run's track outside of it, between `start` and `end`: whoever moved the
        ends there says that they count."""
        frames = self._frames[self._tracks == run.track]
        times = self._starts[frames]
        outside = (times < run.start) | (times >= run.end)
        return [int(frame) for frame in frames[(times >= start) & (times < end) & outside]]
