"""Pass 1: from a movie to its table of faces.

A movie is a list of chunks. Each is scanned by itself, remembering nothing; then one cheap pass
over what was seen numbers the frames, links tracks, finds runs, and writes the table.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from videmo.errors import MovieError
from videmo.files import check_writable, file_lock, remove_left, shown
from videmo.scan.chunk import ChunkResult, Settings, scan_chunk
from videmo.scan.integrity import first_frame, warnings
from videmo.scan.merge import merge
from videmo.scan.prepare import Prepared, check_table, prepare, stretch_of
from videmo.scan.record import finished_record, made_with
from videmo.scan.workers import all_cores, scan_chunks, warm_up
from videmo.table import Record, record_path, table_path, write_table

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
    more: Sequence[Path] = (),
    shared: bool = False,
) -> Scanned:
    """Scan a movie and write its table and record into `folder`; see `table_path` for their names.

    A scan that was interrupted goes on where it was: finished chunks lie in ``NAME.parts`` beside
    the table until that is written.

    Args:
        path: the movie: a file, or, with a rate in `settings`, a folder of numbered pictures.
        folder: made if it is missing.
        settings: see `Settings`.
        progress: told how far it is.
        jobs: processes that scan chunks. With more than one, a script that calls this must have an
            ``if __name__ == "__main__"`` around its work, as `multiprocessing` asks for.
        fresh: do not use what an interrupted scan left.
        beat: called now and then while something is done that is not counted in frames.
        length: told how many seconds are to be scanned, as soon as that is known.
        more: the chapters, in the same folder, that follow the first one in one movie.
        shared: whether others may be at work on the same movie with the same settings, as on a
            cluster that has lost sight of one: what they write is the same. Else they are refused.

    Raises:
        RequestError: there is no such file, or no such detector.
        MovieError: not a movie, it cannot be read, or its table would replace another movie's.
        SetupError: the model, or what the detector has learnt, is not what it should be.
        OutputError: the folder cannot be written, or another process scans into this table.
    """
    path, folder, settings = Path(path), Path(folder), settings or Settings()
    if path.name in ("", ".."):  # a folder of pictures, which gives its table the name
        path = path.resolve()
    target = table_path(folder, path, settings.start, settings.end)
    check_writable(target)
    with nullcontext() if shared else file_lock(target):
        check_table(target, path)
        for left in () if shared else (target, record_path(target)):
            remove_left(left)
        work = _Work(jobs, fresh, progress, beat or (lambda: None), length or (lambda _: None))
        return _scan([path, *more], target, settings, work)


class _Work(NamedTuple):
    """How a scan is done; nothing of it changes the table."""

    jobs: int
    fresh: bool
    progress: Progress | None
    beat: Callable[[], None]
    length: Callable[[float], None]


def _scan(files: Sequence[Path], target: Path, settings: Settings, work: _Work) -> Scanned:
    warm_up(work.jobs)
    job = prepare(files, target, settings, work.beat)
    chunks = _scanned_chunks(job, work)
    first = first_frame(job.found, sum(chunk.frames for chunk in chunks()))
    merged = merge(chunks, settings, job.detector, job.model.labels, first)
    if settings.start and not merged.frames:
        job.store.forget()
        raise MovieError(f"{shown(files[0])}: ends before --start {settings.start:g}")
    record = finished_record(
        job.record, job.movie, job.found, merged, settings, first=first, folder=target.parent
    )
    scanned = Scanned(target, write_table(target, merged.rows, record))
    job.store.forget()
    return scanned


def _scanned_chunks(job: Prepared, work: _Work) -> Callable[[], Iterator[ChunkResult]]:
    """Scan what is not in the store yet; gives what was seen in each chunk, each time anew."""
    movie, found = job.movie, job.found
    start, end = stretch_of(job.settings)
    for doubt in warnings(movie, found):
        log.warning("%s: %s", shown(movie.path), doubt)
    job.store.forget(others_only=not work.fresh)
    total = movie.frames or found.packets
    if start or end is not None or movie.empty_frames:  # what is announced is not what is read
        total = found.packets
    work.length(float(total / movie.fps))
    progress = work.progress
    tell = (lambda done: progress(done, total)) if progress else None
    kept = scan_chunks(movie, job.chunks(), job.settings, job.store, jobs=work.jobs, progress=tell)

    def results() -> Iterator[ChunkResult]:
        for result in kept():
            work.beat()
            yield result

    return results
