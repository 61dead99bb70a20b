"""Draw a table into its movie: boxes, labels, bars and a timeline, with the movie's sound."""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from videmo.annotate import DEFAULT_LAYERS, MOVIE_SUFFIX, check_layers
from videmo.annotate.annotator import Annotator, exact, painted
from videmo.annotate.encode import write_movie
from videmo.emotions import find_model
from videmo.errors import (
    DiskFullError,
    RequestError,
    SetupError,
    VidemoError,
)
from videmo.faces import detector_of
from videmo.files import check_writable, shown
from videmo.find import find_movie, find_table
from videmo.names import readable_people
from videmo.scan import Progress, Scanned, Settings, made_with, scan_movie
from videmo.scan.chunk import detector_config
from videmo.schema import timecode
from videmo.table import (
    TABLE_SUFFIX,
    Record,
    movie_file,
    movie_name,
    read_record,
    read_table,
    stretch_name,
)
from videmo.video import open_movie, sound_taken

Watch = Callable[[Path], AbstractContextManager[Progress | None]]
"""Given what is being worked on, gives what is told of the progress."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Wished:
    """What is to be drawn, and of which stretch."""

    layers: tuple[str, ...] = DEFAULT_LAYERS
    start: float | None = None
    """Seconds after the movie's first frame; None: where the table begins."""
    end: float | None = None
    """None: where the table ends."""


@dataclass(frozen=True)
class Annotated:
    """What became of a movie."""

    subject: Path
    """What was asked for: the movie, or its table."""
    file: Path | None = None
    frames: int = 0
    missing: int = 0
    """Frames that the movie should have and that could not be decoded."""
    damaged: int = 0
    """Places at which the decoder found the movie damaged."""
    faces: int = 0
    """Faces drawn, counted in each frame."""
    sound: str = ""
    """``copied``, ``encoded``, or empty: none."""
    scanned: Scanned | None = None
    """Where the movie had no table yet: what the scan made."""
    error: VidemoError | None = None


class Subject(NamedTuple):
    """A movie or a table to be drawn, out of a folder."""

    path: Path
    folder: Path
    """For what is drawn."""
    more: tuple[Path, ...] = ()
    """The chapters that follow, where the movie has no table yet."""


def annotate_movies(
    subjects: Iterable[Path | Subject],
    folder: Path,
    wished: Wished | None = None,
    *,
    settings: Settings | None = None,
    jobs: int = 1,
    movie: Path | None = None,
    watch: Watch | None = None,
    fps: Fraction | None = None,
) -> Iterator[Annotated]:
    """Annotate each movie, giving what became of it; one that is bad costs one.

    `subjects` are movies or tables; see `annotate_movie`. What is drawn of them goes into `folder`,
    if they do not name another.

    Raises:
        RequestError: `movie` is given for several subjects, one does not exist, or what is wished
            can be of no movie, or of no detector.
        DiskFullError, SetupError: what would befall every other movie, too.
    """
    every = [one if isinstance(one, Subject) else Subject(one, folder) for one in subjects]
    if movie is not None and len(every) > 1:
        raise RequestError(f"--movie goes with one table; there are {len(every)}")
    _check_wished(wished or Wished())
    for subject, _, _ in every:
        if not os.path.exists(subject):  # Path.exists raises where a name is too long
            raise RequestError(f"{shown(subject)}: no such file or folder; check the name")
    if settings is not None:  # or each movie would say what is wrong
        detector_of(detector_config(settings, find_model(settings.model)))
    for subject, place, more in every:
        try:
            yield annotate_movie(
                subject,
                place,
                wished,
                settings=settings,
                jobs=jobs,
                movie=movie,
                watch=watch,
                fps=fps,
                more=more,
            )
        except (DiskFullError, SetupError):
            raise
        except VidemoError as error:
            yield Annotated(subject, error=error)


