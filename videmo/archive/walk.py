"""Find the movies in folders, by content and by name, and what stands in the way."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from videmo.errors import RequestError
from videmo.files import shown
from videmo.video.sniff import HEAD_BYTES, MOVIE, SUFFIXES, TRANSPORT_SUFFIXES, is_text, sniff

MADE = (".annotated.mp4",)
"""How videos end that videmo made of movies: they are no movies of the archive."""
EXTRACTED = "segments.csv"
EXTRACTED_HEADER = b"movie,emotion,track,first,last,repeat,"
PARTS = ".parts"


@dataclass(frozen=True)
class Candidate:
    """What may be a movie of the archive, and what is known of it before it is opened."""

    path: Path
    name: str
    """Its place in the archive: the folders below the one given, and its file name."""
    size: int = 0
    """Bytes."""
    reason: str = ""
    """Why it cannot be scanned, if that is plain already."""
    failed: bool = False
    """Whether that reason is a failure; else it is simply not a movie."""


def find_movies(places: Sequence[Path]) -> list[Candidate]:
    """The movies that `places`, folders and files, name; folders are searched to their depth.

    A file is a movie if its first bytes or the end of its name say so. Hidden files, and what
    videmo made, are left out. Folders that cannot be read, folders that are reached twice (by
    links), and what has a movie's name and is no file are given with the reason.

    Returns:
        In order of their names. With several folders, each name begins with its folder's.

    Raises:
        RequestError: a place is not there, or two movies would get one table.
    """
    folders = [place for place in places if os.path.isdir(place)]
    found: list[Candidate] = []
    for place in places:
        if not os.path.lexists(place):
            raise RequestError(f"{shown(place)}: no such file or folder; check the name")
        if not os.path.isdir(place):
            found.append(_file(place, place.name))
            continue
        below = f"{place.resolve().name}/" if len(folders) > 1 else ""
        found += _walk(place, below)
    names: set[str] = set()
    for one in found:
        if one.name in names:
            raise RequestError(
                f"{shown(one.name)}: two movies have this name; scan them into two folders with -o"
            )
        names.add(one.name)
    return sorted(found, key=lambda one: os.fsencode(one.name))


def _walk(top: Path, below: str) -> Iterator[Candidate]:
    """Real folders first, links to folders after them, so that a link never hides a folder."""
    seen: set[tuple[int, int]] = set()
    waiting, links = [(top, below)], list[tuple[Path, str]]()
    while waiting or links:
        folder, name = waiting.pop() if waiting else links.pop(0)
        try:
            status = os.stat(folder)
            entries = sorted(os.scandir(folder), key=lambda entry: os.fsencode(entry.name))
        except OSError as error:
            why = f"the folder cannot be read ({error.strerror})"
            yield Candidate(folder, name, reason=why, failed=True)
            continue
        if (status.st_dev, status.st_ino) in seen:
            yield Candidate(folder, name, reason="a link to a folder that is searched already")
            continue
        seen.add((status.st_dev, status.st_ino))
        if _extracted(folder, entries):
            continue
        for entry in entries:
            if entry.name.startswith("."):
                continue
            place, its_name = folder / entry.name, name + entry.name
            if _is_folder(entry):
                if not entry.name.endswith(PARTS):
                    (links if entry.is_symlink() else waiting).append((place, its_name + "/"))
            elif not entry.name.lower().endswith(MADE):
                yield from _movie(place, its_name)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _extracted(folder: Path, entries: list[os.DirEntry[str]]) -> bool:
    """Whether everything in a folder was made by `extract`."""
    if not any(entry.name == EXTRACTED for entry in entries):
        return False
    return _head(folder / EXTRACTED).startswith(EXTRACTED_HEADER)


def _movie(path: Path, name: str) -> Iterator[Candidate]:
    """The file at `path`, if it is a movie or has a movie's name."""
    named = path.suffix.lower() in SUFFIXES
    try:
        status = os.stat(path)
    except OSError:  # a link that leads nowhere, or a file that has just gone
        return
    if not stat.S_ISREG(status.st_mode):
        if named:
            yield Candidate(path, name, reason="is not a regular file")
    elif named or (status.st_size and _looks_like_a_movie(path)):
        yield Candidate(path, name, status.st_size)


def _looks_like_a_movie(path: Path) -> bool:
    """By content; a damaged transport stream has no sign that it is one, but is no text."""
    head = _head(path)
    transport = path.suffix.lower() in TRANSPORT_SUFFIXES
    return sniff(head) == MOVIE or (transport and not (head and is_text(head)))


def _file(path: Path, name: str) -> Candidate:
    """A file that the user named: whatever it is, it is to be scanned."""
    try:
        status = os.stat(path)
    except OSError:
        return Candidate(path, name)
    if not stat.S_ISREG(status.st_mode):
        return Candidate(path, name, reason="is not a regular file")
    return Candidate(path, name, status.st_size)


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(HEAD_BYTES)
    except OSError:
        return b""
