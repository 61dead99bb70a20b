"""A table against another cut of its movie, whose moments lie so many seconds later or earlier."""

from __future__ import annotations

import pandas as pd

from videmo.errors import MovieError
from videmo.files import shown
from videmo.table import Record
from videmo.video import Movie


def shifted(
    table: pd.DataFrame, record: Record, offset: float, movie: Movie
) -> tuple[pd.DataFrame, Record]:
    """The table and its record in the time of `movie`; what lies outside of that is left out.

    Raises:
        MovieError: boxes have no meaning in it, as its pictures are of another size; or nothing of
            the table lies in it.
    """
    if (movie.width, movie.height) != (record["width"], record["height"]):
        raise MovieError(
            f"{shown(movie.path)}: its pictures are {movie.width}x{movie.height}, those that were "
            f"scanned {record['width']}x{record['height']}; scan it"
        )
    end = record["end"] + offset
    if movie.duration is not None:
        end = min(end, float(movie.duration))
    times = (table["time"] + offset).round(3)
    inside = (times >= 0) & (times < end)
    if not inside.any():
        raise MovieError(f"{shown(movie.path)}: with --offset {offset:g} nothing of it was scanned")
    moved = table.assign(time=times)[inside].reset_index(drop=True)
    cuts = [round(cut + offset, 3) for cut in record["cuts"] if 0 < cut + offset < end]
    return moved, {**record, "end": round(end, 3), "cuts": cuts}
