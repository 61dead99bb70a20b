"""Movies made for tests: small ones with a known truth, and bad ones."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

from videmo.demo import Actor, Place, Shot, Story
from videmo.exporters.clips import find_ffmpeg

NTSC_FILM = Fraction(24000, 1001)
SIZE = (320, 240)


def person(number: int = 1, x: float = 160, *feelings: tuple[float, str], **more: object) -> Actor:
    """Somebody who stands still at `x`, as large as a test needs."""
    places = (Place(0, x, 115, 110),)
    return Actor(number, places, feelings or ((0, "happy"),), **more)  # type: ignore[arg-type]


def still(seconds: float = 2, fps: Fraction = Fraction(24), **more: object) -> Story:
    """One happy person who does not move."""
    return Story((Shot(seconds, (person(),)),), SIZE, fps, **more)  # type: ignore[arg-type]


def uneven_times(count: int) -> tuple[Fraction, ...]:
    """Times of frames that come now fast, now slowly: 1/30 s and 1/6 s apart by turns of ten."""
    times, now = [], Fraction(0)
    for index in range(count):
        times.append(now)
        now += Fraction(1, 6) if index // 10 % 2 else Fraction(1, 30)
    return tuple(times)


def write(name: str, content: bytes) -> Callable[[Path], Path]:
    """A file of so much content, made in a folder."""

    def make(folder: Path) -> Path:
        path = folder / name
        path.write_bytes(content)
        return path

    return make


def remuxed(movie: Path, target: Path, *options: str) -> Path:
    """The same streams in another container, or with another start."""
    command = [find_ffmpeg(), "-loglevel", "error", "-i", movie, "-c", "copy", *options, target]
    subprocess.run(command, check=True)
    return target


def cut_off(movie: Path, target: Path, share: float) -> Path:
    """The first `share` of a movie's bytes."""
    content = movie.read_bytes()
    target.write_bytes(content[: int(len(content) * share)])
    return target
