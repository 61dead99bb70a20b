"""Chapters of one recording: found by their names, and scanned and cut as one movie."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest

from tests.movies import cut_off, number_of, numbered, still
from tests.test_archive import videmo
from videmo.archive import find_movies, scan_archive, verify_tables
from videmo.demo import make_movie
from videmo.demo.mp4 import turn
from videmo.errors import MovieError, TableError
from videmo.exporters.program import find_ffmpeg
from videmo.extract import Wanted, extract_tables
from videmo.find import find_movie, find_tables
from videmo.scan import Settings, scan_movie
from videmo.table import read_record, read_table
from videmo.video import open_movie, open_sound, plan_chunks, probe, survey
from videmo.video.chapters import find_chapters

GOPRO = ("GX010001.MP4", "GX020001.MP4", "GX030001.MP4")


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (GOPRO[::-1], [GOPRO]),
        (["GH010007.MP4", "GX020007.MP4", "GH020008.MP4"], []),
        (["GOPR0042.MP4", "GP020042.MP4", "GP010042.MP4"], [("GOPR0042.MP4", "GP010042.MP4",
                                                            "GP020042.MP4")]),
        (["VTS_01_0.VOB", "VTS_01_1.VOB", "VTS_01_2.VOB"], [("VTS_01_1.VOB", "VTS_01_2.VOB")]),
        (["GX010001.MP4", "GX030001.MP4", "GX040001.MP4"], [("GX030001.MP4", "GX040001.MP4")]),
        (["a01.mp4", "a02.mp4", "DJI_0001.MP4", "DJI_0002.MP4"], []),
    ],
)  # fmt: skip
def test_chapters_are_found_by_their_names(names: list[str], found: list[tuple[str, ...]]) -> None:
    assert find_chapters(names) == found


def parted(movie: Path, names: tuple[str, ...], frames: int, folder: Path) -> list[Path]:
    """A movie of 25 frames a second, cut into files of so many frames, each from time 0."""
    folder.mkdir(parents=True, exist_ok=True)
    for index, name in enumerate(names):
        first, after = index * frames, (index + 1) * frames
        pictures = f"trim=start_frame={first}:end_frame={after},setpts=PTS-STARTPTS"
        sound = f"atrim={first / 25}:{after / 25},asetpts=PTS-STARTPTS"
        command = [find_ffmpeg(), "-loglevel", "error", "-i", str(movie), "-vf", pictures]
        command += ["-af", sound, "-c:v", "libx264", "-qp", "12", "-g", "50", "-c:a", "aac"]
        subprocess.run([*command, str(folder / name)], check=True)
    return [folder / name for name in names]


@pytest.fixture(scope="module")
def happy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Somebody who is happy for six seconds, in three chapters, in a folder with an odd name."""
    folder = tmp_path_factory.mktemp("happy")
    make_movie(folder / "whole.mp4", still(6, Fraction(25)))
    parted(folder / "whole.mp4", GOPRO, 50, folder / "it's 100% o|k")
    return folder / "it's 100% o|k"


