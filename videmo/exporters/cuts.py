"""What is joined, and in which order: the cuts that supercuts and edit lists are made of. Pure.

A cut is a stretch of whole frames, of one segment or of several that overlap: two people who laugh
together are shown once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from videmo.errors import RequestError
from videmo.exporters.rates import RATES, snapped
from videmo.exporters.selection import LISTED, Choice, Moments, frames_between
from videmo.files import shown
from videmo.schema import Run
from videmo.video import TIME_TOLERANCE, Movie

ORDERS = ("time", "score", LISTED)


@dataclass(frozen=True)
class Cut:
    """Consecutive frames of a movie: ``start <= time < end``, in seconds, whole frames."""

    movie: Movie
    name: str
    """The movie's file name."""
    start: float
    """Time of the first frame."""
    end: float
    """Time of the frame after the last one."""
    runs: tuple[Run, ...]
    """What is to be seen, in order of time."""
    said: tuple[str, ...]
    """Of each run, in words: which emotion, and whose."""
    score: float
    """Mean score of the best run, 0 to 1."""
    longest: float
    """Seconds that no frame is longer than."""
    fps: Fraction
    """Frames per second at which none of these frames is lost, 60 at most."""
    movie_end: float
    """Where what was scanned of the movie ends, in seconds."""
    place: int = 0
    """Where its first run stands in the list, if they are cut by one."""

    @property
    def seconds(self) -> float:
        return self.end - self.start

    @property
    def titles(self) -> tuple[str, ...]:
        """All that is said of it, once each."""
        return tuple(dict.fromkeys(self.said))


@dataclass(frozen=True)
class Edit:
    """What all movies give for one piece: their cuts, by movie, then time."""

    cuts: tuple[Cut, ...]
    folder: Path
    """Where everything of all movies goes."""
    choice: Choice


def cuts_of(moments: Moments) -> list[Cut]:
    """The segments of a movie as cuts, in order of time; those that share frames are one."""
    joined: list[tuple[int, int, list[Run]]] = []
    for segment in moments.segments:
        first, after = frames_between(moments.starts, segment.start, segment.end)
        if after <= first:
            continue
        if joined and first < joined[-1][1]:
            begun, ended, runs = joined[-1]
            joined[-1] = (begun, max(ended, after), [*runs, *segment.seen])
        else:
            joined.append((first, after, list(segment.seen)))
    return [_cut(moments, first, after, runs) for first, after, runs in joined]


def _cut(moments: Moments, first: int, after: int, runs: list[Run]) -> Cut:
    starts = moments.starts[first : after + 1]
    runs.sort(key=lambda run: (run.start, run.track))
    return Cut(
        movie=moments.movie,
        name=moments.name,
        start=float(starts[0]),
        end=float(starts[-1]),
        runs=tuple(runs),
        said=tuple(f"{run.emotion} ({moments.who(run.track)})" for run in runs),
        score=max(moments.score(run) for run in runs),
        longest=float(np.diff(starts).max()) * moments.every,
        fps=lossless_rate(starts[:-1], moments.movie.fps),
        movie_end=float(moments.starts[-1]),
        place=min(moments.place(run) for run in runs),
    )


def lossless_rate(times: np.ndarray, average: Fraction) -> Fraction:
    """A rate, 60 at most, at which frames at `times` (seconds) each have a place of their own.

    The movie's `average` where that does; else, as its rate varies, the lowest that does.
    """
    seen = np.unique(times)
    average = min(snapped(average), RATES[-1])
    for rate in (average, *(rate for rate in RATES if rate > average)):
        places = np.rint((seen - seen[0]) * float(rate))
        if (np.diff(places) > 0).all():
            return rate
    return RATES[-1]


def planned(cuts: Sequence[Cut], choice: Choice) -> list[Cut]:
    """The cuts in the order in which they are shown.

    Where they are longer than `choice.max_length`, the best ones that fit into it.

    Raises:
        RequestError: none is that short.
    """
    best_first = sorted(cuts, key=lambda cut: -cut.score)
    kept = _fitting(best_first, choice.max_length)
    if cuts and not kept:
        shortest = min(cut.seconds for cut in cuts)
        names = {cut.name for cut in cuts}
        where = f"{shown(names.pop())}: " if len(names) == 1 else ""
        raise RequestError(
            f"{where}--max-length {choice.max_length:g}: the shortest moment lasts "
            f"{shortest:.2f} s; allow more, or lower --pad"
        )
    if choice.order == "score":
        return kept
    if choice.order == LISTED:
        return sorted(kept, key=lambda cut: cut.place)
    chosen = {id(cut) for cut in kept}
    return [cut for cut in cuts if id(cut) in chosen]


def _fitting(cuts: Iterable[Cut], seconds: float) -> list[Cut]:
    kept, left = [], seconds + TIME_TOLERANCE
    for cut in cuts:
        if cut.seconds <= left:
            kept.append(cut)
            left -= cut.seconds
    return kept
