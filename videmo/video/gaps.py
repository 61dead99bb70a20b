"""When frames are shown that a file only knows the order of decoding of, with its gaps."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

import av
import numpy as np

from videmo.errors import MovieError
from videmo.files import shown
from videmo.video.memory import check_memory
from videmo.video.movie import Movie, opened

MAX_GAPS = 64
"""Gaps that are followed; in a movie of variable rate there are thousands."""


class Pace(NamedTuple):
    """The times of frames that come evenly, but for gaps: as a reader gives them."""

    first: Fraction
    """Seconds of the first frame."""
    step: Fraction
    """Seconds from one frame to the next."""
    gaps: tuple[tuple[int, Fraction], ...] = ()
    """Numbers of frames that come later than a step after the one before, and how many seconds."""


def pace(movie: Movie) -> Pace:
    """The pace of a movie in `decode_order`, read from its packets, without decoding them.

    Raises:
        MovieError: the file cannot be read, or its frames come too unevenly.
    """
    stamps = _stamps(movie)
    if len(stamps) < 2:
        return Pace(Fraction(0), 1 / movie.fps)
    steps = np.diff(stamps)
    usual = int(np.median(steps))
    places = np.flatnonzero(steps != usual)
    if len(places) > MAX_GAPS or usual <= 0:
        raise MovieError(
            f"{shown(movie.path)}: its frames come too unevenly for an AVI with B-frames to be cut "
            "where they are; convert it to MP4 (ffmpeg -i IN.avi OUT.mp4), and scan that"
        )
    unit = movie.time_base
    gaps = tuple((int(place) + 1, int(steps[place] - usual) * unit) for place in places)
    return Pace(int(stamps[0] - movie.origin) * unit, usual * unit, gaps)


def _stamps(movie: Movie) -> np.ndarray:
    """Timestamps of the packets that hold pictures, in the order in which they are shown."""
    stamps: list[int] = []
    with opened(movie.path) as container:
        try:
            for packet in container.demux(container.streams[movie.stream]):
                if packet.size and packet.pts is not None:
                    stamps.append(packet.pts)
        except av.error.FFmpegError as error:
            check_memory(error, movie.path)
            # What can be read of it is: as it was scanned.
    return np.sort(np.array(stamps, np.int64))
