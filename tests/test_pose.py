"""How a face is turned, told by five points: a head of known size, turned, and seen from far."""

from __future__ import annotations

import math

import pytest

from videmo.faces.pose import FRAME, PROFILE, pose_of
from videmo.schema import Keypoints, Point

SIZE = (640, 480)
FRONT = ((-31.5, 0, 0), (31.5, 0, 0), (0, 34, 28), (-25, 60, 0), (25, 60, 0))
"""Millimetres: to the right, down, and forward, from between the eyes."""


def head(
    yaw: float = 0.0, roll: float = 0.0, at: tuple[float, float] = (320, 200), scale: float = 1.0
) -> Keypoints:
    """A head turned to the right of the picture, and leaning clockwise, by so many degrees."""
    turn, lean = math.radians(yaw), math.radians(roll)
    points = []
    for across, down, ahead in FRONT:
        x = across * math.cos(turn) + ahead * math.sin(turn)
        points.append(
            Point(
                at[0] + scale * (x * math.cos(lean) - down * math.sin(lean)),
                at[1] + scale * (x * math.sin(lean) + down * math.cos(lean)),
            )
        )
    return Keypoints(*points)


def test_who_looks_ahead_is_turned_nowhere_and_shows_two_eyes() -> None:
    found = pose_of(head(), SIZE)
    assert found.eyes == 2 and found.points == tuple(head())
    assert found.yaw == pytest.approx(0, abs=2) and found.roll == pytest.approx(0, abs=2)


def test_a_face_as_models_learnt_it_leans_by_nothing_and_not_by_less() -> None:
    found = pose_of(Keypoints(*(Point(100 * x, 100 * y) for x, y in FRAME)), SIZE)
    assert found.eyes == 2 and str(found.roll) == "0.0"


@pytest.mark.parametrize("roll", [-30, 0, 45])
@pytest.mark.parametrize("yaw", [-85, -60, -30, -10, 10, 30, 60, 85])
def test_a_head_is_turned_by_as_much_as_it_seems_to_the_right_or_left(yaw: int, roll: int) -> None:
    assert pose_of(head(yaw, roll), SIZE).yaw == pytest.approx(yaw, abs=2)


@pytest.mark.parametrize("yaw", [-85, -40, 0, 40, 85])
@pytest.mark.parametrize("roll", [-170, -90, -20, 20, 90, 170])
def test_a_head_leans_by_as_much_as_it_seems_clockwise(roll: int, yaw: int) -> None:
    """Of one in profile, whose eyes lie on each other, the mouth tells."""
    assert pose_of(head(yaw, roll), SIZE).roll == pytest.approx(roll, abs=3)


@pytest.mark.parametrize("scale", [0.1, 0.5, 3.0])
def test_how_large_a_face_is_does_not_matter(scale: float) -> None:
    found = pose_of(head(35, 15, scale=scale), SIZE)
    assert (found.yaw, found.roll) == (pytest.approx(35, abs=2), pytest.approx(15, abs=3))


def test_an_open_mouth_is_no_turned_head() -> None:
    """It is far from the eyes, which so seem near each other."""
    points = head()
    lower = [Point(point.x, point.y + 20) for point in points[3:]]
    found = pose_of(points._replace(mouth_right=lower[0], mouth_left=lower[1]), SIZE)
    assert found.eyes == 2 and found.yaw == pytest.approx(0, abs=10)


@pytest.mark.parametrize("yaw", [-PROFILE - 5, PROFILE + 5, 85])
def test_a_face_in_profile_shows_one_eye(yaw: float) -> None:
    assert pose_of(head(yaw), SIZE).eyes == 1


@pytest.mark.parametrize("yaw", [-PROFILE + 5, PROFILE - 5])
def test_a_face_that_is_turned_less_shows_two(yaw: float) -> None:
    assert pose_of(head(yaw), SIZE).eyes == 2


@pytest.mark.parametrize(
    ("at", "eyes"),
    [((10, 200), 1), ((630, 200), 1), ((320, -5), 0), ((320, 485), 0), ((40, 200), 2)],
)
def test_eyes_outside_the_picture_are_not_seen(at: tuple[float, float], eyes: int) -> None:
    assert pose_of(head(at=at), SIZE).eyes == eyes


@pytest.mark.parametrize(("yaw", "eyes"), [(60, 0), (-60, 1)])
def test_of_a_face_in_profile_the_nearer_eye_counts(yaw: int, eyes: int) -> None:
    """At the left edge, where only the left eye is in the picture: who looks to the left shows it,
    and who looks to the right hides it."""
    points = head(yaw, at=(5, 200))
    assert points.right_eye.x < 0 < points.left_eye.x
    assert pose_of(points, SIZE).eyes == eyes


def test_points_that_lie_in_one_place_tell_nothing_and_break_nothing() -> None:
    found = pose_of(Keypoints(*[Point(9.0, 9.0)] * 5), SIZE)
    assert found.yaw is not None and math.isfinite(found.yaw)
    assert found.roll is not None and math.isfinite(found.roll)
