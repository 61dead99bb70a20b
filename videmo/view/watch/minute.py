"""Remember the last minute of a live session: who was seen when, what held, when it was gone."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from videmo.files import shown
from videmo.live import START, Event, Gap, Live, Look

SECONDS = 60.0
MOST_LANES = 12
"""Lanes that are told: of those that are there, then those that held something, then the latest."""
BRIDGED = 1.0
"""Seconds between two looks at a face for which it was seen all the same."""
PATIENCE = 0.25
"""Seconds to wait for a look before it is asked what else happened."""


@dataclass
class _Lane:
    """What is known of a track, or of all of a person: times in seconds after the first picture."""

    tracks: tuple[int, ...]
    person: str = ""
    seen: list[list[float]] = field(default_factory=list)
    """Starts and ends."""
    runs: list[tuple[float, float | None, str]] = field(default_factory=list)
    """Start, end (None: it goes on) and emotion."""

    @property
    def last(self) -> float:
        return max((end for _, end in self.seen), default=0.0)

    def forget(self, before: float) -> None:
        self.seen = [one for one in self.seen if one[1] >= before]
        self.runs = [one for one in self.runs if one[1] is None or one[1] >= before]


def _by_person(lanes: Iterable[_Lane]) -> list[_Lane]:
    """A lane for each person with a name, and for each track of nobody known."""
    groups: dict[str | tuple[int, ...], list[_Lane]] = {}
    for lane in lanes:
        groups.setdefault(lane.person or lane.tracks, []).append(lane)
    return [
        _Lane(
            tuple(sorted(track for lane in group for track in lane.tracks)),
            group[0].person,
            sorted(one for lane in group for one in lane.seen),
            sorted((one for lane in group for one in lane.runs), key=lambda run: run[0]),
        )
        for group in groups.values()
    ]


def called(person: str, track: int) -> str:
    """What pages call somebody."""
    return shown(person) if person else f"track {track}"


class Minute:
    """Follows a session in a thread of its own, and tells what there was, to any thread."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._lock = threading.Lock()
        self._lanes: dict[int, _Lane] = {}
        self._gaps: list[Gap] = []
        self._gone: tuple[Gap, float] | None = None
        """The gap that has not ended, and when it was told of, by `time.monotonic`."""
        self._now = 0.0

    def follow(self) -> None:
        """To the end of the session."""
        number = count = 0
        over = False
        while not over:
            over = self._live.news.closed  # what was told before that is heard below
            found = self._live.looks.after(number, PATIENCE)
            count, news = self._live.news.after(count, 0.0)
            with self._lock:
                if found is not None:
                    number = found.number
                    self._see(found.value)
                for one in news:
                    self._hear(one)

    def told(self, labels: Sequence[str]) -> dict[str, Any]:
        """The minute, for a page: emotions as places in `labels`."""
        with self._lock:
            gone = self._gone
            now = gone[0].start + time.monotonic() - gone[1] if gone else self._now
            self._forget(now - SECONDS)
            first = sorted(
                _by_person(self._lanes.values()),
                key=lambda one: (now - one.last > BRIDGED, not one.runs, -one.last, one.tracks),
            )
            lanes = sorted(first[:MOST_LANES], key=lambda one: one.tracks)
            return {
                "now": round(now, 3),
                "lanes": [_lane_data(one, labels) for one in lanes],
                "more": len(first) - len(lanes),
                "gaps": [[one.start, one.end] for one in self._gaps]
                + ([[gone[0].start, None]] if gone else []),
                "gone": {"seconds": round(now - gone[0].start, 1), "why": shown(gone[0].why)}
                if gone
                else None,
            }

    def _see(self, look: Look) -> None:
        self._now = at = look.shot.time
        for face in look.faces:
            lane = self._lanes.setdefault(face.track, _Lane((face.track,)))
            lane.person = face.person or lane.person
            if lane.seen and at - lane.seen[-1][1] <= BRIDGED:
                lane.seen[-1][1] = round(at, 3)
            else:
                lane.seen.append([round(at, 3), round(at, 3)])

    def _hear(self, one: Event | Gap) -> None:
        if isinstance(one, Event):
            lane = self._lanes.setdefault(one.track, _Lane((one.track,)))
            lane.person = one.person or lane.person
            # The end has the start, too, should that have been missed.
            lane.runs = [run for run in lane.runs if run[1] is not None]
            lane.runs.append((one.start, None if one.event == START else one.time, one.emotion))
        elif one.end is None:
            self._gone = one, time.monotonic()
        else:
            self._gone = None
            self._gaps.append(one)

    def _forget(self, before: float) -> None:
        for track, lane in list(self._lanes.items()):
            lane.forget(before)
            if not lane.seen and not lane.runs:
                del self._lanes[track]
        self._gaps = [one for one in self._gaps if one.end is None or one.end >= before]


def _lane_data(lane: _Lane, labels: Sequence[str]) -> dict[str, Any]:
    return {
        "tracks": lane.tracks,
        "who": called(lane.person, lane.tracks[0]),
        "named": bool(lane.person),
        "seen": lane.seen,
        "runs": [[start, end, labels.index(emotion)] for start, end, emotion in lane.runs],
    }
