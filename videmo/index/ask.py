"""Ask the index for moments: who, which emotion, how long, how sure, with whom, in which order."""

from __future__ import annotations

import heapq
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import islice
from typing import Any

from videmo.errors import RequestError
from videmo.files import shown
from videmo.index.layout import (
    BY_LENGTH,
    BY_MOVIE,
    BY_PERSON,
    BY_SCORE,
    CORRECTED,
    FIELDS,
    NAMED,
    RAW,
)
from videmo.meant import no_such_emotion
from videmo.moments import Moment
from videmo.names import nobody_called
from videmo.plain import tidy
from videmo.schema import DEFAULT_REPEAT, TWO_DIGITS

ORDERS = {
    "score": ("m.score DESC", "v.rank", "m.start"),
    "length": ("m.length DESC", "v.rank", "m.start"),
    "time": ("v.rank", "m.start", "m.score DESC"),
    "movie": ("v.rank", "m.score DESC", "m.start"),
}
"""In which order moments may be wanted: the best first, the longest first, movie by movie as they
come, and movie by movie the best of each first."""

AT_ONCE = 500
"""Moments that are looked up together."""
FEW = 20
"""One movie of so many is few: then only their moments are looked through."""

NARROW = 20_000
"""So many moments are read and put in order at once."""
_CHOSEN = ("m.movie", "v.id")


@dataclass(frozen=True)
class Asked:
    """Which moments are asked for."""

    emotions: tuple[str, ...] = ()
    """Empty: all."""
    persons: tuple[str, ...] = ()
    """Of one of these people; empty: of anybody."""
    alongside: tuple[str, ...] = ()
    """With all of these people on the screen at once."""
    movies: tuple[str, ...] = ()
    """In movies whose names are like one of these, with ``*`` and ``?``; empty: in any."""
    repeat: int = DEFAULT_REPEAT
    """The fewest frames."""
    seconds: float = 0.0
    """The fewest seconds."""
    min_score: float = 0.0
    """The lowest mean score, 0 to 1."""
    order: str = "score"
    limit: int | None = None
    """The most moments; None: all."""
    raw: bool = False
    """As if nobody had corrected anything."""

    @property
    def other(self) -> int:
        """The rows that are not for who asks so."""
        return CORRECTED if self.raw else RAW


def asked_of(db: sqlite3.Connection, asked: Asked) -> Iterator[tuple[bytes, Moment]]:
    """The moments of the index `db` that are asked for, each with its table's place; see
    `Index.find`."""
    emotions = _emotions(db, asked.emotions)
    where, values, index = _condition(db, asked)
    index = _narrowest(db, asked, emotions, index)
    order = ORDERS[asked.order]
    keys = [column.removesuffix(" DESC") for column in order]
    of = "m.movie = v.id"
    moments = f"moments m INDEXED BY {index}"
    tables = [f"movies v CROSS JOIN {moments} ON {of}", f"{moments} CROSS JOIN movies v ON {of}"]
    sql = (
        f"SELECT {', '.join(keys)}, m.rowid FROM {tables[index != BY_MOVIE]} "
        f"WHERE m.emotion = ? AND {where} ORDER BY {', '.join(order)} LIMIT ?"
    )
    limit = -1 if asked.limit is None else asked.limit
    # An emotion at a time: so each is read in the order of the index, as far as it is wanted.
    found = [db.execute(sql, (one, *values, limit)) for one in emotions]
    falling = [column.endswith(" DESC") for column in order]

    def key(row: tuple[Any, ...]) -> list[Any]:
        return [-value if down else value for value, down in zip(row, falling, strict=False)]

    rows = heapq.merge(*found, key=key)
    return _moments(db, (row[-1] for row in islice(rows, asked.limit)))


def _moments(db: sqlite3.Connection, rows: Iterator[int]) -> Iterator[tuple[bytes, Moment]]:
    """The moments in these rows of the index, each with its table's place."""
    named = ", ".join(f"{NAMED[name]}.name" if name in NAMED else f'm."{name}"' for name in FIELDS)
    joined = " ".join(f"JOIN {table} ON {table}.id = m.{name}" for name, table in NAMED.items())
    while some := list(islice(rows, AT_ONCE)):
        marks = ",".join("?" * len(some))
        sql = f"SELECT m.rowid, movies.place, {named} FROM moments m {joined} "
        sql += f"WHERE m.rowid IN ({marks})"
        of_row = {row[0]: row[1:] for row in db.execute(sql, some)}
        for number in some:
            place, *cells = of_row.get(number, (b"",))
            yield place, _moment(cells)


def _moment(cells: Sequence[Any]) -> Moment:
    """A row as a moment; the file may hold what we never wrote."""
    try:
        pairs = zip(FIELDS.values(), cells, strict=True)
        return Moment(*(kind(value) for kind, value in pairs))
    except (TypeError, ValueError) as error:
        raise sqlite3.DatabaseError("a row that cannot be") from error


