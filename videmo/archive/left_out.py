"""What a folder's scan leaves out, and why. Pure.

Each reason is a kind of thing, then a colon, and what to do about it: the sum counts by kinds.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import PurePath

from videmo.video.series import Series

SMALL_COPY = "a camera's small copy of a movie: name it to have it scanned"
DELETED = "a folder of what was deleted: name it to have it scanned"
DISC = "a disc image: mount it, and scan what is in it"
RAW = "a camera's raw format: convert it with its maker's program, and scan what that makes"
CHAPTER = "a chapter of another"
MENU = "a menu of a DVD: name it to have it scanned"
ANIMATED = "an animated WebP or PNG: convert it to GIF or MP4, and scan that"
LINK_TO_FOLDER = "a link to a folder that is searched already"
LINK_TO_MOVIE = "a link to a movie that is there besides"
LINK_TO_NOTHING = "a link that leads nowhere"
SYSTEM = "a folder of the system: name it to have it scanned"

_SUFFIXES = {
    **dict.fromkeys((".lrv", ".lrf", ".thm"), SMALL_COPY),
    **dict.fromkeys((".iso", ".nrg", ".mdf", ".dmg", ".toast", ".cdi", ".udf"), DISC),
    **dict.fromkeys((".braw", ".r3d", ".ari", ".arx", ".crm", ".nev", ".cine", ".mlv"), RAW),
}
_MENU = re.compile(r"VTS_\d\d_0\.VOB|VIDEO_TS\.VOB", re.ASCII | re.IGNORECASE)
DISC_SUFFIXES = {".img", ".bin"}
"""What names of disc images end with, and of much else."""

_FOLDERS = {
    **dict.fromkeys(("#recycle", "@recycle", "$recycle.bin", "recycler", ".trashes"), DELETED),
    **dict.fromkeys(("system volume information", "lost+found", "@eadir"), SYSTEM),
}

_KIND = re.compile(r"[^:;(]*")


def why_folder(name: str) -> str:
    """Why a folder of this name is not searched; empty if it is."""
    return _FOLDERS.get(name.casefold(), "")


def why_file(name: str) -> str:
    """Why a file of this name is no movie to be scanned, whatever is in it; empty if it may be."""
    if _MENU.fullmatch(name):
        return MENU
    return _SUFFIXES.get(PurePath(name).suffix.lower(), "")


def why_series(found: Sequence[Series]) -> str:
    """Why series of pictures in a folder are no movie; empty where there is none."""
    if not found:
        return ""
    if len(found) > 1:
        count = sum(one.pictures for one in found)
        what, to_do = f"{count} in {len(found)} series", "move each series to a folder of its own"
    elif found[0].missing is not None:
        what = f"{found[0].pictures}, but {found[0].pattern % found[0].missing} is missing"
        to_do = "number them without gaps"
    else:
        what = f"{found[0].pictures} of them"
        to_do = "name it and say --fps 25 to scan it as a movie"
    return f"a folder of numbered pictures: {what}; {to_do}"


def count_kinds(reasons: Iterable[str]) -> dict[str, int]:
    """How often each kind of thing is among `reasons`, the most frequent first."""
    kinds = Counter(_kind(reason) for reason in reasons)
    return dict(sorted(kinds.items(), key=lambda item: (-item[1], item[0])))


def _kind(reason: str) -> str:
    found = _KIND.match(reason)
    return found[0].strip() if found else ""
