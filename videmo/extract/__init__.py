"""Pass 2: from tables to the moments at which somebody has the wanted emotion."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from videmo.errors import (
    DiskFullError,
    OutputError,
    RequestError,
    SetupError,
    VidemoError,
)
from videmo.exporters import ALL, DEFAULT_EXPORTS, EMOTION, EXPORTERS, MOVIE, WITH_SOUND, exporter
from videmo.exporters.cuts import Cut, Edit, cuts_of
from videmo.exporters.selection import Choice, Exported, Moments, Selection
from videmo.extract.hints import hints_for
from videmo.extract.listed import listed_tables
from videmo.extract.segments import (
    SEGMENTS,
    check_own,
    lines_of,
    read_segments,
    renewed,
    write_segments,
)
from videmo.extract.select import Paths, longest_runs, select, shares, source_of
from videmo.extract.wanted import (
    Place,
    Wanted,
    check_emotions,
    check_names,
    check_persons,
    check_tracks,
    check_used,
    options_given,
)
from videmo.files import check_writable, shown
from videmo.find import find_movie, find_tables
from videmo.schema import Run
from videmo.video import Movie, sound_taken

Makers = Mapping[str, Callable[[Any], Exported]]
"""The exporters that are wanted, by name."""

log = logging.getLogger(__name__)

__all__ = [
    "Extracted",
    "Place",
    "Wanted",
    "extract_tables",
    "find_movie",
    "find_tables",
    "listed_tables",
]


@dataclass(frozen=True)
class Extracted:
    """What was made of one table, or of all together."""

    table: Path | None
    """None: of all together."""
    runs: dict[str, int] = field(default_factory=dict)
    """Runs found, by emotion."""
    moments: dict[str, int] = field(default_factory=dict)
    """Moments that they make, by emotion: runs close in time are one."""
    beaten: int = 0
    """How many more moments there are, which are not among the best."""
    held: dict[str, Run] = field(default_factory=dict)
    """Where nothing was found, the longest run in the table, by emotion."""
    files: list[Path] = field(default_factory=list)
    errors: list[VidemoError] = field(default_factory=list)
    """What went wrong; the rest was made."""
    missing: tuple[str, ...] = ()
    """Wanted people who are in no track of this table."""
    crops: tuple[int, int] | None = None
    """Where faces were too many to make pictures of all: of how many, and how many there were."""
    of_some: bool = False
    """Whether only some tracks or people were wanted."""
    hints: list[str] = field(default_factory=list)
    """Where nothing was found: what would find something."""


def extract_tables(
    tables: Mapping[Path, str],
    wanted: Wanted,
    folder: Path | str,
    *,
    exports: Sequence[str] = DEFAULT_EXPORTS,
    choice: Choice | None = None,
    movie: Path | None = None,
    offset: float | None = None,
    given: Iterable[str] | None = None,
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
        given: the options that somebody gave: fields of `wanted` and `choice`. None: those that are
            not as they are if nobody says anything.
        progress: told what is being done.

    Raises:
        RequestError: an emotion, exporter, order or track that does not exist, a person who is in
            no track, or an option that none of `exports` can use.
        DiskFullError: no room is left.
        SetupError: ffmpeg is missing, or a library that an exporter needs.
    """
    choice = choice or Choice()
    check_names(exports, choice)
    check_used(options_given(wanted, choice) if given is None else given, exports)
    makers = {name: exporter(name) for name in exports}
    if movie is not None and len(tables) > 1:
        raise RequestError(f"--movie goes with one table; there are {len(tables)}")
    if offset is not None and movie is None:
        raise RequestError("--offset is that of another cut; say which with --movie")
    if offset is not None and wanted.listed:
        raise RequestError("--offset does not go with --moments, whose times are the movie's own")
    folder = Path(folder)
    if os.path.isfile(folder):
        raise RequestError(f"{shown(folder)}: is a file; what is made goes into a folder (-o)")
    if not wanted.listed:
        check_emotions(wanted.emotions, tables)
    check_persons(wanted, tables)
    check_tracks(wanted.tracks, tables)
    done = []
    cuts: list[Cut] = []
    tell = progress or (lambda _: None)
    best = None
    if wanted.top is not None and len(tables) > 1:
        best = shares(tables, wanted, choice, wanted.top)
    for table, name in tables.items():
        # One without its movie is not among them, and says so when its turn comes.
        mine = wanted if best is None else replace(wanted, top=best.get(table, wanted.top))
        job = _Extraction(Paths(table, name, folder, movie, offset), mine, makers, choice)
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
        joined = _join(Edit(tuple(cuts), folder, choice), together, makers, tell)
        told = {str(error) for one in done for error in one.errors}
        joined.errors[:] = [error for error in joined.errors if str(error) not in told]
        done.append(joined)
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
    wanted, source = source_of(paths.table, paths.name, job.wanted, log.warning)
    listed = read_segments(paths.folder)
    selections, beaten = select(paths, wanted, job.choice, source)
    every: list[Exported] = []
    lines: list[dict[str, str]] = []
    cuts: list[Cut] = []
    if selections:
        _check_paths(paths)
        check_own(listed, paths.table, paths.name, paths.folder)
        _tell_sound(job, selections[0].movie)
        every, lines, cuts = _make(job, selections, progress)
    # Where nothing matches, nothing is made, and what an earlier call made stays.
    write_segments(paths.folder, renewed(listed, lines, _of_scope(job, EMOTION)))
    runs = {selection.emotion: len(selection.runs) for selection in selections}
    found = {selection.emotion: len(selection.segments) for selection in selections}
    files, errors = _sum(every)
    done = Extracted(
        paths.table,
        runs={emotion: runs.get(emotion, 0) for emotion in wanted.emotions},
        moments={emotion: found.get(emotion, 0) for emotion in wanted.emotions},
        beaten=beaten,
        files=files,
        errors=errors,
        missing=tuple(name for name in wanted.persons if not source.people.tracks_of(name)),
        crops=_too_many(every),
        of_some=bool(wanted.tracks or wanted.persons),
    )
    if selections or beaten:
        return done, cuts
    hints = hints_for(wanted, job.choice, source)
    return replace(done, held=longest_runs(wanted, source), hints=hints), cuts


