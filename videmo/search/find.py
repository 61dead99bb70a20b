"""Find moments in a table, or in all tables of a folder."""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from videmo.errors import OutputError
from videmo.files import lock_note, shown
from videmo.find import find_tables
from videmo.index import INDEX, Asked, Index, index_in_memory, open_index, read_index
from videmo.moments import Moment
from videmo.search.renew import Told, bring_up_to_date, is_up_to_date, renewed
from videmo.video import holds_series

log = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(frozen=True)
class Found:
    """An answer."""

    moments: Iterator[Moment]
    """In order; to be read while the answer is open."""
    folder: Path
    """The one in which the tables lie."""
    tables: dict[str, tuple[str, str]]
    """Of each movie, by its name: where its table lies in the folder, and the table's checksum."""
    problems: tuple[str, ...]
    """What is wrong with tables that could not be read; a line each."""
    warnings: tuple[str, ...]
    """What was done without, in tables that were read."""


@contextlib.contextmanager
def find_moments(place: Path, asked: Asked, progress: Told | None = None) -> Iterator[Found]:
    """The moments of a table, a scanned movie, or a folder of tables, that are asked for.

    A folder is asked through its index, which is brought up to date first.

    Raises:
        RequestError: there is no such table, person, or emotion.
        OutputError: the index is a file of somebody else.
    """
    asked = replace(asked, repeat=max(1, asked.repeat))
    index, folder, moments = _answered(place, asked, progress)
    try:
        told = tuple(index.problems(raw=asked.raw)), tuple(index.warnings(raw=asked.raw))
        yield Found(moments, folder, index.tables(), *told)
    except sqlite3.Error as error:
        raise _damaged(folder, error) from error
    finally:
        index.close()


def _answered(
    place: Path, asked: Asked, progress: Told | None
) -> tuple[Index, Path, Iterator[Moment]]:
    """The open index, the folder it is of, and the answer."""
    if not os.path.isdir(place) or holds_series(place):
        tables = find_tables([place])
        folder = next(iter(tables)).parent
        index = index_in_memory()
        bring_up_to_date(index, folder, tables)
        return index, folder, index.find(asked)
    # So many fit into memory, and that the index is damaged is seen in time.
    ready = iter if asked.limit is None else lambda moments: iter(list(moments))
    index, moments = ask_folder(place, lambda index: ready(index.find(asked)), progress)
    return index, place, moments


def ask_folder(
    folder: Path, question: Callable[[Index], T], progress: Told | None = None
) -> tuple[Index, T]:
    """The open index of a folder, which is brought up to date first, and what it answers.

    Raises:
        OutputError: the index is a file of somebody else, or is damaged again and again.
    """
    for again in (False, True):
        index = _of_folder(folder, progress, fresh=again)
        try:
            return index, question(index)
        except sqlite3.Error as error:
            index.close()
            if again:
                raise _damaged(folder, error) from error
            log.warning("%s: is damaged; it is made anew", shown(folder / INDEX))
        except BaseException:
            index.close()
            raise
    raise AssertionError  # pragma: no cover


def _damaged(folder: Path, error: Exception) -> OutputError:
    path = shown(folder / INDEX)
    return OutputError(f"{path}: is damaged ({error}); run: videmo index --fresh {shown(folder)}")


def _of_folder(folder: Path, progress: Told | None, *, fresh: bool) -> Index:
    """The index of a folder, as far up to date as can be."""
    if not os.access(folder, os.W_OK):
        return _of_sealed_folder(folder, fresh=fresh)
    try:
        return renewed(folder, fresh=fresh, progress=progress)[0]
    except OutputError:
        if lock_note(folder / INDEX) is None or not (folder / INDEX).exists():
            raise
    log.warning("%s: another videmo is at work on it; as far as that is", shown(folder / INDEX))
    return open_index(folder)


def _of_sealed_folder(folder: Path, *, fresh: bool) -> Index:
    """What is known of a folder in which nothing can be written."""
    index = None if fresh else read_index(folder)
    tables = find_tables([folder])
    if index is not None:
        with contextlib.suppress(sqlite3.Error):  # it is damaged
            if index.is_finished():
                if not is_up_to_date(index, folder, tables):
                    where = shown(folder / INDEX)
                    log.warning("%s: cannot be written; tables have changed since", where)
                return index
        index.close()
    log.warning("%s: cannot be written, so that all is read anew", shown(folder))
    index = index_in_memory()
    bring_up_to_date(index, folder, tables)
    return index
