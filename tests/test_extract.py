"""Pass 2 on made movies, against their truth."""

from __future__ import annotations

import csv
import shutil
import subprocess
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from tests.conftest import Made, made
from tests.movies import NTSC_FILM, delayed, person, still, uneven_times
from videmo.demo import Shot, Story, make_movie
from videmo.draw import HEADER, MARGIN, TILE, cut_face
from videmo.errors import (
    DiskFullError,
    MovieError,
    OutputError,
    RequestError,
    SetupError,
    TableError,
)
from videmo.exporters import DEFAULT_EXPORTS, program
from videmo.exporters.clips import clip_command, cut_clip, find_ffmpeg
from videmo.exporters.selection import Choice
from videmo.extract import Extracted, Wanted, extract_tables, find_tables
from videmo.faces import DETECTORS, DetectorConfig, StillPicture, detector_of
from videmo.runs import find_runs
from videmo.scan import Settings, scan_movie
from videmo.schema import EMOTIONS, Segment
from videmo.table import face_boxes, record_path
from videmo.video import Turn, open_movie, probe

HAPPY = Wanted(("happy",))


def extracted(one: Made, folder: Path, wanted: Wanted = HAPPY, **how: object) -> Extracted:
    (done,) = extract_tables(find_tables([one.scanned.table]), wanted, folder, **how)  # type: ignore[arg-type]
    for error in done.errors:
        raise error
    return done


