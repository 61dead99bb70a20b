"""The latest of something, for any number of readers, none of whom holds up who gives it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")


class Numbered(NamedTuple, Generic[T]):
    """A value, and which one it is, from 1."""

    number: int
    value: T


class Latest(Generic[T]):
    """Keeps one value; a reader that is slow misses those between."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._number = 0
        self._value: T | None = None
        self._closed = False

    def put(self, value: T) -> None:
        with self._changed:
            self._number += 1
            self._value = value
            self._changed.notify_all()

    def close(self) -> None:
        """There will be no more; whoever waits is told."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    @property
    def closed(self) -> bool:
        return self._closed

    @property
    def value(self) -> T | None:
        """The latest one; None: there was none yet."""
        return self._value

    def after(self, number: int, timeout: float | None = None) -> Numbered[T] | None:
        """The latest value, once it is another one than `number` (0: any).

        None: it is closed, or nothing came in `timeout` seconds.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._number > number, timeout)
            if self._number <= number or self._value is None:
                return None
            return Numbered(self._number, self._value)

    def each(self) -> Iterator[T]:
        """The values as they come, those left out for which there was no time, to the end."""
        number = 0
        while (found := self.after(number)) is not None:
            number = found.number
            yield found.value
