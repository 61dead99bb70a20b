"""Tables drawn into their movies: every picture at its time, with its sound, and what is drawn."""

from __future__ import annotations

import math
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from tests.conftest import Made, made
from tests.movies import (
    NTSC_FILM,
    cut_off,
    number_of,
    numbered,
    person,
    remuxed,
    still,
    uneven_times,
)
from videmo.annotate.encode import TimedPicture, write_movie
from videmo.annotate.movie import Annotated, Wished, annotate_movie, annotate_movies
from videmo.annotate.rows import lanes_of, scene_of
from videmo.demo import Shot, Story, make_movie
from videmo.errors import DiskFullError, MovieError, RequestError, TableError
from videmo.exporters.clips import find_ffmpeg
from videmo.faces import DETECTORS, DetectorConfig
from videmo.names import Line, write_people
from videmo.scan import Settings, scan_movie
from videmo.schema import EMOTIONS
from videmo.table import face_boxes, read_record, read_table, record_path, write_record
from videmo.video import Turn, open_movie, open_sound, probe

H264 = ("-c:v", "libx264", "-preset", "veryfast", "-g", "25", "-bf", "2")
COPIED = {
    "aac.mp4": H264,
    "adts.ts": (*H264, "-c:a", "aac"),
    "mp2.ts": H264,
    "mp3.flv": (*H264, "-ar", "44100", "-c:a", "libmp3lame"),
    "mp2.mpg": ("-c:v", "mpeg2video", "-b:v", "3M", "-bf", "2"),
    "opus.webm": ("-c:v", "libvpx", "-b:v", "2M", "-deadline", "realtime"),
    "ac3.mkv": (*H264, "-c:a", "ac3"),
    "flac.mkv": (*H264, "-c:a", "flac", "-pix_fmt", "yuv420p10le"),
    "alac.mov": (*H264, "-c:a", "alac"),
}
ENCODED = {
    "pcm.mov": (*H264, "-c:a", "pcm_s16le"),
    "vorbis.mkv": (*H264, "-c:a", "libvorbis"),
    "pcm8.avi": ("-c:v", "mjpeg", "-q:v", "3", "-c:a", "pcm_u8", "-ar", "11025"),
    "surround.mkv": (*H264, "-c:a", "pcm_s24le", "-ac", "6", "-ar", "96000"),
    "mulaw.mov": (*H264, "-c:a", "pcm_mulaw", "-ar", "8000", "-ac", "1"),
}


def annotated(subject: Path, folder: Path, **how: object) -> Annotated:
    return annotate_movie(subject, folder, **how)  # type: ignore[arg-type]


def file_of(done: Annotated) -> Path:
    assert done.file is not None
    return done.file


def pictures(path: Path) -> list[np.ndarray]:
    with open_movie(probe(path)) as reader:
        return [frame.bgr.copy() for frame in reader.frames()]


def shown(path: Path) -> list[tuple[int, Fraction]]:
    """The number that each picture shows, and its time."""
    with open_movie(probe(path)) as reader:
        return [(number_of(frame.grey), frame.time) for frame in reader.frames()]


def sound(path: Path) -> list[tuple[float, bytes]]:
    """The sound's packets, with their times after the first picture."""
    with open_sound(probe(path)) as stream:
        return [(float(time), bytes(packet)) for time, packet in stream.packets()] if stream else []


@pytest.mark.parametrize("name", [*COPIED, *ENCODED])
def test_every_picture_keeps_its_place_and_its_time(name: str, tmp_path: Path) -> None:
    movie = numbered(tmp_path / name, 50, *({**COPIED, **ENCODED}[name]))
    done = annotated(movie, tmp_path / "out")
    assert (done.frames, done.missing, done.damaged) == (50, 0, 0)
    assert shown(file_of(done)) == shown(movie)


