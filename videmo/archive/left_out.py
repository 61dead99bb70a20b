"""What a folder's scan leaves out, and why: told by names alone. Pure.

Each reason is a kind of thing, then a colon, and what to do about it: the sum counts by kinds.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import PurePath

SMALL_COPY = "a camera's small copy of a movie: name it to have it scanned"
DELETED = "a folder of what was deleted: name it to have it scanned"
SYSTEM = "a folder of the system: name it to have it scanned"

_SUFFIXES = dict.fromkeys((".lrv", ".lrf", ".thm"), SMALL_COPY)

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
    return _SUFFIXES.get(PurePath(name).suffix.lower(), "")


def count_kinds(reasons: Iterable[str]) -> dict[str, int]:
    """How often each kind of thing is among `reasons`, the most frequent first."""
    kinds = Counter(_kind(reason) for reason in reasons)
    return dict(sorted(kinds.items(), key=lambda item: (-item[1], item[0])))


def _kind(reason: str) -> str:
    found = _KIND.match(reason)
    return found[0].strip() if found else ""
