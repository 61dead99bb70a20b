"""Talk with a Dask scheduler; what goes wrong is said in one line."""

from __future__ import annotations

import gc
import logging
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from videmo.archive.cluster.address import check_private, scheduler_at, workers_here
from videmo.errors import SetupError, to_install
from videmo.files import shown

if TYPE_CHECKING:
    from distributed import Client

CONNECT_SECONDS = 10
"""So long a scheduler is looked for."""
QUIET = {
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "10s",
}
"""Dask's processes on this machine do not watch themselves a hundred times a second: that took a
twentieth of two cores."""


@contextmanager
def connected(place: str, *, insecure: bool = False) -> Iterator[Client]:
    """A client of the scheduler at `place`: an address, a scheduler's file, or ``local:N``.

    Raises:
        RequestError: `place` is none, or others could listen (see `check_private`).
        SetupError: nobody answers there, or they and we do not trust each other.
    """
    count = workers_here(place)
    address = None if count else scheduler_at(place)
    if address:
        check_private(address, insecure)
    distributed = _distributed()
    refused: SetupError | None = None
    with ExitStack() as opened:
        try:
            if count:
                where = opened.enter_context(_local(distributed, count))
                client = distributed.Client(where, set_as_default=False)
            else:
                client = distributed.Client(address, set_as_default=False, timeout=CONNECT_SECONDS)
            opened.enter_context(client)
        except (OSError, TypeError, ValueError, RuntimeError, ImportError) as error:
            refused = SetupError(_why_not(address or place, error))
        if refused is not None:
            # The client that could not be made ends now: if Python takes it away while another one
            # starts, Dask waits for itself.
            gc.collect()
            raise refused
        if address:  # it may listen elsewhere, too
            told = client.scheduler_info()["address"]
            check_private(told, insecure)
        yield client


def _distributed() -> Any:
    """Dask's engine, which from now on says nothing by itself."""
    try:
        import distributed
    except ImportError as error:
        raise SetupError(f"--cluster needs Dask distributed; {to_install('cluster')}") from error
    for name in logging.root.manager.loggerDict:  # some have levels of their own
        if name.partition(".")[0] == "distributed":
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    logging.getLogger("asyncio").addFilter(_is_asked_for)
    return distributed


def _is_asked_for(record: logging.LogRecord) -> bool:
    """Not that Dask's journeys to a worker that was killed ended with what nobody asks for."""
    return "exception was never retrieved" not in record.getMessage()


@contextmanager
def _local(distributed: Any, count: int) -> Iterator[Any]:
    """A cluster of processes on this machine, that nobody else can talk to."""
    import dask

    with (
        dask.config.set(QUIET),
        distributed.LocalCluster(
            n_workers=count,
            threads_per_worker=1,
            memory_limit=0,
            host="127.0.0.1",
            protocol="tls",
            security=distributed.Security.temporary(),
            dashboard_address="127.0.0.1:0",
            silence_logs=logging.CRITICAL + 1,
        ) as cluster,
    ):
        yield cluster


def _why_not(address: str, error: Exception) -> str:
    """What stands in the way of a connection."""
    causes = [error]
    while cause := causes[-1].__cause__ or causes[-1].__context__:
        causes.append(cause)  # type: ignore[arg-type]
    said = next((one for one in causes if isinstance(one, ssl.SSLError)), None)
    if said is not None:
        return (
            f"{shown(address)}: its certificate and ours are not of one cluster "
            f"({said.reason or said}); give all machines the same ones, see docs/cluster.md"
        )
    if isinstance(error, TypeError) or "encryption" in str(error).lower():
        return (
            f"{shown(address)}: cannot be talked to with the certificates that Dask's "
            "configuration names; set DASK_CONFIG, see docs/cluster.md"
        )
    return (
        f"{shown(address)}: no scheduler answers; see that it runs (dask scheduler), and that the "
        "address is right"
    )


def dashboard_of(client: Client) -> str:
    """Where the cluster can be watched; empty where it cannot."""
    try:
        return str(client.dashboard_link)
    except (KeyError, ValueError, AttributeError):
        return ""


def gone(client: Client) -> SetupError:
    """What is said where the scheduler is lost on the way."""
    address = shown(client.scheduler.address if client.scheduler else "the scheduler")
    return SetupError(
        f"{address}: is gone; start it again, and its workers, and run the same command: what is "
        "done is not done again"
    )
