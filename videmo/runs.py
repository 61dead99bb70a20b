"""The emotion repeater: an emotion counts only if it held for so many frames in a row. Pure.

One rule, with two callers: `scan` fills the table's column `repeat` with it, `extract` finds the
same runs again from the rows.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from videmo.errors import RequestError
from videmo.meant import no_such_emotion
from videmo.schema import ALIGNED_EYES, DEFAULT_GAP, NOT_LABELS, ROUNDING, TWO_DIGITS, Run, Segment

Column = npt.NDArray[Any]


def find_runs(
    table: pd.DataFrame,
    emotions: str | Iterable[str] | None = None,
    *,
    repeat: int = 1,
    seconds: float = 0.0,
    gap: float = DEFAULT_GAP,
    min_score: float = 0.0,
    tracks: Iterable[int] | None = None,
    eyes: int = ALIGNED_EYES,
    end: float | None = None,
) -> list[Run]:
    """The runs in a table's rows, in order of their first frame, then track.

    A row whose face is not aligned, or whose score is under `min_score`, is unknown: it neither
    counts nor breaks a run, and nor does a frame without the face, unless a stretch of such frames
    is longer than `gap`. A frame that is shown for long, as in a recording of a screen, was looked
    at once: the last of a stretch counts for no more than the gap.

    Args:
        table: the columns frame, time, track, eyes, emotion and score, as `read_table` gives them.
        emotions: the emotions wanted; None for all.
        repeat: the fewest frames a run must have.
        seconds: how long it must last, from its first frame to the end of its last.
        gap: seconds that a stretch of unknown frames may last.
        tracks: the tracks wanted; None for all.
        eyes: eyes, 0 to 2, with which a face counts: 2, that it is aligned.
        end: the end of the movie in seconds; without it, the last frame is taken to last as long as
            the one before.

    Raises:
        RequestError: an emotion that the table's model does not tell apart.
    """
    wanted = {emotions} if isinstance(emotions, str) else set(emotions or ())
    labels = [name for name in table.columns if name not in NOT_LABELS]
    unknown = sorted(wanted - set(labels))
    if labels and unknown:
        raise RequestError(no_such_emotion(unknown, labels))
    starts = frame_starts(table, end)
    known = _known(table, min_score, eyes)
    of_tracks = set(tracks) if tracks is not None else None
    runs = []
    for part in _parts(known, table, gap):
        track, emotion = int(known.track[part.start]), str(known.emotion[part.start])
        if part.stop - part.start < repeat or (wanted and emotion not in wanted):
            continue
        if of_tracks is not None and track not in of_tracks:
            continue
        frames = tuple(known.frame[part].tolist())
        start, stop = float(starts[frames[0]]), float(starts[frames[-1] + 1])
        if stop - start >= seconds - TWO_DIGITS:
            runs.append(Run(track, emotion, frames, start, stop))
    return sorted(runs, key=lambda run: (run.first, run.track))


def countable_rows(table: pd.DataFrame, min_score: float = 0.0, eyes: int = ALIGNED_EYES) -> Column:
    """Which rows say something of an emotion: with eyes enough, and a score high enough.

    Where no eyes were looked for, as by a model of whole pictures, the score alone decides.
    """
    found = table["eyes"].to_numpy(np.float64, na_value=np.nan)
    there = table["track"].to_numpy(np.float64, na_value=0.0) > 0
    score = table["score"].to_numpy(np.float64, na_value=-1.0)
    return np.asarray(there & (np.isnan(found) | (found >= eyes)) & (score >= min_score))


def frame_starts(table: pd.DataFrame, end: float | None = None, *, between: bool = False) -> Column:
    """The time of each frame by its number, and one more: the end of what was scanned.

    A frame that was not looked at starts where the next one does that was: so long is the one
    before taken to go on. With `between`, it starts where it is in the movie, if the frames from
    one that was looked at to the next are equally long.
    """
    frames = table["frame"].to_numpy(np.int64)
    times = table["time"].to_numpy(np.float64)
    if not len(frames):
        return np.zeros(1)
    starts = np.full(int(frames.max()) + 2, np.nan)
    starts[frames] = times
    last = times[-1]
    earlier = times[times < last]
    step = last - earlier[-1] if len(earlier) else 0.0
    starts[-1] = end if end is not None and end > last else last + step
    if between:
        there = np.flatnonzero(~np.isnan(starts))
        return np.asarray(np.interp(np.arange(len(starts)), there, starts[there]))
    return np.asarray(pd.Series(starts).bfill())


def scan_step(table: pd.DataFrame) -> int:
    """Of how many frames one was scanned, as the table's rows say."""
    steps = np.diff(np.unique(table["frame"].to_numpy(np.int64)))
    return int(steps.max(initial=1))


