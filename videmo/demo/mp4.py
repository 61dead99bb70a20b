"""Tell players to turn an MP4's picture: write the matrix in the header of its video track.

PyAV cannot write it. The layout is ISO/IEC 14496-12: boxes of a four-byte size, a four-byte name
and a content that may be boxes again.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from videmo.errors import OutputError
from videmo.files import shown

HEADER = 8
"""Bytes of a box's size and name."""

HANDLER_AT = 8
"""Where ``hdlr`` names the kind of its track."""

MATRIX_AT = {0: 40, 1: 52}
"""Where the matrix lies in ``tkhd``, by the version of the box: times of 32 or of 64 bits."""

TURNS = {90: (0, 1, -1, 0), 180: (-1, 0, 0, -1), 270: (0, -1, 1, 0)}
"""Clockwise, in degrees: the factors of x' = a x + c y + tx and y' = b x + d y + ty."""


def turn(path: Path, degrees: int) -> None:
    """Write into the MP4 at `path` that its picture is shown turned clockwise by `degrees`.

    Raises:
        OutputError: the file has no header of a video track.
    """
    with path.open("r+b") as file:
        header = _video_header(file)
        if header is None:
            raise OutputError(f"{shown(path)}: no video track to turn")
        file.seek(header)
        place = header + MATRIX_AT[file.read(1)[0]]
        file.seek(place + 36)
        width, height = (size >> 16 for size in struct.unpack(">II", file.read(8)))
        a, b, c, d = TURNS[degrees]
        shift_x = width * (a < 0) + height * (c < 0)
        shift_y = width * (b < 0) + height * (d < 0)
        one, unit = 1 << 16, 1 << 30
        file.seek(place)
        file.write(
            struct.pack(
                *(">9i", a * one, b * one, 0, c * one, d * one, 0),
                *(shift_x * one, shift_y * one, unit),
            )
        )


def _video_header(file: BinaryIO) -> int | None:
    """Where the content of the video track's ``tkhd`` begins."""
    file.seek(0, 2)
    for moov, moov_end in _boxes(file, 0, file.tell(), b"moov"):
        for trak, trak_end in _boxes(file, moov, moov_end, b"trak"):
            for mdia, mdia_end in _boxes(file, trak, trak_end, b"mdia"):
                for hdlr, _ in _boxes(file, mdia, mdia_end, b"hdlr"):
                    file.seek(hdlr + HANDLER_AT)
                    if file.read(4) == b"vide":
                        return next(_boxes(file, trak, trak_end, b"tkhd"))[0]
    return None


def _boxes(file: BinaryIO, start: int, end: int, name: bytes) -> Iterator[tuple[int, int]]:
    """Start and end of the content of each box called `name` between two places of the file."""
    while start + HEADER <= end:
        file.seek(start)
        size, found = struct.unpack(">I4s", file.read(HEADER))
        content = start + HEADER
        if size == 1:  # the size is too large for four bytes and follows in eight
            size = struct.unpack(">Q", file.read(8))[0]
            content += 8
        if size < HEADER:
            return
        if found == name:
            yield content, start + size
        start += size
