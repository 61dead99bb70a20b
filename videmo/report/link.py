"""Links from a page to files beside it, and what its player is told of the movie."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import quote

from videmo.video import Movie

NO_MOVIE = (
    "The movie was not where it was scanned when this page was made. Put it back, or say with "
    "videmo report --movie where it is."
)
IN_PIECES = "This movie lies in several files. Open it with videmo view, which joins them."
CANNOT = (
    "This browser cannot play the movie, or it is not where it was. Open it with videmo view, "
    "which converts movies while they play."
)


def link_to(path: Path, folder: Path) -> str:
    """The address of `path` on a page in `folder`: both can be moved together."""
    try:
        relative = os.path.relpath(path.absolute(), folder.absolute())
    except ValueError:  # on another drive
        return path.absolute().as_uri()
    # Never taken for an address with a scheme of its own, whatever the file is called.
    return "./" + quote(os.fsencode(Path(relative).as_posix()), safe="/")


def player_data(movie: Movie | None, folder: Path) -> dict[str, Any]:
    """What the player on a page in `folder` is told: address, and how much later all is in it."""
    told = {"src": "", "stream": "", "lead": 0.0, "why": NO_MOVIE, "cannot": CANNOT}
    if movie is None:
        return told
    if len(movie.files) > 1 or not movie.path.is_file():
        return {**told, "why": IN_PIECES}
    return {**told, "src": link_to(movie.path, folder), "lead": round(float(movie.lead), 6)}