def track_spans(table: pd.DataFrame) -> dict[int, tuple[float, float]]:
    """From when to when each track is seen, in seconds."""
    times = table[table["track"].notna()].groupby("track")["time"].agg(["min", "max"])
    columns = (times[name].tolist() for name in ("min", "max"))
    # A track that is seen in one frame lasts, too.
    return {int(t): (a, b + TWO_DIGITS) for t, a, b in zip(times.index, *columns, strict=True)}


def rows_of(table: pd.DataFrame, wanted: Iterable[tuple[int, Sequence[int]]]) -> Iterator[Column]:
    """The rows of `table`, by place, of each of `wanted`: a track, and frames in which it is seen,
    as of a run."""
    frames = table["frame"].to_numpy(np.int64)
    tracks = table["track"].to_numpy(np.int64, na_value=0)
    rows = np.lexsort((frames, tracks))
    keys = tracks[rows] << 32 | frames[rows]
    for track, of_track in wanted:
        yield rows[np.searchsorted(keys, track << 32 | np.asarray(of_track, np.int64))]


def scores_of(table: pd.DataFrame, runs: Iterable[Run]) -> dict[str, Column]:
    """For each emotion of `runs` the model's scores of it, by rows of `table`.

    In a run that somebody corrected these are not those of what the model took a face for.
    """
    return {
        emotion: table[emotion].to_numpy(np.float64, na_value=np.nan)
        for emotion in dict.fromkeys(run.emotion for run in runs)
    }


def repeats(table: pd.DataFrame, gap: float = DEFAULT_GAP) -> Column:
    """For each row, the full length of the run it belongs to; 0 where it is in none."""
    lengths = np.zeros(len(table), np.int64)
    known = _known(table)
    for part in _parts(known, table, gap):
        lengths[known.row[part]] = part.stop - part.start
    return lengths


def to_segments(
    runs: Sequence[Run],
    *,
    pad: float = 0.0,
    gap: float = DEFAULT_GAP,
    start: float = 0.0,
    end: float = float("inf"),
    cuts: Sequence[float] = (),
    shortest: float = 0.0,
    persons: Mapping[int, str] | None = None,
) -> list[Segment]:
    """What is to be cut: each run with `pad` seconds before and after.

    Nothing lies outside `start` and `end`, in seconds: those of the movie, or of what was scanned;
    and nothing goes over one of `cuts`, where shots begin: where too little remains at one end, the
    other one is lengthened, within the shot. Runs of one emotion, and of one track, or of one of
    the `persons` that tracks are, that then lie no more than `gap` seconds apart, in one shot, make
    one segment: what one sees as one moment. Each is as long as `shortest`, if its shot is.
    """
    shots = [start, *(cut for cut in sorted(cuts) if start < cut < end), end]
    single = []
    for run in runs:
        first, last = _shot(shots, run.start)
        wished = max(start, run.start - pad), min(end, run.end + pad)
        stretch = _within_shot(wished, first, max(last, run.end))
        single.append(Segment(run.track, run.emotion, *stretch, (run,)))
    segments = _joined(single, gap, shots, persons or {})
    longer = [lengthened(segment, shortest, shots) for segment in segments]
    if longer != segments:  # those that now overlap are one
        segments = _joined(longer, 0.0, shots, persons or {})
    return sorted(segments, key=lambda segment: (segment.start, segment.track))


