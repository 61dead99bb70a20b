"""What somebody wants of tables, and whether there can be such a thing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import NamedTuple

from videmo.errors import RequestError, TableError
from videmo.exporters import EXPORTERS, WITH_SOUND
from videmo.exporters.cuts import ORDERS
from videmo.exporters.selection import Choice
from videmo.files import shown
from videmo.names import read_people
from videmo.plain import tidy
from videmo.schema import ALIGNED_EYES, DEFAULT_GAP, DEFAULT_PAD, DEFAULT_REPEAT
from videmo.table import read_record

ALL = "all"
"""All emotions that a table's model tells apart."""

NEAR_WORDS = {
    "angry": ("anger", "mad", "furious", "rage"),
    "disgust": ("disgusted", "disgusting", "revulsion"),
    "fear": ("afraid", "scared", "frightened", "fearful", "terror"),
    "happy": ("happiness", "joy", "joyful", "smile", "smiling", "laugh", "glad"),
    "sad": ("sadness", "cry", "crying", "sorrow", "unhappy"),
    "surprise": ("surprised", "astonished", "shock", "shocked"),
    "neutral": ("calm", "none", "nothing"),
}
"""What people say for the seven emotions, among them the words of FER+, AffectNet and others."""
ALIKE = 0.8
"""How alike two words are, 0 to 1, of which one is a slip of the pen for the other."""

MOST_NAMES = 20
"""Names that are told to somebody who wants one that is not there."""


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
    """The fewest frames a run must have."""
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
    raw: bool = False
    """Whether corrections that people made are ignored."""
    reviewed: bool = False
    """Only what somebody confirmed, or gave another emotion or other ends."""
    only: frozenset[Place] | None = None
    """Of the moments that are wanted only these; None: all."""

    @property
    def length(self) -> str:
        """How long a run must be, as one says it: ``5`` frames, ``0.2s``, or both."""
        frames = str(self.repeat) if self.repeat > 1 or not self.seconds else ""
        return " ".join(filter(None, (frames, f"{self.seconds:g}s" if self.seconds else "")))


def check_persons(persons: Sequence[str], tables: Iterable[Path], said: Sequence[str] = ()) -> None:
    """See whether somebody has each of the names `persons` in one of the tables, or among those
    that were `said` in corrections.

    A name that nobody has anywhere is a slip of the pen; tables that are bad say so later.

    Raises:
        RequestError: not so.
    """
    known: dict[str, None] = {}
    folded = {name.casefold() for name in said}
    unheard, readable = (
        [name for name in persons if tidy(name).casefold() not in folded],
        bool(said),
    )
    for table in tables if persons else ():
        try:
            people = read_people(table, read_record(table))
        except TableError:
            continue
        readable = True
        known |= dict.fromkeys(people.known)
        unheard = [name for name in unheard if not people.knows(name)]
    if readable and unheard:
        known |= dict.fromkeys(said)
        who = ", ".join(sorted(known)[:MOST_NAMES]) or "nobody"
        who += ", ..." if len(known) > MOST_NAMES else ""
        raise RequestError(f"{shown(unheard[0])}: nobody has this name; there are: {who}")


def check_emotions(emotions: Sequence[str], tables: Iterable[Path]) -> None:
    """See whether one of the tables is of a model that tells each of `emotions` apart.

    Raises:
        RequestError: not so, though a table could be read.
    """
    known: dict[str, None] = {}
    for table in tables:
        try:
            known |= dict.fromkeys(read_record(table)["labels"])
        except TableError:  # it says so later
            continue
        if not _unknown(emotions, known):
            return
    if known:
        _refuse(_unknown(emotions, known), known)


def of_labels(wanted: Wanted, labels: Sequence[str], table: Path) -> Wanted:
    """What is wanted of a table whose model has these labels; `ALL` is all of them.

    Raises:
        RequestError: this model tells none of the wanted emotions apart.
    """
    unknown = _unknown(wanted.emotions, labels)
    known = [emotion for emotion in dict.fromkeys(wanted.emotions) if emotion not in unknown]
    if not known:
        _refuse(unknown, labels, f"{shown(table)}: ")
    every = tuple(labels) if ALL in known else tuple(known)
    return replace(wanted, emotions=every)


def _unknown(emotions: Iterable[str], labels: Iterable[str]) -> list[str]:
    known = {*labels, ALL}
    return [emotion for emotion in emotions if emotion not in known]


def _refuse(unknown: Sequence[str], labels: Iterable[str], where: str = "") -> None:
    if not unknown:
        return
    known = (*labels, ALL)
    meant = {one: near for one in unknown if (near := meant_by(one, known))}
    if len(meant) == len(unknown):
        hint = f"did you mean {', '.join(dict.fromkeys(meant.values()))}?"
    else:
        hint = f"choose from {', '.join(known[:-1])}, or {ALL}"
    raise RequestError(f"{where}{shown(', '.join(unknown))}: no such emotion; {hint}")


def meant_by(word: str, known: Iterable[str]) -> str:
    """The one of `known` that somebody means by `word`: the same in other letters, nearly the same,
    or a common word for it; empty: none."""
    plain = {one.casefold(): one for one in known}
    said = word.casefold().strip()
    said = next((label for label, words in NEAR_WORDS.items() if said in words), said)
    near = get_close_matches(said, plain, n=1, cutoff=ALIKE)
    return plain[near[0]] if near else ""


def check_names(exports: Sequence[str], choice: Choice) -> None:
    """See whether there are such exporters, and such an order, and sound where some is chosen.

    Raises:
        RequestError: there are not.
    """
    for export in exports:
        if export not in EXPORTERS:
            raise RequestError(f"{export}: cannot be exported; choose from {', '.join(EXPORTERS)}")
    if choice.sound is not None and not set(exports) & set(WITH_SOUND):
        raise RequestError(
            f"--sound: {', '.join(exports)} cannot use it; leave it out, or make one of "
            f"{', '.join(WITH_SOUND)}"
        )
    if choice.order not in ORDERS:
        raise RequestError(f"{choice.order}: no such order; choose from {', '.join(ORDERS)}")
