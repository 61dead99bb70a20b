"""Archives that change: movies that are renamed, moved, deleted or linked, and scans that run."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.movies import another, numbered, still
from tests.test_archive import rows, scan, videmo
from tests.test_series import pictures_of
from tests.waiting import PATIENCE
from videmo.archive import find_gone, find_movies, verify_tables
from videmo.cli.progress import watched, watched_archive
from videmo.demo import make_movie
from videmo.files import file_lock, lock_note
from videmo.names import Line, people_path, read_people, write_people
from videmo.review import Review, TrackName, read_review, write_review
from videmo.table import read_record, review_path


@pytest.fixture(scope="module")
def movie(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("movie") / "movie.mp4"
    make_movie(path, still(0.5, sound=False))
    return path


@pytest.fixture(scope="module")
def scanned_once(movie: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of three movies, and its tables."""
    place = tmp_path_factory.mktemp("scanned")
    (place / "archive" / "sub").mkdir(parents=True)
    for name in ("a.mp4", "b.mp4", "sub/c.mp4"):
        another(movie, place / "archive" / name)
    assert scan(place / "archive", place / "out")[1] == 3
    return place


@pytest.fixture
def place(scanned_once: Path, tmp_path: Path) -> Iterator[Path]:
    """The same, to be changed; in it `archive` and `out`."""
    shutil.copytree(scanned_once, tmp_path / "here")
    yield tmp_path / "here"


def files(out: Path) -> set[str]:
    return {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}


def tables(*names: str) -> set[str]:
    return {"archive.csv"} | {f"{name}.faces.{kind}" for name in names for kind in ("csv", "json")}


# Renamed and moved


def test_a_movie_that_was_moved_and_renamed_is_not_scanned_again(place: Path) -> None:
    archive, out = place / "archive", place / "out"
    table = (out / "a.mp4.faces.csv").read_bytes()
    took = next(row["took"] for row in rows(out) if row["path"] == "a.mp4")
    (archive / "new").mkdir()
    (archive / "a.mp4").rename(archive / "new" / "holiday.mp4")
    entries, new = scan(archive, out)
    assert (new, sorted(entries)) == (0, ["b.mp4", "new/holiday.mp4", "sub/c.mp4"])
    assert entries["new/holiday.mp4"].was == "a.mp4"
    assert files(out) == tables("b.mp4", "sub/c.mp4", "new/holiday.mp4")
    assert (out / "new" / "holiday.mp4.faces.csv").read_bytes() == table
    assert [row["took"] for row in rows(out) if row["path"] == "new/holiday.mp4"] == [took]
    assert not any(one.problem for one in verify_tables(out))


def test_who_is_who_follows_too(place: Path) -> None:
    archive, out = place / "archive", place / "out"
    table = out / "a.mp4.faces.csv"
    write_people(table, read_record(table), [Line(1, "Jim", 0.3)], ["Jim"], {})
    (archive / "a.mp4").rename(archive / "z.mp4")
    scan(archive, out)
    now = out / "z.mp4.faces.csv"
    assert read_people(now, read_record(now)).names == {1: "Jim"}
    assert not people_path(table).exists()


@pytest.mark.parametrize("count", [2, 3])
def test_movies_that_exchanged_their_names_exchange_their_tables(place: Path, count: int) -> None:
    archive, out = place / "archive", place / "out"
    names = ["a.mp4", "b.mp4", "sub/c.mp4"][:count]
    before = {name: (out / f"{name}.faces.json").read_text() for name in names}
    for name in names:
        (archive / name).rename(archive / f"{name}.aside")
    turned = [*names[1:], names[0]]
    for old, new in zip(names, turned, strict=True):
        (archive / f"{old}.aside").rename(archive / new)
    assert scan(archive, out)[1] == 0
    for old, new in zip(names, turned, strict=True):
        content = json.loads(before[old])["movie"]["fingerprint"]
        assert read_record(out / f"{new}.faces.csv")["movie"]["fingerprint"] == content
    assert files(out) == tables("a.mp4", "b.mp4", "sub/c.mp4")
    assert not any(one.problem for one in verify_tables(out))


