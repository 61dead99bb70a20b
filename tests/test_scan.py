"""Pass 1 on made movies, against their truth."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.conftest import Made, made
from tests.movies import (
    NTSC_FILM,
    cut_off,
    holed,
    number_of,
    numbered,
    person,
    remuxed,
    still,
    uneven_times,
)
from videmo.demo import Actor, Place, Shot, Story, demo_story, make_movie
from videmo.errors import MovieError, OutputError, RequestError, SetupError
from videmo.faces import DETECTORS, DetectorConfig, StillPicture, detector_of
from videmo.files import sha256
from videmo.runs import find_runs
from videmo.scan import ChunkResult, Settings, merge, scan_chunk, scan_movie
from videmo.scan.chunk import columns_of
from videmo.scan.tracking import Decoded, track_faces
from videmo.schema import EMOTIONS, Alignment, Box, Detection, Face, column_names
from videmo.table import Row, face_boxes, read_table
from videmo.video import open_movie, plan_chunks, probe, survey

FOUND = 0.97
SAME = 0.5
"""Overlap at which a box is that of the truth."""

both = pytest.mark.parametrize("detector", DETECTORS)


def with_(detector: str, **how: object) -> Settings:
    return Settings(DetectorConfig(detector, **how))  # type: ignore[arg-type]


@pytest.fixture(scope="module", params=DETECTORS)
def seen(
    request: pytest.FixtureRequest, people: Made, tmp_path_factory: pytest.TempPathFactory
) -> Made:
    """`people`, as each detector sees them."""
    if request.param == people.scanned.record["detector"]["name"]:
        return people
    folder = tmp_path_factory.mktemp("seen")
    return replace(people, scanned=scan_movie(people.movie, folder, with_(request.param)))


def found_boxes(table: pd.DataFrame) -> dict[int, list[tuple[int, Box]]]:
    """The track and box of each face, by frame."""
    faces = table[table["track"].notna()]
    boxes: dict[int, list[tuple[int, Box]]] = defaultdict(list)
    for frame, track, box in zip(faces["frame"], faces["track"], face_boxes(faces), strict=True):
        boxes[frame].append((int(track), box))
    return boxes


def hits(one: Made) -> list[tuple[int, int, int]]:
    """Frame, actor and track wherever a face of the truth is found."""
    boxes = found_boxes(one.table)
    square = one.scanned.record["detector"]["name"] == "haar"
    return [
        (row.frame, row.actor, track)
        for row in one.truth
        for track, box in boxes[row.frame]
        if (row.box if square else row.face).iou(box) >= SAME
    ]


def check_faces(one: Made) -> None:
    """Every actor is found, nobody else is, and no track is two people's."""
    found = hits(one)
    for actor in {row.actor for row in one.truth}:
        there = {row.frame for row in one.truth if row.actor == actor}
        seen = {frame for frame, who, _ in found if who == actor}
        assert len(seen) >= FOUND * len(there), f"actor {actor}"
    owners = defaultdict(set)
    for _, actor, track in found:
        owners[track].add(actor)
    assert all(len(who) == 1 for who in owners.values()), owners
    faceless = set(one.table["frame"]) - {row.frame for row in one.truth}
    assert not faceless & set(found_boxes(one.table))


def test_every_face_is_found_and_no_other(seen: Made) -> None:
    check_faces(seen)


def test_looks_now_and_then_find_what_looks_at_every_frame_find(seen: Made, tmp_path: Path) -> None:
    settings = with_(seen.scanned.record["detector"]["name"], interval=1)
    slow = scan_movie(seen.movie, tmp_path, settings)
    every, now_and_then = found_boxes(read_table(slow.table)), found_boxes(seen.table)
    for a, b in ((every, now_and_then), (now_and_then, every)):
        boxes = [(frame, box) for frame, faces in a.items() for _, box in faces]
        again = [any(box.iou(other) >= SAME for _, other in b[f]) for f, box in boxes]
        assert sum(again) >= FOUND * len(boxes)


