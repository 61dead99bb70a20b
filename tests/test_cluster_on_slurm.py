"""The example for Slurm gives a cluster that scans; who submits jobs is a stand-in for sbatch."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests.cluster import end, leftovers, tables_in, until
from tests.conftest import ROOT
from tests.movies import another, still
from tests.test_cluster import certificates, scan
from videmo.demo import make_movie
from videmo.scan import scan_movie

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(
        sys.platform != "linux" or importlib.util.find_spec("dask_jobqueue") is None,
        reason="dask-jobqueue is not installed, or this is not Linux",
    ),
]

SBATCH = """#!/bin/sh
# Keeps the script, runs it at once, and says its number, as Slurm's sbatch does.
cp "$1" "$JOBS/script-$$"
setsid sh "$JOBS/script-$$" >"$JOBS/log-$$" 2>&1 &
echo $! >"$JOBS/pid-$!"
echo "Submitted batch job $!"
"""
SCANCEL = """#!/bin/sh
for job in "$@"; do kill -- "-$job"; done
"""


def is_alive(job: Path) -> bool:
    """Whether a job runs whose number stands in this file."""
    return Path(f"/proc/{int(job.read_text())}/cmdline").exists()


def test_the_example_s_jobs_are_a_cluster_that_scans(tmp_path: Path) -> None:
    programs, jobs, archive = (tmp_path / name for name in ("bin", "jobs", "archive"))
    for folder in (programs, jobs, archive):
        folder.mkdir()
    for name, text in (("sbatch", SBATCH), ("scancel", SCANCEL)):
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    make_movie(archive / "a.mp4", still(0.5))
    another(archive / "a.mp4", archive / "b.mp4")
    settings = {"DASK_CONFIG": certificates(tmp_path / "certificates")}
    command = [sys.executable, str(ROOT / "examples" / "cluster_on_slurm.py")]
    path = f"{programs}:{os.environ['PATH']}"
    environment = {**os.environ, **settings, "PATH": path, "JOBS": str(jobs)}
    environment["PYTHONPATH"] = str(ROOT)
    with (tmp_path / "said").open("wb") as said:
        slurm = subprocess.Popen(
            [*command, "2", "1"],
            cwd=tmp_path,
            env=environment,
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
    try:
        file = tmp_path / "cluster.json"
        until(lambda: file.exists() or slurm.poll() is not None)
        done = scan(archive, "-o", "out", "--cluster", file, cwd=tmp_path, **settings)
        assert done.returncode == 0, done.stderr + (tmp_path / "said").read_text()
        script = next(jobs.glob("script-*")).read_text()
        assert "#SBATCH --cpus-per-task=1" in script and "--lifetime 705m" in script
        slurm.send_signal(signal.SIGINT)
        assert slurm.wait(60) == 0, (tmp_path / "said").read_text()
        assert not file.exists()
        until(lambda: not any(is_alive(job) for job in jobs.glob("pid-*")), 60)
    finally:
        end(slurm)
        for job in jobs.glob("pid-*"):
            with suppress(ProcessLookupError):
                os.killpg(int(job.read_text()), signal.SIGKILL)
    for name in ("a", "b"):
        scan_movie(archive / f"{name}.mp4", tmp_path / "alone")
    assert tables_in(tmp_path / "out") == tables_in(tmp_path / "alone")
    assert leftovers(tmp_path / "out") == []
