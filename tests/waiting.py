"""Wait until something is true, however slow the machine is; and programs that can be ended."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from functools import partial
from typing import Any

PATIENCE = 120.0
"""Seconds after which a test gives up: machines may be very busy."""
HEED = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
"""Before a program that is to be interrupted: a shell that starts us in the background has us
ignore SIGINT, and children inherit that."""


def eventually(true: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """What `true` gives, as soon as it is something."""
    end = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.05)
    return found
