"""Scan one chunk of a movie: what is seen in each of its frames."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from videmo.emotions import SIDE, Classify, Model, classifier, find_model
from videmo.errors import RequestError
from videmo.faces import DETECTORS, Detector, Look, count_eyes, reduced
from videmo.scan.watch import watch
from videmo.schema import DEFAULT_GAP, Box, Chunk, Face
from videmo.video import Movie, open_movie


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


def scan_chunk(
    movie: Movie,
    chunk: Chunk,
    settings: Settings,
    step: Callable[[], None] | None = None,
    threads: int = 0,
) -> Observations:
    """Look at every frame of a chunk, calling `step` after each.

    Depends on nothing but the movie, the chunk and the settings: chunks may be scanned in any
    order, anywhere. `threads` are those of the decoder, 0 for as many as it likes.
    """
    cv2.setNumThreads(1)  # cores are used by chunks
    detector, classify = _detector(settings.look), _classifier(find_model(settings.model))
    times: list[float] = []
    thumbnails: list[np.ndarray] = []
    found: list[list[tuple[Box, int]]] = []
    pixels: list[np.ndarray] = []
    with open_movie(movie, threads) as reader:
        frames = reader.frames(chunk.start, chunk.end)
        for (frame, grey, thumbnail), boxes in watch(frames, detector, settings.look.every):
            times.append(round(float(frame.time), 3))
            thumbnails.append(thumbnail)
            found.append([(box, count_eyes(grey, box)) for box in boxes])
            pixels += (frame.stretched(reduced(grey, box, (SIDE, SIDE))) for box in boxes)
            if step:
                step()
        scores = iter(_scores(classify, pixels))
        faces = [[Face(box, eyes, next(scores)) for box, eyes in seen] for seen in found]
        tiny = np.array(thumbnails, np.uint8)
        return Observations(times, tiny, faces, reader.failures, reader.repaired)


def _scores(classify: Classify, pixels: list[np.ndarray]) -> list[tuple[float, ...]]:
    """Scores with the four digits that the table keeps, so that all rooms see the same ones."""
    rounded = np.round(classify(pixels).astype(np.float64), 4)
    return [tuple(scores) for scores in rounded.tolist()]


def _detector(look: Look) -> Detector:
    make = DETECTORS.get(look.detector)
    if make is None:
        raise RequestError(f"{look.detector}: no such detector; choose from {', '.join(DETECTORS)}")
    return make(look)


@functools.lru_cache(maxsize=1)
def _classifier(model: Model) -> Classify:
    """Kept from chunk to chunk; another file of the same name is another model."""
    return classifier(model)
