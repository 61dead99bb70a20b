"""Find out what is to be scanned of a movie, and into what, before any work is done."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

from videmo.emotions import Model, find_model
from videmo.errors import MovieError, RequestError, TableError
from videmo.faces import Detector, detector_of
from videmo.files import shown
from videmo.scan.chunk import Settings, detector_config
from videmo.scan.integrity import identity
from videmo.scan.record import begun_record
from videmo.scan.store import ChunkStore
from videmo.schema import Chunk
from videmo.table import Record, movie_name, read_record
from videmo.video import Movie, Survey, plan_chunks, probe, survey


class Prepared(NamedTuple):
    """A scan that is prepared: what is scanned, how, and into what."""

    movie: Movie
    found: Survey
    settings: Settings
    model: Model
    detector: Detector
    store: ChunkStore
    record: Record
    """What can be said before the scan."""

    def chunks(self) -> list[Chunk]:
        """The stretches that it is scanned in, from its start to its end."""
        return plan_chunks(self.movie, self.found.keys, *stretch_of(self.settings))


def prepare(
    files: Sequence[Path], target: Path, settings: Settings, beat: Callable[[], None] | None = None
) -> Prepared:
    """Find out what is to be scanned, before any work is done."""
    model = find_model(settings.model)
    detector = detector_of(detector_config(settings, model))
    path, *more = files
    movie = probe(path, settings.fps, more)
    if movie.series is None:
        settings = replace(settings, fps=None)
    before = identity(movie)
    start, end = stretch_of(settings)
    found = survey(movie, start, end, beat)
    steady = movie.timed and found.steady
    movie = replace(movie, timed=steady, deinterlace=settings.deinterlace)
    if not movie.timed and (start or end is not None):
        raise MovieError(
            f"{shown(path)}: its timestamps cannot be trusted, so that --start and --end have no "
            "meaning; scan it whole"
        )
    record = begun_record(movie, settings, model, before)
    store = ChunkStore(target.parent / f"{movie_name(target)}.parts", record)
    return Prepared(movie, found, settings, model, detector, store, record)


def stretch_of(settings: Settings) -> tuple[Fraction, Fraction | None]:
    """From where to where a movie is to be scanned, in exact seconds."""
    start = Fraction(settings.start).limit_denominator(1000)
    if settings.end is None:
        return start, None
    end = Fraction(settings.end).limit_denominator(1000)
    if end <= start:
        raise RequestError(f"--end {float(end):g} is not after --start {float(start):g}")
    return start, end


def check_table(target: Path, path: Path) -> None:
    """Not to write over the table of another movie of the same name, hours of work perhaps."""
    try:
        about = read_record(target)["movie"]
    except TableError:
        return
    other = target.parent / about["file"]
    if os.path.exists(other) and not os.path.samefile(other, path):
        raise MovieError(
            f"{shown(target)}: is the table of another movie, {shown(other)}; choose another "
            "folder with -o"
        )
