"""Faces interpolated between looks, in made pictures: a picture is just where the faces are."""

from __future__ import annotations

import pytest

from videmo.schema import Box, Detection, Keypoints, Point
from videmo.tracks import FaceInterpolator, Tracked

Picture = list[Detection]
"""A picture, as an interpolator sees it: what a look finds in it."""

EVERY = 6
SURE, UNSURE = 0.7, 0.6


def face(x: float, side: int = 40, confidence: float = 0.9) -> Detection:
    return Detection(Box(round(x), 50, side, side), confidence)


def similar(one: Picture, box: Box, other: Picture, place: Box) -> bool:
    """A place shows a face if there is one."""
    return any(found.box.iou(place) > 0.7 for found in other)


class Film:
    """What is found in a film of which every sixth picture is looked at, and the last."""

    def __init__(self, film: list[Picture], alike: bool | None = None) -> None:
        """`alike`: what places are said to be; None: as they are."""
        self.looks: list[int] = []
        self.film = film
        numbers = {id(picture): index for index, picture in enumerate(film)}
        assert len(numbers) == len(film)

        def detect(picture: Picture) -> list[Detection]:
            self.looks.append(numbers[id(picture)])
            return list(picture)

        known = similar if alike is None else lambda *_: alike
        one = FaceInterpolator[Picture](detect, known, SURE)
        given = []
        for index, picture in enumerate(film):
            one.add(picture, due=index % EVERY == 0 or index == len(film) - 1)
            given += one.settled()
        given += one.rest()
        self.pictures = [picture for picture, _ in given]
        self.faces: list[list[Tracked]] = [faces for _, faces in given]

    @property
    def boxes(self) -> list[list[Box]]:
        return [[one.detection.box for one in faces] for faces in self.faces]

    @property
    def truth(self) -> list[list[Box]]:
        return [sorted(one.box for one in picture) for picture in self.film]

    @property
    def tracklets(self) -> list[list[int]]:
        return [[one.tracklet for one in faces] for faces in self.faces]


def test_a_steady_face_is_looked_at_now_and_then_only() -> None:
    found = Film([[face(50)] for _ in range(25)])
    assert found.looks == [0, 6, 12, 18, 24]
    assert found.boxes == found.truth and found.tracklets == [[1]] * 25


def test_only_what_a_look_saw_is_detected() -> None:
    found = Film([[face(50)] for _ in range(20)])
    assert [one.detected for (one,) in found.faces] == [i in (0, 6, 12, 18, 19) for i in range(20)]


def test_a_face_that_moves_slowly_is_put_where_it_was_on_its_way() -> None:
    found = Film([[face(50 + 2 * i)] for i in range(19)])
    assert found.looks == [0, 6, 12, 18] and found.boxes == found.truth


def test_confidence_and_keypoints_are_interpolated_too() -> None:
    def known(x: float, confidence: float) -> Detection:
        points = Keypoints(*(Point(x + n, 60.0 + n) for n in range(5)))
        return face(x)._replace(confidence=confidence, keypoints=points)

    film = [[known(50 + 2 * i, 0.75 + 0.01 * i)] for i in range(7)]
    for (seen,), (true,) in zip(Film(film).faces, film, strict=True):
        assert seen.detection.confidence == pytest.approx(true.confidence)
        assert seen.detection.keypoints == true.keypoints


@pytest.mark.parametrize("first", range(1, 13))
def test_a_face_that_appears_between_two_looks_is_found_from_its_frame_on(first: int) -> None:
    found = Film([[face(50)] if i >= first else [] for i in range(19)])
    assert found.boxes == found.truth
    assert {number for numbers in found.tracklets for number in numbers} == {1}


@pytest.mark.parametrize("last", range(6, 18))
def test_a_face_that_leaves_between_two_looks_is_found_to_its_frame(last: int) -> None:
    found = Film([[face(50)] if i <= last else [] for i in range(19)])
    assert found.boxes == found.truth


def test_one_appears_while_another_stays_where_it_is() -> None:
    film = [[face(50), *([face(200)] if i >= 8 else [])] for i in range(19)]
    found = Film(film)
    assert found.boxes == found.truth
    assert found.tracklets == [[1]] * 8 + [[1, 2]] * 11


def test_a_fast_face_is_looked_at_closer_and_never_boxed_beside_itself() -> None:
    places = [50.0]
    for i in range(18):  # faster and faster, and back
        places.append(places[-1] + (13 if i < 9 else -13) * (1 - abs(i % 9 - 4) / 6))
    found = Film([[face(x)] for x in places])
    assert len(found.looks) > 4
    for (box,), (true,) in zip(found.boxes, found.truth, strict=True):
        assert box.iou(true) > 0.7
    assert found.tracklets == [[1]] * 19


