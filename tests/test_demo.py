"""The made movies are what their story says: their truth can be trusted by the other tests."""

from __future__ import annotations

import itertools
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

import videmo.demo
from videmo.cli.demo import demo
from videmo.demo import (
    KINDS,
    Actor,
    Place,
    Shot,
    Story,
    demo_story,
    hard_story,
    make_movie,
    truth,
    write_truth,
)
from videmo.demo.outline import outline
from videmo.demo.picture import Painter
from videmo.errors import RequestError
from videmo.schema import EMOTIONS, Box

SMALL = (160, 120)
HERE = (Place(0, 80, 58, 60),)
NTSC = Fraction(24000, 1001)


RECORDED = {
    2: [
        [74, 70, 69, 84, 84, 94, 103, 101],
        [68, 67, 66, 124, 83, 93, 110, 97],
        [63, 65, 65, 136, 91, 85, 98, 91],
        [58, 61, 64, 95, 74, 78, 84, 86],
    ],
    7: [
        [93, 90, 81, 103, 107, 107, 99, 104],
        [86, 88, 125, 89, 100, 136, 94, 95],
        [79, 93, 129, 90, 94, 145, 107, 95],
        [72, 77, 89, 83, 87, 101, 92, 94],
    ],
}
"""How bright parts of the demo are, by the seconds passed."""


def story_of(*actors, seconds=1, **options):
    return Story((Shot(seconds, actors),), **{"size": SMALL, **options})


def frame_times(movie):
    with av.open(str(movie)) as container:
        stream = container.streams.video[0]
        return [frame.pts * stream.time_base for frame in container.decode(stream)]


