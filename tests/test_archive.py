"""Whole folders: what is found, what is done and what is not done again, and what is listed."""

from __future__ import annotations

import csv
import json
import multiprocessing
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.movies import another, begun, cut_off, still
from tests.waiting import PATIENCE, eventually
from videmo.archive import (
    Candidate,
    Entry,
    Limits,
    Shard,
    find_movies,
    ledger_path,
    scan_archive,
    scan_movies,
    shard_of_environment,
    verify_tables,
)
from videmo.archive.copies import find_copies
from videmo.archive.ledger import (
    FIRST_LEDGER_COLUMNS,
    LAST_LEDGER_COLUMNS,
    add_entry,
    begin_ledger,
    read_ledger,
)
from videmo.archive.share import cores_for
from videmo.demo import make_movie
from videmo.doctor import examine
from videmo.errors import NoPicturesError, OutputError, RequestError, SetupError
from videmo.exporters.program import find_ffmpeg
from videmo.faces import DETECTORS, DetectorConfig
from videmo.files import file_lock, lock_note
from videmo.scan import Progress, Settings, scan_movie
from videmo.schema import EMOTIONS
from videmo.sheets import safe_cell, unquoted
from videmo.video import probe

OURS = b"movie,emotion,track,first,last,repeat,start,end,score,clip_start,clip_end\n"


