"""Scan one chunk of a movie: what is seen in each of its frames."""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from videmo.emotions import Model, find_model
from videmo.faces import WHOLE, Detector, DetectorConfig, detector_of
from videmo.scan.classify import Scores, lit, sampler_of
from videmo.scan.smaller import EVERY, counter_of
from videmo.scan.tracking import Decoded, track_faces
from videmo.schema import DEFAULT_GAP, FRAME, OBSERVED, Alignment, Chunk, Face
from videmo.shots import THUMBNAIL, Thumbnail, thumbnail
from videmo.tracks import Tracked
from videmo.video import Frame, Movie, open_movie

SCORE_STRIDE = 3
"""Frames from one to the next on which a face is classified for sure; fewer, where every frame, or
one of so many, is looked at."""


@dataclass(frozen=True)
class Settings:
    """What the table depends on, besides the movie."""

    detector: DetectorConfig = field(default_factory=DetectorConfig)
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
    fps: Fraction | None = None
    """Pictures in a second, where the movie is a folder of numbered pictures."""

    def __post_init__(self) -> None:
        """A stretch is in whole milliseconds: as its table is named, and as the record says."""
        object.__setattr__(self, "start", round(self.start, 3))
        if self.end is not None:
            object.__setattr__(self, "end", round(self.end, 3))


class ChunkResult(NamedTuple):
    """What was seen in a chunk, scanned frame by scanned frame."""

    frames: int
    """Frames decoded, whether they were scanned or not."""
    times: np.ndarray
    """(scanned,) seconds, to the millisecond."""
    thumbnails: np.ndarray
    """(frames, 9, 16) uint8: of frames that were not scanned, too, for a cut may lie there."""
    counts: np.ndarray
    """(scanned,) faces in each frame; what follows has as many rows as there are faces in all."""
    columns: np.ndarray
    """(faces, observed) float64: what is seen in each face, in the order of `OBSERVED`; NaN where
    it is not known."""
    scores: np.ndarray
    """(faces, labels) 0 to 1, with the four digits that the table keeps."""
    tracklets: np.ndarray
    """(faces,) int: who is who, in this chunk."""
    detected: np.ndarray
    """(faces,) bool: whether a look at the whole picture saw it."""
    samples: int
    """Pictures in which faces too small for the scan were counted."""
    smaller: int
    """How many there were in all of these."""
    failures: int
    repaired: int
    last: float
    """Time of the last frame decoded, in seconds; 0 where there is none."""


def scan_chunk(
    movie: Movie,
    chunk: Chunk,
    settings: Settings,
    step: Callable[[], None] | None = None,
) -> ChunkResult:
    """Scan the frames of a chunk, calling `step` after each that is decoded.

    Depends on nothing but the movie, the chunk and the settings: chunks may be scanned in any
    order, anywhere.

    Raises:
        RequestError: there is no such detector or model.
        SetupError: the model, or what the detector has learnt, is not what it should be.
        MovieError: the movie cannot be read.
    """
    cv2.setNumThreads(1)  # cores are used by chunks
    model = find_model(settings.model)
    config = detector_config(settings, model)
    detector = detector_of(config)
    count = counter_of(config, detector)
    interval = math.ceil(detector.interval / settings.every)
    sampler, scores = sampler_of(model), Scores(model, min(SCORE_STRIDE, interval))
    seen = _Observations()
    # What a decoder makes of a damaged spot hangs on its threads, and from two on even on chance.
    with open_movie(movie, threads=1) as reader:
        frames = _decoded(reader.frames(chunk.start, chunk.end), settings.every, seen, step)
        before: dict[int, Alignment] = {}
        for frame, tracked in track_faces(frames, detector, interval):
            faces = _aligned(detector, frame, tracked, before)
            samples = [sampler(frame, face.detection) for face in faces]
            for face, sample in zip(faces, samples, strict=True):
                scores.add(face.tracklet, sample)
            scores.forget({face.tracklet for face in faces})
            seen.add(frame, [*map(lit, faces, samples)])
            if count and seen.scanned % EVERY == 1:
                seen.counted(count(frame, [face.box for face in faces]))
            if settings.every == 1:  # else the frame before is too long ago
                before = {face.tracklet: face.alignment for face in faces}
        return seen.result(scores.all(), reader.failures, reader.repaired)


def detector_config(settings: Settings, model: Model) -> DetectorConfig:
    """What is looked for: faces as the user says, or whole pictures, if the model wants them."""
    config = settings.detector
    return replace(config, detector=WHOLE) if model.crop == FRAME else config


def _decoded(
    frames: Iterable[Frame], every: int, seen: _Observations, step: Callable[[], None] | None
) -> Iterator[Decoded]:
    for number, frame in enumerate(frames):
        picture = thumbnail(frame.grey)
        seen.decoded(frame, picture)
        yield Decoded(frame, picture, wanted=number % every == 0)
        if step:
            step()


def _aligned(
    detector: Detector, frame: Frame, tracked: list[Tracked], before: dict[int, Alignment]
) -> list[Face]:
    """The faces of a frame, with how they are turned; `before` they were in the frame before."""
    faces = []
    for detection, tracklet, detected in tracked:
        alignment = detector.align(frame, detection, before.get(tracklet))
        faces.append(Face(detection, alignment, (), tracklet, detected))
    return faces


class _Observations:
    """Collects what is seen in a chunk, in as little room as it takes."""

    def __init__(self) -> None:
        self._last = Fraction(0)
        self._thumbnails: list[Thumbnail] = []
        self._times, self._columns = array("d"), array("d")
        self._counts, self._tracklets, self._detected = array("q"), array("q"), array("b")
        self._samples = self._smaller = 0

    @property
    def scanned(self) -> int:
        """Frames in which faces were looked for."""
        return len(self._times)

    def decoded(self, frame: Frame, picture: Thumbnail) -> None:
        self._last = frame.time
        self._thumbnails.append(picture)

    def add(self, frame: Frame, faces: list[Face]) -> None:
        self._times.append(round(float(frame.time), 3))
        self._counts.append(len(faces))
        self._columns.extend(columns_of(faces).ravel())
        self._tracklets.extend(face.tracklet for face in faces)
        self._detected.extend(face.detected for face in faces)

    def counted(self, smaller: int) -> None:
        self._samples += 1
        self._smaller += smaller

    def result(self, scores: np.ndarray, failures: int, repaired: int) -> ChunkResult:
        return ChunkResult(
            frames=len(self._thumbnails),
            times=np.array(self._times),
            thumbnails=np.array(self._thumbnails, np.uint8).reshape(-1, *THUMBNAIL[::-1]),
            counts=np.array(self._counts, np.int64),
            columns=np.array(self._columns).reshape(-1, len(OBSERVED)),
            scores=scores,
            tracklets=np.array(self._tracklets, np.int64),
            detected=np.array(self._detected, bool),
            samples=self._samples,
            smaller=self._smaller,
            failures=failures,
            repaired=repaired,
            last=round(float(self._last), 3),
        )


def columns_of(faces: Iterable[Face]) -> np.ndarray:
    """What is seen in each of `faces`, as a `ChunkResult` has it."""
    rows = [[column.of(face) for column in OBSERVED if column.of] for face in faces]
    return np.array(rows, np.float64).reshape(-1, len(OBSERVED))
