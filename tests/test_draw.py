"""Faces cut out of pictures, sheets of them, and what is drawn into pictures."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest

from videmo.draw import (
    EMOTION_COLOURS,
    TILE,
    TILES_A_ROW,
    Header,
    Lane,
    Marked,
    Tile,
    colours_of,
    contact_sheet,
    cut_face,
    draw_faces,
    draw_timeline,
    lane_room,
    style_for,
)
from videmo.draw import text as letters
from videmo.draw.colours import LINE, PAPER
from videmo.draw.overlay import called
from videmo.draw.places import SIDES, Spot, Wish, place
from videmo.draw.sheet import HEADER as HEADER_HEIGHT
from videmo.draw.sheet import MARGIN, STRIP
from videmo.schema import EMOTIONS, Box, Point

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


SMOOTH = cv2.GaussianBlur(
    np.random.default_rng(0).integers(0, 256, (200, 240, 3), np.uint8), (0, 0), 3
)
SMOOTH = cv2.normalize(SMOOTH, SMOOTH, 0, 255, cv2.NORM_MINMAX)


@pytest.mark.parametrize("roll", [20, -35, 120])
@pytest.mark.parametrize(("margin", "size"), [(0.2, 0), (0.5, 96), (-0.04, 48)])
@pytest.mark.parametrize(
    "box", [Box(90, 70, 60, 60), Box(0, 70, 60, 60), Box(180, 140, 60, 60), Box(100, 0, 50, 70)]
)
def test_a_face_that_leans_is_cut_out_of_the_picture_turned_around_it(
    box: Box, margin: float, size: int, roll: float
) -> None:
    """At the picture's edge, too, where a square is moved inwards."""
    middle = (box.x + (box.w - 1) / 2, box.y + (box.h - 1) / 2)
    how = {"flags": cv2.INTER_CUBIC, "borderMode": cv2.BORDER_REPLICATE}
    turn = cv2.getRotationMatrix2D(middle, roll, 1.0)
    turned = cv2.warpAffine(SMOOTH, turn, (240, 200), **how)
    wanted = cut_face(turned, box, margin=margin, size=size)
    face = cut_face(SMOOTH, box, margin=margin, size=size, roll=roll)
    assert np.abs(face.astype(int) - wanted).max() <= 2


@pytest.mark.parametrize("roll", [-50.0, -10.0, 25.0, 90.0])
def test_the_eyes_of_a_face_that_leans_come_to_lie_side_by_side(roll: float) -> None:
    """Clockwise as one looks at the picture; the right eye comes to the left."""
    picture = np.zeros((200, 200, 3), np.uint8)
    across, down = math.cos(math.radians(roll)), math.sin(math.radians(roll))
    for channel, far in ((0, -20), (1, 20)):
        rows, columns = np.mgrid[:200, :200]
        away = (columns - 100 - far * across) ** 2 + (rows - 100 - far * down) ** 2
        picture[:, :, channel] = np.where(away < 16, 255, 0)
    face = cut_face(picture, Box(50, 50, 101, 101), roll=roll)
    right, left = (np.argwhere(face[:, :, channel] > 127).mean(axis=0) for channel in (0, 1))
    assert right == pytest.approx([50, 30], abs=1) and left == pytest.approx([50, 70], abs=1)


def test_the_picture_itself_is_not_turned() -> None:
    before = SMOOTH.copy()
    cut_face(SMOOTH, Box(90, 70, 60, 60), roll=30.0)
    assert (before == SMOOTH).all()


def test_emotions_have_their_colours_whatever_else_a_model_tells_apart() -> None:
    colours = colours_of(("fist", "happy", "palm"))
    assert list(colours) == ["fist", "happy", "palm"]
    assert colours["happy"] == EMOTION_COLOURS["happy"]
    assert colours_of(EMOTIONS) == EMOTION_COLOURS


def test_labels_have_colours_of_their_own_as_long_as_there_are_some() -> None:
    labels = [f"gesture {n}" for n in range(13)]
    assert len(set(colours_of(labels).values())) == 13
    mixed = colours_of([*labels[:6], *EMOTIONS])
    assert len(set(mixed.values())) == 13


def test_more_labels_than_colours_have_colours_too() -> None:
    labels = [f"gesture {n}" for n in range(40)]
    assert list(colours_of(labels)) == labels
    assert colours_of(labels) == colours_of(labels)


COLOUR = EMOTION_COLOURS["happy"]
HEADER = Header("happy - a \N{SNOWMAN}.mp4", "1 moment", COLOUR, ((0.1, 0.2), (0.999, 1.0)))


