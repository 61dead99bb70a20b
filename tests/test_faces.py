"""Haar's faces and eyes in painted pictures of which it is known where they are."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from tests.movies import painted, painted_grey
from videmo.demo import Actor, Place
from videmo.errors import RequestError, SetupError
from videmo.faces import (
    Detector,
    DetectorConfig,
    StillPicture,
    cascades,
    crop_resize,
    detector_of,
    similar,
)
from videmo.faces.eyes import Eye, Eyes, find_eyes
from videmo.faces.haar import SURE, WIDEST, WIDTH, _rated, default_width
from videmo.schema import EMOTIONS, Box


def one(emotion: str = "happy", size: float = 120, **more: object) -> Actor:
    return Actor(1, (Place(0, 240, 170, size),), ((0, emotion),), **more)  # type: ignore[arg-type]


def haar(**config: object) -> Detector:
    return detector_of(DetectorConfig("haar", **config))  # type: ignore[arg-type]


def faces_in(picture: np.ndarray, **config: object) -> list[Box]:
    """The boxes in a picture (BGR)."""
    return [found.box for found in haar(**config).detect(StillPicture(picture), ())]


def near(picture: np.ndarray, box: Box) -> Box | None:
    redetect = haar().redetect
    assert redetect is not None
    found = redetect(StillPicture(picture), box)
    return found.box if found else None


def box_of(size: float) -> Box:
    return Box(round(240 - size / 2), round(170 - size / 2), round(size), round(size))


@pytest.mark.parametrize("emotion", EMOTIONS)
@pytest.mark.parametrize("size", [60, 120, 220])
def test_a_face_is_found_with_both_eyes(emotion: str, size: int) -> None:
    (found,) = faces_in(painted(one(emotion, size)))
    assert found.iou(box_of(size)) > 0.6
    assert find_eyes(painted_grey(one(emotion, size)), found).number == 2


def test_two_faces_are_found() -> None:
    pair = (Actor(1, (Place(0, 120, 170, 100),)), Actor(2, (Place(0, 360, 170, 110),)))
    assert len(faces_in(painted(*pair))) == 2


def test_nobody_is_found_where_nobody_is() -> None:
    assert faces_in(painted()) == []


def test_a_face_with_shut_eyes_is_not_aligned() -> None:
    shut = one(blinks=(0,))
    (found,) = faces_in(painted(shut))
    assert find_eyes(painted_grey(shut), found).number < 2


def test_eyes_are_found_again_where_they_were() -> None:
    grey = painted_grey(one())
    (box,) = faces_in(painted(one()))
    first = find_eyes(grey, box)
    again = find_eyes(grey, box, first)
    assert first.pair and again.pair
    for before, after in zip(first.pair, again.pair, strict=True):
        assert abs(before.x - after.x) < 0.05 and abs(before.y - after.y) < 0.05


def test_eyes_that_have_moved_are_still_found() -> None:
    grey = painted_grey(one())
    (box,) = faces_in(painted(one()))
    elsewhere = Eyes(2, (Eye(0.2, 0.3, 0.2), Eye(0.6, 0.3, 0.2)))
    assert find_eyes(grey, box, elsewhere).number == 2


def test_eyes_that_have_shut_are_not_found_again() -> None:
    (box,) = faces_in(painted(one()))
    before = find_eyes(painted_grey(one()), box)
    assert find_eyes(painted_grey(one(blinks=(0,))), box, before).number < 2


def test_eyes_that_shut_are_noticed_in_the_same_frame() -> None:
    (box,) = faces_in(painted(one()))
    before = find_eyes(painted_grey(one()), box, keep=True)
    assert before.number == 2
    assert find_eyes(painted_grey(one(blinks=(0,))), box, before, keep=True).number < 2


def test_eyes_that_open_are_noticed_in_the_same_frame() -> None:
    (box,) = faces_in(painted(one()))
    before = find_eyes(painted_grey(one(blinks=(0,))), box, keep=True)
    assert before.number < 2
    assert find_eyes(painted_grey(one()), box, before, keep=True).number == 2


def test_an_answer_stands_for_two_frames_that_look_alike_and_not_for_three() -> None:
    grey = painted_grey(one())
    (box,) = faces_in(painted(one()))
    eyes, ages = find_eyes(grey, box, keep=True), []
    for _ in range(5):
        eyes = find_eyes(grey, box, eyes, keep=True)
        assert eyes.number == 2
        ages.append(eyes.age)
    assert ages == [1, 2, 0, 1, 2]


def test_where_every_frame_counts_no_answer_is_kept() -> None:
    grey = painted_grey(one())
    (box,) = faces_in(painted(one()))
    assert find_eyes(grey, box, find_eyes(grey, box, keep=True)).age == 0


def test_a_look_now_and_then_finds_what_a_fine_one_finds() -> None:
    picture = painted(one())
    (fine,), (coarse,) = faces_in(picture, interval=1), faces_in(picture, interval=12)
    assert fine.iou(coarse) > 0.7


def test_a_true_face_is_sure() -> None:
    detector = haar()
    (found,) = detector.detect(StillPicture(painted(one())), ())
    assert found.confidence >= detector.sure


def test_boxes_of_a_reduced_picture_are_in_pixels_of_the_full_one() -> None:
    picture = cv2.resize(painted(one()), None, fx=3, fy=3)
    (found,) = faces_in(picture, width=480)
    assert found.iou(Box(*(3 * v for v in box_of(120)))) > 0.6


def test_a_face_smaller_than_asked_for_is_left_out() -> None:
    picture = painted(one(size=60))
    assert faces_in(picture, min_face=0.08)
    assert not faces_in(picture, min_face=0.25)


@pytest.mark.parametrize("box", [Box(0, 0, 1, 1), Box(470, 350, 10, 10), Box(0, 0, 480, 360)])
def test_eyes_can_be_looked_for_anywhere(box: Box) -> None:
    assert find_eyes(painted_grey(), box).number in (0, 1, 2)


@pytest.mark.parametrize("shape", [(2, 2), (1, 300), (300, 1), (16, 16)])
def test_a_tiny_picture_has_no_face(shape: tuple[int, int]) -> None:
    assert faces_in(np.full((*shape, 3), 128, np.uint8)) == []


@pytest.mark.parametrize("lacks", ["class", "files"])
def test_an_opencv_without_cascades_is_named(monkeypatch: pytest.MonkeyPatch, lacks: str) -> None:
    """OpenCV 5 has neither; some builds of OpenCV 4 lack the files."""
    classes = {} if lacks == "class" else {"CascadeClassifier": cv2.CascadeClassifier}
    data = SimpleNamespace(haarcascades="nowhere/" if lacks == "files" else cv2.data.haarcascades)
    cascades.cascade.cache_clear()
    monkeypatch.setattr(cascades, "cv2", SimpleNamespace(__version__="5.0", data=data, **classes))
    with pytest.raises(SetupError, match=r"opencv-python-headless>=4\.10,<5") as raised:
        haar()
    assert raised.value.exit_code == 3
    cascades.cascade.cache_clear()


def test_a_face_is_found_near_the_place_where_it_was() -> None:
    picture, place = painted(one()), box_of(120)
    for shift in (-25, 0, 25):
        found = near(picture, place._replace(x=place.x + shift))
        assert found is not None and found.iou(place) > 0.6


def test_a_face_is_not_found_where_there_is_none() -> None:
    assert near(painted(one()), Box(20, 20, 100, 100)) is None


@pytest.mark.parametrize("box", [Box(-200, 0, 100, 100), Box(470, 350, 100, 100)])
def test_a_face_that_has_left_the_picture_is_not_found(box: Box) -> None:
    assert near(painted(one()), box) is None


def test_a_face_is_like_itself_and_not_like_the_wall() -> None:
    grey, place = painted_grey(one()), box_of(120)
    assert similar(grey, place, painted_grey(one("neutral")), place)
    assert not similar(grey, place, grey, Box(20, 20, 120, 120))
    assert not similar(grey, place, grey, Box(-5, 20, 120, 120))


def test_a_large_part_is_reduced_like_a_small_one() -> None:
    large = cv2.resize(painted_grey(one()), None, fx=4, fy=4)
    whole = cv2.resize(large, (48, 36), interpolation=cv2.INTER_AREA)
    quick = crop_resize(large, Box(0, 0, 1920, 1440), (48, 36))
    assert np.abs(whole.astype(int) - quick).mean() < 4


@pytest.mark.parametrize("width", [None, 0])
def test_a_known_face_is_not_looked_for_and_another_is(width: int | None) -> None:
    two = painted(Actor(1, (Place(0, 120, 170, 100),)), Actor(2, (Place(0, 360, 170, 110),)))
    detector, picture = haar(width=width), StillPicture(two)
    left, right = detector.detect(picture, ())
    before = picture.grey.copy()
    (found,) = detector.detect(picture, [left.box])
    assert found.box.iou(right.box) > 0.7
    assert (picture.grey == before).all()


@pytest.mark.filterwarnings("error")
def test_a_known_face_that_vanishes_in_the_reduced_picture_is_no_matter() -> None:
    picture = StillPicture(cv2.resize(painted(one()), None, fx=8, fy=8))
    detector = haar(width=320)
    at_all = detector.detect(picture, ())
    assert at_all and detector.detect(picture, [Box(7, 7, 2, 2)]) == at_all


def test_twice_as_many_sightings_as_enough_make_a_face_surer() -> None:
    """Confidence counts sightings: `SURE` for just enough, and towards 1 for more."""
    boxes, sightings = [Box(0, 0, 9, 9)] * 3, np.array([6, 12, 60])
    rated = [one.confidence for one in _rated(boxes, sightings, sure=6)]
    assert rated == pytest.approx([SURE, 2 / 3, 10 / 11])


def test_the_eyes_say_how_a_face_leans() -> None:
    """Clockwise as one looks at the picture; and which places they were found at."""
    for degrees in (-12, 0, 12):
        actor = one(tilt=degrees)
        detector, picture = haar(), StillPicture(painted(actor))
        (found,) = detector.detect(picture, ())
        alignment = detector.align(picture, found, None)
        assert alignment.eyes == 2 and len(alignment.points) == 2 and alignment.yaw is None
        assert alignment.roll == pytest.approx(degrees, abs=4)


def test_of_a_face_without_two_eyes_it_is_not_known_how_it_leans() -> None:
    detector, picture = haar(), StillPicture(painted(one(blinks=(0,))))
    (found,) = detector.detect(picture, ())
    alignment = detector.align(picture, found, None)
    assert alignment.eyes in (0, 1) and alignment.roll is None and alignment.points == ()


@pytest.mark.parametrize(
    "bad", [{"min_face": 0}, {"min_face": 1.5}, {"width": -1}, {"interval": 0}]
)
def test_a_look_that_cannot_be_is_refused(bad: dict[str, float]) -> None:
    with pytest.raises(RequestError, match=next(iter(bad))):
        DetectorConfig(**bad)  # type: ignore[arg-type]


def test_the_smaller_the_faces_the_wider_haar_looks() -> None:
    """So that they have 24 pixels in a picture of 16 to 9; no wider than it can be paid for."""
    widths = {0.2: WIDTH, 0.08: WIDTH, 0.04: 1067, 0.01: WIDEST}
    assert {part: default_width(part) for part in widths} == widths


def test_a_small_face_is_found_by_haar_if_it_is_asked_for() -> None:
    """A thirtieth of the picture's height."""
    picture = cv2.copyMakeBorder(painted(one(size=30)), 0, 600, 0, 1000, cv2.BORDER_REFLECT_101)
    picture = cv2.resize(picture, (1600, 900))
    assert not faces_in(picture, interval=1)
    assert faces_in(picture, interval=1, min_face=0.03)


@pytest.mark.parametrize("content", [b"", b"<opencv_storage/>", "cut"])
def test_another_cascade_than_the_known_one_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes | str
) -> None:
    """One that is cut would crash OpenCV, and another one find other faces, or none."""
    for name in cascades.CASCADES:
        whole = (Path(cv2.data.haarcascades) / name).read_bytes()
        (tmp_path / name).write_bytes(whole[:5000] if isinstance(content, str) else content)
    cascades.cascade.cache_clear()
    monkeypatch.setattr(cv2.data, "haarcascades", f"{tmp_path}/")
    with pytest.raises(SetupError, match="is not the cascade that videmo knows; run: pip"):
        haar()
    cascades.cascade.cache_clear()


def test_a_detector_s_name_is_told_in_one_line() -> None:
    with pytest.raises(RequestError, match=r"^ha\\nwk: no such detector; choose from yunet, haar$"):
        detector_of(DetectorConfig("ha\nwk"))
