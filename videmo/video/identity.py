"""By what a movie is known again: a file, or a folder of numbered pictures."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import NamedTuple

from videmo import files
from videmo.errors import RequestError
from videmo.video.series import series_in


class Identity(NamedTuple):
    """By what a movie is known again."""

    size: int
    """Bytes."""
    mtime_ns: int
    fingerprint: str


def identity(path: Path) -> Identity:
    """By what the movie at `path` is known again: a file, or a folder of numbered pictures.

    Of these the names, the sizes, and the first, the middle and the last picture count.

    Raises:
        OSError: it cannot be read.
        RequestError: a folder without one series of pictures.
    """
    if not path.is_dir():
        status = path.stat()
        return Identity(status.st_size, status.st_mtime_ns, files.fingerprint(path))
    series = series_in(path)
    places = [path / series.name(index) for index in range(series.pictures)]
    told = [place.stat() for place in places]
    digest = hashlib.sha256()
    for place, status in zip(places, told, strict=True):
        digest.update(f"{status.st_size} {place.name}\n".encode("utf-8", "surrogateescape"))
    for place in (places[0], places[len(places) // 2], places[-1]):
        digest.update(files.fingerprint(place).encode())
    size = sum(status.st_size for status in told)
    return Identity(size, max(status.st_mtime_ns for status in told), digest.hexdigest())


def fingerprint(path: Path) -> str:
    """What tells the movie at `path` from others; empty for a folder that is none.

    Raises:
        OSError: it cannot be read.
    """
    try:
        return identity(path).fingerprint
    except RequestError:
        return ""
