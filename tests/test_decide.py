"""Who a track is, told from embeddings of tracks and of known people: on numbers made by hand."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from videmo.cli.tell import _doubtful
from videmo.people import company
from videmo.people.company import by_company
from videmo.people.decide import Groups, closest, mean_distances, nearest
from videmo.people.described import Track
from videmo.people.grouped import by_likeness, doubts_of


def look(*numbers: float) -> np.ndarray:
    return np.array([*numbers, *[0.0] * (128 - len(numbers))])


def track(number: int, *numbers: float, beside: tuple[int, ...] = ()) -> Track:
    """A track with the embedding `numbers`; without any, nobody can say who it is."""
    return Track(number, 1.0, 0.0, frozenset(beside), (), look(*numbers) if numbers else None)


def people_of(tracks: list[Track], **known: list[np.ndarray]) -> dict[int, str]:
    embeddings = {name: np.array(pictures) for name, pictures in known.items()}
    return {number: verdict.person for number, verdict in nearest(tracks, embeddings, 0.5).items()}


def test_the_nearest_person_wins_and_not_the_first_that_is_near_enough() -> None:
    assert people_of([track(1, 0.3)], ann=[look(0.0)], bob=[look(0.4)]) == {1: "bob"}


def test_whoever_is_too_far_away_is_nobody() -> None:
    verdict = nearest([track(1, 0.6)], {"ann": np.array([look(0.0)])}, 0.5)[1]
    assert verdict.person == "" and verdict.distance == pytest.approx(0.6)


def test_of_several_pictures_of_a_person_the_nearest_counts() -> None:
    assert people_of([track(1, 0.9)], ann=[look(0.0), look(1.0)], bob=[look(0.5)]) == {1: "ann"}


def test_a_track_without_a_plain_face_is_nobody() -> None:
    verdict = nearest([track(1)], {"ann": np.array([look(0.0)])})[1]
    assert verdict == ("", None, "")


def test_nobody_is_in_two_places_at_once() -> None:
    two = [track(1, 0.2, beside=(2,)), track(2, 0.1, beside=(1,))]
    assert people_of(two, ann=[look(0.0)]) == {1: "", 2: "ann"}


def test_whoever_is_in_two_places_does_not_become_somebody_else() -> None:
    two = [track(1, 0.2, beside=(2,)), track(2, 0.1, beside=(1,))]
    assert people_of(two, ann=[look(0.0)], bob=[look(0.5)]) == {1: "", 2: "ann"}


def test_one_person_may_be_many_tracks() -> None:
    assert people_of([track(1, 0.2), track(2, 0.1)], ann=[look(0.0)]) == {1: "ann", 2: "ann"}


def test_the_closest_track_is_told_even_if_it_is_far_away() -> None:
    assert closest([track(1), track(2, 3.0), track(3, 2.0)], np.array([look(0.0)])) == 2.0
    assert closest([track(1)], np.array([look(0.0)])) is None


def grouped(*movies: list[Track], distance: float = 0.5) -> set[frozenset[tuple[int, int]]]:
    """The groups, each as movies and track numbers."""
    groups = Groups(distance)
    for index, tracks in enumerate(movies):
        groups.add(index, tracks)
    return {frozenset((m.movie, m.track.number) for m in group) for group in groups.members}


def test_tracks_that_are_alike_are_put_together() -> None:
    tracks = [track(1, 0.0), track(2, 1.0), track(3, 0.1), track(4, 1.1)]
    assert grouped(tracks) == {frozenset({(0, 1), (0, 3)}), frozenset({(0, 2), (0, 4)})}


def test_tracks_of_several_movies_are_put_together() -> None:
    assert grouped([track(1, 0.0)], [track(1, 0.1)], [track(1, 1.0)]) == {
        frozenset({(0, 1), (1, 1)}),
        frozenset({(2, 1)}),
    }


def test_tracks_that_share_a_frame_are_never_put_together() -> None:
    tracks = [track(1, 0.0, beside=(2,)), track(2, 0.1, beside=(1,))]
    assert len(grouped(tracks)) == 2
    # Nor by way of a third one that is like both.
    assert grouped([*tracks, track(3, 0.02)]) == {frozenset({(0, 1), (0, 3)}), frozenset({(0, 2)})}


def test_a_later_movie_does_not_put_together_whom_an_earlier_one_showed_side_by_side() -> None:
    earlier = [track(1, 0.0, beside=(2,)), track(2, 0.1, beside=(1,))]
    assert sorted(map(len, grouped(earlier, [track(1, 0.05), track(2, 0.06)]))) == [1, 3]


def test_a_chain_of_look_alikes_is_not_one_person() -> None:
    chain = [track(n, 0.3 * n) for n in range(8)]
    assert all(len(group) < 4 for group in grouped(chain))


def test_tracks_that_nobody_can_tell_are_left_out() -> None:
    assert grouped([track(1)], [track(1), track(2, 0.0)]) == {frozenset({(1, 2)})}


def test_groups_are_joined_while_they_are_near_on_average() -> None:
    """Against a plain, slow way to do the same."""
    rng = np.random.default_rng(5)
    centres = rng.normal(size=(6, 128)) * 0.05
    tracks = [
        track(n, *(centres[n % 6] + rng.normal(size=128) * 0.03), beside=(n ^ 1,))
        for n in range(40)
    ]
    assert grouped(tracks, distance=0.55) == slowly_grouped(tracks, 0.55)
    assert 6 <= len(grouped(tracks, distance=0.55)) < 40


def slowly_grouped(tracks: list[Track], distance: float) -> set[frozenset[tuple[int, int]]]:
    groups = [[t] for t in tracks]

    def apart(one: list[Track], other: list[Track]) -> float:
        if any(b.number in a.beside for a in one for b in other):
            return np.inf
        return float(
            np.mean([((a.embedding - b.embedding) ** 2).sum() for a in one for b in other])
        )

    while True:
        pairs = [(apart(a, b), i, j) for (i, a), (j, b) in combinations(enumerate(groups), 2)]
        away, one, other = min(pairs)
        if away >= distance**2:
            return {frozenset((0, t.number) for t in group) for group in groups}
        groups[one] += groups.pop(other)


def test_distances_in_a_group_are_means_to_the_others() -> None:
    groups = Groups(5.0)
    groups.add(0, [track(1, 0.0), track(2, 1.0), track(3, 2.0)])
    (group,) = groups.members
    told = dict(zip((m.track.number for m in group), mean_distances(group), strict=True))
    assert told == pytest.approx({1: 1.5, 2: 1.0, 3: 1.5})
    assert mean_distances(group[:1]) == [None]


def doubts(
    *movies: list[Track], distance: float = 0.5
) -> list[tuple[set[tuple[int, int]], set[tuple[int, int]], float]]:
    """The parts of each group that is held together only just, and how far apart they are."""
    groups = Groups(distance)
    for index, tracks in enumerate(movies):
        groups.add(index, tracks)
    assert len(groups.doubts) == len(groups.members)
    parts = [
        [{(m.movie, m.track.number) for m in part} for part in (one.one, one.other)]
        for one in groups.doubts
        if one
    ]
    far = [one.distance for one in groups.doubts if one]
    return [(*sorted(two, key=min), away) for two, away in zip(parts, far, strict=True)]


def test_tracks_that_are_only_just_alike_may_be_two_people() -> None:
    """By less than 0.05 below the limit, and not by more."""
    assert doubts([track(1, 0.0), track(2, 0.48)]) == [({(0, 1)}, {(0, 2)}, pytest.approx(0.48))]
    assert doubts([track(1, 0.0), track(2, 0.44)]) == []
    assert doubts([track(1, 0.0), track(2, 0.51)]) == []  # they are two
    assert doubts([track(1, 0.0), track(2, 0.48)], distance=0.55) == []
    assert doubts([track(1, 0.0), track(2, 0.52)], distance=0.55)[0][2] == pytest.approx(0.52)


def test_the_parts_are_those_that_were_put_together_only_just() -> None:
    """Two and two, each much alike; who is in no doubt is not told."""
    tracks = [track(1, 0.0), track(2, 0.02), track(3, 0.48), track(4, 0.5), track(5, 3.0)]
    ((one, other, away),) = doubts([*tracks, track(6, 3.1)])
    assert (one, other) == ({(0, 1), (0, 2)}, {(0, 3), (0, 4)})
    assert away == pytest.approx(0.4804, abs=1e-3)


def test_a_doubt_is_that_of_its_own_group() -> None:
    groups = Groups(0.5)
    groups.add(0, [track(1, 0.0), track(2, 0.1), track(3, 3.0), track(4, 3.48)])
    assert [bool(one) for one in groups.doubts] == [False, True]
    assert {member.track.number for member in groups.members[1]} == {3, 4}


def test_what_is_told_is_the_farthest_of_all_that_was_put_together() -> None:
    """Also where more came to it later, in another movie."""
    first = [track(1, 0.0), track(2, 0.48)]
    later = [track(1, 0.24), track(2, 0.25)]
    ((one, other, away),) = doubts(first, later)
    assert (one, other, away) == ({(0, 1)}, {(0, 2)}, pytest.approx(0.48))
    ((one, other, _),) = doubts([track(1, 0.0)], [track(1, 0.47)])
    assert (one, other) == ({(0, 1)}, {(1, 1)})


@pytest.mark.parametrize("apart", [0.48, 0.4501, 0.4999, 0.4654])
def test_the_distance_that_is_told_parts_them(apart: float) -> None:
    tracks = [track(1, 0.0), track(2, apart), track(3, 9.0), track(4, 9.01)]
    groups = Groups(0.5)
    groups.add(0, tracks)
    (joined,) = filter(None, groups.doubts)
    assert joined.parting == round(joined.parting, 2) > 0.43
    assert grouped(tracks, distance=joined.parting) == {
        *(frozenset({(0, 1)}), frozenset({(0, 2)}), frozenset({(0, 3), (0, 4)}))
    }


def test_only_people_with_a_name_are_in_doubt() -> None:
    """Who is seen too shortly has none."""
    movies = [[track(1, 0.0), track(2, 0.48)], [track(1, 9.0)]]
    found = by_likeness(movies, 0.5, min_seconds=2.0)
    assert found.names == ["person-1"] and list(found.doubts) == ["person-1"]
    (told,) = doubts_of(found.doubts, ["a.mp4", "b.mp4"])
    assert (told.person, told.one, told.other) == ("person-1", [("a.mp4", 1)], [("a.mp4", 2)])
    assert (told.distance, told.parting) == (pytest.approx(0.48), 0.47)
    assert by_likeness(movies, 0.5, min_seconds=9.0).doubts == {}


BETWEEN = [track(1, 0.0), track(2, 0.48)]
"""Two that are put together at 0.5 only just; with who is like both, in another movie."""


def parting(*later: Track) -> tuple[float | None, str]:
    """Which limit is told to part these two, and the line about it."""
    movies = [BETWEEN, [*later]]
    found = by_likeness(movies, 0.5, min_seconds=0.0)
    assert found.names == ["person-1"]
    (told,) = doubts_of(found.doubts, ["a.mp4", "b.mp4"])
    return told.parting, _doubtful(told, several=True)


def test_a_limit_is_told_only_if_it_parts_them_in_several_movies() -> None:
    """At 0.47 the one of the other movie is put to one of them first, and both to the other."""
    limit, line = parting(track(1, 0.2309, 0.3627))
    assert limit == 0.46 and line.endswith("(0.48); see the sheet; --distance 0.46 parts them")
    again = by_likeness([BETWEEN, [track(1, 0.2309, 0.3627)]], limit, min_seconds=0.0)
    assert len({verdict.person for verdict in again.verdicts[0].values()}) == 2
    assert len(by_likeness([BETWEEN, [track(1, 0.2309, 0.3627)]], 0.47, 0.0).names) == 1
    limit, line = parting(track(1, 0.24))  # like both: none near it does
    assert limit is None and line.endswith("(0.48); see the sheet")


def companions(
    tracks: list[Track], *, distance: float = 0.5, **known: list[np.ndarray]
) -> dict[int, str]:
    """Who the tracks of one movie are, known pictures and grouping together."""
    embeddings = {name: np.array(pictures) for name, pictures in known.items()}
    alone = [nearest(tracks, embeddings, distance)]
    return {n: verdict.person for n, verdict in by_company([tracks], alone, distance)[0].items()}


def test_a_track_just_too_far_away_is_named_beside_two_sure_ones() -> None:
    tracks = [track(1, 0.45), track(2, 0.48), track(3, 0.52)]
    assert people_of(tracks, ann=[look(0.0)])[3] == ""
    assert companions(tracks, ann=[look(0.0)]) == {1: "ann", 2: "ann", 3: "ann"}


def test_one_sure_track_is_not_enough() -> None:
    assert companions([track(1, 0.45), track(3, 0.52)], ann=[look(0.0)])[3] == ""


def test_a_track_far_away_is_not_named_whatever_it_is_like() -> None:
    tracks = [track(1, 0.45), track(2, 0.48), track(3, 0.56)]
    assert companions(tracks, ann=[look(0.0)])[3] == ""


def test_a_track_that_is_not_like_the_sure_ones_is_not_named() -> None:
    tracks = [track(1, 0.45), track(2, 0.48), track(3, -0.52)]
    assert companions(tracks, ann=[look(0.0)])[3] == ""


def test_a_track_beside_the_person_is_somebody_else() -> None:
    tracks = [track(1, 0.45), track(2, 0.48, beside=(3,)), track(3, 0.52, beside=(2,))]
    assert companions(tracks, ann=[look(0.0)])[3] == ""
    # So of two that could be it: the nearer one is.
    two = [track(3, 0.52, beside=(4,)), track(4, 0.51, beside=(3,))]
    sure = [track(1, 0.45), track(2, 0.48)]
    assert companions([*sure, *two], ann=[look(0.0)]) == {1: "ann", 2: "ann", 3: "", 4: "ann"}


def test_a_track_beside_one_of_very_many_sure_ones_is_somebody_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Only the longest are grouped; who is on the screen with another of them is not the person."""
    monkeypatch.setattr(company, "MOST", 2)
    sure = [track(1, 0.45), track(2, 0.48), track(4, 0.1, beside=(3,))]
    assert companions([*sure, track(3, 0.52, beside=(4,))], ann=[look(0.0)])[3] == ""


def test_company_may_be_in_another_movie() -> None:
    known = {"ann": np.array([look(0.0)])}
    movies = [[track(1, 0.45), track(2, 0.48)], [track(1, 0.52)]]
    alone = [nearest(tracks, known, 0.5) for tracks in movies]
    verdict = by_company(movies, alone, 0.5)[1][1]
    assert verdict.person == "ann" and verdict.distance == pytest.approx(0.52)


def test_a_track_that_is_too_far_away_says_from_whom() -> None:
    known = {"ann": np.array([look(0.0)]), "bob": np.array([look(2.0)])}
    assert nearest([track(1, 0.6)], known, 0.5)[1].nearly == "ann"
