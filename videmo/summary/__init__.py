"""Sums of movies: a row for each person, and one for each pair that is seen together."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

from videmo.errors import RequestError, VidemoError
from videmo.files import shown
from videmo.meant import no_such_emotion
from videmo.moments import on_screen
from videmo.reading import Reading, read_moments
from videmo.resample import Figure
from videmo.schema import DEFAULT_REPEAT
from videmo.summary.pairs import Pair, curve_of, pair_of, step_of
from videmo.summary.persons import NEUTRAL, POSITIVE, Faces, Summary, summary_of

__all__ = ["Asked", "Figure", "Pair", "Summarised", "Summary", "summarise"]

Told = Callable[[int, int], None]


@dataclass(frozen=True)
class Asked:
    """How sums are made."""

    emotions: tuple[str, ...] = ()
    """Of which moments are counted; empty: all but neutral."""
    repeat: int = DEFAULT_REPEAT
    """The fewest frames of a moment."""
    tracks: bool = False
    """Each track whom nobody named by itself, not all of them together."""
    raw: bool = False
    """As if nobody had corrected anything."""


@dataclass(frozen=True)
class Summarised:
    """What is said of one table."""

    table: Path
    labels: tuple[str, ...] = ()
    persons: list[Summary] = field(default_factory=list)
    pairs: list[Pair] = field(default_factory=list)
    error: VidemoError | None = None
    warnings: tuple[str, ...] = ()
    """What was done without."""


def summarise(tables: Mapping[Path, str], asked: Asked) -> Iterator[Summarised]:
    """Sum up each table; one bad table costs one table.

    Args:
        tables: each with its movie's name, as `find_tables` gives them.
        asked: how.
    """
    for table, name in tables.items():
        try:
            read = read_moments(table, name, raw=asked.raw)
            yield _summarised(table, name, read, asked)
        except VidemoError as error:
            yield Summarised(table, error=error)


def _summarised(path: Path, name: str, read: Reading, asked: Asked) -> Summarised:
    labels = tuple(read.record["labels"])
    unknown = [emotion for emotion in asked.emotions if emotion not in labels]
    if unknown:
        raise RequestError(f"{shown(path)}: {shown(no_such_emotion(unknown, labels))}")
    wanted = asked.emotions or tuple(label for label in labels if label != NEUTRAL)
    table, end = read.table, read.record["end"]
    groups = _groups(read, asked)
    faces = Faces(table, end)
    persons = [
        summary_of(
            *(name, person, tracks, faces, read.found, read.moments, labels),
            repeat=asked.repeat,
            wanted=wanted,
        )
        for person, tracks in groups
    ]
    pairs: list[Pair] = []
    if POSITIVE in labels:
        stretches = on_screen(table, end)
        step = step_of(table)
        curve = functools.cache(lambda tracks: curve_of(table, tracks, POSITIVE, step))
        long = (m for m in read.moments if m.most_frames >= asked.repeat)
        smiles = [m for m in long if m.emotion == POSITIVE]
        for one, other in combinations(_each(groups, asked), 2):
            names, tracks = (one[0], other[0]), (one[1], other[1])
            pair = pair_of(name, names, tracks, curve, smiles, stretches, step)
            pairs += [pair] if pair else []
    warnings = (*read.warnings, *filter(None, [read.unknown]))
    return Summarised(path, labels, persons, pairs, warnings=warnings)


def _groups(read: Reading, asked: Asked) -> list[tuple[str, list[int]]]:
    """Whose rows there are, and the tracks of each: of people by name, and of who has none."""
    tracks = sorted(read.table["track"].dropna().astype(int).unique().tolist())
    names = read.people.names
    of_person: dict[str, list[int]] = {}
    for track in tracks:
        if track in names:
            of_person.setdefault(names[track], []).append(track)
    nameless = [track for track in tracks if track not in names]
    rest = [[track] for track in nameless] if asked.tracks else [nameless] if nameless else []
    return [*sorted(of_person.items()), *(("", some) for some in rest)]


def _each(groups: Sequence[tuple[str, list[int]]], asked: Asked) -> list[tuple[str, list[int]]]:
    """Who can be one of a pair: people, and tracks where they are wanted."""
    named = [(person, tracks) for person, tracks in groups if person]
    alone = [(f"track {tracks[0]}", tracks) for person, tracks in groups if not person]
    return named + (alone if asked.tracks else [])
