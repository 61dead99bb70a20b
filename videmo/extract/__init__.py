"""Pass 2: from tables to the moments at which somebody has the wanted emotion."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from videmo.errors import (
    DiskFullError,
    OutputError,
    RequestError,
    SetupError,
    TableError,
    VidemoError,
)
from videmo.exporters import ALL, DEFAULT_EXPORTS, EMOTION, EXPORTERS, MOVIE, WITH_SOUND, exporter
from videmo.exporters.cuts import Cut, Edit, cuts_of
from videmo.exporters.selection import Choice, Exported, Moments, Selection
from videmo.extract.reviewed import names_said, people_after
from videmo.extract.segments import SEGMENTS, lines_of, read_segments, renewed, write_segments
from videmo.extract.select import Paths, longest_runs, select
from videmo.extract.wanted import (
    Place,
    Wanted,
    check_emotions,
    check_names,
    check_persons,
    of_labels,
)
from videmo.files import check_writable, shown
from videmo.find import find_movie, find_tables
from videmo.names import People, find_people, read_people
from videmo.review import Review, read_review
from videmo.schema import Run
from videmo.table import Record, read_record, read_table, review_path
from videmo.video import Movie, sound_taken

Makers = Mapping[str, Callable[[Any], Exported]]
"""The exporters that are wanted, by name."""

log = logging.getLogger(__name__)

__all__ = ["Extracted", "Place", "Wanted", "extract_tables", "find_movie", "find_tables"]


@dataclass(frozen=True)
class Extracted:
    """What was made of one table, or of all together."""

    table: Path | None
    """None: of all together."""
    runs: dict[str, int] = field(default_factory=dict)
    """Runs found, by emotion."""
    held: dict[str, Run] = field(default_factory=dict)
    """Where nothing was found, the longest run in the table, by emotion."""
    files: list[Path] = field(default_factory=list)
    errors: list[VidemoError] = field(default_factory=list)
    """What went wrong; the rest was made."""
    missing: tuple[str, ...] = ()
    """Wanted people who are in no track of this table."""


def extract_tables(
    tables: Mapping[Path, str],
    wanted: Wanted,
    folder: Path | str,
    *,
    exports: Sequence[str] = DEFAULT_EXPORTS,
    choice: Choice | None = None,
    movie: Path | None = None,
    offset: float | None = None,
    progress: Callable[[str], None] | None = None,
) -> list[Extracted]:
    """Export the wanted moments of each table into `folder`; one bad table costs one table.

    Gives what became of each table; and at the end, if that was asked for, of what is made of all
    of them together.

    Args:
        tables: each with the name of its own place in `folder`, as `find_tables` gives them.
        wanted: which moments.
        folder: gets ``NAME/EMOTION/...``, what is made of all movies together, and `segments.csv`,
            which lists every run in the folder.
        exports: names of `EXPORTERS`.
        choice: how the exporters are to work.
        movie: where the movie is, if not where it was; for one table only.
        offset: `movie` is another cut, in which everything lies so many seconds later.
        progress: told what is being done.

    Raises:
        RequestError: an emotion, exporter or order that does not exist, or a person of whom nobody
            heard.
        DiskFullError: no room is left.
        SetupError: ffmpeg is missing, or a library that an exporter needs.
    """
    choice = choice or Choice()
    check_names(exports, choice)
    makers = {name: exporter(name) for name in exports}
    if movie is not None and len(tables) > 1:
        raise RequestError(f"--movie goes with one table; there are {len(tables)}")
    if offset is not None and movie is None:
        raise RequestError("--offset is that of another cut; say which with --movie")
    folder = Path(folder)
    check_emotions(wanted.emotions, tables)
    check_persons(wanted.persons, tables, () if wanted.raw else names_said(tables))
    done = []
    cuts: list[Cut] = []
    tell = progress or (lambda _: None)
    for table, name in tables.items():
        job = _Extraction(Paths(table, name, folder, movie, offset), wanted, makers, choice)
        try:
            extracted, of_movie = _extract_one(job, tell)
        except (DiskFullError, SetupError):
            raise
        except VidemoError as error:
            done.append(Extracted(table, errors=[error]))
        else:
            done.append(extracted)
            cuts += of_movie
    together = [name for name in makers if EXPORTERS[name].scope == ALL]
    if together and cuts:
        done.append(_join(Edit(tuple(cuts), folder, choice), together, makers, tell))
    return done


@dataclass(frozen=True)
class _Extraction:
    """What is to be done with one table."""

    paths: Paths
    wanted: Wanted
    makers: Makers
    choice: Choice


def _extract_one(job: _Extraction, progress: Callable[[str], None]) -> tuple[Extracted, list[Cut]]:
    """What is made of one table, and what of it goes into what is made of all."""
    paths = job.paths
    table, record = read_table(paths.table), read_record(paths.table)
    wanted = of_labels(job.wanted, record["labels"], paths.table)
    review = Review() if wanted.raw else read_review(review_path(paths.table))
    people = people_after(_people(job, record, review), table, review)
    listed = read_segments(paths.folder)
    selections = select(paths, wanted, job.choice, table, record, people, review)
    if selections:
        _check_paths(paths)
        _tell_sound(job, selections[0].movie)
    every: list[Exported] = []
    lines: list[dict[str, str]] = []
    of_scope = {
        scope: [name for name in job.makers if EXPORTERS[name].scope == scope]
        for scope in (EMOTION, MOVIE, ALL)
    }
    for selection in selections:
        made = {}
        for name in of_scope[EMOTION]:
            progress(f"{shown(paths.name)}: {selection.emotion}, {name}")
            made[name] = _export(job.makers[name], selection)
        every += made.values()
        lines += lines_of(selection, made, paths.folder)
    cuts = []
    if selections:
        moments = Moments(tuple(selections), paths.folder / paths.name, paths.folder)
        for name in of_scope[MOVIE]:
            progress(f"{shown(paths.name)}: {name}")
            every.append(_export(job.makers[name], moments))
        cuts = cuts_of(moments) if of_scope[ALL] else []
    found = {selection.emotion: len(selection.runs) for selection in selections}
    # Where nothing matches, nothing is made, and what an earlier call made stays.
    write_segments(paths.folder, renewed(listed, lines, of_scope[EMOTION]))
    runs = {emotion: found.get(emotion, 0) for emotion in wanted.emotions}
    missing = tuple(name for name in job.wanted.persons if not people.tracks_of(name))
    held = {} if selections else longest_runs(table, record["end"])
    return Extracted(paths.table, runs, held, *_sum(every), missing), cuts


def _tell_sound(job: _Extraction, movie: Movie) -> None:
    """Say once which of several sound tracks is taken, to who did not choose."""
    said = sound_taken(movie)
    if said and job.choice.sound is None and set(job.makers) & set(WITH_SOUND):
        usable = sum(track.decodable for track in movie.sounds)
        more = "; choose with --sound N, or --sound all" if usable > 1 else ""
        log.warning("%s: %s%s", shown(movie.path), said, more)


def _join(
    edit: Edit, names: list[str], makers: Makers, progress: Callable[[str], None]
) -> Extracted:
    """What is made of all tables together."""
    every = []
    for name in names:
        progress(name)
        every.append(_export(makers[name], edit))
    return Extracted(None, {}, {}, *_sum(every))


def _sum(every: Iterable[Exported]) -> tuple[list[Path], list[VidemoError]]:
    files, errors = [], []
    for exported in every:
        files += exported.files
        errors += exported.failures
    return files, errors


def _people(job: _Extraction, record: Record, review: Review) -> People:
    """Who is who; only where it is asked for, and nobody was named by hand, it must be known."""
    if job.wanted.persons and not review.tracks:
        return read_people(job.paths.table, record)
    try:
        return find_people(job.paths.table, record)
    except TableError as error:
        log.warning("%s", error)
        return People()


def _check_paths(paths: Paths) -> None:
    """Find out before the work whether there can be a folder of the movie's name."""
    folder = paths.folder / paths.name
    if folder.exists() and not folder.is_dir():
        raise OutputError(
            f"{shown(folder)}: is a file, and a folder of this name is needed; choose another "
            "place with -o"
        )
    check_writable(paths.folder / SEGMENTS)


def _export(make: Callable[[Any], Exported], given: Selection | Moments | Edit) -> Exported:
    """Make one kind of thing; what goes wrong is kept, so that the others are made."""
    try:
        return make(given)
    except (DiskFullError, SetupError):
        raise
    except VidemoError as error:
        return Exported([], failures=[error])
