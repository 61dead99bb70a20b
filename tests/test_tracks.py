"""Who is who, on boxes made by hand."""

from __future__ import annotations

from videmo.schema import Box
from videmo.tracks.join import TrackJoiner


def face(x: int, y: int = 50, side: int = 40) -> Box:
    return Box(x, y, side, side)


def joined(joiner: TrackJoiner, time: float, *boxes: Box, cut: bool = False) -> list[int]:
    """The tracks of faces of which no tracker has said who they are: chunks of one frame each."""
    joiner.begin_chunk()
    return joiner.join(time, boxes, range(1, len(boxes) + 1), cut)


def test_a_face_that_moves_a_little_keeps_its_track() -> None:
    joiner = TrackJoiner(gap=0.5)
    assert [joined(joiner, i / 25, face(10 + 4 * i)) for i in range(5)] == [[1]] * 5


def test_two_faces_keep_their_tracks_when_their_order_changes() -> None:
    joiner = TrackJoiner(gap=0.5)
    assert joined(joiner, 0.0, face(10), face(200)) == [1, 2]
    assert joined(joiner, 0.1, face(202), face(11)) == [2, 1]


def test_a_cut_ends_all_tracks() -> None:
    joiner = TrackJoiner(gap=0.5)
    joined(joiner, 0.0, face(10))
    assert joined(joiner, 0.1, face(10), cut=True) == [2]


def test_a_cut_ends_the_track_of_a_tracklet_too() -> None:
    """A tracker may see a face on over a cut; the merge knows better."""
    joiner = TrackJoiner(gap=0.5)
    assert joiner.join(0.0, [face(10)], [7]) == [1]
    assert joiner.join(0.1, [face(10)], [7], cut=True) == [2]
    assert joiner.join(0.2, [face(10)], [7]) == [2]


def test_a_face_that_is_missed_for_less_than_the_gap_keeps_its_track() -> None:
    joiner = TrackJoiner(gap=0.5)
    joined(joiner, 0.0, face(10))
    joined(joiner, 0.2)
    assert joined(joiner, 0.4, face(10)) == [1]


def test_a_face_that_is_missed_for_longer_than_the_gap_gets_a_new_track() -> None:
    joiner = TrackJoiner(gap=0.5)
    for time in (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6):
        joined(joiner, time, *([face(10)] if not time else []))
    assert joined(joiner, 0.7, face(10)) == [2]


def test_a_frame_that_is_shown_for_long_ends_no_track() -> None:
    """It was looked at once: in the next frame the same face is where it was."""
    joiner = TrackJoiner(gap=0.5)
    assert joined(joiner, 0.0, face(10), face(200)) == [1, 2]
    assert joined(joiner, 1.7, face(10), face(200)) == [1, 2]
    assert joined(joiner, 3.4, face(10)) == [1]
    assert joined(joiner, 5.1, face(10), face(200)) == [1, 2]
    assert joined(joiner, 6.8, face(200)) == [2]
    assert joined(joiner, 8.5, face(200)) == [2]
    assert joined(joiner, 10.2, face(10), face(200)) == [3, 2]


def test_a_fast_face_is_found_again_where_its_movement_led() -> None:
    joiner = TrackJoiner(gap=0.5)
    for i in range(10):
        assert joined(joiner, i / 25, face(10 + 15 * i)) == [1]
    assert joined(joiner, 12 / 25, face(10 + 15 * 12)) == [1]


def test_a_face_that_two_tracks_claim_belongs_to_neither() -> None:
    joiner = TrackJoiner(gap=0.5)
    joined(joiner, 0.0, face(100), face(130))
    assert joined(joiner, 0.1, face(115)) == [3]


def test_faces_that_cross_are_never_mixed() -> None:
    joiner = TrackJoiner(gap=0.5)
    owners: dict[int, set[str]] = {}
    for i in range(60):
        left, right = face(20 + 5 * i), face(315 - 5 * i)
        both = {"a": left, "b": right}
        if left.iou(right) > 0.15:  # a detector sees one face there, or none
            both = {} if i % 2 else {"a": left}
        for track, who in zip(joined(joiner, i / 25, *both.values()), both, strict=True):
            owners.setdefault(track, set()).add(who)
    assert all(len(who) == 1 for who in owners.values()), owners


def test_a_tracklet_is_one_track_wherever_its_face_goes() -> None:
    """Whom a tracklet belongs to, the tracker has said."""
    joiner = TrackJoiner(gap=0.5)
    assert joiner.join(0.0, [face(10), face(200)], [1, 2]) == [1, 2]
    assert joiner.join(0.1, [face(200), face(10)], [1, 2]) == [1, 2]
    assert joiner.join(0.2, [face(500)], [2]) == [2]


def test_two_tracklets_at_one_time_are_two_tracks() -> None:
    joiner = TrackJoiner(gap=0.5)
    assert joiner.join(0.0, [face(10)], [1]) == [1]
    assert joiner.join(0.1, [face(12), face(14)], [1, 2]) == [1, 2]


def test_a_tracklet_begins_where_another_one_ended_and_goes_on_with_its_track() -> None:
    joiner = TrackJoiner(gap=0.5)
    assert joiner.join(0.0, [face(10), face(200)], [1, 2]) == [1, 2]
    assert joiner.join(0.1, [face(201), face(11)], [3, 1]) == [2, 1]


def test_in_another_chunk_the_same_number_is_another_tracklet() -> None:
    joiner = TrackJoiner(gap=0.5)
    assert joiner.join(0.0, [face(10), face(200)], [1, 2]) == [1, 2]
    joiner.begin_chunk()
    assert joiner.join(0.1, [face(200), face(10)], [1, 2]) == [2, 1]


def test_a_new_tracklet_that_two_ended_tracks_claim_belongs_to_neither() -> None:
    joiner = TrackJoiner(gap=0.5)
    assert joiner.join(0.0, [face(100), face(130)], [1, 2]) == [1, 2]
    assert joiner.join(0.1, [face(115)], [3]) == [3]


def test_a_track_that_is_there_goes_on_though_a_new_tracklet_could_be_it() -> None:
    joiner = TrackJoiner(gap=0.5)
    assert joiner.join(0.0, [face(100), face(130)], [1, 2]) == [1, 2]
    assert joiner.join(0.1, [face(112), face(118)], [1, 3]) == [1, 3]
    assert joiner.join(0.2, [face(112), face(118)], [1, 3]) == [1, 3]


def test_a_tracklet_whose_track_another_one_took_over_begins_a_new_one() -> None:
    """Else two faces of one frame would be one track, which is in a frame once."""
    joiner = TrackJoiner(gap=0.5)
    assert joiner.join(0.0, [face(10)], [1]) == [1]
    assert joiner.join(0.1, [face(11)], [2]) == [1]
    assert joiner.join(0.2, [face(12), face(200)], [2, 1]) == [1, 2]


def test_overlap_is_the_shared_part_of_both() -> None:
    assert Box(0, 0, 10, 10).iou(Box(5, 0, 10, 10)) == 50 / 150
    assert Box(0, 0, 10, 10).iou(Box(10, 0, 10, 10)) == 0
    assert Box(3, 4, 10, 10).iou(Box(3, 4, 10, 10)) == 1
