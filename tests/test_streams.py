"""Files with more, fewer and other streams than a movie needs, as phones and recorders do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.faults.made import PICTURES, TONE, ffmpeg
from videmo.archive import SKIPPED, find_movies, scan_archive
from videmo.errors import NoPicturesError
from videmo.scan import scan_movie
from videmo.scan.integrity import warnings
from videmo.video import Movie, open_movie, probe

BLACK = ("-f", "lavfi", "-i", "color=black:s=160x120:r=25:d=1")
FULL_HD = ("-f", "lavfi", "-i", "testsrc=s=1920x1080:r=25:d=0.04")


def brightness(movie: Movie) -> tuple[int, float]:
    """How many frames a movie has, and how bright they are on average."""
    with open_movie(movie) as reader:
        seen = [frame.grey.mean() for frame in reader.frames()]
    return len(seen), float(np.mean(seen))


# Pictures


@pytest.mark.parametrize("name", ["a.mkv", "a.mp4"])
def test_of_two_video_streams_of_one_size_the_one_that_players_show_is_taken(
    tmp_path: Path, name: str
) -> None:
    flags = ("-disposition:v:0", 0, "-disposition:v:1", "default")
    ffmpeg(*BLACK, *PICTURES, "-map", "0:v", "-map", "1:v", *flags, tmp_path / name)
    movie = probe(tmp_path / name)
    frames, light = brightness(movie)
    assert movie.stream == 1 and frames == 25 and light > 60


def test_it_is_said_that_there_are_two_video_streams(tmp_path: Path) -> None:
    ffmpeg(*BLACK, *PICTURES, "-map", "0:v", "-map", "1:v", tmp_path / "a.mkv")
    record = scan_movie(tmp_path / "a.mkv", tmp_path).record
    (said,) = record["warnings"]
    assert record["status"] == "ok" and "2 video streams" in said


@pytest.mark.parametrize("name", ["a.mkv", "a.mp4"])
@pytest.mark.parametrize("first", [0, 1])
def test_a_thumbnail_that_is_larger_than_the_movie_and_first_is_not_the_movie(
    tmp_path: Path, name: str, first: int
) -> None:
    # As drones write it: one MJPEG picture, not marked as a cover; marked as default, even.
    maps = ("-map", f"{first}:v", "-map", f"{1 - first}:v")
    codecs = (f"-c:v:{first}", "libx264", f"-c:v:{1 - first}", "mjpeg")
    flags = (f"-disposition:v:{1 - first}", "default", f"-disposition:v:{first}", 0)
    ffmpeg(*PICTURES, *FULL_HD, *maps, *codecs, *flags, tmp_path / name)
    movie = probe(tmp_path / name)
    assert (movie.width, movie.height) == (160, 120)
    assert brightness(movie)[0] == 25 and not warnings(movie)


# No pictures

SUBTITLES = "1\n00:00:00,000 --> 00:00:01,000\nhello\n"
CHAPTERS = ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1\nSTART=0\nEND=1\ntitle=one\n"


def subtitles(path: Path) -> None:
    path.with_name("a.srt").write_text(SUBTITLES)
    codec = ("-c", "mov_text") if path.suffix == ".mp4" else ()
    ffmpeg("-i", path.with_name("a.srt"), "-map", 0, *codec, path)


def chapters(path: Path) -> None:
    """A movie with chapters whose only other track, of sound, is none any more."""
    path.with_name("a.txt").write_text(CHAPTERS)
    about = ("-f", "ffmetadata", "-i", path.with_name("a.txt"), "-map_metadata", 1)
    ffmpeg(*TONE, *about, path)
    path.write_bytes(path.read_bytes().replace(b"trak", b"free", 1))


@pytest.mark.parametrize(
    ("name", "make"), [("a.mkv", subtitles), ("a.mp4", subtitles), ("a.mp4", chapters)]
)
def test_a_file_of_nothing_but_subtitles_or_chapters_is_skipped(
    tmp_path: Path, name: str, make: Callable[[Path], None]
) -> None:
    make(tmp_path / name)
    with pytest.raises(NoPicturesError, match="only subtitles or chapters"):
        probe(tmp_path / name)
    ((entry, _),) = scan_archive(find_movies([tmp_path]), tmp_path / "out")
    assert (entry.path, entry.status) == (name, SKIPPED)
