"""Loaded once by the server that processes are forked from: what each would else load anew."""

from __future__ import annotations

from contextlib import suppress

from videmo.emotions import find_model
from videmo.errors import SetupError
from videmo.faces import DETECTORS, DetectorConfig
from videmo.scan.classify import classifier_of

for make in DETECTORS.values():
    with suppress(SetupError):  # whoever looks for faces says so
        make(DetectorConfig())
with suppress(SetupError):
    classifier_of(find_model())
