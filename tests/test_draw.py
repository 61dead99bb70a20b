"""Faces cut out of pictures, and sheets of them."""

from __future__ import annotations

import numpy as np
import pytest

from videmo.draw import COLUMNS, TILE, Header, Tile, contact_sheet, cut_face
from videmo.schema import Box

PICTURE = np.arange(100 * 80 * 3, dtype=np.uint32).reshape(80, 100, 3).astype(np.uint8)


def test_a_face_is_cut_out_of_its_box() -> None:
    face = cut_face(PICTURE, Box(10, 20, 30, 40))
    assert (face == PICTURE[20:60, 10:40]).all()


def test_the_margin_is_a_part_of_the_box() -> None:
    assert cut_face(PICTURE, Box(40, 30, 20, 20), margin=0.5).shape == (40, 40, 3)


def test_the_margin_ends_where_the_picture_ends() -> None:
    face = cut_face(PICTURE, Box(0, 0, 20, 20), margin=0.5)
    assert (face == PICTURE[:30, :30]).all()


@pytest.mark.parametrize("box", [Box(0, 0, 20, 20), Box(80, 60, 20, 20), Box(30, 30, 20, 30)])
def test_with_a_size_every_face_is_a_square(box: Box) -> None:
    assert cut_face(PICTURE, box, margin=0.5, size=64).shape == (64, 64, 3)


def test_a_square_at_the_edge_is_moved_inwards() -> None:
    face = cut_face(PICTURE, Box(0, 30, 20, 20), margin=0.5, size=40)
    assert (face == PICTURE[20:60, :40]).all()


def test_a_face_larger_than_the_picture_allows_is_still_a_square() -> None:
    assert cut_face(PICTURE, Box(0, 0, 100, 80), margin=1.0, size=32).shape == (32, 32, 3)


HEADER = Header("happy - a \N{SNOWMAN}.mp4", "1 moment", "happy", ((0.1, 0.2), (0.999, 1.0)))


@pytest.mark.parametrize("count", [1, 2, COLUMNS, COLUMNS + 1, 60])
def test_a_sheet_holds_all_its_faces(count: int) -> None:
    white = Tile(np.full((TILE, TILE, 3), 255, np.uint8), ("00:00:01.000", "t1"))
    sheet = contact_sheet([white] * count, HEADER)
    assert (sheet == 255).all(axis=2).sum() >= count * TILE * TILE


def test_the_same_faces_give_the_same_sheet() -> None:
    tile = Tile(np.full((TILE, TILE, 3), 90, np.uint8), ("00:00:01.000", "t1"))
    assert (contact_sheet([tile], HEADER) == contact_sheet([tile], HEADER)).all()
