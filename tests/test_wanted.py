"""What somebody wants, against what a table's model tells apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from videmo.errors import RequestError
from videmo.extract.wanted import Wanted, of_labels
from videmo.meant import meant_by
from videmo.schema import ALL_LABELS

TABLE = Path("movie.mp4.faces.csv")
GESTURES = ("fist", "palm")


def test_all_is_what_the_model_of_each_table_tells_apart() -> None:
    assert of_labels(Wanted((ALL_LABELS,)), GESTURES, TABLE).emotions == GESTURES


def test_of_each_table_is_wanted_what_its_model_knows() -> None:
    assert of_labels(Wanted(("happy", "palm")), GESTURES, TABLE).emotions == ("palm",)


def test_an_emotion_said_twice_is_wanted_once() -> None:
    assert of_labels(Wanted(("palm", "palm")), GESTURES, TABLE).emotions == ("palm",)


def test_a_table_whose_model_knows_nothing_of_it_is_named() -> None:
    with pytest.raises(RequestError, match=r"movie\.mp4.*happy: no such emotion.*fist, palm"):
        of_labels(Wanted(("happy",)), GESTURES, TABLE)


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        *(("Happy", "happy"), ("joy", "happy"), ("suprise", "surprise")),
        *(("ANGER", "angry"), ("All", ALL_LABELS)),
    ],
)
def test_what_is_nearly_an_emotion_is_taken_for_a_slip(word: str, meant: str) -> None:
    assert meant_by(word, ("angry", "happy", "surprise", ALL_LABELS)) == meant


def test_a_word_for_an_emotion_that_the_model_does_not_know_means_nothing() -> None:
    assert meant_by("joy", GESTURES) == "" and meant_by("bored", ("sad", "happy")) == ""


def test_of_two_words_one_that_means_nothing_gets_all_choices() -> None:
    with pytest.raises(RequestError, match="joy, bored: no such emotion; choose from happy, sad"):
        of_labels(Wanted(("joy", "bored")), ("happy", "sad"), TABLE)
