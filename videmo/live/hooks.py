"""Something happens: programs, addresses and functions that are told of events.

None of them holds anything up: each kind has threads of its own, and what they have no time for is
left out, and counted. None begins after the end.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from videmo.live.repeater import END, START, Event

log = logging.getLogger(__name__)

WAITING = 100
"""Events, at most, that wait for their turn."""

Act = Callable[[Event], None]
"""Does something about an event. It raises OSError where it failed, saying why."""


@dataclass(frozen=True)
class Hook:
    """What is to happen, and when."""

    name: str
    """What it is called in messages."""
    act: Act
    emotion: str | None = None
    """Only for this one; None: for all."""
    cooldown: float = 0.0
    """Seconds after a start during which no other one is told, nor its end."""
    ends: bool = True
    """Whether it is told of ends, too."""

    def wants(self, event: Event) -> bool:
        return self.emotion is None or self.emotion == event.emotion


@dataclass
class Tally:
    """What became of the events that a hook was told of."""

    done: int = 0
    failed: int = 0
    left_out: int = 0
    """For lack of time, or because it was over."""


class HookRunner:
    """Runs one hook, with so many threads. Remembers what waits, and what runs."""

    def __init__(
        self, hook: Hook, at_once: int = 1, stop: Callable[[], None] | None = None
    ) -> None:
        """`stop` ends what runs, when all is over."""
        self.hook = hook
        self.tally = Tally()
        self._stop = stop
        self._changed = threading.Condition()
        self._waiting: deque[Event] = deque()
        self._busy: set[int] = set()
        """Tracks of whose runs something is being told: their end comes after their start."""
        self._closed = False
        self._last = float("-inf")
        self._told: set[tuple[int, str, float]] = set()
        """Runs whose start was handed over, so that their end is, too, where ends are wanted."""
        for _ in range(at_once):
            threading.Thread(target=self._work, name=f"hook {hook.name}", daemon=True).start()

    def offer(self, event: Event) -> None:
        """Let the hook be told of an event, if it wants it; returns at once."""
        if not self.hook.wants(event) or not self._is_due(event):
            return
        with self._changed:
            if self._closed or len(self._waiting) >= WAITING:
                self.tally.left_out += 1
                return
            self._waiting.append(event)
            self._changed.notify()

    def _is_due(self, event: Event) -> bool:
        run = (event.track, event.emotion, event.start)
        if event.event == END:
            there = run in self._told
            self._told.discard(run)
            return there
        now = time.monotonic()
        if now - self._last < self.hook.cooldown:
            return False
        self._last = now
        if self.hook.ends:
            self._told.add(run)
        return True

    def close(self, grace: float) -> None:
        """Wait, at most `grace` seconds, for what is told now, then end it; nothing begins then."""
        with self._changed:
            self._changed.wait_for(lambda: not self._waiting and not self._busy, grace)
            self._closed = True
            self.tally.left_out += len(self._waiting)
            self._waiting.clear()
            self._changed.notify_all()
        if self._stop is not None:
            self._stop()

    def _work(self) -> None:
        while (event := self._next()) is not None:
            try:
                self.hook.act(event)
                self.tally.done += 1
            except OSError as error:
                self.tally.failed += 1
                if self.tally.failed == 1:
                    log.warning("%s: %s; further failures are only counted", self.hook.name, error)
            except Exception:  # of a function of the user's, whatever it is
                self.tally.failed += 1
                log.exception("%s: failed", self.hook.name)
            with self._changed:
                self._busy.discard(event.track)
                self._changed.notify_all()

    def _next(self) -> Event | None:
        """The first event that waits, and whose run nothing else is told of now."""
        with self._changed:
            while not self._closed:
                for event in self._waiting:
                    if event.track not in self._busy:
                        self._waiting.remove(event)
                        self._busy.add(event.track)
                        return event
                self._changed.wait()
        return None


__all__ = ["END", "START", "Hook", "HookRunner", "Tally"]
