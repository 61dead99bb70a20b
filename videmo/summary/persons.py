"""What one person shows in one movie: seconds, shares, moments, valence, and how sure that is."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from videmo.moments import Moment
from videmo.resample import Figure, Numbers, figures_of
from videmo.runs import countable_rows, frame_starts
from videmo.summary.corrected import hosts, unsaid

POSITIVE, NEGATIVE = "happy", ("angry", "disgust", "fear", "sad")
"""What valence is made of."""
NEUTRAL = "neutral"
"""No moment is counted of this one, unless it is asked for."""


@dataclass(frozen=True)
class Summary:
    """What is said of a person in a movie, of a track, or of all whom nobody named."""

    movie: str
    person: str
    """Empty: nobody said who it is."""
    tracks: tuple[int, ...]
    seen: float
    """Seconds on the screen; where two of the tracks are there at once, both count."""
    counted: float
    """Seconds of that in which the face counts: the runs of all lengths, with the short stretches
    that they bridge. Corrections take nothing from it."""
    seconds: dict[str, float]
    """Seconds of each emotion, in moments that are long enough."""
    shares: dict[str, Figure]
    """Their parts of what counted."""
    moments: int
    per_minute: Figure
    """Moments in a minute of what counted."""
    longest: float
    """Seconds; NaN: there is no moment."""
    first: float
    """When the first moment begins, in seconds; NaN: there is none."""
    valence: Figure
    """-1 to 1, as the model sees it, whatever was corrected; NaN: it does not know its emotions."""


def valence_of(rows: pd.DataFrame) -> Numbers:
    """The valence of each row: happy minus the strongest of angry, disgust, fear and sad.

    That is how FaceReader defines it (Loijens & Krips, "FaceReader methodology note", Noldus
    Information Technology). NaN where the model has other labels.
    """
    if not {POSITIVE, *NEGATIVE} <= set(rows.columns):
        return np.full(len(rows), np.nan)
    worst = rows[list(NEGATIVE)].to_numpy(np.float64).max(axis=1)
    return np.asarray(rows[POSITIVE].to_numpy(np.float64) - worst)


class Faces:
    """The faces of a table, for sums over stretches of tracks."""

    def __init__(self, table: pd.DataFrame, end: float):
        there = table["track"].notna().to_numpy()
        starts = frame_starts(table, end)
        frames = table["frame"].to_numpy(np.int64)[there]
        tracks = table["track"].to_numpy(np.int64, na_value=0)[there]
        order = np.lexsort((frames, tracks))
        seconds = (starts[frames + 1] - starts[frames])[order]
        counts = seconds * countable_rows(table)[there][order]
        valence = valence_of(table[there])[order]
        self.known = not np.isnan(valence).all()
        self._keys = tracks[order] << 32 | frames[order]
        kinds = np.array([seconds, counts, counts * np.nan_to_num(valence)])
        self._sums = np.concatenate([np.zeros((3, 1)), kinds.cumsum(axis=1)], axis=1)

    def seen(self, track: int) -> float:
        """Seconds for which a track is on the screen."""
        return float(self._sum(track, 0, (1 << 32) - 1)[0])

    def valence(self, run: Moment) -> Numbers:
        """(2,) Of the faces of a run that count: the valence times its seconds, and these; NaN: it
        is not known."""
        _, seconds, valence = self._sum(run.track, run.first, run.last)
        return np.array([valence, seconds]) if self.known else np.full(2, np.nan)

    def _sum(self, track: int, first: int, last: int) -> Numbers:
        ends = np.array([track << 32 | first, (track << 32 | last) + 1])
        begin, stop = np.searchsorted(self._keys, ends)
        return np.asarray(self._sums[:, stop] - self._sums[:, begin])


def summary_of(
    movie: str,
    person: str,
    tracks: Collection[int],
    faces: Faces,
    found: Sequence[Moment],
    runs: Sequence[Moment],
    labels: Sequence[str],
    *,
    repeat: int,
    wanted: Collection[str],
) -> Summary:
    """What is said of these tracks.

    Args:
        movie: its name.
        person: whose tracks they are; empty: nobody said.
        tracks: their numbers.
        faces: those of the whole table.
        found: the runs of the whole table, of any length, as the scan found them.
        runs: the same after corrections.
        labels: what the model tells apart.
        repeat: the fewest frames of a moment.
        wanted: the emotions of which moments are counted.
    """
    before = [run for run in found if run.track in tracks]
    theirs = [run for run in runs if run.track in tracks]
    units = _units(before, theirs, faces, labels, repeat, wanted)
    known = figures_of(units, _figures)
    counted = [run for run in theirs if run.most_frames >= repeat and run.emotion in wanted]
    return Summary(
        movie=movie,
        person=person,
        tracks=tuple(sorted(tracks)),
        seen=sum(map(faces.seen, tracks)),
        counted=float(units[:, -3].sum()),
        seconds={label: float(units[:, n].sum()) for n, label in enumerate(labels)},
        shares=dict(zip(labels, known, strict=False)),
        moments=len(counted),
        per_minute=known[-2],
        longest=max((run.seconds for run in counted), default=float("nan")),
        first=min((run.start for run in counted), default=float("nan")),
        valence=known[-1],
    )


def _units(
    found: Sequence[Moment],
    runs: Sequence[Moment],
    faces: Faces,
    labels: Sequence[str],
    repeat: int,
    wanted: Collection[str],
) -> Numbers:
    """What each run that was found gives, with what corrections made of it: seconds of each emotion
    that held, moments, seconds; and as it was found, the valence times its seconds, and these.

    Every face that counts is in one of them.
    """
    units = np.zeros((len(found) + len(runs), len(labels) + 4))
    units[: len(found), -3] = unsaid(found, runs)
    for number, run in enumerate(found):
        units[number, -2:] = faces.valence(run)
    places = {label: number for number, label in enumerate(labels)}
    for number, (run, host) in enumerate(zip(runs, hosts(found, runs), strict=True), len(found)):
        unit = units[number if host is None else host]
        held = run.most_frames >= repeat
        if held and run.emotion in places:
            unit[places[run.emotion]] += run.seconds
        unit[-4] += held and run.emotion in wanted
        unit[-3] += run.seconds
    return units[units.any(axis=1)]


def _figures(sums: Numbers) -> Numbers:
    """Of sums of units: the share of each emotion, moments in a minute, valence."""
    counted = sums[:, -3:-2]
    with np.errstate(invalid="ignore", divide="ignore"):
        shares, valence = sums[:, :-4] / counted, sums[:, -2:-1] / sums[:, -1:]
        per_minute = 60 * sums[:, -4:-3] / counted
    return np.concatenate([shares, per_minute, valence], axis=1)
