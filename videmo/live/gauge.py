"""How well a live session goes: rates, lag, and what there was no time for."""

from __future__ import annotations

import statistics
from collections import deque

from videmo.live.look import Look
from videmo.live.settings import Stats

RECENT = 90
"""Looks over which lag and rates are reckoned."""


class Gauge:
    """Counts. Remembers the last arrivals and looks."""

    def __init__(self) -> None:
        self.captured = 0
        """Pictures, without those that were not recorded though they should be."""
        self._looked = self._not_recorded = 0
        self._arrivals: deque[float] = deque(maxlen=RECENT)
        self._looks: deque[tuple[float, float]] = deque(maxlen=RECENT)
        """When each was done, and how late."""

    def came(self, at: float, kept: bool) -> None:
        """A picture was captured; `kept`: and recorded, if it should be."""
        self._arrivals.append(at)
        self.captured += kept
        self._not_recorded += not kept

    def looked(self, look: Look) -> None:
        self._looked += 1
        self._looks.append((look.done, look.lag))

    def stats(self, gaps: int) -> Stats:
        looks = list(self._looks)
        lags = sorted(lag for _, lag in looks)
        return Stats(
            self.captured,
            self._looked,
            max(0, self.captured - self._looked),
            self._not_recorded,
            _rate(list(self._arrivals)),
            _rate([done for done, _ in looks]),
            statistics.median(lags) if lags else 0.0,
            lags[int(0.95 * (len(lags) - 1))] if lags else 0.0,
            gaps,
        )


def _rate(times: list[float]) -> float:
    """How many there are in a second."""
    return (len(times) - 1) / (times[-1] - times[0]) if len(times) > 1 else 0.0
