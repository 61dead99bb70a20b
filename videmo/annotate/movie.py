"""Draw a table into its movie: boxes, labels, bars and a timeline, with the movie's sound."""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd

from videmo.annotate import LAYERS, MOVIE_SUFFIX, check_layers
from videmo.annotate.encode import Picture, write_movie
from videmo.annotate.rows import lane_names, lanes_of, scene_of
from videmo.draw import Marked, Spots, Timeline, draw_faces, draw_timeline, lane_room, style_for
from videmo.errors import (
    DiskFullError,
    MovieError,
    RequestError,
    SetupError,
    TableError,
    VidemoError,
)
from videmo.files import check_writable, shown
from videmo.find import find_movie, find_table
from videmo.names import find_people
from videmo.runs import ROUNDING
from videmo.scan import Progress, Scanned, Settings, scan_movie
from videmo.schema import timecode
from videmo.table import TABLE_SUFFIX, Record, movie_name, read_record, read_table
from videmo.video import TIME_TOLERANCE, Frame, Movie, Reader, open_movie

Watch = Callable[[Path], AbstractContextManager[Progress | None]]
"""Given what is being worked on, gives what is told of the progress."""

HALF_DIGIT = Fraction(1, 2000)
"""Half of the last digit of a table's times, in seconds."""


log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Wished:
    """What is to be drawn, and of which stretch."""

    layers: tuple[str, ...] = tuple(LAYERS)
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


