"""The file and the times of a movie, as lists for other programs name them."""

from __future__ import annotations

from pathlib import Path

from videmo.errors import RequestError
from videmo.files import shown
from videmo.video import Movie


def in_one_file(movie: Movie) -> Path:
    """The file that `movie` lies in, for lists in which times are those of a file.

    Raises:
        RequestError: it lies in several, the chapters of one recording.
    """
    if len(movie.files) > 1:
        raise RequestError(
            f"{shown(movie.path)}: lies in {len(movie.files)} chapters, which lists for other "
            "programs cannot name as one movie; scan them with --join never"
        )
    return movie.path


def address_of(movie: Movie) -> Path:
    """The file that `movie` lies in, as lists for other programs name it: without ``..`` and links
    among its folders, its own name as it is; raises as `in_one_file`."""
    path = in_one_file(movie)
    return path.parent.resolve() / path.name


def milliseconds_late(movie: Movie) -> int:
    """How much after the beginning of its file a movie's first picture is shown; below 0: before.

    Rounded once, so that all that is told in such times is as far from the table's.
    """
    return round(1000 * movie.lead)