@both
def test_somebody_who_appears_between_two_looks_is_found_from_the_first_frame(
    tmp_path: Path, detector: str
) -> None:
    guest = person(1, 160, start=7 / 24, end=2)
    story = Story((Shot(2, (guest,)),), (320, 240))
    one = made(tmp_path, story, settings=with_(detector))
    interval = one.scanned.record["settings"]["interval"]
    assert one.truth[0].frame % interval
    assert min(found_boxes(one.table)) == one.truth[0].frame


def test_frames_that_are_shown_for_long_tear_nobody_apart(tmp_path: Path) -> None:
    """A recording of a screen: a picture when something moves, else none for seconds."""
    times, now = [], Fraction(0)
    for index in range(40):
        times.append(now)
        now += Fraction(17, 10) if index % 5 == 4 else Fraction(1, 30)
    two = (person(), Actor(2, (Place(0, 120, 170, 110),), ((0, "surprise"),)))
    one = made(tmp_path, Story((Shot(20, two),), times=tuple(times)))
    faces = one.table[one.table["track"].notna()]
    assert sorted(faces["track"].unique()) == [1, 2] and len(faces) == 80
    assert set(faces["repeat"]) == {40}


def test_every_frame_has_a_row(people: Made) -> None:
    frames = people.table["frame"].unique().tolist()
    assert frames == list(range(144))


def test_no_track_crosses_a_cut(seen: Made) -> None:
    faces = seen.table[seen.table["track"].notna()]
    shots = faces["frame"].map(lambda frame: (frame >= 72) + (frame >= 120))
    assert (shots.groupby(faces["track"]).nunique() == 1).all()


def test_runs_match_the_truth_to_within_two_frames(seen: Made) -> None:
    (run,) = [run for run in find_runs(seen.table, "happy", repeat=5) if run.first < 72]
    assert abs(run.first - 36) <= 2 and abs(run.last - 71) <= 2
    (sad,) = [run for run in find_runs(seen.table, "sad", repeat=5) if run.first < 72]
    assert abs(sad.first - 0) <= 2 and abs(sad.last - 35) <= 2


def test_the_row_s_emotion_is_that_of_the_highest_score(people: Made) -> None:
    faces = people.table[people.table["track"].notna()]
    scores = faces[list(EMOTIONS)]
    assert (scores.idxmax(axis=1) == faces["emotion"]).all()
    assert (scores.max(axis=1) == faces["score"]).all()
    assert ((scores.sum(axis=1) - 1).abs() < 0.001).all()


def test_repeat_is_the_length_of_the_run_that_extract_finds(people: Made) -> None:
    table = people.table
    length = {(r.track, frame): r.repeat for r in find_runs(table) for frame in r.frames}
    written = [
        (int(track), frame, None if pd.isna(repeat) else int(repeat))
        for track, frame, repeat in zip(
            table["track"], table["frame"], table["repeat"], strict=True
        )
        if not pd.isna(track)
    ]
    assert all(length.get((track, frame)) == repeat for track, frame, repeat in written)
    assert any(repeat for _, _, repeat in written)


def test_the_record_tells_how_the_table_was_made(people: Made) -> None:
    record = json.loads((people.scanned.table.parent / "movie.mp4.faces.json").read_text())
    assert record == people.scanned.record
    assert record["status"] == "ok"
    assert (record["frames_read"], record["frames_expected"], record["decode_failures"]) == (
        144,
        144,
        0,
    )
    assert (record["fps"], record["width"], record["height"]) == ("24/1", 320, 240)
    assert record["movie"]["file"] == "../movie.mp4"
    assert record["movie"]["size"] == people.movie.stat().st_size
    assert record["sha256"] == sha256(people.scanned.table.read_bytes())
    assert record["end"] == 6.0
    assert record["seconds"]["happy"] == pytest.approx(3.5, abs=0.2)


def test_the_same_movie_gives_the_same_bytes(people: Made, tmp_path: Path) -> None:
    again = scan_movie(people.movie, tmp_path)
    assert again.table.read_bytes() == people.scanned.table.read_bytes()