def pictures(movie):
    """Grey pictures as players show them."""
    with av.open(str(movie)) as container:
        for frame in container.decode(video=0):
            # `rotation` is counterclockwise, and so is rot90.
            yield np.rot90(frame.to_ndarray(format="gray"), frame.rotation // 90)


@pytest.fixture(scope="module")
def find_faces():
    cascade = cv2.CascadeClassifier(cv2.data.haarcascades + "haarcascade_frontalface_default.xml")
    return lambda grey: [Box(*map(int, box)) for box in cascade.detectMultiScale(grey, 1.1, 5)]


@pytest.fixture(scope="module")
def find_eyes():
    cascade = cv2.CascadeClassifier(cv2.data.haarcascades + "haarcascade_eye.xml")

    def find(grey, box):
        upper = np.ascontiguousarray(grey[box.y : box.y + box.h * 6 // 10, box.x : box.x + box.w])
        return cascade.detectMultiScale(cv2.resize(upper, (120, 72)), 1.05, 3)

    return find


def iou(a, b):
    """Intersection over union."""
    across = min(a.x + a.w, b.x + b.w) - max(a.x, b.x)
    down = min(a.y + a.h, b.y + b.h) - max(a.y, b.y)
    both = max(0, across) * max(0, down)
    return both / (a.w * a.h + b.w * b.h - both)


def painted(emotion, actor=1, size=120, background=0):
    """A grey frame with one face, and the face's box in truth."""
    person = Actor(actor, (Place(0, 150, 125, size),), ((0, emotion),))
    story = Story((Shot(1, (person,), background=background),), size=(320, 240))
    picture = Painter(story).paint(Fraction(0))
    return cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), next(truth(story)).box


@pytest.mark.parametrize("fps", [Fraction(24), NTSC, Fraction(10)])
def test_every_frame_comes_at_its_exact_time(tmp_path, fps):
    make_movie(tmp_path / "a.mp4", story_of(seconds=2, fps=fps))
    times = frame_times(tmp_path / "a.mp4")
    assert times == [index / fps for index in range(len(times))]
    assert len(times) == -(-2 * fps // 1)


def test_a_variable_frame_rate_is_kept(tmp_path):
    times = (0, 0.04, 0.1, Fraction(1, 3), 0.35, 0.9)
    make_movie(tmp_path / "a.mp4", story_of(times=times))
    expected = [0, Fraction("0.04"), Fraction("0.1"), Fraction(1, 3), Fraction("0.35")]
    assert frame_times(tmp_path / "a.mp4") == [*expected, Fraction("0.9")]


def test_the_last_frame_of_a_variable_rate_lasts_until_the_end(tmp_path):
    make_movie(tmp_path / "a.mp4", story_of(times=(0, 0.25, 0.5), sound=False))
    with av.open(str(tmp_path / "a.mp4")) as container:
        stream = container.streams.video[0]
        assert stream.duration * stream.time_base == 1


def test_matroska_keeps_the_times_to_a_millisecond(tmp_path):
    make_movie(tmp_path / "a.mkv", story_of(fps=NTSC))
    times = frame_times(tmp_path / "a.mkv")
    assert len(times) == 24
    assert all(abs(t - i / NTSC) <= Fraction(1, 1000) for i, t in enumerate(times))


def test_a_movie_has_b_frames_as_real_ones_do(tmp_path):
    person = Actor(1, (Place(0, 50, 58, 60), Place(1, 110, 58, 60)))
    make_movie(tmp_path / "a.mp4", story_of(person))
    with av.open(str(tmp_path / "a.mp4")) as container:
        packets = [p for p in container.demux(video=0) if p.pts is not None]
    assert any(a.pts > b.pts for a, b in itertools.pairwise(packets))


def test_key_frames_are_as_near_as_asked(tmp_path):
    make_movie(tmp_path / "a.mp4", story_of(), gop=6)
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert sum(p.is_keyframe for p in container.demux(video=0)) == 4


def test_sound_lasts_as_long_as_the_picture(tmp_path):
    make_movie(tmp_path / "a.mp4", story_of(seconds=2, fps=NTSC))
    with av.open(str(tmp_path / "a.mp4")) as container:
        samples = [f.to_ndarray()[0] for f in container.decode(audio=0)]
    length = sum(len(block) for block in samples) / 48_000
    assert length == pytest.approx(48 / float(NTSC), abs=1024 / 48_000)


def test_a_beep_sounds_on_every_second(tmp_path):
    make_movie(tmp_path / "a.mp4", story_of(seconds=2))
    with av.open(str(tmp_path / "a.mp4")) as container:
        blocks = [(f.time, f.to_ndarray()[0]) for f in container.decode(audio=0)]
    start = blocks[0][0]
    sound = np.abs(np.concatenate([block for _, block in blocks]))
    loud = start + np.flatnonzero(sound > 0.25) / 48_000
    assert loud[loud > 0.5].min() == pytest.approx(1, abs=0.005)


def test_sound_can_be_left_out(tmp_path):
    make_movie(tmp_path / "a.mp4", story_of(sound=False))
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert not container.streams.audio


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_a_turned_movie_comes_out_upright(tmp_path, rotation):
    person = Actor(1, (Place(0, 50, 58, 60),), ((0, "happy"),))
    make_movie(tmp_path / "a.mp4", story_of(person, seconds=0.25))
    make_movie(tmp_path / "b.mp4", story_of(person, seconds=0.25), rotation=rotation)
    plain, turned = next(pictures(tmp_path / "a.mp4")), next(pictures(tmp_path / "b.mp4"))
    assert turned.shape == plain.shape
    assert np.abs(turned.astype(int) - plain).mean() < 3


def test_the_same_story_gives_the_same_bytes(tmp_path):
    person = Actor(1, HERE, ((0, "sad"), (0.5, "happy")))
    for name in ("a.mp4", "b.mp4", "a.mkv", "b.mkv"):
        make_movie(tmp_path / name, story_of(person))
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()
    assert (tmp_path / "a.mkv").read_bytes() == (tmp_path / "b.mkv").read_bytes()


def test_a_story_without_actors_gives_no_rows(tmp_path):
    assert make_movie(tmp_path / "a.mp4", story_of()) == []


def test_the_movie_returns_the_truth_of_its_story(tmp_path):
    person = Actor(1, HERE, ((0, "sad"), (0.5, "happy")), start=0.25)
    story = story_of(person)
    assert make_movie(tmp_path / "a.mp4", story) == list(truth(story))


def test_the_emotion_switches_in_the_middle_of_the_morph():
    person = Actor(1, HERE, ((0, "sad"), (0.5, "happy")), morph=0.3)
    emotions = [row.emotion for row in truth(story_of(person))]
    assert emotions == ["sad"] * 12 + ["happy"] * 12


def test_a_morph_blends_evenly_from_one_emotion_to_the_next():
    pictures = []
    for emotions, time in (
        (((0, "sad"),), "0"),
        (((0, "sad"), (0.5, "happy")), "1/2"),
        (((0, "happy"),), "0"),
    ):
        painter = Painter(story_of(Actor(1, HERE, emotions)))
        pictures.append(painter.paint(Fraction(time))[40:75, 65:95].astype(float))
    before, middle, after = pictures
    assert np.abs(middle - (before + after) / 2).mean() < 4


def test_an_actor_is_there_from_start_to_end_excluded():
    person = Actor(1, HERE, start=0.25, end=0.75)
    assert [row.frame for row in truth(story_of(person))] == list(range(6, 18))


def test_a_face_moves_straight_between_its_places():
    person = Actor(1, (Place(0, 50, 58, 40), Place(1, 98, 58, 64)))
    rows = list(truth(story_of(person)))
    assert [rows[i].x + rows[i].w / 2 for i in (0, 6, 12, 18)] == [50, 62, 74, 86]
    assert [rows[i].w for i in (0, 6, 12, 18)] == [40, 46, 52, 58]


def test_a_face_that_leaves_the_picture_leaves_the_truth():
    person = Actor(1, (Place(0, 32, 58, 60), Place(1, 20, 58, 60)))
    rows = list(truth(story_of(person)))
    assert 0 < len(rows) < 24
    assert min(row.x for row in rows) == 0


def test_a_cut_falls_on_the_first_frame_of_the_next_shot():
    shots = (Shot(0.7, (Actor(1, HERE),)), Shot(0.3, (Actor(2, HERE),)))
    rows = list(truth(Story(shots, size=SMALL, fps=Fraction(10))))
    assert [row.actor for row in rows] == [1] * 7 + [2] * 3


def test_truth_is_written_as_csv(tmp_path):
    write_truth(tmp_path / "truth.csv", truth(story_of(Actor(3, HERE), fps=NTSC)))
    lines = (tmp_path / "truth.csv").read_text().splitlines()
    names, values = (line.split(",") for line in (lines[0], lines[2]))
    assert names[:8] == ["frame", "time", "actor", "x", "y", "w", "h", "emotion"]
    assert values[:8] == ["1", "0.041708", "3", "50", "28", "60", "60", "neutral"]
    assert names[8:] == [
        "yaw",
        "pitch",
        "tilt",
        "light",
        "kind",
        "face_x",
        "face_y",
        "face_w",
        "face_h",
    ]
    assert values[8:] == ["0.0", "0.0", "0.0", "1", "frontal", "57", "29", "46", "56"]


@pytest.mark.parametrize("emotion", EMOTIONS)
@pytest.mark.parametrize("size", [60, 200])
def test_haar_finds_each_emotion_where_the_truth_says(find_faces, find_eyes, emotion, size):
    grey, box = painted(emotion, actor=1 + size % 3, size=size)
    found = find_faces(grey)
    assert len(found) == 1
    assert iou(found[0], box) >= 0.8
    assert len(find_eyes(grey, found[0])) == 2


@pytest.mark.parametrize("actor", [1, 2, 3, 4, 5])
def test_haar_finds_each_actor_and_nothing_else(find_faces, actor):
    grey, box = painted("happy", actor=actor, background=actor)
    (found,) = find_faces(grey)
    assert iou(found, box) >= 0.8


def test_eyes_that_are_shut_are_not_found_but_the_face_is(find_faces, find_eyes):
    person = Actor(1, (Place(0, 150, 125, 120),), ((0, "happy"),), blinks=(0.5,))
    painter = Painter(Story((Shot(1, (person,)),), size=(320, 240)))
    grey = cv2.cvtColor(painter.paint(Fraction(1, 2)), cv2.COLOR_BGR2GRAY)
    (found,) = find_faces(grey)
    assert len(find_eyes(grey, found)) < 2


@pytest.mark.parametrize("background", range(6))
def test_rooms_hold_nothing_like_a_face(find_faces, background):
    story = Story((Shot(10, background=background),), size=(320, 180))
    painter = Painter(story)
    for time in range(0, 10, 3):
        grey = cv2.cvtColor(painter.paint(Fraction(time)), cv2.COLOR_BGR2GRAY)
        assert find_faces(grey) == []


def head(actor=2, emotion="neutral", size=180, light=1.0, **turns):
    """A picture of one person, 360 x 300, and their row of the truth."""
    person = Actor(actor, (Place(0, 180, 150, size),), ((0, emotion),), **turns)
    story = Story((Shot(1, (person,), background=1, light=light),), size=(360, 300))
    return Painter(story).paint(Fraction(0)), next(truth(story))


def where_it_changes(before, after):
    """The box around the pixels that differ between two pictures."""
    rows, columns = np.nonzero(np.abs(before.astype(int) - after).max(axis=2) > 12)
    left, top = int(columns.min()), int(rows.min())
    return Box(left, top, int(columns.max()) + 1 - left, int(rows.max()) + 1 - top)


def test_who_looks_ahead_is_painted_as_ever():
    """The means of parts of two frames of the demo, recorded before heads could turn."""
    painter = Painter(demo_story())
    for time, expected in RECORDED.items():
        grey = cv2.cvtColor(painter.paint(Fraction(time)), cv2.COLOR_BGR2GRAY)
        parts = cv2.resize(grey[60:260].astype(np.float32), (8, 4), interpolation=cv2.INTER_AREA)
        assert parts == pytest.approx(np.array(expected), abs=1)


@pytest.mark.parametrize("yaw", [-60.0, -30.0, 30.0, 60.0, 90.0])
def test_an_emotion_shows_inside_the_outline_of_a_turned_face(yaw):
    sad, row = head(emotion="sad", yaw=yaw)
    surprised, _ = head(emotion="surprise", yaw=yaw)
    change, face = where_it_changes(sad, surprised), row.face
    assert change.intersection(face) >= 0.95 * change.w * change.h
    assert change.w >= 0.6 * face.w


def test_a_head_turned_to_the_right_looks_to_the_right():
    assert head(yaw=60.0)[1].face.x > head()[1].face.x > head(yaw=-60.0)[1].face.x


def test_a_head_turned_to_the_left_is_the_mirror_image_of_one_turned_to_the_right():
    (right, _), (left, _) = head(yaw=40.0), head(yaw=-40.0)
    parts = [picture[60:240, 90:271].astype(int) for picture in (right, left[:, ::-1])]
    assert np.median(np.abs(parts[0] - np.roll(parts[1], 1, axis=1))) < 12


def test_a_face_that_turns_away_becomes_narrower():
    edges = [outline(0, 0, 243, yaw, actor=2) for yaw in (0, 30, 60, 90)]
    widths = [right - left for left, _, right, _ in edges]
    assert widths == sorted(widths, reverse=True)
    assert widths[3] < 0.8 * widths[0]


def test_a_profile_reaches_to_the_tip_of_its_nose():
    room = Painter(Story((Shot(1, background=1),), size=(360, 300))).paint(Fraction(0))
    picture, row = head(yaw=90.0)
    face = slice(row.face.y, row.face.y + row.face.h)
    person = where_it_changes(room[face], picture[face])
    assert person.x + person.w == pytest.approx(row.face.x + row.face.w, abs=3)


def test_a_head_leans_with_its_outline():
    upright, leaning = head()[1].face, head(tilt=45.0)[1].face
    assert leaning.w > upright.w
    assert leaning == head(tilt=45.0)[1].box


def test_eyes_of_a_face_cast_down_are_not_found(find_eyes):
    ahead, down = head(size=140), head(size=140, pitch=25.0)
    eyes = [find_eyes(cv2.cvtColor(p, cv2.COLOR_BGR2GRAY), row.box) for p, row in (ahead, down)]
    assert len(eyes[0]) == 2 and len(eyes[1]) < 2


def test_a_face_cast_down_is_lower_than_one_that_looks_up():
    assert head(pitch=25.0)[1].face.y > head()[1].face.y > head(pitch=-25.0)[1].face.y


def test_turns_go_straight_from_one_key_to_the_next():
    person = Actor(1, HERE, yaw=((0, -30.0), (1, 30.0)), pitch=((0.5, 8.0),))
    rows = list(truth(story_of(person)))
    assert [rows[i].yaw for i in (0, 6, 12, 18)] == pytest.approx([-30, -15, 0, 15])
    assert {row.pitch for row in rows} == {8.0}


def test_who_turns_is_painted_as_a_body_when_looking_ahead_too():
    """Nothing jumps when a turning head comes by."""
    pictures = [head(yaw=((0, yaw),))[0].astype(int) for yaw in (-0.5, 0.0, 0.5)]
    assert np.abs(pictures[1] - pictures[0]).mean() < 0.5
    assert np.abs(pictures[1] - pictures[2]).mean() < 0.5


def test_less_light_is_darker_and_dark_things_are_lost():
    full, dim, dark = (head(light=light)[0] for light in (1.0, 0.12, 0.06))
    assert full.mean() > 2 * dim.mean() > 2 * dark.mean() > 0
    assert np.unique(dark).size < np.unique(full).size / 3


def test_the_light_is_in_the_truth():
    assert [head(light=light)[1].kind for light in (1.0, 0.12)] == ["frontal", "dim"]


@pytest.mark.parametrize("actor", [1, 2, 3, 4, 5])
def test_small_faces_are_painted_as_large_ones_are_seen_from_afar(actor):
    large, small = head(actor, size=192)[0], head(actor, size=12)[0]
    afar = cv2.resize(large[30:270, 60:300], (15, 15), interpolation=cv2.INTER_AREA)
    parts = [p.astype(int) for p in (afar[3:12, 4:11], small[142:159, 172:188][3:12, 4:11])]
    assert np.abs(parts[0] - parts[1]).mean() < 30


def test_the_hard_story_has_every_kind():
    assert {row.kind for row in truth(hard_story())} == set(KINDS)


def test_the_hard_story_turns_heads_by_all_angles_to_both_sides():
    yaws = {round(row.yaw) for row in truth(hard_story())}
    assert yaws >= {side * angle for side in (-1, 1) for angle in (0, 15, 30, 45, 60, 90)}


def test_the_hard_story_has_small_faces_down_to_eleven_pixels():
    heights = {row.face_h for row in truth(hard_story()) if row.kind == "small"}
    assert min(heights) == 11 and max(heights) == 29


def test_the_hard_story_lasts_some_forty_seconds():
    assert 30 <= hard_story().duration <= 40


def test_every_face_of_the_hard_story_is_whole():
    story = hard_story()
    people = sum(len(story.shots[story.shot_at(t)[0]].actors) for t in story.frame_times())
    assert len(list(truth(story))) == people


def test_videmo_demo_hard_makes_the_hard_story(tmp_path, monkeypatch):
    made = {}
    monkeypatch.setattr(videmo.demo, "make_movie", lambda *what: made.update([what]) or [])
    monkeypatch.chdir(tmp_path)
    demo.main(["--hard"], standalone_mode=False)
    assert made == {Path("demo-hard.mp4"): hard_story()}
    assert Path("demo-hard.truth.csv").exists()


def test_the_demo_shows_every_emotion_two_people_and_nobody():
    story = demo_story()
    rows = list(truth(story))
    frames = [row.frame for row in rows]
    assert {row.emotion for row in rows} == set(EMOTIONS)
    assert len(frames) > len(set(frames))
    assert story.frames - len(set(frames)) >= 24


def test_stories_are_pure():
    code = (
        "import sys, videmo.demo.story, videmo.demo.example, videmo.demo.truth\n"
        "import videmo.demo.hard, videmo.demo.outline\n"
        "print(sorted({'cv2', 'av', 'numpy', 'pandas'} & set(sys.modules)))"
    )
    root = Path(__file__).parent.parent
    run = [sys.executable, "-c", code]
    assert subprocess.run(run, cwd=root, capture_output=True, text=True).stdout == "[]\n"


@pytest.mark.parametrize(
    "make",
    [
        lambda: Story(()),
        lambda: story_of(size=(161, 120)),
        lambda: story_of(fps=Fraction(0)),
        lambda: story_of(times=(0.1, 0.2)),
        lambda: story_of(times=(0, 0.2, 0.2)),
        lambda: story_of(times=(0, 1)),
        lambda: story_of(Actor(1, HERE), Actor(1, HERE)),
        lambda: story_of(seconds=0),
        lambda: Actor(0, HERE),
        lambda: Actor(1, ()),
        lambda: Actor(1, HERE, ((0, "joy"),)),
        lambda: Actor(1, HERE, yaw=91.0),
        lambda: Actor(1, HERE, pitch=-46.0),
        lambda: Actor(1, HERE, yaw=()),
        lambda: Actor(1, HERE, yaw=((0, 1.0), (0, 2.0))),
        lambda: Shot(1, light=0.0),
        lambda: Shot(1, light=1.1),
    ],
)
def test_a_story_that_cannot_be_is_refused(make):
    with pytest.raises(RequestError):
        make()


@pytest.mark.parametrize("name, rotation", [("a.avi", 0), ("a.mp4", 45), ("a.mkv", 90)])
def test_a_movie_that_cannot_be_made_is_refused(tmp_path, name, rotation):
    with pytest.raises(RequestError):
        make_movie(tmp_path / name, story_of(), rotation=rotation)
    assert not list(tmp_path.iterdir())
