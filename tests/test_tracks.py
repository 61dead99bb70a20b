"""Who is who, on boxes made by hand."""

from __future__ import annotations

from videmo.schema import Box
from videmo.tracks.join import TrackJoiner


def face(x: int, y: int = 50, side: int = 40) -> Box:
    return Box(x, y, side, side)


def test_a_face_that_moves_a_little_keeps_its_track() -> None:
    linker = TrackJoiner(gap=0.5)
    assert [linker.link(i / 25, [face(10 + 4 * i)]) for i in range(5)] == [[1]] * 5


def test_two_faces_keep_their_tracks_when_their_order_changes() -> None:
    linker = TrackJoiner(gap=0.5)
    assert linker.link(0.0, [face(10), face(200)]) == [1, 2]
    assert linker.link(0.1, [face(202), face(11)]) == [2, 1]


def test_a_cut_ends_all_tracks() -> None:
    linker = TrackJoiner(gap=0.5)
    linker.link(0.0, [face(10)])
    assert linker.link(0.1, [face(10)], cut=True) == [2]


def test_a_face_that_is_missed_for_less_than_the_gap_keeps_its_track() -> None:
    linker = TrackJoiner(gap=0.5)
    linker.link(0.0, [face(10)])
    linker.link(0.2, [])
    assert linker.link(0.4, [face(10)]) == [1]


def test_a_face_that_is_missed_for_longer_than_the_gap_gets_a_new_track() -> None:
    linker = TrackJoiner(gap=0.5)
    linker.link(0.0, [face(10)])
    assert linker.link(0.6, [face(10)]) == [2]


def test_a_fast_face_is_found_again_where_its_movement_led() -> None:
    linker = TrackJoiner(gap=0.5)
    for i in range(10):
        assert linker.link(i / 25, [face(10 + 15 * i)]) == [1]
    assert linker.link(12 / 25, [face(10 + 15 * 12)]) == [1]


def test_a_face_that_two_tracks_claim_belongs_to_neither() -> None:
    linker = TrackJoiner(gap=0.5)
    linker.link(0.0, [face(100), face(130)])
    assert linker.link(0.1, [face(115)]) == [3]


def test_faces_that_cross_are_never_mixed() -> None:
    linker = TrackJoiner(gap=0.5)
    owners: dict[int, set[str]] = {}
    for i in range(60):
        left, right = face(20 + 5 * i), face(315 - 5 * i)
        both = {"a": left, "b": right}
        if left.iou(right) > 0.15:  # a detector sees one face there, or none
            both = {} if i % 2 else {"a": left}
        for track, who in zip(linker.link(i / 25, list(both.values())), both, strict=True):
            owners.setdefault(track, set()).add(who)
    assert all(len(who) == 1 for who in owners.values()), owners


def test_overlap_is_the_shared_part_of_both() -> None:
    assert Box(0, 0, 10, 10).iou(Box(5, 0, 10, 10)) == 50 / 150
    assert Box(0, 0, 10, 10).iou(Box(10, 0, 10, 10)) == 0
    assert Box(3, 4, 10, 10).iou(Box(3, 4, 10, 10)) == 1
