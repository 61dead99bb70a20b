"""The index's tables, in SQL. Its columns of moments are the fields of `Moment`."""

from __future__ import annotations

from typing import Any, get_type_hints

from videmo.files import sha256
from videmo.moments import Moment

APPLICATION = 0x56444D49
"""Tells our files from other databases: VDMI."""

FIELDS: dict[str, Any] = get_type_hints(Moment)
"""The fields of a moment, and what kind each is."""
_KINDS: dict[Any, str] = {int: "INTEGER", float: "REAL", str: "TEXT"}
NAMED = {"movie": "movies", "person": "people", "emotion": "emotions"}
"""The fields that are numbers in the index, and the tables that name them."""

_MOMENT = ", ".join(
    f'"{name}" {"INTEGER" if name in NAMED else _KINDS[kind]}' for name, kind in FIELDS.items()
)

BOTH, CORRECTED, RAW = range(3)
"""Whom a row answers: everybody, who asks for moments after corrections, or who asks for them as
the scan found them (`--raw`). So both are found as fast, and only what was corrected lies there
twice."""

TABLES = (
    """CREATE TABLE movies (id INTEGER PRIMARY KEY, place BLOB UNIQUE, name TEXT, rank INTEGER,
    stamp TEXT, scan TEXT, left_out INTEGER, problem TEXT,
    warning TEXT, unknown TEXT)""",
    "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT UNIQUE)",
    "CREATE TABLE emotions (id INTEGER PRIMARY KEY, name TEXT UNIQUE)",
    """CREATE TABLE tracks (movie INTEGER, track INTEGER, person INTEGER,
    "start" REAL, "end" REAL, side INTEGER)""",
    f"CREATE TABLE moments ({_MOMENT}, length REAL, side INTEGER)",
)

_ASKED = "length, score, most_frames, movie, start, person, side"
"""What may be asked of a moment: with all of it in an index, its rows are not looked up."""
BY_MOVIE, BY_PERSON, BY_SCORE, BY_LENGTH = "by_movie", "by_person", "by_score", "by_length"

INDICES = {
    BY_MOVIE: f"moments (movie, emotion, {_ASKED})",
    BY_PERSON: f"moments (person, emotion, {_ASKED})",
    BY_SCORE: f"moments (emotion, score DESC, {_ASKED})",
    BY_LENGTH: f"moments (emotion, length DESC, {_ASKED})",
    "movies_by_rank": "movies (rank)",
    "tracks_by_movie": "tracks (movie)",
    "tracks_by_person": 'tracks (person, movie, "start", "end", side)',
}

VERSION = int(sha256("".join((*TABLES, *INDICES.values())).encode())[:7], 16)
"""Another layout is another version, and makes the index anew."""
