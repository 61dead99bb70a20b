"""Keep moments in an SQLite file: add, replace and remove those of a table, and ask for some."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

from videmo.files import shown
from videmo.index.ask import Asked, asked_of
from videmo.index.layout import BOTH, BY_MOVIE, CORRECTED, INDICES, NAMED, RAW
from videmo.moments import Moment, Stretch
from videmo.schema import SCORE

_FIELDS = Moment._fields
_PUT = f"INSERT INTO moments VALUES ({','.join('?' * (len(_FIELDS) + 2))})"
_MOVIE, _PERSON, _EMOTION = map(_FIELDS.index, NAMED)
_SCORE = _FIELDS.index("score")

_HELD = f"""SELECT m.movie, emotions.name, count(*), sum(m.length)
    FROM moments m INDEXED BY {BY_MOVIE} JOIN emotions ON emotions.id = m.emotion
    WHERE m.most_frames >= ? AND m.side != ? GROUP BY m.movie, m.emotion"""
_PEOPLE = """SELECT t.movie, people.name FROM tracks t JOIN people ON people.id = t.person
    WHERE people.name != '' AND t.side != ? GROUP BY t.movie, t.person
    ORDER BY t.movie, sum(t."end" - t."start") DESC, people.name"""

T = TypeVar("T")

NOBODY: Mapping[int, str] = MappingProxyType({})


class Kept(NamedTuple):
    """What is kept of a table."""

    place: str
    """Where it lies in the folder."""
    name: str
    """Its movie's, as `find_tables` gives it."""
    stamp: str
    """Of its files; with another one it has changed."""
    scan: str = ""
    """The table's checksum."""
    moments: Sequence[Moment] = ()
    stretches: Sequence[Stretch] = ()
    persons: Mapping[int, str] = NOBODY
    """Who each track is."""
    raw: tuple[Sequence[Moment], Mapping[int, str]] | None = None
    """Moments and persons before corrections; None: there are no corrections."""
    labels: Sequence[str] = ()
    """What its model tells apart."""
    left_out: bool = False
    """It is a copy of another one."""
    problem: str = ""
    """Why it, or its corrections, could not be read."""
    warning: str = ""
    """What was done without."""
    unknown: str = ""
    """What is wrong with corrections that were done without."""


class Sums(NamedTuple):
    """What the moments of one movie come to."""

    moments: int
    held: Mapping[str, float]
    """Seconds of each emotion."""
    people: tuple[str, ...]
    """Who is in it; whoever is seen longest first."""