def test_a_stretch_of_a_movie_has_the_rows_of_the_whole(people: Made, tmp_path: Path) -> None:
    settings = Settings(start=1.0, end=2.5)
    part = scan_movie(people.movie, tmp_path, settings)
    whole = people.table[people.table["time"].between(1, 2.5, inclusive="left")]
    table = read_table(part.table)
    assert table["frame"].tolist() == whole["frame"].tolist()
    assert table["time"].tolist() == whole["time"].tolist()
    assert (table["emotion"] == whole["emotion"].to_numpy()).mean() > 0.9
    assert (part.record["first_frame"], part.record["frames_read"]) == (24, 36)
    assert part.record["status"] == "ok" and part.record["frames_expected"] == 36


def test_one_frame_of_every_so_many_is_scanned(people: Made, tmp_path: Path) -> None:
    part = scan_movie(people.movie, tmp_path, Settings(every=5))
    table = read_table(part.table)
    assert table["frame"].unique().tolist() == list(range(0, 144, 5))
    assert part.record["frames_read"] == 144 and part.record["frames_scanned"] == 29
    assert part.record["status"] == "ok"
    (happy,) = find_runs(table, "happy", repeat=3, tracks=[1])
    assert (happy.start, happy.end) == (pytest.approx(1.5, abs=0.3), pytest.approx(3, abs=0.3))


def test_frames_are_numbered_on_where_chunks_meet(people: Made) -> None:
    movie, settings = probe(people.movie), Settings(every=7)
    chunks = plan_chunks(movie, survey(movie).keys, seconds=(2, 2))
    seen = [scan_chunk(movie, chunk, settings) for chunk in chunks]
    frames = list(dict.fromkeys(row.frame for row in merged(seen, settings)))
    starts = np.cumsum([0, *(part.frames for part in seen)])
    assert frames == [n for a, b in pairwise(starts.tolist()) for n in range(a, b, 7)]


@pytest.mark.parametrize(("start", "end", "says"), [(5, 5, "not after"), (7, None, "ends before")])
def test_a_stretch_that_cannot_be_is_refused(
    people: Made, tmp_path: Path, start: float, end: float | None, says: str
) -> None:
    with pytest.raises((RequestError, MovieError), match=says):
        scan_movie(people.movie, tmp_path, Settings(start=start, end=end))
    assert not list(tmp_path.rglob("*.csv"))


def test_a_stretch_of_a_movie_without_timestamps_is_refused(tmp_path: Path) -> None:
    make_movie(tmp_path / "a.mkv", still(1, sound=False))
    raw = remuxed(tmp_path / "a.mkv", tmp_path / "raw.h264")
    with pytest.raises(MovieError, match="timestamps"):
        scan_movie(raw, tmp_path, Settings(start=0.5))


def test_the_order_in_which_chunks_are_scanned_does_not_matter(people: Made) -> None:
    movie, settings = probe(people.movie), Settings()
    chunks = plan_chunks(movie, survey(movie).keys, seconds=(2, 2))
    assert len(chunks) == 3
    in_order = [scan_chunk(movie, chunk, settings) for chunk in chunks]
    late_first = [scan_chunk(movie, chunk, settings) for chunk in reversed(chunks)]
    rows = [merged(seen, settings) for seen in (late_first[::-1], in_order)]
    assert rows[0] == rows[1] and len(rows[0]) == len(people.table)


def test_times_at_24000_1001_frames_a_second_are_exact(tmp_path: Path) -> None:
    one = made(tmp_path, still(1, NTSC_FILM))
    assert one.table["time"].tolist() == [round(i * 1001 / 24000, 3) for i in range(24)]
    assert one.scanned.record["fps"] == "24000/1001"


def test_times_at_a_variable_rate_are_true(tmp_path: Path) -> None:
    times = uneven_times(30)
    one = made(tmp_path, still(4, times=times))
    assert one.table["time"].tolist() == [round(float(t), 3) for t in times]
    check_faces(one)


def test_a_turned_movie_is_scanned_upright(tmp_path: Path) -> None:
    one = made(tmp_path, still(0.5), rotation=90)
    assert one.scanned.record["rotation"] != 0
    check_faces(one)


