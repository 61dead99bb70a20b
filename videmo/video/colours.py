"""How pictures code their colours: by which matrix, and over which range (ITU-T H.273)."""

from __future__ import annotations

from typing import NamedTuple

import av

HD_LINES = 720
"""Lines from which on pictures that do not say so are coded as in BT.709; below as in BT.601."""

FULL_RANGE = 2
"""FFmpeg's number for a range in which black is 0 and white 255, not 16 and 235."""


class Matrix(NamedTuple):
    """A colour matrix, as the parts of FFmpeg call it."""

    name: str
    """That of its filter `scale`."""
    number: int
    """That of swscale's `sws_getCoefficients`."""


BT709, FCC, BT601 = Matrix("bt709", 1), Matrix("fcc", 4), Matrix("smpte170m", 5)
SMPTE240M, BT2020 = Matrix("smpte240m", 7), Matrix("bt2020", 9)

# By what a stream says (H.273, table 4). What it does not say, or nobody knows, is left out.
_TAGGED = {1: BT709, 4: FCC, 5: BT601, 6: BT601, 7: SMPTE240M, 9: BT2020, 10: BT2020}


class Colours(NamedTuple):
    """How a movie codes its colours."""

    matrix: Matrix | None = BT601
    """None: they are red, green and blue themselves."""
    full_range: bool = False
    said: bool = True
    """Whether it says so itself."""


ORDINARY = Colours()


def usual_matrix(lines: int) -> Matrix:
    """The matrix of pictures with so many lines, as they are stored, that do not say it."""
    return BT709 if lines >= HD_LINES else BT601


def matrix_of(raw: av.VideoFrame) -> Matrix:
    """The matrix of a picture: as it says, else the usual one."""
    return _TAGGED.get(int(raw.colorspace), usual_matrix(raw.height))


def colours_of(raw: av.VideoFrame) -> Colours:
    """How a picture codes its colours."""
    full = raw.color_range == FULL_RANGE or raw.format.name.startswith("yuvj")
    matrix = None if raw.format.is_rgb else matrix_of(raw)
    return Colours(matrix, full, int(raw.colorspace) in _TAGGED)
