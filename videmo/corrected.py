"""Runs after what people corrected: what somebody changed holds, and no second counts twice. Pure.

A corrected run keeps between the first and the last sight of its track. Where it comes to lie over
other runs of that track, these give way. A correction that can make nothing of what is seen counts
for nothing.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from videmo.review import REMOVED, Fix, Review, corrected_span, fixes_of
from videmo.runs import countable_rows, frame_starts
from videmo.schema import TWO_DIGITS, Run
from videmo.spans import SHORTEST, Ends, Lasting, joined, left_of
from videmo.table import labels_of


class Part(NamedTuple):
    """What corrections left or made of a run: all of it, or a part."""

    run: Run
    of: int
    """Which one it was, by its index."""
    most_frames: int
    """The most frames that it had, before or after."""

    def lasts(self, repeat: int, seconds: float = 0.0) -> bool:
        """Whether it holds for so many frames, and for so long now."""
        long = self.run.end - self.run.start >= seconds - TWO_DIGITS
        return long and self.most_frames >= repeat


class After(NamedTuple):
    """What there is after corrections."""

    parts: list[Part]
    """In order of their first frame, then track."""
    fixes: dict[int, Fix]
    """Which correction is about each run, by its index."""


def corrected(
    runs: Sequence[Run],
    table: pd.DataFrame,
    review: Review,
    end: float,
    counts: npt.NDArray[Any] | None = None,
) -> After:
    """What is left and made of runs.

    Args:
        runs: as `find_runs` gives them: of all emotions, and of any length, so that it is the same
            whatever is asked for.
        table: in whose rows they were found.
        review: the corrections; of those that name an emotion which the table's model does not tell
            apart, nothing is heeded.
        end: where what was scanned ends, in seconds.
        counts: (rows,) which rows say something; None: those of aligned faces.
    """
    every = [Part(run, index, run.repeat) for index, run in enumerate(runs)]
    if not review.fixes:
        return After(every, {})
    labels = labels_of(table)
    known = tuple(fix for fix in review.fixes if not foreign(fix, labels))
    fixes = fixes_of(runs, replace(review, fixes=known))
    looks = _Looks(table, end, countable_rows(table) if counts is None else counts)
    changed = {index: looks.changed(runs[index], fix) for index, fix in fixes.items()}
    heeded = {fix for index, fix in fixes.items() if fix.verdict == REMOVED or changed[index]}
    fixes = {index: fix for index, fix in fixes.items() if fix in heeded}
    kept, moved = [], []
    for part in every:
        run = changed[part.of] if part.of in fixes else part.run
        if run == part.run:
            kept.append(part)
        elif run is not None:  # else it was taken out, or lies outside of the new ends
            moved.append(Part(run, part.of, max(part.most_frames, run.repeat)))
    # Ends that somebody moved hold against a mere change of emotion, and a moment in another one.
    moved.sort(key=lambda part: (not _has_ends(fixes[part.of]), part.run.end - part.run.start))
    parts = _apart(moved, kept, looks)
    return After(sorted(parts, key=lambda part: (part.run.first, part.run.track)), fixes)


def foreign(fix: Fix, labels: Sequence[str]) -> list[str]:
    """The emotions of a correction that are none of `labels`."""
    return [name for name in (fix.of.emotion, fix.emotion) if name and name not in labels]


def _apart(moved: Iterable[Part], kept: Iterable[Part], looks: _Looks) -> Iterator[Part]:
    """What is left of each where none lies over another of its track: what was `moved` holds, the
    earlier against the later, and what was `kept` gives way."""
    taken: dict[int, list[Run]] = defaultdict(list)
    for part in moved:
        yield from looks.left(part, taken[part.run.track])
        taken[part.run.track].append(part.run)
    covered = {track: joined(runs) for track, runs in taken.items()}
    for part in kept:
        over = _over(part.run, covered.get(part.run.track, ()))
        yield from looks.left(part, over) if over else (part,)


def _over(run: Run, stretches: Sequence[Ends]) -> Sequence[Ends]:
    """Those of `stretches`, which are in order and apart, that lie over a run."""
    first = bisect_right(stretches, run.start, key=lambda one: one.end)
    after = bisect_left(stretches, run.end, key=lambda one: one.start)
    return stretches[first:after]


def _has_ends(fix: Fix) -> bool:
    return fix.start is not None or fix.end is not None


class _Looks:
    """In which frames each track is seen, when these begin, and in which its face counts."""

    def __init__(self, table: pd.DataFrame, end: float, counts: npt.NDArray[Any]) -> None:
        self._starts = frame_starts(table, end)
        frames = table["frame"].to_numpy(np.int64)
        tracks = table["track"].to_numpy(np.int64, na_value=0)
        order = np.lexsort((frames, tracks))
        self._tracks, self._frames, self._counts = tracks[order], frames[order], counts[order]
        self._of_track = cache(self._seen)

    def changed(self, run: Run, fix: Fix) -> Run | None:
        """`run` as `fix` says; None: it is taken out, lies outside of the new ends, or these lie
        where its track is not seen."""
        span = corrected_span(run, fix)
        if span is None:
            return None
        emotion, start, end = span
        if (start, end) == (run.start, run.end):
            return replace(run, emotion=emotion)
        frames, times, counts = self._of_track(run.track)
        start, end = max(start, float(times[0])), min(end, float(self._starts[frames[-1] + 1]))
        if end - start <= SHORTEST:
            return None
        first, after = np.searchsorted(times, [start, end])
        inside = slice(first, after)
        outside = (times[inside] < run.start) | (times[inside] >= run.end)
        added = frames[inside][counts[inside] & outside].tolist()
        of_run = tuple(sorted({*self._within(run.frames, start, end), *added}))
        # Where the face never counts, whoever moved the ends there says that it does; and between
        # two frames that were looked at, the first is on the screen.
        before = frames[max(0, first - 1) : first]
        still = before[self._starts[before + 1] > start].tolist()
        seen = of_run or tuple(frames[inside].tolist()) or tuple(still)
        return Run(run.track, emotion, seen, start, end) if seen else None

    def left(self, part: Part, taken: Iterable[Lasting]) -> list[Part]:
        """The parts of a run that lie in none of `taken`, where they have frames."""
        run = part.run
        ends = left_of(run, taken)
        if ends == [(run.start, run.end)]:
            return [part]
        parts = [
            replace(run, frames=self._within(run.frames, *one), start=one.start, end=one.end)
            for one in ends
        ]
        return [part._replace(run=one) for one in parts if one.frames]

    def _seen(self, track: int) -> tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]:
        """The frames of a track, when they begin, and whether its face counts in them."""
        mine = slice(*np.searchsorted(self._tracks, [track, track + 1]))
        frames = self._frames[mine]
        return frames, self._starts[frames], self._counts[mine]

    def _within(self, frames: tuple[int, ...], start: float, end: float) -> tuple[int, ...]:
        first, after = np.searchsorted(self._starts[np.array(frames)], [start, end])
        return frames[first:after]
