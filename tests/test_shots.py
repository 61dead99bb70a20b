"""Cuts, on tiny pictures made by hand."""

from __future__ import annotations

import numpy as np

from videmo.shots import CutWatch, changes, find_cuts, thumbnail


def shot(level: int, frames: int, noise: int = 2) -> np.ndarray:
    grain = np.random.default_rng(level).integers(-noise, noise + 1, (frames, 9, 16))
    return np.clip(level + grain, 0, 255).astype(np.uint8)


def test_a_new_picture_is_a_cut() -> None:
    cuts = find_cuts(changes(np.concatenate([shot(60, 10), shot(120, 10)])))
    assert np.flatnonzero(cuts).tolist() == [10]


def test_a_still_shot_has_no_cut() -> None:
    assert not find_cuts(changes(shot(60, 30))).any()


def test_a_steady_movement_is_no_cut() -> None:
    ramp = np.stack([np.full((9, 16), 20 + 10 * i, np.uint8) for i in range(20)])
    assert not find_cuts(changes(ramp)).any()


def test_the_first_frame_is_no_cut() -> None:
    assert not find_cuts(changes(shot(60, 1))).any()
    assert len(find_cuts(changes(np.zeros((0, 9, 16), np.uint8)))) == 0


def test_changes_of_a_film_in_two_parts_are_those_of_the_whole() -> None:
    film = np.concatenate([shot(60, 10), shot(120, 10)])
    parts = [changes(film[:10]), changes(film[10:], film[9])]
    assert np.concatenate(parts).tolist() == changes(film).tolist()


def test_a_thumbnail_is_small_whatever_the_picture() -> None:
    for size in ((2, 2), (360, 640), (2160, 3840)):
        assert thumbnail(np.full(size, 77, np.uint8)).shape == (9, 16)


def test_a_cut_is_told_while_frames_come() -> None:
    cuts = CutWatch()
    film = np.concatenate([shot(60, 10), shot(120, 10), shot(50, 10)])
    assert [index for index, picture in enumerate(film) if cuts.is_cut(picture)] == [10, 20]


def test_a_steady_movement_is_no_cut_while_frames_come() -> None:
    cuts = CutWatch()
    told = [cuts.is_cut(np.full((9, 16), 20 + 10 * i, np.uint8)) for i in range(20)]
    assert not any(told[2:])  # of the first two it cannot know what is usual
