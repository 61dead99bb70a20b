"""The ffmpeg program: where it is, and how it is run."""

from __future__ import annotations

import atexit
import functools
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from videmo.errors import OutputError, SetupError
from videmo.files import output_error, shown

THREADS = 4
"""Not as many as there are cores: the bytes depend on it."""

SAME_BYTES = {"map_metadata": -1, "fflags": "+bitexact", "flags": "+bitexact"}
"""What keeps dates, versions and random numbers out of a file."""

H264: dict[str, Any] = {
    "vcodec": "libx264",
    "crf": 18,  # hard to tell from the movie
    "preset": "veryfast",
    "pix_fmt": "yuv420p",
    "threads": THREADS,
}
AAC: dict[str, Any] = {"acodec": "aac", "audio_bitrate": "160k"}


@functools.cache
def find_ffmpeg() -> str:
    """The system's ffmpeg, else the one that comes with imageio-ffmpeg."""
    found = shutil.which("ffmpeg")
    if found:
        return found
    try:
        import imageio_ffmpeg

        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except (ImportError, RuntimeError):
        raise SetupError(
            "ffmpeg: not found; install it, or run: pip install imageio-ffmpeg"
        ) from None


@functools.cache
def own_times(program: str) -> dict[str, str]:
    """The option of an output whose frames keep their times, by the name that `program` knows.

    Else ffmpeg, up to 5.1 at least, makes the rate of an MP4 even: it repeats frames, and leaves
    others out.

    Raises:
        SetupError: it does not start.
    """
    command = [program, "-hide_banner", "-h", "long"]
    try:
        options = subprocess.run(command, capture_output=True, check=False).stdout
    except OSError as error:
        raise no_start(command, error) from error
    return {"fps_mode" if b"-fps_mode" in options else "vsync": "vfr"}


@functools.cache
def kept_file(name: str, text: str) -> Path:
    """A file of so much text that ffmpeg reads; it lies there until this process ends."""
    path = Path(_folder()) / name
    path.write_text(text, "utf-8")
    return path


@functools.cache
def _folder() -> str:
    folder = tempfile.TemporaryDirectory(prefix="videmo-")
    atexit.register(folder.cleanup)
    return folder.name


def arguments(program: str, output: Any) -> list[str]:
    """The command line of ffmpeg-python's `output`: no questions, and only errors said. Pure."""
    quiet = output.global_args("-nostdin", "-loglevel", "error")
    return list(quiet.overwrite_output().compile(cmd=program))


def run_ffmpeg(command: list[str], target: Path, what: str) -> None:
    """Run ffmpeg; `target` and `what` could not be done are for the message.

    Raises:
        SetupError: there is no ffmpeg.
        DiskFullError: no room is left.
        OutputError: ffmpeg failed.
    """
    try:
        done = subprocess.run(command, capture_output=True, check=False)
    except OSError as error:
        raise no_start(command, error) from error
    check_end(done.returncode, done.stderr, target, what)


def no_start(command: list[str], error: OSError) -> SetupError:
    """What it means that ffmpeg does not start."""
    return SetupError(f"{shown(command[0])}: ffmpeg does not start ({error})")


def check_end(code: int, stderr: bytes, target: Path, what: str) -> None:
    """Raise what it means that ffmpeg ended with `code`, and said `stderr`."""
    said = stderr.decode(errors="replace").strip().splitlines()
    if any("No space left on device" in line for line in said):
        raise output_error(OSError(28, "No space left on device"), target)
    if code:
        reason = shown(said[-1]) if said else f"code {code}"
        raise OutputError(f"{shown(target)}: ffmpeg could not {what} ({reason})")
