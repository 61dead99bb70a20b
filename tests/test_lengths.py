"""How long what is shown of a moment is, and which of its faces, on faces made by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import pytest

from videmo.exporters.lengths import shortened, spread
from videmo.exporters.selection import Sighting
from videmo.schema import Box, Run, Segment


def faces(scores: Sequence[float], *, track: int = 1, first: int = 0) -> list[Sighting]:
    """A face in each frame of ten in a second."""
    return [
        Sighting(frame, round(frame / 10, 3), track, Box(0, 0, 9, 9), score)
        for frame, score in enumerate(scores, first)
    ]


def moment(start: float, end: float) -> Segment:
    return Segment(1, "happy", start, end, (Run(1, "happy", (0,), start, end),))


def test_of_a_long_moment_the_best_seconds_are_kept() -> None:
    seen = faces([0.2] * 20 + [0.9] * 10 + [0.2] * 20)
    kept = shortened(moment(0, 5), 1.0, seen)
    assert (kept.start, kept.end) == (2.0, 3.0)


def test_the_best_seconds_lie_in_the_moment_to_its_end() -> None:
    kept = shortened(moment(0, 5), 2.0, faces([0.1] * 49 + [1.0]))
    assert (kept.start, kept.end) == (3.0, 5.0)


def test_faces_that_all_fit_in_are_in_the_middle() -> None:
    kept = shortened(moment(0, 4), 2.0, faces([0.9] * 11, first=15))  # from 1.5 to 2.5 s
    assert (kept.start, kept.end) == (pytest.approx(1.0), pytest.approx(3.0))


def test_of_stretches_that_say_as_much_the_first_is_kept() -> None:
    twice = faces([0.2] * 10 + [0.9] * 10 + [0.2] * 10 + [0.9] * 10 + [0.2] * 10)
    kept = shortened(moment(0, 5), 1.0, twice)
    assert (kept.start, kept.end) == (1.0, 2.0)
    even = shortened(moment(0, 5), 1.0, faces([0.5] * 50))
    assert (even.start, even.end) == (0.0, 1.0)


def test_what_is_kept_begins_no_sooner_and_ends_no_later_than_the_moment() -> None:
    """Where all faces lie near one end of it, they cannot be in the middle."""
    early = shortened(moment(0, 4), 2.0, faces([0.9] * 5))
    assert (early.start, early.end) == (0.0, 2.0)
    late = shortened(moment(0, 4), 2.0, faces([0.9] * 5, first=35))
    assert (late.start, late.end) == (2.0, 4.0)
    before = shortened(moment(1, 5), 2.0, faces([0.9] * 50))  # of a run that begins before it
    assert (before.start, before.end) == (1.0, 3.0)


def test_what_lies_before_the_moment_does_not_count() -> None:
    """A run may begin before its moment is cut; the best of what can be kept is kept."""
    seen = faces([0.9] * 20 + [0.1] * 20 + [0.5] * 10 + [0.1] * 20)
    kept = shortened(moment(2, 7), 1.0, seen)
    assert (kept.start, kept.end) == (4.0, 5.0)


def test_a_moment_that_is_short_enough_is_not_cut() -> None:
    one = moment(0, 4)
    assert shortened(one, 4.0, faces([0.5] * 40)) is one
    assert shortened(one, float("inf"), faces([0.5] * 40)) is one


def test_only_runs_that_are_still_in_it_are_seen() -> None:
    runs = tuple(Run(1, "happy", (0,), at, at + 1) for at in (0.0, 2.0, 4.0))
    assert Segment(1, "happy", 1.0, 3.0, runs).seen == (runs[1],)


def test_few_faces_are_all_kept() -> None:
    every = [faces([0.5] * 3), faces([0.5] * 4, track=2)]
    assert spread(every, 7) == [*every[0], *every[1]] == spread(every, 0)


def test_every_moment_gets_its_share_and_its_best_face() -> None:
    """What the short one leaves goes to the longer ones."""
    scores = [0.5] * 100
    every = [
        faces([0.5, 0.9, 0.5], track=1),
        faces([*scores[:37], 0.9, *scores[38:]], track=2),
        faces([*scores[:99], 0.9], track=3),
    ]
    kept = spread(every, 23)
    assert Counter(face.track for face in kept) == {1: 3, 2: 10, 3: 10}
    assert {(f.track, f.frame) for f in kept if f.score == 0.9} == {(1, 1), (2, 37), (3, 99)}
    of_second = [face.frame for face in kept if face.track == 2]
    assert of_second[0] == 0 and of_second[-1] == 99
    assert max(b - a for a, b in pairwise(of_second)) <= 16


def test_of_equally_good_faces_and_moments_the_first_are_kept() -> None:
    alike = [faces([0.1, 0.7, 0.7], track=track) for track in (1, 2, 3)]
    assert [(face.track, face.frame) for face in spread(alike, 2)] == [(1, 1), (2, 1)]
    scores = [0.5] * 40
    scores[13] = scores[31] = 0.9
    (one,) = [spread([faces(scores), faces(scores, track=2)], 9)]
    assert [face.frame for face in one if face.track == 1] == [0, 13, 26, 39]
    assert [face.frame for face in one if face.track == 2] == [0, 13, 19, 29, 39]


def test_of_more_moments_than_pictures_the_best_have_one_each() -> None:
    every = [faces([0.1, score], track=track) for track, score in enumerate((0.5, 0.9, 0.7), 1)]
    assert [(face.track, face.score) for face in spread(every, 2)] == [(2, 0.9), (3, 0.7)]
    assert [face.track for face in spread(every, 1)] == [2]
