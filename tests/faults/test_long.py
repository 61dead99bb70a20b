"""Faults that take minutes: mutants, scans killed at random, ten hours, an archive overnight."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from fractions import Fraction
from pathlib import Path

import pytest

from tests.faults.made import done_in, ffmpeg
from tests.movies import another, cut_off, still
from videmo.archive import find_movies, scan_archive
from videmo.demo import Actor, Place, Shot, Story, make_movie
from videmo.runs import find_runs
from videmo.scan import scan_movie
from videmo.table import read_record, read_table

pytestmark = pytest.mark.long

MUTANTS = int(os.environ.get("VIDEMO_MUTANTS", "500"))
KILLS = int(os.environ.get("VIDEMO_KILLS", "200"))
HOURS = int(os.environ.get("VIDEMO_HOURS", "10"))


KINDS: dict[str, tuple[str, ...]] = {
    "mp4": (),
    "mkv": ("-c", "copy"),
    "avi": ("-c:v", "mpeg4", "-q:v", "4", "-bf", "2"),
    "ts": ("-c", "copy"),
    "mpg": ("-c:v", "mpeg2video", "-q:v", "4"),
}
"""The containers that are mutated, and how they are made of the first."""


def mutated(content: bytes, chance: random.Random) -> bytes:
    """Bits flipped, a piece cut out, or a piece put elsewhere."""
    data = bytearray(content)
    kind = chance.randrange(3)
    a, b = sorted(chance.randrange(len(data)) for _ in range(2))
    if kind == 0:
        for _ in range(chance.randrange(1, 40)):
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    elif kind == 1:
        del data[a:b]
    else:
        data[a:a] = data[b : b + 1000]
    return bytes(data)


def test_r19_no_mutated_movie_costs_more_than_itself(tmp_path: Path) -> None:
    folder, chance = tmp_path / "archive", random.Random(19)
    folder.mkdir()
    whole = len(make_movie(tmp_path / "whole.mp4", still(1, sound=False)))
    for suffix, form in KINDS.items():
        if form:
            ffmpeg("-i", tmp_path / "whole.mp4", *form, tmp_path / f"whole.{suffix}")
        content = (tmp_path / f"whole.{suffix}").read_bytes()
        for number in range(MUTANTS // len(KINDS)):
            (folder / f"{number}.{suffix}").write_bytes(mutated(content, chance))
    outcomes = [e for e, _ in scan_archive(find_movies([folder]), tmp_path / "out", jobs=2)]
    assert len(outcomes) == MUTANTS // len(KINDS) * len(KINDS)
    print(Counter(entry.status for entry in outcomes))
    strange = ("no new frame", "please report", "crashed", "memory")
    assert not [e for e in outcomes if any(word in e.reason for word in strange)]
    for entry in outcomes:
        if entry.status in ("ok", "partial"):
            table = tmp_path / "out" / f"{entry.path}.faces.csv"
            assert read_table(table)["frame"].nunique() == read_record(table)["frames_read"]
    # MPEG streams say nothing of their length: whether an end is missing cannot be known.
    told = [e for e in outcomes if e.status == "ok" and not e.path.endswith((".mpg", ".ts"))]
    short = [e for e in told if e.frames < whole - 2]
    assert not [(e.path, e.frames) for e in short]


def run_and_kill(command: list[str], seconds: float) -> None:
    work = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    time.sleep(seconds)
    work.send_signal(signal.SIGKILL)
    work.wait()
    time.sleep(0.3)  # its processes see that it is gone


def test_r46_a_scan_that_is_killed_at_any_moment_ends_as_if_it_had_not_been(
    tmp_path: Path,
) -> None:
    folder, out, chance = tmp_path / "archive", tmp_path / "out", random.Random(46)
    folder.mkdir()
    make_movie(folder / "movie.mp4", still(40, Fraction(12), sound=False))
    whole = scan_movie(folder / "movie.mp4", tmp_path / "whole")
    command = [sys.executable, "-m", "videmo", "scan", "-q", "-j", "2", str(folder), "-o", str(out)]
    for _ in range(KILLS):
        run_and_kill(command, chance.uniform(0.5, 4.0))
        for record in out.rglob("*.faces.json"):
            read_record(record.with_name("movie.mp4.faces.csv"))
        if (out / "movie.mp4.faces.json").exists():
            assert (out / "movie.mp4.faces.csv").read_bytes() == whole.table.read_bytes()
            shutil.rmtree(out)
    subprocess.run(command, check=True)
    assert (out / "movie.mp4.faces.csv").read_bytes() == whole.table.read_bytes()
    assert sorted(path.name for path in out.iterdir()) == [
        *("archive.csv", "index.sqlite", "movie.mp4.faces.csv", "movie.mp4.faces.json")
    ]


SCAN = """
import resource, sys
from pathlib import Path
from videmo.scan import Settings, scan_movie
scan_movie(Path(sys.argv[1]), Path(sys.argv[2]), Settings(gap=2.0))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.skipif(os.name != "posix", reason="memory is measured as on POSIX")
def test_r29_ten_hours_take_no_more_memory_than_one_and_their_times_are_true(
    tmp_path: Path,
) -> None:
    """In each minute, somebody is there and happy for half of it; a frame a second."""
    who = Actor(1, (Place(0, 80, 58, 60),), ((0, "happy"),))
    shots = (Shot(30, (who,), background=1), Shot(30, background=2))
    make_movie(tmp_path / "minute.mp4", Story(shots, (160, 120), Fraction(1), sound=False), gop=30)
    peaks = []
    for hours in (1, HOURS):
        movie = tmp_path / f"{hours}.mp4"
        again = ("-stream_loop", hours * 60 - 1, "-i", tmp_path / "minute.mp4")
        ffmpeg(*again, "-c", "copy", movie)
        command = [sys.executable, "-c", SCAN, str(movie), str(tmp_path)]
        peaks.append(int(subprocess.run(command, capture_output=True, check=True).stdout))
    print(f"peaks of memory for 1 and {HOURS} hours: {peaks} kB")
    assert peaks[1] - peaks[0] < 50_000
    table = read_table(tmp_path / f"{HOURS}.mp4.faces.csv")
    assert table["frame"].to_list() == table["time"].to_list() == list(range(HOURS * 3600))
    assert read_record(tmp_path / f"{HOURS}.mp4.faces.csv")["status"] == "ok"
    runs = find_runs(table, "happy", repeat=5, gap=2.0)
    assert [(run.start, run.end) for run in runs] == [
        (60.0 * minute, 60.0 * minute + 30) for minute in range(HOURS * 60)
    ]


