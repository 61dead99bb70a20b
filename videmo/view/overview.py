"""What the page of all movies shows: asked of the index, as there may be thousands of tables."""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from videmo.errors import OutputError, TableError
from videmo.find import find_tables
from videmo.index import Asked, Index, Sums, index_in_memory
from videmo.moments import Moment
from videmo.report.data import Data
from videmo.report.index import MOST_BEST, Best, index_data, movie_row
from videmo.schema import DEFAULT_REPEAT
from videmo.search import Told, ask_folder, bring_up_to_date, is_up_to_date, place_in
from videmo.table import read_record
from videmo.view.shelf import Face

log = logging.getLogger(__name__)


class _Answer(NamedTuple):
    """What the index says, by the places of tables: names may look alike."""

    sums: Mapping[str, Sums]
    best: Sequence[tuple[str, Moment]]


class Overview:
    """All movies: what their moments come to, and the best of them. May be used by several
    threads."""

    def __init__(
        self,
        tables: Sequence[tuple[Path, str]],
        folder: Path | None,
        *,
        raw: bool = False,
        progress: Told | None = None,
    ) -> None:
        """Look at all tables, so that there is no waiting later.

        Args:
            tables: each with its movie's name.
            folder: the one that they were found in, maybe with others; None: they lie here and
                there.
            raw: as if nobody had corrected anything.
            progress: told of tables looked at.

        Raises:
            VidemoError: there is no table any more.
        """
        self._tables = tables
        self._folder = folder
        common = os.path.commonpath([table.parent.absolute() for table, _ in tables])
        self._base = folder or Path(common)
        self._places = [place_in(self._base, table) for table, _ in tables]
        self._links = {place: f"movie/{n}/" for n, place in enumerate(self._places)}
        self._raw = raw
        self._kept: Index | None = None
        """One in memory, where the folder's own cannot be had or brought up to date."""
        self._best_of: list[list[Face]] = [[] for _ in tables]
        self._lock = threading.Lock()
        if len(tables) > 1:  # else nobody sees it
            self._told(progress)

    def data(self) -> Data:
        """What the page is given, as tables and corrections are now.

        Raises:
            VidemoError: there is no table any more, or the index fails.
        """
        with self._lock:
            told = self._told()
            self._best_of = [[] for _ in self._tables]
            for place, moment in told.best:
                number = self._places.index(place)
                self._best_of[number].append(Face(moment.track, moment.best_frame))
        rows = []
        for place, (table, name) in zip(self._places, self._tables, strict=True):
            record = None
            with suppress(TableError):
                record = read_record(table)
            rows.append(movie_row(name, self._links[place], record, told.sums.get(place)))
        name = self._folder.absolute().name if self._folder else "videmo"
        return index_data(name, rows, map(self._best, told.best))

    def faces(self, number: int) -> Sequence[Face]:
        """The faces of a movie that the page shows."""
        return self._best_of[number]

    def _best(self, placed: tuple[str, Moment]) -> Best:
        place, moment = placed
        link = self._links[place]
        return Best(moment, link, f"{link}faces/{moment.track}-{moment.best_frame}.jpg")

    def _told(self, progress: Told | None = None) -> _Answer:
        if self._folder is not None and self._kept is None:
            told = self._of_folder(self._folder, progress)
            if told is not None:
                return told
        if self._kept is None:
            self._kept = index_in_memory()
        try:
            bring_up_to_date(self._kept, self._base, dict(self._tables), progress)
            return self._ask(self._kept)
        except sqlite3.Error as error:
            self._kept = None
            why = f"the index in memory failed ({error}); load the page again"
            raise OutputError(why) from error

    def _of_folder(self, folder: Path, progress: Told | None) -> _Answer | None:
        """What the folder's own index says; None: it cannot be had, or brought up to date."""
        try:
            index, told = ask_folder(folder, self._ask, progress)
        except OutputError as error:
            log.warning("%s; until then, all is read anew", error)
            return None
        if index.in_memory:  # nothing can be written there, and to read it may have taken long
            self._kept = index
            return told
        try:  # corrections lie beside tables, in folders that may well be written to
            sealed = not os.access(folder, os.W_OK)
            stale = sealed and not is_up_to_date(index, folder, find_tables([folder]))
        finally:
            index.close()
        return None if stale else told

    def _ask(self, index: Index) -> _Answer:
        sums = index.sums(repeat=DEFAULT_REPEAT, raw=self._raw)
        best: list[tuple[str, Moment]] = []
        for label in index.labels():
            found = index.find_placed(Asked((label,), raw=self._raw))
            best += islice((one for one in found if one[0] in self._links), MOST_BEST)
        return _Answer(sums, best)