def _make(
    job: _Extraction, selections: list[Selection], progress: Callable[[str], None]
) -> tuple[list[Exported], list[dict[str, str]], list[Cut]]:
    """What the exporters make of each emotion and of the movie, the lines that list the runs, and
    what goes into what is made of all."""
    paths = job.paths
    every: list[Exported] = []
    lines: list[dict[str, str]] = []
    for selection in selections:
        made = {}
        for name in _of_scope(job, EMOTION):
            progress(f"{shown(paths.name)}: {selection.emotion}, {name}")
            made[name] = _export(job.makers[name], selection)
        every += made.values()
        lines += lines_of(selection, made, paths.folder, paths.table)
    moments = Moments(tuple(selections), paths.folder / paths.name, paths.folder)
    for name in _of_scope(job, MOVIE):
        progress(f"{shown(paths.name)}: {name}")
        every.append(_export(job.makers[name], moments))
    return every, lines, cuts_of(moments) if _of_scope(job, ALL) else []


def _of_scope(job: _Extraction, scope: str) -> list[str]:
    return [name for name in job.makers if EXPORTERS[name].scope == scope]


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
    files, errors = _sum(every)
    return Extracted(None, files=files, errors=errors)


def _too_many(every: Iterable[Exported]) -> tuple[int, int] | None:
    """Of how many faces there are pictures, and of how many there could be; None: of all."""
    limited = [one for one in every if one.faces]
    made = sum(len(one.files) for one in limited)
    return (made, sum(one.faces for one in limited)) if limited else None


def _sum(every: Iterable[Exported]) -> tuple[list[Path], list[VidemoError]]:
    """All files; and what went wrong, where several exporters met the same, once."""
    files: list[Path] = []
    errors: dict[str, VidemoError] = {}
    for exported in every:
        files += exported.files
        for error in exported.failures:
            errors.setdefault(str(error), error)
    return files, list(errors.values())


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