@pytest.mark.parametrize("count", [1, 2, TILES_A_ROW, TILES_A_ROW + 1, 60])
def test_a_sheet_holds_all_its_faces(count: int) -> None:
    white = Tile(np.full((TILE, TILE, 3), 255, np.uint8), ("00:00:01.000", "t1"))
    sheet = contact_sheet([white] * count, HEADER)
    assert (sheet == 255).all(axis=2).sum() >= count * TILE * TILE


def strip_of(*stretches: tuple[float, float], tiles: int = 3) -> np.ndarray:
    """The strip over a sheet's faces: where it has the emotion's colour, from end to end."""
    tile = Tile(np.full((TILE, TILE, 3), 255, np.uint8), ("", ""))
    sheet = contact_sheet([tile] * tiles, replace(HEADER, title="", about="", stretches=stretches))
    assert (sheet[:, :MARGIN] == PAPER).all() and (sheet[:, 1 - MARGIN :] == PAPER).all()
    rows = np.flatnonzero((sheet[:HEADER_HEIGHT] != PAPER).any(axis=(1, 2)))
    assert len(rows) == STRIP + 1 and rows[-1] - rows[0] == STRIP
    strip = (sheet[rows, MARGIN : 1 - MARGIN] == COLOUR).all(axis=2)
    assert (sheet[rows, MARGIN : 1 - MARGIN][~strip] == LINE).all()
    assert (strip == strip[0]).all()  # from top to bottom
    return np.asarray(strip[0])


def test_over_the_faces_is_shown_where_in_the_movie_the_moments_are() -> None:
    for tiles in (1, 6):
        strip = strip_of((0.25, 0.5), (0.75, 1.0), tiles=tiles)
        changes = np.flatnonzero(np.diff(strip.astype(int))) + 1
        assert changes / len(strip) == pytest.approx([0.25, 0.5, 0.75], abs=2 / len(strip))
        assert not strip[0] and strip[-1]
    assert strip_of((0.0, 1.0)).all()


