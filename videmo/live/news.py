"""What happens, for any number of followers, none of whom holds up who tells it, or another."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")

KEPT = 1000
"""News, at most, that are kept for followers; who is slower misses the oldest."""


class News(Generic[T]):
    """Keeps the last news, in their order."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.closed = False
        self._kept: deque[T] = deque(maxlen=KEPT)
        self._count = 0

    def tell(self, news: Iterable[T]) -> None:
        with self.changed:
            for one in news:
                self._kept.append(one)
                self._count += 1
            self.changed.notify_all()

    def close(self) -> None:
        """There will be no more; whoever waits is told."""
        with self.changed:
            self.closed = True
            self.changed.notify_all()

    def after(self, number: int, timeout: float | None) -> tuple[int, list[T]]:
        """Those that came after the first `number`, once there are some, and how many came in all.

        None of them: it is closed, or nothing came in `timeout` seconds.
        """
        with self.changed:
            self.changed.wait_for(lambda: self.closed or self._count > number, timeout)
            new = min(self._count - number, len(self._kept))
            return self._count, list(self._kept)[len(self._kept) - new :]


class Follower(Generic[T]):
    """Remembers which news it has had; the first are those that are kept."""

    def __init__(self, news: News[T]) -> None:
        self._news = news
        self._number = 0

    def each(self, timeout: float | None = None) -> Iterator[T]:
        """The news, as they come, to the end; with `timeout`, until none came for so long."""
        while True:
            self._number, new = self._news.after(self._number, timeout)
            yield from new
            if not new:
                return
