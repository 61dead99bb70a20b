"""The moments of one table that are wanted."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from videmo.exporters.selection import Choice, Selection, sightings_of
from videmo.extract.listed import each_by_itself, listed_runs
from videmo.extract.offset import shifted
from videmo.extract.wanted import Wanted
from videmo.find import find_movie
from videmo.names import People
from videmo.runs import find_runs, frame_starts, scan_step, to_segments
from videmo.schema import FRAME, Run, Segment
from videmo.table import Record, labels_of
from videmo.video import with_sound


class Paths(NamedTuple):
    """Where what is made of a table goes, and what it is made from."""

    table: Path
    name: str
    """Of what the table is: the movie's, with its stretch; in an archive, with its folders."""
    folder: Path
    """Where everything goes."""
    movie: Path | None
    """Where the movie is now, if it was moved, or another cut of it."""
    offset: float | None = None
    """By how many seconds what was scanned lies later in that; None: it is the same movie."""


def select(
    paths: Paths,
    wanted: Wanted,
    choice: Choice,
    table: pd.DataFrame,
    record: Record,
    people: People,
) -> list[Selection]:
    """What is wanted of a table, for each emotion of which there is some.

    Raises:
        MovieError: there is some, and the movie is not there, or has changed since the scan.
    """
    runs = _wanted_runs(paths, wanted, table, record, people)
    if not runs:
        return []
    movie = find_movie(paths.table, record, paths.movie, another=paths.offset is not None)
    if paths.offset is not None:
        table, record = shifted(table, record, paths.offset, movie)
        runs = _wanted_runs(paths, wanted, table, record, people)
    starts = frame_starts(table, record["end"], between=True)
    # What lies outside is not known.
    inside = {"start": float(starts[0]), "end": record["end"]}
    cuts = () if wanted.across_cuts else record["cuts"]
    of_table = partial(
        Selection,
        movie=with_sound(movie, choice.sound),
        name=paths.name,
        starts=starts,
        choice=choice,
        persons=people.names,
        every=scan_step(table),
        labels=labels_of(table),
        margin=record["detector"]["margin"],
        whole=record["model"]["crop"] == FRAME,
        asked=wanted.length,
    )
    return [
        of_table(
            emotion=emotion,
            segments=_segments(wanted, of_emotion, cuts=cuts, **inside),
            sightings=sightings_of(_scored(wanted, table, emotion), of_emotion),
            folder=paths.folder / paths.name / emotion,
        )
        for emotion in wanted.emotions
        if (of_emotion := [run for run in runs if run.emotion == emotion])
    ]


def _segments(wanted: Wanted, runs: list[Run], **within: Any) -> tuple[Segment, ...]:
    if wanted.listed:
        return each_by_itself(runs, wanted.pad, **within)
    return tuple(to_segments(runs, pad=wanted.pad, gap=wanted.gap, **within))


def _scored(wanted: Wanted, table: pd.DataFrame, emotion: str) -> pd.DataFrame:
    """The table with the scores of an emotion, which in a list may be another than the model's."""
    return table.assign(score=table[emotion]) if wanted.listed else table


def _wanted_runs(
    paths: Paths, wanted: Wanted, table: pd.DataFrame, record: Record, people: People
) -> list[Run]:
    if wanted.listed:
        return listed_runs(wanted.listed[paths.table], table, record)
    return find_runs(
        table,
        wanted.emotions,
        repeat=wanted.repeat,
        seconds=wanted.seconds,
        gap=wanted.gap,
        min_score=wanted.min_score,
        tracks=_wanted_tracks(wanted, people),
        eyes=wanted.eyes,
        end=record["end"],
    )


def _wanted_tracks(wanted: Wanted, people: People) -> set[int] | None:
    """The tracks that are wanted by number and by person; None: all."""
    tracks = set(wanted.tracks) if wanted.tracks else None
    if not wanted.persons:
        return tracks
    theirs = {track for name in wanted.persons for track in people.tracks_of(name)}
    return theirs if tracks is None else theirs & tracks


def longest_runs(table: pd.DataFrame, end: float) -> dict[str, Run]:
    """The longest run of each emotion in a table, by its frames; the movie ends at `end`."""
    longest: dict[str, Run] = {}
    for run in find_runs(table, end=end):
        if run.emotion not in longest or run.repeat > longest[run.emotion].repeat:
            longest[run.emotion] = run
    return {emotion: longest[emotion] for emotion in labels_of(table) if emotion in longest}
