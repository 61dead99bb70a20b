"""Faces that are looked for in a part of the picture only."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import made
from tests.movies import painted
from videmo.demo import Actor, Place, Shot, Story
from videmo.errors import RequestError
from videmo.faces import DETECTORS, DetectorConfig, Region, StillPicture, detector_of
from videmo.faces.whole import WHOLE
from videmo.scan import Settings

LEFT, RIGHT = Region(0, 0, 0.5, 1), Region(240, 0, 240, 360)
TWO = (
    Actor(1, (Place(0, 120, 170, 110),), ((0, "happy"),)),
    Actor(2, (Place(0, 360, 170, 110),), ((0, "happy"),)),
)


@pytest.mark.parametrize("detector", DETECTORS)
@pytest.mark.parametrize(
    ("regions", "found"), [((LEFT,), 1), ((RIGHT,), 1), ((LEFT, RIGHT), 2), ((), 2)]
)
def test_only_faces_in_the_regions_are_found(
    detector: str, regions: tuple[Region, ...], found: int
) -> None:
    picture = StillPicture(painted(*TWO))
    faces = detector_of(DetectorConfig(detector, regions=regions)).detect(picture, ())
    assert len(faces) == found
    if len(regions) == 1:
        assert (faces[0].box.x < 240) == (regions[0] is LEFT)


@pytest.mark.parametrize("detector", DETECTORS)
def test_a_scan_sees_nobody_else(tmp_path: Path, detector: str) -> None:
    """Nor is anybody followed out of the region."""
    walker = Actor(2, (Place(0, 60, 115, 90), Place(2, 260, 115, 90)), ((0, "happy"),))
    config = DetectorConfig(detector, regions=(LEFT,))
    one = made(tmp_path, Story((Shot(2, (walker,)),), (320, 240)), settings=Settings(config))
    faces = one.table[one.table["track"].notna()]
    assert len(faces) > 15 and (faces["x"] + faces["w"] / 2 < 160).all()
    assert one.scanned.record["settings"]["regions"] == [[0, 0, 0.5, 1]]


@pytest.mark.parametrize(
    "region", [(0, 0, 0, 1), (0, 0, 1, 0), (-0.1, 0, 1, 1), (0, 0, float("inf"), 1)]
)
def test_a_region_in_which_there_is_nothing_is_refused(
    region: tuple[float, float, float, float],
) -> None:
    with pytest.raises(RequestError, match="is no part of a picture; say x,y,w,h"):
        DetectorConfig(regions=(Region(*region),))


def test_a_model_of_whole_pictures_looks_at_no_region() -> None:
    with pytest.raises(RequestError, match="leave out --region"):
        detector_of(DetectorConfig(WHOLE, regions=(LEFT,)))