class Index:
    """An open index."""

    def __init__(self, connection: sqlite3.Connection):
        self._db = connection
        self._ids: dict[str, dict[str, int]] = {"people": {}, "emotions": {}}

    def close(self) -> None:
        self._db.close()

    def stamps(self) -> dict[str, tuple[str, bool]]:
        """Of each table that is kept, by its place: the stamp, and whether it is left out."""
        rows = self._db.execute("SELECT place, stamp, left_out FROM movies")
        return {os.fsdecode(place): (str(mark), bool(out)) for place, mark, out in rows}

    @property
    def in_memory(self) -> bool:
        """Whether it is in no file."""
        return not self._db.execute("PRAGMA database_list").fetchone()[2]

    def problems(self, *, raw: bool = False) -> list[str]:
        """What is wrong with tables that could not be read; corrections are no matter to who asks
        for what was before them (`raw`)."""
        sql = "SELECT problem FROM movies WHERE problem != '' AND NOT (? AND scan != '') "
        rows = self._db.execute(f"{sql} ORDER BY rank", (raw,))
        return [str(problem) for (problem,) in rows]

    def warnings(self, *, raw: bool = False) -> list[str]:
        """What was done without, in tables that were read; of corrections nothing to who asks for
        what was before them (`raw`)."""
        said = "warning != '' OR unknown != ''"
        rows = self._db.execute(f"SELECT warning, unknown FROM movies WHERE {said} ORDER BY rank")
        told = ((warning, "" if raw else unknown) for warning, unknown in rows)
        return [str(one) for pair in told for one in pair if one]

    def counts(self) -> tuple[int, int]:
        """Tables that can be asked for, and their moments."""
        good = "SELECT count(*) FROM movies WHERE NOT left_out AND problem = ''"
        every = f"SELECT count(*) FROM moments WHERE side != {RAW}"
        tables, moments = (self._db.execute(sql).fetchone()[0] for sql in (good, every))
        return int(tables), int(moments)

    def tables(self) -> dict[str, tuple[str, str]]:
        """Of each movie, by its name: where its table lies, and the table's checksum."""
        rows = self._db.execute("SELECT name, place, scan FROM movies WHERE NOT left_out")
        return {str(name): (os.fsdecode(place), str(scan)) for name, place, scan in rows}

    def labels(self) -> list[str]:
        """All emotions that there are."""
        return [str(name) for (name,) in self._db.execute("SELECT name FROM emotions ORDER BY id")]

    def sums(self, *, repeat: int, raw: bool = False) -> dict[str, Sums]:
        """What the moments of so many frames come to, of each movie that could be read, by the
        place of its table."""
        sql = "SELECT id, place FROM movies WHERE NOT left_out "
        good = self._db.execute(f"{sql} AND (problem = '' OR ? AND scan != '')", (raw,))
        places = {int(movie): os.fsdecode(place) for movie, place in good}
        moments, held = Counter[int](), {movie: dict[str, float]() for movie in places}
        people: dict[int, list[str]] = {movie: [] for movie in places}
        other = CORRECTED if raw else RAW
        for movie, emotion, count, seconds in self._db.execute(_HELD, (repeat, other)):
            moments[movie] += count
            held[movie][str(emotion)] = float(seconds)
        for movie, person in self._db.execute(_PEOPLE, (other,)):
            people[movie].append(str(person))
        return {
            place: Sums(moments[movie], held[movie], tuple(people[movie]))
            for movie, place in places.items()
        }

    def find(self, asked: Asked) -> Iterator[Moment]:
        """The moments that are asked for, in order.

        Raises:
            RequestError: there is no such person or emotion.
        """
        return (moment for _, moment in asked_of(self._db, asked))

    def find_placed(self, asked: Asked) -> Iterator[tuple[str, Moment]]:
        """As `find`, each moment with the place of its table: names may look alike."""
        return ((os.fsdecode(place), moment) for place, moment in asked_of(self._db, asked))

    @contextlib.contextmanager
    def changing(self, gone: Iterable[str] = (), *, many: bool = False) -> Iterator[None]:
        """Tables are put within; what was put stays, even where that is interrupted.

        Args:
            gone: the places of tables that are removed first, as they changed or are no more.
            many: so much is put that it pays to sort all of it once, at the end.
        """
        for place in gone:
            self._remove(place)
        for name in INDICES if many else ():
            self._db.execute(f"DROP INDEX IF EXISTS {name}")
        yield
        with self._db:
            self._rank()
        for name, what in INDICES.items():
            self._db.execute(f"CREATE INDEX IF NOT EXISTS {name} ON {what}")
        with self._db:
            self._forget()
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def is_finished(self) -> bool:
        """Whether the last change came to its end."""
        there = {name for (name,) in self._db.execute("SELECT name FROM sqlite_master")}
        unranked = self._db.execute("SELECT 1 FROM movies WHERE rank IS NULL LIMIT 1").fetchone()
        return there >= set(INDICES) and unranked is None

    def put(self, kept: Kept) -> None:
        """Keep a table that is not kept yet, or no more."""
        about = (os.fsencode(kept.place), shown(kept.name), kept.stamp, kept.scan)
        sql = (
            "INSERT INTO movies (place, name, stamp, scan, left_out, problem, warning, unknown) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        )
        with self._db:
            told = (kept.problem, kept.warning, kept.unknown)
            done = self._db.execute(sql, (*about, kept.left_out, *told))
            movie = done.lastrowid
            for label in kept.labels:
                self._id("emotions", label)
            raw, were = kept.raw or (kept.moments, kept.persons)
            moments = (self._row(movie, *one) for one in _sides(kept.moments, raw))
            self._db.executemany(_PUT, moments)
            named = (
                [(one, persons.get(one.track, "")) for one in kept.stretches]
                for persons in (kept.persons, were)
            )
            stretches = (
                (movie, one.track, self._id("people", person), one.start, one.end, side)
                for (one, person), side in _sides(*named)
            )
            self._db.executemany("INSERT INTO tracks VALUES (?, ?, ?, ?, ?, ?)", stretches)

    def _row(self, movie: int | None, moment: Moment, side: int) -> list[Any]:
        row: list[Any] = [*moment, moment.seconds, side]
        row[_MOVIE] = movie
        row[_PERSON] = self._id("people", moment.person)
        row[_EMOTION] = self._id("emotions", moment.emotion)
        row[_SCORE] = round(moment.score, SCORE.digits)  # those that look equal are equal
        return row

    def _id(self, table: str, name: str) -> int:
        """The number of a name in `people` or `emotions`, which it gets where it has none."""
        known = self._ids[table]
        if name not in known:
            self._db.execute(f"INSERT OR IGNORE INTO {table} (name) VALUES (?)", (name,))
            found = self._db.execute(f"SELECT id FROM {table} WHERE name = ?", (name,)).fetchone()
            known[name] = int(found[0])
        return known[name]

    def _remove(self, place: str) -> None:
        key = (os.fsencode(place),)
        with self._db:
            for table in ("moments", "tracks"):
                sql = f"DELETE FROM {table} WHERE movie IN (SELECT id FROM movies WHERE place = ?)"
                self._db.execute(sql, key)
            self._db.execute("DELETE FROM movies WHERE place = ?", key)

    def _rank(self) -> None:
        """Number the movies by their names: so moments are put in order without comparing names."""
        rows = self._db.execute("SELECT id, rank FROM movies ORDER BY name, id").fetchall()
        moved = [(new, movie) for new, (movie, rank) in enumerate(rows) if rank != new]
        self._db.executemany("UPDATE movies SET rank = ? WHERE id = ?", moved)

    def _forget(self) -> None:
        """Remove people who are nowhere any more."""
        used = (
            f"SELECT 1 FROM {table} WHERE person = people.id" for table in ("moments", "tracks")
        )
        unused = " AND ".join(f"NOT EXISTS ({one})" for one in used)
        self._db.execute(f"DELETE FROM people WHERE {unused}")
        self._ids["people"].clear()


def _sides(corrected: Sequence[T], raw: Sequence[T]) -> Iterator[tuple[T, int]]:
    """Everything in one of these, and whom it answers."""
    if raw is corrected:
        yield from ((one, BOTH) for one in corrected)
        return
    before, after = {*raw}, {*corrected}
    for one in corrected:
        yield one, BOTH if one in before else CORRECTED
    for one in raw:
        if one not in after:
            yield one, RAW