def reviewed(table: Path, person: str) -> None:
    write_review(review_path(table), Review(tracks=(TrackName(1, 0.0, 9.0, person),)))


def who(table: Path) -> list[str]:
    return [one.person for one in read_review(review_path(table)).tracks]


def test_corrections_follow_their_table_where_names_are_exchanged(place: Path) -> None:
    archive, out = place / "archive", place / "out"
    a, b = (out / f"{name}.mp4.faces.csv" for name in "ab")
    reviewed(a, "Ann")
    reviewed(b, "Bob")
    (archive / "a.mp4").rename(archive / "aside")
    (archive / "b.mp4").rename(archive / "a.mp4")
    (archive / "aside").rename(archive / "b.mp4")
    assert scan(archive, out)[1] == 0
    assert (who(a), who(b)) == (["Bob"], ["Ann"])
    assert files(out) == tables("a.mp4", "b.mp4", "sub/c.mp4") | {
        "a.mp4.review.csv",
        "b.mp4.review.csv",
    }


def test_corrections_of_another_movie_are_not_taken_for_those_of_the_one_that_comes(
    place: Path, caplog: pytest.LogCaptureFixture
) -> None:
    archive, out = place / "archive", place / "out"
    b = out / "b.mp4.faces.csv"
    reviewed(b, "Bob")
    write_people(b, read_record(b), [Line(1, "Bob", 0.3)], ["Bob"], {})
    said = review_path(b).read_bytes()
    (archive / "a.mp4").replace(archive / "b.mp4")
    assert scan(archive, out)[1] == 0
    assert who(b) == [] and not people_path(b).exists()
    assert (out / "b.mp4.review.csv.old1").read_bytes() == said
    assert (out / "b.mp4.people.csv.old1").exists()
    assert "kept as b.mp4.review.csv.old1" in caplog.text


def test_names_that_moved_on_by_one_are_told_apart(place: Path) -> None:
    archive, out = place / "archive", place / "out"
    (archive / "b.mp4").rename(archive / "c.mp4")
    (archive / "a.mp4").rename(archive / "b.mp4")
    assert scan(archive, out)[1] == 0
    assert not any(one.problem for one in verify_tables(out))
    assert files(out) == tables("b.mp4", "c.mp4", "sub/c.mp4")


def test_the_table_of_a_movie_that_is_still_there_stays(place: Path) -> None:
    """What is scanned now is a part of the archive, with a copy of a movie of the other part."""
    archive, out = place / "archive", place / "out"
    shutil.copy(archive / "a.mp4", archive / "sub" / "copy.mp4")
    entries, new = scan(archive / "sub", out)
    assert new == 2 and not any(entry.was for entry in entries.values())
    assert (out / "a.mp4.faces.csv").exists()


def test_a_copy_inherits_the_table_of_a_movie_that_was_deleted(place: Path) -> None:
    archive, out = place / "archive", place / "out"
    shutil.copy(archive / "a.mp4", archive / "sub" / "copy.mp4")
    assert scan(archive, out)[0]["sub/copy.mp4"].status == "copy"
    (archive / "a.mp4").unlink()
    entries, new = scan(archive, out)
    assert (new, entries["sub/copy.mp4"].status, entries["sub/copy.mp4"].was) == (0, "ok", "a.mp4")


def test_a_move_that_was_interrupted_is_made_up_for(place: Path) -> None:
    """Killed after the new record was written, and after the table was moved."""
    archive, out = place / "archive", place / "out"
    for step in ("record", "table"):
        (archive / "a.mp4").rename(archive / f"{step}.mp4")
        old, new = (out / f"{name}.mp4.faces.json" for name in ("a", step))
        said = json.loads(old.read_text())
        said["movie"]["file"] = f"../archive/{step}.mp4"
        new.write_text(json.dumps(said))
        if step == "table":
            (out / "a.mp4.faces.csv").rename(out / "table.mp4.faces.csv")
        assert scan(archive, out)[1] == 0
        assert (out / f"{step}.mp4.faces.csv").exists()
        (archive / f"{step}.mp4").rename(archive / "a.mp4")
        scan(archive, out)