def lengthened(segment: Segment, seconds: float, shots: Sequence[float]) -> Segment:
    """The segment, `seconds` long at least, as far as its shot goes: evenly at both ends.

    `shots` are where shots begin, rising, and where the last one ends.
    """
    lacking = seconds - (segment.end - segment.start)
    if lacking <= ROUNDING:
        return segment
    first, last = _shot(shots, segment.start)
    wished = segment.start - lacking / 2, segment.end + lacking / 2
    begin, stop = _within_shot(wished, first, max(last, segment.end))
    return replace(segment, start=begin, end=stop)


def _joined(
    segments: Iterable[Segment], gap: float, shots: Sequence[float], persons: Mapping[int, str]
) -> list[Segment]:
    """Segments of one emotion and person that lie no more than `gap` apart, in one shot, as one."""

    def whose(segment: Segment) -> tuple[str, int, str]:
        person = persons.get(segment.track, "")
        return person, 0 if person else segment.track, segment.emotion

    joined: list[Segment] = []
    for segment in sorted(segments, key=lambda segment: (*whose(segment), segment.runs[0].start)):
        before = joined[-1] if joined else None
        if (
            before is not None
            and whose(before) == whose(segment)
            and before.start >= _shot(shots, segment.start)[0]
            and segment.start - before.end <= gap + ROUNDING
        ):
            runs = (*before.runs, *segment.runs)
            joined[-1] = replace(before, end=max(before.end, segment.end), runs=runs)
        else:
            joined.append(segment)
    return joined


def _shot(shots: Sequence[float], time: float) -> tuple[float, float]:
    """Where the shot of `time` begins and ends; `shots` as `lengthened` takes them."""
    index = min(bisect_right(shots, time + ROUNDING), len(shots) - 1)
    return shots[max(0, index - 1)], shots[index]


def _within_shot(wished: tuple[float, float], first: float, last: float) -> tuple[float, float]:
    """What is wished, from when to when, within a shot that goes from `first` to `last`: what lacks
    at one end is given at the other."""
    begin, stop = max(first, wished[0]), min(last, wished[1])
    early, late = begin - wished[0], wished[1] - stop
    return max(first, begin - late), min(last, stop + early)


class _Known(NamedTuple):
    """The rows that say something of an emotion, by track, then frame."""

    row: Column
    """Position in the table."""
    frame: Column
    track: Column
    emotion: Column


def _known(table: pd.DataFrame, min_score: float = 0.0, eyes: int = ALIGNED_EYES) -> _Known:
    row = np.flatnonzero(countable_rows(table, min_score, eyes))
    frame = table["frame"].to_numpy(np.int64)[row]
    track = table["track"].to_numpy(np.int64, na_value=0)[row]
    emotion = table["emotion"].to_numpy(object)[row]
    order = np.lexsort((frame, track))
    return _Known(row[order], frame[order], track[order], emotion[order])


def _parts(known: _Known, table: pd.DataFrame, gap: float) -> list[slice]:
    """The stretches of `known` that are runs: where one ends, the next begins."""
    frame, track, emotion = known.frame, known.track, known.emotion
    if not len(frame):
        return []
    looks, first_rows = np.unique(table["frame"].to_numpy(np.int64), return_index=True)
    unknown = _unknown(np.searchsorted(looks, frame), table["time"].to_numpy()[first_rows], gap)
    breaks = (track[1:] != track[:-1]) | (emotion[1:] != emotion[:-1]) | (unknown > gap + ROUNDING)
    edges = [0, *(np.flatnonzero(breaks) + 1).tolist(), len(frame)]
    return [slice(a, b) for a, b in pairwise(edges)]


def _unknown(known: Column, times: Column, gap: float) -> Column:
    """Seconds of unknown frames between each known one and the next: (known - 1,).

    Args:
        known: which of the scanned frames they are; where another track begins, they fall back.
        times: (scanned frames,) when each starts.
        gap: the last frame of a stretch counts for no more.
    """
    before, after = known[:-1], known[1:]
    first, last = np.minimum(before + 1, len(times) - 1), np.maximum(after - 1, 0)
    seconds = times[last] - times[first] + np.minimum(times[after] - times[last], gap)
    return np.where(after - before > 1, seconds, 0.0)
