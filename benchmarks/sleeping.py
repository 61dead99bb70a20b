"""Films that are not scanned but slept through, on the workers of a real cluster.

python -m benchmarks.sleeping COUNT FILE      so many workers, threads of this process
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
import threading
import time
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from videmo.archive import Candidate, Entry
from videmo.archive.cluster.errand import Errand
from videmo.archive.cluster.fit import Difference
from videmo.scan.parts import Part
from videmo.scan.store import ChunkStore
from videmo.schema import Chunk

CHUNK = 30.0
"""Seconds of film in a chunk."""
LONG = 36_000.0
"""Seconds of the longest films: ten hours."""
SLEEPS = "VIDEMO_SLEEPS"
"""The variable that says how long a second of film is slept for."""

_planned: set[str] = set()
_slept = 0.0
_lock = threading.Lock()


def films(count: int) -> list[Candidate]:
    """Films of drawn lengths, of three quarters of an hour mostly, one in a thousand of ten.

    A film's name tells its length; its size goes with it only roughly, as that of real ones.
    """
    chance = random.Random(28)
    found = []
    for number in range(count):
        usual = min(LONG, chance.lognormvariate(7.9, 0.8))
        seconds = LONG if number % 1000 == 500 else usual
        size = int(seconds * 500_000 * chance.lognormvariate(0, 0.4))
        name = f"film-{number:06}-{seconds:.0f}.mp4"
        found.append(Candidate(Path("/films") / name, name, size))
    return found


def length_of(name: str) -> float:
    return float(name.removesuffix(".mp4").rpartition("-")[2])


def pretend(errand: Errand) -> Entry | Part | int:
    """Sleep, instead of a scan; or say what there is to scan."""
    name = errand.candidate.name
    seconds = length_of(name)
    if errand.plan:
        with _lock:
            _planned.add(name)
        count = max(1, round(seconds / CHUNK))
        chunks = tuple(Chunk(n, Fraction(0), None) for n in range(count))
        movie: Any = SimpleNamespace(fps=Fraction(25))
        return Part(movie, errand.order.settings, ChunkStore(Path(name), {}), chunks, 750)
    if errand.part is not None:
        _sleep(seconds * len(errand.part.chunks) / max(1, round(seconds / CHUNK)))
        return len(errand.part.chunks)
    if name not in _planned:
        _sleep(seconds)
    return Entry(name, "ok", duration=seconds)


def _sleep(seconds: float) -> None:
    global _slept
    seconds *= float(os.environ[SLEEPS])
    time.sleep(seconds)
    with _lock:
        _slept += seconds


def fit() -> tuple[str, list[Difference]]:
    return "here", []


async def sleeping_workers(address: str, count: int) -> None:
    from distributed import Worker

    workers = [Worker(address, nthreads=1, dashboard=False, memory_limit=0) for _ in range(count)]
    await asyncio.gather(*workers)
    await asyncio.gather(*(worker.finished() for worker in workers))


if __name__ == "__main__":
    where = json.loads(Path(sys.argv[2]).read_bytes())["address"]
    # What is scanned with is a module, not this program, which they would not find again.
    from benchmarks import sleeping

    asyncio.run(sleeping.sleeping_workers(where, int(sys.argv[1])))
