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
