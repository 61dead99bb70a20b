"""The cameras of this machine, with their sizes and rates: Video4Linux, asked by its own calls.

Structures and numbers of calls are those of linux/videodev2.h, which no kernel may change.
"""

from __future__ import annotations

import contextlib
import os
import re
import struct
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

fcntl: ModuleType | None
try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

DEVICES = Path("/dev")
KNOWN = Path("/sys/class/video4linux")

_QUERYCAP = 0x80685600
_ENUM_FMT = 0xC0405602
_ENUM_FRAMESIZES = 0xC02C564A
_ENUM_FRAMEINTERVALS = 0xC034564B

_CAPTURE = 0x00000001
_DEVICE_CAPS = 0x80000000
_VIDEO_CAPTURE = 1
"""Of V4L2_BUF_TYPE."""
_DISCRETE = 1
_MOST = 64
"""Answers that are asked for: a driver that never ends its list is not followed further."""

Ask = Callable[[int, bytearray], None]
"""Asks a device: the number of the call, and the structure, which is filled."""


class Mode(NamedTuple):
    """What a camera can be asked for."""

    form: str
    """Four letters: MJPG, YUYV."""
    width: int
    height: int
    rates: tuple[Fraction, ...]
    """Pictures in a second; none: it does not say."""


class Camera(NamedTuple):
    """A camera that is there."""

    path: Path
    name: str
    modes: tuple[Mode, ...] = ()
    """What it offers; none: it did not say, or may not be asked."""


def cameras(known: Path = KNOWN, devices: Path = DEVICES) -> list[Camera]:
    """The cameras that the kernel knows, by their numbers; without their modes."""
    found = []
    with contextlib.suppress(OSError):
        for place in known.iterdir():
            number = re.fullmatch(r"video(\d+)", place.name)
            if number:
                found.append((int(number[1]), Camera(devices / place.name, _name(place))))
    return [camera for _, camera in sorted(found)]


def with_modes(camera: Camera) -> Camera | None:
    """A camera with its sizes and rates; None: it takes no pictures (a device for its data)."""
    if fcntl is None:
        return camera
    try:
        descriptor = os.open(camera.path, os.O_RDWR | os.O_NONBLOCK)
    except OSError:
        return camera  # who may not open it is told so when it is used
    try:
        ioctl = fcntl.ioctl

        def ask(call: int, structure: bytearray) -> None:
            ioctl(descriptor, call, structure)

        if not takes_pictures(ask):
            return None
        return camera._replace(modes=tuple(modes(ask)))
    except OSError:
        return camera
    finally:
        os.close(descriptor)


def takes_pictures(ask: Ask) -> bool:
    """Whether a device is a camera, and not what goes with one."""
    answer = bytearray(104)
    ask(_QUERYCAP, answer)
    all_of_it, own = struct.unpack_from("=II", answer, 84)
    return bool((own if all_of_it & _DEVICE_CAPS else all_of_it) & _CAPTURE)


def modes(ask: Ask) -> Iterator[Mode]:
    """What a camera offers, as it lists it."""
    for index in range(_MOST):
        answer = bytearray(64)
        struct.pack_into("=II", answer, 0, index, _VIDEO_CAPTURE)
        if not _asked(ask, _ENUM_FMT, answer):
            return
        (form,) = struct.unpack_from("=I", answer, 44)
        letters = "".join(chr(form >> shift & 0x7F) for shift in (0, 8, 16, 24)).strip()
        for width, height in _sizes(ask, form):
            yield Mode(letters, width, height, tuple(_rates(ask, form, width, height)))


def _sizes(ask: Ask, form: int) -> Iterator[tuple[int, int]]:
    for index in range(_MOST):
        answer = bytearray(44)
        struct.pack_into("=II", answer, 0, index, form)
        if not _asked(ask, _ENUM_FRAMESIZES, answer):
            return
        (kind,) = struct.unpack_from("=I", answer, 8)
        if kind != _DISCRETE:  # any size: the least, the largest, the step of each side
            _, width, _, _, height, _ = struct.unpack_from("=6I", answer, 12)
            yield width, height
            return
        yield struct.unpack_from("=2I", answer, 12)


def _rates(ask: Ask, form: int, width: int, height: int) -> Iterator[Fraction]:
    for index in range(_MOST):
        answer = bytearray(52)
        struct.pack_into("=4I", answer, 0, index, form, width, height)
        if not _asked(ask, _ENUM_FRAMEINTERVALS, answer):
            return
        kind, seconds, parts = struct.unpack_from("=3I", answer, 16)
        if seconds and parts:
            yield Fraction(parts, seconds)
        if kind != _DISCRETE:
            return


def _asked(ask: Ask, call: int, structure: bytearray) -> bool:
    """Whether there was an answer: a list ends with an error."""
    try:
        ask(call, structure)
    except OSError:
        return False
    return True


def _name(place: Path) -> str:
    try:
        return (place / "name").read_text("utf-8", "replace").strip() or place.name
    except OSError:
        return place.name
