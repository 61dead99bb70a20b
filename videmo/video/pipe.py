"""Bytes that another program writes into a pipe, read with an eye on the clock.

FFmpeg itself would wait in a pipe for ever, and could not be told that all is over.
"""

from __future__ import annotations

import math
import os
import select
import sys
import threading
import time
from pathlib import Path

LOOKS = 0.1
"""Seconds after which is looked whether all is over."""
IDLE = 0.005
"""Seconds from which on it was waited for bytes."""


class Silence(OSError):
    """Nothing came for too long."""


class Pipe:
    """An open pipe, as PyAV reads files."""

    def __init__(self, path: Path | None, over: threading.Event, patience: float) -> None:
        """`path` is a FIFO; None: standard input. Silent for `patience` seconds it is broken."""
        self._own = path is not None
        # A FIFO that nobody writes to yet would else be waited for here.
        self._descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK) if path else 0
        self._over, self._patience = over, patience
        self._begun = False
        self.waited = -math.inf
        """When it was last waited for bytes: who writes as fast as can be lets nobody wait."""

    def read(self, size: int) -> bytes:
        """Up to `size` bytes; none: the writer has ended, or all is over.

        Raises:
            Silence: nothing came for too long.
        """
        begin = time.monotonic()
        while not self._over.is_set():
            content = self._taken(size) if self._ready() else None
            if content or (content == b"" and (self._begun or not self._own)):
                self._begun = True
                if time.monotonic() - begin > IDLE:
                    self.waited = time.monotonic()
                return content
            if content == b"":  # nobody has opened the FIFO for writing yet
                self._over.wait(LOOKS)
            if time.monotonic() - begin > self._patience:
                raise Silence(0, f"nothing came for {self._patience:g} s")
        return b""

    def close(self) -> None:
        if self._own:
            os.close(self._descriptor)

    def _ready(self) -> bool:
        if sys.platform == "win32":  # where only sockets can be waited for
            return True
        return bool(select.select([self._descriptor], [], [], LOOKS)[0])

    def _taken(self, size: int) -> bytes | None:
        try:
            return os.read(self._descriptor, size)
        except BlockingIOError:
            return None
