"""Loaded once by the server that processes are forked from: what each would else load anew."""

from __future__ import annotations

from contextlib import suppress

from videmo.emotions import find_model
from videmo.faces import DETECTORS, DetectorConfig
from videmo.scan.classify import classifier_of

# What goes wrong here is told by whoever needs it, in one line; the server has to live.
for make in DETECTORS.values():
    with suppress(Exception):
        make(DetectorConfig())
with suppress(Exception):
    classifier_of(find_model())
