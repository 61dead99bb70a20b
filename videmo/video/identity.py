"""By what a movie is known again: a file, or a folder of numbered pictures."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from videmo import files
from videmo.errors import RequestError
from videmo.video.series import pictures_in


class Identity(NamedTuple):
    """By what a movie is known again."""

    size: int
    """Bytes."""
    mtime_ns: int
    fingerprint: str


def identity(path: Path, more: Sequence[Path] = ()) -> Identity:
    """By what the movie at `path` is known again: a file, or a folder of numbered pictures.

    `more` are the chapters that follow in one movie. Of pictures the names, the sizes, and the
    first, the middle and the last picture count.

    Raises:
        OSError: it cannot be read.
        RequestError: a folder without one series of pictures.
    """
    if more:
        return _sum([identity(one) for one in (path, *more)])
    if not path.is_dir():
        status = path.stat()
        return Identity(status.st_size, status.st_mtime_ns, files.fingerprint(path))
    places = pictures_in(path)
    told = [place.stat() for place in places]
    digest = hashlib.sha256()
    for place, status in zip(places, told, strict=True):
        digest.update(f"{status.st_size} {place.name}\n".encode("utf-8", "surrogateescape"))
    for place in (places[0], places[len(places) // 2], places[-1]):
        digest.update(files.fingerprint(place).encode())
    size = sum(status.st_size for status in told)
    return Identity(size, max(status.st_mtime_ns for status in told), digest.hexdigest())


def _sum(parts: Sequence[Identity]) -> Identity:
    told = "".join(part.fingerprint for part in parts)
    size, changed = sum(part.size for part in parts), max(part.mtime_ns for part in parts)
    return Identity(size, changed, files.sha256(told.encode()))


def fingerprint(path: Path, more: Sequence[Path] = ()) -> str:
    """What tells the movie at `path`, with `more` chapters, from others; empty for no movie.

    Raises:
        OSError: it cannot be read.
    """
    try:
        return identity(path, more).fingerprint
    except RequestError:
        return ""