@pytest.mark.parametrize("name", COPIED)
def test_the_sound_is_copied_where_mp4_takes_it(name: str, tmp_path: Path) -> None:
    movie = numbered(tmp_path / name, 50, *COPIED[name])
    done = annotated(movie, tmp_path / "out")
    before, after = sound(movie), sound(file_of(done))
    assert done.sound == "copied" and len(before) == len(after)
    head = 7 if name == "adts.ts" else 0  # each packet's own header, which MP4 keeps elsewhere
    assert [content[head:] for _, content in before] == [content for _, content in after]
    assert [t for t, _ in after] == pytest.approx([t for t, _ in before], abs=0.0011)


@pytest.mark.parametrize("name", ENCODED)
def test_other_sound_is_encoded(name: str, tmp_path: Path) -> None:
    done = annotated(numbered(tmp_path / name, 50, *ENCODED[name]), tmp_path / "out")
    with av.open(str(done.file)) as container:
        audio = container.streams.audio[0]
        assert (done.sound, audio.codec_context.name) == ("encoded", "aac")
        assert float(audio.duration * audio.time_base) == pytest.approx(2.0, abs=0.14)


def beeps(path: Path) -> list[float]:
    """When the sound is loud, in seconds after the first picture: the beginning of each beep."""
    movie = probe(path)
    rate = 48000
    resampler = av.AudioResampler(format="flt", layout="mono", rate=rate)
    with open_sound(movie) as stream:
        assert stream is not None
        pieces = [
            (float(time), part.to_ndarray()[0])
            for time, frame in stream.frames()
            for part in resampler.resample(frame)
        ]
    loud = np.abs(np.concatenate([piece for _, piece in pieces]))
    there = np.flatnonzero(loud > 0.6 * loud.max())
    first = there[np.flatnonzero(np.diff(there, prepend=-rate) > rate // 2)]
    return [float(place / rate + pieces[0][0]) for place in first]


@pytest.mark.parametrize("coding", [("-c", "copy"), ("-c:v", "copy", "-c:a", "pcm_s16le")])
def test_the_sound_stays_with_its_pictures(tmp_path: Path, coding: tuple[str, ...]) -> None:
    make_movie(tmp_path / "a.mp4", still(4, NTSC_FILM))
    movie = tmp_path / "movie.mov"
    subprocess.run(
        [find_ffmpeg(), "-loglevel", "error", "-i", tmp_path / "a.mp4", *coding, movie], check=True
    )
    assert beeps(movie) == pytest.approx([0, 1, 2, 3, 4], abs=0.03)
    done = annotated(movie, tmp_path / "out")
    assert beeps(file_of(done)) == pytest.approx(beeps(movie), abs=0.002)


def test_sound_that_begins_before_the_pictures_is_kept(tmp_path: Path) -> None:
    make_movie(tmp_path / "a.mkv", still(2))
    remuxed(tmp_path / "a.mkv", tmp_path / "only.mkv", "-an")
    command = [find_ffmpeg(), "-loglevel", "error", "-itsoffset", "0.7", "-i", "only.mkv"]
    maps = ["-map", "0:v", "-map", "1:a", "-c", "copy", "late.mkv"]
    subprocess.run([*command, "-i", "a.mkv", *maps], check=True, cwd=tmp_path)
    done = annotated(tmp_path / "late.mkv", tmp_path / "out")
    assert probe(file_of(done)).lead == pytest.approx(0.7, abs=0.001)
    assert sound(file_of(done))[0][0] == sound(tmp_path / "late.mkv")[0][0]


def test_a_variable_rate_stays_variable(tmp_path: Path) -> None:
    one = made(tmp_path, Story((Shot(4, (person(),)),), times=uneven_times(40)))
    done = annotated(one.scanned.table, tmp_path / "out")
    with open_movie(probe(file_of(done))) as reader:
        times = [frame.time for frame in reader.frames()]
    with open_movie(probe(one.movie)) as reader:
        assert times == [frame.time for frame in reader.frames()]
    assert len({times[i + 1] - times[i] for i in range(39)}) == 2
    with av.open(str(done.file)) as container:  # the last picture is shown as long as it was
        video = container.streams.video[0]
        assert float(video.duration * video.time_base) == pytest.approx(4, abs=0.001)


def test_two_recordings_in_one_file_are_drawn_as_one(tmp_path: Path) -> None:
    one = numbered(tmp_path / "one.ts", 50, *H264).read_bytes()
    (tmp_path / "two.ts").write_bytes(one + one)
    done = annotated(tmp_path / "two.ts", tmp_path / "out")
    found = shown(file_of(done))
    assert [number for number, _ in found] == [*range(50), *range(50)]
    assert [float(t) for _, t in found] == pytest.approx([i / 25 for i in range(100)], abs=0.001)
    times = [time for time, _ in sound(file_of(done))]
    assert times == sorted(times) and times[-1] == pytest.approx(4, abs=0.1)


def test_a_stream_without_times_gets_some(tmp_path: Path) -> None:
    numbered(tmp_path / "a.mkv", 50, *H264, "-an")
    raw = remuxed(tmp_path / "a.mkv", tmp_path / "a.h264")
    done = annotated(raw, tmp_path / "out")
    found = shown(file_of(done))
    assert [number for number, _ in found] == list(range(50)) and not done.sound
    assert float(found[-1][1]) == pytest.approx(49 / 25, abs=0.001)


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_the_picture_is_upright(tmp_path: Path, rotation: int) -> None:
    one = made(tmp_path, still(0.5), rotation=rotation)
    done = annotated(one.scanned.table, tmp_path / "out")
    movie = probe(file_of(done))
    assert movie.turn == Turn() and movie.width == 320 and movie.height > 240
    upright, drawn = pictures(one.movie)[3], pictures(file_of(done))[3]
    corner = np.s_[:40, :40]  # where nothing is drawn
    assert np.abs(upright[corner].astype(int) - drawn[corner]).mean() < 3


@pytest.mark.parametrize("size", [(161, 91), (33, 33), (16, 16), (90, 640)])
def test_odd_and_tiny_sizes_are_drawn(tmp_path: Path, size: tuple[int, int]) -> None:
    path = numbered(tmp_path / "odd.mkv", 10, "-c:v", "ffv1", "-vf", f"scale={size[0]}:{size[1]}")
    movie = probe(file_of(annotated(path, tmp_path / "out")))
    assert movie.width == size[0] // 2 * 2 and movie.height % 2 == 0 and movie.frames == 10


def test_colours_stay_as_they_are(tmp_path: Path) -> None:
    """In small pictures and in large ones, which have another colour matrix."""
    for size in ((320, 240), (1280, 720)):
        image = np.zeros((size[1], size[0], 3), np.uint8)
        image[:] = (200, 60, 30)
        image[:, : size[0] // 2] = (40, 180, 220)
        make_movie(tmp_path / "a.mp4", still(0.5))
        movie = probe(tmp_path / "a.mp4")
        flat = [TimedPicture(Fraction(i, 24), Fraction(i + 1, 24), image) for i in range(3)]
        write_movie(tmp_path / "b.mp4", movie, flat)
        with av.open(str(tmp_path / "b.mp4")) as container:
            context = container.streams.video[0].codec_context
            assert context.colorspace == (1 if size[1] >= 720 else 6)
        seen = pictures(tmp_path / "b.mp4")[1]
        for x in (size[0] // 4, size[0] * 3 // 4):
            assert seen[100, x].astype(int) == pytest.approx(image[100, x].astype(int), abs=4)


@pytest.fixture(scope="module")
def drawn(people: Made, tmp_path_factory: pytest.TempPathFactory) -> Annotated:
    """The movie with people, annotated."""
    return annotated(people.scanned.table, tmp_path_factory.mktemp("drawn"))


def test_a_box_is_drawn_around_each_face(people: Made, drawn: Annotated) -> None:
    scene = scene_of(people.table, {})
    frames = zip(pictures(people.movie), pictures(file_of(drawn)), strict=True)
    looked = 0
    for index, (plain, picture) in enumerate(frames):
        changed = np.abs(picture[:240].astype(int) - plain).sum(axis=2)
        for face in scene.at(index):
            if face.aligned:
                x, y, w, h = face.box
                edge = changed[y + h // 4 : y + 3 * h // 4, x - 1 : x + 2].max(axis=1)
                inside = changed[y + h // 4 : y + 3 * h // 4, x + w // 4 : x + 3 * w // 4]
                assert np.median(edge) > 60 and np.median(inside) < 20, (index, face)
                looked += 1
    assert looked > 100 and drawn.faces == people.scanned.record["faces"]


def test_boxes_are_calmed_but_stay_with_their_faces(people: Made) -> None:
    """Boxes of faces that walk, made to tremble by up to four pixels."""
    rows = people.table[people.table["track"].notna()]
    rand = np.random.default_rng(1)
    shaken = rows.assign(
        **{name: rows[name] + rand.integers(-4, 5, len(rows)) for name in ("x", "y")}
    )
    before, shaky = (table[["x", "y"]].to_numpy(float) for table in (rows, shaken))
    calm = scene_of(shaken, {}).boxes[:, :2].astype(float)
    assert np.abs(calm - before).mean() < 0.7 * np.abs(shaky - before).mean()
    assert np.abs(calm - before).max() < 6
    track = rows["track"].to_numpy(int)
    for number in np.unique(track):
        steps = [np.abs(np.diff(b[track == number], axis=0)).mean() for b in (shaky, calm)]
        assert steps[1] < 0.5 * steps[0]


def test_a_movie_without_faces_is_drawn_all_the_same(tmp_path: Path) -> None:
    one = made(tmp_path, Story((Shot(1),), (320, 240)))
    done = annotated(one.scanned.table, tmp_path / "out")
    assert (done.frames, done.faces) == (24, 0)


def test_without_a_timeline_the_picture_keeps_its_size(people: Made, tmp_path: Path) -> None:
    done = annotated(people.scanned.table, tmp_path, wished=Wished(layers=("bars",)))
    movie = probe(file_of(done))
    assert (movie.width, movie.height) == (320, 240)


def test_a_layer_that_does_not_exist_is_named(people: Made, tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=r"hats.*bars, timeline"):
        annotated(people.scanned.table, tmp_path, wished=Wished(layers=("hats",)))


def test_the_same_movie_gives_the_same_bytes(people: Made, tmp_path: Path) -> None:
    wished = Wished(end=1.0)
    files = [
        file_of(annotated(people.scanned.table, tmp_path / name, wished=wished)).read_bytes()
        for name in ("a", "b")
    ]
    assert files[0] == files[1]


@pytest.mark.parametrize(("start", "end"), [(1.0, 2.5), (None, 1.1), (3.3, None)])
def test_a_stretch_is_drawn_with_its_sound(
    tmp_path: Path, start: float | None, end: float | None
) -> None:
    movie = numbered(tmp_path / "a.mkv", 100, *H264)
    done = annotated(movie, tmp_path, wished=Wished(start=start, end=end))
    first, last = math.ceil((start or 0) * 25), math.ceil((end or 4) * 25)
    found = shown(file_of(done))
    assert [number for number, _ in found] == [n for n in range(100) if first <= n < last]
    begin, finish = (t[0] for t in (sound(file_of(done))[0], sound(file_of(done))[-1]))
    assert begin == pytest.approx(0, abs=0.03)
    assert finish == pytest.approx((last - first) / 25, abs=0.05)


def test_of_a_movie_of_which_a_stretch_was_scanned_that_stretch_is_drawn(
    people: Made, tmp_path: Path
) -> None:
    part = scan_movie(people.movie, tmp_path, Settings(start=1.0, end=2.5))
    done = annotated(part.table, tmp_path)
    assert (done.frames, done.missing) == (36, 0) and done.faces == part.record["faces"]
    assert times_of(file_of(done)) == [Fraction(i, 24) for i in range(36)]
    assert annotated(part.table, tmp_path, wished=Wished(end=2.0)).frames == 24


def test_between_frames_that_were_scanned_faces_are_where_they_must_be(
    people: Made, tmp_path: Path
) -> None:
    part = scan_movie(people.movie, tmp_path, Settings(every=4))
    done = annotated(part.table, tmp_path)
    assert done.frames == 144 and done.faces > 0.85 * people.scanned.record["faces"]
    scene, whole = scene_of(read_table(part.table), {}), scene_of(people.table, {})
    moving = [f for f in range(80, 112) if f % 4 and len(whole.at(f)) == 2]
    for frame in moving:  # in the second shot, two people walk
        found = scene.after(frame // 4, frame % 4 / 4)
        overlaps = [max(a.box.iou(b.box) for b in whole.at(frame)) for a in found]
        assert len(found) == 2 and min(overlaps) > 0.7


def test_nothing_is_drawn_where_frames_are_missing_and_not_skipped(people: Made) -> None:
    scene = scene_of(people.table, {})
    assert scene.at(10) and scene.after(10, 0.5) == []


@pytest.mark.parametrize("detector", DETECTORS)
def test_eyes_are_drawn_into_the_faces_and_nowhere_else(tmp_path: Path, detector: str) -> None:
    """A table does not keep them: they are found again by what found the face."""
    one = made(tmp_path, still(0.25), settings=Settings(DetectorConfig(detector)))
    drawn = []
    for layers in ((), ("eyes",)):
        done = annotated(one.scanned.table, tmp_path / str(len(layers)), wished=Wished(layers))
        drawn.append(pictures(file_of(done)))
    boxes = list(face_boxes(one.table))
    assert len(boxes) == len(drawn[0]) == len(drawn[1]) == 6
    for box, without, with_eyes in zip(boxes, *drawn, strict=True):
        changed = np.abs(with_eyes.astype(int) - without).max(axis=2) > 60
        rows, columns = np.nonzero(changed)
        assert changed.sum() > 20
        assert box.x <= columns.min() and columns.max() < box.x + box.w
        assert box.y <= rows.min() and rows.max() < box.y + box.h


@pytest.mark.parametrize(
    ("detector", "says"),
    [
        ({"name": "haar", "weights": {"a.xml": "0" * 64}, "margin": 0}, "has learnt other things"),
        ({"name": "hawk", "weights": {}, "margin": 0}, "hawk: no such detector"),
    ],
)
def test_eyes_that_cannot_be_found_again_as_they_were_are_refused(
    people: Made, tmp_path: Path, detector: dict[str, object], says: str
) -> None:
    table = tmp_path / people.scanned.table.name
    shutil.copy(people.scanned.table, table)
    record = {**read_record(people.scanned.table), "detector": detector}
    write_record(table, record)
    with pytest.raises(RequestError, match=says):
        annotated(table, tmp_path, movie=people.movie, wished=Wished(layers=("eyes",)))
    assert annotated(table, tmp_path, movie=people.movie, wished=Wished(layers=())).file


def test_times_out_of_the_table_mean_their_frames(tmp_path: Path) -> None:
    """The eighth frame is shown at 0.29196 s, and called 0.292."""
    one = made(tmp_path, still(1, NTSC_FILM))
    start, end = (float(one.table["time"][frame]) for frame in (7, 13))
    assert Fraction(7 * 1001, 24000) < start
    done = annotated(one.scanned.table, tmp_path, wished=Wished(start=start, end=end))
    assert (done.frames, done.faces) == (6, 6)


def test_beeps_stay_in_place_in_a_stretch(tmp_path: Path) -> None:
    make_movie(tmp_path / "a.mp4", still(5, NTSC_FILM))
    done = annotated(tmp_path / "a.mp4", tmp_path, wished=Wished(start=1.52, end=4.6))
    first = next(t for t in (i * 1001 / 24000 for i in range(99)) if t >= 1.52)
    expected = [second - first for second in (2, 3, 4)]
    assert beeps(file_of(done)) == pytest.approx(expected, abs=0.03)


@pytest.mark.parametrize(
    ("start", "end", "says"), [(9.0, None, "no frame in this stretch"), (2.0, 1.0, "after")]
)
def test_a_stretch_in_which_there_is_nothing_is_refused(
    people: Made, tmp_path: Path, start: float, end: float | None, says: str
) -> None:
    with pytest.raises(RequestError, match=says):
        annotated(people.scanned.table, tmp_path, wished=Wished(start=start, end=end))
    assert not list(tmp_path.iterdir())


def test_a_movie_without_a_table_is_scanned_first(tmp_path: Path) -> None:
    make_movie(tmp_path / "movie.mp4", still(0.5))
    done = annotated(tmp_path / "movie.mp4", tmp_path / "out")
    assert done.scanned and done.faces == 12
    names = ["movie.mp4.annotated.mp4", "movie.mp4.faces.csv", "movie.mp4.faces.json"]
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == names
    assert not annotated(tmp_path / "movie.mp4", tmp_path / "out").scanned


def test_what_one_detector_saw_is_not_drawn_as_if_another_had_seen_it(
    people: Made, tmp_path: Path
) -> None:
    saw = people.scanned.record["detector"]["name"]
    for detector in set(DETECTORS) - {saw}:
        other = Settings(DetectorConfig(detector))
        with pytest.raises(RequestError, match=f"made with the detector {saw}.*--detector"):
            annotated(people.scanned.table, tmp_path, settings=other)
    wished = Wished(start=1.0, end=1.5)
    same = Settings(DetectorConfig(saw))
    assert annotated(people.scanned.table, tmp_path, wished=wished, settings=same).file


def test_a_movie_that_has_changed_since_the_scan_is_refused(tmp_path: Path) -> None:
    one = made(tmp_path, still(0.5))
    one.movie.write_bytes(one.movie.read_bytes() + b"more")
    with pytest.raises(MovieError, match="has changed since"):
        annotated(one.scanned.table, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_table_of_another_movie_is_refused(people: Made, tmp_path: Path) -> None:
    make_movie(tmp_path / "movie.mp4", still(0.5))
    for path in (people.scanned.table, record_path(people.scanned.table)):
        shutil.copy(path, tmp_path)
    with pytest.raises(MovieError, match="is not the movie that was scanned"):
        annotated(tmp_path / "movie.mp4", tmp_path)
    with pytest.raises(MovieError, match="is not the movie that was scanned"):
        annotated(people.scanned.table, tmp_path, movie=tmp_path / "movie.mp4")


def test_a_damaged_table_is_refused(people: Made, tmp_path: Path) -> None:
    for path in (people.scanned.table, record_path(people.scanned.table)):
        shutil.copy(path, tmp_path)
    table = tmp_path / people.scanned.table.name
    table.write_bytes(table.read_bytes()[:-10])
    with pytest.raises(TableError, match="scan again"):
        annotated(table, tmp_path)


def test_one_bad_movie_costs_one(tmp_path: Path) -> None:
    make_movie(tmp_path / "good.mp4", still(0.5))
    (tmp_path / "bad.mp4").write_bytes(b"bad")
    subjects = [tmp_path / "bad.mp4", tmp_path / "good.mp4"]
    done = list(annotate_movies(subjects, tmp_path / "out"))
    assert [type(one.error) for one in done] == [MovieError, type(None)]
    assert done[1].frames == 12


def test_a_movie_of_which_two_stretches_were_scanned_costs_itself_only(tmp_path: Path) -> None:
    make_movie(tmp_path / "good.mp4", still(0.5))
    shutil.copy(tmp_path / "good.mp4", tmp_path / "two.mp4")
    for start, end in ((0.0, 0.2), (0.2, 0.4)):
        scan_movie(tmp_path / "two.mp4", tmp_path, Settings(start=start, end=end))
    subjects = [tmp_path / "two.mp4", tmp_path / "good.mp4"]
    done = list(annotate_movies(subjects, tmp_path / "out"))
    assert "several stretches were scanned" in str(done[0].error)
    assert done[1].error is None and done[1].frames == 12
    with pytest.raises(RequestError, match="hats"):
        list(annotate_movies(subjects, tmp_path / "out", Wished(layers=("hats",))))


def holed(tmp_path: Path) -> Path:
    """A movie with random bytes in its middle."""
    make_movie(tmp_path / "a.mkv", still(6), gop=12)
    content = bytearray((tmp_path / "a.mkv").read_bytes())
    middle = len(content) // 2
    content[middle : middle + 3000] = np.random.default_rng(1).bytes(3000)
    (tmp_path / "hole.mkv").write_bytes(content)
    return tmp_path / "hole.mkv"


def test_a_damaged_movie_goes_on_after_the_hole(tmp_path: Path) -> None:
    movie = holed(tmp_path)
    done = annotated(movie, tmp_path / "out")
    assert done.frames + done.missing == 144 and done.missing + done.damaged > 0
    times = [float(time) for time in times_of(file_of(done))]
    assert times == pytest.approx([float(t) for t in times_of(movie)], abs=1e-6)
    assert times[-1] == pytest.approx(143 / 24, abs=0.001)
    assert [round(t) for t in beeps(file_of(done))][-1] == 5
    late = [t for t in beeps(file_of(done)) if t > 4]
    assert late == pytest.approx([round(t) for t in late], abs=0.05)


def times_of(path: Path) -> list[Fraction]:
    with open_movie(probe(path)) as reader:
        return [frame.time for frame in reader.frames()]


def test_a_movie_that_was_cut_off_is_drawn_as_far_as_it_goes(tmp_path: Path) -> None:
    make_movie(tmp_path / "whole.mkv", still(2, sound=False))
    movie = cut_off(tmp_path / "whole.mkv", tmp_path / "short.mkv", 0.6)
    done = annotated(movie, tmp_path / "out")
    assert 0 < done.frames < 48 and done.frames + done.missing == 48


def test_a_frame_that_is_not_there_any_more_is_an_error(
    people: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its fingerprint does not tell all: a table says of a whole movie what it has not."""
    from videmo.annotate import movie

    whole = read_table(people.scanned.table)
    shifted = whole.assign(time=whole["time"] + 0.02)
    monkeypatch.setattr(movie, "read_table", lambda _: shifted)
    with pytest.raises(MovieError, match=r"no frame at .* scan the movie again"):
        annotated(people.scanned.table, tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kilobytes", [4, 40])
def test_a_full_disk_leaves_nothing_half_written(
    people: Made, small_disk: Callable[[int], Path], kilobytes: int
) -> None:
    disk = small_disk(kilobytes)
    with pytest.raises(DiskFullError, match="disk full"):
        annotated(people.scanned.table, disk)
    assert not [p for p in disk.rglob("*") if p.is_file()]


def test_a_movie_is_not_written_over_itself(tmp_path: Path) -> None:
    one = made(tmp_path, still(0.5))
    (tmp_path / "movie.mp4.annotated.mp4").symlink_to(one.movie)
    before = one.movie.read_bytes()
    with pytest.raises(RequestError, match="is the movie itself"):
        annotated(one.scanned.table, tmp_path)
    assert one.movie.read_bytes() == before


def test_progress_is_told(people: Made, tmp_path: Path) -> None:
    from contextlib import nullcontext

    told: list[tuple[int, int]] = []
    annotated(
        people.scanned.table, tmp_path, watch=lambda _: nullcontext(lambda *n: told.append(n))
    )
    assert told == [(n, 144) for n in range(1, 145)]


def test_a_lane_shows_what_is_felt_when(people: Made) -> None:
    lanes, left_out = lanes_of(people.table, {}, 600, 0, 6.0)
    assert left_out == 0
    first = [EMOTIONS[i] if i >= 0 else "" for i in lanes[0].emotions]
    assert first[50] == "sad" and first[250] == "happy"  # 100 columns a second
    assert all(not first[column] for column in range(510, 600))
    assert len(lanes) == 2  # two at once, in the second shot


def test_people_have_lanes_of_their_own(people: Made) -> None:
    tracks = sorted(set(people.table["track"].dropna()))
    names = {tracks[0]: "Ann", tracks[1]: "Ann", tracks[2]: "Bob"}
    lanes, _ = lanes_of(people.table, names, 600, 0, 6.0)
    assert [lane.name for lane in lanes] == ["Ann", "Bob"]
    assert lanes[0].emotions[100] >= 0 and lanes[0].emotions[400] >= 0
    assert lanes[1].emotions[100] < 0 and lanes[1].emotions[400] >= 0


def test_a_crowd_has_no_more_lanes_than_fit(people: Made) -> None:
    import pandas as pd

    rows = people.table[people.table["track"].notna()]
    crowd = pd.concat([rows.assign(track=rows["track"] + 10 * k) for k in range(9)])
    crowd = crowd.sort_values(["frame", "track"])
    lanes, left_out = lanes_of(crowd, {}, 300, 0, 6.0)
    assert len(lanes) == 5
    assert left_out > 0


def test_a_stretch_does_not_take_the_place_of_the_whole_movie(people: Made, tmp_path: Path) -> None:
    table = people.scanned.table
    whole = file_of(annotated(table, tmp_path))
    part = file_of(annotated(table, tmp_path, wished=Wished(start=0.5, end=1.0)))
    assert part.name == "movie.mp4.from-00-00-00.500.to-00-00-01.annotated.mp4"
    assert len(pictures(whole)) > len(pictures(part)) == 12
    scanned = scan_movie(people.movie, tmp_path, Settings(start=1.0, end=1.5))
    of_part = file_of(annotated(scanned.table, tmp_path, wished=Wished(start=0.0)))
    assert of_part.name == "movie.mp4.from-00-00-01.to-00-00-01.500.annotated.mp4"


def test_a_movie_is_drawn_with_names(people: Made, tmp_path: Path) -> None:
    plain = annotated(people.scanned.table, tmp_path / "a", wished=Wished(end=0.5))
    named = annotate_movie(
        people.scanned.table, tmp_path / "b", Wished(end=0.5), names={1: "José Łuk"}
    )
    one, two = pictures(file_of(plain))[5], pictures(file_of(named))[5]
    assert one.shape[1] == two.shape[1] and (one[:240] != two[:240]).any()


def test_a_table_s_movie_may_have_moved(tmp_path: Path) -> None:
    one = made(tmp_path, still(0.5))
    moved = one.movie.rename(tmp_path / "elsewhere.mp4")
    with pytest.raises(MovieError, match="--movie"):
        annotated(one.scanned.table, tmp_path / "out")
    done = annotated(one.scanned.table, tmp_path / "out", movie=moved)
    assert file_of(done).name == "movie.mp4.annotated.mp4"


def test_real_clips_are_drawn(clips: Path, tmp_path: Path) -> None:
    done = annotated(clips / "stage.mp4", tmp_path)
    assert (done.frames, done.sound, done.missing) == (275, "copied", 0)
    assert times_of(file_of(done)) == times_of(clips / "stage.mp4")
    before, after = sound(clips / "stage.mp4"), sound(file_of(done))
    assert [content for _, content in before] == [content for _, content in after]
    record = read_record(tmp_path / "stage.mp4.faces.csv")
    movie = replace(probe(file_of(done)), timed=record["timed"])
    assert float(movie.duration or 0) == pytest.approx(record["end"], abs=0.002)


def test_people_are_called_as_they_were_named(people: Made, tmp_path: Path) -> None:
    table = tmp_path / people.scanned.table.name
    for path in people.scanned.table.parent.iterdir():
        shutil.copy(path, tmp_path / path.name)
    how = {"wished": Wished(start=0, end=0.2), "movie": people.movie}
    told = file_of(annotated(table, tmp_path / "told", names={1: "Jim"}, **how)).read_bytes()
    write_people(table, read_record(table), [Line(1, "Jim", 0.3)], ["Jim"], {})
    assert file_of(annotated(table, tmp_path / "read", **how)).read_bytes() == told
    assert file_of(annotated(table, tmp_path / "not", names={}, **how)).read_bytes() != told