@pytest.fixture(scope="module")
def movie(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A movie of half a second."""
    path = tmp_path_factory.mktemp("movie") / "movie.mp4"
    make_movie(path, still(0.5))
    return path


@pytest.fixture
def archive(movie: Path, tmp_path: Path) -> Path:
    """A folder with two movies, one of them in a folder, and two bad ones."""
    folder = tmp_path / "archive"
    (folder / "sub").mkdir(parents=True)
    shutil.copy(movie, folder / "a.mp4")
    another(movie, folder / "sub" / "a.mp4")
    (folder / "bad.mp4").write_bytes(b"<html>404</html>")
    cut_off(movie, folder / "cut.mp4", 0.5)
    return folder


def names(folder: Path) -> list[str]:
    return [found.name for found in find_movies([folder])]


def scan(folder: Path, out: Path, **how: object) -> tuple[dict[str, Entry], int]:
    """What became of each movie, and how many were scanned."""
    outcomes = list(scan_archive(find_movies([folder]), out, **how))  # type: ignore[arg-type]
    return {entry.path: entry for entry, _ in outcomes}, sum(new for _, new in outcomes)


def rows(out: Path) -> list[dict[str, str]]:
    with (out / "archive.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# What is found


def test_movies_are_found_by_name_or_by_content(archive: Path, movie: Path) -> None:
    shutil.copy(movie, archive / "holiday")
    (archive / "notes.txt").write_text("no movie")
    (archive / "program.ts").write_text("let film = 'caf\u00e9';" * 100, encoding="utf-8")
    (archive / "damaged.ts").write_bytes(bytes(100) + movie.read_bytes()[5000:])
    (archive / "photo.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    found = ["a.mp4", "bad.mp4", "cut.mp4", "damaged.ts", "holiday", "sub/a.mp4"]
    assert names(archive) == found


def test_hidden_files_and_what_videmo_made_are_left_out(archive: Path, movie: Path) -> None:
    before = names(archive)
    for place in (".trash/a.mp4", "extracted/a.mp4/happy/clips/b.mp4", "a.mp4.parts/c.mp4"):
        (archive / place).parent.mkdir(parents=True)
        shutil.copy(movie, archive / place)
    (archive / "extracted" / "segments.csv").write_bytes(OURS)
    shutil.copy(movie, archive / "a.mp4.annotated.mp4")
    shutil.copy(movie, archive / "._a.mp4")
    assert names(archive) == before


@pytest.mark.parametrize(
    "place",
    [
        *("#recycle", "@Recycle", "$RECYCLE.BIN", ".Trashes", "System Volume Information"),
        *("lost+found", "@eaDir"),
    ],
)
def test_a_folder_of_what_was_deleted_is_left_out_and_searched_if_it_is_named(
    archive: Path, movie: Path, place: str
) -> None:
    (archive / "sub" / place).mkdir()
    shutil.copy(movie, archive / "sub" / place / "old.mp4")
    (left,) = (one for one in find_movies([archive]) if one.reason)
    assert (left.name, left.failed) == (f"sub/{place}/", False) and "a folder of" in left.reason
    assert [(one.name, one.reason) for one in find_movies([archive / "sub" / place])] == [
        ("old.mp4", "")
    ]


@pytest.mark.parametrize("name", ["GL010001.LRV", "DJI_0001.LRF", "GX010001.THM"])
def test_a_camera_s_small_copy_is_left_out_and_scanned_if_it_is_named(
    archive: Path, movie: Path, name: str
) -> None:
    shutil.copy(movie, archive / name)
    (left,) = (one for one in find_movies([archive]) if one.reason)
    assert left.name == name and "small copy" in left.reason
    assert not any(one.reason for one in find_movies([archive / "sub", archive / name]))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        *(("dvd.iso", "a disc image"), ("disc.img", "a disc image"), ("DVD.NRG", "a disc image")),
        *(("A001.braw", "a camera's raw"), ("A002_C001.R3D", "a camera's raw")),
        *(("a.webp", "an animated WebP"), ("a.png", "an animated WebP or PNG")),
        *(("VTS_01_0.VOB", "a menu of a DVD"), ("VIDEO_TS.VOB", "a menu of a DVD")),
    ],
)
def test_what_holds_pictures_that_move_and_cannot_be_scanned_is_named(
    archive: Path, name: str, kind: str
) -> None:
    disc = bytes(32769) + b"CD001" + bytes(1000)
    (archive / name).write_bytes(disc)
    if name in ("a.webp", "a.png"):
        first, second = (Image.new("RGB", (64, 64), colour) for colour in ("red", "blue"))
        first.save(archive / name, save_all=True, append_images=[second])
        first.save(archive / f"still.{name}")
        with pytest.raises(NoPicturesError, match="animated"):
            probe(archive / name)
    (left,) = (one for one in find_movies([archive]) if one.reason)
    assert left.name == name and left.reason.startswith(kind) and not left.failed


def test_a_gif_that_moves_is_a_movie_wherever_it_lies(archive: Path) -> None:
    before = names(archive)
    for count, colours in ((1, 16), (2, 2), (5, 256)):
        pictures = [Image.effect_noise((200, 200), 9 + n).quantize(colours) for n in range(count)]
        pictures[0].save(archive / f"{count}.gif", save_all=True, append_images=pictures[1:])
    assert names(archive) == ["2.gif", "5.gif", *before]
    (archive / "2.gif").write_bytes((archive / "5.gif").read_bytes()[:900])
    assert names(archive) == ["5.gif", *before]


@pytest.mark.parametrize(
    ("numbers", "says"),
    [
        ([f"f{n:04}.png" for n in range(1, 39)], "38 of them; name it and say --fps"),
        ([f"{n}.jpg" for n in range(8, 12)], "4 of them; name it and say --fps"),
        (["a1.png", "a2.png", "a4.png"], "3, but a3.png is missing"),
        ([f"{side}{n}.png" for n in range(4) for side in "lr"], "8 in 2 series"),
        (["a1.png", "a2.png", "photo3.png", "1.txt", "2.txt", "3.txt"], ""),
    ],
)
def test_a_folder_of_numbered_pictures_is_named(
    archive: Path, numbers: list[str], says: str
) -> None:
    (archive / "frames").mkdir()
    for name in numbers:
        (archive / "frames" / name).write_bytes(b"\x89PNG\r\n")
    left = [one for one in find_movies([archive]) if one.reason]
    assert [one.name for one in left] == ["frames/"] * bool(says)
    for one in left:
        assert one.reason.startswith("a folder of numbered pictures: ") and says in one.reason
    assert [one.name for one in find_movies([archive / "frames"])] == ["frames/"] * bool(says)


def test_a_loop_of_links_is_named_and_the_rest_is_found(archive: Path) -> None:
    (archive / "aa").symlink_to(archive)
    (archive / "sub" / "up").symlink_to("..")
    (archive / "gone.mp4").symlink_to("nowhere")
    found = find_movies([archive])
    movies = [one.name for one in found if not one.reason]
    assert movies == ["a.mp4", "bad.mp4", "cut.mp4", "sub/a.mp4"]
    assert {one.name: one.reason for one in found if "link" in one.reason} == {
        "aa/": "a link to a folder that is searched already: .",
        "gone.mp4": "a link that leads nowhere: nowhere",
        "sub/up/": "a link to a folder that is searched already: .",
    }


def test_a_link_does_not_hide_the_folder_that_it_leads_to(archive: Path) -> None:
    (archive / "another").symlink_to(archive / "sub")
    assert [one.name for one in find_movies([archive]) if not one.reason][-1] == "sub/a.mp4"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names on this system")
def test_a_pipe_with_a_movie_s_name_is_no_movie(archive: Path) -> None:
    os.mkfifo(archive / "pipe.mp4")
    (pipe,) = (one for one in find_movies([archive]) if one.name == "pipe.mp4")
    assert "regular file" in pipe.reason and not pipe.failed


def test_a_folder_that_cannot_be_read_is_named(
    archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = os.scandir

    def refuse(place: Path) -> object:
        if Path(place).name == "sub":
            raise PermissionError(13, "Permission denied")
        return read(place)

    monkeypatch.setattr(os, "scandir", refuse)
    (sub,) = (one for one in find_movies([archive]) if one.name == "sub/")
    assert sub.failed and "Permission denied" in sub.reason


def test_several_folders_keep_their_names(archive: Path, tmp_path: Path) -> None:
    shutil.copytree(archive / "sub", tmp_path / "other")
    found = find_movies([archive, tmp_path / "other"])
    assert (found[0].name, found[-1].name) == ("archive/a.mp4", "other/a.mp4")
    with pytest.raises(RequestError, match="two movies"):
        find_movies([archive / "a.mp4", archive / "sub" / "a.mp4"])


# What is done


def test_every_movie_is_scanned_into_the_same_tree_and_listed(
    archive: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    entries, new = scan(archive, out, jobs=2)
    assert {path: entry.status for path, entry in entries.items()} == {
        "a.mp4": "ok",
        "bad.mp4": "failed",
        "cut.mp4": "failed",
        "sub/a.mp4": "ok",
    }
    assert new == 4
    assert 'begins with "<html>' in entries["bad.mp4"].reason
    assert "moov" in entries["cut.mp4"].reason
    alone = scan_movie(archive / "a.mp4", tmp_path / "alone")
    for place in ("a.mp4", "sub/a.mp4"):
        assert (out / f"{place}.faces.csv").read_bytes() == alone.table.read_bytes()
    listed = rows(out)
    assert [row["path"] for row in listed] == ["a.mp4", "bad.mp4", "cut.mp4", "sub/a.mp4"]
    first = listed[0]
    assert (first["status"], first["duration"], first["frames"]) == ("ok", "0.500", "12")
    assert float(first["happy"]) == alone.record["seconds"]["happy"] > 0
    assert sorted(p.name for p in out.iterdir()) == [
        *("a.mp4.faces.csv", "a.mp4.faces.json", "archive.csv", "sub"),
    ]


def test_what_is_done_is_not_done_again(archive: Path, tmp_path: Path) -> None:
    first, _ = scan(archive, tmp_path)
    content = (tmp_path / "archive.csv").read_bytes()
    assert scan(archive, tmp_path) == (first, 0)
    assert (tmp_path / "archive.csv").read_bytes() == content


def test_what_changed_is_done_again(archive: Path, movie: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    scan(archive, out)
    make_movie(archive / "a.mp4", still(0.25))
    another(movie, archive / "bad.mp4")
    entries, new = scan(archive, out)
    assert new == 2
    assert entries["a.mp4"].frames == 6 and entries["bad.mp4"].status == "ok"
    with (out / "sub" / "a.mp4.faces.csv").open("a") as table:
        table.write("spoilt\n")
    assert scan(archive, out)[1] == 1
    assert scan(archive, out, settings=Settings(DetectorConfig(min_face=0.2)))[1] == 4
    assert scan(archive, out, settings=Settings(DetectorConfig(min_face=0.2)), fresh=True)[1] == 4


def test_a_movie_whose_record_was_spoilt_is_scanned_again(archive: Path, tmp_path: Path) -> None:
    first, _ = scan(archive, tmp_path)
    record = tmp_path / "a.mp4.faces.json"
    whole = json.loads(record.read_text())
    spoilt = {"seconds": 3}, {"fps": "0/0", "status": "partial"}, {"warnings": [1]}
    for change in spoilt:
        record.write_text(json.dumps(whole | change))
        again, new = scan(archive, tmp_path)
        assert new == 1 and again.keys() == first.keys()
        assert json.loads(record.read_text()) == whole


def test_what_failed_is_tried_again_only_if_that_is_wanted(archive: Path, tmp_path: Path) -> None:
    scan(archive, tmp_path / "out")
    assert scan(archive, tmp_path / "out")[1] == 0
    assert scan(archive, tmp_path / "out", retry=True)[1] == 2


def test_a_movie_that_was_finished_but_not_listed_is_listed(archive: Path, tmp_path: Path) -> None:
    """Killed between the table and its row: the record tells."""
    out = tmp_path / "out"
    first, _ = scan(archive, out)
    (out / "archive.csv").unlink()
    again, new = scan(archive, out)
    assert new == 2  # those that failed: nothing else says so
    assert again["a.mp4"].seconds == first["a.mp4"].seconds


def test_a_file_that_is_not_ours_is_not_written_over(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "archive.csv").write_text("my own list\n")
    with pytest.raises(OutputError, match="not the list"):
        scan(archive, tmp_path)
    assert (tmp_path / "archive.csv").read_text() == "my own list\n"


def test_two_scans_of_one_archive_do_not_mix(archive: Path, tmp_path: Path) -> None:
    with file_lock(tmp_path / "archive.csv", "first"):
        with pytest.raises(OutputError, match="another videmo"):
            scan(archive, tmp_path)
        assert lock_note(tmp_path / "archive.csv") == "first"
    assert lock_note(tmp_path / "archive.csv") is None
    assert len(scan(archive, tmp_path)[0]) == 4


# The same movie, twice


def test_a_copy_is_listed_with_the_numbers_of_the_first_and_not_scanned(
    archive: Path, tmp_path: Path
) -> None:
    shutil.copy(archive / "a.mp4", archive / "sub" / "copy.mp4")
    entries, new = scan(archive, tmp_path / "out")
    first, copy = entries["a.mp4"], entries["sub/copy.mp4"]
    assert (copy.status, copy.reason, new) == ("copy", "a copy of a.mp4", 4)
    assert (copy.frames, copy.faces, copy.seconds) == (first.frames, first.faces, first.seconds)
    assert not (tmp_path / "out" / "sub" / "copy.mp4.faces.csv").exists()
    content = (tmp_path / "out" / "archive.csv").read_bytes()
    assert scan(archive, tmp_path / "out") == (entries, 0)
    assert (tmp_path / "out" / "archive.csv").read_bytes() == content
    (archive / "a.mp4").unlink()
    assert scan(archive, tmp_path / "out")[0]["sub/copy.mp4"].status == "ok"


def test_what_is_done_already_is_no_copy_of_what_comes_later(archive: Path, tmp_path: Path) -> None:
    scan(archive, tmp_path / "out")
    shutil.copy(archive / "a.mp4", archive / "A.mp4")
    entries, new = scan(archive, tmp_path / "out")
    assert (entries["a.mp4"].status, entries["A.mp4"].status, new) == ("ok", "copy", 0)


def test_files_are_copies_only_if_every_byte_is_the_same(tmp_path: Path) -> None:
    """And what was found to be the same once is not read again."""
    content = bytearray(5 << 20)
    for name in ("a.mp4", "b.mp4", "c.mp4"):
        (tmp_path / name).write_bytes(content)
        content[len(content) // 2] = name == "b.mp4"
    found = find_movies([tmp_path])
    copies = find_copies(found, lambda _: False, lambda *_: False)
    assert {name: first.name for name, first in copies.items()} == {"b.mp4": "a.mp4"}
    assert len(find_copies(found, lambda _: False, lambda *_: True)) == 2
    done = find_copies(found, lambda one: one.name == "b.mp4", lambda *_: False)
    assert {name: first.name for name, first in done.items()} == {"a.mp4": "b.mp4"}


def test_a_copy_of_what_another_machine_scans_is_listed_as_one(
    archive: Path, tmp_path: Path
) -> None:
    names = [f"{number}.mp4" for number in range(6)]
    for name in names:
        shutil.copy(archive / "a.mp4", archive / name)
    found = find_movies([archive])
    entries = {
        entry.path: entry.status
        for number in (2, 1)
        for entry, _ in scan_archive(found, tmp_path / "out", shard=Shard(number, 2))
    }
    assert [name for name in (*names, "a.mp4") if entries[name] != "copy"] == ["0.mp4"]
    assert videmo("status", tmp_path / "out").stdout.startswith("4 movies (2 ok, 2 failed), 1 s")


def test_a_copy_counts_once_in_sums_and_is_cut_once(archive: Path, tmp_path: Path) -> None:
    """Though both were scanned before it was known."""
    for name in ("bad.mp4", "cut.mp4", "sub/a.mp4"):
        (archive / name).unlink()
    out = tmp_path / "out"
    scan(archive, out)
    before = videmo("status", out).stdout
    shutil.copy(archive / "a.mp4", archive / "b.mp4")
    list(scan_movies([archive / "b.mp4"], out))
    done = videmo("scan", archive, "-o", out)
    assert done.stdout.splitlines()[0] == "left out: a copy of another (1)"
    assert len(list(out.glob("*.faces.csv"))) == 2
    once = videmo("status", out).stdout
    assert once.replace("left out: a copy of another (1)\n", "") == before
    assert "copy    b.mp4: a copy of a.mp4" in videmo("status", "--all", out).stdout
    made = videmo("extract", out, "-e", "happy", "-o", tmp_path / "made", cwd=tmp_path)
    assert made.returncode == 0 and "b.mp4.faces.csv: left out, for it is the same" in made.stderr
    assert sorted(place.name for place in (tmp_path / "made").iterdir()) == [
        *("a.mp4", "segments.csv"),
    ]


# What one movie may do to the others


def test_a_movie_that_hangs_costs_itself_only(archive: Path, tmp_path: Path) -> None:
    """Its process is stopped by a signal: as still as one that hangs in a decoder."""
    make_movie(archive / "long.mp4", still(30))
    found = find_movies([archive])
    stopped: list[int] = []

    def stop(_: object) -> None:
        for child in multiprocessing.active_children():
            if child.pid and not stopped:
                os.kill(child.pid, signal.SIGSTOP)
                stopped.append(child.pid)

    outcomes = scan_archive(found, tmp_path / "out", jobs=1, limits=Limits(stall=3), progress=stop)
    entries = {entry.path: entry for entry, _ in outcomes}
    assert stopped
    assert [e.path for e in entries.values() if "no new frame for 3 s" in e.reason] == ["long.mp4"]
    assert entries["a.mp4"].status == entries["sub/a.mp4"].status == "ok"
    assert not multiprocessing.active_children()


def test_a_movie_that_crashes_costs_itself_only(archive: Path, tmp_path: Path) -> None:
    make_movie(archive / "long.mp4", still(30))
    killed: list[int] = []

    def kill(_: object) -> None:
        for child in multiprocessing.active_children():
            if child.pid and not killed:
                os.kill(child.pid, signal.SIGSEGV)
                killed.append(child.pid)

    outcomes = scan_archive(find_movies([archive]), tmp_path / "out", progress=kill)
    entries = {entry.path: entry for entry, _ in outcomes}
    assert "crashed" in entries["long.mp4"].reason and "signal 11" in entries["long.mp4"].reason
    assert entries["a.mp4"].status == entries["sub/a.mp4"].status == "ok"


@pytest.mark.skipif(sys.platform != "linux", reason="limits of address space as on Linux")
def test_a_movie_that_needs_too_much_memory_costs_itself_only(
    archive: Path, large: Path, tmp_path: Path
) -> None:
    shutil.copy(large, archive / "large.mp4")
    entries, _ = scan(archive, tmp_path / "out", limits=Limits(memory=least_memory(archive) + MORE))
    assert "not enough memory" in entries["large.mp4"].reason
    assert entries["large.mp4"].status == "failed"
    assert entries["a.mp4"].status == entries["sub/a.mp4"].status == "ok"


@pytest.mark.skipif(sys.platform != "linux", reason="limits of address space as on Linux")
@pytest.mark.parametrize("jobs", [1, 2])
def test_a_movie_that_is_named_is_held_to_the_limit_of_memory(
    archive: Path, large: Path, tmp_path: Path, jobs: int
) -> None:
    limit = f"{(least_memory(archive) + MORE) >> 20}M"
    movies = (archive / "a.mp4", large)
    done = videmo("scan", *movies, "-o", tmp_path, "-j", jobs, "--memory-limit", limit)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert done.stdout.startswith(f"{archive / 'a.mp4'}: 12 frames")
    assert f"videmo: {large}: not enough memory" in done.stderr
    done = videmo("scan", large, "-o", tmp_path, "-j", jobs, "--memory-limit", "8G")
    assert done.returncode == 0, done.stderr


def test_the_table_of_a_stretch_is_named_where_limits_hold(archive: Path, tmp_path: Path) -> None:
    limits = ("--stall-timeout", "60", "-j", "1")
    done = videmo("scan", archive / "a.mp4", "-o", tmp_path, "--start", "0.1", *limits)
    assert done.returncode == 0, done.stderr
    (table,) = tmp_path.glob("*.faces.csv")
    assert table.name == "a.mp4.from-00-00-00.100.faces.csv" and table.name in done.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="limits of address space as on Linux")
def test_a_limit_of_memory_that_is_too_small_for_any_movie_is_refused(
    archive: Path, tmp_path: Path
) -> None:
    for place in (archive, archive / "a.mp4"):
        done = videmo("scan", place, "-o", tmp_path / "out", "--memory-limit", "64M")
        assert done.returncode == 2
        (line,) = done.stderr.splitlines()
        assert "--memory-limit 64M" in line and "or more" in line
    done = videmo("scan", archive / "a.mp4", "-o", tmp_path / "out", "--memory-limit", "0M")
    assert done.returncode == 2 and "--memory-limit 0M" in done.stderr
    assert not list(tmp_path.rglob("*.faces.*"))


STOPPED = """
import signal
from multiprocessing import Pipe
from videmo.archive import process

def stop(*_):
    signal.raise_signal(signal.SIGTERM)

process._done = lambda *_: None
WHEN = stop
_, said = Pipe(duplex=False)
process._work(None, None, said)
stop()
"""


@pytest.mark.parametrize("when", ["process.end_with_parent", "process._done", "_"])
def test_a_process_that_is_stopped_says_nothing_whenever_it_is(when: str) -> None:
    code = [sys.executable, "-c", STOPPED.replace("WHEN", when)]
    done = subprocess.run(code, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGTERM, "", "")


MORE = 32 << 20


def least_memory(archive: Path) -> int:
    """The least limit of memory that is taken here, in bytes, as its refusal tells it."""
    with pytest.raises(RequestError, match="or more") as refused:
        list(scan_movies([archive / "a.mp4"], archive / "out", limits=Limits(memory=1 << 20)))
    (megabytes,) = re.findall(r"give (\d+)M", str(refused.value))
    return int(megabytes) << 20


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A movie of ten pictures of 7680x4320: a decoder holds several, of 50 MB each."""
    path = tmp_path_factory.mktemp("large") / "large.mp4"
    source = ("-f", "lavfi", "-i", "color=gray:s=7680x4320:r=25", "-frames:v", "10")
    form = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
    subprocess.run([find_ffmpeg(), "-loglevel", "error", *source, *form, str(path)], check=True)
    return path


def test_a_movie_that_is_named_and_hangs_has_failed(archive: Path, tmp_path: Path) -> None:
    stopped: list[int] = []

    @contextmanager
    def stop(_: Path) -> Iterator[Progress]:
        def progress(*_: int) -> None:
            for child in multiprocessing.active_children():
                if child.pid and not stopped:
                    os.kill(child.pid, signal.SIGSTOP)
                    stopped.append(child.pid)

        yield progress

    make_movie(archive / "long.mp4", still(30))
    movies = [archive / "long.mp4", archive / "a.mp4"]
    outcomes = list(scan_movies(movies, tmp_path / "out", watch=stop, limits=Limits(stall=3)))
    assert stopped and "no new frame for 3 s" in str(outcomes[0].error)
    assert outcomes[1].well and not multiprocessing.active_children()


def test_what_is_for_folders_only_is_refused_for_a_movie(archive: Path, tmp_path: Path) -> None:
    for option in (("--shard", "1/2"), ("--retry",)):
        done = videmo("scan", archive / "a.mp4", "-o", tmp_path / "out", *option)
        assert done.returncode == 2 and "are for folders" in done.stderr


# An archive that has moved


def test_an_archive_that_has_moved_is_found_again_by_scanning_it_there(
    archive: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    for name in ("bad.mp4", "cut.mp4"):
        (archive / name).unlink()
    before, _ = scan(archive, out)
    archive.rename(tmp_path / "moved")
    (problem, _) = (one.problem for one in verify_tables(out))
    assert "its folder was moved" in problem
    lost = videmo("extract", out, "--emotion", "happy", "-o", tmp_path / "none", cwd=tmp_path)
    assert lost.returncode == 1 and "its folder was moved" in lost.stderr
    assert "2 movies (2 ok)" in videmo("status", out).stdout
    assert scan(tmp_path / "moved", out) == (before, 0)
    assert not any(one.problem for one in verify_tables(out))
    found = videmo("extract", out, "--emotion", "happy", "-o", tmp_path / "made", cwd=tmp_path)
    assert found.returncode == 0, found.stderr
    assert list((tmp_path / "made" / "sub" / "a.mp4" / "happy" / "crops").iterdir())


# The list


def test_a_name_is_no_formula_and_one_line(tmp_path: Path) -> None:
    assert safe_cell("=cmd|' /C calc'!A1.mp4").startswith("'=")
    wide = "\N{FULLWIDTH EQUALS SIGN}1+1.mp4"
    assert safe_cell(wide) == f"'{wide}" and unquoted(safe_cell(wide)) == wide
    assert safe_cell("a\nb\udcff.mp4") == "a\\nb\\udcff.mp4"
    path = tmp_path / "archive.csv"
    begin_ledger(path, [Entry(safe_cell('@x,"y".mp4'), "failed", "=1+1\n")], EMOTIONS)
    (row,) = csv.reader(path.read_text().splitlines()[1:])
    assert row[0] == '\'@x,"y".mp4' and row[2] == "'=1+1\\n"


def test_a_row_that_was_cut_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "archive.csv"
    begin_ledger(path, [Entry("a", "ok", frames=3, key="k")], EMOTIONS)
    whole = path.read_bytes()
    add_entry(path, Entry("b", "ok", frames=4, key="k"), EMOTIONS)
    assert list(read_ledger(path)) == ["a", "b"]
    for cut in range(len(whole), path.stat().st_size):
        (tmp_path / "cut.csv").write_bytes(path.read_bytes()[:cut])
        assert list(read_ledger(tmp_path / "cut.csv")) == ["a"]


def test_the_later_of_two_rows_counts(tmp_path: Path) -> None:
    path = tmp_path / "archive.csv"
    begin_ledger(path, [Entry("a", "failed")], EMOTIONS)
    add_entry(path, Entry("a", "ok"), EMOTIONS)
    assert read_ledger(path)["a"].status == "ok"
    header = ",".join((*FIRST_LEDGER_COLUMNS, *EMOTIONS, *LAST_LEDGER_COLUMNS))
    assert path.read_text().splitlines()[0] == header


@pytest.mark.parametrize("labels", [("thumb up", "ok"), ("status", "key", "fist")])
def test_the_list_has_the_labels_of_the_model(tmp_path: Path, labels: tuple[str, ...]) -> None:
    """Though one is called as another column."""
    path = tmp_path / "archive.csv"
    one = Entry("a", "ok", duration=3.0, seconds=dict.fromkeys(labels, 0.5), key="k")
    begin_ledger(path, [one], labels)
    header = path.read_text().splitlines()[0]
    assert header == ",".join((*FIRST_LEDGER_COLUMNS, *labels, *LAST_LEDGER_COLUMNS))
    assert read_ledger(path) == {"a": one}


# Shares


def test_shards_hold_every_movie_once_and_stay_the_same() -> None:
    movies = [f"folder/{number}.mp4" for number in range(200)]
    for count in (1, 3, 8):
        held = [[m for m in movies if Shard(n, count).holds(m)] for n in range(1, count + 1)]
        assert sorted(movie for part in held for movie in part) == sorted(movies)
        assert min(map(len, held)) > 100 / count
    assert [n for n in range(1, 9) if Shard(n, 8).holds("a.mp4")] == [1]


def test_shards_are_listed_apart(archive: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    found = find_movies([archive])
    seen = [
        entry.path
        for number in (1, 2)
        for entry, _ in scan_archive(found, out, shard=Shard(number, 2))
    ]
    assert sorted(seen) == [one.name for one in found]
    assert ledger_path(out, Shard(2, 2)).is_file() and not (out / "archive.csv").exists()


@pytest.mark.parametrize(
    ("variables", "shard"),
    [
        ({}, None),
        ({"SLURM_ARRAY_TASK_ID": "3", "SLURM_ARRAY_TASK_COUNT": "8"}, Shard(4, 8)),
        (
            {
                **{"SLURM_ARRAY_TASK_ID": "3", "SLURM_ARRAY_TASK_COUNT": "8"},
                "SLURM_ARRAY_TASK_MIN": "1",
            },
            Shard(3, 8),
        ),
        ({"AWS_BATCH_JOB_ARRAY_INDEX": "0", "AWS_BATCH_JOB_ARRAY_SIZE": "2"}, Shard(1, 2)),
    ],
)
def test_the_cluster_says_which_shard(variables: dict[str, str], shard: Shard | None) -> None:
    assert shard_of_environment(variables) == shard


def test_what_is_no_shard_is_refused() -> None:
    for text in ("0/8", "9/8", "3", "a/b", "-1/2", "1/0"):
        with pytest.raises(RequestError, match="shard"):
            Shard.parse(text)
    with pytest.raises(RequestError, match="shard"):
        shard_of_environment({"SLURM_ARRAY_TASK_ID": "16", "SLURM_ARRAY_TASK_COUNT": "8"})


def test_cores_go_to_many_small_movies_or_to_one_long_one() -> None:
    assert cores_for(10, 1000, 8, 8) == 1
    assert cores_for(1000, 1000, 8, 8) == 8
    assert cores_for(500, 1000, 8, 8) == 4
    assert cores_for(500, 1000, 2, 8) == 2
    assert cores_for(0, 0, 8, 8) == 1


# As a user meets it


def videmo(*arguments: object, **more: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "videmo", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **more)  # type: ignore[call-overload,no-any-return]


def test_failures_are_told_at_the_end_and_by_the_exit_code(archive: Path, tmp_path: Path) -> None:
    done = videmo("scan", archive, "-o", "out", cwd=tmp_path)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    told = [line for line in done.stderr.splitlines() if line.startswith("videmo: failed")]
    assert [line.split(": ")[2] for line in told] == ["bad.mp4", "cut.mp4"]
    assert done.stdout.splitlines()[-1] == (
        "4 movies (2 ok, 2 failed), 1 s of footage; new: 4; listed in out/archive.csv"
    )
    for name in ("bad.mp4", "cut.mp4"):
        (archive / name).unlink()
    done = videmo("scan", "-q", archive, "-o", "out", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_what_was_left_out_is_told_with_the_reason(archive: Path, tmp_path: Path) -> None:
    for name in ("bad.mp4", "cut.mp4"):
        (archive / name).unlink()
    for name in ("GL010001.LRV", "GL010002.LRV", "#recycle"):
        (archive / name).mkdir() if name[0] == "#" else (archive / name).write_bytes(b"small")
    done = videmo("scan", archive, "-o", "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    said = "left out: a camera's small copy of a movie (2), a folder of what was deleted (1)"
    assert done.stdout.splitlines()[-2:] == [
        said,
        "2 movies (2 ok), 1 s of footage; new: 2; listed in out/archive.csv",
    ]
    assert [(row["path"], row["status"]) for row in rows(tmp_path / "out")] == [
        *(("#recycle/", "skipped"), ("GL010001.LRV", "skipped"), ("GL010002.LRV", "skipped")),
        *(("a.mp4", "ok"), ("sub/a.mp4", "ok")),
    ]
    status = videmo("status", tmp_path / "out").stdout.splitlines()
    assert status[:2] == ["2 movies (2 ok), 1 s of footage", said]


@pytest.mark.skipif(os.name != "posix", reason="signals as on POSIX")
@pytest.mark.parametrize(("how", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)])
@pytest.mark.parametrize("jobs", [1, 3])
def test_an_interrupted_archive_leaves_no_process_and_goes_on(
    archive: Path, tmp_path: Path, how: int, code: int, jobs: int
) -> None:
    # More chunks than jobs: with the first one kept it must not be nearly done.
    make_movie(archive / "long.mp4", still(150, Fraction(10), sound=False))
    out = tmp_path / "out"
    command = [sys.executable, "-m", "videmo", "scan", "-j", str(jobs), "-o", str(out)]
    marker = {"VIDEMO_TEST": str(tmp_path)}
    with subprocess.Popen(
        [*command, str(archive)],
        stderr=subprocess.PIPE,
        env={**os.environ, **marker},
    ) as work:
        begun(out / "long.mp4.parts")
        work.send_signal(how)
        work.communicate(timeout=PATIENCE)
    assert work.returncode == code
    eventually(lambda: not _alive(marker))
    assert not list(out.glob("*.faces.json")) or not (out / "long.mp4.faces.json").exists()
    assert scan(archive, out)[0]["long.mp4"].status == "ok"
    assert not [p for p in out.rglob(".*")]


def _alive(marker: dict[str, str]) -> list[str]:
    """Processes that have `marker` in their environment."""
    wanted = b"\0".join(f"{name}={value}".encode() for name, value in marker.items())
    found = []
    for place in Path("/proc").glob("[0-9]*/environ"):
        try:
            if wanted in place.read_bytes():
                found.append(place.parent.name)
        except OSError:
            continue
    return found


def test_a_found_movie_that_vanished_has_failed(archive: Path, tmp_path: Path) -> None:
    found = [*find_movies([archive]), Candidate(archive / "gone.mp4", "gone.mp4", 5)]
    entries = {entry.path: entry for entry, _ in scan_archive(found, tmp_path / "out")}
    assert entries["gone.mp4"].status == "failed" and "no such file" in entries["gone.mp4"].reason
    assert entries["a.mp4"].status == "ok"


# What is told of an archive, and of the machine


def test_the_status_tells_what_became_of_the_movies(archive: Path, tmp_path: Path) -> None:
    scan(archive, tmp_path / "out")
    done = videmo("status", tmp_path / "out")
    assert done.returncode == 0
    assert "4 movies (2 ok, 2 failed)" in done.stdout and "failed  cut.mp4: " in done.stdout
    assert "sub/a.mp4" in videmo("status", "--all", tmp_path / "out").stdout
    with file_lock(tmp_path / "out" / "archive.csv", '{"pid": 7, "host": "h", "movies": 9}'):
        assert "process 7 on h, 9 movies" in videmo("status", tmp_path / "out").stdout
    assert videmo("status", tmp_path).returncode == 2


def test_the_status_after_an_interruption_tells_how_many_movies_wait(
    archive: Path, tmp_path: Path
) -> None:
    scanning = scan_archive(find_movies([archive]), tmp_path / "out")
    next(entry for entry, new in scanning if new)
    scanning.close()  # type: ignore[attr-defined]
    told = videmo("status", tmp_path / "out").stdout
    assert "4 movies (1 " in told and ", 3 waiting)" in told
    assert "interrupted: 3 movies not scanned yet; run the same scan again" in told
    assert told.count("waiting ") == 0
    every = videmo("status", "--all", tmp_path / "out").stdout
    assert every.count("\nwaiting ") == 3
    # What is done in a part of the work does not wait, whatever the list of the whole says.
    for number in (1, 2):
        list(scan_archive(find_movies([archive]), tmp_path / "out", shard=Shard(number, 2)))
    assert "waiting" not in videmo("status", tmp_path / "out").stdout
    # But it does, once the whole was begun anew since.
    scanning = scan_archive(find_movies([archive]), tmp_path / "out", fresh=True)
    next(entry for entry, new in scanning if new)
    scanning.close()  # type: ignore[attr-defined]
    assert ", 3 waiting)" in videmo("status", tmp_path / "out").stdout
    scan(archive, tmp_path / "out")
    assert "waiting" not in (tmp_path / "out" / "archive.csv").read_text()


def test_the_status_of_tables_that_no_archive_has_names_what_shows_them(tmp_path: Path) -> None:
    (tmp_path / "a.mp4.faces.csv").touch()
    assert f"videmo summary {tmp_path}" in videmo("status", tmp_path).stderr


def test_verify_names_each_table_that_is_not_sound(archive: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    for name in ("b", "c", "d"):
        another(archive / "a.mp4", archive / f"{name}.mp4")
    scan(archive, out)
    (archive / "a.mp4").unlink()
    (archive / "b.mp4").write_bytes(b"another")
    (out / "c.mp4.faces.csv").write_text("cut")
    (out / "d.mp4.faces.csv").unlink()
    problems = {one.table.relative_to(out).as_posix(): one.problem for one in verify_tables(out)}
    assert "not there" in problems["a.mp4.faces.csv"]
    assert "changed" in problems["b.mp4.faces.csv"]
    assert "columns" in problems["c.mp4.faces.csv"]
    assert "cannot be read" in problems["d.mp4.faces.csv"]
    assert problems["sub/a.mp4.faces.csv"] == ""
    done = videmo("verify", out)
    assert done.returncode == 1
    assert "5 tables checked, 1 sound, 3 not, 1 without a movie" in done.stdout


def test_the_doctor_finds_everything_here() -> None:
    done = videmo("doctor")
    assert done.returncode == 0, done.stdout
    assert "h264" in done.stdout and "SHA-256" in done.stdout and "MISSING" not in done.stdout


def test_the_doctor_says_what_is_missing_and_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from videmo.exporters import program

    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    program.find_ffmpeg.cache_clear()
    found = {finding.what: finding.missing for finding in examine(tmp_path)}
    program.find_ffmpeg.cache_clear()
    assert "pip install imageio-ffmpeg" in found["ffmpeg"]
    assert not found["model"]


def lacking(*names: str) -> dict[str, Any]:
    """Detectors, of which those of these names are not there."""

    def make(config: DetectorConfig) -> None:
        if config.detector in names:
            raise SetupError(f"{config.detector} is lost; run: pip install it")

    return dict.fromkeys(DETECTORS, make)


@pytest.mark.parametrize(
    ("gone", "found", "missing"),
    [
        ((), "yunet, haar", ""),
        (("haar",), "yunet; not haar (haar is lost; run: pip install it)", ""),
        (("yunet",), "haar", "yunet is lost; run: pip install it"),
        (
            ("yunet", "haar"),
            "none",
            "yunet is lost; run: pip install it; haar is lost; run: pip install it",
        ),
    ],
)
def test_only_a_detector_that_is_needed_is_missing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    gone: tuple[str, ...],
    found: str,
    missing: str,
) -> None:
    monkeypatch.setattr("videmo.faces.DETECTORS", lacking(*gone))
    (finding,) = (one for one in examine(tmp_path) if one.what == "detectors")
    assert (finding.found, finding.missing) == (found, missing)


def test_an_opencv_without_cascades_is_no_fault_of_opencv_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import cv2

    monkeypatch.delattr(cv2, "CascadeClassifier")
    (finding,) = (one for one in examine(tmp_path) if one.what == "OpenCV")
    assert (finding.found, finding.missing) == (cv2.__version__, "")
