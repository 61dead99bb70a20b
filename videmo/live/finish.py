"""Make the table and the record of a live session out of its journal."""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterator, Sequence
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

from videmo.errors import BusyError, MovieError, OutputError, RequestError, TableError
from videmo.files import file_lock, output_error, shown
from videmo.live.journal import JOURNAL_SUFFIX, Line, read_journal
from videmo.names import Line as Named
from videmo.names import write_people
from videmo.runs import countable_rows, repeats
from videmo.scan.integrity import identity
from videmo.scan.merge import run_columns
from videmo.scan.record import held_seconds
from videmo.table import TABLE_SUFFIX, Record, Row, place_of, read_record, read_table, write_table
from videmo.video import probe, survey


class Finished(NamedTuple):
    """A table that was made of a journal."""

    table: Path
    record: Record


class _Sums(NamedTuple):
    """What a journal says in all."""

    head: Line
    tracks: dict[int, int]
    """The number of each track that is a face, by its key."""
    who: dict[int, tuple[str, float | None]]
    """Who a track is, by its key, and how far that is from the nearest known person."""
    looks: int
    last_frame: int
    last: float
    """Time of the last look."""
    cuts: list[float]
    gaps: list[Line]
    end: Line | None
    """What was known at the end; None: the session was killed."""
    frames: float
    """Frames that there are: of a recording that was cut off less than were looked at."""


def table_of(journal: Path) -> Path:
    """Where the table of a journal goes."""
    return journal.with_name(journal.name.removesuffix(JOURNAL_SUFFIX) + TABLE_SUFFIX)


def finish(journal: Path) -> Finished:
    """Write the table and the record of a journal, and remove it; what was killed meanwhile goes on
    where it was. The right to write the table is held.

    Raises:
        TableError: the journal is damaged.
        OutputError: the table cannot be written, or is there already; the journal stays.
    """
    table = table_of(journal)
    try:
        if (done := _done(journal, table)) is not None:
            _write_people(_sums(journal), done)
            _remove(journal)
            return done
        sums = _sums(journal)
        if sums.end is None and sums.head.get("recording") is not None:
            recorded = _recorded(journal.parent / sums.head["recording"])
            sums = _sums(journal, recorded) if recorded else sums
        columns = run_columns(_rows(journal, sums), sums.head["record"]["labels"])
        gap = sums.head["record"]["settings"]["gap"]
        rows = zip(_rows(journal, sums), repeats(columns, gap).tolist(), strict=True)
        whole = (row._replace(repeat=n) for row, n in rows)
        record = _record(sums, columns, table.parent)
        done = Finished(table, write_table(table, whole, record))
        _write_people(sums, done)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise TableError(f"{shown(journal)}: holds what cannot be; move it away") from error
    _remove(journal)
    return done


def finish_left(folder: Path) -> Iterator[Finished | OutputError | TableError]:
    """Finish what killed sessions left in `folder`; those that go on are left alone."""
    for journal in sorted(folder.glob(f"*{JOURNAL_SUFFIX}")):
        try:
            with file_lock(table_of(journal)):
                if journal.exists():  # else its session has ended meanwhile
                    yield finish(journal)
        except BusyError:
            continue
        except (OutputError, TableError) as error:
            yield error


def _done(journal: Path, table: Path) -> Finished | None:
    """The table that was made of a journal already; None: there is none, or it has no record yet.

    Raises:
        OutputError: there is one that is of something else.
    """
    if not table.exists():
        return None
    try:
        record = read_record(table)
    except TableError:  # killed between the two: when the session began, there was no such table
        return None
    head = next(read_journal(journal), {})
    if record.get("live", {}).get("started") == head["record"]["live"]["started"]:
        with suppress(TableError):
            read_table(table)
            return Finished(table, record)
    raise OutputError(f"{shown(table)}: is there already; move it, or {shown(journal)}, away")


def _remove(journal: Path) -> None:
    try:
        journal.unlink()
    except OSError as error:
        raise output_error(error, journal) from error


def _recorded(path: Path) -> int:
    """How many pictures a recording holds; 0: it is not there, or not readable."""
    try:
        return survey(probe(path)).packets
    except (MovieError, RequestError):
        return 0