def _condition(db: sqlite3.Connection, asked: Asked) -> tuple[str, list[Any], str]:
    """What a moment must be: SQL with its values, and the index in which it is looked for."""
    parts = ["m.most_frames >= ?", "m.length >= ?", "m.score >= ?", "m.side != ?"]
    least = (asked.repeat, asked.seconds - TWO_DIGITS, asked.min_score)
    values: list[Any] = [*least, asked.other]
    index = {"score": BY_SCORE, "length": BY_LENGTH}.get(asked.order, BY_MOVIE)
    if asked.persons:
        index, persons = BY_PERSON, _people(db, asked.persons)
        parts.append(f"m.person IN ({','.join('?' * len(persons))})")
        values += persons
    beside = [_people(db, [name]) for name in asked.alongside]
    if asked.movies or beside:
        few = _choose(db, asked.movies, beside)
        index = BY_MOVIE if few and not asked.persons else index
        parts.append(f"{_CHOSEN[index == BY_MOVIE]} IN (SELECT id FROM temp.chosen)")
    if beside:
        parts.append(_together(beside, asked.other, values))
    return " AND ".join(parts), values, index


def _narrowest(db: sqlite3.Connection, asked: Asked, emotions: Sequence[int], index: str) -> str:
    """The index in which least is read: where few are as long, or as sure, as is asked, these are
    read and put in order; else all are read in the order that is wanted, until there are enough."""
    if index == BY_PERSON:
        return index
    marks = ",".join("?" * len(emotions))
    least = {
        BY_LENGTH: ("length", asked.seconds - TWO_DIGITS),
        BY_SCORE: ("score", asked.min_score),
    }
    for other, (column, value) in least.items():
        if other == index or value <= 0:
            continue
        sql = (
            f"SELECT count(*) FROM (SELECT 1 FROM moments INDEXED BY {other} "
            f"WHERE emotion IN ({marks}) AND {column} >= ? LIMIT {NARROW})"
        )
        (count,) = db.execute(sql, (*emotions, value)).fetchone()
        if count < NARROW:
            return other
    return index


def _together(beside: Sequence[Sequence[int]], other: int, values: list[Any]) -> str:
    """That all these people, of whom each may have several numbers, are to be seen at one instant
    of a moment."""
    names = [f"t{number}" for number in range(len(beside))]
    theirs = []
    for name, numbers in zip(names, beside, strict=True):
        marks = ",".join("?" * len(numbers))
        theirs.append(f"{name}.movie = m.movie AND {name}.person IN ({marks})")
        theirs.append(f"{name}.track != m.track AND {name}.side != ?")
        values += (*numbers, other)
    starts = ", ".join(("m.start", *(f'{name}."start"' for name in names)))
    ends = ", ".join(("m.start + m.length", *(f'{name}."end"' for name in names)))
    tracks = ", ".join(f"tracks {name}" for name in names)
    shared = f"max({starts}) < min({ends}) - 1e-6"
    return f"EXISTS (SELECT 1 FROM {tracks} WHERE {' AND '.join((*theirs, shared))})"


def _choose(
    db: sqlite3.Connection, patterns: Sequence[str], beside: Sequence[Sequence[int]]
) -> bool:
    """Put the movies that can be meant into `temp.chosen`; whether they are few."""
    rows = db.execute("SELECT id, name FROM movies").fetchall()
    chosen = {movie for movie, name in rows if not patterns or is_like(str(name), patterns)}
    for numbers in beside:
        marks = ",".join("?" * len(numbers))
        sql = f"SELECT DISTINCT movie FROM tracks WHERE person IN ({marks})"
        chosen &= {movie for (movie,) in db.execute(sql, numbers)}
    db.execute("CREATE TEMP TABLE IF NOT EXISTS chosen (id INTEGER PRIMARY KEY)")
    db.execute("DELETE FROM temp.chosen")
    db.executemany("INSERT INTO temp.chosen VALUES (?)", ((movie,) for movie in chosen))
    db.commit()
    return len(chosen) * FEW <= len(rows)


def is_like(name: str, patterns: Iterable[str]) -> bool:
    """Whether a movie's name, in any letter case, is like one of `patterns`."""
    return any(fnmatchcase(name.casefold(), pattern.casefold()) for pattern in patterns)


def _people(db: sqlite3.Connection, names: Iterable[str]) -> list[int]:
    """The numbers of people; of a name that nobody has just so, in any letter case."""
    known = {str(name): int(number) for number, name in db.execute("SELECT id, name FROM people")}
    numbers = []
    for name in names:
        wanted = tidy(name)
        folded = [one for one in known if one.casefold() == wanted.casefold()]
        found = [wanted] if wanted in known else folded
        if not wanted or not found:
            raise RequestError(nobody_called(name, sorted(filter(None, known))))
        numbers += [known[one] for one in found]
    return numbers


def _emotions(db: sqlite3.Connection, names: Sequence[str]) -> list[int]:
    known = {str(name): int(number) for number, name in db.execute("SELECT id, name FROM emotions")}
    if not names:
        return list(known.values())
    unknown = [name for name in names if name not in known]
    if unknown and known:
        raise RequestError(shown(no_such_emotion(unknown, tuple(known))))
    return [known[name] for name in dict.fromkeys(names) if name in known]