def test_the_shortest_moment_of_a_long_movie_is_seen() -> None:
    strip = strip_of((0.5, 0.500001))
    assert 1 <= strip.sum() <= 2 and strip[len(strip) // 2 - 2 : len(strip) // 2 + 2].any()
    assert not strip_of((0.0, 0.0001))[2:].any()


def test_the_same_faces_give_the_same_sheet() -> None:
    tile = Tile(np.full((TILE, TILE, 3), 90, np.uint8), ("00:00:01.000", "t1"))
    assert (contact_sheet([tile], HEADER) == contact_sheet([tile], HEADER)).all()


def marked(track: int, box: Box, emotion: str = "happy", **more: Any) -> Marked:
    scores = tuple(0.7 if name == emotion else 0.05 for name in EMOTIONS)
    return Marked(track, box, **{"aligned": True, "emotion": emotion, "scores": scores, **more})


def grey(width: int = 640, height: int = 360) -> np.ndarray:
    return np.full((height, width, 3), 90, np.uint8)


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_a_box_has_the_colour_of_its_emotion(emotion: str) -> None:
    picture, box = grey(), Box(200, 100, 120, 130)
    draw_faces(picture, [marked(1, box, emotion)])
    for y, x in ((165, 200), (165, 319), (229, 260)):
        assert tuple(picture[y, x]) == EMOTION_COLOURS[emotion]
    assert (picture[110:220, 210:310] == 90).all()


def test_of_a_face_that_is_not_aligned_only_corners_are_drawn() -> None:
    picture, box = grey(), Box(200, 100, 120, 130)
    draw_faces(picture, [marked(1, box, aligned=False)], bars=False)
    assert tuple(picture[112, 200]) == EMOTION_COLOURS["happy"]
    assert (picture[165, 190:330] == 90).all() and (picture[229, 240:280] == 90).all()


def test_eyes_nose_and_mouth_are_marked_where_they_are() -> None:
    picture, box = grey(), Box(200, 100, 120, 130)
    points = (Point(230.2, 140.0), Point(290.0, 139.6), Point(-40.0, 20.0))
    draw_faces(picture, [marked(1, box, points=points)], bars=False)
    for x, y in ((230, 140), (290, 140)):
        assert tuple(picture[y, x]) == EMOTION_COLOURS["happy"]
        assert (picture[y - 8, x - 8 : x + 8] == 90).all()
    assert (picture[160:220, 210:310] == 90).all()


def test_the_labels_of_another_model_are_drawn_with_their_colours() -> None:
    """Beside the face, each a bar; and the box has that of the first."""
    colours = colours_of(("fist", "palm"))
    picture, box = grey(), Box(200, 100, 120, 130)
    draw_faces(picture, [Marked(1, box, True, "palm", (0.3, 0.7))], colours=colours)
    assert tuple(picture[165, 200]) == colours["palm"]
    right = picture[:, 325:]
    fist, palm = ((right == colours[name]).all(axis=2).sum() for name in ("fist", "palm"))
    assert palm > 1.5 * fist > 0


@pytest.mark.parametrize("size", [(320, 240), (640, 360), (1920, 1080), (360, 640), (3840, 2160)])
def test_letters_and_lines_grow_with_the_picture(size: tuple[int, int]) -> None:
    style, short = style_for(*size), min(size)
    assert style.letters >= 10 and 1 / 90 < style.letters / short < 1 / 20
    assert style.line >= 1


def test_scores_are_drawn_as_bars() -> None:
    """Of two pictures that differ in a score, the one with the higher has more of its colour."""
    amounts = []
    for score in (0.2, 0.9):
        picture = grey()
        scores = tuple(score if name == "fear" else 0.0 for name in EMOTIONS)
        draw_faces(picture, [marked(1, Box(200, 100, 120, 130), scores=scores)])
        amounts.append((picture == EMOTION_COLOURS["fear"]).all(axis=2).sum())
    assert amounts[1] > 3 * amounts[0] > 0


def crowd(seed: int, count: int, size: tuple[int, int]) -> list[Box]:
    """Faces anywhere, also half outside the picture."""
    rand = random.Random(seed)
    side = size[1] // 6
    return [
        Box(rand.randrange(-side // 2, size[0]), rand.randrange(-side // 2, size[1]), side, side)
        for _ in range(count)
    ]


def wishes(boxes: list[Box], **more: Any) -> list[Wish]:
    how = {"sizes": ((90, 18), (50, 18), (20, 18)), "sides": SIDES, **more}
    return [Wish(number, box, **how) for number, box in enumerate(boxes)]


@pytest.mark.parametrize("seed", range(8))
def test_no_label_lies_outside_the_picture(seed: int) -> None:
    size = (400, 240)
    placed = place(wishes(crowd(seed, 12, size)), size, gap=3)
    assert len(placed) == 12
    for _, box in placed.values():
        assert 0 <= box.x <= size[0] - box.w and 0 <= box.y <= size[1] - box.h


def test_no_label_hides_another_one_or_a_face_where_there_is_room() -> None:
    size = (1280, 720)
    boxes = [Box(x, y, 80, 80) for y in range(60, 600, 180) for x in range(40, 1200, 160)]
    placed = place(wishes(boxes), size, gap=3)
    rectangles = [box for _, box in placed.values()]
    for index, box in enumerate(rectangles):
        assert not any(box.intersection(other) for other in rectangles[index + 1 :])
        assert not any(box.intersection(face) for face in boxes)


def test_faces_that_stand_close_get_shorter_labels() -> None:
    boxes = [Box(x, 100, 60, 60) for x in range(20, 600, 70)]
    placed = place(wishes(boxes, sides=("above, left",)), (640, 360), gap=3)
    assert {placed.spot.size for placed in placed.values()} >= {1}
    apart = place(wishes(boxes[::3], sides=("above, left",)), (640, 360), gap=3)
    assert {placed.spot.size for placed in apart.values()} == {0}


def test_a_label_stays_on_its_side() -> None:
    """It may go from one side to the other, but not to and fro with every trembling of the box."""
    size, spots, before = (640, 360), [], {}
    for step in range(40):
        box = Box(262 + step % 2 * 3, 100, 120, 120)
        placed = place(wishes([box], sizes=((250, 90),)), size, gap=3, before=before)
        before = {owner: placed.spot for owner, placed in placed.items()}
        spots.append(before[0])
    assert len(set(spots[1:])) == 1


def test_what_is_not_needed_is_left_out_where_it_would_hide_something() -> None:
    boxes = [Box(x, y, 100, 100) for y in range(0, 300, 110) for x in range(0, 600, 110)]
    placed = place(wishes(boxes, sizes=((90, 90),), needed=False), (640, 330), gap=3)
    assert len(placed) < 4
    alone = place(wishes(boxes[:1], sizes=((90, 90),), needed=False), (640, 330), gap=3)
    assert len(alone) == 1


def test_what_was_drawn_last_is_given_back() -> None:
    faces = [marked(7, Box(200, 100, 120, 130))]
    spots = draw_faces(grey(), faces)
    assert spots == {"chips": {7: Spot("above, left")}, "bars": {7: Spot("right, top")}}


@pytest.mark.parametrize("name", ["José", "Łukasz", "Алексей", "Ελένη", "Nguyễn", "Þórður"])
def test_names_of_europe_are_written_with_their_own_letters(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(letters, "OTHER_FONTS", ())
    assert letters.can_write(name)
    assert called(name, 3) == name


@pytest.fixture
def no_other_fonts(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A machine without fonts of its own."""
    monkeypatch.setattr(letters, "OTHER_FONTS", ())
    for cache in (letters._font_for, letters._mask):
        cache.cache_clear()
    yield
    for cache in (letters._font_for, letters._mask):
        cache.cache_clear()


def test_a_name_that_no_font_can_write_gives_way_to_the_track(no_other_fonts: None) -> None:
    name = "\u6797\u66f8\u8c6a"
    assert not letters.can_write(name) and called(name, 3) == "t3"
    assert called("", 3) == "t3"


def test_letters_without_a_font_are_question_marks(no_other_fonts: None) -> None:
    """But only those; and what is no letter at all is a space."""
    pictures = []
    for words in ("a \u6797\u6797.mp4", "a ??.mp4", "a\n\u6797\u6797.mp4"):
        pictures.append(grey(120, 30))
        letters.write(pictures[-1], words, (4, 4), 14, (255, 255, 255))
    assert (pictures[0] == pictures[1]).all() and (pictures[0] == pictures[2]).all()
    assert (pictures[0] != 90).any()


def test_long_words_end_with_dots_where_the_room_ends() -> None:
    picture = grey(400, 30)
    letters.write(picture, "a very long name of somebody", (10, 4), 14, (255, 255, 255), room=80)
    assert (picture[:, 90:] == 90).all() and (picture[:, 60:90] != 90).any()
    assert letters.fitted("a very long name", 14, 80).endswith("\u2026")
    assert letters.fitted("short", 14, 80) == "short"


def test_what_lies_outside_the_picture_is_left_out() -> None:
    small = grey(20, 20)
    letters.write(small, "far too long for this", (-5, 12), 14, (255, 255, 255))
    draw_faces(small, [marked(1, Box(-30, -30, 90, 90)), marked(2, Box(500, 500, 9, 9))])
    assert small.shape == (20, 20, 3)


def lane(columns: int, name: str = "") -> Lane:
    """Sad and aligned in its first half, happy and not aligned in the next quarter, then nobody."""
    emotions = np.full(columns, -1)
    emotions[: columns // 2] = EMOTIONS.index("sad")
    emotions[columns // 2 : columns * 3 // 4] = EMOTIONS.index("happy")
    return Lane(name, emotions, emotions == EMOTIONS.index("sad"))


@pytest.mark.parametrize("size", [(320, 240), (640, 360), (1920, 1080), (64, 64), (17, 33)])
def test_a_timeline_is_as_wide_as_its_picture_and_even(size: tuple[int, int]) -> None:
    columns = lane_room(size[0], style_for(*size), []).w
    strip = draw_timeline(*size, [lane(columns)] * 3).at(0.5, "00:00:01.000")
    assert strip.shape[1] == size[0] and strip.shape[0] % 2 == 0


def test_a_lane_shows_its_emotions_and_pale_where_the_face_is_not_aligned() -> None:
    columns = lane_room(640, style_for(640, 360), []).w
    timeline = draw_timeline(640, 360, [lane(columns)])
    row = timeline.strip[timeline.lanes.y + 3, timeline.lanes.x :][:columns]
    assert tuple(row[10]) == EMOTION_COLOURS["sad"]
    pale = row[columns * 5 // 8].astype(int)
    assert (pale < EMOTION_COLOURS["happy"]).all() and pale.sum() > 150
    assert row[columns * 7 // 8].max() < 60


def test_the_play_head_goes_from_end_to_end() -> None:
    columns = lane_room(640, style_for(640, 360), []).w
    timeline = draw_timeline(640, 360, [lane(columns)])
    for share in (0.0, 0.25, 1.0):
        strip = timeline.at(share, "")
        changed = np.flatnonzero((strip != timeline.strip).any(axis=2)[timeline.lanes.y + 2])
        expected = timeline.lanes.x + share * (columns - 1)
        assert changed.mean() == pytest.approx(expected, abs=2)


def test_names_stand_before_the_lanes() -> None:
    style = style_for(640, 360)
    with_names, without = (lane_room(640, style, names) for names in (["Anna", ""], ["", ""]))
    assert with_names.x > without.x and with_names.w < without.w
    timeline = draw_timeline(640, 360, [lane(with_names.w, "Anna"), lane(with_names.w)])
    before = timeline.strip[timeline.lanes.y :, : with_names.x]
    half = before.shape[0] // 2
    assert before[:half].max() > 90 and before[half:].max() < 60