def test_a_face_that_moved_half_its_width_is_looked_at_closer_though_it_looks_alike() -> None:
    assert Film([[face(50)] if i < 6 else [face(69)] for i in range(7)], alike=True).looks[:3] == [
        *(0, 6, 3),
    ]
    assert Film([[face(50)] if i < 6 else [face(60)] for i in range(7)], alike=True).looks == [0, 6]


def test_a_face_that_swings_out_between_two_looks_is_found_where_it_is() -> None:
    """Both looks see it in one place; half-way it is not there."""
    film = [[face(50 + 12 * min(i % 6, 6 - i % 6))] for i in range(13)]
    found = Film(film)
    assert found.boxes == found.truth and len(found.looks) > 3


def test_a_face_that_is_hidden_between_two_looks_is_not_seen_there() -> None:
    film: list[Picture] = [[face(50)] if i != 3 else [] for i in range(13)]
    found = Film(film)
    assert found.boxes == found.truth


def test_where_nothing_looks_alike_every_frame_is_looked_at() -> None:
    assert sorted(Film([[face(50)] for _ in range(13)], alike=False).looks) == list(range(13))


def test_no_picture_is_looked_at_twice() -> None:
    film = [[face(50 + 11 * i)] if i not in (5, 9) else [] for i in range(25)]
    looks = Film(film).looks
    assert len(looks) == len(set(looks))


def test_a_face_of_which_no_look_is_sure_causes_no_further_looks() -> None:
    weak = face(50, confidence=UNSURE)
    film: list[Picture] = [[weak] if i < 6 else [] for i in range(13)]
    assert Film(film).looks == [0, 6, 12]
    assert Film([list(picture) for picture in reversed(film)]).looks == [0, 6, 12]


def test_a_weak_face_that_two_looks_see_is_interpolated() -> None:
    found = Film([[face(50, confidence=UNSURE)] for _ in range(13)])
    assert found.boxes == found.truth and found.looks == [0, 6, 12]


def test_two_faces_keep_their_tracklets_when_their_order_changes() -> None:
    film = [[face(50), face(200)] if i < 6 else [face(200), face(50)] for i in range(13)]
    found = Film(film)
    assert found.boxes == found.truth and found.tracklets == [[1, 2]] * 13


def test_two_faces_that_could_be_mixed_up_get_new_tracklets() -> None:
    """One of two that stood close is gone, and the other stands between: nobody knows which."""
    film = [[face(100), face(130)] if i < 8 else [face(115)] for i in range(19)]
    found = Film(film)
    assert found.boxes == found.truth
    assert found.tracklets == [[1, 2]] * 8 + [[3]] * 11


def test_of_two_that_could_be_mixed_up_it_is_seen_when_though_both_are_weak() -> None:
    first, second, third = (face(x, confidence=UNSURE) for x in (100, 130, 115))
    found = Film([[first, second] if i < 4 else [third] for i in range(7)], alike=True)
    assert found.boxes == found.truth and len(found.looks) > 2


def test_the_longest_hole_of_a_tracklet_is_none() -> None:
    """A face that comes again after one look is another tracklet: the tracks are joined later."""
    film: list[Picture] = [[face(50)] if not 4 <= i < 9 else [] for i in range(19)]
    found = Film(film)
    assert found.boxes == found.truth
    assert found.tracklets == [[1]] * 4 + [[]] * 5 + [[2]] * 10


def test_every_picture_comes_back_once_and_in_order() -> None:
    film = [[face(40 + 9 * i)] for i in range(31)]
    assert Film(film).pictures == film


def test_no_more_pictures_are_kept_than_from_one_look_to_the_next() -> None:
    one = FaceInterpolator[Picture](list, similar, SURE)
    for index in range(40):
        one.add([face(50)], due=index % EVERY == 0)
        one.settled()
        assert len(one._pictures) <= EVERY


def test_nothing_is_remembered_from_the_shot_before() -> None:
    one = FaceInterpolator[Picture](list, similar, SURE)
    one.add([face(50)], due=True)
    ((_, (before,)),) = one.rest()
    one.add([face(52)], due=True)
    one.add([face(52)], due=True)
    after = [tracked for _, (tracked,) in one.rest()]
    assert before.tracklet == 1 and [tracked.tracklet for tracked in after] == [2, 2]
    assert one.rest() == []