@both
def test_people_who_cross_are_never_mixed(tmp_path: Path, detector: str) -> None:
    left = Actor(1, (Place(0, 60, 100, 80), Place(3, 260, 100, 80)), ((0, "happy"),))
    right = Actor(2, (Place(0, 260, 120, 84), Place(3, 60, 120, 84)), ((0, "sad"),))
    story = Story((Shot(3, (left, right)),), (320, 240))
    one = made(tmp_path, story, settings=with_(detector))
    owners = defaultdict(set)
    for frame, actor, track in hits(one):
        hidden = any(
            a.frame == frame and a.actor != actor and a.box.iou(b.box) > 0.3
            for a in one.truth
            for b in one.truth
            if b.frame == frame and b.actor == actor
        )
        if not hidden:
            owners[track].add(actor)
    assert owners and all(len(who) == 1 for who in owners.values())


@both
def test_somebody_who_comes_and_goes_is_found_just_then(tmp_path: Path, detector: str) -> None:
    guest = person(1, 160, start=0.5, end=1.5)
    story = Story((Shot(2, (guest,)),), (320, 240))
    one = made(tmp_path, story, settings=with_(detector))
    frames = set(found_boxes(one.table))
    assert frames <= set(range(12, 36)) and len(frames) >= FOUND * 24


def test_a_movie_that_is_cut_off_is_partial(tmp_path: Path) -> None:
    make_movie(tmp_path / "whole.mkv", still(3, sound=False))
    short = cut_off(tmp_path / "whole.mkv", tmp_path / "short.mkv", 0.6)
    scanned = scan_movie(short, tmp_path)
    assert scanned.partial and 30 < scanned.record["frames_read"] < 60


def test_a_movie_with_a_hole_is_partial_and_its_times_stay_true(tmp_path: Path) -> None:
    movie = numbered(tmp_path / "a.mkv", 200, "-c:v", "libx264", "-g", "10", "-bf", "0")
    hole = holed(movie, tmp_path / "hole.mkv", 85, 105)
    assert scan_movie(hole, tmp_path).partial
    with open_movie(probe(hole)) as reader:
        read = [(number_of(frame.grey), float(frame.time)) for frame in reader.frames()]
    # Half of picture 85 is there: a decoder may leave it out, or fill it up from the one before.
    whole = [(number, time) for number, time in read if time != pytest.approx(85 / 25, abs=0.001)]
    numbers = [number for number, _ in whole]
    assert numbers == [*range(85), *range(numbers[85], 200)] and 105 < numbers[85] < 150
    assert [time for _, time in whole] == pytest.approx([n / 25 for n in numbers], abs=0.001)


def test_a_movie_that_changes_while_it_is_scanned_is_partial(tmp_path: Path) -> None:
    make_movie(tmp_path / "a.mp4", still(0.5))

    def grow(done: int, total: int) -> None:
        if done == 1:
            with (tmp_path / "a.mp4").open("ab") as file:
                file.write(b"more")

    assert scan_movie(tmp_path / "a.mp4", tmp_path, progress=grow).partial


