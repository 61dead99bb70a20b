"""Bad inputs and faults, each named by its number; README.md says where the other numbers are."""

from __future__ import annotations

import csv
import os
import socket
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.made import PICTURES, TONE, ffmpeg
from tests.movies import another, numbered, remuxed, still
from videmo.archive import find_movies, scan_archive
from videmo.demo import make_movie
from videmo.errors import DiskFullError, MovieError, NoPicturesError, OutputError
from videmo.files import file_lock
from videmo.scan import scan_movie
from videmo.table import read_table, table_path
from videmo.video import probe


def frames(path: Path, out: Path) -> tuple[str, int]:
    """The status of a scan, and the frames in its table."""
    scanned = scan_movie(path, out)
    return scanned.record["status"], read_table(scanned.table)["frame"].nunique()


def test_r06_sound_with_a_cover_has_no_moving_pictures(tmp_path: Path) -> None:
    ffmpeg(*PICTURES, "-frames:v", 1, tmp_path / "cover.png")
    target = tmp_path / "song.mp4"
    cover = ("-map", 0, "-map", 1, "-disposition:v:0", "attached_pic", "-c:v", "copy")
    ffmpeg(*TONE, "-i", tmp_path / "cover.png", *cover, target)
    with pytest.raises(NoPicturesError, match="only a cover picture"):
        probe(target)


def test_r07_a_still_picture_is_not_a_movie(tmp_path: Path) -> None:
    ffmpeg(*PICTURES, "-frames:v", 1, tmp_path / "a.png")
    (tmp_path / "a.png").rename(tmp_path / "a.mp4")
    (entry,) = (e for e, _ in scan_archive(find_movies([tmp_path]), tmp_path / "out"))
    assert entry.status == "skipped" and "still picture" in entry.reason
    assert "run: videmo annotate" in entry.reason


def test_r17_many_streams_of_sound_do_not_end_the_movie(tmp_path: Path) -> None:
    maps = ["-map", "0:v", *(["-map", "1:a"] * 20)]
    ffmpeg(*PICTURES, *TONE, *maps, "-c:a", "aac", "-b:a", "32k", tmp_path / "a.mkv")
    assert frames(tmp_path / "a.mkv", tmp_path) == ("ok", 25)


def test_r27_the_film_is_scanned_and_not_its_cover(tmp_path: Path) -> None:
    ffmpeg("-f", "lavfi", "-i", "testsrc=s=640x480", "-frames:v", 1, tmp_path / "cover.png")
    movie = numbered(tmp_path / "film.mp4", 25)
    maps = ("-map", 1, "-map", 0, "-c", "copy", "-disposition:v:0", "attached_pic")
    ffmpeg("-i", movie, "-i", tmp_path / "cover.png", *maps, tmp_path / "both.mp4")
    found = probe(tmp_path / "both.mp4")
    assert (found.width, found.height) == (320, 160)
    assert frames(tmp_path / "both.mp4", tmp_path) == ("ok", 25)


@pytest.mark.parametrize(("size", "count"), [("160x120", 1), ("2x2", 10)])
def test_r28_the_smallest_movies_are_scanned(tmp_path: Path, size: str, count: int) -> None:
    source = ("-f", "lavfi", "-i", f"testsrc=s={size}:r=25", "-frames:v", count)
    ffmpeg(*source, "-pix_fmt", "yuv420p", tmp_path / "a.mp4")
    assert frames(tmp_path / "a.mp4", tmp_path) == ("ok", count)


def test_r34_names_in_two_spellings_are_two_movies(tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    folder.mkdir()
    ffmpeg(*PICTURES, tmp_path / "a.mp4")
    spellings = [unicodedata.normalize(form, "caf\u00e9\U0001f600.mp4") for form in ("NFC", "NFD")]
    for name in (*spellings, "x" * 251 + ".mp4"):
        another(tmp_path / "a.mp4", folder / name)
    if len(list(folder.iterdir())) < 3:
        pytest.skip("this file system takes both spellings for one")
    outcomes = {e.path: e for e, _ in scan_archive(find_movies([folder]), tmp_path / "out")}
    assert [outcomes[name].status for name in spellings] == ["ok", "ok"]
    assert "name is too long" in outcomes["x" * 251 + ".mp4"].reason


@pytest.mark.parametrize("kind", ["r40 playlist", "r41 network", "r42 concat"])
def test_what_names_other_files_is_not_followed(tmp_path: Path, kind: str) -> None:
    ffmpeg(*PICTURES, tmp_path / "private.ts")
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        there = f"http://127.0.0.1:{server.getsockname()[1]}/a.ts"
        content = {
            "r40 playlist": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nprivate.ts\n",
            "r41 network": f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{there}\n",
            "r42 concat": "ffconcat version 1.0\nfile private.ts\n",
        }[kind]
        (tmp_path / "movie.mp4").write_text(content)
        with pytest.raises(MovieError, match="playlist"):
            scan_movie(tmp_path / "movie.mp4", tmp_path)
        with pytest.raises(TimeoutError):
            server.accept()


def test_r48_a_full_disk_stops_the_archive_and_leaves_what_is_finished(
    tmp_path: Path, small_disk: Callable[[int], Path]
) -> None:
    folder = tmp_path / "archive"
    folder.mkdir()
    make_movie(tmp_path / "one.mp4", still(1, sound=False))
    for number in range(12):
        another(tmp_path / "one.mp4", folder / f"{number}.mp4")
    out = small_disk(48)
    with pytest.raises(DiskFullError, match="disk full"):
        list(scan_archive(find_movies([folder]), out))
    records = list(out.glob("*.faces.json"))
    assert 0 < len(records) < 12
    for record in records:
        read_table(table_path(out, folder / record.name.removesuffix(".faces.json")))
    assert not list(out.rglob("*.part"))
    lines = list(csv.reader((out / "archive.csv").read_text().splitlines()))
    assert len({len(line) for line in lines}) == 1


def test_r50_one_movie_is_not_scanned_twice_at_once(tmp_path: Path) -> None:
    ffmpeg(*PICTURES, tmp_path / "a.mp4")
    at_work = pytest.raises(OutputError, match="another videmo is at work")
    with file_lock(table_path(tmp_path, tmp_path / "a.mp4")), at_work:
        scan_movie(tmp_path / "a.mp4", tmp_path)
    assert frames(tmp_path / "a.mp4", tmp_path) == ("ok", 25)


def test_r53_the_country_does_not_change_the_table(tmp_path: Path) -> None:
    movie = remuxed(numbered(tmp_path / "a.mp4", 10), tmp_path / "I.mkv")
    tables = []
    for country in ("tr_TR.UTF-8", "de_DE.UTF-8", "C"):
        out = tmp_path / country
        settings = {**os.environ, "LC_ALL": country, "TZ": "Asia/Kathmandu"}
        command = [sys.executable, "-m", "videmo", "scan", "-q", movie, "-o", out]
        subprocess.run(command, check=True, env=settings)
        tables.append((out / "I.mkv.faces.csv").read_bytes())
    assert len(set(tables)) == 1
