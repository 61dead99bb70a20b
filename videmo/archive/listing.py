"""The list of movies that are named one by one: the same as an archive's, and kept as that is."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from videmo.archive.ledger import Entry, begin_ledger, ledger_path, read_ledger
from videmo.archive.share import Shard
from videmo.archive.standing import note_of
from videmo.errors import DiskFullError, OutputError
from videmo.files import file_lock, remove_left

log = logging.getLogger(__name__)


class Listing(NamedTuple):
    """Where it is written what becomes of movies."""

    path: Path | None
    """None: nowhere."""
    add: Callable[[Entry], None]
    tell: Callable[[str], None]
    """Puts down how far the scan is, for those who ask; see `note_of`."""


@contextmanager
def listing(folder: Path, movies: int, labels: Sequence[str]) -> Iterator[Listing]:
    """The list in `folder`, for a scan of so many `movies` by a model of these labels.

    What it says of others stays. One movie alone makes no list, but is put into one that is there.
    Where the list cannot be had, for another scan is writing it or it is not ours, that is told,
    and the movies are scanned without.

    Raises:
        DiskFullError: no room is left.
    """
    path = ledger_path(folder, Shard())
    found = Listing(None, lambda _: None, lambda _: None)
    with ExitStack() as stack:
        if movies > 1 or path.exists():
            try:
                tell = stack.enter_context(file_lock(path, note_of(movies)))
                found = Listing(path, _adder(path, labels), tell)
            except DiskFullError:
                raise
            except OutputError as error:
                log.warning("%s; what is scanned now is not listed there", error)
        yield found


def _adder(path: Path, labels: Sequence[str]) -> Callable[[Entry], None]:
    """What puts entries into the list at `path`, in order, each in the place of an older one."""
    remove_left(path)
    listed = read_ledger(path)
    theirs = (label for entry in listed.values() for label in entry.seconds)
    columns = list(dict.fromkeys([*theirs, *labels]))

    def add(entry: Entry) -> None:
        listed[entry.path] = entry
        begin_ledger(path, listed.values(), columns)

    begin_ledger(path, listed.values(), columns)
    return add
