"""What somebody wants of tables, and whether there can be such a thing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from videmo.errors import RequestError, TableError
from videmo.exporters import EXPORTERS, OPTIONS, not_used
from videmo.exporters.cuts import ORDERS
from videmo.exporters.selection import Choice
from videmo.files import shown
from videmo.listed import Listed
from videmo.meant import no_such_emotion
from videmo.names import People, nobody_called, read_people
from videmo.plain import tidy
from videmo.review import read_review
from videmo.schema import ALIGNED_EYES, ALL_LABELS, DEFAULT_GAP, DEFAULT_PAD, DEFAULT_REPEAT
from videmo.table import read_record, review_path

NEAR = 0.1
"""How far behind the limit a track is told as one that nearly got a name."""


class Place(NamedTuple):
    """One moment: its movie's name, as `find_tables` gives it, track, and start in seconds."""

    movie: str
    track: int
    start: float


@dataclass(frozen=True)
class Wanted:
    """Which moments are wanted."""

    emotions: tuple[str, ...]
    repeat: int = DEFAULT_REPEAT
    """The fewest frames a run must have, or have had before corrections."""
    seconds: float = 0.0
    """How long a run must last."""
    min_score: float = 0.0
    """Faces with a lower score, 0 to 1, are unknown."""
    tracks: tuple[int, ...] = ()
    """Only these; empty for all."""
    persons: tuple[str, ...] = ()
    """Only tracks of these people, as `videmo people` named them; empty for all."""
    eyes: int = ALIGNED_EYES
    """Eyes, 0 to 2, with which a face counts."""
    pad: float = DEFAULT_PAD
    """Seconds added before and after each run, in clips."""
    across_cuts: bool = False
    """Whether what is cut may go over a change of shot."""
    gap: float = DEFAULT_GAP
    """Seconds that are bridged: unknown faces in a run, and runs in a clip."""
    top: int | None = None
    """So many moments of all movies, the best; None: all."""
    listed: Mapping[Path, tuple[Listed, ...]] = field(default_factory=dict)
    """The lines of a list, by table, that are wanted, and nothing else; empty: no list was given.
    The emotions are then those of the lines, each line is cut by itself, and of the rest `pad` and
    `across_cuts` count."""
    raw: bool = False
    """Whether corrections that people made are ignored."""
    reviewed: bool = False
    """Only what somebody confirmed, or gave another emotion or other ends."""
    only: frozenset[Place] | None = None
    """Of the moments that are wanted only these; None: all."""

    @property
    def length(self) -> str:
        """How long a run must be, as one says it: ``5`` frames, ``0.2s``, or both."""
        if self.listed:
            return "listed"
        frames = str(self.repeat) if self.repeat > 1 or not self.seconds else ""
        return " ".join(filter(None, (frames, f"{self.seconds:g}s" if self.seconds else "")))


def check_persons(wanted: Wanted, tables: Iterable[Path]) -> None:
    """See whether each person who is wanted is in a track of one of the tables, or was named in
    corrections.

    A name that nobody has anywhere is a slip of the pen; tables that are bad say so later.

    Raises:
        RequestError: not so.
    """
    if not wanted.persons:
        return
    tables, found = list(tables), dict[Path, People]()
    said = [] if wanted.raw else _names_said(tables)
    folded = {name.casefold() for name in said}
    persons = [name for name in wanted.persons if tidy(name).casefold() not in folded]
    for table in tables if persons else ():
        with suppress(TableError):
            found[table] = read_people(table, read_record(table))
    for person in persons if found or said else ():
        if any(people.tracks_of(person) for people in found.values()):
            continue
        if any(people.knows(person) for people in found.values()):
            raise RequestError(f"{shown(person)}: is in no track{near_misses(found)}")
        known = sorted({*said, *(name for people in found.values() for name in people.known)})
        raise RequestError(nobody_called(person, known))


def _names_said(tables: Iterable[Path]) -> list[str]:
    """The names that people gave in corrections of `tables`; bad ones say so later."""
    names: list[str] = []
    for table in tables:
        with suppress(TableError):
            review = read_review(review_path(table))
            names += [*(one.person for one in review.tracks), *(review.persons or {}).values()]
    return list(dict.fromkeys(names))


