"""The chosen moments of one movie and one emotion, as exporters get them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from videmo.errors import VidemoError
from videmo.files import output_error
from videmo.schema import Box, Run, Segment
from videmo.table import face_boxes
from videmo.video import Movie


@dataclass(frozen=True)
class Choice:
    """How the moments are to be exported."""

    best: bool = False
    """One crop for each run, the best, instead of every frame."""
    size: int = 0
    """Side of a crop in pixels; 0: as large as it is in the movie."""
    margin: float = 0.2
    """What is left around the face, as a part of its box, on each side."""


@dataclass(frozen=True)
class Sighting:
    """A face to be exported: where and when it is seen."""

    frame: int
    time: float
    track: int
    box: Box
    score: float


@dataclass(frozen=True)
class Selection:
    """The moments of one movie at which somebody has one emotion."""

    movie: Movie
    name: str
    """The movie's file name."""
    emotion: str
    segments: tuple[Segment, ...]
    sightings: dict[Run, tuple[Sighting, ...]]
    """The faces of each run, in order of frames; runs in order of time."""
    starts: np.ndarray
    """(frames + 1,) seconds: when each frame of the movie starts, and when the last one ends."""
    folder: Path
    """Where everything of this selection goes."""
    choice: Choice = field(default_factory=Choice)
    persons: Mapping[int, str] = field(default_factory=dict)
    """Who each track is, as far as that is known."""

    @property
    def end(self) -> float:
        """Where the movie ends, in seconds."""
        return float(self.starts[-1])

    @property
    def runs(self) -> tuple[Run, ...]:
        return tuple(self.sightings)

    def best(self, run: Run) -> Sighting:
        """The sighting of `run` with the highest score, the first of equals."""
        return max(self.sightings[run], key=lambda sighting: sighting.score)


@dataclass(frozen=True)
class Exported:
    """The files that an exporter made, and which of them shows each run best."""

    files: list[Path]
    of_run: dict[Run, Path]
    failures: list[VidemoError] = field(default_factory=list)
    """What could not be made; the rest was."""


def sightings_of(table: pd.DataFrame, runs: list[Run]) -> dict[Run, tuple[Sighting, ...]]:
    """The rows of `table` that make each of `runs`."""
    wanted = {(run.track, frame) for run in runs for frame in run.frames}
    rows = table[table["track"].notna()]
    columns = (rows[name].tolist() for name in ("frame", "time", "track", "score"))
    of_row: dict[tuple[int, int], Sighting] = {}
    for frame, time, track, score, box in zip(*columns, face_boxes(rows), strict=True):
        if (track, frame) in wanted:
            of_row[track, frame] = Sighting(frame, time, track, box, score)
    return {run: tuple(of_row[run.track, frame] for frame in run.frames) for run in runs}


def remove_others(folder: Path, pattern: str, keep: Sequence[Path]) -> None:
    """Remove what an earlier export left in `folder`: files named like ours that are not in `keep`.

    Files of other names are the user's, and stay.
    """
    ours = re.compile(pattern)
    names = {path.name for path in keep}
    try:
        for path in sorted(folder.iterdir()) if folder.is_dir() else []:
            if ours.fullmatch(path.name) and path.name not in names:
                path.unlink()
    except OSError as error:
        raise output_error(error, folder) from error
