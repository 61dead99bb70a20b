"""Pass 2: from tables to the moments at which somebody has the wanted emotion."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from videmo.errors import DiskFullError, MovieError, RequestError, VidemoError
from videmo.exporters import EXPORTERS, exporter
from videmo.exporters.selection import Choice, Exported, Selection, sightings_of
from videmo.files import fingerprint, shown, write_whole
from videmo.runs import find_runs, frame_starts, to_segments
from videmo.schema import DEFAULT_GAP, DEFAULT_PAD, DEFAULT_REPEAT, EMOTIONS
from videmo.table import TABLE_SUFFIX, Record, movie_name, read_record, read_table, table_path
from videmo.video import Movie, probe

SEGMENTS = "segments.csv"

_RUN_COLUMNS = ("movie", "emotion", "track", "first", "last", "repeat", "start", "end", "score")
_CLIP_COLUMNS = ("clip_start", "clip_end")


@dataclass(frozen=True)
class Wanted:
    """Which moments are wanted."""

    emotions: tuple[str, ...]
    repeat: int = DEFAULT_REPEAT
    """The fewest frames a run must have."""
    min_score: float = 0.0
    """Faces with a lower score, 0 to 1, are unknown."""
    tracks: tuple[int, ...] = ()
    """Only these; empty for all."""
    pad: float = DEFAULT_PAD
    """Seconds added before and after each run, in clips."""
    gap: float = DEFAULT_GAP
    """Seconds that are bridged: unknown faces in a run, and runs in a clip."""


@dataclass(frozen=True)
class Extracted:
    """What was made of one table."""

    table: Path
    runs: dict[str, int]
    """Runs found, by emotion."""
    held: dict[str, int]
    """The longest run in the table, in frames, by emotion."""
    files: list[Path] = field(default_factory=list)
    error: VidemoError | None = None


def extract_tables(
    tables: Mapping[Path, str],
    wanted: Wanted,
    folder: Path | str,
    *,
    exports: Sequence[str] = tuple(EXPORTERS),
    choice: Choice | None = None,
    movie: Path | None = None,
    progress: Callable[[str], None] | None = None,
) -> list[Extracted]:
    """Export the wanted moments of each table into `folder`; one bad table costs one table.

    Args:
        tables: each with the name of its own place in `folder`, as `find_tables` gives them.
        wanted: which moments.
        folder: gets ``NAME/EMOTION/...`` and `segments.csv`, which lists every run in the folder.
        exports: names of `EXPORTERS`.
        choice: how the exporters are to work.
        movie: where the movie is, if not where it was; for one table only.
        progress: told what is being done.

    Raises:
        RequestError: an emotion or exporter that does not exist.
        DiskFullError: no room is left.
    """
    _check_names(wanted.emotions, exports)
    if movie is not None and len(tables) > 1:
        raise RequestError(f"--movie goes with one table; there are {len(tables)}")
    folder = Path(folder)
    done = []
    for table, name in tables.items():
        job = _Job(table, name, wanted, folder, tuple(exports), choice or Choice(), movie)
        try:
            done.append(_extract_one(job, progress or (lambda _: None)))
        except DiskFullError:
            raise
        except VidemoError as error:
            done.append(Extracted(table, {}, {}, [], error))
    return done


def find_tables(paths: Iterable[Path | str]) -> dict[Path, str]:
    """The tables that `paths` name: tables, scanned movies, or folders, searched to their depth.

    Without `paths`, the tables in the current folder itself.

    Returns:
        For each table a name of its own: its movie's, with the folders below the one searched.

    Raises:
        RequestError: a path does not exist, is no table, or a folder without any.
    """
    places = [Path(path) for path in paths]
    if not places:
        return _tables_in(Path(), f"*{TABLE_SUFFIX}")
    tables: dict[Path, str] = {}
    for path in places:
        if path.is_dir():
            tables |= _tables_in(path, f"**/*{TABLE_SUFFIX}")
        else:
            table = _table_of(path)
            tables[table] = movie_name(table)
    twins = [name for name, count in Counter(tables.values()).items() if count > 1]
    if twins:
        raise RequestError(
            f"{shown(twins[0])}: several tables have this name; name the folder that holds them"
        )
    return tables


def _tables_in(folder: Path, pattern: str) -> dict[Path, str]:
    found = sorted(folder.glob(pattern))
    if not found:
        raise RequestError(
            f"{shown(folder.absolute())}: holds no table (*{TABLE_SUFFIX}); run: videmo scan MOVIE"
        )
    return {
        table: (table.parent.relative_to(folder) / movie_name(table)).as_posix() for table in found
    }


def _table_of(path: Path) -> Path:
    """The table that `path` is, or that was made of the movie `path`."""
    if not path.exists():
        raise RequestError(f"{shown(path)}: no such file or folder; check the name")
    if path.name.endswith(TABLE_SUFFIX):
        return path
    for table in (table_path(path.parent, path), table_path(Path(), path)):
        if table.is_file():
            return table
    raise RequestError(f"{shown(path)}: is no table; run: videmo scan {shown(path)}")


def find_movie(table: Path, record: Record, movie: Path | None = None) -> Movie:
    """The movie that `table` is of: at `movie`, where the record says, or beside the table.

    Raises:
        MovieError: it is nowhere, or has changed since the scan.
    """
    about = record.get("movie", {})
    said = table.parent / str(about.get("file", ""))
    places = [movie] if movie else [said, table.parent / movie_name(table)]
    for place in places:
        if place.is_file():
            if fingerprint(place) != about.get("fingerprint"):
                raise MovieError(f"{shown(place)}: has changed since it was scanned; scan it again")
            return probe(place)
    raise MovieError(f"{shown(places[0])}: the movie is not there; say where it is with --movie")


@dataclass(frozen=True)
class _Job:
    table: Path
    name: str
    wanted: Wanted
    folder: Path
    exports: tuple[str, ...]
    choice: Choice
    movie: Path | None


def _extract_one(job: _Job, progress: Callable[[str], None]) -> Extracted:
    wanted, name = job.wanted, job.name
    table, record = read_table(job.table), read_record(job.table)
    end = float(record["end"])
    runs = find_runs(
        table,
        wanted.emotions,
        repeat=wanted.repeat,
        gap=wanted.gap,
        min_score=wanted.min_score,
        tracks=wanted.tracks or None,
        end=end,
    )
    found = {e: [run for run in runs if run.emotion == e] for e in wanted.emotions}
    # Where nothing is found now but something was before, the exporters take the old away.
    old = any((job.folder / name / emotion).is_dir() for emotion in wanted.emotions)
    movie = find_movie(job.table, record, job.movie) if runs or old else None
    files: list[Path] = []
    lines: list[dict[str, object]] = []
    for emotion, of_emotion in found.items():
        place = job.folder / name / emotion
        if movie is None or not (of_emotion or place.is_dir()):
            continue
        selection = Selection(
            movie=movie,
            name=name,
            emotion=emotion,
            segments=tuple(to_segments(of_emotion, pad=wanted.pad, gap=wanted.gap, end=end)),
            sightings=sightings_of(table, of_emotion),
            starts=frame_starts(table, end),
            folder=place,
            choice=job.choice,
        )
        made = {}
        for export in job.exports:
            progress(f"{shown(name)}: {emotion}, {export}")
            made[export] = exporter(export)(selection)
            files += made[export].files
        lines += _lines(selection, made, job.folder)
    _write_segments(job.folder, name, wanted.emotions, lines)
    counts = {emotion: len(of_emotion) for emotion, of_emotion in found.items()}
    return Extracted(job.table, counts, longest_runs(table), files)


def longest_runs(table: pd.DataFrame) -> dict[str, int]:
    """The longest run of each emotion that a table holds, in frames."""
    rows = table[table["repeat"].notna()]
    longest = rows.groupby("emotion")["repeat"].max()
    return {emotion: int(longest[emotion]) for emotion in EMOTIONS if emotion in longest}


def _check_names(emotions: Iterable[str], exports: Iterable[str]) -> None:
    for emotion in emotions:
        if emotion not in EMOTIONS:
            raise RequestError(f"{emotion}: no such emotion; choose from {', '.join(EMOTIONS)}")
    for export in exports:
        if export not in EXPORTERS:
            raise RequestError(f"{export}: cannot be exported; choose from {', '.join(EXPORTERS)}")


def _lines(
    selection: Selection, made: dict[str, Exported], folder: Path
) -> list[dict[str, object]]:
    """What `segments.csv` says of each run of a selection."""
    lines = []
    for segment in selection.segments:
        for run in segment.runs:
            scores = [sighting.score for sighting in selection.sightings[run]]
            lines.append(
                {
                    "movie": selection.name,
                    "emotion": run.emotion,
                    "track": run.track,
                    "first": run.first,
                    "last": run.last,
                    "repeat": run.repeat,
                    "start": f"{run.start:.3f}",
                    "end": f"{run.end:.3f}",
                    "score": f"{sum(scores) / len(scores):.4f}",
                    "clip_start": f"{segment.start:.3f}",
                    "clip_end": f"{segment.end:.3f}",
                    **{
                        export: _inside(exported.of_run[run], folder)
                        for export, exported in made.items()
                    },
                }
            )
    return lines


def _inside(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()


def _write_segments(
    folder: Path, name: str, emotions: Iterable[str], lines: list[dict[str, object]]
) -> None:
    """Bring the folder's list up to date: what was there of other movies and emotions stays."""
    path = folder / SEGMENTS
    old: list[dict[str, object]] = []
    if path.is_file():
        with path.open(encoding="utf-8", newline="") as file:
            old = [
                dict(line)
                for line in csv.DictReader(file)
                if line.get("movie") != name or line.get("emotion") not in emotions
            ]
    if not lines and not old and not path.exists():
        return
    every = sorted(
        old + lines, key=lambda line: (str(line["movie"]), str(line["emotion"]), _start(line))
    )
    text = io.StringIO()
    columns = (*_RUN_COLUMNS, *_CLIP_COLUMNS, *EXPORTERS)
    writer = csv.DictWriter(text, columns, restval="", extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(every)
    write_whole(path, text.getvalue().encode("utf-8", "backslashreplace"))


def _start(line: dict[str, object]) -> float:
    return float(str(line["start"]))