def near_misses(found: Mapping[Path, People]) -> str:
    """What is said of the track that nearly got a name, and how it would get one."""
    near = [(away, track, table) for table, one in found.items() for track, away in one.near(NEAR)]
    if not near:
        return ", and no track without a name is nearly near enough; more pictures may help"
    away, track, table = min(near)
    limit = found[table].limit
    return (
        f"; the nearest without a name, {track} of {shown(table)}, is at {away:.2f}, and from "
        f"{limit:g} on it is somebody else: videmo people --distance {away + 0.01:.2f} names it"
    )


def check_emotions(emotions: Sequence[str], tables: Iterable[Path]) -> None:
    """See whether one of the tables is of a model that tells each of `emotions` apart.

    Raises:
        RequestError: not so, though a table could be read.
    """
    known: dict[str, None] = {}
    models: dict[str, None] = {}
    for table in tables:
        try:
            record = read_record(table)
        except TableError:  # it says so later
            continue
        known |= dict.fromkeys(record["labels"])
        models[record["model"]["name"]] = None
        if not _unknown(emotions, known):
            return
    if known:
        _refuse(_unknown(emotions, known), known, models)


def of_labels(wanted: Wanted, labels: Sequence[str], table: Path, model: str = "") -> Wanted:
    """What is wanted of a table whose `model` has these labels; `ALL_LABELS` is all of them.

    Of a list, the emotions of its lines, which were checked when it was read.

    Raises:
        RequestError: this model tells none of the wanted emotions apart.
    """
    if wanted.listed:
        theirs = {one.emotion for one in wanted.listed[table]}
        return replace(wanted, emotions=tuple(label for label in labels if label in theirs))
    unknown = _unknown(wanted.emotions, labels)
    known = [emotion for emotion in dict.fromkeys(wanted.emotions) if emotion not in unknown]
    if not known:
        _refuse(unknown, labels, filter(None, [model]), f"{shown(table)}: ")
    every = tuple(labels) if ALL_LABELS in known else tuple(known)
    return replace(wanted, emotions=every)


def _unknown(emotions: Iterable[str], labels: Iterable[str]) -> list[str]:
    known = {*labels, ALL_LABELS}
    return [emotion for emotion in emotions if emotion not in known]


def _refuse(
    unknown: Sequence[str], labels: Iterable[str], models: Iterable[str], where: str = ""
) -> None:
    if not unknown:
        return
    said, by = no_such_emotion(unknown, (*labels, ALL_LABELS)), ", ".join(map(shown, models))
    if by and "did you mean" not in said:
        said += f"; that is what {by} tells apart, scan with --model for others"
    raise RequestError(f"{where}{shown(said)}")


def check_names(exports: Sequence[str], choice: Choice) -> None:
    """See whether there are such exporters, and such an order.

    Raises:
        RequestError: there are not.
    """
    for export in exports:
        if export not in EXPORTERS:
            raise RequestError(f"{export}: cannot be exported; choose from {', '.join(EXPORTERS)}")
    if choice.order not in ORDERS:
        raise RequestError(f"{choice.order}: no such order; choose from {', '.join(ORDERS)}")
    if choice.shortest > choice.longest:
        raise RequestError(
            f"--shortest {choice.shortest:g} is more than --longest {choice.longest:g}; swap them"
        )


def options_given(wanted: Wanted, choice: Choice) -> list[str]:
    """The options that are not as they are if nobody says anything."""
    said = {**vars(wanted), **vars(choice)}
    plain = {**vars(Wanted(())), **vars(Choice())}
    return [name for name, value in said.items() if value != plain[name]]


def check_used(given: Iterable[str], exports: Sequence[str]) -> None:
    """See whether one of `exports` can use each of the options that were `given`.

    Raises:
        RequestError: not so.
    """
    for option, users in not_used(given, exports).items():
        raise RequestError(
            f"{OPTIONS[option]}: {', '.join(exports)} cannot use it; leave it out, or make one of "
            f"{', '.join(users)}"
        )


def check_tracks(tracks: Sequence[int], tables: Iterable[Path]) -> None:
    """See whether one of the tables has each of the tracks, which are numbered from 1 on.

    Raises:
        RequestError: not so, though a table could be read.
    """
    counts: dict[Path, int] = {}
    for table in tables if tracks else ():
        with suppress(TableError):  # it says so later
            counts[table] = read_record(table)["tracks"]
    if not counts or max(tracks) <= max(counts.values()):
        return
    table = max(counts, key=counts.__getitem__)
    where = shown(table) if len(counts) == 1 else f"any of the {len(counts)} tables"
    most = f"the last one is {counts[table]}" if counts[table] else "there is none at all"
    raise RequestError(f"--track {max(tracks)}: no such track in {where}; {most}")