def annotate_movies(
    subjects: Iterable[Path],
    folder: Path,
    wished: Wished | None = None,
    *,
    settings: Settings | None = None,
    jobs: int = 1,
    movie: Path | None = None,
    watch: Watch | None = None,
) -> Iterator[Annotated]:
    """Annotate each movie, giving what became of it; one that is bad costs one.

    `subjects` are movies or tables; see `annotate_movie`.

    Raises:
        RequestError: `movie` is given for several subjects, or one does not exist.
        DiskFullError, SetupError: what would befall every other movie, too.
    """
    subjects = list(subjects)
    if movie is not None and len(subjects) > 1:
        raise RequestError(f"--movie goes with one table; there are {len(subjects)}")
    for subject in subjects:
        if not os.path.exists(subject):  # Path.exists raises where a name is too long
            raise RequestError(f"{shown(subject)}: no such file or folder; check the name")
    for subject in subjects:
        try:
            yield annotate_movie(
                subject, folder, wished, settings=settings, jobs=jobs, movie=movie, watch=watch
            )
        except (DiskFullError, SetupError, RequestError):
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

    Raises:
        RequestError: a stretch in which there is nothing, or a layer that does not exist.
        TableError: the table is not whole.
        MovieError: the movie is not the one that was scanned, or cannot be read.
        OutputError: the folder cannot be written.
    """
    subject, folder, wished = Path(subject), Path(folder), wished or Wished()
    watch = watch or (lambda _: nullcontext())
    _check_wished(wished)
    table, scanned = _table_for(subject, folder, settings, jobs, watch)
    record = read_record(table)
    target = folder / (movie_name(table) + MOVIE_SUFFIX)
    rows = read_table(table)
    found = find_movie(table, record, movie or (None if table == subject else subject))
    if target.exists() and target.samefile(found.path):
        raise RequestError(f"{shown(target)}: is the movie itself; choose another folder with -o")
    check_writable(target)
    known = _known_names(table, record) if names is None else names
    painter = _Painter(rows, record, found, known, wished.layers)
    start, end = _stretch(wished, rows, record)
    with watch(target) as progress, open_movie(found) as reader:
        pictures = _pictures(painter, reader, start, end, progress)
        written = write_movie(target, found, pictures, start=start, end=end)
        drawn_whole = wished.start is wished.end is None
        missing = _missing(record, written.frames) if drawn_whole else 0
        damaged = reader.failures
    return Annotated(
        subject, target, written.frames, missing, damaged, painter.faces, written.sound, scanned
    )


def _known_names(table: Path, record: Record) -> Mapping[int, str]:
    """Who is who, where that was found out; names of an earlier scan are of no use, but no harm."""
    try:
        return find_people(table, record).names
    except TableError as error:
        log.warning("%s", error)
        return {}


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
        raise RequestError(f"nothing of this stretch was scanned, only {_scanned(table, record)}")
    return (None if start is None else _exact(start)), (None if end is None else _exact(end))


def _table_for(
    subject: Path, folder: Path, settings: Settings | None, jobs: int, watch: Watch
) -> tuple[Path, Scanned | None]:
    """The table of `subject`, scanned if there is none."""
    if subject.name.endswith(TABLE_SUFFIX):
        return subject, None
    table = find_table(subject, folder)
    if table is not None:
        return table, None
    with watch(subject) as progress:
        scanned = scan_movie(subject, folder, settings, progress, jobs=jobs)
    return scanned.table, scanned


def _scanned(table: pd.DataFrame, record: Record) -> str:
    first = float(table["time"].iloc[0]) if len(table) else 0.0
    return f"{timecode(first)} to {timecode(record['end'])}"


class _Painter:
    """Paints the frames of one movie, in order. Remembers where labels were, and counts."""

    def __init__(
        self,
        table: pd.DataFrame,
        record: Record,
        movie: Movie,
        names: Mapping[int, str],
        layers: Sequence[str],
    ) -> None:
        self.movie = movie
        self.record = record
        self.faces = 0
        """Faces drawn so far."""
        self._scene = scene_of(table, names)
        self._some = record["frames_scanned"] < record["frames_read"]
        """Whether only some of the frames were scanned."""
        late = record["first_frame"] and len(self._scene.times)
        self._start = float(self._scene.times[0]) if late else 0.0
        """Where the timeline begins, in seconds."""
        self._bars = "bars" in layers
        # 4:2:0 wants even sizes.
        self._width, self._height = movie.width // 2 * 2, movie.height // 2 * 2
        self._timeline = self._timeline_of(table, names) if "timeline" in layers else None
        self._spots: Spots = {}
        self._met = np.zeros(len(self._scene.times), bool)
        """Which of the scanned frames have been met."""

    def paint(self, frame: Frame) -> np.ndarray:
        """A frame with everything that is known of it: BGR uint8, of even size."""
        picture = np.ascontiguousarray(frame.bgr[: self._height, : self._width])
        now = float(frame.time)
        faces = self._faces(now)
        self._spots = draw_faces(picture, faces, bars=self._bars, before=self._spots)
        self.faces += len(faces)
        if self._timeline is None:
            return picture
        share = (now - self._start) / max(self.record["end"] - self._start, 1e-9)
        strip = self._timeline.at(min(max(share, 0.0), 1.0), timecode(now))
        return np.concatenate([picture, strip])

    def end_of(self, time: Fraction) -> Fraction:
        """When the frame that begins at `time` ends, in seconds."""
        times = self._scene.times
        after = times[np.searchsorted(times, float(time) + TIME_TOLERANCE, side="right") :]
        end = _exact(after[0] if len(after) else self.record["end"])
        return end if end > time and not self._some else time + 1 / self.movie.fps

    def frames_between(self, start: Fraction | None, end: Fraction | None) -> int:
        """How many frames lie in a stretch, as far as the table knows."""
        inside = self._scene.frames[self._between(start, end)]
        return int(inside[-1] - inside[0]) + 1 if len(inside) else 0

    def check(self, start: Fraction | None, end: Fraction | None) -> None:
        """See whether all faces of a stretch have been drawn.

        Raises:
            MovieError: not so, though the table is of a whole movie.
        """
        lost = self._between(start, end) & ~self._met & (np.diff(self._scene.starts) > 0)
        if self.record["status"] == "ok" and lost.any():
            time = self._scene.times[lost.argmax()]
            raise MovieError(
                f"{shown(self.movie.path)}: no frame at {time} s; scan the movie again"
            )

    def _between(self, start: Fraction | None, end: Fraction | None) -> np.ndarray:
        times = self._scene.times
        inside = times >= float(start or 0) - ROUNDING
        return inside if end is None else inside & (times < float(end) - ROUNDING)

    def _faces(self, time: float) -> list[Marked]:
        """The faces at `time`; between two scanned frames those that must be there."""
        times = self._scene.times
        index = int(np.searchsorted(times, time + TIME_TOLERANCE, side="right")) - 1
        if index < 0:
            return []
        if abs(times[index] - time) <= TIME_TOLERANCE:
            self._met[index] = True
            return self._scene.at(index)
        if index + 1 == len(times):
            return []
        return self._scene.after(index, (time - times[index]) / (times[index + 1] - times[index]))

    def _timeline_of(self, table: pd.DataFrame, names: Mapping[int, str]) -> Timeline:
        style = style_for(self._width, self._height)
        columns = lane_room(self._width, style, lane_names(table, names)).w
        end = self.record["end"]
        lanes, left_out = lanes_of(table, names, columns, self._start, end)
        note = f"{left_out} more tracks" if left_out > 1 else "1 more track" if left_out else ""
        return draw_timeline(self._width, self._height, lanes, note)


def _pictures(
    painter: _Painter,
    reader: Reader,
    start: Fraction | None,
    end: Fraction | None,
    progress: Progress | None,
) -> Iterator[Picture]:
    """The painted frames of a stretch, each up to where the next one begins."""
    # A time of three digits, out of the table, may lie just behind the frame that it means.
    begin, stop = (None if t is None else t - HALF_DIGIT for t in (start, end))
    total = painter.frames_between(start, end)
    waiting: tuple[Fraction, np.ndarray] | None = None
    for done, frame in enumerate(reader.frames(max(Fraction(0), begin or Fraction(0)), stop), 1):
        if waiting is not None:
            yield Picture(waiting[0], frame.time, waiting[1])
        waiting = frame.time, painter.paint(frame)
        if progress:
            progress(done, total)
    if waiting is None:
        raise RequestError(
            f"{shown(painter.movie.path)}: there is no frame in this stretch; what was scanned "
            f"ends at {timecode(painter.record['end'])}"
        )
    painter.check(start, end)
    yield Picture(waiting[0], painter.end_of(waiting[0]), waiting[1])


def _missing(record: Record, frames: int) -> int:
    """How many frames the movie should have besides those that there are."""
    expected = record.get("frames_expected")
    if record.get("status") == "ok" or not isinstance(expected, int):
        return 0
    return max(0, expected - frames)


def _exact(seconds: float) -> Fraction:
    return Fraction(seconds).limit_denominator(1_000_000)
