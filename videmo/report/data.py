"""What a movie's page is given: lanes, moments, curves; small enough for long movies. Pure.

Lists of the same length stand for tables, numbers for emotions and lanes, and curves are bytes: of
three hours with fifty tracks this makes some megabytes.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from videmo import __version__
from videmo.draw.colours import colours_of, ink_on
from videmo.files import shown
from videmo.moments import on_screen
from videmo.report.look import Look, Seen
from videmo.review import Fix
from videmo.runs import countable_rows, rows_of
from videmo.table import labels_of

MOST_BINS = 3000
"""Places at which a lane's curve has a value."""
FINEST = 0.1
"""Seconds between two of them at least."""
NOTHING = 255
"""Stands in curves where a lane's face is not seen."""
FULL = 250
"""Stands in curves for a score of 1."""

Data = dict[str, Any]


def movie_data(look: Look, *, removed: bool = False) -> Data:
    """All that the page of one movie shows, but its pictures; `removed`: with what was taken out.

    What it says of the movie file itself (`player`) and of `faces` is for others to add.
    """
    labels = labels_of(look.table)
    lanes = _lanes(look)
    moments = [seen for seen in look.moments if removed or not seen.removed]
    start = _start(look)
    return {
        "videmo": __version__,
        "name": shown(look.name),
        "start": start,
        "end": round(float(look.record["end"]), 3),
        "emotions": emotions_data(labels),
        "lanes": [
            {"who": who, "tracks": list(tracks), "named": bool(named)}
            for who, tracks, named in lanes
        ],
        "moments": _moments(moments, labels, _lane_of(lanes)),
        "seen": _presence(look, lanes),
        "curves": _curves(look, lanes, start),
        "cuts": look.record["cuts"],
        "fixes": {str(n): _fix(seen.fix) for n, seen in enumerate(moments) if seen.fix},
        "lost": [_fix(fix) for fix in look.lost],
        "lostNames": [
            {"of": [one.track, "", round(one.start, 3), round(one.end, 3)], "person": one.person}
            for one in look.lost_names
        ],
        "partial": look.record["status"] != "ok",
    }


def emotions_data(labels: Sequence[str]) -> list[Data]:
    """Of each label its name, its colour, the ink that is read on it, and a letter of its own."""
    colours = colours_of(labels)
    letters = _letters(labels)
    return [
        {
            "name": label,
            "colour": _hex(colours[label]),
            "ink": _hex(ink_on(colours[label])),
            "letter": letters[label],
        }
        for label in labels
    ]


def _hex(colour: Sequence[int]) -> str:
    blue, green, red = colour
    return f"#{red:02x}{green:02x}{blue:02x}"


def _letters(labels: Sequence[str]) -> dict[str, str]:
    """A sign for each label: one of its letters that no label before it has, else a number."""
    taken: dict[str, str] = {}
    for number, label in enumerate(labels, 1):
        free = (c for c in label.upper() if c.isalpha() and c not in taken.values())
        taken[label] = next(free, str(number))
    return taken


Lane = tuple[str, tuple[int, ...], bool]
"""Who is in it, as one says; which tracks; whether that is a person's name."""


def _lanes(look: Look) -> list[Lane]:
    """Each person, who is seen longest first; then each track of nobody in particular, in time."""
    rows = look.table[look.table["track"].notna()]
    seen = Counter(rows["track"].astype("int64").tolist())
    first = rows.groupby("track")["frame"].min()
    of_person: dict[str, list[int]] = {}
    for track in sorted(seen):
        of_person.setdefault(look.names.get(track, ""), []).append(track)
    nobody = of_person.pop("", [])
    faces = {person: sum(seen[track] for track in tracks) for person, tracks in of_person.items()}
    named = sorted(of_person.items(), key=lambda item: (-faces[item[0]], item[0]))
    alone = sorted(nobody, key=lambda track: (int(first[track]), track))
    return [
        *((person, tuple(tracks), True) for person, tracks in named),
        *((f"track {track}", (track,), False) for track in alone),
    ]


def _lane_of(lanes: Sequence[Lane]) -> dict[int, int]:
    return {track: index for index, (_, tracks, _) in enumerate(lanes) for track in tracks}


