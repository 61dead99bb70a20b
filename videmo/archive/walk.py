"""Find the movies in folders, by content and by name, and what stands in the way."""

from __future__ import annotations

import os
import stat
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

from videmo.archive.left_out import (
    ANIMATED,
    CHAPTER,
    DISC,
    DISC_SUFFIXES,
    LINK_TO_FOLDER,
    LINK_TO_MOVIE,
    LINK_TO_NOTHING,
    why_file,
    why_folder,
    why_series,
)
from videmo.errors import RequestError
from videmo.files import one_line, shown
from videmo.video import sniff
from videmo.video.chapters import find_chapters
from videmo.video.series import find_series

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
    more: tuple[Path, ...] = ()
    """The chapters that follow in one movie; `size` is that of all."""


def find_movies(
    places: Sequence[Path], *, series: bool = False, join: bool = True
) -> list[Candidate]:
    """The movies that `places`, folders and files, name; folders are searched to their depth.

    A file is a movie if its first bytes or the end of its name say so. Hidden files, and what
    videmo made, are left out. Given with the reason are folders that cannot be read or are reached
    twice (by links), links to movies that are there besides, links that lead nowhere, what has a
    movie's name and is no file, and what `left_out` knows. With `series`, a folder of numbered
    pictures is a movie, too. With `join`, files that are chapters of one recording are one movie,
    and all but the first are given with that reason.

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
        found += _walk(place, below, series)
    names: set[str] = set()
    for one in found:
        if (table := one_line(one.name)) in names:
            raise RequestError(
                f"{shown(one.name)}: two movies have this name; scan them into two folders with -o"
            )
        names.add(table)
    found = _followed_once(sorted(found, key=lambda one: os.fsencode(one.name)))
    return join_chapters(found) if join else found


def _followed_once(found: Sequence[Candidate]) -> list[Candidate]:
    """The same, but links to movies that are there besides, or are linked twice, with that reason:
    files before links to them, whatever their names."""
    links = [one for one in found if not one.reason and one.path.is_symlink()]
    if not links:
        return list(found)
    names = {one.name for one in links}
    others = [one for one in found if not one.reason and one.name not in names]
    first: dict[tuple[int, int], Candidate] = {}
    linked: dict[str, Candidate] = {}
    for one in (*others, *links):
        with suppress(OSError):
            status = one.path.stat()
            same = first.setdefault((status.st_dev, status.st_ino), one)
            if same is not one and one.name in names:
                why = f"{LINK_TO_MOVIE}: {shown(same.name)}"
                linked[one.name] = replace(one, reason=why)
    return [linked.get(one.name, one) for one in found]


def join_chapters(found: Sequence[Candidate]) -> list[Candidate]:
    """The same movies, those that are chapters of one recording joined.

    A file that was never closed, as the last one where a battery went flat, is left by itself.
    """
    folders: dict[str, dict[str, Candidate]] = defaultdict(dict)
    for one in found:
        if not one.reason and one.path.name == PurePath(one.name).name:
            folders[str(one.path.parent)][one.path.name] = one
    joined: dict[str, Candidate] = {}
    for here in folders.values():
        sound = (name for names in find_chapters(here) for name in names if _closed(here[name]))
        for first, *more in find_chapters(sound):
            size = sum(here[name].size for name in (first, *more))
            paths = tuple(here[name].path for name in more)
            joined[here[first].name] = replace(here[first], size=size, more=paths)
            why = f"{CHAPTER}: joined with {shown(first)}, where its times go on"
            joined |= {here[name].name: replace(here[name], reason=why) for name in more}
    return [joined.get(one.name, one) for one in found]


def _closed(one: Candidate) -> bool:
    """Whether a chapter has its index, if it is of a kind that needs one."""
    try:
        with one.path.open("rb") as file:
            is_mp4 = one.path.suffix.lower() == ".mp4"
            return not is_mp4 or sniff.index_of(file) is not None
    except OSError:
        return False


def _walk(top: Path, below: str, series: bool) -> Iterator[Candidate]:
    """Real folders first, links to folders after them, so that a link never hides a folder."""
    seen: dict[tuple[int, int], str] = {}
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
        before = seen.setdefault((status.st_dev, status.st_ino), name)
        if before != name:
            yield Candidate(folder, name, reason=f"{LINK_TO_FOLDER}: {shown(before or '.')}")
            continue
        if _extracted(folder, entries):
            continue
        yield from _pictures(folder, name or f"{folder.resolve().name}/", entries, series)
        for entry in entries:
            place, its_name = folder / entry.name, name + entry.name
            if _is_folder(entry):
                if why := why_folder(entry.name):
                    yield Candidate(place, its_name + "/", reason=why)
                elif not entry.name.startswith(".") and not entry.name.endswith(PARTS):
                    (links if entry.is_symlink() else waiting).append((place, its_name + "/"))
            elif not entry.name.startswith(".") and not entry.name.lower().endswith(MADE):
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


def _pictures(
    folder: Path, name: str, entries: list[os.DirEntry[str]], wanted: bool
) -> Iterator[Candidate]:
    """A folder that holds numbered pictures: a movie, if such are `wanted`."""
    found = find_series(entry.name for entry in entries)
    if wanted and len(found) == 1 and found[0].missing is None:
        path = folder if folder.name not in ("", "..") else folder.resolve()
        yield Candidate(path, name.rstrip("/"), sum(map(_size, entries)))
    elif why := why_series(found):
        yield Candidate(folder, name, reason=why)


def _size(entry: os.DirEntry[str]) -> int:
    try:
        return entry.stat().st_size
    except OSError:  # a link that leads nowhere, or a file that has just gone
        return 0


def _movie(path: Path, name: str) -> Iterator[Candidate]:
    """The file at `path`, if it is a movie or has a movie's name, or what is to be said of it."""
    named = path.suffix.lower() in sniff.SUFFIXES
    try:
        status = os.stat(path)
    except OSError:
        if path.is_symlink():
            yield Candidate(path, name, reason=f"{LINK_TO_NOTHING}: {shown(os.readlink(path))}")
        return  # else a file that has just gone
    if not stat.S_ISREG(status.st_mode):
        if named:
            yield Candidate(path, name, reason="is not a regular file")
        return
    is_movie, why = (True, why_file(path.name)) if named else _looked_at(path)
    if why:
        yield Candidate(path, name, reason=why)
    elif is_movie:
        yield Candidate(path, name, status.st_size)


def _looked_at(path: Path) -> tuple[bool, str]:
    """Whether a file is a movie, by its content, and else what is to be said of it, if anything."""
    suffix = path.suffix.lower()
    if why := why_file(path.name):
        return False, why
    try:
        with path.open("rb") as file:
            head = file.read(sniff.HEAD_BYTES)
            kind = sniff.sniff(head)
            if kind == sniff.GIF:
                return sniff.moves(file), ""
            if suffix in DISC_SUFFIXES and sniff.is_disc_image(file):
                return False, DISC
    except OSError:
        return suffix in sniff.TRANSPORT_SUFFIXES, ""
    # A damaged transport stream has no sign that it is one, but is no text.
    transport = suffix in sniff.TRANSPORT_SUFFIXES and bool(head) and not sniff.is_text(head)
    return kind == sniff.MOVIE or transport, ANIMATED if kind == sniff.ANIMATED else ""


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
            return file.read(len(EXTRACTED_HEADER))
    except OSError:
        return b""
