"""The words that all rooms share: emotions, boxes, detections, faces, columns, runs, segments."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

EMOTIONS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
"""What videmo's own models tell apart, in this order everywhere. Other models have other labels."""

ALIGNED_EYES = 2
"""A face is aligned when so many eyes are seen."""

DEFAULT_DETECTOR = "yunet"
DEFAULT_GOAL = 150  # pictures that are collected of a label: enough to begin with

DEFAULT_REPEAT = 5
"""Frames that an emotion must hold to count."""

DEFAULT_GAP = 0.5
"""Seconds that a face may be unknown (not aligned, or not found) without ending its run."""

FACE, FRAME = "face", "frame"
CROPS = (FACE, FRAME)
"""What of a picture a model looks at: an aligned face, or all of it."""

DEFAULT_MIN_FACE = 0.08
"""Height of the smallest face looked for, as a part of the picture's height."""

DEFAULT_STALL = 120.0
"""Seconds without a new frame after which a movie is taken to hang, and has failed."""

ALL_SOUND = 0
"""What is wished for by who wants all sound tracks of a movie, and not one of them, from 1."""

DEFAULT_PAD = 0.5
"""Seconds added before and after a run where it is cut."""

DEFAULT_MAX_CROPS = 500
"""Faces of one emotion in one movie that become pictures: what one can still look through."""

DEFAULT_MAX_MB = 4.0
"""Megabytes of a moving picture, so that it can be sent and shown."""

TWO_DIGITS = 0.002
"""Seconds; by so much a length may be off, whose ends are rounded to three digits."""
ROUNDING = 1e-6
"""Seconds; times have three digits, so that sums of them may be off by less."""

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

    def iou(self, other: Box) -> float:
        """Intersection over union of two boxes, 0 to 1."""
        shared = self.intersection(other)
        return shared / (self.w * self.h + other.w * other.h - shared) if shared else 0.0

    def intersection(self, other: Box) -> int:
        """Pixels that lie in both boxes."""
        across = min(self.x + self.w, other.x + other.w) - max(self.x, other.x)
        down = min(self.y + self.h, other.y + other.h) - max(self.y, other.y)
        return max(0, across) * max(0, down)


class Point(NamedTuple):
    """A place in pixels of the upright, full-size picture."""

    x: float
    y: float


class Keypoints(NamedTuple):
    """Five points of a face. Right and left are the person's own: in an upright face seen from the
    front the right eye is at the smaller x."""

    right_eye: Point
    left_eye: Point
    nose: Point
    mouth_right: Point
    mouth_left: Point


class Detection(NamedTuple):
    """Where a detector sees what looks like a face."""

    box: Box
    confidence: float
    """How sure the detector is that it is one, 0 to 1. What is enough, the detector says."""
    keypoints: Keypoints | None = None
    """None: this detector does not know them."""


class Alignment(NamedTuple):
    """How a face is turned, and which of its eyes are seen."""

    eyes: int | None
    """0, 1 or 2; 2: aligned, the face counts. None: no eyes were looked for, and it counts."""
    yaw: float | None = None
    """Degrees that the head is turned aside: 0 from the front, 90 a profile; positive: towards the
    right of the picture. None: not known."""
    roll: float | None = None
    """Degrees that the head leans, clockwise as one looks at the picture. None: not known."""
    points: tuple[Point, ...] = ()
    """What it was told by: keypoints, or the eyes that were found."""
    memory: object = None
    """What whoever told it wants to know again in the next frame."""


class Face(NamedTuple):
    """One observation: a face in one frame, on its way from the detector to the table."""

    detection: Detection
    alignment: Alignment
    scores: tuple[float, ...]
    """One for each of the model's labels, 0 to 1, summing to 1."""
    tracklet: int = 0
    """Faces of a chunk with the same number are the same face."""
    detected: bool = True
    """Whether it was seen by a look at the whole picture, and not only followed from others."""

    @property
    def box(self) -> Box:
        return self.detection.box


class Column(NamedTuple):
    """A column of the table."""

    name: str
    kind: type[int] | type[float] | type[str]
    digits: int = 0
    """Digits behind the point."""
    least: float = float("-inf")
    most: float = float("inf")
    of: Callable[[Face], float | None] | None = None
    """Its value where it is seen in the face itself; None: it comes from the rows together."""
    needed: bool = True
    """Whether each face has a value."""


TABLE_COLUMNS = (
    Column("frame", int),
    Column("time", float, digits=3),
    Column("track", int, least=1),
    Column("x", int, least=0, of=lambda face: face.box.x),
    Column("y", int, least=0, of=lambda face: face.box.y),
    Column("w", int, least=1, of=lambda face: face.box.w),
    Column("h", int, least=1, of=lambda face: face.box.h),
    Column("confidence", float, 3, 0, 1, lambda face: face.detection.confidence),
    Column("eyes", int, 0, 0, 2, lambda face: face.alignment.eyes, needed=False),
    Column("yaw", float, 1, -90, 90, lambda face: face.alignment.yaw, needed=False),
    Column("roll", float, 1, -180, 180, lambda face: face.alignment.roll, needed=False),
    Column("emotion", str),
    Column("score", float, digits=4, least=0, most=1),
    Column("repeat", int, least=1, needed=False),
)
"""The table's columns, in order; after them comes one for each label of the model. A new one is a
line here, what computes it, and a new `table.FORMAT`."""

OBSERVED = tuple(column for column in TABLE_COLUMNS if column.of)
"""Those that are seen in a face itself."""

SCORE = Column("", float, digits=4, least=0, most=1)
"""What a label's column is like."""

ALL_LABELS = "all"
"""What users write for every label."""
NOT_LABELS = frozenset((*(column.name for column in TABLE_COLUMNS), ALL_LABELS, "file", "faces"))
"""Compared without capitals: columns and folders of other programs know none."""
_LABEL = re.compile(r"\w(?:[\w .+-]{0,58}\w)?")
_DEVICE = re.compile(r"(?:con|prn|aux|nul|(?:com|lpt)[1-9¹²³])(?: *\..*)?", re.IGNORECASE)
"""What cannot be a folder on Windows."""


def is_label(name: str) -> bool:
    """Whether this can name a column, a folder and an option: letters, digits, spaces, ``_.+-``."""
    if name.casefold() in NOT_LABELS or _DEVICE.fullmatch(name):
        return False
    return _LABEL.fullmatch(name) is not None


def column_names(labels: Sequence[str]) -> tuple[str, ...]:
    """The names of the columns of a table whose model has these labels."""
    return (*(column.name for column in TABLE_COLUMNS), *labels)


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
    """A moment: a stretch of the movie to be cut, ``start <= time < end`` in seconds, and its runs.

    They are of one track, or of several of one person.
    """

    track: int
    """That of its first run."""
    emotion: str
    start: float
    end: float
    runs: tuple[Run, ...]

    @property
    def held(self) -> float:
        """Seconds for which the emotion held."""
        return sum(run.end - run.start for run in self.runs)

    @property
    def seen(self) -> tuple[Run, ...]:
        """Those of its runs that are in the stretch: not all, where it was made shorter."""
        return tuple(run for run in self.runs if run.start < self.end and run.end > self.start)
