"""Pass 1: from a movie to its table of faces.

A movie is a list of chunks. Each is scanned by itself, remembering nothing; then one cheap pass
over what was seen numbers the frames, links tracks, finds runs, and writes the table.
"""

from __future__ import annotations

import functools
import itertools
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import pandas as pd

from videmo import __version__
from videmo.emotions import Classify, Model, classifier, face_input, find_model
from videmo.errors import RequestError
from videmo.faces import DETECTORS, Detect, Look, count_eyes
from videmo.files import fingerprint
from videmo.runs import find_runs, frame_starts, repeats
from videmo.schema import ALIGNED_EYES, DEFAULT_GAP, DEFAULT_REPEAT, EMOTIONS, Box, Chunk, Face
from videmo.shots import find_cuts, thumbnail
from videmo.table import FORMAT, Record, Row, table_path, write_table
from videmo.tracks import Linker
from videmo.video import Frame, Movie, open_movie, plan_chunks, probe

TRUSTED_SIGHTINGS = 3
"""A track whose face is never aligned must be seen on so many frames, else it is not a face."""
MISSING_SHARE = 0.005
MISSING_FRAMES = 2
"""A movie that gives fewer frames than announced is partial when more than both are missing."""

Progress = Callable[[int, int], None]
"""Called with the frames read so far, and the frames that there should be (0: not known)."""


@dataclass(frozen=True)
class Settings:
    """What the table depends on, besides the movie."""

    look: Look = field(default_factory=Look)
    gap: float = DEFAULT_GAP
    """Seconds that a face may be unknown without ending its track and run."""
    model: Path | None = None
    """A model of the user's; None: the one that comes with videmo."""


class Observations(NamedTuple):
    """What was seen in a chunk, frame by frame."""

    times: list[float]
    """Seconds, to the millisecond."""
    thumbnails: np.ndarray
    """(n, 9, 16) uint8."""
    faces: list[list[Face]]
    failures: int
    repaired: int


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
) -> Scanned:
    """Scan a movie and write its table and record into `folder`.

    Args:
        path: the movie.
        folder: made if it is missing.
        settings: see `Settings`.
        progress: told, frame by frame, how far it is.

    Raises:
        RequestError: there is no such file, or no such detector.
        MovieError: not a movie, or it cannot be read.
        SetupError: the model or the cascades are not what they should be.
        OutputError: the folder cannot be written.
    """
    path, folder = Path(path), Path(folder)
    settings = settings or Settings()
    model = find_model(settings.model)
    movie = probe(path)
    step = _steps(movie, progress) if progress else None
    seen = [scan_chunk(movie, chunk, settings, step) for chunk in plan_chunks(movie)]
    times = [time for part in seen for time in part.times]
    rows = merge(seen, settings)
    table = _frame_of(rows)
    end = _end(movie, times)
    record = _record(movie, folder, settings, model) | {
        "frames_expected": announced_frames(movie),
        "frames_read": len(times),
        "decode_failures": sum(part.failures for part in seen),
        "timestamps_repaired": sum(part.repaired for part in seen),
        "end": end,
        "faces": sum(row.box is not None for row in rows),
        "tracks": len({row.track for row in rows if row.track}),
        "seconds": _seconds(table, end, settings.gap),
    }
    record["status"] = "partial" if _incomplete(movie, record) else "ok"
    target = table_path(folder, path)
    return Scanned(target, write_table(target, rows, record))


def scan_chunk(
    movie: Movie, chunk: Chunk, settings: Settings, step: Callable[[], None] | None = None
) -> Observations:
    """Look at every frame of a chunk, calling `step` after each.

    Depends on nothing but its arguments and the files: chunks may be scanned in any order.
    """
    cv2.setNumThreads(1)  # cores are used by chunks
    detect, classify = _detector(settings.look), _classifier(settings.model)
    times: list[float] = []
    thumbnails: list[np.ndarray] = []
    found: list[list[tuple[Box, int]]] = []
    pixels: list[np.ndarray] = []
    with open_movie(movie) as reader:
        for frame in reader.frames(chunk.start, chunk.end):
            grey = frame.grey
            boxes = detect(grey)
            times.append(round(float(frame.time), 3))
            thumbnails.append(thumbnail(grey))
            found.append([(box, count_eyes(grey, box)) for box in boxes])
            pixels += (_face(frame, grey, box) for box in boxes)
            if step:
                step()
        scores = iter(_scores(classify, pixels))
        faces = [[Face(box, eyes, next(scores)) for box, eyes in seen] for seen in found]
        tiny = np.array(thumbnails, np.uint8)
        return Observations(times, tiny, faces, reader.failures, reader.repaired)


def merge(seen: Sequence[Observations], settings: Settings) -> list[Row]:
    """All rows of the table, from what was seen in each chunk, in order. Pure."""
    times = [time for part in seen for time in part.times]
    faces = [seen_faces for part in seen for seen_faces in part.faces]
    looked = [part.thumbnails for part in seen if len(part.thumbnails)]
    cuts = find_cuts(np.concatenate(looked)) if looked else []
    linker = Linker(settings.gap)
    tracks = [
        linker.link(time, [face.box for face in here], bool(cut))
        for time, here, cut in zip(times, faces, cuts, strict=True)
    ]
    rows = list(_rows(times, faces, _renumbered(tracks, faces)))
    lengths = repeats(_frame_of(rows), settings.gap)
    return [row._replace(repeat=int(n)) for row, n in zip(rows, lengths, strict=True)]


