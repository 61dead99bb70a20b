"""Where a cluster's scheduler is, and whether talk with it stays private. Pure, but for its file.

Who can talk to a Dask scheduler can run programs on all of its workers, and on who scans with it.
"""

from __future__ import annotations

import ipaddress
import json
import os
from pathlib import Path
from urllib.parse import urlsplit

from videmo.errors import RequestError
from videmo.files import shown

LOCAL = "local:"


def workers_here(place: str) -> int | None:
    """How many workers ``local:N`` asks for on this machine; None if `place` is somewhere else.

    Raises:
        RequestError: it asks for none.
    """
    if not place.startswith(LOCAL):
        return None
    count = place.removeprefix(LOCAL)
    if count.isdecimal() and int(count) > 0:
        return int(count)
    raise RequestError(f"{shown(place)}: is no number of workers; write local:4 for four")


def scheduler_at(place: str) -> str:
    """The address that `place` says, or that the scheduler's file at `place` does.

    Raises:
        RequestError: there is none.
    """
    if os.path.isfile(place):
        return _checked(_said_in(Path(place)), f"{shown(place)}: its address ")
    if place.endswith(".json"):
        raise RequestError(f"{shown(place)}: no such file; is the scheduler running?")
    return _checked(place if "://" in place else f"tcp://{place}", "")


def _said_in(file: Path) -> str:
    try:
        return str(json.loads(file.read_bytes())["address"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RequestError(
            f"{shown(file)}: is no scheduler's file; dask scheduler --scheduler-file writes one"
        ) from error


def _checked(address: str, where: str) -> str:
    try:
        url = urlsplit(address)
        well = url.scheme in ("tcp", "tls") and url.hostname and url.port
    except ValueError:
        well = False
    if not well:
        raise RequestError(
            f"{where}{shown(address)}: is no scheduler's address; write tls://HOST:8786, the name "
            "of a scheduler's file, or local:4"
        )
    return address


def check_private(address: str, insecure: bool) -> None:
    """Refuse an address that others can listen at, unless that is wanted (`insecure`).

    Raises:
        RequestError: it is a plain one, beyond this machine.
    """
    url = urlsplit(address)
    if insecure or url.scheme == "tls" or _is_loopback(url.hostname or ""):
        return
    raise RequestError(
        f"{shown(address)}: is not encrypted, and lets everybody who reaches it run programs on "
        "the cluster; use tls:// (docs/cluster.md says how), or, in a network of your own only, "
        "--insecure-cluster"
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
