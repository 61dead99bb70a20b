"""The movies that are measured on: 1080p24 H.264, of the clips at hand or of the demo's faces."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from videmo.demo import demo_story, make_movie
from videmo.exporters.clips import find_ffmpeg

CLIPS = ("sad_to_happy.mp4", "stage.mp4", "night_phone.mp4")
SIZE = "1920x1080"
ENCODING = ("-c:v", "libx264", "-preset", "medium", "-crf", "20", "-g", "48", "-an")


def data_folder() -> Path:
    """Where the real clips are, if they are."""
    return Path(os.environ.get("VIDEMO_DATA", Path(__file__).parents[2] / "shared" / "data"))


def make_reel(folder: Path) -> tuple[Path, str]:
    """A reel of some half a minute at 1080p24, and of what it is."""
    clips = [data_folder() / "clips" / name for name in CLIPS]
    what = "three real clips, enlarged"
    if not all(clip.is_file() for clip in clips):
        make_movie(folder / "demo.mp4", demo_story())
        clips, what = [folder / "demo.mp4"], "the demo movie, enlarged"
    parts = []
    for number, clip in enumerate(clips):
        parts.append(folder / f"part-{number}.mp4")
        scaled = ("-vf", f"fps=24,scale={SIZE.replace('x', ':')},setsar=1")
        _ffmpeg("-i", str(clip), *scaled, *ENCODING, str(parts[-1]))
    return joined(parts, folder / "reel.mp4"), what


def joined(parts: list[Path], target: Path) -> Path:
    """Movies of one kind, one after the other, copied."""
    names = target.with_suffix(".txt")
    names.write_text("".join(f"file '{part.absolute()}'\n" for part in parts), "utf-8")
    _ffmpeg("-f", "concat", "-safe", "0", "-i", str(names), "-c", "copy", str(target))
    return target


def _ffmpeg(*arguments: str) -> None:
    subprocess.run([find_ffmpeg(), "-y", "-loglevel", "error", *arguments], check=True)
