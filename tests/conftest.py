"""What several tests share: where the data lies, made movies, and rows made by hand."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.browser import started
from tests.movies import SIZE, person
from videmo.demo import Actor, Place, Shot, Story, TruthRow, make_movie
from videmo.scan import Scanned, Settings, scan_movie
from videmo.table import read_table

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("VIDEMO_DATA", ROOT.parent / "shared" / "data"))

# A shell that starts us in the background has us ignore Ctrl-C, and programs that we start to be
# interrupted would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def clips() -> Path:
    """The folder of real clips; the test is skipped where it is absent."""
    folder = DATA / "clips"
    if not folder.is_dir():
        pytest.skip(f"no real clips at {folder}; set VIDEMO_DATA")
    return folder


def rows_of(
    emotions: Iterable[str], *, track: int = 1, fps: float = 10.0, first: int = 0
) -> pd.DataFrame:
    """A table of one face in each frame; "" is a face that is not aligned."""
    emotions = list(emotions)
    frames = range(first, first + len(emotions))
    return pd.DataFrame(
        {
            "frame": list(frames),
            "time": [round(frame / fps, 3) for frame in frames],
            "track": pd.array([track] * len(emotions), dtype="Int64"),
            "eyes": pd.array([2 if emotion else 0 for emotion in emotions], dtype="Int64"),
            "emotion": [emotion or "sad" for emotion in emotions],
            "score": [0.9] * len(emotions),
        }
    )


@dataclass(frozen=True)
class Made:
    """A made movie, what is true of it, and what a scan found."""

    movie: Path
    truth: list[TruthRow]
    scanned: Scanned

    @property
    def table(self) -> pd.DataFrame:
        return read_table(self.scanned.table)


def made(
    folder: Path,
    story: Story,
    name: str = "movie.mp4",
    settings: Settings | None = None,
    **how: Any,
) -> Made:
    """Make a movie and scan it."""
    truth = make_movie(folder / name, story, **how)
    return Made(folder / name, truth, scan_movie(folder / name, folder / "tables", settings))


@pytest.fixture(scope="session")
def people(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Three shots: one person who cheers up, two who move, nobody."""
    alone = person(1, 150, (0, "sad"), (1.5, "happy"))
    left = Actor(2, (Place(0, 80, 110, 90), Place(2, 110, 130, 90)), ((0, "happy"),))
    right = Actor(3, (Place(0, 240, 110, 84), Place(2, 215, 110, 100)), ((0, "surprise"),))
    shots = (
        Shot(3, (alone,), background=1),
        Shot(2, (left, right), background=2, tone=330.0),
        Shot(1, background=3),
    )
    return made(tmp_path_factory.mktemp("people"), Story(shots, SIZE))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """Gives folders on disks of so many kilobytes; the test is skipped where none can be made."""
    disks: list[Path] = []

    def make(kilobytes: int) -> Path:
        disk = tmp_path / f"disk-{kilobytes}"
        disk.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(disk)]
        if shutil.which("mount") is None or subprocess.run(command, check=False).returncode:
            pytest.skip("no small disk can be made here (mount is not allowed)")
        disks.append(disk)
        return disk

    yield make
    for disk in disks:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A real one; the test is skipped where there is none."""
    with started() as browser:
        yield browser
