"""Files for faults, made by ffmpeg when they are needed."""

from __future__ import annotations

import subprocess

from videmo.exporters.program import find_ffmpeg

PICTURES = ("-f", "lavfi", "-i", "testsrc=s=160x120:r=25:d=1")
TONE = ("-f", "lavfi", "-i", "sine=d=1")


def ffmpeg(*arguments: object) -> None:
    command = [find_ffmpeg(), "-loglevel", "error", "-y", *map(str, arguments)]
    subprocess.run(command, check=True)
