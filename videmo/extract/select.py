"""The moments of a table that are wanted, and how many of the best of all are in it."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from videmo.errors import VidemoError
from videmo.exporters.lengths import shortened
from videmo.exporters.selection import Choice, Selection, Sighting, sightings_of
from videmo.extract.listed import each_by_itself, listed_places, listed_runs
from videmo.extract.offset import shifted
from videmo.extract.wanted import Wanted, of_labels
from videmo.find import find_movie, first_file, movie_places
from videmo.moments import best_first
from videmo.names import People
from videmo.reading import Source, corrected_runs, read_source, unknown_emotions
from videmo.review import shifted as shifted_review
from videmo.runs import countable_rows, find_runs, frame_starts, scan_step, to_segments
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


class Chosen(NamedTuple):
    """What is wanted of a table."""

    selections: list[Selection]
    """For each emotion of which there is some."""
    beaten: int = 0
    """How many more moments there are, which are not among the best."""


def select(paths: Paths, wanted: Wanted, choice: Choice, source: Source) -> Chosen:
    """What is wanted of a table, for each emotion of which there is some.

    Raises:
        MovieError: there is some, and the movie is not there, or has changed since the scan.
    """
    if not (found := segments_of(wanted, choice, source)) or wanted.top == 0:
        return Chosen([], len(found))
    movie = find_movie(paths.table, source.record, paths.movie, another=paths.offset is not None)
    if paths.offset is not None:
        later = shifted(source.table, source.record, paths.offset, movie)
        review = shifted_review(source.review, paths.offset)
        source = Source(paths.table, paths.name, *later, source.people, review, late=paths.offset)
        found = segments_of(wanted, choice, source)
    table, record = source.table, source.record
    kept = found
    if wanted.top is not None:
        best = {id(segment) for _, segment in best_first(table, found)[: wanted.top]}
        kept = [segment for segment in found if id(segment) in best]
    of_table = partial(
        Selection,
        movie=with_sound(movie, choice.sound),
        name=paths.name,
        starts=frame_starts(table, record["end"], between=True),
        choice=choice,
        persons=source.people.names,
        every=scan_step(table),
        labels=labels_of(table),
        margin=record["detector"]["margin"],
        whole=record["model"]["crop"] == FRAME,
        asked=wanted.length,
        places=listed_places(wanted.listed.get(paths.table, ()), kept),
        cuts=_cuts(wanted, record),
    )
    selections = []
    for emotion in wanted.emotions:
        if segments := [segment for segment in kept if segment.emotion == emotion]:
            sightings = _sightings(table, segments)
            shorter = tuple(_shortened(segment, choice, sightings) for segment in segments)
            folder = paths.folder / paths.name / emotion
            selections.append(
                of_table(emotion=emotion, segments=shorter, sightings=sightings, folder=folder)
            )
    return Chosen(selections, len(found) - len(kept))


def segments_of(wanted: Wanted, choice: Choice, source: Source) -> list[Segment]:
    """The moments of a table that are wanted, however many; not yet made shorter."""
    if not (runs := wanted_runs(wanted, source)):
        return []
    within: dict[str, Any] = {
        "pad": wanted.pad,
        # What lies outside is not known.
        "start": float(frame_starts(source.table, source.record["end"], between=True)[0]),
        "end": source.record["end"],
        "cuts": _cuts(wanted, source.record),
        "shortest": choice.shortest,
    }
    if wanted.listed:
        return each_by_itself(runs, **within)
    return to_segments(runs, gap=wanted.gap, persons=source.people.names, **within)


def _sightings(table: pd.DataFrame, segments: Iterable[Segment]) -> dict[Run, tuple[Sighting, ...]]:
    """The faces of the runs in `segments`."""
    runs = {run for segment in segments for run in segment.runs}
    return sightings_of(table, sorted(runs, key=lambda run: (run.first, run.track)))


def _cuts(wanted: Wanted, record: Record) -> tuple[float, ...]:
    return () if wanted.across_cuts else tuple(sorted(record["cuts"]))


def _shortened(
    segment: Segment, choice: Choice, sightings: dict[Run, tuple[Sighting, ...]]
) -> Segment:
    faces = [face for run in segment.runs for face in sightings[run]]
    faces.sort(key=lambda face: face.time)
    return shortened(segment, choice.longest, faces)


def shares(tables: Mapping[Path, str], wanted: Wanted, choice: Choice, top: int) -> dict[Path, int]:
    """How many of the `top` moments of all tables are in each.

    A table whose movie is not there takes no place from others, and is not among them.
    """
    worth: list[tuple[float, Path]] = []
    found: dict[Path, int] = {}
    for path, name in tables.items():
        with suppress(VidemoError):  # it is told when its turn comes
            of_table, source = source_of(path, name, wanted)
            if first_file(movie_places(path, source.record)) is None:
                continue
            found[path] = 0
            segments = segments_of(of_table, choice, source)
            worth += [(value, path) for value, _ in best_first(source.table, segments)]
    for _, path in heapq.nlargest(top, worth, key=lambda one: one[0]):
        found[path] += 1
    return found


def source_of(
    path: Path, name: str, wanted: Wanted, told: Callable[[str], None] | None = None
) -> tuple[Wanted, Source]:
    """What is wanted of a table, by its model's labels, and what it says.

    What is wrong with who is who, where nobody asked for that, and with corrections is `told`.

    Raises:
        TableError: the table, the names or the corrections beside it cannot be read.
        RequestError: its model tells none of the wanted emotions apart.
    """
    source = read_source(path, name, raw=wanted.raw, named=bool(wanted.persons), told=told)
    if told and (wrong := unknown_emotions(source.review, path, source.record["labels"])):
        told(wrong)
    model = source.record["model"]["name"]
    return of_labels(wanted, source.record["labels"], path, model), source


def wanted_runs(wanted: Wanted, source: Source) -> list[Run]:
    """The runs of a table that are wanted, after what people corrected."""
    table, record, review = source.table, source.record, source.review
    if wanted.listed:
        return listed_runs(wanted.listed[source.path], table, record)
    long: dict[str, Any] = {"repeat": wanted.repeat, "seconds": wanted.seconds}
    find = partial(
        find_runs,
        table,
        gap=wanted.gap,
        min_score=wanted.min_score,
        tracks=_wanted_tracks(wanted, source.people),
        eyes=wanted.eyes,
        end=record["end"],
    )
    if not review.fixes:
        return [] if wanted.reviewed else _only(find(wanted.emotions, **long), wanted, source)
    counts = countable_rows(table, wanted.min_score, wanted.eyes)
    how = {"end": record["end"], "reviewed": wanted.reviewed, "counts": counts, **long}
    runs = corrected_runs(find(), table, review, **how)
    return _only([run for run in runs if run.emotion in wanted.emotions], wanted, source)


def _only(runs: list[Run], wanted: Wanted, source: Source) -> list[Run]:
    """Of `runs` those that are wanted one by one, if any are."""
    if wanted.only is None:
        return runs
    theirs = [one for one in wanted.only if one.movie == source.name]
    places = {(one.track, round(one.start + source.late, 3)) for one in theirs}
    return [run for run in runs if (run.track, round(run.start, 3)) in places]


def _wanted_tracks(wanted: Wanted, people: People) -> set[int] | None:
    """The tracks that are wanted by number and by person; None: all."""
    tracks = set(wanted.tracks) if wanted.tracks else None
    if not wanted.persons:
        return tracks
    theirs = {track for name in wanted.persons for track in people.tracks_of(name)}
    return theirs if tracks is None else theirs & tracks


def longest_runs(wanted: Wanted, source: Source) -> dict[str, Run]:
    """The longest run of each emotion, by its frames, in the tracks that are wanted."""
    longest: dict[str, Run] = {}
    table, end = source.table, source.record["end"]
    of_tracks = _wanted_tracks(wanted, source.people)
    for run in find_runs(table, tracks=of_tracks, eyes=wanted.eyes, end=end):
        if run.emotion not in longest or run.repeat > longest[run.emotion].repeat:
            longest[run.emotion] = run
    return {emotion: longest[emotion] for emotion in labels_of(table) if emotion in longest}
