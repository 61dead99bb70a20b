"""How far labels lag behind a live picture, how many pictures are left out, and what it costs.

    python -m benchmarks.live [SECONDS]

A movie of 30 pictures a second is played at its own speed, at three sizes, by `videmo live` in a
process of its own; beside looking it keeps the table. In a second round it records, too, and in a
third it names people, if it knows some (VIDEMO_DATA).
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from benchmarks.movies import CLIPS, data_folder
from videmo.demo import demo_story, make_movie
from videmo.exporters.program import find_ffmpeg

SIZES = {"480p": (854, 480), "720p": (1280, 720), "1080p": (1920, 1080)}
RATE = 30
ENCODING = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-g", "60", "-bf", "0", "-an")
"""As a camera's own stream: no picture waits for a later one."""
SECONDS = 20


class Measured(NamedTuple):
    """What a session took."""

    captured: int
    dropped: int
    lag: float
    """Seconds from capture to labels, in the middle, of the last pictures."""
    slow: float
    """The same, of the slowest of twenty."""
    not_recorded: int
    cores: float
    """Seconds of processor time in a second, from the first picture to the last."""
    memory: int
    """Bytes, at most."""


def main(seconds: int) -> None:
    load = os.getloadavg()[0]
    print(f"machine: {os.cpu_count()} cores, load {load:.1f} before; {seconds} s at each size")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        movies = {size: made(folder, size, seconds) for size in SIZES}
        start = cost([sys.executable, "-c", "from videmo.cli.live import live; import videmo.live"])
        known = data_folder() / "people"
        rounds: dict[str, tuple[str, ...]] = {
            "looking": (),
            "recording, too": ("--record", "kept.mp4", "--draw"),
        }
        if known.is_dir():
            rounds["naming people, too"] = ("--known", str(known))
        for what, options in rounds.items():
            print(f"\n{what}:")
            for size, movie in movies.items():
                tell(size, measured(movie, folder / f"{size} {what}", start, *options))


def made(folder: Path, size: str, seconds: int) -> Path:
    """So many seconds of a clip with one face (or of the demo), at 30 pictures a second."""
    clip = data_folder() / "clips" / CLIPS[0]
    if not clip.is_file():
        clip = folder / "demo.mp4"
        make_movie(clip, demo_story())
    width, height = SIZES[size]
    movie = folder / f"{size}.mp4"
    look = f"fps={RATE},scale={width}:{height},setsar=1"
    command = [find_ffmpeg(), "-y", "-loglevel", "error", "-stream_loop", "-1", "-i", str(clip)]
    command += ["-t", str(seconds), "-vf", look, *ENCODING, str(movie)]
    subprocess.run(command, check=True)
    return movie


def cost(command: list[str]) -> float:
    """Seconds of processor time that a command takes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measured(movie: Path, folder: Path, start: float, *options: str) -> Measured:
    """Play a movie; `start` seconds of processor time are those of loading all that is needed.

    What is recorded is named from `folder`.
    """
    folder.mkdir()
    command = [sys.executable, "-m", "videmo", "live", str(movie), "--table", ".", "-q", *options]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    memory = 0
    while process.poll() is None:
        memory = max(memory, resident(process.pid))
        time.sleep(0.1)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime - start
    (record,) = (json.loads(one.read_text()) for one in folder.glob("*.faces.json"))
    live, captured = record["live"], record["frames_read"]
    dropped = captured - record["frames_scanned"]
    lags = live["lag"], live["slow"]
    return Measured(captured, dropped, *lags, live["not_recorded"], used / record["end"], memory)


def resident(process: int) -> int:
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    except (OSError, IndexError):  # it has ended, or there is no such file system
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def tell(size: str, one: Measured) -> None:
    left_out = f", {one.not_recorded} not recorded" if one.not_recorded else ""
    print(
        f"{size:>6}: labels {one.lag * 1000:4.0f} ms behind (slowest of 20: {one.slow * 1000:.0f}),"
        f" {one.dropped} of {one.captured} not looked at{left_out}, "
        f"{one.cores:.2f} cores, {one.memory / 1e6:.0f} MB",
        flush=True,
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else SECONDS)
