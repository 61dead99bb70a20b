"""Numbered pictures in a folder: found by their names, and scanned, cut and drawn as a movie."""

from __future__ import annotations

import csv
import shutil
from fractions import Fraction
from pathlib import Path

import cv2
import pytest

from tests.movies import number_of, numbered, still
from tests.test_archive import videmo
from videmo.archive import find_movies, scan_archive, verify_tables
from videmo.archive.copies import find_copies
from videmo.demo import make_movie
from videmo.errors import MovieError, RequestError
from videmo.find import find_movie, find_tables
from videmo.scan import Settings, scan_movie
from videmo.table import read_record, read_table
from videmo.video import fingerprint, holds_series, open_movie, plan_chunks, probe, survey
from videmo.video.series import find_series

FPS = Fraction(25)


def pictures_of(movie: Path, folder: Path, form: str = "f%04d.png", first: int = 1) -> Path:
    """The frames of a movie as numbered pictures."""
    folder.mkdir()
    with open_movie(probe(movie)) as reader:
        for number, frame in enumerate(reader.frames(), first):
            cv2.imwrite(str(folder / (form % number)), frame.bgr)
    return folder


@pytest.fixture(scope="module")
def movie(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A movie of two seconds."""
    path = tmp_path_factory.mktemp("movie") / "movie.mp4"
    make_movie(path, still(2, FPS, sound=False))
    return path


@pytest.fixture(scope="module")
def source(movie: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pictures_of(movie, tmp_path_factory.mktemp("pictures") / "100% sure")


@pytest.fixture
def frames(source: Path, tmp_path: Path) -> Path:
    """The frames of `movie`, in a folder with a name that FFmpeg could take for a pattern."""
    shutil.copytree(source, tmp_path / source.name)
    return tmp_path / source.name


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["a01.png", "a02.png", "a03.png"], [("a%02d.png", 1, 3, None)]),
        (["9.JPG", "10.JPG", "11.JPG"], [("%d.JPG", 9, 3, None)]),
        (["50%_0998.png", "50%_0999.png", "50%_1000.png"], [("50%%_%04d.png", 998, 3, None)]),
        (["999.png", "1000.png", "1001.png"], [("%03d.png", 999, 3, None)]),
        (["a1.png", "a2.png", "a4.png", "a5.png"], [("a%d.png", 1, 4, 3)]),
        (["1.png", "02.png", "3.png"], []),
        (["a1.png", "a2.png", "b3.png", "1.txt", "2.txt", "3.txt", "c.png"], []),
    ],
)
def test_a_series_is_found_by_its_names(names: list[str], found: list[object]) -> None:
    assert find_series(names) == found


def test_numbered_pictures_are_read_as_a_movie_in_any_stretch(tmp_path: Path) -> None:
    numbered(tmp_path / "movie.mkv", 1100, "-c:v", "ffv1")
    folder = pictures_of(tmp_path / "movie.mkv", tmp_path / "frames", "%d.bmp", first=98)
    movie = probe(folder, FPS)
    found = survey(movie)
    assert (movie.fps, movie.duration, found.packets, found.steady) == (FPS, 44, 1100, True)
    assert len(plan_chunks(movie, found.keys)) > 1
    with open_movie(movie) as reader:
        for start, end in ((Fraction(0), Fraction(1)), (Fraction(30), Fraction(31))):
            seen = [(f.time, number_of(f.grey)) for f in reader.frames(start, end)]
            first = int(start * FPS)
            assert seen == [(Fraction(n, 25), n % 1024) for n in range(first, first + 25)]
    assert movie.picture(0.04 * 30) == "128.bmp"


def test_the_table_of_numbered_pictures_is_that_of_their_movie(
    movie: Path, frames: Path, tmp_path: Path
) -> None:
    whole = scan_movie(movie, tmp_path / "out")
    made = scan_movie(frames, tmp_path / "out", Settings(fps=FPS))
    assert made.table.name == "100% sure.faces.csv"
    assert (made.record["fps"], made.record["status"]) == ("25/1", "ok")
    one, other = (read_table(scanned.table) for scanned in (whole, made))
    for column in ("frame", "time", "track", "emotion", "repeat"):
        assert one[column].tolist() == other[column].tolist()
    assert not any(verified.problem for verified in verify_tables(tmp_path / "out"))


def test_numbered_pictures_are_scanned_cut_and_drawn(frames: Path, tmp_path: Path) -> None:
    done = videmo("scan", frames, "--fps", "25", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert ": 50 frames, 50 faces" in done.stdout
    products = "crops,clips,sheet,gif,supercut,edl"
    for subject in ("100% sure", "100% sure.faces.csv"):
        done = videmo("extract", subject, "-e", "happy", "--as", products, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    with (tmp_path / "extracted" / "segments.csv").open(encoding="utf-8", newline="") as file:
        (line,) = csv.DictReader(file)
    assert (line["first_picture"], line["last_picture"]) == ("f0001.png", "f0050.png")
    clip = tmp_path / "extracted" / line["clips"]
    assert survey(probe(clip)).packets == 50
    done = videmo("annotate", "100% sure.faces.csv", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert survey(probe(tmp_path / "100% sure.annotated.mp4")).packets == 50
    drawn = videmo("annotate", frames, "--fps", "25", "-o", "drawn", cwd=tmp_path)
    assert drawn.returncode == 0, drawn.stderr
    assert "50 frames, 50 faces drawn" in drawn.stdout
    again = videmo("annotate", "100% sure", "--fps", "25", cwd=tmp_path)
    assert again.returncode == 0 and "scanned first" not in again.stdout
    inside = videmo("scan", ".", "--fps", "25", cwd=frames)
    assert inside.returncode == 0 and (frames / "100% sure.faces.csv").is_file()


def test_a_folder_of_numbered_pictures_in_an_archive_is_a_movie_if_a_rate_is_said(
    movie: Path, frames: Path, tmp_path: Path
) -> None:
    archive, out = tmp_path / "archive", tmp_path / "out"
    archive.mkdir()
    shutil.move(frames, archive / "take")
    shutil.copy(movie, archive / "movie.mp4")
    for expected in (2, 0):
        found = find_movies([archive], series=True)
        assert [(one.name, one.reason) for one in found] == [("movie.mp4", ""), ("take", "")]
        outcomes = list(scan_archive(found, out, Settings(fps=FPS)))
        assert [(e.status, e.frames) for e, _ in outcomes] == [("ok", 50), ("ok", 50)]
        assert sum(new for _, new in outcomes) == expected
    again = list(scan_archive(find_movies([archive]), out))
    assert [new for entry, new in again if entry.status == "ok"] == [False]
    again = list(scan_archive(found, out, Settings(fps=Fraction(30))))
    assert {entry.path: new for entry, new in again} == {"movie.mp4": False, "take": True}


def test_a_folder_of_the_same_pictures_is_a_copy_only_if_all_are_the_same(
    frames: Path, tmp_path: Path
) -> None:
    archive = tmp_path / "archive"
    for name in ("a", "b", "c"):
        shutil.copytree(frames, archive / name)
    (archive / "c" / "f0007.png").write_bytes(bytes((frames / "f0007.png").stat().st_size))
    found = find_movies([archive], series=True)
    copies = find_copies(found, lambda _: False, lambda *_: False)
    assert {name: first.name for name, first in copies.items()} == {"b": "a"}


def test_pictures_that_changed_are_not_those_that_were_scanned(
    frames: Path, tmp_path: Path
) -> None:
    before = fingerprint(frames)
    (frames / "notes.txt").write_text("mine")
    assert fingerprint(frames) == before and holds_series(frames)
    table = scan_movie(frames, tmp_path, Settings(fps=FPS)).table
    assert find_movie(table, read_record(table)).series is not None
    assert list(find_tables([frames])) == [tmp_path / "100% sure.faces.csv"]
    (frames / "f0050.png").unlink()
    with pytest.raises(MovieError, match="changed since"):
        find_movie(table, read_record(table))


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda folder: (folder / "f0007.png").unlink(), "f0007.png is missing"),
        (lambda folder: [shutil.copy(folder / "f0001.png", folder / f"b{n}.png") for n in "123"],
         "2 series"),
    ],
)  # fmt: skip
def test_pictures_that_do_not_run_on_are_refused(frames: Path, spoil: object, says: str) -> None:
    spoil(frames)  # type: ignore[operator]
    with pytest.raises(RequestError, match=says):
        probe(frames, FPS)


def test_a_folder_of_numbered_pictures_without_a_rate_is_no_success(
    frames: Path, tmp_path: Path
) -> None:
    done = videmo("scan", frames, "-o", "out", cwd=tmp_path)
    assert done.returncode == 2 and "--fps 25" in done.stderr
    assert done.stdout.startswith("left out: a folder of numbered pictures (1)")
    assert "50 of them; name it and say --fps 25" in (tmp_path / "out" / "archive.csv").read_text()
    (frames / "gone.png").symlink_to("nowhere")
    scanned, gone = find_movies([frames], series=True)
    assert not scanned.reason and scanned.size > 0
    assert gone.path.name == "gone.png" and gone.reason
    (tmp_path / "a.mp4").write_bytes(b"a movie")
    for wrong in (["a.mp4", "--fps", "25"], [frames, "--fps", "0"], [frames, "--fps", "1/0"]):
        assert videmo("scan", *wrong, cwd=tmp_path).returncode == 2
