"""Open the index of a folder; where it is damaged, of an older videmo, or held, make it anew."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from pathlib import Path

from videmo.errors import DiskFullError, OutputError
from videmo.files import output_error, shown
from videmo.index.layout import APPLICATION, INDICES, TABLES, VERSION
from videmo.index.store import Index

log = logging.getLogger(__name__)

INDEX = "index.sqlite"
PATIENCE = 5.0
"""Seconds that another program may hold the file."""
CACHE = 64_000
"""Kilobytes that are kept in memory, however large the index is."""
FULL = "disk is full"
"""What SQLite says where there is no room."""
_MAGIC, _WHOSE = b"SQLite format 3\0", 68
"""How a database begins, and where it says whose it is."""

Connect = Callable[[Path], sqlite3.Connection]


def index_in_memory() -> Index:
    """A new index that is gone when it is closed."""
    db = sqlite3.connect(":memory:", check_same_thread=False)
    _lay_out(db)
    return Index(db)


def open_index(folder: Path, *, fresh: bool = False) -> Index:
    """The index of `folder` for reading and writing; a new one where there is none, or no sound
    one.

    Whoever changes it holds its `file_lock`.

    Args:
        folder: the one that is searched.
        fresh: make it anew, whatever it is like.

    Raises:
        OutputError: it cannot be written, or is a file of somebody else.
    """
    path = folder / INDEX
    try:
        why = _unsound(path)  # which refuses what is not ours
        if not fresh and not why and path.exists():
            return Index(_connected(path))
        if why and not fresh:
            log.warning("%s: %s; it is made anew", shown(path), why)
        _remove(path)
        db = _connected(path)
        try:
            _lay_out(db)
            db.execute("PRAGMA journal_mode = WAL")
        except sqlite3.Error:
            db.close()
            raise
    except OSError as error:
        raise output_error(error, path) from error
    except sqlite3.Error as error:
        raise write_error(error, path) from error
    return Index(db)


def read_index(folder: Path) -> Index | None:
    """The index of a folder in which nothing can be written, as it is; None: there is no sound one.

    Raises:
        OutputError: it is a file of somebody else.
    """
    path = folder / INDEX
    try:
        sound = path.exists() and not _unsound(path, _sealed)
    except OSError:  # not even to be read
        return None
    return Index(_sealed(path)) if sound else None


def write_error(error: sqlite3.Error, path: Path) -> OutputError:
    """What `error`, met while writing the index, means to the user."""
    if FULL in str(error):
        return DiskFullError(f"{shown(path)}: disk full; make room and run the command again")
    return OutputError(f"{shown(path)}: cannot be written ({error}); delete it, and try again")


def _connected(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=PATIENCE)
    _set_up(db)
    db.execute("PRAGMA synchronous = OFF")  # what a power cut damages is made anew
    return db


def _sealed(path: Path) -> sqlite3.Connection:
    """A connection that writes nothing: else SQLite wants to write beside the file even to read."""
    uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    db = sqlite3.connect(uri, uri=True, check_same_thread=False)
    _set_up(db)
    return db


def _set_up(db: sqlite3.Connection) -> None:
    db.execute("PRAGMA trusted_schema = OFF")  # the file may come from a stranger
    db.execute(f"PRAGMA cache_size = -{CACHE}")


def _lay_out(db: sqlite3.Connection) -> None:
    with db:
        for sql in TABLES:
            db.execute(sql)
        for name, what in INDICES.items():
            db.execute(f"CREATE INDEX {name} ON {what}")
        db.execute(f"PRAGMA application_id = {APPLICATION}")
        db.execute(f"PRAGMA user_version = {VERSION}")


def _unsound(path: Path, connect: Connect = _connected) -> str:
    """Why the index at `path` cannot be used; empty: it can, or there is none.

    Raises:
        OutputError: it is a database of another program, or no file.
    """
    if path.is_dir():
        raise OutputError(f"{shown(path)}: is a folder, and the index goes there; move it away")
    try:
        with path.open("rb") as file:
            head = file.read(100)
    except FileNotFoundError:
        return ""
    if head[: len(_MAGIC)] == _MAGIC and len(head) == 100:
        whose = int.from_bytes(head[_WHOSE : _WHOSE + 4], "big")
        if whose != APPLICATION:
            raise OutputError(
                f"{shown(path)}: is another program's database, and the index goes there; move it "
                "away"
            )
    elif head:
        return "is damaged"
    try:
        return _of_layout(path, connect)
    except sqlite3.OperationalError as error:
        return f"cannot be read ({error})"
    except sqlite3.DatabaseError:
        return "is damaged"


def _of_layout(path: Path, connect: Connect) -> str:
    """Why the database is not laid out as ours are."""
    db = connect(path)
    try:
        (version,) = db.execute("PRAGMA user_version").fetchone()
        tables = {
            sql for (sql,) in db.execute("SELECT sql FROM sqlite_master WHERE type != 'index'")
        }
    finally:
        db.close()
    if version == VERSION and tables == set(TABLES):
        return ""
    return "is of another videmo, or was never finished"


def _remove(path: Path) -> None:
    """With what lies beside it: the rest of an old one would be taken for a part of the new one."""
    for suffix in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
