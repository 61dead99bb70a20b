"""Start a cluster for `videmo scan --cluster` on Slurm, and keep it until it is interrupted.

    export DASK_CONFIG=FOLDER/dask.yaml          the certificates, see cluster_certificates.py
    python examples/cluster_on_slurm.py JOBS [CORES] [FILE]

On a node that may submit jobs, with videmo's extra `cluster` and dask-jobqueue installed. JOBS jobs
of CORES cores (8) each are submitted, a worker each; one that ends, because its time is over, say,
is replaced. FILE (cluster.json) then says where the scheduler is, which runs in this process:

    videmo scan archive/ -o tables --cluster cluster.json
"""

from __future__ import annotations

import signal
import sys
from contextlib import suppress
from pathlib import Path

from dask_jobqueue import SLURMCluster
from distributed import Security

MEMORY_PER_CORE = 2
"""GB."""


def start(jobs: int, cores: int, file: Path) -> SLURMCluster:
    """A scheduler here, and so many jobs with a worker of so many threads."""
    cluster = SLURMCluster(
        cores=cores,
        processes=1,
        memory=f"{cores * MEMORY_PER_CORE}GB",
        walltime="12:00:00",
        # Before its time is over a worker takes leave, at a moment of its own.
        worker_extra_args=["--lifetime", "705m", "--lifetime-stagger", "10m", "--no-dashboard"],
        protocol="tls://",
        security=Security(),
        scheduler_options={
            "scheduler_file": str(file),
            "dashboard_address": "127.0.0.1:0",  # it asks nobody who he is
        },
    )
    cluster.adapt(minimum_jobs=jobs, maximum_jobs=jobs)
    return cluster


def main() -> None:
    if not 2 <= len(sys.argv) <= 4:
        sys.exit(__doc__)
    cores = int(sys.argv[2]) if len(sys.argv) > 2 else 8
    file = Path(sys.argv[3] if len(sys.argv) > 3 else "cluster.json").absolute()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with start(int(sys.argv[1]), cores, file) as cluster:
        print(f"{cluster.scheduler_address}, in {file}; to end it: Ctrl-C", flush=True)
        with suppress(KeyboardInterrupt):
            signal.pause()
    file.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
