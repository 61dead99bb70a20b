"""Run a detector over a stretch of film: looks now and then, at cuts, and what lies between."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from videmo.faces import Detector, Picture, similar
from videmo.schema import Box
from videmo.shots import CutWatch, Thumbnail
from videmo.tracks import FaceFollower, FaceInterpolator, Tracked
from videmo.tracks.follow import LONGEST_HOLE
from videmo.video import Frame

STRIDE = 3
"""Frames from one search for a followed face to the next, while it is found each time."""


class Decoded(NamedTuple):
    """A frame, and whether faces are looked for in it; if not, it still tells of cuts."""

    frame: Frame
    thumbnail: Thumbnail
    wanted: bool


def track_faces(
    frames: Iterable[Decoded], detector: Detector, interval: int
) -> Iterator[tuple[Frame, list[Tracked]]]:
    """Each wanted frame with the faces in it, some frames after it was read.

    Every `interval`-th of them, and at either side of a cut, the whole picture is looked at.
    """
    tracker = _tracker(detector, interval)
    number = 0
    for frame, last in _shots(frames):
        tracker.add(frame, due=last or number % interval == 0)
        number = 0 if last else number + 1
        yield from tracker.rest() if last else tracker.settled()


def _tracker(detector: Detector, interval: int) -> FaceFollower[Frame] | FaceInterpolator[Frame]:
    if detector.redetect is None:
        detect = detector.detect
        return FaceInterpolator[Frame](lambda picture: detect(picture, ()), _similar, detector.sure)
    return FaceFollower[Frame](
        detector.detect,
        detector.redetect,
        _similar,
        detector.sure,
        memory=max(2 * interval, LONGEST_HOLE + STRIDE + 1),
        stride=STRIDE,
        mask_known=interval > 1,
    )


def _similar(one: Picture, box: Box, other: Picture, place: Box) -> bool:
    return similar(one.grey, box, other.grey, place)


def _shots(frames: Iterable[Decoded]) -> Iterator[tuple[Frame, bool]]:
    """Each wanted frame, and whether it is the last wanted one of its shot."""
    cuts = CutWatch()
    before: Frame | None = None
    cut = False
    for frame, thumbnail, wanted in frames:
        cut |= cuts.is_cut(thumbnail)
        if not wanted:
            continue
        if before is not None:
            yield before, cut
        before, cut = frame, False
    if before is not None:
        yield before, True
