"""What the user named as a source of live pictures: a camera, a movie, an address or a pipe."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from videmo.errors import RequestError
from videmo.files import shown
from videmo.video.cameras import DEVICES, cameras

CAMERA, MOVIE, ADDRESS, PIPE = "camera", "movie", "address", "pipe"

STDIN = "-"

PROTOCOLS = {
    **dict.fromkeys(("http", "https"), "http,https,httpproxy,tcp,tls,crypto"),
    **dict.fromkeys(("rtsp", "rtsps"), "rtsp,rtp,srtp,udp,tcp,tls,http,https"),
    "srt": "srt,udp",
    "udp": "udp",
    "rtmp": "rtmp,tcp",
}
"""Addresses that can be opened, and by what protocols each may be read: what comes from one may
name other places, but no files of this machine."""

_ADDRESS = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE | re.ASCII)
_NUMBER = re.compile(r"\d{1,3}", re.ASCII)


class Place(NamedTuple):
    """Where live pictures come from."""

    kind: str
    """`CAMERA`, `MOVIE`, `ADDRESS` or `PIPE`."""
    url: str
    """What is opened: a path, an address, or `STDIN`."""
    name: str
    """What it is called where people read it, and in names of files: no password, no slash."""

    @property
    def path(self) -> Path:
        """Of what lies in the file system."""
        return Path(self.url)


def find_place(source: str) -> Place:
    """What `source` names: ``0``, ``/dev/video0``, a camera's name, a movie, an address, ``-``.

    Raises:
        RequestError: nothing of this name is there, or addresses of this kind are not read.
    """
    if source == STDIN:
        return Place(PIPE, STDIN, "pipe")
    if _NUMBER.fullmatch(source):
        return Place(CAMERA, str(DEVICES / f"video{int(source)}"), f"camera{int(source)}")
    if found := _ADDRESS.match(source):
        return _address(source, found[1].lower())
    try:
        mode = os.stat(source).st_mode
    except (OSError, ValueError):
        return _by_name(source)
    name = Path(source).name
    if stat.S_ISCHR(mode):
        return Place(CAMERA, source, name)
    if stat.S_ISFIFO(mode):
        return Place(PIPE, source, name)
    return Place(MOVIE, source, name)


def _address(source: str, protocol: str) -> Place:
    if protocol not in PROTOCOLS:
        known = ", ".join(f"{name}://" for name in PROTOCOLS)
        raise RequestError(f"{shown(protocol)}://: addresses of this kind are not read; {known}")
    try:
        parts = urlsplit(source)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise RequestError(f"{shown(protocol)}://: this address is none; check it") from None
    if not host and protocol != "udp":
        raise RequestError(f"{shown(protocol)}://: this address names no host; check it")
    # What stands before the host may be a password, what stands behind a question mark a key.
    name = re.sub(r"[^\w.-]+", "-", f"{protocol}-{host}{f'-{port}' if port else ''}{parts.path}")
    return Place(ADDRESS, source, name.strip("-.")[:100])


def _by_name(source: str) -> Place:
    """The camera whose name holds `source`."""
    there = cameras()
    exact = [one for one in there if one.name.casefold() == source.casefold()]
    found = exact or [one for one in there if source and source.casefold() in one.name.casefold()]
    if len(found) == 1:
        return Place(CAMERA, str(found[0].path), found[0].path.name)
    if found:
        names = ", ".join(f"{one.path} ({one.name})" for one in found)
        raise RequestError(f"{shown(source)}: several cameras are called so: {shown(names)}")
    if source.startswith(str(DEVICES / "video")):
        return Place(CAMERA, source, Path(source).name)  # opening it tells what is wrong
    raise RequestError(
        f"{shown(source)}: no such movie, camera or pipe; check the name, or look at: "
        "videmo live --list"
    )