def test_what_was_renamed_is_told(place: Path) -> None:
    (place / "archive" / "a.mp4").rename(place / "archive" / "z.mp4")
    done = videmo("scan", "archive", "-o", "out", cwd=place)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "z.mp4: was a.mp4, and is done already",
        "3 movies (3 ok), 2 s of footage; new: 0; listed in out/archive.csv",
    ]


def test_a_table_without_a_name_is_passed_over(place: Path) -> None:
    for kind in ("csv", "json"):
        shutil.copy(place / "out" / f"a.mp4.faces.{kind}", place / "out" / f".faces.{kind}")
    (place / "archive" / "a.mp4").rename(place / "archive" / "z.mp4")
    assert scan(place / "archive", place / "out")[1] == 0
    assert find_gone(place / "out") == []


# Deleted


def test_a_movie_in_a_folder_with_a_line_break_in_its_name_is_followed(place: Path) -> None:
    archive, out = place / "archive", place / "out"
    (archive / "new\nline").mkdir()
    (archive / "a.mp4").rename(archive / "new\nline" / "a.mp4")
    assert scan(archive, out)[1] == 0
    assert scan(archive, out)[1] == 0
    assert len(list(out.rglob("a.mp4.faces.csv"))) == 1


def test_prune_shows_first_and_removes_with_yes_what_is_left_of_deleted_movies(
    place: Path,
) -> None:
    archive, out = place / "archive", place / "out"
    table = out / "sub" / "c.mp4.faces.csv"
    write_people(table, read_record(table), [Line(1, "Jim", 0.3)], ["Jim"], {})
    (archive / "sub" / "c.mp4").unlink()
    (archive / "sub").rmdir()
    before = files(out)
    assert find_gone(out)[0].kept.startswith("its folder ")
    shown = videmo("prune", "out", "--gone-folders", cwd=place)
    assert shown.returncode == 0 and files(out) == before
    lines = shown.stdout.splitlines()
    assert lines[0].startswith("sub/c.mp4: is not there any more: sub/c.mp4.people.csv, ")
    assert lines[1].startswith("1 movie deleted, 4 files (0.0 MB); to remove them: videmo prune")
    done = videmo("prune", "out", "--gone-folders", "--yes", cwd=place)
    assert done.returncode == 0 and "1 movie deleted, 4 files removed" in done.stdout
    assert files(out) == tables("a.mp4", "b.mp4") and not (out / "sub").exists()
    assert [row["path"] for row in rows(out)] == ["a.mp4", "b.mp4"]
    assert videmo("prune", "out", cwd=place).stdout == "0 movies deleted, nothing to remove\n"


def test_prune_takes_copies_of_deleted_movies_off_the_list(place: Path) -> None:
    archive, out = place / "archive", place / "out"
    shutil.copy(archive / "a.mp4", archive / "copy.mp4")
    assert scan(archive, out)[0]["copy.mp4"].status == "copy"
    for name in ("a.mp4", "copy.mp4"):
        (archive / name).unlink()
    done = videmo("prune", "out", "--yes", cwd=place)
    assert done.returncode == 0, done.stderr
    assert [row["path"] for row in rows(out)] == ["b.mp4", "sub/c.mp4"]


def test_prune_keeps_what_only_lies_elsewhere(place: Path) -> None:
    archive, out = place / "archive", place / "out"
    (archive / "a.mp4").rename(archive / "sub" / "z.mp4")
    (gone,) = find_gone(out)
    assert gone.name == "a.mp4" and "sub/z.mp4 now; scan the archive again" in gone.kept
    before = files(out)
    done = videmo("prune", "out", "--yes", cwd=place)
    assert files(out) == before and "a.mp4: kept; it is" in done.stderr


