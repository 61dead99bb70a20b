"""The list of an archive: `archive.csv`, one row for each movie, written as movies are finished.

It begins with those that wait. Rows are appended, each with one write, so that the list holds whole
rows at any moment, and of two for one movie the later one counts; where a machine was switched off
in the middle of one, that row is left out. It is for people and spreadsheets: names are
neutralised, and what decides is in the tables' records.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from videmo.archive.share import Shard
from videmo.errors import OutputError
from videmo.files import lock_note, output_error, shown, write_atomic
from videmo.sheets import safe_cell
from videmo.table import Record, columns_as_saved

OK, PARTIAL, FAILED, SKIPPED, COPY = "ok", "partial", "failed", "skipped", "copy"
WAITING = "waiting"
STATUSES = (OK, PARTIAL, FAILED, SKIPPED, COPY, WAITING)

FIRST_LEDGER_COLUMNS = ("path", "status", "reason", "duration", "frames", "faces")
LAST_LEDGER_COLUMNS = ("took", "key")
"""Between them comes one for each label of the model: the seconds for which it was held."""


@dataclass(frozen=True)
class Entry:
    """What became of a movie."""

    path: str
    """Its place in the archive, as the list shows it."""
    status: str
    """`OK`, `PARTIAL`, `FAILED`; `SKIPPED`: no movie, or not to be scanned; `COPY`: of another
    movie, whose numbers these are: who adds up leaves copies out; `WAITING`: not scanned yet."""
    reason: str = ""
    duration: float = 0.0
    """Seconds scanned."""
    frames: int = 0
    faces: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    """How long each emotion was held."""
    took: float = 0.0
    """Seconds that the scan took."""
    key: str = ""
    """Tells the movie and the settings: while it stays the same, the entry holds."""
    was: str = ""
    """Its place before, where its table followed it to this one. Not listed."""


def ledger_path(folder: Path, shard: Shard) -> Path:
    """Where the list lies: one for each shard, so that machines do not write into one file."""
    if shard.count == 1:
        return folder / "archive.csv"
    return folder / f"archive-{shard.number}-of-{shard.count}.csv"


def entry_of(name: str, record: Record, took: float, key: str) -> Entry:
    """The entry of a movie that was scanned."""
    partial = record["status"] != OK
    said = [why_partial(record)] if partial else []
    if joined := joined_with(record):
        said.append(joined)
    return Entry(
        safe_cell(name),
        PARTIAL if partial else OK,
        "; ".join(said + record.get("warnings", [])),
        record["end"] - record["settings"]["start"],
        record["frames_read"],
        record["faces"],
        dict(record["seconds"]),
        took,
        key,
    )


def joined_with(record: Record) -> str:
    """Which chapters a movie has besides its first; empty for a movie in one file."""
    names = ", ".join(shown(name) for name in record["movie"].get("chapters", []))
    return f"joined with {names} (--join never keeps them apart)" if names else ""


def copy_entry(name: str, first: Entry, key: str) -> Entry:
    """The entry of a movie that is a copy of `first`."""
    numbers = replace(first, path=safe_cell(name), status=COPY, took=0.0, key=key)
    return replace(numbers, reason=copy_reason(first.path))


def copy_reason(path: str) -> str:
    """What is said of a copy of the movie that is listed as `path`."""
    return f"a copy of {path}"


def why_partial(record: Record) -> str:
    """What is missing of a movie that was not read whole."""
    numerator, _, denominator = record["fps"].partition("/")
    seconds = record["frames_expected"] * int(denominator) / int(numerator)
    more = ", changed while it was scanned" if record["changed_meanwhile"] else ""
    more += ", the file is cut off" if record.get("cut_off") else ""
    return (
        f"{record['frames_read']} of {record['frames_expected']} frames read "
        f"({record['end'] - record['settings']['start']:.1f} of {seconds:.1f} s), "
        f"{record['decode_failures']} damaged{more}"
    )


def read_ledger(path: Path) -> dict[str, Entry]:
    """The entries of a list, by path; of two for one path, the later one.

    Raises:
        OutputError: the file cannot be read, or is no such list.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise OutputError(f"{shown(path)}: cannot be read ({error.strerror})") from error
    whole = content[: content.rfind(b"\n") + 1].decode(errors="replace").replace("\0", "")
    rows = csv.reader(io.StringIO(whole, newline=""))
    header = next(rows, None)
    if header is None or not _is_header(header):
        if _is_header(columns_as_saved(content)):
            raise OutputError(
                f"{shown(path)}: was saved by a spreadsheet, which writes lists its own way; give "
                "that another name: started again, the scan makes a new list of what is done"
            )
        raise OutputError(
            f"{shown(path)}: is not the list that videmo writes; move it away, or choose another "
            "folder with -o"
        )
    entries = (_entry(header, row) for row in rows)
    return {entry.path: entry for entry in entries if entry}


