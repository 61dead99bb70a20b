"""An archive larger than one machine: its movies are scanned by the workers of a Dask cluster.

What is done, what is not done again, and what becomes of a bad movie is as on one machine; only who
scans is another. The machines share the folders: paths mean the same on all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from videmo.archive.cluster.connect import connected, dashboard_of
from videmo.archive.ledger import Entry
from videmo.archive.process import Order
from videmo.archive.standing import Told
from videmo.archive.walk import Candidate
from videmo.scan import Settings
from videmo.table import Record

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["ClusterEngine", "cluster_engine"]


class ClusterEngine:
    """Scans movies on a cluster: an engine for `scan_archive`. Remembers whom to talk to."""

    def __init__(self, client: Client, folder: Path, settings: Settings) -> None:
        self._client = client
        self._folder = folder
        self._settings = settings
        self.dashboard = dashboard_of(client)
        """Where the cluster can be watched; empty where it cannot."""

    def __call__(
        self, movies: list[Candidate], orders: dict[str, Order], made: Record, tell: Told
    ) -> Iterator[Entry]:
        from videmo.archive.cluster.crew import Crew
        from videmo.archive.cluster.errand import NEWS
        from videmo.archive.cluster.fit import examine, expected
        from videmo.archive.cluster.movies import ArchiveScan, absolute_model

        if not movies:
            return
        settings = absolute_model(self._settings)
        with expected(settings, self._folder.absolute(), movies) as wanted:
            crew = Crew(self._client, partial(examine, wanted))
            self._client.subscribe_topic(NEWS, crew.hear)
            try:
                yield from ArchiveScan(crew, wanted.sign, made).entries(movies, orders, tell)
            finally:
                crew.close()


@contextmanager
def cluster_engine(
    place: str, folder: Path, settings: Settings, *, insecure: bool = False
) -> Iterator[ClusterEngine]:
    """What scans into `folder` on the cluster at `place`: a scheduler's address, its file, or
    ``local:N``.

    Raises:
        RequestError: `place` is none of these, or others could listen (unless `insecure`).
        SetupError: there is no such cluster.
    """
    with connected(place, insecure=insecure) as client:
        yield ClusterEngine(client, folder, settings)