def listed_when_killed(command: list[str], ledger: Path, count: int) -> int:
    """Kill a scan as soon as `count` movies are listed; how many there are then."""
    work = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    while work.poll() is None and (listed := done_in(ledger)) < count:
        time.sleep(0.02)
    work.send_signal(signal.SIGKILL)
    work.wait()
    time.sleep(0.3)  # its processes see that it is gone
    return listed


def bad_movies(folder: Path, whole: Path) -> dict[str, str]:
    """Twenty movies that are bad in different ways, each with what is to become of it."""
    content, chance = whole.read_bytes(), random.Random(20)
    hole = bytearray(content)
    middle = len(hole) // 2
    hole[middle : middle + 2000] = chance.randbytes(2000)
    plain = {
        "empty.mp4": b"",
        "noise.mp4": chance.randbytes(30_000),
        "page.mp4": b"<html>404</html>",
        "text.avi": b"no movie\n",
        "list.mp4": b"#EXTM3U\nprivate.ts\n",
        "concat.mp4": b"ffconcat version 1.0\nfile a.mp4\n",
        "zeros.mkv": bytes(5000),
        "head.mkv": b"\x1aE\xdf\xa3" + chance.randbytes(3000),
        "ftyp.mp4": b"\0\0\0\x18ftypmp42" + bytes(2000),
        "riff.avi": b"RIFF\0\0\0\0AVI " + bytes(500),
    }
    for name, data in plain.items():
        (folder / name).write_bytes(data)
    (folder / "hole.mp4").write_bytes(hole)
    picture = b"\x89PNG\r\n\x1a\n" + bytes(100)
    for name, data in (("picture.mp4", picture), ("song.mp4", b"ID3" + bytes(100))):
        (folder / name).write_bytes(data)
    expected = dict.fromkeys(plain, "failed")
    expected |= {"hole.mp4": "partial", "picture.mp4": "skipped", "song.mp4": "skipped"}
    for share in (0.2, 0.4, 0.6):
        cut_off(whole, folder / f"cut{share}.mp4", share)
        expected[f"cut{share}.mp4"] = "failed"
    for share in (0.5, 0.7, 0.9):
        cut_off(whole.with_suffix(".mkv"), folder / f"cut{share}.mkv", share)
        expected[f"cut{share}.mkv"] = "partial"
    os.mkfifo(folder / "pipe.mp4")
    expected["pipe.mp4"] = "skipped"
    return expected


def sixty_files(folder: Path, made: Path) -> dict[str, str]:
    """Twenty bad movies and forty copies of `made`/good.mp4, each with what is to become of it."""
    folder.mkdir()
    for suffix in ("mp4", "mkv"):
        make_movie(made / f"whole.{suffix}", still(4, sound=False), gop=12)
    expected = bad_movies(folder, made / "whole.mp4")
    assert len(expected) == 20
    make_movie(made / "good.mp4", still(1))
    for number in range(40):
        place = folder / f"{number % 4}" / f"{number}.mp4"
        place.parent.mkdir(exist_ok=True)
        another(made / "good.mp4", place)
        expected[f"{number % 4}/{number}.mp4"] = "ok"
    return expected


@pytest.mark.skipif(os.name != "posix", reason="pipes and signals as on POSIX")
def test_an_archive_of_sixty_files_is_finished_whatever_lies_in_it(tmp_path: Path) -> None:
    folder, out = tmp_path / "archive", tmp_path / "out"
    expected = sixty_files(folder, tmp_path)
    alone = scan_movie(tmp_path / "good.mp4", tmp_path / "alone").table.read_bytes()
    command = [sys.executable, "-m", "videmo", "scan", "-j", "2", str(folder), "-o", str(out)]
    for count in (15, 35):
        assert listed_when_killed(command, out / "archive.csv", count) < len(expected)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    outcomes = {e.path: e for e, _ in scan_archive(find_movies([folder]), out)}
    assert {path: entry.status for path, entry in outcomes.items()} == expected
    assert all(entry.reason for entry in outcomes.values() if entry.status != "ok")
    for path, status in expected.items():
        if status == "ok":
            assert (out / f"{path}.faces.csv").read_bytes() == alone
    assert not [path for path in out.rglob("*") if path.name.startswith(".")]
    before = (out / "archive.csv").read_bytes()
    begun = time.monotonic()
    again = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "new: 0" in again.stdout and time.monotonic() - begun < 15
    assert (out / "archive.csv").read_bytes() == before
