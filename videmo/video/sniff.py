"""What a file is, as far as its bytes tell: cheap, and no decoder is asked."""

from __future__ import annotations

import codecs
import os
from typing import BinaryIO

MOVIE = "movie"
SOUND = "sound"
PICTURE = "still picture"
ANIMATED = "animated picture"
GIF = "GIF"
PLAYLIST = "playlist"
UNKNOWN = ""

HEAD_BYTES = 1024
MAX_BOXES = 1000
QUOTED = 24
DISC_SIGN = 32768
"""Where an image of a disc says that it is one."""

SUFFIXES = {
    *(".3g2", ".3gp", ".asf", ".avi", ".dv", ".flv", ".m1v", ".m2ts", ".m2v", ".m4v", ".mkv"),
    *(".mov", ".mp4", ".mpeg", ".mpg", ".mxf", ".ogv", ".rm", ".rmvb", ".vob", ".webm", ".wmv"),
    ".wtv",
}
"""What names of movies end with, and of nothing else."""

TRANSPORT_SUFFIXES = {".ts", ".mts"}
"""What names of transport streams end with, and of TypeScript, which is text."""

_SOUND_BRANDS = (b"M4A ", b"M4B ", b"M4P ")
_PICTURE_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1", b"avif", b"crx ")
_BOXES = (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")

# (offset, bytes, what it is); sources: the formats' own specifications, and FFmpeg's probes.
_SIGNS = (
    (0, b"\x1aE\xdf\xa3", MOVIE),  # Matroska, WebM
    (8, b"AVI ", MOVIE),
    (0, b"FLV\x01", MOVIE),
    (0, bytes.fromhex("3026b2758e66cf11"), MOVIE),  # ASF
    (0, b"\0\0\x01\xba", MOVIE),  # MPEG program stream
    (0, b"\0\0\x01\xb3", MOVIE),  # MPEG video
    (0, b"\0\0\0\x01g", MOVIE),  # H.264
    (0, b"\0\0\0\x01'", MOVIE),
    (0, b"\0\0\0\x01@\x01", MOVIE),  # HEVC
    (0, b"\x06\x0e+4\x02\x05\x01\x01", MOVIE),  # MXF
    (0, bytes.fromhex("b7d800203749da11a64e0007e95ead8d"), MOVIE),  # WTV
    (0, b".RMF", MOVIE),
    (0, b"nut/multimedia container", MOVIE),
    (0, b"DKIF", MOVIE),  # IVF
    (0, b"YUV4MPEG2", MOVIE),
    (0, b"ID3", SOUND),
    (0, b"fLaC", SOUND),
    (8, b"WAVE", SOUND),
    (0, b"GIF87a", GIF),
    (0, b"GIF89a", GIF),
    (0, b"\x89PNG\r\n", PICTURE),
    (0, b"\xff\xd8\xff", PICTURE),
    (0, b"BM", PICTURE),
    (0, b"II*\0", PICTURE),
    (0, b"MM\0*", PICTURE),
    (8, b"WEBP", PICTURE),
    (0, b"#EXTM3U", PLAYLIST),
    (0, b"ffconcat", PLAYLIST),
    (0, b"[playlist]", PLAYLIST),
)

_TS_PACKETS = ((188, 0), (192, 4))
"""Length of a packet of an MPEG transport stream, and where in it the sync byte stands."""


def sniff(head: bytes) -> str:
    """What begins with the bytes `head` (`HEAD_BYTES` are enough): one of the words above."""
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        if brand in _SOUND_BRANDS:
            return SOUND
        return PICTURE if brand in _PICTURE_BRANDS else MOVIE
    if head[4:8] in _BOXES:  # QuickTime, before there were brands
        return MOVIE
    if head.startswith(b"OggS"):
        return MOVIE if b"\x80theora" in head or b"\x01video" in head else SOUND
    for length, place in _TS_PACKETS:
        if len(head) > 4 * length and set(head[place : 5 * length : length]) == {0x47}:
            return MOVIE
    if _is_animated(head):
        return ANIMATED
    for place, sign, kind in _SIGNS:
        if head.startswith(sign, place):
            return kind
    return UNKNOWN


def _is_animated(head: bytes) -> bool:
    """Whether a WebP says in its header that it moves, or a PNG before its first picture."""
    if head[8:16] == b"WEBPVP8X":
        return bool(head[20] & 0x02) if len(head) > 20 else False
    if not head.startswith(b"\x89PNG\r\n"):
        return False
    place = 8
    while place + 8 <= len(head) and head[place + 4 : place + 8] != b"IDAT":
        if head[place + 4 : place + 8] == b"acTL":
            return True
        place += 12 + int.from_bytes(head[place : place + 4], "big")
    return False


def moves(file: BinaryIO) -> bool:
    """Whether a GIF holds more than one picture (GIF89a, 18 to 26)."""
    file.seek(6)
    screen = file.read(7)
    if len(screen) < 7:
        return False
    file.seek(_colours(screen[4]), os.SEEK_CUR)
    pictures = 0
    while kind := file.read(1):
        if kind == b"!":
            file.seek(1, os.SEEK_CUR)
        elif kind == b",":
            about = file.read(9)
            pictures += 1
            if pictures > 1 or len(about) < 9:
                return pictures > 1
            file.seek(_colours(about[8]) + 1, os.SEEK_CUR)
        else:
            return False  # the end, or damage
        while (length := file.read(1)) and length[0]:
            file.seek(length[0], os.SEEK_CUR)
    return False


def _colours(flags: int) -> int:
    """Bytes of a GIF's table of colours; 0 where it has none."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def is_disc_image(file: BinaryIO) -> bool:
    """Whether a file is an image of a disc: ISO 9660 (ECMA-119, 6.2.1) or UDF (ECMA-167, 3)."""
    file.seek(DISC_SIGN)
    return file.read(6)[1:] in (b"CD001", b"BEA01")


def is_text(head: bytes) -> bool:
    """Whether what begins with the bytes `head` is text, and not even a damaged movie."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)  # its last character may be cut
    except UnicodeDecodeError:
        return False
    return b"\0" not in head


def index_of(file: BinaryIO) -> int | None:
    """Where in an MP4 or QuickTime file its index is, the box `moov` (ISO/IEC 14496-12, 4.2)."""
    place = 0
    for _ in range(MAX_BOXES):
        file.seek(place)
        header = file.read(16)
        if len(header) < 8:
            return None
        if header[4:8] == b"moov":
            return place
        size = int.from_bytes(header[:4], "big")
        if size == 1:  # the size follows, in 64 bits
            size = int.from_bytes(header[8:16], "big")
        if size < 8:  # 0: up to the end of the file
            return None
        place += size
    return None


def quoted(head: bytes) -> str:
    """The first bytes of a file, for people: at most `QUOTED` characters on one line."""
    return "".join(chr(byte) if 32 <= byte < 127 else "." for byte in head[:QUOTED])
