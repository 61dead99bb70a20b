"""Find faces in a grey picture, and the eyes in a face.

A new detector is one function and one line in `DETECTORS`.
"""

from videmo.faces.eyes import Eye, Eyes, find_eyes
from videmo.faces.haar import haar
from videmo.faces.look import Detector, Look
from videmo.faces.pixels import alike, reduced

DETECTORS = {"haar": haar}
"""Functions from a `Look` to a `Detector`."""

__all__ = ["DETECTORS", "Detector", "Eye", "Eyes", "Look", "alike", "find_eyes", "reduced"]