def test_two_recordings_in_one_file_are_scanned_whole(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    one = numbered(tmp_path / "one.ts", 50, "-c:v", "libx264").read_bytes()
    (tmp_path / "two.ts").write_bytes(one + one)
    scanned = scan_movie(tmp_path / "two.ts", tmp_path)
    assert scanned.record["frames_read"] == scanned.record["frames_expected"] == 100
    assert "timestamps cannot be trusted" in caplog.text


def test_a_whole_movie_whose_sound_is_longer_is_not_partial(tmp_path: Path) -> None:
    tone = ("-filter:a", "apad=pad_dur=0.8", "-c:v", "libx264")
    assert not scan_movie(numbered(tmp_path / "a.mkv", 50, *tone), tmp_path).partial


def test_the_table_of_another_movie_is_not_written_over(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        make_movie(tmp_path / folder / "x.mp4", still(0.25))
    scan_movie(tmp_path / "a" / "x.mp4", tmp_path)
    with pytest.raises(MovieError, match="another movie"):
        scan_movie(tmp_path / "b" / "x.mp4", tmp_path)
    scan_movie(tmp_path / "a" / "x.mp4", tmp_path)  # again, it may


def test_a_place_that_cannot_be_written_is_found_out_first(tmp_path: Path) -> None:
    make_movie(tmp_path / "a.mp4", still(0.25))
    long = (tmp_path / "a.mp4").rename(tmp_path / ("x" * 247 + ".mp4"))
    told: list[int] = []
    with pytest.raises(OutputError, match="name is too long"):
        scan_movie(long, tmp_path, progress=lambda done, total: told.append(done))
    assert not told


def test_progress_is_told_frame_by_frame(tmp_path: Path) -> None:
    make_movie(tmp_path / "a.mp4", still(0.5))
    told: list[tuple[int, int]] = []
    scan_movie(tmp_path / "a.mp4", tmp_path, progress=lambda *now: told.append(now))
    assert told == [(i, 12) for i in range(13)]


def test_an_unknown_detector_is_named(tmp_path: Path) -> None:
    make_movie(tmp_path / "a.mp4", still(0.25))
    with pytest.raises(RequestError, match="eyeball: no such detector; choose from yunet, haar"):
        scan_movie(tmp_path / "a.mp4", tmp_path, Settings(DetectorConfig(detector="eyeball")))


def test_a_model_with_another_checksum_is_refused(tmp_path: Path) -> None:
    from videmo.emotions import find_model

    shipped = find_model()
    (tmp_path / "emotion.tflite").write_bytes(shipped.content[:-1] + b"x")
    about = shipped.path.with_suffix(".json").read_bytes()
    (tmp_path / "emotion.json").write_bytes(about)
    make_movie(tmp_path / "a.mp4", still(0.25))
    with pytest.raises(SetupError, match="checksum"):
        scan_movie(tmp_path / "a.mp4", tmp_path, Settings(model=tmp_path / "emotion.tflite"))
    assert not list(tmp_path.glob("*.faces.*"))


@both
def test_the_demo_is_found_as_it_is(tmp_path: Path, detector: str) -> None:
    one = made(tmp_path, demo_story(), settings=with_(detector))
    check_faces(one)
    assert list(one.table.columns) == list(column_names(EMOTIONS))


@both
@pytest.mark.parametrize("size", [(160, 120), (1280, 720)])
def test_faces_are_found_at_any_size(tmp_path: Path, size: tuple[int, int], detector: str) -> None:
    places = (Place(0, size[0] / 2, size[1] * 0.45, size[1] * 0.45),)
    story = Story((Shot(0.5, (Actor(1, places, ((0, "happy"),)),)),), size, Fraction(24))
    check_faces(made(tmp_path, story, settings=with_(detector)))


def test_a_scan_of_some_frames_ends_where_the_movie_ends(people: Made, tmp_path: Path) -> None:
    """The last frame scanned is the 141st of 144: what follows is no longer than the movie."""
    part = scan_movie(people.movie, tmp_path, Settings(every=20))
    assert read_table(part.table)["frame"].iloc[-1] == 140
    assert part.record["end"] == people.scanned.record["end"] == 6.0


def test_who_stays_is_one_track_even_where_one_frame_a_second_is_scanned(tmp_path: Path) -> None:
    movie = tmp_path / "movie.mp4"
    make_movie(movie, still(6))
    part = scan_movie(movie, tmp_path, Settings(every=24))
    assert part.record["tracks"] == 1
    (happy,) = find_runs(read_table(part.table), "happy", repeat=5, end=part.record["end"])
    assert happy.frames == (0, 24, 48, 72, 96, 120) and (happy.start, happy.end) == (0, 6)


def test_a_cut_between_two_scanned_frames_ends_a_track(tmp_path: Path) -> None:
    """Two people stand in one place by turns, for one or two scanned frames each."""
    shots = [Shot(1.6, (person(who),), background=who) for who in (1, 2, 1, 2)]
    make_movie(tmp_path / "movie.mp4", Story(tuple(shots), (320, 240)))
    table = read_table(scan_movie(tmp_path / "movie.mp4", tmp_path, Settings(every=24)).table)
    shot = (table["time"] // 1.6).astype(int)
    assert table["track"].notna().all() and shot.nunique() == 4
    assert (table["track"] == shot + 1).all()


@pytest.mark.parametrize("every", [1, 5])
def test_the_record_says_where_shots_begin(tmp_path: Path, every: int) -> None:
    """Also where not every frame is scanned: the cut lies where it is, between two that are."""
    shots = [Shot(seconds, (person(),), background=n) for n, seconds in enumerate((1.2, 1.0, 1.0))]
    make_movie(tmp_path / "movie.mp4", Story(tuple(shots), (320, 240), Fraction(25)))
    record = scan_movie(tmp_path / "movie.mp4", tmp_path, Settings(every=every)).record
    assert record["cuts"] == pytest.approx([1.2, 2.2], abs=0.001)


def test_faces_that_are_too_small_are_counted(tmp_path: Path) -> None:
    """Four far away, a thirtieth of the picture's height, and one near."""
    far = [Actor(n, (Place(0, 300 * n, 300, 36),), ((0, "happy"),)) for n in (1, 2, 3, 4)]
    near = Actor(5, (Place(0, 800, 700, 300),), ((0, "sad"),))
    story = Story((Shot(0.5, (*far, near)),), (1600, 1080))
    one = made(tmp_path, story)
    assert one.scanned.record["smaller_faces"] == {"pictures": 1, "faces": 4}
    finer = Settings(DetectorConfig(min_face=0.03))
    again = scan_movie(one.movie, tmp_path / "finer", finer)
    assert again.record["tracks"] == 5 and again.record["smaller_faces"]["faces"] == 0


def chunk_of(frames: Sequence[Sequence[Face]], thumbnails: np.ndarray) -> ChunkResult:
    """What a chunk of these faces is, 25 frames a second."""
    count, faces = len(frames), [face for there in frames for face in there]
    times = np.arange(count) / 25
    return ChunkResult(
        frames=count,
        times=times,
        thumbnails=thumbnails,
        counts=np.array([len(there) for there in frames]),
        columns=columns_of(faces),
        scores=np.array([face.scores for face in faces]).reshape(-1, len(EMOTIONS)),
        tracklets=np.array([face.tracklet for face in faces], np.int64),
        detected=np.array([face.detected for face in faces], bool),
        samples=0,
        smaller=0,
        failures=0,
        repaired=0,
        last=float(times[-1]),
    )


def merged(chunks: Sequence[ChunkResult], settings: Settings) -> list[Row]:
    detector = detector_of(settings.detector)
    rows = list(merge(lambda: chunks, settings, detector, EMOTIONS).rows)
    # What is not known is NaN here, and that is like nothing, itself included.
    return [
        row._replace(observed=tuple(None if v != v else v for v in row.observed)) for row in rows
    ]


SAD = tuple(float(emotion == "sad") for emotion in EMOTIONS)


def test_a_face_that_is_never_aligned_is_kept_after_a_flash() -> None:
    """A flash begins a new track in the merge, but no new shot for who follows the face."""
    box, count = Box(200, 100, 100, 100), 120
    found, settings = Detection(box, 0.7), with_("haar")
    detector = replace(
        detector_of(settings.detector),
        detect=lambda _, known: [] if box in known else [found],
        redetect=lambda *_: found,
    )
    thumbnails = np.full((count, 9, 16), 60, np.uint8)
    thumbnails[50] = 140
    black = StillPicture(np.zeros((360, 640, 3), np.uint8))
    frames = (Decoded(black, tiny, wanted=True) for tiny in thumbnails)  # type: ignore[arg-type]
    faces = [
        [Face(*(one.detection, Alignment(0), SAD, one.tracklet, one.detected)) for one in tracked]
        for _, tracked in track_faces(frames, detector, 12)
    ]
    rows = merged([chunk_of(faces, thumbnails)], settings)
    assert all(row.track for row in rows if row.frame > 52)
    assert rows[49].track != rows[53].track


@pytest.mark.parametrize("seed", range(3))
def test_what_a_damaged_movie_shows_does_not_hang_on_the_jobs(tmp_path: Path, seed: int) -> None:
    chance, movie = random.Random(seed), tmp_path / "movie.mp4"
    make_movie(movie, still(3, sound=False))
    content = bytearray(movie.read_bytes())
    for _ in range(12):
        place = chance.randrange(len(content) // 4, len(content) * 3 // 4)
        content[place : place + 6] = chance.randbytes(6)
    movie.write_bytes(content)
    tables = {
        scan_movie(movie, tmp_path / str(n), jobs=jobs).table.read_bytes()
        for n, jobs in enumerate((1, 4, 4))
    }
    assert len(tables) == 1


@pytest.mark.parametrize(
    ("eyes", "looked", "every", "kept"),
    [
        (1, {3}, 12, False),
        (1, {3, 15}, 12, True),
        (2, {3}, 12, True),
        (1, {3, 15}, 1, False),
        (1, {3, 6, 7, 15, 20}, 1, True),
    ],
)
def test_a_face_that_is_never_aligned_must_be_found_in_several_whole_pictures(
    eyes: int, looked: set[int], every: int, kept: bool
) -> None:
    """Haar: frames 3 to 20; in the others of them it was only found near its place."""
    one = Detection(Box(50, 50, 40, 40), 0.9)
    faces = [
        [Face(one, Alignment(eyes), SAD, 1, n in looked)] if 3 <= n <= 20 else [] for n in range(24)
    ]
    rows = merged([chunk_of(faces, BLACK)], with_("haar", interval=every))
    assert [row.frame for row in rows] == list(range(24))
    assert sum(row.track > 0 for row in rows) == (18 if kept else 0)


BLACK = np.zeros((24, 9, 16), np.uint8)


@pytest.mark.parametrize(("most", "kept"), [(0.699, False), (0.7, True)])
def test_a_face_of_which_yunet_is_never_sure_is_none(most: float, kept: bool) -> None:
    """Sure once, it is one from its first frame to its last, aligned or not."""
    box = Box(50, 50, 40, 40)
    faces = [
        [Face(Detection(box, most if n == 9 else 0.5), Alignment(0, 80.0, 1.0), SAD, 1)]
        for n in range(24)
    ]
    rows = merged([chunk_of(faces, BLACK)], with_("yunet"))
    assert [row.track for row in rows] == [int(kept)] * 24


def test_what_is_no_face_leaves_no_row() -> None:
    """Neither beside a face, nor where there is nothing else."""
    sure, never = Detection(Box(50, 50, 40, 40), 0.9), Detection(Box(200, 50, 40, 40), 0.6)
    faces = [Face(one, Alignment(2), SAD, n) for n, one in ((2, never), (1, sure))]
    rows = merged([chunk_of([faces, faces[:1], []], BLACK[:3])], with_("yunet"))
    assert [(row.frame, row.track, len(row.observed)) for row in rows] == [
        *((0, 1, 8), (1, 0, 0), (2, 0, 0)),
    ]


def test_what_was_seen_in_a_face_stands_in_its_row() -> None:
    face = Face(Detection(Box(50, 51, 40, 42), 0.875), Alignment(1, -60.5, 12.0), SAD, 1)
    unknown = face._replace(alignment=Alignment(2))
    first, second = merged([chunk_of([[face], [unknown]], BLACK[:2])], with_("yunet"))
    assert first.observed == (50, 51, 40, 42, 0.875, 1, -60.5, 12.0)
    assert second.observed == (50, 51, 40, 42, 0.875, 2, None, None)
    assert (first.emotion, first.score, tuple(first.scores)) == ("sad", 1.0, SAD)
    assert (first.repeat, second.repeat) == (0, 1)  # not aligned: in no run


def test_two_chunks_number_their_tracklets_apart() -> None:
    """The same number in the next chunk is another face, unless it is where that one was."""
    left, right = (Detection(Box(x, 50, 40, 40), 0.9) for x in (50, 200))
    one, other = (
        chunk_of([[Face(left, Alignment(2), SAD, a), Face(right, Alignment(2), SAD, b)]], BLACK[:1])
        for a, b in ((1, 2), (2, 1))
    )
    later = other._replace(times=other.times + 0.04)
    rows = merged([one, later], with_("yunet"))
    assert [(row.frame, row.track, row.observed[0]) for row in rows] == [
        *((0, 1, 50), (0, 2, 200), (1, 1, 50), (1, 2, 200)),
    ]
