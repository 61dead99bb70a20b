"""Look for faces in parts of the picture only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from videmo.faces.detector import Detector, Region
from videmo.faces.picture import Picture
from videmo.schema import Box, Detection


def limited(detector: Detector, regions: Sequence[Region]) -> Detector:
    """The detector, of faces in `regions`: what it sees elsewhere does not count."""

    def inside(picture: Picture, box: Box) -> bool:
        return any(region.holds(box, picture.size) for region in regions)

    def detect(picture: Picture, known: Sequence[Box]) -> list[Detection]:
        return [one for one in detector.detect(picture, known) if inside(picture, one.box)]

    near: Callable[[Picture, Box], Detection | None] | None = None
    if redetect := detector.redetect:

        def near(picture: Picture, box: Box) -> Detection | None:
            found = redetect(picture, box)
            return found if found and inside(picture, found.box) else None

    return replace(detector, detect=detect, redetect=near)
