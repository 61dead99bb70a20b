"""What may befall a cluster while it scans: workers, schedulers and clients that are killed."""

from __future__ import annotations

import importlib.util
import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest

from tests.cluster import Cluster, cluster, end, leftovers, tables_in, until
from tests.conftest import ROOT
from tests.faults.made import done_in
from tests.faults.test_long import sixty_files
from tests.movies import still
from videmo.archive import find_movies, scan_archive
from videmo.archive.ledger import Entry, read_ledger
from videmo.demo import make_movie

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(
        sys.platform != "linux" or importlib.util.find_spec("distributed") is None,
        reason="the extra cluster is not installed, or this is not Linux",
    ),
]

SHORT_LIVES = {"DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": "10s"}
"""Who says nothing for so long is gone."""
MINUTES = 20 * 60


class Archive:
    """Sixty files, good and bad, and what one machine makes of them."""

    def __init__(self, place: Path) -> None:
        self.folder = place / "archive"
        self.expected = sixty_files(self.folder, place)
        # Some are long enough to be in the middle of.
        for number in range(3):
            make_movie(
                self.folder / f"long{number}.mp4", still(60 + number, Fraction(8), sound=False)
            )
            self.expected[f"long{number}.mp4"] = "ok"
        found = find_movies([self.folder])
        self.entries = {e.path: e for e, _ in scan_archive(found, place / "alone")}
        self.tables = tables_in(place / "alone")
        assert {path: entry.status for path, entry in self.entries.items()} == self.expected

    def out(self, name: str) -> Path:
        """A folder for tables; they say where their movies are, so it lies as the other does."""
        return self.folder.with_name(name)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    return Archive(tmp_path_factory.mktemp("sixty"))


class Scan:
    """A scan that runs; what it says is kept."""

    def __init__(self, one: Cluster, archive: Path, out: Path) -> None:
        self.out = out
        self._said = out.with_name(f"{out.name}.said")
        command = [
            sys.executable,
            "-m",
            "videmo",
            "scan",
            archive,
            "-o",
            out,
            "--cluster",
            one.file,
        ]
        with self._said.open("wb") as file:
            self.work = subprocess.Popen(
                list(map(str, command)),
                stdout=file,
                stderr=file,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
            )

    @property
    def said(self) -> str:
        return self._said.read_text()

    def until_done(self, count: int) -> None:
        """Until so many movies are listed."""
        ledger = self.out / "archive.csv"
        until(lambda: done_in(ledger) >= count or self.ended(), MINUTES)
        assert not self.ended(), self.said

    def ended(self) -> bool:
        return self.work.poll() is not None

    def code(self) -> int:
        return self.work.wait(MINUTES)


def same(entries: dict[str, Entry]) -> dict[str, tuple[object, ...]]:
    """What does not hang on how fast it went."""
    return {
        path: (one.status, one.reason, one.frames, one.faces, one.key)
        for path, one in entries.items()
    }


def check(archive: Archive, scan: Scan) -> None:
    """It ended as on one machine, and left nothing."""
    assert scan.code() == 1, scan.said
    assert "Traceback" not in scan.said and "never retrieved" not in scan.said
    assert tables_in(scan.out) == archive.tables
    assert same(read_ledger(scan.out / "archive.csv")) == same(archive.entries)
    assert leftovers(scan.out) == []


def parents(pid: int) -> list[int]:
    """The processes above one, the nearest first."""
    found: list[int] = []
    while pid > 1:
        try:
            text = Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            return found
        pid = int(text.rpartition(")")[2].split()[1])
        found.append(pid)
    return found


def readers_of(movie: Path) -> list[int]:
    """The processes that have a movie open."""
    found = []
    for place in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if os.readlink(place) == str(movie):
                found.append(int(place.parts[2]))
        except OSError:
            continue
    return found


def scanners_of(movie: Path, one: Cluster) -> list[int]:
    """The processes of workers that scan a movie."""
    return [reader for reader in readers_of(movie) if worker_of(reader, one)]


def workers_on(movie: Path, one: Cluster) -> list[int]:
    """The workers, without nannies, whose processes scan a movie."""
    pids = {work.pid for work in one.workers}
    return [pid for reader in readers_of(movie) for pid in parents(reader) if pid in pids]


def worker_of(scanner: int, one: Cluster) -> int | None:
    """The worker's process, below its nanny, that has started the one that scans."""
    above = parents(scanner)
    nannies = {work.pid for work in one.workers}
    return next((a for a, b in itertools.pairwise(above) if b in nannies), None)


def workers(one: Cluster, count: int) -> None:
    for _ in range(count):
        one.add_worker()


def test_sixty_files_are_the_same_bytes_whoever_is_lost(archive: Archive, tmp_path: Path) -> None:
    """One worker is killed, one stopped, and one leaves."""
    with cluster(tmp_path / "cluster", **SHORT_LIVES) as one:
        workers(one, 3)
        scan = Scan(one, archive.folder, archive.out("lost"))
        killed, stopped, leaving = one.workers
        scan.until_done(5)
        os.killpg(stopped.pid, signal.SIGSTOP)  # as a machine that hangs
        scan.until_done(20)
        end(killed)
        one.add_worker()
        scan.until_done(35)
        leaving.terminate()
        check(archive, scan)
        assert "it is tried again" in scan.said


