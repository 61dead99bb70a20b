"""Paint the frames of a movie with what its table says of them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction

import numpy as np
import pandas as pd

from videmo.annotate.encode import TimedPicture
from videmo.annotate.rows import lane_names, lanes_of, scene_of
from videmo.draw import (
    Marked,
    Spots,
    Timeline,
    colours_of,
    draw_faces,
    draw_timeline,
    lane_room,
    style_for,
)
from videmo.errors import MovieError, RequestError
from videmo.faces import DetectorConfig, detector_of, points_at
from videmo.files import shown
from videmo.scan import Progress
from videmo.schema import ROUNDING, Box, Point, timecode
from videmo.table import Record
from videmo.video import TIME_TOLERANCE, Frame, Movie, Reader

HALF_DIGIT = Fraction(1, 2000)
"""Half of the last digit of a table's times, in seconds."""


class Annotator:
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
        self._points = point_finder(record) if "eyes" in layers else None
        self._colours = colours_of(record["labels"])
        # 4:2:0 wants even sizes.
        self._width, self._height = movie.width // 2 * 2, movie.height // 2 * 2
        self._timeline = self._timeline_of(table, names) if "timeline" in layers else None
        self._spots: Spots = {}
        self._met = np.zeros(len(self._scene.times), bool)
        """Which of the scanned frames have been met."""

    def paint(self, frame: Frame) -> np.ndarray:
        """A frame with everything that is known of it: BGR uint8, of even size."""
        picture: np.ndarray = frame.ordinary[: self._height, : self._width].copy()
        now = float(frame.time)
        faces = self._faces(now)
        if self._points:
            faces = [face._replace(points=self._points(picture, face.box)) for face in faces]
        self._spots = draw_faces(
            picture, faces, colours=self._colours, bars=self._bars, before=self._spots
        )
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
        end = exact(after[0] if len(after) else self.record["end"])
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
        return draw_timeline(self._width, self._height, lanes, note, self._colours)


def point_finder(record: Record) -> Callable[[np.ndarray, Box], tuple[Point, ...]]:
    """What finds eyes, or eyes, nose and mouth, in a face: the detector that found the face.

    A table does not keep them; so they are looked for again.

    Raises:
        RequestError: this videmo does not have that detector, or it has learnt something else.
    """
    name, weights = record["detector"]["name"], record["detector"]["weights"]
    detector = detector_of(DetectorConfig(name, width=0, interval=1))
    if dict(detector.weights) != weights:
        raise RequestError(
            f"{name}: this detector has learnt other things than the one of the table; scan again"
        )
    return functools.partial(points_at, detector)


def painted(
    annotator: Annotator,
    reader: Reader,
    start: Fraction | None,
    end: Fraction | None,
    progress: Progress | None,
) -> Iterator[TimedPicture]:
    """The painted frames of a stretch, each up to where the next one begins."""
    # A time of three digits, out of the table, may lie just behind the frame that it means.
    begin, stop = (None if t is None else t - HALF_DIGIT for t in (start, end))
    total = annotator.frames_between(start, end)
    waiting: tuple[Fraction, np.ndarray] | None = None
    for done, frame in enumerate(reader.frames(max(Fraction(0), begin or Fraction(0)), stop), 1):
        if waiting is not None:
            yield TimedPicture(waiting[0], frame.time, waiting[1])
        waiting = frame.time, annotator.paint(frame)
        if progress:
            progress(done, total)
    if waiting is None:
        raise RequestError(
            f"{shown(annotator.movie.path)}: there is no frame in this stretch; what was scanned "
            f"ends at {timecode(annotator.record['end'])}"
        )
    annotator.check(start, end)
    yield TimedPicture(waiting[0], annotator.end_of(waiting[0]), waiting[1])


def exact(seconds: float) -> Fraction:
    """A table's time, in seconds, to reckon with."""
    return Fraction(seconds).limit_denominator(1_000_000)
