"""Put a file in its place whole or not at all, name files for people, and fingerprint them."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from unicodedata import category

from videmo.errors import BusyError, DiskFullError, OutputError

fcntl: ModuleType | None
try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

FINGERPRINT_BYTES = 1 << 20
BREAKS = ("Cc", "Zl", "Zp")
"""Kinds of characters (Unicode): control characters, and separators of lines and paragraphs."""
LONGEST_NOTE = 1 << 16
NO_SPACE = (errno.ENOSPC, errno.EDQUOT)
NO_SYNC = (errno.ENOTSUP, errno.EINVAL)
NO_LOCK = (errno.ENOTSUP, errno.ENOLCK, errno.ENOSYS, errno.EINVAL)


def shown(path: str | os.PathLike[str]) -> str:
    """A path as one printable line: line breaks, control characters and stray bytes escaped."""
    text = os.fspath(path)
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def one_line(name: str) -> str:
    """A name as we give it to a file or folder: what breaks lines, and other control characters,
    as in web addresses (``%0A``), so that lists of paths have one in each line."""
    return "".join(f"%{ord(c):02X}" if category(c) in BREAKS else c for c in name)


@contextlib.contextmanager
def atomic_path(target: Path) -> Iterator[Path]:
    """Yield a temporary path beside `target`; when the block ends well, it becomes `target`.

    The order is: the block writes, fsync, rename, fsync of the folder. When the block raises,
    the temporary file is removed and `target` stays what it was.

    Raises:
        DiskFullError: no space left.
        OutputError: the folder cannot be written.
    """
    # A name of our own: `target`'s may already be as long as the file system allows.
    part = _part(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        yield part
        _sync(part)
        os.replace(part, target)
        _sync(target.parent)
    except OSError as error:
        raise output_error(error, target) from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink()


def _part(target: Path, token: str = "") -> Path:
    """A temporary name for `target`; that it is for this one can be told from it."""
    return target.parent / f".{_short(target)}-{token or secrets.token_hex(4)}.part"


def temporary(target: Path) -> Path:
    """A name for a file beside `target` that `remove_left` takes away, should it be left."""
    return _part(target)


def _short(target: Path) -> str:
    return sha256(os.fsencode(target.name))[:16]


def remove_left(target: Path) -> None:
    """Remove what writers of `target` left that were killed; there must be no other one now.

    Raises:
        OutputError: the folder cannot be written.
    """
    try:
        for left in target.parent.glob(_part(target, "*").name):
            left.unlink()
    except OSError as error:
        raise output_error(error, target) from error


@contextlib.contextmanager
def file_lock(target: Path, note: str = "") -> Iterator[Callable[[str], None]]:
    """Hold the right to write `target`, until the block ends or the process does, however.

    `note` can be read by others while it is held, with `lock_note`; what is given to the block puts
    another one in its place. Where the system has no such locks, there is none.

    Raises:
        BusyError: another process has it.
        OutputError: the folder cannot be written.
    """
    if fcntl is None:
        yield lambda _: None
        return
    path = _lock(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        while True:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
            if _taken(descriptor):
                os.close(descriptor)
                raise BusyError(
                    f"{shown(target)}: another videmo is at work on this; wait until it has ended"
                )
            # Who had it before may have removed the file between our two calls.
            if path.exists() and os.path.samestat(os.fstat(descriptor), path.stat()):
                break
            os.close(descriptor)
        _write_note(descriptor, note)
    except OSError as error:
        raise output_error(error, target) from error

    def tell(news: str) -> None:
        with contextlib.suppress(OSError):  # it is only told, and the disk may be full
            _write_note(descriptor, news)

    try:
        yield tell
    finally:
        with contextlib.suppress(OSError):
            path.unlink()
        os.close(descriptor)


def lock_note(target: Path) -> str | None:
    """The note of the process that holds the right to write `target`; None if there is none."""
    if fcntl is None:
        return None
    try:
        descriptor = os.open(_lock(target), os.O_RDWR)
    except OSError:
        return None
    try:
        note = os.read(descriptor, LONGEST_NOTE)
        return note.decode(errors="replace") if _taken(descriptor) else None
    finally:
        os.close(descriptor)


def _write_note(descriptor: int, note: str) -> None:
    """Put a note into an open file, in one go: who reads it has the old or the new one."""
    content = note.encode()[:LONGEST_NOTE]
    os.pwrite(descriptor, content, 0)
    os.ftruncate(descriptor, len(content))


def _lock(target: Path) -> Path:
    return target.parent / f".{_short(target)}.lock"


def _taken(descriptor: int) -> bool:
    """Take the lock of an open file, if nobody has it; file systems without locks are forgiven."""
    assert fcntl is not None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError as error:
        if error.errno not in NO_LOCK:
            raise
    return False


def write_atomic(target: Path, data: bytes) -> None:
    """Write `data` as `target`, whole or not at all; raises as `atomic_path` does."""
    with atomic_path(target) as part:
        part.write_bytes(data)
        if part.stat().st_size != len(data):
            raise OutputError(f"{shown(target)}: written short; check the disk and try again")


def check_writable(target: Path) -> None:
    """Find out, before any work is done, whether `target` can be written.

    Raises:
        DiskFullError, OutputError: as `atomic_path` would in the end.
    """
    try:
        with contextlib.suppress(FileNotFoundError):
            target.lstat()  # fails for a name that is too long
        target.parent.mkdir(parents=True, exist_ok=True)
        trial = _part(target)
        trial.touch()
        trial.unlink()
    except OSError as error:
        raise output_error(error, target) from error


def output_error(error: OSError, target: Path) -> OutputError:
    """What `error`, met while writing `target`, means to the user."""
    if error.errno in NO_SPACE:
        return DiskFullError(f"{shown(target)}: disk full; make room and run the command again")
    if error.errno == errno.ENAMETOOLONG:
        return OutputError(f"{shown(target)}: this name is too long; give the movie a shorter one")
    reason = error.strerror or str(error)
    return OutputError(f"{shown(target)}: cannot write ({reason}); choose another folder with -o")


def sha256(data: bytes) -> str:
    """The SHA-256 of `data`, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def fingerprint(path: Path) -> str:
    """SHA-256 over the size, the first and the last MiB of a file: enough to know a movie again."""
    size = path.stat().st_size
    digest = hashlib.sha256(str(size).encode())
    with path.open("rb") as file:
        digest.update(file.read(FINGERPRINT_BYTES))
        if size > FINGERPRINT_BYTES:
            file.seek(max(FINGERPRINT_BYTES, size - FINGERPRINT_BYTES))
            digest.update(file.read(FINGERPRINT_BYTES))
    return digest.hexdigest()


def _sync(path: Path) -> None:
    """Ask the disk to keep `path`; file systems that cannot (FAT, SMB) are forgiven."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in NO_SYNC:
            raise
    finally:
        os.close(descriptor)
