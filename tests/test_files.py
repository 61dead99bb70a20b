"""Files are put in their place whole or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from videmo.errors import DiskFullError, OutputError
from videmo.files import atomic_path, fingerprint, one_line, output_error, shown, write_atomic

FULL = Path("/dev/full")


def test_a_file_is_there_after_the_block_ends_well(tmp_path: Path) -> None:
    with atomic_path(tmp_path / "new" / "a.txt") as part:
        part.write_text("whole")
        assert not (tmp_path / "new" / "a.txt").exists()
    assert (tmp_path / "new" / "a.txt").read_text() == "whole"


def test_an_error_in_the_block_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    with pytest.raises(ZeroDivisionError), atomic_path(target) as part:
        part.write_text("half")
        raise ZeroDivisionError
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_a_name_as_long_as_the_file_system_allows_can_be_written(tmp_path: Path) -> None:
    name = "x" * 255
    write_atomic(tmp_path / name, b"data")
    assert (tmp_path / name).read_bytes() == b"data"


def test_a_full_disk_is_told_apart_from_other_errors() -> None:
    target = Path("out/table.csv")
    assert isinstance(output_error(OSError(errno.ENOSPC, "full"), target), DiskFullError)
    assert not isinstance(output_error(OSError(errno.EROFS, "read-only"), target), DiskFullError)


@pytest.mark.skipif(not FULL.exists(), reason="no /dev/full on this system")
def test_writing_to_a_full_disk_says_so(tmp_path: Path) -> None:
    with pytest.raises(DiskFullError, match="disk full"), atomic_path(tmp_path / "a.csv"):
        FULL.write_bytes(b"x" * 100_000)
    assert os.listdir(tmp_path) == []


def test_a_folder_that_is_a_file_cannot_be_written_into(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="choose another folder"):
        write_atomic(tmp_path / "file" / "a.csv", b"x")


def test_a_name_is_shown_on_one_line() -> None:
    assert shown("a\nb\t\x1b[31m.mp4") == r"a\nb\t\x1b[31m.mp4"
    assert shown(os.fsdecode(b"bad\xff.mp4")) == r"bad\udcff.mp4"
    assert shown("Élan 🎬.mp4") == "Élan 🎬.mp4"


@pytest.mark.parametrize("place", [0, 1 << 20, (3 << 20) - 1])
def test_a_change_at_either_end_changes_the_fingerprint(tmp_path: Path, place: int) -> None:
    path = tmp_path / "movie"
    content = bytearray(3 << 20)
    path.write_bytes(content)
    before = fingerprint(path)
    at = place if place != 1 << 20 else len(content) - (1 << 20)
    content[at] = 1
    path.write_bytes(content)
    assert fingerprint(path) != before


def test_a_copy_has_the_same_fingerprint(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(b"movie" * 1000)
    assert fingerprint(tmp_path / "a") == fingerprint(tmp_path / "b")


def test_only_what_breaks_lines_is_written_otherwise_in_names() -> None:
    assert one_line("über 100%\udcff\u200b.mp4") == "über 100%\udcff\u200b.mp4"
    assert one_line("a\nb\tc\u2028d\x85") == "a%0Ab%09c%2028d%85"