def _start(look: Look) -> float:
    times = look.table["time"]
    return round(float(times.iloc[0]), 3) if len(times) else 0.0


def _moments(
    moments: Sequence[Seen], labels: Sequence[str], lane_of: Mapping[int, int]
) -> dict[str, list[Any]]:
    number = {label: index for index, label in enumerate(labels)}
    every = [seen.moment for seen in moments]
    return {
        "lane": [lane_of[m.track] for m in every],
        "track": [m.track for m in every],
        "emotion": [number[m.emotion] for m in every],
        "start": [round(m.start, 3) for m in every],
        "end": [round(m.end, 3) for m in every],
        "frames": [m.repeat for m in every],
        "score": [round(m.score, 4) for m in every],
        "best": [round(m.best_score, 4) for m in every],
        "bestTime": [round(m.best_time, 3) for m in every],
        "bestFrame": [m.best_frame for m in every],
        "of": [[s.found.emotion, round(s.found.start, 3), round(s.found.end, 3)] for s in moments],
    }


def _fix(fix: Fix) -> Data:
    track, emotion, start, end = fix.of
    return {
        "of": [track, emotion, round(start, 3), round(end, 3)],
        "verdict": fix.verdict,
        "emotion": fix.emotion,
        "start": fix.start,
        "end": fix.end,
        "note": fix.note,
    }


def _presence(look: Look, lanes: Sequence[Lane]) -> list[list[float]]:
    """For each lane, starts and ends (by turns, seconds) of the stretches in which it is seen."""
    lane_of = _lane_of(lanes)
    found: list[list[tuple[float, float]]] = [[] for _ in lanes]
    for track, start, end in on_screen(look.table, look.record["end"]):
        found[lane_of[track]].append((round(start, 3), round(end, 3)))
    return [[time for pair in sorted(one) for time in pair] for one in found]


def _curves(look: Look, lanes: Sequence[Lane], start: float) -> Data:
    """Mean scores over time, for each lane from where it is first seen to where last."""
    length = max(float(look.record["end"]) - start, FINEST)
    step = max(FINEST, length / MOST_BINS)
    rows = look.table[countable_rows(look.table)]
    lane_of = _lane_of(lanes)
    lane = np.array([lane_of[t] for t in rows["track"].astype("int64").tolist()], np.int64)
    place = ((rows["time"].to_numpy(np.float64) - start) / step + 1e-6).astype(np.int64)
    scores = rows[list(labels_of(look.table))].to_numpy(np.float64)
    order = np.argsort(lane, kind="stable")
    edges = np.searchsorted(lane[order], np.arange(len(lanes) + 1))
    curves = []
    for index in range(len(lanes)):
        mine = order[edges[index] : edges[index + 1]]
        curves.append(_curve(place[mine], scores[mine]))
    return {"step": round(step, 6), "lanes": curves}


def _curve(place: np.ndarray, scores: np.ndarray) -> Data:
    if not len(place):
        return {"first": 0, "bytes": ""}
    first, count = int(place.min()), int(place.max() - place.min()) + 1
    at = place - first
    number = np.bincount(at, minlength=count)
    sums = np.stack([np.bincount(at, column, count) for column in scores.T], axis=1)
    mean = np.rint(FULL * sums / np.maximum(number, 1)[:, None])
    curve = np.where(number[:, None] > 0, mean, NOTHING).astype(np.uint8)
    return {"first": first, "bytes": base64.b64encode(curve.tobytes()).decode()}


def seconds_of(moments: Sequence[Seen]) -> dict[str, float]:
    """The seconds of each emotion in moments."""
    sums: dict[str, float] = {}
    for seen in moments:
        if not seen.removed:
            sums[seen.moment.emotion] = sums.get(seen.moment.emotion, 0.0) + seen.moment.seconds
    return sums


def boxes_of(table: pd.DataFrame, wanted: Sequence[tuple[int, int]]) -> pd.DataFrame:
    """The rows of `wanted` tracks and frames, of which there is one at least."""
    places = [*rows_of(table, ((track, [frame]) for track, frame in wanted))]
    found: pd.DataFrame = table.iloc[np.unique(np.concatenate(places))]
    return found
