"""Whether a movie's colours are Dolby Vision's own, which no other decoder shows right.

Its profiles 5, and 10 without a compatible base, code them as IPT; the others are HDR10, HLG or
ordinary ones with something added. A stream does not say it, only the container (Dolby Vision
Streams within the ISO Base Media File Format, 3.1; within the MPEG-2 Transport Stream, 3.1;
Matroska's registry of block additions), and what decodes it here does not tell.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from videmo.video.sniff import index_of

HEAD_BYTES = 1 << 20
"""Of a file in whose head a container says it, or never."""
INDEX_BYTES = 16 << 20
"""Of an MP4's index, in which the box lies at the beginning of its track."""

_CONFIGURATION = re.compile(
    # MP4; Matroska, with an element between.
    rb"dv[cvw]C(?:\x41\xed[\x80-\xff])?[\x01-\x03].(..)(.)"
    rb"|\xb0[\x05-\x07]\x01\x00(..)(.)",  # the descriptor of a transport stream
    re.DOTALL,
)


def own_colours(path: Path) -> bool:
    """Whether the container says that the picture of the movie at `path` is such a one."""
    try:
        with path.open("rb") as file:
            said = file.read(HEAD_BYTES)
            place = index_of(file)
            if place is not None:
                file.seek(place)
                said = file.read(INDEX_BYTES)
    except OSError:
        return False  # reading for the pictures will meet it again, and tell
    return any(profile == 5 or (profile == 10 and not base) for profile, base in _profiles(said))


def _profiles(said: bytes) -> Iterator[tuple[int, int]]:
    """The profile of each stream of Dolby Vision, and what its base is compatible with."""
    for first, base, other, its_base in _CONFIGURATION.findall(said):
        numbers = first or other  # seven bits of profile, six of level, three flags
        yield numbers[0] >> 1, (base or its_base)[0] >> 4
