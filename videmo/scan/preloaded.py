"""Loaded once by the server that processes are forked from: what each would else load anew."""

from __future__ import annotations

from contextlib import suppress

from videmo.errors import SetupError
from videmo.faces import DETECTORS, DetectorConfig

for make in DETECTORS.values():
    with suppress(SetupError):  # whoever looks for faces says so
        make(DetectorConfig())