def annotate_movie(
    subject: Path | str,
    folder: Path | str = ".",
    wished: Wished | None = None,
    *,
    names: Mapping[int, str] | None = None,
    settings: Settings | None = None,
    jobs: int = 1,
    movie: Path | None = None,
    watch: Watch | None = None,
    fps: Fraction | None = None,
    more: Sequence[Path] = (),
) -> Annotated:
    """Draw what a table says into its movie, and write ``NAME.annotated.mp4`` into `folder`.

    Args:
        subject: a table, or a movie; one without a table is scanned first, into `folder`.
        folder: made if it is missing.
        wished: what is drawn, and of which stretch.
        names: of tracks: shown instead of their numbers; None: as `videmo people` named them.
        settings: for the scan, if there has to be one.
        jobs: processes for the scan.
        movie: where the movie is, if not where it was when it was scanned.
        watch: see `Watch`.
        fps: for the scan, where the movie is a folder of numbered pictures.
        more: for the scan, the chapters that follow the movie's first one.

    Raises:
        RequestError: a stretch in which there is nothing, or a layer that does not exist.
        TableError: the table is not whole.
        MovieError: the movie is not the one that was scanned, or cannot be read.
        OutputError: the folder cannot be written.
    """
    subject, folder, wished = Path(subject), Path(folder), wished or Wished()
    watch = watch or (lambda _: nullcontext())
    _check_wished(wished)
    table = _table_of(subject, folder, settings)
    scanned = None
    if table is None:
        how = replace(settings or Settings(), fps=fps)
        with watch(subject) as progress:
            scanned = scan_movie(subject, folder, how, progress, jobs=jobs, more=more)
        table = scanned.table
    record = read_record(table)
    rows = read_table(table)
    start, end = _stretch(wished, rows, record)
    name = movie_name(table)
    if wished.start is not None or wished.end is not None:  # not to replace the whole movie's
        last = None if end is None else float(end)
        name = stretch_name(movie_file(name), float(start or 0), last)
    target = folder / (name + MOVIE_SUFFIX)
    found = find_movie(table, record, movie or (None if table == subject else subject))
    if target.exists() and target.samefile(found.path):
        raise RequestError(f"{shown(target)}: is the movie itself; choose another folder with -o")
    check_writable(target)
    if said := sound_taken(found):
        log.warning("%s: %s", shown(found.path), said)
    known = _known_names(table, record) if names is None else names
    annotator = Annotator(rows, record, found, known, wished.layers)
    with watch(target) as progress, open_movie(found) as reader:
        pictures = painted(annotator, reader, start, end, progress)
        written = write_movie(target, found, pictures, start=start, end=end)
        drawn_whole = wished.start is wished.end is None
        missing = _missing(record, written.frames) if drawn_whole else 0
        damaged = reader.failures
    return Annotated(
        subject, target, written.frames, missing, damaged, annotator.faces, written.sound, scanned
    )


def _known_names(table: Path, record: Record) -> Mapping[int, str]:
    """Who is who, where that was found out; names of an earlier scan are of no use, but no harm."""
    return readable_people(table, record, log.warning).names


def _check_wished(wished: Wished) -> None:
    check_layers(wished.layers)
    if wished.start is not None and wished.end is not None and wished.start >= wished.end:
        raise RequestError(
            f"{timecode(wished.start)} to {timecode(wished.end)}: the end must lie after the start"
        )


def _stretch(
    wished: Wished, table: pd.DataFrame, record: Record
) -> tuple[Fraction | None, Fraction | None]:
    """From where to where is drawn: what is wished of what was scanned. None: the movie's own
    beginning and end."""
    start, end = wished.start, wished.end
    if record["first_frame"] and len(table):
        start = max(start or 0.0, float(table["time"].iloc[0]))
    settings = record.get("settings")
    if isinstance(settings, dict) and settings.get("end") is not None:
        end = min(math.inf if end is None else end, record["end"])
    if start is not None and end is not None and start >= end:
        first = timecode(float(table["time"].iloc[0]) if len(table) else 0.0)
        raise RequestError(
            f"{shown(record['movie']['file'])}: nothing of this stretch was scanned, only {first} "
            f"to {timecode(record['end'])}; scan it"
        )
    return (None if start is None else exact(start)), (None if end is None else exact(end))


def _table_of(subject: Path, folder: Path, settings: Settings | None) -> Path | None:
    """The table that `subject` is, or that was made of it; None if there is none."""
    is_table = subject.name.endswith(TABLE_SUFFIX)
    table = subject if is_table else find_table(subject, folder)
    if table is not None and settings is not None:
        _check_made_with(table, settings)
    return table


def _check_made_with(table: Path, settings: Settings) -> None:
    """Not to draw what one model or detector saw as if another one had seen it."""
    record, wanted = read_record(table), made_with(settings, find_model(settings.model))
    for kind, key in (("model", "sha256"), ("detector", "name")):
        if record[kind][key] != wanted[kind][key]:
            raise RequestError(
                f"{shown(table)}: was made with the {kind} {shown(str(record[kind]['name']))}; "
                f"scan the movie with the other one, or leave out --{kind}"
            )


def _missing(record: Record, frames: int) -> int:
    """How many frames the movie should have besides those that there are."""
    expected = record.get("frames_expected")
    if record.get("status") == "ok" or not isinstance(expected, int):
        return 0
    return max(0, expected - frames)
