"""The chosen moments, as exporters get them: of one emotion, or of one movie."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from videmo.errors import VidemoError
from videmo.files import output_error
from videmo.marks import mark_of
from videmo.runs import rows_of, scores_of
from videmo.schema import DEFAULT_MAX_MB, EMOTIONS, Box, Run, Segment
from videmo.table import face_boxes, movie_file
from videmo.video import TIME_TOLERANCE, Movie

LISTED = "list"
"""The order of the list by which moments are cut."""


@dataclass(frozen=True)
class Choice:
    """How the moments are to be exported."""

    best: bool = False
    """One crop for each moment, the best, instead of every frame."""
    size: int = 0
    """Side of a crop in pixels; 0: as large as it is in the movie, or as training wants it."""
    margin: float | None = None
    """What is left around a face, as a part of its box, on each side; None: as is best for what it
    is cut out for."""
    upright: bool = False
    """Crops turned so that the eyes are level."""
    order: str = "time"
    """How moments are joined and shown: by `time`, `score` (the best first), or as in a `list`."""
    sound: int | None = None
    """The sound track that is taken, from 1, or `ALL_SOUND`; None: the first with a decoder."""
    max_length: float = float("inf")
    """Seconds that what is joined may last, and each gif and webp."""
    shortest: float = 0.0
    """Seconds that each moment lasts at least where it is cut, if its shot does."""
    longest: float = float("inf")
    """Seconds that each moment lasts at most where it is cut: the best ones of it."""
    max_crops: int | None = None
    """Faces of one emotion in one movie that are made pictures of, at most; 0: all; None: as is
    best for what they are cut out for."""
    max_mb: float = DEFAULT_MAX_MB
    """Megabytes that a gif or webp may have."""


@dataclass(frozen=True)
class Sighting:
    """A face to be exported: where and when it is seen."""

    frame: int
    time: float
    track: int
    box: Box
    score: float
    roll: float = 0.0
    """Degrees that it leans, clockwise; 0 where that is not known."""


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
    """(frames + 1,) seconds: when each frame starts, and when the last one scanned ends. Frames
    before the first one scanned start with it."""
    folder: Path
    """Where everything of this selection goes."""
    choice: Choice = field(default_factory=Choice)
    persons: Mapping[int, str] = field(default_factory=dict)
    """Who each track is, as far as that is known."""
    every: int = 1
    """Of how many frames one was scanned. The `starts` of the others are guessed."""
    labels: tuple[str, ...] = EMOTIONS
    """What the model tells apart."""
    margin: float = 0.0
    """What is to be left around a box, as a part of its size on each side, to see what the model
    saw."""
    asked: str = ""
    """How long runs were asked to be: ``5`` frames, or ``0.2s``."""
    whole: bool = False
    """Whether the model looked at whole pictures, and not at faces."""
    places: Mapping[Run, int] = field(default_factory=dict)
    """Where each run stands in the list, if they are cut by one."""
    cuts: tuple[float, ...] = ()
    """Where, in seconds, shots begin over whose borders nothing is to be cut."""

    @property
    def start(self) -> float:
        """Where what was scanned begins, in seconds."""
        return float(self.starts[0])

    @property
    def end(self) -> float:
        """Where what was scanned ends, in seconds."""
        return float(self.starts[-1])

    @property
    def runs(self) -> tuple[Run, ...]:
        return tuple(self.sightings)

    @property
    def ordered(self) -> tuple[Segment, ...]:
        """The moments in the order in which they are to be shown."""
        if self.places and self.choice.order == LISTED:
            places = self.places
            return tuple(
                sorted(self.segments, key=lambda one: min(places[run] for run in one.runs))
            )
        if self.choice.order != "score":
            return self.segments
        return tuple(sorted(self.segments, key=lambda segment: -self.score_of(segment)))

    def faces_of(self, segment: Segment) -> list[Sighting]:
        """The sightings of a moment, in order of time."""
        every = [sighting for run in segment.runs for sighting in self.sightings[run]]
        return sorted(every, key=lambda sighting: sighting.time)

    def best(self, segment: Segment) -> Sighting:
        """The sighting with the highest score that is seen where it is cut, the first of equals."""
        faces = self.faces_of(segment)
        inside = [face for face in faces if segment.start <= face.time < segment.end]
        return max(inside or faces, key=lambda sighting: sighting.score)

    def score_of(self, segment: Segment) -> float:
        """The mean score of a moment's frames."""
        scores = [sighting.score for sighting in self.faces_of(segment)]
        return sum(scores) / len(scores)

    def score(self, run: Run) -> float:
        """The mean score of `run`'s frames."""
        scores = [sighting.score for sighting in self.sightings[run]]
        return sum(scores) / len(scores)

    def mark(self, run: Run) -> str:
        """How sure `run` is, by its score and by how much was seen of it."""
        return mark_of(run.end - run.start, self.score(run), run.repeat)


