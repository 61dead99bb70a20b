"""What stands over the faces of a contact sheet."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.moments import flashing, moments
from videmo.exporters.sheet import header_of


@pytest.mark.parametrize(
    ("persons", "says"),
    [
        ({1: "Lin", 2: "Ann", 3: "Bob"}, "2 moments, 1.5 s of 00:00:03.000, 2 tracks: Ann, Lin"),
        ({1: "Lin", 3: "Bob"}, "2 moments, 1.5 s of 00:00:03.000, 2 tracks, with Lin"),
        ({3: "Bob"}, "2 moments, 1.5 s of 00:00:03.000, 2 tracks"),
    ],
)
def test_a_title_counts_and_names_those_tracks_only_that_are_shown(
    tmp_path: Path, persons: dict[int, str], says: str
) -> None:
    """Track 3, and who that is, was not asked for; track 2 may be nobody known."""
    movie = flashing(tmp_path / "movie.mp4", 3)
    (one,), (other,) = (
        moments(movie, tmp_path, stretch, track=track, persons=persons).selections
        for track, stretch in ((1, (0.5, 1.5)), (2, (2.0, 2.5)))
    )
    both = replace(
        one,
        sightings={**one.sightings, **other.sightings},
        segments=(*one.segments, *other.segments),
    )
    assert header_of(both).about == says


def test_where_in_the_movie_runs_lie_is_told_as_parts_of_its_time(tmp_path: Path) -> None:
    """Of what was scanned: a stretch of it begins at 0, too."""
    movie = flashing(tmp_path / "movie.mp4", 4)
    (one,) = moments(movie, tmp_path, (0.0, 0.5), (2.0, 3.0), (3.5, 4.0)).selections
    parts = [part for stretch in header_of(one).stretches for part in stretch]
    assert parts == pytest.approx([0, 0.125, 0.5, 0.75, 0.875, 1])
    (late,) = moments(movie, tmp_path, (2.0, 3.0)).selections
    of_stretch = replace(late, starts=late.starts[late.starts >= 2.0])
    assert (of_stretch.start, of_stretch.end) == (2.0, 4.0)
    assert header_of(of_stretch).stretches == (pytest.approx((0, 0.5)),)
    assert " 00:00:02.000 from 00:00:02.000 on" in header_of(of_stretch).about


def test_each_run_has_a_stretch_and_not_each_moment(tmp_path: Path) -> None:
    """What lies between the runs of a moment is not filled."""
    movie = flashing(tmp_path / "movie.mp4", 4)
    (one,) = moments(movie, tmp_path, (0.0, 0.5), (1.0, 2.0)).selections
    first, second = one.segments
    joined = replace(first, end=second.end, runs=(*first.runs, *second.runs))
    both = replace(one, segments=(joined,))
    parts = [part for stretch in header_of(both).stretches for part in stretch]
    assert parts == pytest.approx([0, 0.125, 0.25, 0.5])
    assert header_of(both).about.startswith("1 moment, 1.5 s")
