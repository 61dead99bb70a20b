"""Faces followed from look to look, in made pictures: a picture is just where the faces are."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from videmo.tracks.follow import LONGEST_HOLE, UNCONFIRMED, FaceFollower
from videmo.schema import Box, Detection

Picture = list[Box]
"""A picture, as a follower sees it: the boxes of its faces."""

EVERY = 6


def face(x: int, side: int = 40) -> Box:
    return Box(x, 50, side, side)


def near(picture: Picture, box: Box) -> Detection | None:
    """A detector that finds whatever overlaps enough, and is sure of it."""
    fit = [(face.iou(box), face) for face in picture if face.iou(box) > 0.3]
    return Detection(max(fit)[1], 1) if fit else None


def sure(boxes: Picture) -> list[Detection]:
    return [Detection(box, 1) for box in boxes]


def look_at(picture: Picture) -> Callable[[Sequence[Box]], list[Detection]]:
    """A look that sees all faces of `picture`, but those that are known."""
    return lambda known: sure([f for f in picture if all(f.iou(k) < 0.3 for k in known)])


def followed(
    film: list[Picture], *, alike: bool = True, hidden: int = -1, stride: int = 1
) -> list[list[Box]]:
    """The boxes in each frame of `film`; looks do not see what is at the place `hidden`."""
    follower = FaceFollower[Picture](near, lambda *_: alike, memory=2 * EVERY, stride=stride)
    boxes: list[list[Box]] = []
    for index, picture in enumerate(film):
        look = index % EVERY == 0 or index == len(film) - 1
        seen = [box for box in picture if box.x != hidden]
        follower.add(picture, look_at(seen) if look else None)
        boxes += [found for _, found in follower.settled()]
    return boxes + [found for _, found in follower.rest()]


def test_a_face_is_followed_from_look_to_look() -> None:
    film = [[face(10 + 3 * i)] for i in range(20)]
    assert followed(film) == film


def test_a_face_that_appears_between_two_looks_is_followed_back() -> None:
    film: list[Picture] = [[face(50)] if i >= 8 else [] for i in range(20)]
    assert followed(film) == film


def test_a_face_that_the_first_look_missed_is_followed_back_past_it() -> None:
    film = [[face(50)] for _ in range(20)]
    follower = FaceFollower[Picture](near, lambda *_: True, memory=2 * EVERY)
    for index, picture in enumerate(film):
        seen: Picture = [] if index in (0, EVERY) else picture
        follower.add(picture, look_at(seen) if index % EVERY == 0 else None)
    assert [found for _, found in follower.rest()] == film


def test_a_face_that_leaves_is_not_seen_any_more() -> None:
    film: list[Picture] = [[face(50)] if i < 8 else [] for i in range(20)]
    assert followed(film) == film


def test_two_faces_are_followed_side_by_side() -> None:
    film = [[face(10 + 2 * i), face(200 - 2 * i)] for i in range(20)]
    assert followed(film) == film


def test_a_fast_face_is_followed_by_its_movement() -> None:
    film = [[face(10 + 18 * i)] for i in range(20)]
    assert followed(film)[1:] == film[1:]


def test_a_face_that_moves_steadily_is_searched_in_every_third_frame_only() -> None:
    searched: list[Box] = []

    def count(picture: Picture, box: Box) -> Detection | None:
        searched.append(box)
        return near(picture, box)

    film = [[face(10 + 3 * i)] for i in range(19)]
    follower = FaceFollower[Picture](count, lambda *_: True, memory=24, stride=3)
    for index, picture in enumerate(film):
        follower.add(picture, look_at(picture) if index % EVERY == 0 else None)
    assert [found for _, found in follower.rest()] == film
    assert len(searched) == 5


def test_the_third_look_leaves_out_a_face_that_is_surely_where_it_should_be() -> None:
    asked: list[list[Box]] = []

    def look(known: Sequence[Box]) -> list[Detection]:
        asked.append(list(known))
        return [] if known else sure([face(50)])

    follower = FaceFollower[Picture](near, lambda *_: True, memory=24)
    for _ in range(4):
        follower.add([face(50)], look)
    assert asked == [[], [], [face(50)], [face(50)]]
    assert [found for _, found in follower.rest()] == [[face(50)]] * 4


def test_a_look_sees_again_the_faces_that_are_not_surely_there() -> None:
    asked: list[list[Box]] = []

    def look(known: Sequence[Box]) -> list[Detection]:
        asked.append(list(known))
        return sure([face(50)])

    def doubt(picture: Picture, box: Box) -> Detection | None:
        return Detection(face(50), 0.9)

    for skims, search in ((True, doubt), (False, near)):
        follower = FaceFollower[Picture](search, lambda *_: True, memory=24, skims=skims)
        for _ in range(3):
            follower.add([face(50)], look)
    assert asked == [[]] * 6


def test_with_strides_a_face_is_found_to_the_frame_on_which_it_appears_and_leaves() -> None:
    for first in range(7, 12):
        film: list[Picture] = [[face(50)] if first <= i < 21 else [] for i in range(30)]
        assert followed(film, stride=3) == film
    for last in range(13, 18):
        film = [[face(50)] if i < last else [] for i in range(30)]
        assert followed(film, stride=3) == film


def test_with_strides_what_does_not_look_alike_is_searched_frame_by_frame() -> None:
    film = [[face(10 + 3 * i)] if i != 4 else [] for i in range(19)]
    assert followed(film, stride=3, alike=False) == film


def doubtful(film: list[Picture], weights: dict[int, float]) -> list[list[Box]]:
    """What is followed where each detection at frame i has the weight `weights[i]`."""
    numbers = {id(picture): index for index, picture in enumerate(film)}

    def weigh(picture: Picture, box: Box) -> Detection | None:
        found = near(picture, box)
        return found and found._replace(weight=weights.get(numbers[id(picture)], 0.5))

    follower = FaceFollower[Picture](weigh, lambda *_: True, memory=24)
    for index, picture in enumerate(film):
        look = [Detection(box, weights.get(index, 0.5)) for box in picture]
        follower.add(picture, (lambda _, look=look: look) if index % EVERY == 0 else None)
    return [found for _, found in follower.rest()]


def test_what_is_never_surely_a_face_is_none() -> None:
    assert doubtful([[face(50)] for _ in range(14)], {}) == [[]] * 14


def test_a_face_that_is_sure_once_is_one_from_its_first_frame_to_its_last() -> None:
    film = [[face(50)] for _ in range(14)]
    assert doubtful(film, {9: 1.0}) == film


def hole(length: int) -> list[Picture]:
    """A face that cannot be found for some frames."""
    gone = range(7, 7 + length)
    return [[] if i in gone else [face(10 + 2 * i)] for i in range(24)]


def test_a_hole_of_a_few_frames_is_filled_between_its_edges() -> None:
    found = followed(hole(3))
    assert found == [[face(10 + 2 * i)] for i in range(24)]


def test_a_longer_hole_is_not_filled() -> None:
    film = hole(LONGEST_HOLE + 1)
    assert followed(film) == film


def test_a_hole_in_which_something_else_is_seen_is_not_filled() -> None:
    film = hole(3)
    assert followed(film, alike=False) == film


def test_a_face_that_look_after_look_does_not_confirm_is_given_up() -> None:
    film = [[face(50)] for _ in range(UNCONFIRMED + 4 * EVERY)]

    def doubt(picture: Picture, box: Box) -> Detection | None:
        found = near(picture, box)
        return found and found._replace(weight=0.9)

    follower = FaceFollower[Picture](doubt, lambda *_: True, memory=2 * EVERY)
    for index, picture in enumerate(film):
        seen = picture if index == 0 else []
        follower.add(picture, look_at(seen) if index % EVERY == 0 else None)
        list(follower.settled())
    assert follower.rest()[-1][1] == []


def test_every_picture_comes_back_once_and_in_order() -> None:
    film: list[Picture] = [[face(i)] for i in range(31)]
    follower = FaceFollower[Picture](near, lambda *_: True, memory=8)
    given: list[Picture] = []
    for picture in film:
        follower.add(picture, None)
        given += [picture for picture, _ in follower.settled()]
        assert len(follower._pictures) <= 8
    given += [picture for picture, _ in follower.rest()]
    assert given == film


def test_nothing_is_remembered_from_the_shot_before() -> None:
    follower = FaceFollower[Picture](near, lambda *_: True, memory=8)
    follower.add([face(50)], look_at([face(50)]))
    follower.rest()
    follower.add([face(50)], None)
    assert follower.rest() == [([face(50)], [])]
