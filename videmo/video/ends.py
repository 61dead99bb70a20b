"""Whether a file ends before its parts say that they do: then it was cut off. No decoder is asked.

Only what a container says in its own frame is read: boxes (MP4, QuickTime), chunks (AVI), and the
segment (Matroska). A recording that was never closed says nothing, and is not judged.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

MAX_PARTS = 100_000
"""Boxes or chunks that are looked at: a movie in fragments has thousands."""

_BOXES = {b"ftyp", b"moov", b"moof", b"mdat", b"free", b"skip", b"wide", b"udta", b"sidx", b"mfra"}
_RIFF_UNKNOWN = {0, 0xFFFFFFFF}
"""Lengths of what was written where nobody could go back to say it, into a pipe."""
_EBML, _SEGMENT = b"\x1aE\xdf\xa3", b"\x18S\x80g"


def cut_off(path: Path) -> bool:
    """Whether the file at `path` is shorter than it says of itself."""
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            head = file.read(12)
            if head.startswith(_EBML):
                end = _matroska_end(file)
            elif head.startswith(b"RIFF"):
                end = _riff_end(file, size)
            elif head[4:8] in _BOXES:
                end = _boxes_end(file, size)
            else:
                return False
    except OSError:
        return False  # reading for the pictures will meet it again, and tell
    return end > size


def _matroska_end(file: BinaryIO) -> int:
    """Where the segment, in which everything lies, is to end (RFC 9559); 0 if it does not say."""
    file.seek(len(_EBML))
    header = _length(file)
    if header is None:
        return 0
    file.seek(header, os.SEEK_CUR)
    if file.read(len(_SEGMENT)) != _SEGMENT:
        return 0
    length = _length(file)
    return 0 if length is None else file.tell() + length


def _length(file: BinaryIO) -> int | None:
    """A length as EBML writes it (RFC 8794, 4 and 6); None: not known, or none."""
    first = file.read(1)
    if not first or not first[0]:
        return None
    more = 8 - first[0].bit_length()
    value = int.from_bytes(bytes([first[0] & (0x7F >> more)]) + file.read(more), "big")
    return None if value == (1 << 7 * (more + 1)) - 1 else value


def _riff_end(file: BinaryIO, size: int) -> int:
    """Where the last chunk is to end; an AVI of more than a gigabyte has several (OpenDML)."""
    place = 0
    for _ in range(MAX_PARTS):
        file.seek(place)
        header = file.read(8)
        length = int.from_bytes(header[4:8], "little")
        if place >= size or header[:4] != b"RIFF" or length in _RIFF_UNKNOWN:
            return place
        place += 8 + length
    return 0


def _boxes_end(file: BinaryIO, size: int) -> int:
    """Where the last box is to end (ISO/IEC 14496-12, 4.2)."""
    place = 0
    for _ in range(MAX_PARTS):
        file.seek(place)
        header = file.read(16)
        length = int.from_bytes(header[:4], "big")
        if length == 1:  # the size follows, in 64 bits
            length = int.from_bytes(header[8:16], "big")
        if place >= size or header[4:8] not in _BOXES or length < 8:  # 0: up to the file's end
            return place
        place += length
    return 0
