"""How a cluster's scan goes with very many films, by films that only sleep; and what it costs.

    python -m benchmarks.cluster [FILMS] [WORKERS] [SECONDS]     sleeping films on a real scheduler
    python -m benchmarks.cluster --overhead MOVIE...             --cluster local:2 against --jobs 2

Of the first, what is real: scheduler, client, messages, and all decisions about who does what. What
is not: workers are threads of one process, and a film's scan is a sleep, so much shorter than the
scan would be that the whole takes about SECONDS.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.sleeping import SLEEPS, films, fit, length_of, pretend
from videmo.archive import Limits, Standing
from videmo.archive.cluster.connect import connected
from videmo.archive.cluster.crew import Crew
from videmo.archive.cluster.fit import Sign
from videmo.archive.cluster.movies import ArchiveScan
from videmo.archive.process import Order
from videmo.scan import Settings

ALONE = {
    "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False",
    "DASK_DISTRIBUTED__ADMIN__SYSTEM_MONITOR__INTERVAL": "1h",
}
"""Workers that share a process would each look at it a hundred times a second; real ones, which
have machines of their own, cost the others nothing by that."""

FEW_LOGS = {"DASK_DISTRIBUTED__ADMIN__LOW_LEVEL_LOG_LENGTH": "20"}
"""As in the configuration that `examples/cluster_certificates.py` writes."""


@contextmanager
def sleeping_cluster(folder: Path, count: int, scale: float) -> Iterator[tuple[Path, int]]:
    """A scheduler, and workers in one process; its file, and the scheduler's process."""
    file = folder / "scheduler.json"
    how = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(file)]
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler", *how]
    env = {**os.environ, **FEW_LOGS, **ALONE, SLEEPS: str(scale)}
    scheduler = subprocess.Popen(command, env={**os.environ, **FEW_LOGS}, stderr=subprocess.DEVNULL)
    while not file.exists():
        time.sleep(0.1)
    command = [sys.executable, "-m", "benchmarks.sleeping", str(count), str(file)]
    workers = subprocess.Popen(command, env=env, stderr=subprocess.DEVNULL)
    try:
        yield file, scheduler.pid
    finally:
        for process in (workers, scheduler):
            process.kill()
            process.wait()


def resident(pid: int) -> int:
    """Megabytes of memory that a process holds."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") >> 20


def simulate(count: int, workers: int, seconds: float) -> None:
    """Scan so many sleeping films, and print how that went."""
    movies = films(count)
    total = sum(length_of(one.name) for one in movies)
    scale = seconds * workers / total
    ideal = total * scale / workers
    made: dict[str, Any] = {"settings": {"start": 0.0, "end": None}, "labels": []}
    print(
        f"{count} films, {total / 3600:.0f} hours, {workers} workers: {ideal:.0f} s of sleep each"
    )
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        order = (Path(), folder, Settings(), 1, False, Limits())
        orders = {one.name: Order(*order) for one in movies}
        with (
            sleeping_cluster(folder, workers, scale) as (file, scheduler),
            connected(str(file)) as client,
        ):
            crew = Noting(client, fit)
            while len(client.nthreads()) < workers:
                time.sleep(0.2)
            begun, seen = time.monotonic(), Watched(scheduler)
            scan = ArchiveScan(crew, Sign(folder / "sign", ""), made, pretend)
            for _ in scan.entries(movies, orders, seen.tell):
                seen.entry()
            elapsed = time.monotonic() - begun
    print(f"first film begun after {seen.first - begun:.2f} s")
    rest = begun + elapsed - crew.last_begun
    print(f"the last of all was begun {rest:.1f} s before the end, {rest / elapsed:.1%} of all")
    print(f"all in {elapsed:.1f} s, ideal {ideal:.1f} s: {elapsed / ideal - 1:+.1%}")
    print(f"{count / elapsed:.0f} films/s; idle share of the workers {1 - ideal / elapsed:.1%}")


class Noting(Crew):
    """Notes when something was begun last: from then on, ever more workers have nothing to do."""

    last_begun = 0.0

    def begin(self, what: Any, work: Callable[..., Any], *arguments: Any) -> None:
        if what.size:  # not what only puts a film's parts together
            self.last_begun = time.monotonic()
        super().begin(what, work, *arguments)


class Watched:
    """Looks at the memory of scheduler and client as films are done."""

    def __init__(self, scheduler: int) -> None:
        self._scheduler = scheduler
        self._entries = 0
        self.first = 0.0
        self._tenths = 0

    def entry(self) -> None:
        self._entries += 1

    def tell(self, standing: Standing) -> None:
        if not self.first and not standing.crew.startswith("0"):
            self.first = time.monotonic()
        if self._entries >= self._tenths * standing.movies / 10:
            self._tenths += 1
            held = resident(self._scheduler), resident(os.getpid())
            print(f"{self._entries} films, MB of scheduler and client: {held}", flush=True)


def overhead(movies: list[str]) -> None:
    """Scan these with two processes of this machine, and on a cluster of two workers on it."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "archive"
        folder.mkdir()
        for number, movie in enumerate(movies):
            (folder / f"{number}{Path(movie).suffix}").symlink_to(Path(movie).absolute())
        for how in (("--jobs", "1"), ("--jobs", "2"), ("--cluster", "local:2")):
            out = Path(place) / "-".join(how).replace(":", "")
            command = ["-m", "videmo", "scan", "-q", str(folder), "-o", str(out), *how]
            begun = time.monotonic()
            subprocess.run([sys.executable, *command], check=True)
            print(f"{' '.join(how):20} {time.monotonic() - begun:7.1f} s")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--overhead"]:
        overhead(sys.argv[2:])
    else:
        asked = [float(number) for number in sys.argv[1:]]
        count, workers, seconds = asked + [100_000, 200, 1200][len(asked) :]
        simulate(int(count), int(workers), seconds)
