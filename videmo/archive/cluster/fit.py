"""Whether a worker is fit: it runs what we run, and sees what we see."""

from __future__ import annotations

import os
import platform
import secrets
import shutil
import socket
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

import videmo
from videmo.archive.walk import Candidate
from videmo.emotions import find_model
from videmo.errors import SetupError, VidemoError
from videmo.files import check_writable, output_error, sha256, shown, temporary
from videmo.scan import Settings, made_with
from videmo.scan.workers import process_context

TRIMMING = "MALLOC_TRIM_THRESHOLD_"
"""Where Dask tells its workers' C library to give back memory at once. A scan, which has to ask for
each picture's anew then, takes a twelfth longer."""
ROOM = 64 << 20
"""Bytes that have to be free for the tables, and for temporary files."""
SAMPLES = 3
"""Movies that a worker is asked about."""


class Difference(NamedTuple):
    """What is not the same on a worker."""

    what: str
    here: str
    there: str


class Expected(NamedTuple):
    """What a worker is compared with."""

    traits: dict[str, str]
    settings: Settings
    sign: Sign
    movies: tuple[tuple[Path, int], ...]
    """Some movies, and their sizes."""


class Sign(NamedTuple):
    """A file in the folder for the tables, by which it is known again."""

    file: Path
    secret: str

    def is_seen(self) -> bool:
        """Whether the file is there, with what was written into it."""
        with suppress(OSError, ValueError):
            return self.file.read_text("ascii") == self.secret
        return False


@contextmanager
def expected(settings: Settings, folder: Path, movies: Sequence[Candidate]) -> Iterator[Expected]:
    """What the workers of a scan into `folder` are to be like; in the block they can be asked."""
    sign = Sign(temporary(folder / "archive.csv"), secrets.token_hex(16))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        sign.file.write_text(sign.secret, "ascii")
    except OSError as error:
        raise output_error(error, sign.file) from error
    # A worker stands in another folder.
    samples = [
        (Path(os.path.abspath(one.path)), one.size)
        for one in movies
        if one.path.is_file() and not one.more
    ]
    step = max(1, len(samples) // SAMPLES)
    try:
        yield Expected(traits(settings), settings, sign, tuple(samples[::step][:SAMPLES]))
    finally:
        with suppress(OSError):
            sign.file.unlink()


def examine(wanted: Expected) -> tuple[str, list[Difference]]:
    """What is not as `wanted` on the machine that this is called on, and the machine's name."""
    here = traits(wanted.settings)
    found = [
        Difference(what, one, here.get(what, "none"))
        for what, one in wanted.traits.items()
        if here.get(what) != one
    ]
    return socket.gethostname(), found + _unseen(wanted) + _unable()


def traits(settings: Settings) -> dict[str, str]:
    """All that the bytes of a table may depend on, besides its movie."""
    return {
        "Python": ".".join(platform.python_version_tuple()[:2]),
        "processor": platform.machine(),
        "videmo": f"{videmo.__version__}, code {_code()}",
        "Dask distributed": _version("distributed"),
        "OpenCV": _version("opencv-python-headless", "opencv-python", "opencv-contrib-python"),
        "PyAV": _version("av"),
        "NumPy": _version("numpy"),
        "model's runtime": _version("ai-edge-litert", "tflite-runtime"),
        **_learnt(settings),
    }


def _learnt(settings: Settings) -> dict[str, str]:
    """The checksums of the model and of what the detector has learnt."""
    try:
        made = made_with(settings, find_model(settings.model))
    except VidemoError as error:
        return {"model": str(error)}
    weights = ", ".join(f"{name} {sum[:12]}" for name, sum in made["detector"]["weights"].items())
    return {
        "model": f"{made['model']['name']} {made['model']['sha256'][:12]}",
        "detector": f"{made['detector']['name']}: {weights}",
    }


def _code() -> str:
    """Tells videmo's sources: a version has many of them while it is worked on."""
    root = Path(videmo.__file__).parent
    files = sorted(path.relative_to(root).as_posix() for path in root.rglob("*.py"))
    return sha256("".join(name + sha256((root / name).read_bytes()) for name in files).encode())[:8]


def _version(*packages: str) -> str:
    """The version of the first of these packages that is installed."""
    for package in packages:
        with suppress(PackageNotFoundError):
            return version(package)
    return "none"


def _unseen(wanted: Expected) -> list[Difference]:
    """What of the files we know is not to be seen from here, or may not be written."""
    folder = wanted.sign.file.parent
    if not wanted.sign.is_seen():
        return [Difference(f"folder {shown(folder)}", "shared", "another one, or none")]
    found = []
    try:
        check_writable(folder / "archive.csv")
    except VidemoError as error:
        found.append(Difference(f"folder {shown(folder)}", "can be written", str(error)))
    for movie, size in wanted.movies:
        seen = _size_of(movie)
        if seen != str(size):
            found.append(Difference(shown(movie), f"{size} bytes", seen))
    for place in (folder, Path(tempfile.gettempdir())):
        free = shutil.disk_usage(place).free
        if free < ROOM:
            there = f"disk full, {free >> 20} MB free"
            found.append(Difference(shown(place), f"{ROOM >> 20} MB needed", there))
    return found


def _unable() -> list[Difference]:
    """Whether processes can be started here, to scan in; begins with what they need."""
    os.environ.pop(TRIMMING, None)  # before the server that they are forked from begins
    try:
        process_context()
    except OSError as error:
        why = f"{error} ({shown(tempfile.gettempdir())})"
        return [Difference("processes", "can be started", why)]
    return []


def _size_of(movie: Path) -> str:
    """How large a file is that can be read."""
    try:
        with movie.open("rb") as file:
            return str(os.fstat(file.fileno()).st_size)
    except OSError as error:
        return error.strerror or str(error)


def none_fit(left_out: dict[str, list[Difference]]) -> SetupError:
    """That no worker is left, with a table of why."""
    rows = [("worker", "what", "here", "there")]
    rows += [(worker, *one) for worker, found in left_out.items() for one in found]
    widths = [max(len(row[n]) for row in rows) for n in range(3)]
    lines = [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3]])
        for row in rows
    ]
    return SetupError(
        "no worker of the cluster can do this scan; make them like this machine, see "
        "docs/cluster.md\n" + "\n".join(lines)
    )
