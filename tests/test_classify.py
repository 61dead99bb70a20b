"""Which faces are classified, and what the others get: with a model that reads off a made face."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import made
from tests.movies import SIZE, person
from videmo.demo import Shot, Story
from videmo.demo.picture import Painter
from videmo.emotions import BATCH, find_model
from videmo.scan.classify import Scores, agree, lit
from videmo.scan.picture import scan_picture
from videmo.schema import Alignment, Box, Detection, Face


class Read:
    """What becomes of faces, each as sure of the first of two labels as its only pixel says."""

    def __init__(self, faces: Sequence[tuple[int, float]], stride: int) -> None:
        """`faces`: the tracklet and the first score of each."""
        self.asked: list[float] = []
        scores = Scores(find_model(), stride)
        scores._classify, scores._labels = self._classify, 2
        for number, (tracklet, first) in enumerate(faces):
            scores.add(tracklet, np.array([first, number]))
        self.scores = scores.all()[:, 0].tolist() if faces else []
        self.shape = scores.all().shape if not faces else (len(self.scores), 2)

    def _classify(self, pictures: Sequence[np.ndarray]) -> np.ndarray:
        assert 0 < len(pictures) <= BATCH
        self.asked += [int(number) for _, number in pictures]
        return np.array([[first, 1 - first] for first, _ in pictures], np.float32)


def faces(*scores: float, tracklet: int = 1) -> list[tuple[int, float]]:
    return [(tracklet, score) for score in scores]


def test_where_every_frame_counts_every_face_is_classified() -> None:
    found = Read(faces(0.9, 0.9, 0.1, 0.9), 1)
    assert found.scores == [0.9, 0.9, 0.1, 0.9] and sorted(found.asked) == [0, 1, 2, 3]


def test_of_a_face_that_stays_as_it_is_one_in_three_is_classified_and_the_last() -> None:
    found = Read(faces(*[0.9] * 12), 3)
    assert found.scores == [0.9] * 12 and sorted(found.asked) == [0, 3, 6, 9, 11]


def test_what_lies_between_two_that_agree_is_interpolated() -> None:
    found = Read(faces(0.9, 0.5, 0.2, 0.84), 3)
    assert found.scores == [0.9, 0.88, 0.86, 0.84] and sorted(found.asked) == [0, 3]


@pytest.mark.parametrize("last", [0.75, 0.45])
def test_what_lies_between_two_that_do_not_is_classified_too(last: float) -> None:
    """Less sure by more than a tenth, or another label."""
    found = Read(faces(0.9, 0.8, 0.2, last), 3)
    assert found.scores == [0.9, 0.8, 0.2, last] and sorted(found.asked) == [0, 1, 2, 3]


@pytest.mark.parametrize("start", range(9))
def test_what_is_held_for_three_frames_is_never_missed(start: int) -> None:
    true = [0.1 if start <= i < start + 3 else 0.9 for i in range(12)]
    assert Read(faces(*true), 3).scores == true


def test_each_tracklet_is_taken_by_itself() -> None:
    one, other = faces(*[0.9] * 7), faces(*[0.2] * 7, tracklet=2)
    both = [face for pair in zip(one, other, strict=True) for face in pair]
    found = Read(both, 3)
    assert found.scores == [0.9, 0.2] * 7
    assert sorted(found.asked) == [0, 1, 6, 7, 12, 13]


def test_a_tracklet_that_is_gone_waits_for_nothing() -> None:
    """And what the model saw of it is not kept: memory stays flat in a long chunk."""
    scores = Scores(find_model(), 3)
    scores._classify, scores._labels = lambda seen: np.tile([0.9, 0.1], (len(seen), 1)), 2
    for tracklet in range(10 * BATCH):
        for _ in range(2):
            scores.add(tracklet, np.zeros(2))
        scores.forget(set())
        assert len(scores._pictures) <= BATCH
    assert len(scores.all()) == 20 * BATCH


def test_more_than_a_batch_comes_out_in_order() -> None:
    true = [round(0.2 + 0.6 * (i * 37 % 101) / 100, 4) for i in range(5 * BATCH + 7)]
    found = Read([(1 + i % 3, score) for i, score in enumerate(true)], 1)
    assert found.scores == pytest.approx(true, abs=1e-4)
    waves = [round(0.5 + 0.4 * np.sin(i / 40), 4) for i in range(5 * BATCH + 7)]
    found = Read(faces(*waves), 3)
    assert found.scores == pytest.approx(waves, abs=0.01) and len(found.asked) < len(waves) / 2


def test_no_faces_have_no_scores() -> None:
    assert Read([], 3).shape == (0, 2)


def test_the_same_label_nearly_as_sure_is_the_same() -> None:
    assert agree(np.array([0.6, 0.4]), np.array([0.69, 0.31]))
    assert not agree(np.array([0.6, 0.4]), np.array([0.75, 0.25]))
    assert not agree(np.array([0.52, 0.48]), np.array([0.48, 0.52]))


@pytest.mark.parametrize(("light", "eyes"), [(1.0, 2), (0.06, 2), (0.02, 0)])
def test_who_is_too_dark_to_be_read_is_found_and_does_not_count(light: float, eyes: int) -> None:
    story = Story((Shot(1, (person(2, 150, (0, "happy")),), background=1, light=light),), SIZE)
    (face,) = scan_picture(Painter(story).paint(Fraction(0)))
    assert face.alignment.eyes == eyes and face.alignment.yaw is not None


@pytest.mark.parametrize("shape", [(48, 48), (64, 64, 3)])
def test_what_is_bright_around_a_dark_face_does_not_light_it(shape: tuple[int, ...]) -> None:
    sample = np.full(shape, 200, np.uint8)
    sample[shape[0] // 4 : -shape[0] // 6, shape[1] // 5 : -shape[1] // 5] = 20
    face = Face(Detection(Box(0, 0, 9, 9), 1.0), Alignment(2), ())
    assert lit(face, sample).alignment.eyes == 0
    sample[shape[0] // 2 :] += 30
    assert lit(face, sample) is face


def test_of_whole_pictures_nothing_is_said() -> None:
    picture = Face(Detection(Box(0, 0, 9, 9), 1.0), Alignment(None), ())
    assert lit(picture, np.zeros((48, 48), np.uint8)) is picture


def test_a_dark_shot_has_faces_and_no_moments(tmp_path: Path) -> None:
    shots = [
        Shot(1, (person(2, 150, (0, "happy")),), background=1, light=light) for light in (0.02, 1)
    ]
    table = made(tmp_path, Story(tuple(shots), SIZE)).table
    dark = table["time"] < 1
    assert table["track"].notna().all()
    assert set(table["eyes"][dark]) == {0} and table["repeat"][dark].isna().all()
    assert set(table["eyes"][~dark]) == {2}
