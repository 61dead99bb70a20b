"""The emotion repeater while time goes on: when a run begins to count, and when it has ended. Pure.

The rule is that of `videmo.runs`, which knows the future; a test holds that both find the same.
"""

from __future__ import annotations

import time as clock
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

from videmo.schema import DEFAULT_GAP, DEFAULT_REPEAT, ROUNDING, TWO_DIGITS

START, END = "start", "end"


@dataclass(frozen=True)
class Event:
    """A run of one track with one emotion has become long enough, or has ended."""

    event: str
    """`START` or `END`."""
    emotion: str
    track: int
    person: str
    """Who it is; empty: nobody said."""
    score: float
    """The mean of the emotion's scores in the run, so far."""
    time: float
    """When the run began, or ended: seconds after the first picture."""
    start: float
    """When the run began, in such seconds."""
    frames: int
    """How many frames it has, of those that were looked at."""
    wall: float = field(default_factory=clock.time, compare=False)
    """When this is told: seconds since 1970."""

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


class Rule(NamedTuple):
    """How long an emotion must hold to count; see `videmo.runs.find_runs`."""

    repeat: int = DEFAULT_REPEAT
    seconds: float = 0.0
    gap: float = DEFAULT_GAP
    min_score: float = 0.0


class Seen(NamedTuple):
    """A face that says something of an emotion: it is aligned."""

    emotion: str
    score: float
    person: str = ""
    naming: bool = False
    """Whether it is just being found out who it is: what begins is told when that is known."""


@dataclass
class _Run:
    emotion: str
    start: float
    person: str
    frames: int = 0
    total: float = 0.0
    """Sum of its scores."""
    after: float | None = None
    """Time of the first look after its last frame; None: that was the last look."""
    unknown: float = 0.0
    """Time of the last look, if the face was unknown then."""
    due: bool = False
    """Whether it has become long enough."""
    told: bool = False


class Repeater:
    """Remembers the runs that may go on, of each track."""

    def __init__(self, rule: Rule | None = None) -> None:
        self._rule = rule or Rule()
        self._runs: dict[int, _Run] = {}

    def see(self, time: float, faces: Mapping[int, Seen]) -> list[Event]:
        """What begins and ends with a look at `time`, at which these tracks were aligned."""
        events: list[Event] = []
        for track, run in list(self._runs.items()):
            face = faces.get(track)
            known = face is not None and face.score >= self._rule.min_score
            if known and face is not None and not self._broken(run, time, face.emotion):
                continue
            if not known:
                run.after = time if run.after is None else run.after
                run.unknown = time
                if time - run.after <= self._rule.gap + ROUNDING:
                    continue
            events += self._close(track, time)
        for track, face in faces.items():
            if face.score >= self._rule.min_score:
                events += self._count(track, time, face)
        return events

    def stop(self, time: float) -> list[Event]:
        """What ends with the last look, which lasted until `time`."""
        return [event for track in list(self._runs) for event in self._close(track, time)]

    def held(self, track: int) -> tuple[str, int]:
        """The emotion that a track holds, and for how many frames; ("", 0): none for long."""
        run = self._runs.get(track)
        return (run.emotion, run.frames) if run is not None and run.due else ("", 0)

    def _broken(self, run: _Run, time: float, emotion: str) -> bool:
        if emotion != run.emotion:
            return True
        if run.after is None:
            return False
        gap = self._rule.gap
        return run.unknown - run.after + min(time - run.unknown, gap) > gap + ROUNDING

    def _count(self, track: int, time: float, face: Seen) -> list[Event]:
        run = self._runs.setdefault(track, _Run(face.emotion, time, face.person))
        run.frames += 1
        run.total += face.score
        run.after = None
        run.person = face.person or run.person
        lasted = time - run.start >= self._rule.seconds - TWO_DIGITS
        run.due |= lasted and run.frames >= self._rule.repeat
        if run.told or not run.due or face.naming:
            return []
        run.told = True
        return [self._event(START, track, run, run.start)]

    def _close(self, track: int, time: float) -> list[Event]:
        run = self._runs.pop(track)
        end = time if run.after is None else run.after
        events = [self._event(END, track, run, end)] if run.due else []
        if run.due and not run.told:  # it ended before it was known who that is
            events.insert(0, self._event(START, track, run, run.start))
        return events

    def _event(self, kind: str, track: int, run: _Run, time: float) -> Event:
        score = round(run.total / max(1, run.frames), 4)
        start = round(run.start, 3)
        return Event(kind, run.emotion, track, run.person, score, round(time, 3), start, run.frames)
