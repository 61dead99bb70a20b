"""Faces cut out as models see them: in pictures of five dots, whose places are known."""

from __future__ import annotations

import cmath
import math

import numpy as np
import pytest

from videmo.faces import crop_face, crop_picture, crop_resize
from videmo.faces.pose import FRAME
from videmo.schema import Box, Detection, Keypoints, Point

SIDE = 48
SIZE = (640, 480)


def points_of(width: float, roll: float, at: complex = 320 + 240j) -> Keypoints:
    """A face's points as they lie in a crop, where that is so wide, its middle is at `at`, and it
    leans clockwise by `roll` degrees."""
    turn = cmath.rect(width, math.radians(roll))
    places = (at + turn * (complex(x, y) - (0.5 + 0.5j)) for x, y in FRAME)
    return Keypoints(*(Point(place.real, place.imag) for place in places))


def dots(points: Keypoints, radius: float) -> np.ndarray:
    """A black picture with a soft bright dot at each point, as wide as `radius` says."""
    rows, columns = np.mgrid[: SIZE[1], : SIZE[0]]
    picture = np.zeros(rows.shape)
    for point in points:
        away = (columns - point.x) ** 2 + (rows - point.y) ** 2
        picture += 250 * np.exp(-away / (2 * radius**2))
    return np.minimum(picture, 255).astype(np.uint8)


def cut(picture: np.ndarray, points: Keypoints | None, *box: int) -> np.ndarray:
    return crop_face(picture, Detection(Box(*(box or (0, 0, 9, 9))), 0.9, points), SIDE)


def places_in(crop: np.ndarray) -> list[tuple[float, float]]:
    """Where the dots are in a crop, as parts of its side: of each the middle of its brightness."""
    found = []
    for x, y in FRAME:
        left, top = (max(0, round(v * SIDE - 0.5) - 4) for v in (x, y))
        part = crop[top : top + 9, left : left + 9].astype(float)
        rows, columns = np.mgrid[top : top + part.shape[0], left : left + part.shape[1]]
        middle = ((columns * part).sum() / part.sum(), (rows * part).sum() / part.sum())
        found.append(((middle[0] + 0.5) / SIDE, (middle[1] + 0.5) / SIDE))
    return found


@pytest.mark.parametrize("roll", [-170, -90, -35, 0, 10, 60, 145])
@pytest.mark.parametrize("width", [30, 48, 90, 300])
def test_a_face_s_points_come_to_lie_where_they_should(width: int, roll: int) -> None:
    """However large it is, and however it leans: to a third of a pixel."""
    points = points_of(width, roll)
    crop = cut(dots(points, 1.4 * width / SIDE), points)
    assert crop.shape == (SIDE, SIDE) and crop.dtype == np.uint8
    for there, (x, y) in zip(places_in(crop), FRAME, strict=True):
        assert there == (pytest.approx(x, abs=0.33 / SIDE), pytest.approx(y, abs=0.33 / SIDE))


@pytest.mark.parametrize("width", [30, 300])
def test_in_colour_the_same_is_cut_out(width: int) -> None:
    points = points_of(width, 25)
    grey = dots(points, 1.4 * width / SIDE)
    crop = cut(np.dstack([grey, grey // 2, np.zeros_like(grey)]), points)
    assert crop.shape == (SIDE, SIDE, 3)
    assert np.abs(crop[:, :, 0].astype(int) - cut(grey, points)).max() <= 1
    assert np.abs(crop[:, :, 1].astype(int) - cut(grey // 2, points)).max() <= 1
    assert not crop[:, :, 2].any()


@pytest.mark.parametrize("at", [5 + 5j, 635 + 240j, 320 + 478j, -40 + 240j, -900 - 900j])
@pytest.mark.parametrize("width", [20, 200])
def test_at_the_picture_s_edge_what_lies_at_it_is_repeated(at: complex, width: int) -> None:
    bright = np.full((SIZE[1], SIZE[0]), 200, np.uint8)
    assert (cut(bright, points_of(width, 20, at)) == 200).all()


def test_points_that_do_not_fit_are_brought_as_near_as_can_be() -> None:
    """Of a face that is not like another one: the middle of its points, and how far they are."""
    points = points_of(96, 0)
    odd = points._replace(nose=Point(points.nose.x + 12, points.nose.y))
    there = places_in(cut(dots(points, 2.8), odd))
    off = [a[0] - b[0] for a, b in zip(there, FRAME, strict=True)]
    assert np.mean(off) == pytest.approx(-12 / 5 / 96, abs=0.01)


@pytest.mark.parametrize("shape", [(1, 1), (2, 300), (300, 2)])
def test_a_tiny_picture_is_no_matter(shape: tuple[int, int]) -> None:
    assert cut(np.full(shape, 7, np.uint8), points_of(40, 30, 1 + 1j)).shape == (SIDE, SIDE)


def test_points_in_one_place_are_no_matter() -> None:
    bright = np.full((SIZE[1], SIZE[0]), 200, np.uint8)
    assert cut(bright, Keypoints(*[Point(9.0, 9.0)] * 5)).shape == (SIDE, SIDE)


def test_without_points_what_lies_in_the_box_is_cut_out() -> None:
    picture = dots(points_of(150, 0), 5)
    box = Box(250, 170, 140, 140)
    assert (cut(picture, None, *box) == crop_resize(picture, box, (SIDE, SIDE))).all()


def test_of_a_whole_picture_nothing_is_left_out() -> None:
    picture = np.zeros((40, 60, 3), np.uint8)
    picture[:, 30:] = 255
    crop = crop_picture(picture, SIDE)
    assert crop.shape == (SIDE, SIDE, 3)
    assert (crop[:, :23] == 0).all() and (crop[:, 25:] == 255).all()
