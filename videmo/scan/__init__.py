"""Pass 1: from a movie to its table of faces.

A movie is a list of chunks. Each is scanned by itself, remembering nothing; then one cheap pass
over what was seen numbers the frames, links tracks, finds runs, and writes the table.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

from videmo.emotions import Model, find_model
from videmo.errors import MovieError, RequestError, TableError
from videmo.faces import Detector, detector_of
from videmo.files import check_writable, file_lock, remove_left, shown
from videmo.scan.chunk import ChunkResult, Settings, detector_config, scan_chunk
from videmo.scan.integrity import first_frame, identity, warnings
from videmo.scan.merge import merge
from videmo.scan.record import begun_record, finished_record, made_with
from videmo.scan.store import ChunkStore
from videmo.scan.workers import all_cores, scan_chunks, warm_up
from videmo.table import (
    Record,
    movie_name,
    read_record,
    record_path,
    table_path,
    write_table,
)
from videmo.video import Movie, Survey, plan_chunks, probe, survey

__all__ = [
    "ChunkResult",
    "Progress",
    "Scanned",
    "Settings",
    "all_cores",
    "made_with",
    "merge",
    "scan_chunk",
    "scan_movie",
]


log = logging.getLogger(__name__)

Progress = Callable[[int, int], None]
"""Called with the frames read so far, and the frames that there should be (0: not known)."""


@dataclass(frozen=True)
class Scanned:
    """What a scan made."""

    table: Path
    record: Record

    @property
    def partial(self) -> bool:
        return bool(self.record["status"] != "ok")


def scan_movie(
    path: Path | str,
    folder: Path | str = ".",
    settings: Settings | None = None,
    progress: Progress | None = None,
    *,
    jobs: int = 1,
    fresh: bool = False,
    beat: Callable[[], None] | None = None,
    length: Callable[[float], None] | None = None,
) -> Scanned:
    """Scan a movie and write its table and record into `folder`; see `table_path` for their names.

    A scan that was interrupted goes on where it was: finished chunks lie in ``NAME.parts`` beside
    the table until that is written.

    Args:
        path: the movie.
        folder: made if it is missing.
        settings: see `Settings`.
        progress: told how far it is.
        jobs: processes that scan chunks. With more than one, a script that calls this must have an
            ``if __name__ == "__main__"`` around its work, as `multiprocessing` asks for.
        fresh: do not use what an interrupted scan left.
        beat: called now and then while something is done that is not counted in frames.
        length: told how many seconds are to be scanned, as soon as that is known.

    Raises:
        RequestError: there is no such file, or no such detector.
        MovieError: not a movie, it cannot be read, or its table would replace another movie's.
        SetupError: the model, or what the detector has learnt, is not what it should be.
        OutputError: the folder cannot be written, or another process scans into this table.
    """
    path, folder, settings = Path(path), Path(folder), settings or Settings()
    target = table_path(folder, path, settings.start, settings.end)
    check_writable(target)
    with file_lock(target):
        _check_table(target, path)
        for left in (target, record_path(target)):
            remove_left(left)
        work = _Work(jobs, fresh, progress, beat or (lambda: None), length or (lambda _: None))
        return _scan(path, target, settings, work)


class _Work(NamedTuple):
    """How a scan is done; nothing of it changes the table."""

    jobs: int
    fresh: bool
    progress: Progress | None
    beat: Callable[[], None]
    length: Callable[[float], None]


class _Prepared(NamedTuple):
    """A scan that is prepared: what is scanned, how, and into what."""

    movie: Movie
    found: Survey
    settings: Settings
    model: Model
    detector: Detector
    store: ChunkStore
    record: Record
    """What can be said before the scan."""


def _scan(path: Path, target: Path, settings: Settings, work: _Work) -> Scanned:
    warm_up(work.jobs)
    job = _prepared(path, target, settings, work)
    chunks = _scanned_chunks(job, work)
    first = first_frame(job.found, sum(chunk.frames for chunk in chunks()))
    merged = merge(chunks, settings, job.detector, job.model.labels, first)
    if settings.start and not merged.frames:
        job.store.forget()
        raise MovieError(f"{shown(path)}: ends before --start {settings.start:g}")
    record = finished_record(
        job.record, job.movie, job.found, merged, settings, first=first, folder=target.parent
    )
    scanned = Scanned(target, write_table(target, merged.rows, record))
    job.store.forget()
    return scanned


def _prepared(path: Path, target: Path, settings: Settings, work: _Work) -> _Prepared:
    """Find out what is to be scanned, before any work is done."""
    model = find_model(settings.model)
    detector = detector_of(detector_config(settings, model))
    movie = probe(path)
    before = identity(path)
    start, end = _stretch(settings)
    found = survey(movie, start, end, work.beat)
    steady = movie.timed and found.steady
    movie = replace(movie, timed=steady, deinterlace=settings.deinterlace)
    if not movie.timed and (start or end is not None):
        raise MovieError(
            f"{shown(path)}: its timestamps cannot be trusted, so that --start and --end have no "
            "meaning; scan it whole"
        )
    record = begun_record(movie, settings, model, before)
    store = ChunkStore(target.parent / f"{movie_name(target)}.parts", record)
    return _Prepared(movie, found, settings, model, detector, store, record)


def _scanned_chunks(job: _Prepared, work: _Work) -> Callable[[], Iterator[ChunkResult]]:
    """Scan what is not in the store yet; gives what was seen in each chunk, each time anew."""
    movie, found = job.movie, job.found
    start, end = _stretch(job.settings)
    for doubt in warnings(movie):
        log.warning("%s: %s", shown(movie.path), doubt)
    job.store.forget(others_only=not work.fresh)
    total = movie.frames or found.packets
    if start or end is not None or movie.empty_frames:  # what is announced is not what is read
        total = found.packets
    work.length(float(total / movie.fps))
    progress = work.progress
    tell = (lambda done: progress(done, total)) if progress else None
    chunks = plan_chunks(movie, found.keys, start, end)
    kept = scan_chunks(movie, chunks, job.settings, job.store, jobs=work.jobs, progress=tell)

    def results() -> Iterator[ChunkResult]:
        for result in kept():
            work.beat()
            yield result

    return results


def _check_table(target: Path, path: Path) -> None:
    """Not to write over the table of another movie of the same name, hours of work perhaps."""
    try:
        about = read_record(target)["movie"]
    except TableError:
        return
    other = target.parent / about["file"]
    if os.path.isfile(other) and not os.path.samefile(other, path):
        raise MovieError(
            f"{shown(target)}: is the table of another movie, {shown(other)}; choose another "
            "folder with -o"
        )


def _stretch(settings: Settings) -> tuple[Fraction, Fraction | None]:
    """From where to where a movie is to be scanned, in exact seconds."""
    start = Fraction(settings.start).limit_denominator(1000)
    if settings.end is None:
        return start, None
    end = Fraction(settings.end).limit_denominator(1000)
    if end <= start:
        raise RequestError(f"--end {float(end):g} is not after --start {float(start):g}")
    return start, end