def _sums(journal: Path, frames: float = math.inf) -> _Sums:
    lines = read_journal(journal)
    head = next(lines, None)
    if head is None:
        raise TableError(f"{shown(journal)}: is empty; remove it")
    tracks: dict[int, int] = {}
    who: dict[int, tuple[str, float | None]] = {}
    looks, last_frame, last, end = 0, -1, 0.0, None
    cuts: list[float] = []
    gaps: list[Line] = []
    for line in lines:
        if "f" in line:
            if line["f"] >= frames:
                break
            looks, last_frame, last = looks + 1, line["f"], line["t"]
            tracks |= {key: track for key, track in line.get("new", ())}
            cuts += [last] if line.get("cut") else []
        elif "who" in line:
            who |= {key: (person, distance) for key, person, distance in line["who"]}
        elif "gap" in line:
            gaps.append(line["gap"])
        elif "end" in line:
            end = line["end"]
    return _Sums(head, tracks, who, looks, last_frame, last, cuts, gaps, end, frames)


def _write_people(sums: _Sums, done: Finished) -> None:
    """Who is who, if that was asked for: a line for each track, as `videmo people` writes it."""
    if (people := sums.head.get("people")) is None:
        return
    numbers = sorted((number, key) for key, number in sums.tracks.items())
    lines = [Named(number, *sums.who.get(key, ("", None))) for number, key in numbers]
    write_people(done.table, done.record, lines, people["known"], people["how"])


def _rows(journal: Path, sums: _Sums) -> Iterator[Row]:
    """The rows of the table, without the lengths of their runs."""
    labels: Sequence[str] = sums.head["record"]["labels"]
    for line in read_journal(journal):
        if "f" not in line or line["f"] >= sums.frames:
            continue
        faces = sorted(
            (sums.tracks[key], observed, scores)
            for key, observed, scores in line["a"]
            if key in sums.tracks
        )
        if not faces:
            yield Row(line["f"], line["t"])
        for track, observed, scores in faces:
            score = max(scores)
            emotion = labels[scores.index(score)]
            values = tuple(math.nan if value is None else value for value in observed)
            yield Row(line["f"], line["t"], track, values, emotion, score, 0, scores)


def _record(sums: _Sums, columns: Any, folder: Path) -> Record:
    begun: Record = sums.head["record"]
    known = sums.end or {"frames": sums.last_frame + 1, "last": sums.last, "failures": 0}
    frames = max(known["frames"], sums.last_frame + 1)
    last = max(known["last"], sums.last)
    fps = Fraction(begun["fps"])
    if begun.get("live", {}).get("kind") != "movie" and frames > 1 and last > 0:
        fps = Fraction((frames - 1) / last).limit_denominator(1000) or fps
    end = round(last + float(1 / fps), 3) if frames else 0.0
    faces = columns[columns["track"] > 0]
    live = {**begun["live"], "gaps": sums.gaps, "killed": sums.end is None}
    live |= {key: value for key, value in known.items() if key not in ("frames", "last")}
    started = datetime.datetime.fromisoformat(live["started"])
    live["ended"] = (started + datetime.timedelta(seconds=last)).isoformat(timespec="milliseconds")
    partial = sums.end is None or bool(sums.gaps) or bool(known["failures"])
    return {
        **begun,
        "movie": _movie(begun, sums.head.get("recording"), folder),
        "fps": f"{fps.numerator}/{fps.denominator}",
        "first_frame": 0,
        "frames_expected": frames,
        "frames_read": frames,
        "frames_scanned": sums.looks,
        "decode_failures": known["failures"],
        "timestamps_repaired": 0,
        "changed_meanwhile": False,
        "cut_off": sums.end is None,
        "end": end,
        "faces": len(faces),
        "aligned": int(countable_rows(faces).sum()),
        "tracks": len(sums.tracks),
        "cuts": sums.cuts,
        "smaller_faces": {"pictures": 0, "faces": 0},
        "seconds": held_seconds(columns, begun["labels"], end, begun["settings"]["gap"]),
        "warnings": [],
        "live": live,
        "status": "partial" if partial else "ok",
    }


def _movie(begun: Record, recording: str | None, folder: Path) -> Record:
    """Where the pictures can be found again: in the recording, or in the movie that was played."""
    about: Record = begun["movie"]
    if recording is None:
        return about
    path = folder / recording
    try:
        return {"file": place_of(path, folder), **identity(probe(path))}
    except (MovieError, RequestError):  # nothing was recorded, or it was taken away
        return about
