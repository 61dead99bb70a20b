"""The memory that a command and all its processes take (Linux)."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

SAMPLE_EVERY = 0.05
PAGE = os.sysconf("SC_PAGE_SIZE")


def peak_memory(command: list[str]) -> tuple[int, int]:
    """Run `command`; the most bytes that its largest process held, and all of them together.

    Pages that processes share are counted for each of them.
    """
    work = subprocess.Popen([sys.executable, "-m", *command], start_new_session=True)
    largest = together = 0
    while work.poll() is None:
        held = [_resident(process) for process in _of_session(work.pid)]
        largest, together = max([largest, *held]), max(together, sum(held))
        time.sleep(SAMPLE_EVERY)
    if work.returncode:
        raise RuntimeError(f"{command}: code {work.returncode}")
    return largest, together


def _of_session(session: int) -> list[Path]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if os.getsid(int(process.name)) == session:
                found.append(process)
        except OSError:  # ended meanwhile
            continue
    return found


def _resident(process: Path) -> int:
    try:
        return int((process / "statm").read_text().split()[1]) * PAGE
    except OSError:
        return 0
