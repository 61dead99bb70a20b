"""Capture: open the source, hand on what comes, and open it again when it breaks."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

from videmo.errors import VidemoError
from videmo.video import Arrival, BrokenSourceError, Connection, Movie, Place, Wish

log = logging.getLogger(__name__)

FIRST_WAIT, LONGEST_WAIT = 1.0, 30.0
"""Seconds before a broken source is opened again: twice as many each time, up to the longest."""


class Gap(NamedTuple):
    """A stretch without pictures, because the source was gone."""

    start: float
    """Seconds after the first picture."""
    end: float | None
    """None: it has not come back."""
    why: str


class Capture:
    """What a source gives, one connection after the other. Remembers its first picture's size."""

    def __init__(
        self, place: Place, wish: Wish, over: threading.Event, give_up: float | None = None
    ) -> None:
        """`over` is set when all is to end. A source that broke, and is not back after `give_up`
        seconds, has ended."""
        self.place = place
        self.failures = 0
        """What could not be decoded."""
        self.gaps: list[Gap] = []
        self.movie: Movie | None = None
        """What is known of the source: its size, its rate; None: nothing has come yet."""
        self.connection: Connection | None = None
        self._wish, self._over, self._give_up = wish, over, give_up
        self._last, self._at = Fraction(0), 0.0
        """The time of the last picture, and when it came."""

    def run(
        self,
        hand_on: Callable[[Arrival], None],
        paused: Callable[[Gap], None],
    ) -> None:
        """Hand on what comes, until the source ends or all is over; `paused` is told when it broke,
        and again when it is back.

        Raises:
            VidemoError: it cannot be opened, or breaks for good.
        """
        wait = FIRST_WAIT
        broken: tuple[float, Gap] | None = None
        while not self._over.is_set():
            try:
                self.connection = connection = Connection(self.place, self._wish, self._over)
                try:
                    for arrival in connection.arrivals(self.movie, self._now()):
                        if arrival.frame is not None:
                            self._note(arrival)
                            if broken is not None:
                                paused(self._back(broken[1]))
                                broken, wait = None, FIRST_WAIT
                        hand_on(arrival)
                finally:
                    self.failures += connection.failures
                    connection.close()
                return
            except VidemoError as error:
                if self.movie is None or not _may_come_back(error, broken is not None):
                    raise
                now = time.monotonic()
                if broken is None:
                    broken = now, Gap(float(self._last), None, str(error))
                    paused(broken[1])
                    log.warning("%s; trying again", error)
                if self._give_up is not None and now - broken[0] + wait > self._give_up:
                    self.gaps.append(broken[1])
                    return
                self._over.wait(wait)
                wait = min(2 * wait, LONGEST_WAIT)
        if broken is not None:
            self.gaps.append(broken[1])

    def _now(self) -> Fraction:
        """The time of a picture that came now, in seconds after the first one."""
        if self.movie is None:
            return Fraction(0)
        passed = Fraction(time.monotonic() - self._at).limit_denominator(1000)
        return self._last + max(passed, Fraction(1, 1000))

    def _note(self, arrival: Arrival) -> None:
        assert arrival.frame is not None
        if self.movie is None:
            self.movie = arrival.frame.movie
        self._last, self._at = arrival.frame.time, arrival.at

    def _back(self, gap: Gap) -> Gap:
        whole = gap._replace(end=float(self._last))
        self.gaps.append(whole)
        return whole


def _may_come_back(error: VidemoError, already: bool) -> bool:
    """Whether an error, after there were pictures, may pass: the source broke, or is not there yet
    while it is tried again."""
    return isinstance(error, BrokenSourceError) or already
