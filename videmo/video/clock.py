"""The time of live pictures: as their stream says, as long as that can be. Pure."""

from __future__ import annotations

from fractions import Fraction

JUMP = 5.0
"""Seconds by which a stream's own time may differ from ours before it is taken to have jumped."""
LEAST_STEP = Fraction(1, 1000)
"""Seconds from one picture to the next, at least: a table has three digits."""


class Clock:
    """Gives each picture its time, from `start` on, and rising."""

    def __init__(self, start: Fraction = Fraction(0)) -> None:
        self._start = start
        self._origin: Fraction | None = None
        """What is subtracted from a stream's time."""
        self._arrived = 0.0
        """When the first picture came."""
        self._last: Fraction | None = None

    @property
    def begun(self) -> bool:
        return self._last is not None

    def next(self, stamp: Fraction | None, arrived: float) -> Fraction:
        """The time of a picture that says `stamp` (seconds; None: nothing), and came at `arrived`
        (seconds, by a clock that only rises)."""
        if self._last is None:
            self._arrived = arrived
            self._origin = None if stamp is None else stamp - self._start
            self._last = self._start
            return self._start
        ours = self._start + Fraction(arrived - self._arrived).limit_denominator(1000)
        least = self._last + LEAST_STEP
        if stamp is None:
            time = ours
        else:
            if self._origin is None or abs(float(stamp - self._origin - ours)) > JUMP:
                self._origin = stamp - max(ours, least)
            time = stamp - self._origin
        self._last = max(time, least)
        return self._last

    def of(self, stamp: Fraction) -> Fraction:
        """The time of something else in the stream, such as sound."""
        return stamp - (self._origin or Fraction(0))

    def due(self, time: Fraction) -> float:
        """When a picture of this time should be shown, by the clock of `arrived`."""
        return self._arrived + float(time - self._start)