def test_a_stopped_worker_that_wakes_does_no_harm(archive: Archive, tmp_path: Path) -> None:
    """Its scheduler has forgotten it; what it scanned is scanned by others meanwhile."""
    with cluster(tmp_path / "cluster", **SHORT_LIVES) as one:
        for _ in range(2):
            one.add_worker("--no-nanny")  # which would start it anew, instead of letting it wake
        scan = Scan(one, archive.folder, archive.out("asleep"))
        movie = archive.folder / "long0.mp4"
        sleepers: list[int] = []
        until(lambda: sleepers.extend(workers_on(movie, one)) or sleepers or scan.ended())
        sleeper = sleepers[0]
        os.kill(sleeper, signal.SIGSTOP)
        until(lambda: "it is tried again" in scan.said or scan.ended())
        os.kill(sleeper, signal.SIGCONT)
        check(archive, scan)


def test_a_scheduler_that_is_killed_is_started_again_and_the_scan_goes_on(
    archive: Archive, tmp_path: Path
) -> None:
    out = archive.out("scheduler")
    with cluster(tmp_path / "first") as one:
        workers(one, 3)
        scan = Scan(one, archive.folder, out)
        scan.until_done(25)
        end(one.scheduler)
        assert scan.code() == 3
        assert scan.said.splitlines()[-1].endswith("what is done is not done again"), scan.said
        assert "Traceback" not in scan.said
        until(lambda: all(work.poll() is not None for work in one.workers))
    done = len(tables_in(out)) // 2
    with cluster(tmp_path / "second") as one:
        workers(one, 3)
        again = Scan(one, archive.folder, out)
        check(archive, again)
        assert done > 5 and f"new: {len(archive.expected) - done}" not in again.said


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_client_that_is_gone_leaves_no_work_behind_and_goes_on(
    archive: Archive, tmp_path: Path, how: int
) -> None:
    with cluster(tmp_path / "cluster") as one:
        workers(one, 2)
        out = archive.out(f"client-{how:d}")
        scan = Scan(one, archive.folder, out)
        movie = archive.folder / "long1.mp4"
        until(lambda: scanners_of(movie, one) or scan.ended())
        scan.work.send_signal(how)
        assert scan.code() == (130 if how == signal.SIGINT else -how), scan.said
        until(lambda: not readers_of(movie), 30)
        check(archive, Scan(one, archive.folder, out))


def test_a_movie_that_kills_three_workers_has_failed_and_the_others_are_scanned(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "archive"
    folder.mkdir()
    # One chunk, and many frames: it must not be done before it is seen that somebody reads it.
    for name, seconds, fps in (("killer", 9, 200), ("a", 2, 12), ("b", 3, 12)):
        make_movie(folder / f"{name}.mp4", still(seconds, Fraction(fps), sound=False))
    with cluster(tmp_path / "cluster") as one:
        workers(one, 2)
        scan = Scan(one, folder, tmp_path / "out")
        killed = 0
        while not scan.ended():
            for scanner in readers_of(folder / "killer.mp4"):
                if worker := worker_of(scanner, one):
                    os.kill(worker, signal.SIGKILL)
                    killed += 1
                    until(gone(scanner))
            time.sleep(0.05)
        entries = read_ledger(tmp_path / "out" / "archive.csv")
        assert killed == 3 and scan.code() == 1, scan.said
        assert entries["killer.mp4"].reason == "its worker is gone, 3 times"
        assert {path: one.status for path, one in entries.items()} == {
            **{"killer.mp4": "failed", "a.mp4": "ok", "b.mp4": "ok"}
        }


def gone(pid: int) -> Callable[[], bool]:
    return lambda: not Path(f"/proc/{pid}").exists()


def test_a_scanner_that_is_killed_for_want_of_memory_is_tried_elsewhere(tmp_path: Path) -> None:
    """As the system does it where memory runs out: it costs that try, not the movie."""
    folder = tmp_path / "archive"
    folder.mkdir()
    make_movie(folder / "a.mp4", still(60, Fraction(12), sound=False))
    with cluster(tmp_path / "cluster") as one:
        workers(one, 2)
        scan = Scan(one, folder, tmp_path / "out")
        until(lambda: (tmp_path / "out" / "a.mp4.parts").exists() or scan.ended())
        caught: list[int] = []  # between two chunks the movie is not open
        until(lambda: caught.extend(scanners_of(folder / "a.mp4", one)) or caught or scan.ended())
        os.kill(caught[0], signal.SIGKILL)
        assert scan.code() == 0, scan.said
        assert "was killed, perhaps for want of memory; it is tried again" in scan.said
        assert leftovers(tmp_path / "out") == []