def segments(folder: Path) -> list[dict[str, str]]:
    with (folder / "segments.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def happy(people: Made, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the happy moments of `people`."""
    folder = tmp_path_factory.mktemp("happy")
    extracted(people, folder)
    return folder


def test_the_crops_are_the_frames_of_the_runs(people: Made, happy: Path) -> None:
    runs = find_runs(people.table, "happy", repeat=5)
    names = {f"{frame:06}_t{run.track}.jpg" for run in runs for frame in run.frames}
    assert {p.name for p in (happy / "movie.mp4/happy/crops").iterdir()} == names


def test_a_crop_shows_the_face_with_its_margin(people: Made, happy: Path) -> None:
    row = next(row for row in people.truth if row.frame == 60)
    crop = cv2.imread(str(next((happy / "movie.mp4/happy/crops").glob("000060_t*.jpg"))))
    with av.open(str(people.movie)) as container:
        frame = next(f for i, f in enumerate(container.decode(video=0)) if i == 60)
    picture = frame.to_ndarray(format="bgr24")
    x, y = row.x + row.w // 2, row.y + row.h // 2
    side = crop.shape[0]
    assert side == pytest.approx(1.4 * row.w, rel=0.15)
    near = picture[y - 20 : y + 20, x - 20 : x + 20].astype(float)
    match = cv2.matchTemplate(
        crop.astype(np.float32), near.astype(np.float32), cv2.TM_CCOEFF_NORMED
    )
    assert match.max() > 0.95


def clip_facts(path: Path) -> tuple[float, float, int]:
    """Seconds of picture, seconds of sound, and frames."""
    with av.open(str(path)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        frames = sum(1 for _ in container.decode(video=0))
        return (
            float(video.duration * video.time_base),
            float(audio.duration * audio.time_base),
            frames,
        )


def test_a_clip_lasts_as_its_segment_says_and_has_sound(happy: Path) -> None:
    for line in segments(happy):
        picture, sound, _ = clip_facts(happy / line["clips"])
        seconds = float(line["clip_end"]) - float(line["clip_start"])
        assert picture == pytest.approx(seconds, abs=1 / 24)
        assert sound == pytest.approx(seconds, abs=1 / 24)


def test_a_clip_is_named_for_its_start_and_track(happy: Path) -> None:
    first = segments(happy)[0]
    hours_minutes = f"00-00-{float(first['clip_start']):06.3f}"
    assert first["clips"] == f"movie.mp4/happy/clips/{hours_minutes}_t{first['track']}.mp4"


def test_every_run_is_listed_with_its_files(people: Made, happy: Path) -> None:
    runs = find_runs(people.table, "happy", repeat=5, end=6.0)
    listed = [(int(s["track"]), int(s["first"]), int(s["repeat"])) for s in segments(happy)]
    assert listed == [(run.track, run.first, run.repeat) for run in runs]
    for line in segments(happy):
        assert all((happy / line[name]).is_file() for name in DEFAULT_EXPORTS)


def test_the_sheet_has_a_face_for_each_run(people: Made, happy: Path) -> None:
    sheet = cv2.imread(str(happy / "movie.mp4/happy/sheet.jpg"))
    for index, run in enumerate(find_runs(people.table, "happy", repeat=5)):
        x = MARGIN + index * (TILE + MARGIN)
        tile = StillPicture(sheet[HEADER : HEADER + TILE, x : x + TILE])
        for name in DETECTORS:
            assert detector_of(DetectorConfig(name, min_face=0.3)).detect(tile, ()), run


@pytest.mark.parametrize("detector", DETECTORS)
def test_upright_crops_are_turned_by_as_much_as_their_faces_lean(
    tmp_path: Path, detector: str
) -> None:
    story = Story((Shot(0.5, (person(1, 160, tilt=12.0),)),), (320, 240))
    one = made(tmp_path, story, settings=Settings(DetectorConfig(detector)))
    crops = {}
    for upright in (False, True):
        choice = Choice(best=True, upright=upright)
        done = extracted(one, tmp_path / str(upright), exports=["crops"], choice=choice)
        (crops[upright],) = done.files
    best = one.table.loc[one.table["score"].idxmax()]
    assert crops[True].name == crops[False].name == f"{best['frame']:06}_t1.jpg"
    assert best["roll"] > 1
    (box,) = face_boxes(one.table.loc[[best.name]])
    with open_movie(probe(one.movie)) as reader:
        (frame,) = reader.at([best["time"]])
        for upright, roll in ((False, 0.0), (True, best["roll"])):
            wanted = cut_face(frame.bgr, box, margin=0.2, roll=roll)
            assert np.abs(cv2.imread(str(crops[upright])).astype(int) - wanted).mean() < 2
    between = cv2.imread(str(crops[True])).astype(int) - cv2.imread(str(crops[False]))
    assert np.abs(between).mean() > 2


def test_best_gives_one_crop_for_each_run(people: Made, tmp_path: Path) -> None:
    done = extracted(people, tmp_path, exports=["crops"], choice=Choice(best=True, size=96))
    assert len(done.files) == done.runs["happy"]
    assert all(cv2.imread(str(file)).shape == (96, 96, 3) for file in done.files)


def test_only_what_is_asked_for_is_made(people: Made, tmp_path: Path) -> None:
    extracted(people, tmp_path, exports=["sheet"])
    assert [p.name for p in (tmp_path / "movie.mp4/happy").iterdir()] == ["sheet.jpg"]


def test_only_the_wanted_track_is_exported(people: Made, tmp_path: Path) -> None:
    track = find_runs(people.table, "happy", repeat=5)[0].track
    extracted(people, tmp_path, Wanted(("happy",), tracks=(track,)), exports=["sheet"])
    assert {line["track"] for line in segments(tmp_path)} == {str(track)}


def test_a_second_extract_takes_away_what_no_longer_matches(people: Made, tmp_path: Path) -> None:
    extracted(people, tmp_path, exports=["crops"])
    crops = tmp_path / "movie.mp4/happy/crops"
    (crops / "mine.jpg").write_bytes(b"a picture of the user's")
    extracted(people, tmp_path, exports=["crops"], choice=Choice(best=True))
    left = {p.name for p in crops.iterdir()}
    assert "mine.jpg" in left
    assert len(left) == 1 + len(find_runs(people.table, "happy", repeat=5))


def test_another_emotion_is_added_to_the_list(people: Made, tmp_path: Path) -> None:
    extracted(people, tmp_path, exports=["sheet"])
    extracted(people, tmp_path, Wanted(("surprise",)), exports=["sheet"])
    assert {line["emotion"] for line in segments(tmp_path)} == {"happy", "surprise"}


def test_where_nothing_matches_what_was_made_before_stays(people: Made, tmp_path: Path) -> None:
    extracted(people, tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    extracted(people, tmp_path, Wanted(("happy",), repeat=10_000))
    assert before == {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}


def test_the_list_tells_what_lies_in_the_folder(people: Made, tmp_path: Path) -> None:
    """After other kinds of files, and fewer runs, were made in the same folder."""
    extracted(people, tmp_path, exports=["crops", "clips"])
    track = find_runs(people.table, "happy", repeat=5)[0].track
    extracted(people, tmp_path, Wanted(("happy",), tracks=(track,)), exports=["sheet"])
    for line in segments(tmp_path):
        assert all((tmp_path / line[kind]).is_file() for kind in ("crops", "clips"))
        assert bool(line["sheet"]) == (line["track"] == str(track))
    extracted(people, tmp_path, Wanted(("happy",), tracks=(track,)), exports=["crops", "clips"])
    assert {line["track"] for line in segments(tmp_path)} == {str(track)}


FEWER_EYES = {
    "haar": person(1, 160, blinks=(0.5, 0.8, 1.1)),
    "yunet": person(1, 160, yaw=((0, 0.0), (0.6, 0.0), (0.9, 75.0), (1.5, 75.0))),
}
"""Somebody of whom a detector sees fewer than two eyes now and then: one who blinks, one who turns
away."""


@pytest.mark.parametrize("detector", FEWER_EYES)
def test_faces_with_fewer_eyes_count_if_that_is_wanted(tmp_path: Path, detector: str) -> None:
    story = Story((Shot(1.5, (FEWER_EYES[detector],)),), (320, 240))
    one = made(tmp_path, story, settings=Settings(DetectorConfig(detector)))
    strict, lax = (
        extracted(one, tmp_path / str(eyes), Wanted(("happy",), eyes=eyes), exports=["crops"])
        for eyes in (2, 0)
    )
    assert len(lax.files) > len(strict.files)


def test_a_place_where_the_movie_lies_is_refused_before_any_work(
    people: Made, tmp_path: Path
) -> None:
    (tmp_path / "movie.mp4").write_bytes(b"the movie itself")
    with pytest.raises(OutputError, match="-o"):
        extracted(people, tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["movie.mp4"]


def test_the_same_table_gives_the_same_bytes(people: Made, happy: Path, tmp_path: Path) -> None:
    extracted(people, tmp_path)
    files = sorted(p.relative_to(happy) for p in happy.rglob("*") if p.is_file())
    assert files == sorted(p.relative_to(tmp_path) for p in tmp_path.rglob("*") if p.is_file())
    assert all((happy / f).read_bytes() == (tmp_path / f).read_bytes() for f in files)


def test_when_nothing_matches_it_is_told_what_there_is(people: Made, tmp_path: Path) -> None:
    done = extracted(people, tmp_path, Wanted(("happy",), repeat=10_000))
    assert done.runs == {"happy": 0} and not done.files
    longest = max(run.repeat for run in find_runs(people.table, "happy"))
    assert done.held["happy"].repeat == longest
    assert not list(tmp_path.iterdir())


def gaps(path: Path) -> list[float]:
    with av.open(str(path)) as container:
        times = [frame.time for frame in container.decode(video=0)]
    return [b - a for a, b in pairwise(times)]


def test_a_clip_of_a_variable_rate_keeps_its_times(tmp_path: Path) -> None:
    one = made(tmp_path, still(4, times=uneven_times(30)))
    done = extracted(one, tmp_path / "out", exports=["clips"])
    assert max(gaps(done.files[0])) == pytest.approx(1 / 6, abs=0.01)
    assert min(gaps(done.files[0])) == pytest.approx(1 / 30, abs=0.01)


def loudness(path: Path, rate: int = 48000) -> np.ndarray:
    with av.open(str(path)) as container:
        resampler = av.AudioResampler(format="flt", layout="mono", rate=rate)
        parts = [
            part.to_ndarray()[0]
            for frame in container.decode(audio=0)
            for part in resampler.resample(frame)
        ]
    return np.abs(np.concatenate(parts))


@pytest.mark.parametrize("late", [0.0, 0.7])
def test_the_sound_of_a_clip_is_that_of_its_pictures(tmp_path: Path, late: float) -> None:
    """The movie beeps on every whole second; so does a clip, shifted by its start."""
    one = made(tmp_path, still(4, NTSC_FILM))
    if late:  # the picture begins that much later than the sound, as in recordings of broadcasts
        path = tmp_path / "late.mkv"
        delayed(one.movie, path, late)
        one = Made(path, one.truth, scan_movie(path, tmp_path / "tables"))
    segment = Segment(1, "happy", 1.251, 3.503, ())
    cut_clip(probe(one.movie), segment, tmp_path / "clip.mp4", allowed=0.05)
    sound = loudness(tmp_path / "clip.mp4")
    beeps = np.flatnonzero(sound > 0.6 * sound.max())
    seconds = (2 - late if late else 2) - 1.251
    assert beeps[0] / 48000 == pytest.approx(seconds, abs=0.03)


def test_the_command_names_no_protocol_but_file(people: Made, tmp_path: Path) -> None:
    command = clip_command(
        "ffmpeg", probe(people.movie), Segment(1, "happy", 1.0, 2.0, ()), tmp_path / "-y.mp4"
    )
    assert command[0] == "ffmpeg"
    paths = [argument for argument in command if argument.endswith(".mp4")]
    assert paths and all(path.startswith("file:/") for path in paths)
    assert command[command.index("-protocol_whitelist") + 1] == "file"
    assert command[command.index("-ss") + 1] == "0.999000"


def test_a_movie_without_sound_gives_clips_without_sound(tmp_path: Path) -> None:
    one = made(tmp_path, still(1, sound=False))
    done = extracted(one, tmp_path / "out", exports=["clips"])
    with av.open(str(done.files[0])) as container:
        assert not container.streams.audio and container.streams.video


def test_a_clip_of_a_turned_movie_is_upright(tmp_path: Path) -> None:
    one = made(tmp_path, still(0.5), rotation=90)
    done = extracted(one, tmp_path / "out", exports=["clips"])
    clip = probe(done.files[0])
    assert (clip.width, clip.height, clip.turn) == (320, 240, Turn())


def test_a_movie_that_has_changed_since_the_scan_is_refused(tmp_path: Path) -> None:
    one = made(tmp_path, still(0.5))
    one.movie.write_bytes(one.movie.read_bytes() + b"more")
    with pytest.raises(MovieError, match="has changed since"):
        extracted(one, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_movie_that_was_moved_is_found_with_its_new_place(tmp_path: Path) -> None:
    one = made(tmp_path, still(0.5))
    moved = tmp_path / "elsewhere.mp4"
    one.movie.rename(moved)
    with pytest.raises(MovieError, match="--movie"):
        extracted(one, tmp_path / "out")
    assert extracted(one, tmp_path / "out", movie=moved).files


def test_another_cut_of_a_movie_is_cut_where_it_shows_the_same(
    people: Made, tmp_path: Path
) -> None:
    """Its first second is missing; without a word it is refused."""
    later = tmp_path / "later.mp4"
    cut = ["-ss", "1", "-i", people.movie, "-c:v", "libx264", "-crf", "12", later]
    subprocess.run([find_ffmpeg(), "-loglevel", "error", *cut], check=True)
    wanted, choice = Wanted(("happy",)), Choice(best=True)
    tables = {people.scanned.table: "movie.mp4"}
    (refused,) = extract_tables(tables, wanted, tmp_path / "no", choice=choice, movie=later)
    assert "extract --offset" in str(refused.errors[0])
    crops = []
    for place, how in (("same", {}), ("later", {"movie": later, "offset": -1.0})):
        (done,) = extract_tables(
            tables, wanted, tmp_path / place, exports=["crops"], choice=choice, **how
        )
        assert not done.errors
        crops.append({path.name: cv2.imread(str(path)) for path in done.files})
    same, other = crops
    assert other and set(other) <= set(same)
    for name, crop in other.items():
        assert np.abs(crop.astype(int) - same[name]).mean() < 4


@pytest.mark.parametrize(
    ("offset", "size", "says"),
    [(500.0, (320, 240), "nothing of it was scanned"), (0.0, (160, 120), "are 160x120, those")],
)
def test_another_cut_in_which_nothing_can_be_found_is_refused(
    people: Made, tmp_path: Path, offset: float, size: tuple[int, int], says: str
) -> None:
    record = people.scanned.record
    size = size if "x" in says else (record["width"], record["height"])
    make_movie(tmp_path / "b.mp4", Story((Shot(1, (person(),)),), size))
    tables = {people.scanned.table: "movie.mp4"}
    how = {"movie": tmp_path / "b.mp4", "offset": offset}
    (done,) = extract_tables(tables, Wanted(("happy",)), tmp_path / "out", **how)
    assert says in str(done.errors[0])


def test_no_clip_shows_another_shot(people: Made, tmp_path: Path) -> None:
    """The cuts lie at 3 and 5 seconds; with --across-cuts the pad goes over them."""
    assert people.scanned.record["cuts"] == [3.0, 5.0]
    tables = {people.scanned.table: "movie.mp4"}
    crossing = []
    for across in (False, True):
        wanted = Wanted(EMOTIONS, pad=1.0, across_cuts=across)
        folder = tmp_path / str(across)
        extract_tables(tables, wanted, folder, exports=["sheet"])
        with (folder / "segments.csv").open() as file:
            lines = list(csv.DictReader(file))
        stretches = [(float(line["clip_start"]), float(line["clip_end"])) for line in lines]
        crossing.append(any(a < cut < b for a, b in stretches for cut in (3.0, 5.0)))
    assert crossing == [False, True]


@pytest.fixture
def twins(tmp_path: Path) -> list[Path]:
    """Two tables of different movies of one name."""
    tables = []
    for name, seconds in (("a", 0.5), ("b", 0.6)):
        (tmp_path / name).mkdir()
        tables.append(made(tmp_path / name, still(seconds)).scanned.table)
    return tables


def test_what_was_made_of_another_movie_of_the_same_name_stays(
    twins: list[Path], tmp_path: Path
) -> None:
    one, other = twins
    extract_tables({one: "movie.mp4"}, HAPPY, tmp_path / "out", exports=["srt", "sheet"])
    before = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    (done,) = extract_tables({other: "movie.mp4"}, HAPPY, tmp_path / "out", exports=["srt"])
    said = str(done.errors[0])
    assert "out/movie.mp4: is of another movie of this name" in said
    assert str(one) in said and "choose another folder with -o" in said
    link = tmp_path / "deep" / "er" / "link"
    link.parent.mkdir(parents=True)
    link.symlink_to(tmp_path / "out")
    (done,) = extract_tables({other: "movie.mp4"}, HAPPY, link, exports=["srt"])
    assert "is of another movie of this name" in str(done.errors[0])
    assert all(path.read_bytes() == content for path, content in before.items())


def test_what_was_made_of_the_same_movie_scanned_elsewhere_is_replaced(
    twins: list[Path], tmp_path: Path
) -> None:
    one, _ = twins
    extract_tables({one: "movie.mp4"}, HAPPY, tmp_path / "out", exports=["srt"])
    again = scan_movie(tmp_path / "a" / "movie.mp4", tmp_path / "again").table
    (done,) = extract_tables({again: "movie.mp4"}, HAPPY, tmp_path / "out", exports=["srt"])
    assert not done.errors and done.files


def test_movie_and_table_can_be_moved_together(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    one = made(tmp_path / "a", still(0.5))
    (tmp_path / "a").rename(tmp_path / "b")
    tables = find_tables([tmp_path / "b" / "tables"])
    (done,) = extract_tables(tables, HAPPY, tmp_path / "out", exports=["sheet"])
    assert not done.errors and done.files
    assert one.scanned.record["movie"]["file"] == "../movie.mp4"


def test_one_bad_table_costs_one_table(people: Made, tmp_path: Path) -> None:
    tables = tmp_path / "tables"
    shutil.copytree(people.scanned.table.parent, tables)
    (tmp_path / "movie.mp4").symlink_to(people.movie)
    bad = tables / "a.mp4.faces.csv"
    bad.write_bytes(people.scanned.table.read_bytes()[:-10])
    shutil.copy(record_path(people.scanned.table), record_path(bad))
    done = extract_tables(find_tables([tables]), HAPPY, tmp_path / "out", exports=["sheet"])
    assert [[type(error) for error in one.errors] for one in done] == [[TableError], []]
    assert done[1].files


def test_a_table_cannot_make_extract_write_elsewhere(people: Made, tmp_path: Path) -> None:
    """Its name becomes a folder: `..` must not."""
    tables = tmp_path / "tables"
    tables.mkdir()
    shutil.copy(people.scanned.table, tables / "...faces.csv")
    shutil.copy(record_path(people.scanned.table), tables / "...faces.json")
    with pytest.raises(TableError, match="no name"):
        find_tables([tables])


def test_a_clip_that_fails_costs_one_clip(
    people: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from videmo.exporters import clips

    real, fails = clips.cut_clip, iter([True, False, False, False])

    def cut(*arguments: object) -> None:
        if next(fails):
            raise OutputError("clip.mp4: came out wrong")
        real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(clips, "cut_clip", cut)
    (done,) = extract_tables(find_tables([people.scanned.table]), HAPPY, tmp_path)
    assert [str(error) for error in done.errors] == ["clip.mp4: came out wrong"]
    assert (tmp_path / "movie.mp4/happy/sheet.jpg").is_file()
    assert [bool(line["clips"]) for line in segments(tmp_path)][:2] == [False, True]


def test_a_missing_ffmpeg_stops_the_work(
    people: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from videmo.exporters import clips

    monkeypatch.setattr(clips, "find_ffmpeg", lambda: str(tmp_path / "no-ffmpeg"))
    with pytest.raises(SetupError, match="no-ffmpeg"):
        extracted(people, tmp_path / "out", exports=["clips"])


@pytest.mark.parametrize(
    ("options", "name"),
    [(b"-vsync", "vsync"), (b"-vsync\n-fps_mode", "fps_mode"), (b"-fps_mode[:<spec>]", "fps_mode")],
)
def test_frames_keep_their_times_by_the_option_that_this_ffmpeg_knows(
    monkeypatch: pytest.MonkeyPatch, options: bytes, name: str
) -> None:
    said = subprocess.CompletedProcess([], 0, options + b"  how frames are timed\n")
    monkeypatch.setattr(program.subprocess, "run", lambda *_, **__: said)
    own_times = program.own_times.__wrapped__  # what it remembers is of the true one
    assert own_times("ffmpeg") == {name: "vfr"}


@pytest.mark.parametrize("content", [b"my;own;list\n", b"\xff\xfe\x00", b"movie,emotion\na,b\n"])
def test_a_list_that_is_not_ours_is_left_alone(
    people: Made, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "segments.csv").write_bytes(content)
    with pytest.raises(OutputError, match="move it away"):
        extracted(people, tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["segments.csv"]


def test_a_full_disk_stops_the_work_and_leaves_no_half_file(
    people: Made, small_disk: Callable[[int], Path]
) -> None:
    disk = small_disk(64)
    with pytest.raises(DiskFullError, match="disk full"):
        extracted(people, disk)
    for path in disk.rglob("*.jpg"):
        assert cv2.imread(str(path)) is not None
    assert not list(disk.rglob("*.part"))


def test_a_clip_that_finds_the_disk_full_says_so(
    people: Made, small_disk: Callable[[int], Path]
) -> None:
    disk = small_disk(24)
    with pytest.raises(DiskFullError, match="disk full"):
        extracted(people, disk, exports=["clips"])
    assert not [p for p in disk.rglob("*") if p.is_file()]


@pytest.mark.parametrize("name", ["missing.faces.csv", "notes.txt", "empty"])
def test_what_is_no_table_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "notes.txt").write_text("notes")
    (tmp_path / "empty").mkdir()
    with pytest.raises(RequestError, match=name.split(".")[0]):
        find_tables([tmp_path / name])


def test_a_scanned_movie_stands_for_its_table(
    people: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(people.scanned.table.parent)
    assert list(find_tables([people.movie])) == [Path(people.scanned.table.name)]


def test_tables_in_folders_keep_their_folders(people: Made, tmp_path: Path) -> None:
    for folder in ("s1", "s2"):
        shutil.copytree(people.scanned.table.parent, tmp_path / folder)
    assert sorted(find_tables([tmp_path]).values()) == ["s1/movie.mp4", "s2/movie.mp4"]


def test_two_tables_of_one_name_are_refused(people: Made, tmp_path: Path) -> None:
    for folder in ("s1", "s2"):
        shutil.copytree(people.scanned.table.parent, tmp_path / folder)
    name = people.scanned.table.name
    with pytest.raises(RequestError, match="several tables"):
        find_tables([tmp_path / "s1" / name, tmp_path / "s2" / name])
