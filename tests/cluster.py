"""Real clusters for tests: a scheduler and workers as processes, each in folders of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.conftest import ROOT

PATIENCE = 600.0
"""Seconds that anything may take on a machine that is busy."""


class Cluster:
    """A scheduler and its workers. Remembers their processes."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.file = folder / "scheduler.json"
        self.workers: list[subprocess.Popen[bytes]] = []
        self.settings = settings
        self._temporary: list[Path] = []
        self.scheduler = self.start_scheduler()

    @property
    def address(self) -> str:
        return str(json.loads(self.file.read_bytes())["address"])

    def start_scheduler(self, *options: str) -> subprocess.Popen[bytes]:
        self.file.unlink(missing_ok=True)
        tls = ("--protocol", "tls") if "DASK_CONFIG" in self.settings else ()
        self.scheduler = self._start(
            "scheduler",
            *("--host", "127.0.0.1", "--port", "0", "--dashboard-address", "127.0.0.1:0"),
            *("--idle-timeout", "600", *tls, *options),  # should the test itself be killed
        )
        until(self.file.exists)
        return self.scheduler

    def add_worker(
        self, *options: str, before: Sequence[str] = (), **settings: str
    ) -> subprocess.Popen[bytes]:
        """A worker as on a machine of its own: another working folder, another temporary one."""
        place = self.folder / f"machine-{len(self.workers)}"
        place.mkdir()
        temporary = Path(tempfile.mkdtemp(prefix="vm-"))  # short: sockets lie in it
        self._temporary.append(temporary)
        how = ("--no-dashboard", "--nthreads", "1", "--death-timeout", "60", *options)
        more = {"TMPDIR": str(temporary), **settings}
        self.workers.append(self._start("worker", *how, cwd=place, before=before, **more))
        return self.workers[-1]

    def logged(self) -> str:
        return "\n".join(path.read_text() for path in sorted(self.folder.glob("*.log")))

    def close(self) -> None:
        for work in [*self.workers, self.scheduler]:
            end(work)
        for folder in self._temporary:
            shutil.rmtree(folder, ignore_errors=True)

    def _start(
        self,
        what: str,
        *options: str,
        cwd: Path | None = None,
        before: Sequence[str] = (),
        **settings: str,
    ) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"distributed.cli.dask_{what}"]
        command = [*before, *command, *options, "--scheduler-file", str(self.file)]
        environment = {"PYTHONPATH": str(ROOT), **os.environ, **self.settings, **settings}
        log = self.folder / f"{cwd.name if cwd else what}.log"
        with log.open("ab") as file:
            return subprocess.Popen(
                command,
                stdout=file,
                stderr=file,
                env=environment,
                cwd=cwd or self.folder,
                start_new_session=True,
            )


@contextmanager
def cluster(folder: Path, **settings: str) -> Iterator[Cluster]:
    """A cluster without workers yet; `settings` are for the environment of all its processes."""
    folder.mkdir(parents=True, exist_ok=True)
    one = Cluster(folder, **settings)
    try:
        yield one
    finally:
        one.close()


def end(work: subprocess.Popen[bytes], how: int = signal.SIGKILL) -> None:
    """End a process and all that it has started."""
    with suppress(ProcessLookupError):
        os.killpg(work.pid, how)
    work.wait(PATIENCE)


def until(done: object, seconds: float = PATIENCE) -> None:
    """Wait until `done()`."""
    deadline = time.monotonic() + seconds
    while not done():  # type: ignore[operator]
        assert time.monotonic() < deadline, "waited for too long"
        time.sleep(0.05)


def tables_in(folder: Path) -> dict[str, bytes]:
    """All tables and records in a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*.faces.*"))
    }


def leftovers(folder: Path) -> list[str]:
    """What should not lie in a folder of tables after a scan."""
    return [
        str(path)
        for path in folder.rglob("*")
        if path.name.startswith(".") or path.name.endswith((".part", ".parts"))
    ]
