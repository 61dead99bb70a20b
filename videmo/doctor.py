"""Look whether this machine has what videmo needs, and say how to get what is missing."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

from videmo import __version__
from videmo.errors import VidemoError
from videmo.files import shown
from videmo.schema import DEFAULT_DETECTOR

OLDEST_PYTHON = (3, 10)
DECODERS = (
    "h264",
    "hevc",
    "mpeg4",
    "mpeg2video",
    "vp8",
    "vp9",
    "av1",
    "mjpeg",
    "prores",
    "dvvideo",
)
"""Codecs that most movies have."""
LITTLE_ROOM = 1 << 30
"""Bytes: with less room on the disk, a scan may not be finished."""
GIGABYTE = 1 << 30


class Finding(NamedTuple):
    """What was found of one thing that videmo needs."""

    what: str
    found: str
    missing: str = ""
    """What is wrong, and what to do; empty if all is well."""


def examine(folder: Path) -> list[Finding]:
    """What this machine has of everything that videmo needs; `folder` is for the results."""
    return [Finding(name, *check(folder)) for name, check in _CHECKS.items()]


def _python(_: Path) -> tuple[str, str]:
    found = f"{platform.python_version()} ({sys.executable})"
    old = sys.version_info < OLDEST_PYTHON
    return found, "too old; install Python 3.10 or newer" if old else ""


def _opencv(_: Path) -> tuple[str, str]:
    advice = "run: pip install 'opencv-python-headless>=4.10,<5'"
    try:
        import cv2
    except ImportError as error:
        return "none", f"{error}; {advice}"
    return cv2.__version__, ""


def _detectors(_: Path) -> tuple[str, str]:
    try:
        from videmo.faces import DETECTORS, DetectorConfig
    except ImportError as error:
        return "none", str(error)
    there, lacking = [], {}
    for name, make in DETECTORS.items():
        try:
            make(DetectorConfig(name))
            there.append(name)
        except VidemoError as error:
            lacking[name] = str(error)
    if not there:
        return "none", "; ".join(lacking.values())
    missing = lacking.pop(DEFAULT_DETECTOR, "")
    return ", ".join(there) + "".join(f"; not {n} ({why})" for n, why in lacking.items()), missing


def _decoders(_: Path) -> tuple[str, str]:
    try:
        import av
    except ImportError as error:
        return "none", f"{error}; run: pip install 'av>=17'"
    there = [name for name in DECODERS if _has_decoder(name)]
    lacking = [name for name in DECODERS if name not in there]
    found = f"PyAV {av.__version__}: {', '.join(there)}"
    if not lacking:
        return found, ""
    return found, f"no decoder for {', '.join(lacking)}; install PyAV's own wheel (pip install av)"


def _has_decoder(name: str) -> bool:
    import av

    try:
        av.Codec(name, "r")
    except ValueError:  # what PyAV's error is, too
        return False
    return True


def _ffmpeg(_: Path) -> tuple[str, str]:
    from videmo.exporters.program import find_ffmpeg

    try:
        program = find_ffmpeg()
        command = [program, "-hide_banner", "-encoders"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    except VidemoError as error:
        return "none", str(error)
    except (OSError, subprocess.TimeoutExpired) as error:
        return "none", f"ffmpeg does not start ({error}); run: pip install imageio-ffmpeg"
    lacking = [name for name in ("libx264", "aac") if f" {name} " not in done.stdout]
    advice = f"cannot encode {', '.join(lacking)}; run: pip install imageio-ffmpeg"
    return program, advice if lacking else ""


def _model(_: Path) -> tuple[str, str]:
    from videmo.emotions import classifier, find_model

    try:
        model = find_model()
        classifier(model)
    except VidemoError as error:
        return "none", str(error)
    return f"{model.name}, SHA-256 {model.sha256[:16]}... as described", ""


def _runtime(_: Path) -> tuple[str, str]:
    for package in ("ai-edge-litert", "tflite-runtime"):
        try:
            return f"{package} {version(package)}", ""
        except PackageNotFoundError:
            continue
    return "none", "run: pip install ai-edge-litert"


def _disk(folder: Path) -> tuple[str, str]:
    place = folder.absolute()
    while not place.exists():
        place = place.parent
    try:
        free = shutil.disk_usage(place).free
    except OSError as error:
        return "not known", f"{shown(place)}: {error.strerror}"
    found = f"{free / GIGABYTE:.1f} GB in {shown(place)}"
    if not os.access(place, os.W_OK):
        return found, "may not be written; choose another folder with -o"
    return found, "little; make room, or choose another folder" if free < LITTLE_ROOM else ""


def _videmo(_: Path) -> tuple[str, str]:
    return f"{__version__} ({shown(Path(__file__).parent)})", ""


_CHECKS: dict[str, Callable[[Path], tuple[str, str]]] = {
    "videmo": _videmo,
    "Python": _python,
    "OpenCV": _opencv,
    "detectors": _detectors,
    "decoders": _decoders,
    "runtime": _runtime,
    "model": _model,
    "ffmpeg": _ffmpeg,
    "free disk": _disk,
}