def _steps(movie: Movie, progress: Progress) -> Callable[[], None]:
    """Count frames from chunk to chunk."""
    total = announced_frames(movie)
    done = itertools.count(1)
    return lambda: progress(next(done), total)


def announced_frames(movie: Movie) -> int:
    """How many frames the file says it has; 0 if it does not say."""
    return movie.frames or round((movie.duration or 0) * movie.fps)


def _rows(times: list[float], faces: list[list[Face]], tracks: list[list[int]]) -> Iterator[Row]:
    for index, (time, here, numbers) in enumerate(zip(times, faces, tracks, strict=True)):
        kept = sorted((n, face) for n, face in zip(numbers, here, strict=True) if n)
        if not kept:
            yield Row(index, time)
        for number, (box, eyes, scores) in kept:
            score = max(scores)
            emotion = EMOTIONS[scores.index(score)]
            yield Row(index, time, number, box, eyes, emotion, score, 0, scores)


def _renumbered(tracks: list[list[int]], faces: list[list[Face]]) -> list[list[int]]:
    """Number tracks from 1 in order of appearance; 0 for those that are not faces."""
    sightings = Counter(number for here in tracks for number in here)
    aligned = {
        number
        for numbers, here in zip(tracks, faces, strict=True)
        for number, face in zip(numbers, here, strict=True)
        if face.eyes >= ALIGNED_EYES
    }
    new: dict[int, int] = {}
    for number in (number for here in tracks for number in here):
        trusted = number in aligned or sightings[number] >= TRUSTED_SIGHTINGS
        if number not in new and trusted:
            new[number] = len(new) + 1
    return [[new.get(number, 0) for number in here] for here in tracks]


def _frame_of(rows: list[Row]) -> pd.DataFrame:
    """The columns of `rows` that runs are found in."""
    columns = ("frame", "time", "track", "eyes", "emotion", "score")
    return pd.DataFrame({name: [getattr(row, name) for row in rows] for name in columns})


def _seconds(table: pd.DataFrame, end: float, gap: float) -> dict[str, float]:
    """How long each emotion was held for `DEFAULT_REPEAT` frames or more, over all faces."""
    starts = frame_starts(table, end)
    seconds = dict.fromkeys(EMOTIONS, 0.0)
    for run in find_runs(table, repeat=DEFAULT_REPEAT, gap=gap, end=end):
        frames = np.array(run.frames)
        seconds[run.emotion] += float((starts[frames + 1] - starts[frames]).sum())
    return {emotion: round(value, 3) for emotion, value in seconds.items()}


def _end(movie: Movie, times: list[float]) -> float:
    """Where the last frame ends, in seconds."""
    if not times:
        return 0.0
    if movie.duration is not None and movie.frames == len(times) and movie.duration > times[-1]:
        return round(float(movie.duration), 3)
    return round(times[-1] + float(1 / movie.fps), 3)


def _incomplete(movie: Movie, record: Record) -> bool:
    """Whether frames are damaged or missing.

    Some containers count frames that an edit list hides, and some announce no count: a movie is
    short only if its last frame, too, comes earlier than announced.
    """
    if record["decode_failures"]:
        return True
    if movie.duration is None or not movie.timed:
        return False
    announced = announced_frames(movie)
    allowed = max(MISSING_FRAMES, announced * MISSING_SHARE)
    short = float(movie.duration) - record["end"] > allowed / float(movie.fps)
    return short and announced - record["frames_read"] > allowed


def _record(movie: Movie, folder: Path, settings: Settings, model: Model) -> Record:
    status = movie.path.stat()
    return {
        "format": FORMAT,
        "videmo": __version__,
        "movie": {
            "file": _relative(movie.path, folder),
            "size": status.st_size,
            "mtime_ns": status.st_mtime_ns,
            "fingerprint": fingerprint(movie.path),
        },
        "fps": f"{movie.fps.numerator}/{movie.fps.denominator}",
        "width": movie.width,
        "height": movie.height,
        "rotation": movie.rotation,
        "settings": {**asdict(settings.look), "gap": settings.gap},
        "model": {"name": model.name, "sha256": model.sha256},
    }


def _relative(path: Path, folder: Path) -> str:
    """`path` as seen from `folder`, so that both can be moved together."""
    try:
        return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()
    except ValueError:  # on another drive
        return path.resolve().as_posix()


def _face(frame: Frame, grey: np.ndarray, box: Box) -> np.ndarray:
    return face_input(frame.face_pixels(grey, box))


def _scores(classify: Classify, pixels: list[np.ndarray]) -> list[tuple[float, ...]]:
    """Scores with the four digits that the table keeps, so that all rooms see the same ones."""
    rounded = np.round(classify(pixels).astype(np.float64), 4)
    return [tuple(scores) for scores in rounded.tolist()]


def _detector(look: Look) -> Detect:
    make = DETECTORS.get(look.detector)
    if make is None:
        raise RequestError(f"{look.detector}: no such detector; choose from {', '.join(DETECTORS)}")
    return make(look)


@functools.cache
def _classifier(model: Path | None) -> Classify:
    return classifier(find_model(model))
