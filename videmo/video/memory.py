"""Whether memory is short, or a damaged file asked for more than any movie needs."""

from __future__ import annotations

import mmap
from pathlib import Path

import av

from videmo.errors import MovieError
from videmo.files import shown

ENOUGH = 1 << 30
"""Bytes: if there is room for these, no sound movie would have been refused its memory."""
PICTURES = 4
"""A decoder that has no room for so many pictures may call them damaged."""
PIXEL = 2
"""Bytes of a pixel, about."""


def check_memory(error: Exception, path: Path, pixels: int = 0) -> None:
    """Raise MovieError if `error`, met while `path` was read, means that memory is short.

    `pixels` are those of a picture, if they are known.
    """
    # The second is what it is called where no thread can be started.
    plain = isinstance(error, (MemoryError, av.error.BlockingIOError))
    if not _room(ENOUGH if plain else PICTURES * PIXEL * pixels):
        raise out_of_memory(path) from error


def out_of_memory(path: Path) -> MovieError:
    """What it means that there is not enough memory for the movie at `path`."""
    return MovieError(
        f"{shown(path)}: not enough memory; free some, raise --memory-limit if that is set, or "
        "leave it out"
    )


def _room(size: int) -> bool:
    try:
        if size:
            mmap.mmap(-1, size).close()  # asked for, and never written to
    except (OSError, MemoryError):
        return False
    return True
