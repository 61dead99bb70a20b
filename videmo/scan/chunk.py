"""Scan one chunk of a movie: what is seen in each of its frames."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from videmo.emotions import BATCH, SIDE, Classify, Model, classifier, find_model
from videmo.errors import RequestError
from videmo.faces import DETECTORS, Detector, Eyes, Look, find_eyes, reduced
from videmo.scan.watch import Seen, watch
from videmo.schema import DEFAULT_GAP, Box, Chunk, Face
from videmo.shots import thumbnail
from videmo.video import Frame, Movie, open_movie

SAME_FACE = 0.5
"""Overlap (intersection over union) with a face of the frame before, whose eyes may be there."""


@dataclass(frozen=True)
class Settings:
    """What the table depends on, besides the movie."""

    look: Look = field(default_factory=Look)
    gap: float = DEFAULT_GAP
    """Seconds that a face may be unknown without ending its track and run."""
    model: Path | None = None
    """A model of the user's; None: the one that comes with videmo."""
    every: int = 1
    """Scan one frame of so many."""
    start: float = 0.0
    """Seconds from which on the movie is scanned."""
    end: float | None = None
    """Seconds up to which it is scanned (excluded); None: to its end."""
    deinterlace: bool = False
    """Make whole frames of interlaced ones first."""

    def __post_init__(self) -> None:
        """A stretch is in whole milliseconds: as its table is named, and as the record says."""
        object.__setattr__(self, "start", round(self.start, 3))
        if self.end is not None:
            object.__setattr__(self, "end", round(self.end, 3))


class Observations(NamedTuple):
    """What was seen in a chunk, scanned frame by scanned frame."""

    frames: int
    """Frames decoded, whether they were scanned or not."""
    times: list[float]
    """Seconds, to the millisecond."""
    thumbnails: np.ndarray
    """(frames, 9, 16) uint8: of frames that were not scanned, too, for a cut may lie there."""
    faces: list[list[Face]]
    failures: int
    repaired: int
    last: float
    """Time of the last frame decoded, in seconds; 0 where there is none."""


def scan_chunk(
    movie: Movie,
    chunk: Chunk,
    settings: Settings,
    step: Callable[[], None] | None = None,
) -> Observations:
    """Scan the frames of a chunk, calling `step` after each that is decoded.

    Depends on nothing but the movie, the chunk and the settings: chunks may be scanned in any
    order, anywhere.
    """
    cv2.setNumThreads(1)  # cores are used by chunks
    detector = detector_of(settings.look)
    scores = Scores(classifier_of(find_model(settings.model)))
    last = Fraction(0)
    times: list[float] = []
    thumbnails: list[np.ndarray] = []
    found: list[list[tuple[Box, int, bool]]] = []

    def decoded(frames: Iterable[Frame]) -> Iterator[Seen]:
        nonlocal last
        for number, frame in enumerate(frames):
            grey = frame.grey
            thumbnails.append(thumbnail(grey))
            last = frame.time
            wanted = number % settings.every == 0
            yield Seen(frame, grey, thumbnails[-1], wanted, [])
            if step:
                step()

    # What a decoder makes of a damaged spot hangs on its threads, and from two on even on chance.
    with open_movie(movie, threads=1) as reader:
        frames = decoded(reader.frames(chunk.start, chunk.end))
        every = math.ceil(settings.look.every / settings.every)
        keep = every > 1 and settings.every == 1
        before: list[tuple[Box, Eyes]] = []
        for seen, boxes in watch(frames, detector, every):
            times.append(round(float(seen.frame.time), 3))
            before = _with_eyes(seen.grey, boxes, before, keep)
            found.append([(box, eyes.count, box in seen.looked) for box, eyes in before])
            crops = (reduced(seen.grey, box, (SIDE, SIDE)) for box in boxes)
            scores.add(map(seen.frame.stretched, crops))
        rated = iter(scores.all())
        faces = [[Face(box, eyes, next(rated), by) for box, eyes, by in here] for here in found]
        return Observations(
            frames=len(thumbnails),
            times=times,
            thumbnails=np.array(thumbnails, np.uint8),
            faces=faces,
            failures=reader.failures,
            repaired=reader.repaired,
            last=round(float(last), 3),
        )


class Scores:
    """Classifies faces as they come; remembers those that do not fill a batch yet."""

    def __init__(self, classify: Classify) -> None:
        self._classify = classify
        self._waiting: list[np.ndarray] = []
        self._done: list[tuple[float, ...]] = []

    def add(self, pixels: Iterable[np.ndarray]) -> None:
        self._waiting += pixels
        while len(self._waiting) >= BATCH:
            self._run(self._waiting[:BATCH])
            del self._waiting[:BATCH]

    def all(self) -> list[tuple[float, ...]]:
        """The scores of all faces, in order."""
        self._run(self._waiting)
        self._waiting = []
        return self._done

    def _run(self, pixels: list[np.ndarray]) -> None:
        # With the four digits that the table keeps, so that all rooms see the same ones.
        rounded = np.round(self._classify(pixels).astype(np.float64), 4)
        self._done += [tuple(scores) for scores in rounded.tolist()]


def _with_eyes(
    grey: np.ndarray, boxes: list[Box], before: list[tuple[Box, Eyes]], keep: bool
) -> list[tuple[Box, Eyes]]:
    """The faces of a frame with their eyes; `before` are those of the frame before.

    `keep` is that of `find_eyes`.
    """
    found = []
    for box in boxes:
        same = max(before, key=lambda one: one[0].overlap(box), default=None)
        there = same[1] if same and same[0].overlap(box) >= SAME_FACE else None
        found.append((box, find_eyes(grey, box, there, keep=keep)))
    return found


def detector_of(look: Look) -> Detector:
    make = DETECTORS.get(look.detector)
    if make is None:
        raise RequestError(f"{look.detector}: no such detector; choose from {', '.join(DETECTORS)}")
    return make(look)


@functools.lru_cache(maxsize=1)
def classifier_of(model: Model) -> Classify:
    """Kept from chunk to chunk; another file of the same name is another model."""
    return classifier(model)
