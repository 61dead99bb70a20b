"""Files for faults, made by ffmpeg when they are needed."""

from __future__ import annotations

import subprocess
from pathlib import Path

from videmo.archive.ledger import WAITING, read_ledger
from videmo.exporters.program import find_ffmpeg

PICTURES = ("-f", "lavfi", "-i", "testsrc=s=160x120:r=25:d=1")
TONE = ("-f", "lavfi", "-i", "sine=d=1")


def ffmpeg(*arguments: object) -> None:
    command = [find_ffmpeg(), "-loglevel", "error", "-y", *map(str, arguments)]
    subprocess.run(command, check=True)


def done_in(ledger: Path) -> int:
    """Movies that a list of an archive says are done with."""
    return sum(entry.status != WAITING for entry in read_ledger(ledger).values())