@pytest.mark.parametrize(
    ("lost", "says"),
    [("archive", "is not there; mount its disk"), ("content", "is empty, as where a disk is not")],
)
def test_prune_keeps_what_is_out_of_reach(place: Path, lost: str, says: str) -> None:
    archive, out = place / "archive", place / "out"
    if lost == "archive":
        archive.rename(place / "elsewhere")
    else:
        (archive / "sub" / "c.mp4").unlink()
    gone = find_gone(out)
    assert gone and all(says in one.kept for one in gone)


def test_prune_does_not_believe_that_all_was_deleted(place: Path) -> None:
    for name in ("a.mp4", "b.mp4", "sub/c.mp4"):
        (place / "archive" / name).unlink()
    (place / "archive" / "sub" / "notes.txt").touch()
    gone = find_gone(place / "out")
    assert len(gone) == 3 and all("no movie is there" in one.kept for one in gone)


def test_prune_keeps_what_is_on_one_of_several_disks_that_is_unplugged(
    place: Path, movie: Path
) -> None:
    for name in ("one", "two"):
        (place / "media" / name).mkdir(parents=True)
        another(movie, place / "media" / name / f"{name}.mp4")
    done = videmo("scan", "media/one", "media/two", "-o", "both", cwd=place)
    assert done.returncode == 0, done.stderr
    (place / "media" / "two").rename(place / "unplugged")
    before = files(place / "both")
    done = videmo("prune", "both", "--yes", cwd=place)
    assert files(place / "both") == before and "mount it, or, if it was deleted" in done.stderr
    (gone,) = find_gone(place / "both", gone_folders=True)
    assert not gone.kept


def test_prune_does_not_believe_that_one_of_two_archives_was_deleted(
    place: Path, movie: Path
) -> None:
    """Both were scanned into one folder."""
    other = place / "other"
    other.mkdir()
    another(movie, other / "d.mp4")
    scan(other, place / "out")
    (other / "d.mp4").rename(place / "away.mp4")
    (other / "lost+found").mkdir()
    (gone,) = find_gone(place / "out")
    assert "no movie is there" in gone.kept


def test_prune_keeps_numbered_pictures_whose_folder_was_renamed(place: Path, movie: Path) -> None:
    archive = place / "archive"
    pictures_of(movie, archive / "frames")
    (archive / "frames" / "notes.txt").write_text("mine")
    videmo("scan", archive, "--fps", 25, "-o", "out", cwd=place)
    assert (place / "out" / "frames.faces.csv").exists()
    (archive / "frames").rename(archive / "holiday")
    (gone,) = find_gone(place / "out")
    assert "holiday now; scan the archive again" in gone.kept


def test_prune_keeps_a_movie_of_which_it_cannot_be_told_whether_it_is_there(place: Path) -> None:
    sub = place / "archive" / "sub"
    sub.rename(place / "elsewhere")
    sub.symlink_to("sub")  # leads in a circle, as a disk that fails answers with an error
    (gone,) = find_gone(place / "out", gone_folders=True)
    assert "sub/c.mp4 cannot be looked at" in gone.kept


def test_prune_waits_for_a_scan_that_runs(place: Path) -> None:
    (place / "archive" / "a.mp4").unlink()
    with file_lock(place / "out" / "archive.csv"):
        done = videmo("prune", "out", "--yes", cwd=place)
    assert done.returncode == 1 and "another videmo is at work" in done.stderr
    assert (place / "out" / "a.mp4.faces.csv").exists()


