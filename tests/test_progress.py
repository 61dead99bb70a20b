"""What a scan shows on a terminal, as somebody who sits before it sees it."""

from __future__ import annotations

import os
import re
import struct
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest

from tests.movies import another, still
from videmo.demo import make_movie

pytestmark = pytest.mark.skipif(os.name != "posix", reason="terminals as on POSIX")

COLUMNS = 120


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three movies of 20 s, and what is none."""
    folder = tmp_path_factory.mktemp("terminal") / "archive"
    folder.mkdir()
    make_movie(folder / "a.mp4", still(20, Fraction(12), sound=False))
    for name in ("b.mp4", "c.mp4"):
        another(folder / "a.mp4", folder / name)
    (folder / "bad.mp4").write_bytes(b"<html>404</html>")
    return folder


def on_a_terminal(*arguments: object) -> tuple[str, int]:
    """All that `videmo` writes to a terminal of `COLUMNS`, and its exit code."""
    import fcntl
    import pty
    import termios

    command = [sys.executable, "-m", "videmo", *map(str, arguments)]
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("4H", 50, COLUMNS, 0, 0))

    with subprocess.Popen(command, stdin=follower, stdout=follower, stderr=follower) as work:
        os.close(follower)
        written = b""
        try:
            while piece := os.read(leader, 1 << 16):
                written += piece
        except OSError:  # so the end is told
            pass
    os.close(leader)
    return written.decode(), work.returncode


def left_on_screen(written: str) -> list[str]:
    """The lines that stand there in the end: a carriage return goes back, and writes over."""
    lines: list[str] = []
    for text in written.split("\n"):
        line = ""
        for piece in text.split("\r"):
            line = piece + line[len(piece) :]
        lines.append(line.rstrip())
    return [line for line in lines if line]


def test_an_archive_s_bar_tells_movies_footage_and_time_left(archive: Path, tmp_path: Path) -> None:
    written, code = on_a_terminal("scan", archive, "-o", tmp_path / "out", "-j", "2")
    assert code == 1
    bars = re.findall(
        r"\r([0-4]) of 4 movies, (\d+) s of about (\d+) s of footage +(\d+)%\|.*?\| [\d:]+ left",
        written,
    )
    assert bars
    done, seconds, whole, percent = (list(map(int, column)) for column in zip(*bars, strict=True))
    assert done == sorted(done) and percent == sorted(percent)
    assert all(a <= b for a, b in zip(seconds, whole, strict=True))
    assert all(55 <= b <= 65 for b in whole)


def test_lines_about_movies_stand_whole_above_the_bar_and_the_bar_goes_away(
    archive: Path, tmp_path: Path
) -> None:
    written, _ = on_a_terminal("scan", archive, "-o", tmp_path / "out", "-j", "2")
    lines = left_on_screen(written)
    assert sorted(lines[:3]) == [
        f"{name}.mp4: ok, 240 frames, 240 faces; happy 20.0 s" for name in "abc"
    ]
    assert [line.split(":")[0] for line in lines[3:]] == [
        "videmo",
        "4 movies (3 ok, 1 failed), 60 s of footage; new",
    ]


def test_a_warning_stands_above_the_bar(tmp_path: Path, archive: Path) -> None:
    """A movie without timestamps is said to be one."""
    from tests.movies import remuxed

    movie = remuxed(archive / "a.mp4", tmp_path / "a.h264", "-f", "h264")
    written, code = on_a_terminal("scan", movie, "-o", tmp_path)
    assert code == 0
    first, *_ = left_on_screen(written)
    assert first.startswith(f"videmo: {movie}: its timestamps cannot be trusted")
    assert "frames/s]" in written and "frames/s]" not in "".join(left_on_screen(written))


def test_quiet_shows_no_bar(archive: Path, tmp_path: Path) -> None:
    written, code = on_a_terminal("scan", "-q", archive / "a.mp4", "-o", tmp_path)
    assert (written, code) == ("", 0)
