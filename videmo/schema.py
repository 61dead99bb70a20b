"""The words that all rooms share: emotions, columns, boxes, faces, runs, segments."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

EMOTIONS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")

COLUMNS = (
    *("frame", "time", "track", "x", "y", "w", "h", "eyes", "emotion", "score", "repeat"),
    *EMOTIONS,
)

ALIGNED_EYES = 2
"""A face is aligned when so many eyes were found where eyes belong."""

DEFAULT_REPEAT = 5
"""Frames that an emotion must hold to count."""

DEFAULT_GAP = 0.5
"""Seconds that a face may be unknown (not aligned, or not found) without ending its run."""

DEFAULT_MIN_FACE = 0.08
"""Height of the smallest face looked for, as a part of the picture's height."""

DEFAULT_EVERY = 12
"""Frames from one look at a whole picture to the next."""

DEFAULT_STALL = 120.0
"""Seconds without a new frame after which a movie is taken to hang, and has failed."""

DEFAULT_PAD = 0.5
"""Seconds added before and after a run where it is cut."""


DEFAULT_DISTANCE = 0.55
"""How far apart looks of one person may be; where it comes from stands in `people.decide`."""

DEFAULT_MIN_SECONDS = 1.0
"""Seconds that somebody must be seen to be given a name, where nobody is known."""


class Box(NamedTuple):
    """A rectangle in pixels of the upright, full-size picture; (x, y) is its top left corner."""

    x: int
    y: int
    w: int
    h: int

    def overlap(self, other: Box) -> float:
        """Intersection over union of two boxes, 0 to 1."""
        shared = self.shared(other)
        return shared / (self.w * self.h + other.w * other.h - shared) if shared else 0.0

    def shared(self, other: Box) -> int:
        """Pixels that lie in both boxes."""
        across = min(self.x + self.w, other.x + other.w) - max(self.x, other.x)
        down = min(self.y + self.h, other.y + other.h) - max(self.y, other.y)
        return max(0, across) * max(0, down)


class Face(NamedTuple):
    """One face in one frame, before anybody knows whose it is."""

    box: Box
    eyes: int
    """Eyes found where eyes belong: 0, 1 or 2."""
    scores: tuple[float, ...]
    """One score for each of `EMOTIONS`, 0 to 1, summing to 1."""
    looked: bool = True
    """Whether it was found in the whole picture, and not only near its place in another frame."""


class Detection(NamedTuple):
    """Where a detector sees what looks like a face."""

    box: Box
    weight: float
    """How surely it is one: 1 or more is enough to believe it by itself."""


def timecode(seconds: float, separator: str = ":") -> str:
    """Seconds as hours, minutes, seconds and thousandths: ``00:01:12.500``."""
    thousandths = round(seconds * 1000)
    minutes, rest = divmod(thousandths, 60_000)
    parts = (f"{minutes // 60:02}", f"{minutes % 60:02}", f"{rest // 1000:02}.{rest % 1000:03}")
    return separator.join(parts)


@dataclass(frozen=True)
class Chunk:
    """A fixed stretch of a movie, the unit of work: ``start <= time < end`` in exact seconds."""

    index: int
    start: Fraction
    end: Fraction | None
    """None: up to the end of the movie, wherever that turns out to be."""


@dataclass(frozen=True)
class Run:
    """Consecutive frames of one track with one emotion."""

    track: int
    emotion: str
    frames: tuple[int, ...]
    """The frames that count, rising: those on which the face is aligned and has the emotion."""
    start: float
    """Time of the first frame, in seconds."""
    end: float
    """Time of the frame after the last one, in seconds: the run's end, itself excluded."""

    @property
    def first(self) -> int:
        return self.frames[0]

    @property
    def last(self) -> int:
        return self.frames[-1]

    @property
    def repeat(self) -> int:
        """The run's length in frames."""
        return len(self.frames)


@dataclass(frozen=True)
class Segment:
    """A stretch of the movie to be cut: ``start <= time < end`` in seconds, and the runs in it."""

    track: int
    emotion: str
    start: float
    end: float
    runs: tuple[Run, ...]
