"""Runs after what people corrected: what somebody changed holds, and no second counts twice. Pure.

A corrected run keeps within what is seen of its track. Where it comes to lie over other runs of
that track, these give way. A correction that can make nothing of what is seen counts for nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from videmo.review import Ends, Fix, Lasting, Review, corrected_span, fixes_of
from videmo.runs import countable_rows, frame_starts
from videmo.schema import Run
from videmo.table import labels_of

SHORTEST = 5e-4
"""Seconds; times have three digits."""


class Part(NamedTuple):
    """What corrections left or made of a run: all of it, or a part."""

    run: Run
    of: int
    """Which one it was, by its index."""


class After(NamedTuple):
    """What there is after corrections."""

    parts: list[Part]
    """In order of their first frame, then track."""
    fixes: dict[int, Fix]
    """Which correction is about each run, by its index."""


def corrected(runs: Sequence[Run], table: pd.DataFrame, review: Review, end: float) -> After:
    """What is left and made of runs.

    Args:
        runs: as `find_runs` gives them, of all emotions.
        table: in whose rows they were found.
        review: the corrections; of those that name an emotion which the table's model does not tell
            apart, nothing is heeded.
        end: where what was scanned ends, in seconds.
    """
    if not review.fixes:
        return After([Part(run, index) for index, run in enumerate(runs)], {})
    labels = labels_of(table)
    known = tuple(fix for fix in review.fixes if not foreign(fix, labels))
    fixes = fixes_of(runs, replace(review, fixes=known))
    looks = _Looks(table, end)
    moved: list[tuple[bool, float, Part]] = []
    kept = []
    for index, run in enumerate(runs):
        fix = fixes.get(index)
        changed = looks.changed(run, fix) if fix else run
        if fix and changed is None:
            del fixes[index]
        if changed is None or changed == run:
            kept.append(Part(run, index))
        elif changed.frames:
            ends = fix is not None and (fix.start is not None or fix.end is not None)
            moved.append((not ends, changed.start, Part(changed, index)))
    # Ends that somebody moved hold against a mere change of emotion.
    taken: dict[int, list[Ends]] = defaultdict(list)
    parts: list[Part] = []
    for *_, part in sorted(moved):
        parts += looks.left(part, taken[part.run.track])
        taken[part.run.track].append(Ends(part.run.start, part.run.end))
    for part in kept:
        parts += looks.left(part, taken[part.run.track])
    return After(sorted(parts, key=lambda part: (part.run.first, part.run.track)), fixes)


def foreign(fix: Fix, labels: Sequence[str]) -> list[str]:
    """The emotions of a correction that are none of `labels`."""
    return [name for name in (fix.of.emotion, fix.emotion) if name and name not in labels]


def left_of(span: Lasting, taken: Iterable[Ends]) -> list[Ends]:
    """What is left of a stretch of time without those that are `taken`."""
    left = [Ends(span.start, span.end)]
    for start, end in taken:
        sides = [((a, min(b, start)), (max(a, end), b)) for a, b in left]
        left = [Ends(a, b) for pair in sides for a, b in pair if b - a > SHORTEST]
    return left


class _Looks:
    """In which frames each track is seen, and when these begin."""

    def __init__(self, table: pd.DataFrame, end: float) -> None:
        self._frames = table["frame"].to_numpy(np.int64)
        self._tracks = table["track"].to_numpy(np.int64, na_value=0)
        self._counts = countable_rows(table)
        self._starts = frame_starts(table, end)

    def changed(self, run: Run, fix: Fix) -> Run | None:
        """`run` as `fix` says, without frames where it is taken out; None: nothing is seen there of
        its track."""
        span = corrected_span(run, fix)
        if span is None:
            return replace(run, frames=())
        emotion, start, end = span
        if (start, end) == (run.start, run.end):
            return replace(run, emotion=emotion)
        mine = self._tracks == run.track
        seen = self._frames[mine]
        start = max(start, float(self._starts[seen.min()]))
        end = min(end, float(self._starts[seen.max() + 1]))
        kept = self._within(run.frames, start, end)
        added = self._within(self._frames[mine & self._counts].tolist(), start, end)
        added = tuple(f for f in added if not run.start <= self._starts[f] < run.end)
        # Where the face never counts, whoever moved the ends there says that it does.
        frames = tuple(sorted({*kept, *added})) or self._within(seen.tolist(), start, end)
        return Run(run.track, emotion, frames, start, end) if frames else None

    def left(self, part: Part, taken: Sequence[Ends]) -> list[Part]:
        """The parts of a run that lie in none of `taken`, where they have frames."""
        run = part.run
        ends = left_of(run, taken)
        if ends == [(run.start, run.end)]:
            return [part]
        parts = [
            replace(run, frames=self._within(run.frames, *one), start=one.start, end=one.end)
            for one in ends
        ]
        return [Part(one, part.of) for one in parts if one.frames]

    def _within(self, frames: Iterable[int], start: float, end: float) -> tuple[int, ...]:
        return tuple(frame for frame in frames if start <= self._starts[frame] < end)