def test_a_deleted_movie_is_no_damage(place: Path) -> None:
    (place / "archive" / "a.mp4").unlink()
    done = videmo("verify", "out", cwd=place)
    assert done.returncode == 0 and "its movie is not there any more" in done.stderr
    assert "3 tables checked, 2 sound, 0 not, 1 without a movie" in done.stdout
    done = videmo("extract", "out", "-e", "happy", "--as", "sheet", cwd=place)
    assert done.returncode == 0, done.stderr
    assert "1 movie of 3 not there any more, and left out" in done.stderr
    assert (place / "extracted" / "b.mp4" / "happy" / "sheet.jpg").exists()
    (place / "archive" / "b.mp4").write_bytes(b"another")
    assert videmo("verify", "out", cwd=place).returncode == 1
    assert videmo("extract", "out", "-e", "happy", "--as", "sheet", cwd=place).returncode == 1


def test_where_no_movie_is_there_extract_fails(place: Path) -> None:
    (place / "archive").rename(place / "elsewhere")
    done = videmo("extract", "out", "-e", "happy", cwd=place)
    assert done.returncode == 1 and "scan its archive again" in done.stderr


# Links


def test_a_link_to_a_movie_is_named_whatever_its_name(place: Path) -> None:
    archive = place / "archive"
    (archive / "0.mp4").symlink_to("sub/c.mp4")
    (archive / "1.mp4").symlink_to(archive / "0.mp4")
    reasons = {one.name: one.reason for one in find_movies([archive])}
    said = "a link to a movie that is there besides: sub/c.mp4"
    assert reasons == {"0.mp4": said, "1.mp4": said, "a.mp4": "", "b.mp4": "", "sub/c.mp4": ""}
    assert scan(archive, place / "out")[1] == 0


def test_a_movie_that_lies_elsewhere_and_is_linked_twice_is_followed_once(
    place: Path, movie: Path
) -> None:
    for name in ("x.mp4", "y.mp4"):
        (place / "archive" / name).symlink_to(movie)
    reasons = {one.name: one.reason for one in find_movies([place / "archive"])}
    assert reasons["x.mp4"] == ""
    assert reasons["y.mp4"] == "a link to a movie that is there besides: x.mp4"


# Status


@pytest.mark.skipif(os.name != "posix", reason="signals as on POSIX")
@pytest.mark.parametrize("named", [False, True])
def test_the_status_tells_which_movies_are_at_work(place: Path, named: bool) -> None:
    archive, out = place / "archive", place / "new"
    numbered(archive / "long.mp4", 1000)
    (archive / "small.lrv").touch()  # left out, and no movie
    what = [archive / "long.mp4", archive / "a.mp4"] if named else [archive]
    how = ("-o", str(out), "-j", "1", "--every-frame")  # which takes longer
    command = [sys.executable, "-m", "videmo", "scan", *map(str, what), *how]
    at_work = r"\n  long\.mp4: \d+%, \d+ (s|min) left\n"
    with subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as work:
        try:
            told = ""
            while work.poll() is None and not re.search(at_work, told):
                time.sleep(0.2)
                os.killpg(work.pid, signal.SIGSTOP)  # however long it takes to ask
                told = videmo("status", out).stdout
                os.killpg(work.pid, signal.SIGCONT)
        finally:
            work.send_signal(signal.SIGINT)
            try:
                work.communicate(timeout=PATIENCE)
            finally:
                work.kill()
    count = 2 if named else 4
    assert f"process {work.pid} on " in told and f", {count} movies\n" in told
    assert re.search(rf"\n  \d of {count} movies done, \d+%, \d+ (s|min) left\n", told), told
    assert re.search(at_work, told), told
    assert lock_note(out / "archive.csv") is None


def test_the_status_names_what_was_skipped_and_one_movie_is_one(
    movie: Path, tmp_path: Path
) -> None:
    (tmp_path / "archive").mkdir()
    shutil.copy(movie, tmp_path / "archive" / "a.mp4")
    for number in range(25):
        (tmp_path / "archive" / f"{number:02}.lrv").touch()
    scan(tmp_path / "archive", tmp_path / "out")
    lines = videmo("status", tmp_path / "out").stdout.splitlines()
    assert lines[0] == "1 movie (1 ok), 0 s of footage"
    assert "skipped 00.lrv: a camera's small copy of a movie: name it to have it scanned" in lines
    assert "skipped 19.lrv" in lines[-2]
    assert lines[-1] == "and 5 more that were skipped; --all names them"
    assert "skipped 24.lrv" in videmo("status", "--all", tmp_path / "out").stdout


