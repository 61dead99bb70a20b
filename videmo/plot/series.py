"""What a figure shows of a table: each person's scores over time, and what was held. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from videmo.moments import on_screen
from videmo.reading import corrected_runs
from videmo.review import Review
from videmo.runs import countable_rows, find_runs
from videmo.schema import DEFAULT_GAP, FRAME, Run
from videmo.spans import joined
from videmo.table import Record, labels_of

POINTS = 900
"""Points of a line, at most: more than a figure has pixels tell nothing."""


@dataclass(frozen=True)
class Held:
    """How long an emotion must hold to have a place in the lanes."""

    repeat: int
    seconds: float = 0.0


@dataclass(frozen=True, eq=False)
class Subject:
    """A person, or a track of nobody in particular."""

    name: str
    times: np.ndarray
    """(points,) seconds; NaN where a line ends and the next begins."""
    scores: np.ndarray
    """(points, labels) mean scores of faces that count; NaN likewise."""
    seen: tuple[tuple[float, float], ...]
    """From when to when there is a face at all, in seconds, bridged as runs are."""
    runs: tuple[Run, ...]


@dataclass(frozen=True, eq=False)
class Shown:
    """What a figure shows."""

    title: str
    subjects: tuple[Subject, ...]
    """In the order in which they come: those of whom most faces count."""
    left_out: int
    labels: tuple[str, ...]
    """All that the model tells apart."""
    emotions: tuple[str, ...]
    """Those that are drawn."""
    start: float
    end: float
    """Of what was scanned, in seconds."""
    held: Held
    whole: bool
    """Whether the model looked at whole pictures."""


def shown_of(
    table: pd.DataFrame,
    record: Record,
    title: str,
    names: Mapping[int, str],
    emotions: Sequence[str],
    held: Held,
    most: int,
    review: Review | None = None,
) -> Shown:
    """What is to be drawn of a table; `names` are those of tracks, and `review` is what people
    corrected. See `plot_tables`."""
    labels, end = labels_of(table), float(record["end"])
    start = float(table["time"].iloc[0]) if len(table) else 0.0
    drawn = tuple(dict.fromkeys(emotions)) or labels
    faces = table[table["track"].notna()]
    track = faces["track"].to_numpy(np.int64)
    who = np.array([names.get(one, "") or one for one in track.tolist()], object)
    counting = countable_rows(faces)
    order = Counter(who[counting].tolist()).most_common()
    longest = {one for one, _ in order[:most]}
    kept = [one for one in dict.fromkeys(who.tolist()) if one in longest]
    gap = float(record["settings"].get("gap", DEFAULT_GAP))
    long: dict[str, Any] = {"repeat": held.repeat, "seconds": held.seconds}
    every = find_runs(table, end=end, gap=gap)
    held_runs = corrected_runs(every, table, review or Review(), end=end, **long)
    runs = [run for run in held_runs if run.emotion in drawn]
    stretches = on_screen(table, end, gap)
    width = max((end - start) / POINTS, 1e-3)
    subjects = []
    for one in kept:
        rows = faces[who == one]
        tracks = set(rows["track"].tolist())
        times, scores = _means(rows[countable_rows(rows)], labels, start, width, gap)
        mine = tuple(run for run in runs if run.track in tracks)
        seen = joined((part for part in stretches if part.track in tracks), gap)
        subjects.append(Subject(_called(one), times, scores, tuple(seen), mine))
    whole = record["model"]["crop"] == FRAME
    left_out = len(set(who.tolist())) - len(kept)
    return Shown(title, tuple(subjects), left_out, labels, drawn, start, end, held, whole)


def _called(one: object) -> str:
    return one if isinstance(one, str) else f"track {one}"


def _means(
    rows: pd.DataFrame, labels: Sequence[str], start: float, width: float, gap: float
) -> tuple[np.ndarray, np.ndarray]:
    """The mean time and scores of the rows in each `width` seconds; where none are for longer than
    `gap`, a row of NaN, at which a line breaks off."""
    place = ((rows["time"].to_numpy(np.float64) - start) / width).astype(np.int64)
    means = rows[["time", *labels]].groupby(place).mean().to_numpy(np.float64)
    breaks = np.flatnonzero(np.diff(means[:, 0]) > max(gap, 2 * width)) + 1
    broken = np.insert(means, breaks, np.nan, axis=0)
    return broken[:, 0], broken[:, 1:]
