"""The moments of one table that are wanted."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from videmo.exporters.selection import Choice, Selection, sightings_of
from videmo.extract.offset import shifted
from videmo.extract.reviewed import corrected_runs
from videmo.extract.wanted import Wanted
from videmo.find import find_movie
from videmo.names import People
from videmo.review import Review
from videmo.review import shifted as shifted_review
from videmo.runs import find_runs, frame_starts, scan_step, to_segments
from videmo.schema import FRAME, Run
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
    review: Review,
) -> list[Selection]:
    """What is wanted of a table, for each emotion of which there is some, after the corrections in
    `review`.

    Raises:
        MovieError: there is some, and the movie is not there, or has changed since the scan.
    """
    runs = _only(_wanted_runs(wanted, table, record, people, review), wanted, paths)
    if not runs:
        return []
    movie = find_movie(paths.table, record, paths.movie, another=paths.offset is not None)
    if paths.offset is not None:
        table, record = shifted(table, record, paths.offset, movie)
        review = shifted_review(review, paths.offset)
        runs = _only(_wanted_runs(wanted, table, record, people, review), wanted, paths)
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
            segments=tuple(
                to_segments(of_emotion, pad=wanted.pad, gap=wanted.gap, cuts=cuts, **inside)
            ),
            sightings=sightings_of(table, of_emotion),
            folder=paths.folder / paths.name / emotion,
        )
        for emotion in wanted.emotions
        if (of_emotion := [run for run in runs if run.emotion == emotion])
    ]


def _wanted_runs(
    wanted: Wanted, table: pd.DataFrame, record: Record, people: People, review: Review
) -> list[Run]:
    find = partial(
        find_runs,
        table,
        repeat=wanted.repeat,
        seconds=wanted.seconds,
        gap=wanted.gap,
        min_score=wanted.min_score,
        tracks=_wanted_tracks(wanted, people),
        eyes=wanted.eyes,
        end=record["end"],
    )
    if not review.fixes:
        return [] if wanted.reviewed else find(wanted.emotions)
    how = {"end": record["end"], "reviewed": wanted.reviewed}
    runs = corrected_runs(find(), table, review, **how)
    return [run for run in runs if run.emotion in wanted.emotions]


def _only(runs: list[Run], wanted: Wanted, paths: Paths) -> list[Run]:
    """Of `runs` those that are wanted one by one, if any are."""
    if wanted.only is None:
        return runs
    late = paths.offset or 0.0
    places = {
        (one.track, round(one.start + late, 3)) for one in wanted.only if one.movie == paths.name
    }
    return [run for run in runs if (run.track, round(run.start, 3)) in places]


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