@dataclass(frozen=True)
class Moments:
    """The moments of one movie at which somebody has one of the wanted emotions."""

    selections: tuple[Selection, ...]
    """One for each emotion of which there is some; at least one."""
    folder: Path
    """Where everything of this movie goes."""
    output: Path
    """Where everything of all movies goes."""

    @property
    def movie(self) -> Movie:
        return self.selections[0].movie

    @property
    def name(self) -> str:
        """The movie's file name, with its stretch; in an archive, with its folders before it."""
        return self.selections[0].name

    @property
    def stem(self) -> str:
        """The movie's file name without its suffix: what other programs look for beside it."""
        return Path(movie_file(self.name)).stem

    @property
    def starts(self) -> np.ndarray:
        """As those of a `Selection`."""
        return self.selections[0].starts

    @property
    def every(self) -> int:
        """As that of a `Selection`."""
        return self.selections[0].every

    @property
    def labels(self) -> tuple[str, ...]:
        """As those of a `Selection`."""
        return self.selections[0].labels

    @property
    def margin(self) -> float:
        """As that of a `Selection`."""
        return self.selections[0].margin

    @property
    def whole(self) -> bool:
        """As that of a `Selection`."""
        return self.selections[0].whole

    @property
    def choice(self) -> Choice:
        return self.selections[0].choice

    @property
    def persons(self) -> Mapping[int, str]:
        """As those of a `Selection`."""
        return self.selections[0].persons

    @property
    def runs(self) -> list[Run]:
        """The runs of all emotions, in order of time."""
        runs = [run for selection in self.selections for run in selection.runs]
        return sorted(runs, key=lambda run: (run.start, run.track))

    @property
    def segments(self) -> list[Segment]:
        """The moments of all emotions, in order of time."""
        segments = [segment for selection in self.selections for segment in selection.segments]
        return sorted(segments, key=lambda segment: (segment.start, segment.track))

    def score(self, run: Run) -> float:
        """The mean score of `run`'s frames."""
        return self._of(run).score(run)

    def place(self, run: Run) -> int:
        """Where `run` stands in the list; 0 where there is none."""
        return self._of(run).places.get(run, 0)

    def how_sure(self, run: Run) -> str:
        """The score of `run` and its mark, as people are told."""
        return f"{self.score(run):.2f} {self._of(run).mark(run)}"

    def _of(self, run: Run) -> Selection:
        return next(one for one in self.selections if one.emotion == run.emotion)

    def who(self, track: int) -> str:
        """The person that `track` is, else the track."""
        return self.persons.get(track) or f"track {track}"


@dataclass(frozen=True)
class Exported:
    """The files that an exporter made, and which of them shows each run best."""

    files: list[Path]
    of_run: dict[Run, Path] = field(default_factory=dict)
    """Empty where files show more than runs of one emotion."""
    failures: list[VidemoError] = field(default_factory=list)
    """What could not be made; the rest was."""
    faces: int = 0
    """How many faces there were, where they were too many to make pictures of all."""


def sightings_of(table: pd.DataFrame, runs: list[Run]) -> dict[Run, tuple[Sighting, ...]]:
    """The rows of `table` that make each of `runs`."""
    if not runs:
        return {}
    places = [*rows_of(table, ((run.track, run.frames) for run in runs))]
    rows = table.iloc[np.concatenate(places)]
    columns = (rows[name].tolist() for name in ("frame", "time", "track"))
    scores = scores_of(table, runs)
    of_runs = [scores[run.emotion][place] for run, place in zip(runs, places, strict=True)]
    rest = (np.concatenate(of_runs).tolist(), rows["roll"].fillna(0.0).tolist())
    every = itertools.starmap(Sighting, zip(*columns, face_boxes(rows), *rest, strict=True))
    return {
        run: tuple(itertools.islice(every, len(place)))
        for run, place in zip(runs, places, strict=True)
    }


def frames_between(starts: np.ndarray, start: float, end: float) -> tuple[int, int]:
    """The first frame that begins between `start` and `end`, in seconds, and the first after them.

    `starts` are those of a `Selection`; times have three digits, and so may lie just behind the
    frames that they mean.
    """
    first, after = np.searchsorted(starts[:-1], [start - TIME_TOLERANCE, end - TIME_TOLERANCE])
    return int(first), int(after)


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