def test_chapters_are_read_as_one_movie_in_any_stretch(tmp_path: Path) -> None:
    numbered(tmp_path / "whole.mkv", 900, "-c:v", "ffv1")
    first, *more = parted(tmp_path / "whole.mkv", GOPRO, 300, tmp_path)
    movie = probe(first, more=more)
    found = survey(movie)
    assert (movie.duration, found.packets, found.steady, found.cut_off) == (36, 900, True, False)
    assert len(plan_chunks(movie, found.keys)) > 2
    with open_movie(movie) as reader:
        for start in (0, 11, 12, Fraction(2410, 100), 24, 35):
            first_frame = -(-Fraction(start) * 25 // 1)
            seen = [number_of(f.grey) for f in reader.frames(Fraction(start), Fraction(start) + 1)]
            assert seen == [int(first_frame) + n for n in range(len(seen))] and len(seen) >= 24
        assert [number_of(f.grey) for f in reader.at([11.96, 12.0, 24.04])] == [299, 300, 601]
        assert not reader.failures
    with open_sound(movie) as sound:
        assert sound is not None
        times = [float(time) for time, _ in sound.packets(Fraction(20), Fraction(30))]
    assert 20 <= times[0] < 20.1 and 29.9 < times[-1] < 30 and not sound.failures


def test_runs_and_tracks_go_over_the_border_of_chapters(happy: Path, tmp_path: Path) -> None:
    whole = scan_movie(happy.parent / "whole.mp4", tmp_path)
    first, *more = (happy / name for name in GOPRO)
    joined = scan_movie(first, tmp_path, more=more, jobs=2)
    assert (joined.record["status"], joined.record["tracks"]) == ("ok", 1)
    one, other = (read_table(scanned.table) for scanned in (whole, joined))
    for column in ("frame", "time", "track", "emotion", "repeat"):
        assert one[column].tolist() == other[column].tolist()
    assert joined.record["end"] == 6
    assert joined.record["movie"]["chapters"] == list(GOPRO[1:])
    assert not any(verified.problem for verified in verify_tables(tmp_path))


def test_chapters_in_a_folder_are_one_movie_which_is_told(happy: Path, tmp_path: Path) -> None:
    done = videmo("scan", happy, "-o", "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    joined = "GX010001.MP4: joined with GX020001.MP4, GX030001.MP4 (--join never keeps them apart)"
    assert joined in done.stdout.splitlines()
    assert done.stdout.splitlines()[-2:] == [
        "left out: a chapter of another (2)",
        "1 movie (1 ok), 6 s of footage; new: 1; listed in out/archive.csv",
    ]
    assert "new: 0" in videmo("scan", happy, "-o", "out", cwd=tmp_path).stdout
    what = ["-e", "happy", "--as", "clips,crops,supercut", "-o", "made"]
    made = videmo("extract", "out", *what, cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    (clip,) = (tmp_path / "made").glob("*/happy/clips/*.mp4")
    for movie in (clip, tmp_path / "made" / "supercut.mp4"):
        assert survey(probe(movie)).packets == 150
        assert probe(movie).sound
    drawn = videmo("annotate", "out/GX010001.MP4.faces.csv", cwd=tmp_path)
    assert drawn.returncode == 0 and "150 frames, 150 faces drawn, sound" in drawn.stdout


def test_chapters_are_kept_apart_if_that_is_wanted(happy: Path, tmp_path: Path) -> None:
    apart = find_movies([happy], join=False)
    assert [(one.name, one.reason, one.more) for one in apart] == [(name, "", ()) for name in GOPRO]
    assert len(list(scan_archive(apart, tmp_path / "out"))) == 3
    outcomes = list(scan_archive(find_movies([happy]), tmp_path / "out"))
    assert [(entry.status, new) for entry, new in outcomes if new] == [("ok", True)]
    made = videmo("extract", "out", "-e", "happy", "--as", "crops", cwd=tmp_path)
    assert "GX020001.MP4.faces.csv: left out, for it is a part of" in made.stderr
    assert len(list(tmp_path.glob("extracted/*/happy/crops/*.jpg"))) == 150


@pytest.mark.parametrize(
    ("options", "lines"), [((), 2), (("--join", "never"), 3), (("--stall-timeout", "60"), 2)]
)
def test_chapters_that_are_named_are_one_movie_unless_they_are_to_be_kept_apart(
    happy: Path, tmp_path: Path, options: tuple[str, ...], lines: int
) -> None:
    movies = [happy / name for name in GOPRO[:2]]
    done = videmo("scan", *movies, *options, "-o", tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == lines
    tables = sorted(path.name for path in tmp_path.glob("*.faces.csv"))
    assert tables == [
        f"{name}.faces.csv" for name in (GOPRO[:2] if "never" in options else GOPRO[:1])
    ]


def test_one_chapter_does_not_take_the_place_of_the_whole_recording(
    happy: Path, tmp_path: Path
) -> None:
    first, *more = (happy / name for name in GOPRO)
    scan_movie(first, tmp_path / "out", more=more)
    before = (tmp_path / "out" / "GX010001.MP4.faces.csv").read_bytes()
    done = videmo("scan", first, "-o", "out", cwd=tmp_path)
    said = "is of GX010001.MP4 joined with GX020001.MP4, GX030001.MP4; name all of these, or choose"
    assert done.returncode == 2 and said in done.stderr
    assert (tmp_path / "out" / "GX010001.MP4.faces.csv").read_bytes() == before


def test_chapters_of_a_dvd_go_on_in_the_middle_of_what_the_first_ends_with(tmp_path: Path) -> None:
    numbered(
        tmp_path / "whole.vob", 200, "-c:v", "mpeg2video", "-q:v", "3", "-c:a", "mp2", "-f", "vob"
    )
    content = (tmp_path / "whole.vob").read_bytes()
    middle = len(content) // 2 // 2048 * 2048
    places = [tmp_path / name for name in ("VTS_01_1.VOB", "VTS_01_2.VOB")]
    for place, part in zip(places, (content[:middle], content[middle:]), strict=True):
        place.write_bytes(part)
    movie = probe(places[0], more=places[1:])
    with open_movie(movie) as reader:
        assert [number_of(frame.grey) for frame in reader.frames()] == list(range(200))
        assert not reader.failures
    scanned = scan_movie(places[0], tmp_path, more=places[1:])
    assert (scanned.record["status"], scanned.record["frames_read"]) == ("ok", 200)
    names = [one.name for one in find_movies([tmp_path]) if not one.reason]
    assert names == ["VTS_01_1.VOB", "whole.vob"]


def test_a_chapter_that_was_never_closed_costs_itself_only(happy: Path, tmp_path: Path) -> None:
    for name in GOPRO:
        shutil.copy(happy / name, tmp_path)
    cut_off(tmp_path / GOPRO[2], tmp_path / GOPRO[2], 0.5)
    found = find_movies([tmp_path])
    assert [(one.name, len(one.more)) for one in found if not one.reason] == [
        (GOPRO[0], 1),
        (GOPRO[2], 0),
    ]


def test_chapters_that_lie_on_their_side_are_turned(happy: Path, tmp_path: Path) -> None:
    turned = [tmp_path / name for name in GOPRO]
    for place in turned:
        shutil.copy(happy / place.name, place)
        turn(place, 270)
    movie = probe(turned[0], more=turned[1:])
    assert (movie.width, movie.height, movie.turn.rotation) == (240, 320, 270)


def test_chapters_that_are_not_alike_are_refused(happy: Path, tmp_path: Path) -> None:
    shutil.copy(happy / GOPRO[0], tmp_path)
    numbered(tmp_path / GOPRO[1], 25)
    with pytest.raises(MovieError, match="--join never"):
        probe(tmp_path / GOPRO[0], more=[tmp_path / GOPRO[1]])


@pytest.mark.parametrize("chapters", [["../GX020001.MP4"], ["/etc/passwd"], "GX020001.MP4", [3]])
def test_a_stranger_s_record_names_no_chapters_elsewhere(
    happy: Path, tmp_path: Path, chapters: object
) -> None:
    table = scan_movie(happy / GOPRO[0], tmp_path, Settings(every=10)).table
    record = read_record(table)
    record["movie"]["chapters"] = chapters
    table.with_name("GX010001.MP4.faces.json").write_text(json.dumps(record))
    with pytest.raises(TableError, match="cannot be"):
        read_record(table)


@pytest.mark.parametrize(
    "spoil",
    [lambda place: place.unlink(), lambda place: place.write_bytes(b"another")],
    ids=["gone", "changed"],
)
def test_a_chapter_that_is_gone_or_changed_is_told(
    happy: Path, tmp_path: Path, spoil: Callable[[Path], object]
) -> None:
    first, *more = (Path(shutil.copy(happy / name, tmp_path)) for name in GOPRO)
    table = scan_movie(first, tmp_path, Settings(every=10), more=more).table
    assert len(find_movie(table, read_record(table)).chapters) == 3
    spoil(more[1])
    with pytest.raises(MovieError, match=r"GX010001\.MP4"):
        find_movie(table, read_record(table))


@pytest.mark.parametrize("export", ["edl", "otio", "markers", "eaf"])
def test_lists_in_which_times_are_those_of_a_file_are_refused(
    happy: Path, tmp_path: Path, export: str
) -> None:
    """Times of the whole would lie behind the end of the first chapter, which they would name."""
    parts = sorted(happy.glob("*.MP4"))
    scanned = scan_movie(parts[0], tmp_path, Settings(), more=parts[1:])
    tables = find_tables([scanned.table])
    done = extract_tables(tables, Wanted(("happy",)), tmp_path / "out", exports=[export, "crops"])
    errors = [error for one in done for error in one.errors]
    assert ["--join never" in str(error) for error in errors] == [True]
    assert any(file.suffix == ".jpg" for one in done for file in one.files)


def test_what_several_lists_cannot_do_for_one_reason_is_said_once(
    happy: Path, tmp_path: Path
) -> None:
    parts = sorted(happy.glob("*.MP4"))
    scanned = scan_movie(parts[0], tmp_path, Settings(), more=parts[1:])
    exports = ["edl", "otio", "markers", "eaf", "srt"]
    tables = find_tables([scanned.table])
    done = extract_tables(tables, Wanted(("happy",)), tmp_path / "out", exports=exports)
    assert len([error for one in done for error in one.errors]) == 1
    assert [file.suffix for one in done for file in one.files] == [".srt"]
