"""Which boxes are which, and what lies between two of them."""

from __future__ import annotations

import pytest

from videmo.schema import Box, Detection, Keypoints, Point
from videmo.tracks.match import LEAST_IOU, between, match


def face(x: int, y: int = 50, side: int = 40) -> Box:
    return Box(x, y, side, side)


def test_what_overlaps_is_the_same_face_whatever_the_order() -> None:
    found = match([face(10), face(200)], [face(205), face(12)])
    assert found.pairs == {0: 1, 1: 0} and not found.unsure


def test_what_hardly_overlaps_is_another_face() -> None:
    near, far = (
        (Box(0, 0, 100, 100), Box(50, 0, 100, 100)),
        (Box(0, 0, 100, 100), Box(60, 0, 100, 100)),
    )
    assert near[0].iou(near[1]) > LEAST_IOU > far[0].iou(far[1])
    assert match(near[:1], near[1:]).pairs == {0: 0}
    assert match(far[:1], far[1:]).pairs == {}


def test_nothing_matches_nothing() -> None:
    for old, new in (([], []), ([face(10)], []), ([], [face(10)])):
        assert match(old, new) == ({}, frozenset())


def test_an_old_face_is_only_one_of_two_new_ones_the_nearer() -> None:
    assert match([face(100)], [face(112), face(104)]).pairs == {1: 0}


def test_two_old_faces_that_claim_a_new_one_nearly_alike_are_neither() -> None:
    found = match([face(100), face(130)], [face(115)])
    assert found.pairs == {} and found.unsure == {0, 1}


def test_nearly_alike_is_more_than_half() -> None:
    new = face(111)
    one, other = face(100), face(130)
    assert 0.5 < other.iou(new) / one.iou(new) < 0.7
    assert match([one, other], [new]).unsure == {0, 1}


def test_who_claims_a_face_much_more_gets_it() -> None:
    found = match([face(100), face(122)], [face(101)])
    assert found.pairs == {0: 0} and not found.unsure


def test_those_who_could_be_mixed_up_cost_nobody_else_a_match() -> None:
    found = match([face(100), face(130), face(300)], [face(115), face(302)])
    assert found.pairs == {1: 2} and found.unsure == {0, 1}


POINTS, OTHERS = (Keypoints(*(Point(float(x + n), 2.0 * n) for n in range(5))) for x in (0, 10))


def test_half_way_lies_the_middle() -> None:
    one, other = (
        Detection(Box(0, 10, 40, 40), 0.5, POINTS),
        Detection(Box(20, 10, 60, 50), 0.9, OTHERS),
    )
    middle = between(one, other, 0.5)
    assert middle.box == (10, 10, 50, 45) and middle.confidence == pytest.approx(0.7)
    assert middle.keypoints == tuple((5.0 + n, 2.0 * n) for n in range(5))


@pytest.mark.parametrize("width", [853, 405, 854])
def test_between_two_faces_at_an_edge_none_reaches_out_of_the_picture(width: int) -> None:
    """Widths are odd: a DVD of 16 to 9 is 853 pixels wide."""
    for left in range(width - 120, width - 100):
        one, other = Box(left, 0, width - left, 90), Box(left + 7, 0, width - left - 7, 81)
        for step in range(1, 12):
            box = between(Detection(one, 1.0), Detection(other, 1.0), step / 12).box
            assert box.x + box.w == width


def test_at_either_end_lies_what_is_there() -> None:
    one, other = Detection(face(3), 0.5, POINTS), Detection(face(21), 0.9, OTHERS)
    assert between(one, other, 0.0) == one and between(one, other, 1.0) == other


def test_points_that_only_one_has_are_not_known_between() -> None:
    one, other = Detection(face(0), 0.5, POINTS), Detection(face(20), 0.9)
    assert between(one, other, 0.5).keypoints is None is between(other, one, 0.5).keypoints
