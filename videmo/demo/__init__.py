"""Movies with a known truth, made on the spot: for the README, the tests and measurements.

from videmo.demo import demo_story, make_movie, write_truth

rows = make_movie(Path("demo.mp4"), demo_story())
write_truth(Path("demo.mp4.truth.csv"), rows)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from videmo.demo.example import demo_story
from videmo.demo.hard import hard_story
from videmo.demo.story import Actor, Place, Shot, Story
from videmo.demo.truth import KINDS, TruthRow, truth, write_truth

if TYPE_CHECKING:
    from videmo.demo.movie import make_movie

__all__ = [
    "KINDS",
    "Actor",
    "Place",
    "Shot",
    "Story",
    "TruthRow",
    "demo_story",
    "hard_story",
    "make_movie",
    "truth",
    "write_truth",
]


def __getattr__(name: str) -> Any:
    """`make_movie` on first use: stories are pure, but it needs OpenCV and PyAV."""
    if name == "make_movie":
        from videmo.demo.movie import make_movie

        return make_movie
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
