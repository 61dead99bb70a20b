"""Wait until something is true, however slow the machine is."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

PATIENCE = 120.0
"""Seconds after which a test gives up: machines may be very busy."""


def eventually(true: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """What `true` gives, as soon as it is something."""
    end = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.05)
    return found