# Named one by one


def test_movies_named_one_by_one_are_listed_as_those_of_a_folder(place: Path, movie: Path) -> None:
    archive, out = place / "archive", place / "named"
    (archive / "bad.mp4").write_bytes(b"<html>404</html>")
    done = videmo("scan", archive / "a.mp4", archive / "b.mp4", archive / "bad.mp4", "-o", out)
    assert done.returncode == 1
    last = done.stdout.splitlines()[-1]
    assert last == f"3 movies (2 ok, 1 failed), 1 s of footage; listed in {out / 'archive.csv'}"
    by_folder = {row["path"]: row for row in rows(place / "out")}
    for row in rows(out)[:2]:
        of_folder = by_folder[row["path"]]
        assert {**row, "took": ""} == {**of_folder, "took": ""}
    assert rows(out)[2]["reason"].startswith("is not a movie")
    assert videmo("status", out).stdout.startswith("3 movies (2 ok, 1 failed)")
    # One more, alone, is put to them; without a list, one alone makes none.
    videmo("scan", archive / "sub" / "c.mp4", "-o", out)
    assert [row["path"] for row in rows(out)] == ["a.mp4", "b.mp4", "bad.mp4", "c.mp4"]
    videmo("scan", archive / "a.mp4", "-o", place / "alone")
    assert files(place / "alone") == tables("a.mp4") - {"archive.csv"}


def test_stretches_of_a_movie_are_listed_apart(place: Path) -> None:
    a, b = (place / "archive" / name for name in ("a.mp4", "b.mp4"))
    ends = ("--start", 0, "--end", 0.2, "--start", 0.2, "--end", 0.4)
    done = videmo("scan", a, b, *ends, "-o", place / "named")
    assert done.returncode == 0, done.stderr
    names = [row["path"] for row in rows(place / "named")]
    assert names == [
        f"{name}.mp4.{stretch}"
        for name in "ab"
        for stretch in ("from-00-00-00.200.to-00-00-00.400", "to-00-00-00.200")
    ]


@pytest.mark.parametrize("why", ["at work", "not the list"])
def test_where_the_list_cannot_be_had_movies_are_scanned_all_the_same(
    place: Path, why: str
) -> None:
    a, b = (place / "archive" / name for name in ("a.mp4", "b.mp4"))
    ledger = place / "named" / "archive.csv"
    ledger.parent.mkdir()
    ledger.write_text("mine,of,old\n")
    if why == "at work":
        with file_lock(ledger):
            done = videmo("scan", a, b, "-o", ledger.parent)
    else:
        done = videmo("scan", a, b, "-o", ledger.parent)
    assert done.returncode == 0 and why in done.stderr and "is not listed there" in done.stderr
    assert ledger.read_text() == "mine,of,old\n"
    assert (ledger.parent / "b.mp4.faces.json").exists()


# Logs


def test_in_a_log_there_is_a_line_a_minute(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from videmo.archive import AtWork, Standing

    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    with watched(False)(Path("a.mp4")) as one, watched_archive(False) as every:
        for second in range(0, 181, 5):
            now = 1000.0 + second
            one(second * 10, 3000)
            at_work = (AtWork("sub/a.mp4", 0.25, 540.0),)
            every(Standing(1, 3, 0.5, 60.0, 120.0, 180.0, at_work=at_work))
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 6
    assert lines[0] == "a.mp4: 600 of 3000 frames, 10 frames/s, 240 s left"
    assert lines[1] == (
        "1 of 3 movies, 60 s of about 2 min of footage, 50%, 3 min left; "
        "at work: sub/a.mp4: 25%, 9 min left"
    )
