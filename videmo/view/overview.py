"""What the page of all movies shows: asked of the index, as there may be thousands of tables."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from videmo.errors import TableError
from videmo.files import shown
from videmo.index import Asked, Index, Sums, index_in_memory
from videmo.moments import Moment
from videmo.report.data import Data
from videmo.report.index import MOST_BEST, Best, index_data, movie_row
from videmo.schema import DEFAULT_REPEAT
from videmo.search import Told, ask_folder, bring_up_to_date
from videmo.table import read_record


class _Answer(NamedTuple):
    """What the index says."""

    sums: Mapping[str, Sums]
    best: Sequence[Moment]


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
            VidemoError: the index cannot be written or read.
        """
        self._tables = tables
        self._links = {shown(name): f"movie/{n}/" for n, (_, name) in enumerate(tables)}
        self._folder = folder
        self._raw = raw
        self._kept: Index | None = None
        self._lock = threading.Lock()
        if len(tables) > 1:  # else nobody sees it
            self._told(progress)

    def data(self) -> Data:
        """What the page is given, as tables and corrections are now.

        Raises:
            VidemoError: the index cannot be written or read.
        """
        with self._lock:
            told = self._told()
        rows = []
        for table, name in self._tables:
            with suppress(TableError):
                link, sums = self._links[shown(name)], told.sums.get(shown(name))
                rows.append(movie_row(name, link, read_record(table), sums))
        name = self._folder.absolute().name if self._folder else "videmo"
        return index_data(name, rows, map(self._best, told.best))

    def _best(self, moment: Moment) -> Best:
        link = self._links[moment.movie]
        return Best(moment, link, f"{link}faces/{moment.track}-{moment.best_frame}.jpg")

    def _told(self, progress: Told | None = None) -> _Answer:
        if self._folder is None:  # an index of these alone, which nobody else needs
            if self._kept is None:
                self._kept = index_in_memory()
            common = Path(
                os.path.commonpath([table.parent.absolute() for table, _ in self._tables])
            )
            bring_up_to_date(self._kept, common, dict(self._tables), progress)
        elif self._kept is None:
            index, told = ask_folder(self._folder, self._ask, progress)
            if os.access(self._folder, os.W_OK):
                index.close()
            else:  # nothing can change there, and to read it may have taken long
                self._kept = index
            return told
        return self._ask(self._kept)

    def _ask(self, index: Index) -> _Answer:
        sums = index.sums(repeat=DEFAULT_REPEAT, raw=self._raw)
        best: list[Moment] = []
        for label in index.labels():
            found = index.find(Asked((label,), raw=self._raw))
            best += islice((one for one in found if one.movie in self._links), MOST_BEST)
        return _Answer(sums, best)
