"""Faces followed from look to look, in made pictures: a picture is just where the faces are."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from videmo.schema import Box, Detection
from videmo.tracks import FaceFollower, Tracked
from videmo.tracks.follow import LONGEST_HOLE, UNCONFIRMED

Picture = list[Box]
"""A picture, as a follower sees it: the boxes of its faces."""

EVERY = 6
SURE, UNSURE = 0.5, 0.45
"""Confidences that are just enough to believe in a face, and just not."""


def face(x: int, side: int = 40) -> Box:
    return Box(x, 50, side, side)


def near(picture: Picture, box: Box) -> Detection | None:
    """A detector that finds whatever overlaps enough, and is sure of it."""
    fit = [(face.iou(box), face) for face in picture if face.iou(box) > 0.3]
    return Detection(max(fit)[1], SURE) if fit else None


def doubt(picture: Picture, box: Box) -> Detection | None:
    """A detector that finds the same, and is not sure of it."""
    found = near(picture, box)
    return found and found._replace(confidence=UNSURE)


def look(picture: Picture, known: Sequence[Box]) -> list[Detection]:
    """A look that sees all faces of `picture`, but those that are known."""
    return [Detection(f, SURE) for f in picture if all(f.iou(k) < 0.3 for k in known)]


def follower(
    detect: Callable[[Picture, Sequence[Box]], list[Detection]] = look,
    redetect: Callable[[Picture, Box], Detection | None] = near,
    *,
    alike: bool = True,
    memory: int = 2 * EVERY,
    stride: int = 1,
    mask_known: bool = True,
) -> FaceFollower[Picture]:
    return FaceFollower[Picture](
        detect, redetect, lambda *_: alike, SURE, memory, stride, mask_known
    )


def run_of(one: FaceFollower[Picture], film: list[Picture]) -> list[list[Tracked]]:
    """The faces in each frame of `film`, of which every sixth is looked at, and the last."""
    faces: list[list[Tracked]] = []
    for index, picture in enumerate(film):
        one.add(picture, due=index % EVERY == 0 or index == len(film) - 1)
        faces += [found for _, found in one.settled()]
    return faces + [found for _, found in one.rest()]


def boxes_of(faces: list[list[Tracked]]) -> list[list[Box]]:
    return [[one.detection.box for one in found] for found in faces]


def followed(film: list[Picture], **how: bool | int) -> list[list[Box]]:
    """The boxes in each frame of `film`."""
    return boxes_of(run_of(follower(**how), film))  # type: ignore[arg-type]


def blind(film: list[Picture], *frames: int) -> Callable[..., list[Detection]]:
    """A look that sees nothing in these frames of `film`."""
    missed = {id(film[frame]) for frame in frames}
    return lambda picture, known: [] if id(picture) in missed else look(picture, known)


def test_a_face_is_followed_from_look_to_look() -> None:
    film = [[face(10 + 3 * i)] for i in range(20)]
    assert followed(film) == film


def test_a_face_that_appears_between_two_looks_is_followed_back() -> None:
    film: list[Picture] = [[face(50)] if i >= 8 else [] for i in range(20)]
    assert followed(film) == film


def test_a_face_that_the_first_look_missed_is_followed_back_past_it() -> None:
    film = [[face(50)] for _ in range(20)]
    one = follower(blind(film, 0, EVERY))
    assert boxes_of(run_of(one, film)) == film


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
    one = follower(redetect=count, memory=24, stride=3)
    assert boxes_of(run_of(one, film)) == film
    assert len(searched) == 5


def test_the_third_look_leaves_out_a_face_that_is_surely_where_it_should_be() -> None:
    asked: list[list[Box]] = []

    def ask(picture: Picture, known: Sequence[Box]) -> list[Detection]:
        asked.append(list(known))
        return look(picture, known)

    one = follower(ask, memory=24)
    for _ in range(4):
        one.add([face(50)], due=True)
    assert asked == [[], [], [face(50)], [face(50)]]
    found = [found for _, found in one.rest()]
    assert boxes_of(found) == [[face(50)]] * 4
    assert all(tracked.detected for (tracked,) in found)


def test_a_look_sees_again_the_faces_that_are_not_surely_there() -> None:
    asked: list[list[Box]] = []

    def ask(picture: Picture, known: Sequence[Box]) -> list[Detection]:
        asked.append(list(known))
        return look(picture, known)

    for mask_known, search in ((True, doubt), (False, near)):
        one = follower(ask, search, memory=24, mask_known=mask_known)
        for _ in range(3):
            one.add([face(50)], due=True)
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


def doubtful(film: list[Picture], confidences: dict[int, float]) -> list[list[Box]]:
    """What is followed where detections at frame i have the confidence `confidences[i]`, and
    elsewhere too little."""
    numbers = {id(picture): index for index, picture in enumerate(film)}

    def rated(found: Detection, picture: Picture) -> Detection:
        return found._replace(confidence=confidences.get(numbers[id(picture)], UNSURE))

    def redetect(picture: Picture, box: Box) -> Detection | None:
        found = near(picture, box)
        return found and rated(found, picture)

    def detect(picture: Picture, known: Sequence[Box]) -> list[Detection]:
        return [rated(found, picture) for found in look(picture, known)]

    return boxes_of(run_of(follower(detect, redetect, memory=24), film))


def test_what_is_never_surely_a_face_is_none() -> None:
    assert doubtful([[face(50)] for _ in range(14)], {}) == [[]] * 14


def test_a_face_that_is_sure_once_is_one_from_its_first_frame_to_its_last() -> None:
    film = [[face(50)] for _ in range(14)]
    assert doubtful(film, {9: SURE}) == film


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
    one = follower(blind(film, *range(1, len(film))), doubt)
    found = boxes_of(run_of(one, film))
    assert found[UNCONFIRMED] == [face(50)] and found[-1] == []


def test_every_picture_comes_back_once_and_in_order() -> None:
    film: list[Picture] = [[face(i)] for i in range(31)]
    one = follower(memory=8)
    given: list[Picture] = []
    for picture in film:
        one.add(picture, due=False)
        given += [picture for picture, _ in one.settled()]
        assert len(one._pictures) <= 8
    given += [picture for picture, _ in one.rest()]
    assert given == film


def test_nothing_is_remembered_from_the_shot_before() -> None:
    one = follower(memory=8)
    one.add([face(50)], due=True)
    one.rest()
    one.add([face(50)], due=False)
    assert one.rest() == [([face(50)], [])]


def test_a_face_is_one_tracklet_over_looks_and_holes() -> None:
    for film in ([[face(10 + 3 * i)] for i in range(20)], hole(3)):
        assert {one.tracklet for found in run_of(follower(stride=3), film) for one in found} == {1}


def test_each_face_is_a_tracklet_of_its_own() -> None:
    film = [[face(10 + 2 * i), face(200 - 2 * i)] for i in range(20)]
    for found in run_of(follower(), film):
        assert [one.tracklet for one in found] == [1, 2]


def test_only_what_a_look_saw_is_detected() -> None:
    film = [[face(10 + 3 * i)] for i in range(20)]
    for stride in (1, 3):
        detected = [one.detected for (one,) in run_of(follower(stride=stride), film)]
        assert detected == [index % EVERY == 0 or index == 19 for index in range(20)]


def test_where_two_faces_meet_in_one_place_a_new_tracklet_begins() -> None:
    """Which of the two goes on from there, nobody knows."""
    film = [[face(40 + 4 * i), face(160 - 4 * i)] if i < 15 else [face(100)] for i in range(24)]
    found = run_of(follower(), film)
    assert [one.tracklet for one in found[5]] == [1, 2]
    assert {one.tracklet for one in found[-1]} == {3}
    left, right = (
        [one.detection.box.x for faces in found for one in faces if one.tracklet == number]
        for number in (1, 2)
    )
    assert max(left) <= 100 <= min(right)


def test_of_a_shot_that_follows_tracklets_have_other_numbers() -> None:
    one, film = follower(), [[face(50)] for _ in range(8)]
    assert {tracked.tracklet for found in run_of(one, film) for tracked in found} == {1}
    assert {tracked.tracklet for found in run_of(one, film) for tracked in found} == {2}
