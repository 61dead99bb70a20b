"""Which movies of an archive are copies of others: the same file under another name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from videmo.archive.done import done_record, key_of, table_of
from videmo.archive.ledger import COPY, Entry, copy_entry, copy_reason
from videmo.archive.walk import Candidate
from videmo.errors import RequestError
from videmo.files import FINGERPRINT_BYTES
from videmo.sheets import safe_cell
from videmo.table import Record
from videmo.video import fingerprint, pictures_in

BLOCK = 1 << 20

Key = TypeVar("Key", bound=Hashable)


def copies_in(
    movies: Sequence[Candidate],
    folder: Path,
    made: Record,
    listed: dict[str, Entry],
    *,
    by_name: bool,
) -> dict[str, Candidate]:
    """Which movies are copies of which; `by_name` says that it does not matter what is done."""

    def done(one: Candidate) -> bool:
        table = table_of(folder, one.name, one.path, made)
        return not by_name and done_record(table, one.path, made, one.more) is not None

    def known(one: Candidate, first: Candidate) -> bool:
        before = listed.get(safe_cell(one.name))
        said = copy_reason(safe_cell(first.name))
        return bool(
            before and before.reason == said and before.key == key_of(one.path, made, one.more)
        )

    return find_copies(movies, done, known)


def copy_entries(
    movies: Sequence[Candidate],
    copies: dict[str, Candidate],
    entries: Sequence[Entry],
    made: Record,
    *,
    every: bool = False,
) -> Iterator[Entry]:
    """The entries of copies of what is in `entries`; of `every` copy, if another machine scans
    what it is of."""
    known = {entry.path: entry for entry in entries}
    for one in movies:
        path = safe_cell(copies[one.name].name)
        first = known.get(path)
        if first or every:
            yield copy_entry(one.name, first or Entry(path, COPY), key_of(one.path, made, one.more))


def find_copies(
    movies: Sequence[Candidate],
    done: Callable[[Candidate], bool],
    known: Callable[[Candidate, Candidate], bool],
) -> dict[str, Candidate]:
    """For each movie that is a copy of another, by its name, which that other is.

    The other is one that is `done` already, else the first. Files are read only where sizes are the
    same: head and tail first, then the whole, unless that two are the same is `known` already.
    """
    copies: dict[str, Candidate] = {}
    whole = (one for one in movies if one.size and not one.reason)
    for of_size in _groups(whole, lambda one: one.size):
        for alike in _groups(of_size, _ends):
            for one, first in _pairs(sorted(alike, key=lambda one: not done(one)), known):
                copies[one.name] = first
    return copies


def _pairs(
    alike: Iterable[Candidate], known: Callable[[Candidate, Candidate], bool]
) -> Iterator[tuple[Candidate, Candidate]]:
    """Each copy, with what it is a copy of, among movies of the same size, head and tail."""
    firsts: list[Candidate] = []
    for one in alike:
        for first in firsts:
            if known(one, first) or _same(one, first):
                yield one, first
                break
        else:
            firsts.append(one)


def _groups(
    movies: Iterable[Candidate], key: Callable[[Candidate], Key | None]
) -> Iterator[list[Candidate]]:
    """Movies that have the same key, in their order, where there are several; None is no key."""
    groups: dict[Key, list[Candidate]] = defaultdict(list)
    for one in movies:
        if (found := key(one)) is not None:
            groups[found].append(one)
    return (group for group in groups.values() if len(group) > 1)


def _ends(one: Candidate) -> str | None:
    try:
        return fingerprint(one.path, one.more)
    except OSError:
        return None


def _same(one: Candidate, other: Candidate) -> bool:
    """Whether the files are the same to the last byte, of which head and tail are."""
    try:
        files, others = _files(one), _files(other)
        if len(files) == len(others) == 1 and one.size <= 2 * FINGERPRINT_BYTES:
            return True
        pairs = zip(files, others, strict=True)
        return all(a.samefile(b) or _same_content(a, b) for a, b in pairs)
    except (OSError, ValueError, RequestError):  # not as many; no series of pictures any more
        return False


def _files(one: Candidate) -> list[Path]:
    """All that a movie lies in: its file, its chapters, or its numbered pictures."""
    return pictures_in(one.path) if one.path.is_dir() else [one.path, *one.more]


def _same_content(one: Path, other: Path) -> bool:
    with one.open("rb") as first, other.open("rb") as second:
        while block := first.read(BLOCK):
            if block != second.read(BLOCK):
                return False
        return not second.read(1)
