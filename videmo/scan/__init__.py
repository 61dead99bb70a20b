"""Pass 1: from a movie to its table of faces.

A movie is a list of chunks. Each is scanned by itself, remembering nothing; then one cheap pass
over what was seen numbers the frames, links tracks, finds runs, and writes the table.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from videmo import __version__
from videmo.emotions import Model, find_model
from videmo.errors import MovieError, RequestError, TableError
from videmo.files import check_writable, locked, remove_left, shown
from videmo.runs import find_runs, known_rows
from videmo.scan.chunk import Observations, Settings, scan_chunk
from videmo.scan.merge import Merged, merge
from videmo.scan.parts import Parts
from videmo.scan.witness import expected_frames, first_frame, identity, incomplete, warnings
from videmo.scan.work import all_cores, scan_chunks, warm_up
from videmo.schema import DEFAULT_REPEAT, EMOTIONS
from videmo.table import (
    FORMAT,
    Record,
    movie_name,
    place_of,
    read_record,
    record_path,
    table_path,
    write_table,
)
from videmo.video import Movie, plan_chunks, probe, survey

__all__ = [
    "Observations",
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
        SetupError: the model or the cascades are not what they should be.
        OutputError: the folder cannot be written, or another process scans into this table.
    """
    path, folder, settings = Path(path), Path(folder), settings or Settings()
    target = table_path(folder, path, settings.start, settings.end)
    check_writable(target)
    with locked(target):
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


def _scan(path: Path, target: Path, settings: Settings, work: _Work) -> Scanned:
    folder, jobs, beat = target.parent, work.jobs, work.beat
    model = find_model(settings.model)
    warm_up(jobs)
    movie = probe(path)
    before = identity(path)
    start, end = _stretch(settings)
    found = survey(movie, start, end, beat)
    steady = movie.timed and found.steady
    movie = replace(movie, timed=steady, deinterlace=settings.deinterlace)
    if not movie.timed and (start or end is not None):
        raise MovieError(
            f"{shown(path)}: its timestamps cannot be trusted, so that --start and --end have no "
            "meaning; scan it whole"
        )
    doubts = warnings(movie)
    for doubt in doubts:
        log.warning("%s: %s", shown(path), doubt)
    record = _record(movie, folder, settings, model)
    parts = Parts(folder / f"{movie_name(target)}.parts", {**record, "movie": before})
    parts.forget(others_only=not work.fresh)
    total = movie.frames or found.packets
    if start or end is not None or movie.empty_frames:  # what is announced is not what is read
        total = found.packets
    work.length(float(total / movie.fps))
    progress = work.progress
    tell = (lambda done: progress(done, total)) if progress else None
    chunks = plan_chunks(movie, found.keys, start, end)
    kept = scan_chunks(movie, chunks, settings, parts, jobs=jobs, progress=tell)

    def seen() -> Iterator[Observations]:
        for part in kept():
            beat()
            yield part

    first = first_frame(found, sum(part.frames for part in seen()))
    merged = merge(seen, settings, first)
    if start and not merged.frames:
        parts.forget()
        raise MovieError(f"{shown(path)}: ends before --start {settings.start:g}")
    stop = _end(movie, merged)
    record |= {
        "first_frame": first,
        "frames_expected": expected_frames(movie, found, merged, settings),
        "frames_read": merged.frames,
        "frames_scanned": len(merged.times),
        "decode_failures": found.damaged + merged.failures,
        "timestamps_repaired": merged.repaired,
        "changed_meanwhile": identity(path) != before,
        "cut_off": found.cut_off,
        "end": stop,
        "faces": int((merged.columns["track"] > 0).sum()),
        "aligned": int(known_rows(merged.columns[merged.columns["track"] > 0]).sum()),
        "tracks": merged.tracks,
        "seconds": _seconds(merged.columns, stop, settings.gap),
        "warnings": doubts,
    }
    record["movie"] = {"file": place_of(path, folder), **before}
    record["status"] = "partial" if incomplete(record) else "ok"
    scanned = Scanned(target, write_table(target, merged.rows, record))
    parts.forget()
    return scanned


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


def _seconds(table: pd.DataFrame, end: float, gap: float) -> dict[str, float]:
    """How long each emotion was held for `DEFAULT_REPEAT` frames or more, over all faces."""
    seconds = dict.fromkeys(EMOTIONS, 0.0)
    for run in find_runs(table, repeat=DEFAULT_REPEAT, gap=gap, end=end):
        seconds[run.emotion] += run.end - run.start
    return {emotion: round(value, 3) for emotion, value in seconds.items()}


def _stretch(settings: Settings) -> tuple[Fraction, Fraction | None]:
    """From where to where a movie is to be scanned, in exact seconds."""
    start = Fraction(settings.start).limit_denominator(1000)
    if settings.end is None:
        return start, None
    end = Fraction(settings.end).limit_denominator(1000)
    if end <= start:
        raise RequestError(f"--end {float(end):g} is not after --start {float(start):g}")
    return start, end


def _end(movie: Movie, merged: Merged) -> float:
    """Where the last frame decoded ends, in seconds."""
    if not merged.frames:
        return 0.0
    whole = movie.frames == merged.frames
    if movie.duration is not None and whole and movie.duration > merged.last:
        return round(float(movie.duration), 3)
    return round(merged.last + float(1 / movie.fps), 3)


def _record(movie: Movie, folder: Path, settings: Settings, model: Model) -> Record:
    return {
        "format": FORMAT,  # here, because the order of the fields is that of the file
        "videmo": __version__,
        "movie": {},
        "fps": f"{movie.fps.numerator}/{movie.fps.denominator}",
        "width": movie.width,
        "height": movie.height,
        "rotation": movie.turn.rotation,
        "timed": movie.timed,
        **made_with(settings, model),
    }


def made_with(settings: Settings, model: Model) -> Record:
    """What a record says of how its table was made, whatever the movie."""
    return {
        "format": FORMAT,
        "videmo": __version__,
        "settings": {
            **asdict(settings.look),
            "gap": settings.gap,
            "scan_every": settings.every,
            "start": settings.start,
            "end": settings.end,
            "deinterlace": settings.deinterlace,
        },
        "model": {"name": model.name, "sha256": model.sha256},
    }