def read_ledgers(folder: Path) -> dict[str, Entry]:
    """The entries of all lists in a folder: an archive may be scanned in shards. Of a movie in
    several lists, what stands in the one that was written last."""
    entries: dict[str, Entry] = {}
    for path in sorted(folder.glob("archive*.csv"), key=_written):
        entries |= read_ledger(path)
    return entries


def _written(path: Path) -> tuple[int, str]:
    try:
        return path.stat().st_mtime_ns, path.name
    except OSError:  # removed meanwhile
        return 0, path.name


def running(folder: Path) -> dict[str, str]:
    """The lists in a folder that a scan is writing just now, each with the scan's note."""
    notes = {path.name: lock_note(path) for path in sorted(folder.glob("archive*.csv"))}
    return {name: note for name, note in notes.items() if note is not None}


def _is_header(names: Sequence[str]) -> bool:
    first, last = len(FIRST_LEDGER_COLUMNS), len(LAST_LEDGER_COLUMNS)
    return (*names[:first], *names[-last:]) == FIRST_LEDGER_COLUMNS + LAST_LEDGER_COLUMNS


def begin_ledger(path: Path, entries: Iterable[Entry], labels: Sequence[str]) -> None:
    """Write the list anew, in order of the paths, with columns for these labels."""
    rows = sorted(entries, key=lambda entry: entry.path)
    header = (*FIRST_LEDGER_COLUMNS, *labels, *LAST_LEDGER_COLUMNS)
    content = "".join(map(_line, [header, *(_row(entry, labels) for entry in rows)]))
    write_atomic(path, content.encode())


def add_entry(path: Path, entry: Entry, labels: Sequence[str]) -> None:
    """Append an entry to the list, which has columns for these labels: all of it, or nothing."""
    content = _line(_row(entry, labels)).encode()
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND)
        try:
            before = os.fstat(descriptor).st_size
            try:
                written = os.write(descriptor, content)
                if written != len(content):
                    raise OSError(28, "No space left on device")
            except OSError:
                os.ftruncate(descriptor, before)
                raise
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise output_error(error, path) from error


def _row(entry: Entry, labels: Sequence[str]) -> tuple[object, ...]:
    scanned = entry.status in (OK, PARTIAL) or (entry.status == COPY and entry.frames > 0)
    numbers = (f"{entry.duration:.3f}", entry.frames, entry.faces)
    seconds = (f"{entry.seconds.get(emotion, 0):.3f}" for emotion in labels)
    return (
        *(entry.path, entry.status, safe_cell(entry.reason)),
        *(numbers if scanned else [""] * 3),
        *(seconds if scanned else [""] * len(labels)),
        *(f"{entry.took:.1f}", entry.key),
    )


def _line(row: Iterable[object]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(row)
    return text.getvalue()


def _entry(header: list[str], row: list[str]) -> Entry | None:
    """The entry that a row stands for; None if somebody has spoilt it: then it is made again."""
    first, last = len(FIRST_LEDGER_COLUMNS), len(LAST_LEDGER_COLUMNS)
    if len(row) != len(header):
        return None
    # By their places: a label may be called as one of the other columns.
    values = dict(
        zip(FIRST_LEDGER_COLUMNS + LAST_LEDGER_COLUMNS, row[:first] + row[-last:], strict=True)
    )
    if values["status"] not in STATUSES:
        return None
    seconds = zip(header[first:-last], row[first:-last], strict=True)
    try:
        return Entry(
            values["path"],
            values["status"],
            values["reason"],
            float(values["duration"] or 0),
            int(values["frames"] or 0),
            int(values["faces"] or 0),
            {emotion: float(value) for emotion, value in seconds if value},
            float(values["took"] or 0),
            values["key"],
        )
    except ValueError:
        return None
