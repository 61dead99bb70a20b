"""Movies made for tests: small ones with a known truth, and bad ones."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from tests.waiting import eventually
from videmo.demo import Actor, Place, Shot, Story
from videmo.demo.picture import Painter
from videmo.exporters.clips import find_ffmpeg
from videmo.files import sha256

NTSC_FILM = Fraction(24000, 1001)
SIZE = (320, 240)
HAPPY = ((0, "happy"),)


def person(number: int = 1, x: float = 160, *feelings: tuple[float, str], **more: object) -> Actor:
    """Somebody who stands still at `x`, as large as a test needs."""
    places = (Place(0, x, 115, 110),)
    return Actor(number, places, feelings or HAPPY, **more)  # type: ignore[arg-type]


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


def another(movie: Path, target: Path) -> Path:
    """The same MP4 as another movie, no copy: a box follows that means nothing."""
    free = b"\0\0\0\x10free" + sha256(os.fsencode(target.name))[:8].encode()
    target.write_bytes(movie.read_bytes() + free)
    return target


BITS = 10


def numbered(target: Path, count: int = 100, *options: str, fps: int | Fraction = 25) -> Path:
    """A movie, 320x160, whose pictures show their number in black and white bars, with a tone.

    `options` say how ffmpeg encodes it.
    """
    raw = b"".join(_bars(number).tobytes() for number in range(count))
    pictures = ["-f", "rawvideo", "-pix_fmt", "gray", "-s", "320x160", "-r", str(fps), "-i", "-"]
    tone = ["-f", "lavfi", "-t", str(float(count / fps)), "-i", "sine=440:sample_rate=48000"]
    command = [find_ffmpeg(), "-loglevel", "error", *pictures, *tone, "-pix_fmt", "yuv420p"]
    subprocess.run([*command, *options, str(target)], input=raw, check=True)
    return target


def number_of(grey: np.ndarray) -> int:
    """The number that a picture of `numbered` shows; -1 if it is not whole."""
    upper, lower = (grey[rows].reshape(-1, BITS, 32).mean((0, 2)) for rows in _HALVES)
    if (np.abs(upper - lower) < 60).any():
        return -1
    return int(sum(1 << bit for bit in range(BITS) if upper[bit] > lower[bit]))


_HALVES = (slice(20, 60), slice(100, 140))


def _bars(number: int) -> np.ndarray:
    """Each bit a bar, white over black for 1, black over white for 0."""
    bits = np.array([number >> bit & 1 for bit in range(BITS)], np.uint8).repeat(32) * 255
    return np.concatenate([np.tile(bits, (80, 1)), np.tile(255 - bits, (80, 1))])


def delayed(movie: Path, target: Path, seconds: float) -> Path:
    """The movie with its pictures `seconds` later, against its sound."""
    only = target.with_name("pictures.mkv")
    remuxed(movie, only, "-an")
    command = [find_ffmpeg(), "-loglevel", "error", "-itsoffset", str(seconds), "-i", only]
    maps = ["-map", "0:v", "-map", "1:a", "-c", "copy", target]
    subprocess.run([*command, "-i", movie, *maps], check=True)
    return target


def cut_off(movie: Path, target: Path, share: float) -> Path:
    """The first `share` of a movie's bytes."""
    content = movie.read_bytes()
    target.write_bytes(content[: int(len(content) * share)])
    return target


def holed(movie: Path, target: Path, first: int, last: int) -> Path:
    """The movie with zeros from within the packet of picture `first` to within that of `last`.

    Which bytes these are, the file says itself: so it is the same pictures, whoever made it. For
    containers that keep a packet in one piece, and pictures without B-frames.
    """
    with av.open(str(movie)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
        begin, end = (packets[n].pos + packets[n].size // 2 for n in (first, last))
    content = bytearray(movie.read_bytes())
    content[begin:end] = bytes(end - begin)
    target.write_bytes(content)
    return target


def painted(*actors: Actor, size: tuple[int, int] = (480, 360)) -> np.ndarray:
    """A picture of people, BGR."""
    story = Story((Shot(1, actors, background=1),), size)
    return Painter(story).paint(Fraction(0))


def painted_grey(*actors: Actor, size: tuple[int, int] = (480, 360)) -> np.ndarray:
    return cv2.cvtColor(painted(*actors, size=size), cv2.COLOR_BGR2GRAY)


def begun(path: Path) -> None:
    """Until the work at `path` has begun."""
    eventually(path.exists)
    time.sleep(0.3)
