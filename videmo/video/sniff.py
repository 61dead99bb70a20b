"""What a file is, as far as its first bytes tell: cheap, and no decoder is asked."""

from __future__ import annotations

import codecs
from typing import BinaryIO

MOVIE = "movie"
SOUND = "sound"
PICTURE = "still picture"
PLAYLIST = "playlist"
UNKNOWN = ""

HEAD_BYTES = 1024
MAX_BOXES = 1000
QUOTED = 24

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
    for place, sign, kind in _SIGNS:
        if head.startswith(sign, place):
            return kind
    return UNKNOWN


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
