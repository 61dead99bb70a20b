"""What a movie is, and the one way to open its file."""

from __future__ import annotations

import stat
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np

from videmo.errors import MovieError, NoPicturesError, RequestError
from videmo.files import shown
from videmo.video.memory import check_memory
from videmo.video.sniff import (
    HEAD_BYTES,
    MOVIE,
    PICTURE,
    PLAYLIST,
    SOUND,
    UNKNOWN,
    has_index,
    quoted,
    sniff,
)

# Real containers only: a playlist or a concat script that calls itself .mp4 would make FFmpeg
# read other files, or the network.
FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,m4v,flv,live_flv,asf,ogg,mxf,"
    "wtv,rm,dv,nut,ivf,h264,hevc,obu,yuv4mpegpipe,gif"
)

MAX_PIXELS = 16384 * 8640
"""Pixels of the largest pictures that are taken: four times 8K."""

READ_OPTIONS = {
    "protocol_whitelist": "file",
    "format_whitelist": FORMATS,
    # FFmpeg decodes some pictures to find out what a stream is: none that fill the memory.
    "max_pixels": str(MAX_PIXELS),
}


class Turn(NamedTuple):
    """How a stored picture is made upright: transposed first, then mirrored."""

    transposed: bool = False
    left_right: bool = False
    upside_down: bool = False

    @property
    def rotation(self) -> int:
        """Degrees, clockwise, by which the picture is turned; a mirrored one counts as not."""
        return _ROTATIONS.get(self, 0)

    def apply(self, picture: np.ndarray) -> np.ndarray:
        """The picture (height x width, or height x width x 3) upright; a view."""
        if self.transposed:
            picture = picture.swapaxes(0, 1)
        if self.left_right:
            picture = picture[:, ::-1]
        return picture[::-1] if self.upside_down else picture


_ROTATIONS = {
    Turn(True, True, False): 90,
    Turn(False, True, True): 180,
    Turn(True, False, True): 270,
}


@dataclass(frozen=True)
class Movie:
    """What is known of a movie before its frames are read."""

    path: Path
    stream: int
    """Index of the video stream."""
    width: int
    height: int
    """Size in pixels of the upright picture with square pixels."""
    turn: Turn
    """What makes the stored picture upright."""
    fps: Fraction
    """Average frames per second."""
    duration: Fraction | None
    """Seconds of picture, as announced by the file; it may be wrong or missing."""
    frames: int | None
    """Frames, as announced by the file; it may be wrong or missing."""
    origin: int
    """Timestamp of the first frame, in units of `time_base`."""
    time_base: Fraction
    lead: float
    """Seconds from the container's start to the first frame: where time 0 is for a cutter."""
    sound: bool
    timed: bool
    """Whether the timestamps can be trusted; `survey` looks at all of them."""
    timecode: str = ""
    """What the camera says that the first frame's timecode is, unchecked; empty where nothing."""
    duration_of_picture: bool = False
    """Whether `duration` is that of the picture alone, not of picture and sound together."""
    empty_frames: bool = False
    """Whether `frames` counts those, too, that hold no picture: the one before is shown on."""
    decode_order: bool = False
    """Whether the file knows when frames are decoded, and not when they are shown."""
    interlaced: bool = False
    """Whether its first frames consist of two fields, taken at two times."""
    transfer: str = ""
    """`PQ` or `HLG`, where the picture is of high dynamic range; else empty."""
    deinterlace: bool = False
    """Whether interlaced frames are to be made whole when they are read."""


def check_file(path: Path) -> None:
    try:
        status = path.stat()
    except FileNotFoundError:
        raise RequestError(f"{shown(path)}: no such file; check the name") from None
    except OSError as error:
        raise MovieError(f"{shown(path)}: cannot be read ({error.strerror})") from error
    if stat.S_ISDIR(status.st_mode):
        raise RequestError(f"{shown(path)}: is a folder; name the movies in it")
    if not stat.S_ISREG(status.st_mode):
        raise NoPicturesError(f"{shown(path)}: is not a regular file; copy the movie to one")
    if status.st_size == 0:
        raise MovieError(f"{shown(path)}: the file is empty; copy or download it again")


def opened(path: Path) -> av.container.InputContainer:
    # "file:" keeps names such as "http:x.mp4" or "concat:a" from being taken for protocols.
    try:
        return av.open(f"file:{path.absolute()}", options=READ_OPTIONS)
    except PermissionError as error:
        raise MovieError(f"{shown(path)}: may not be read; check its permissions") from error
    except (av.error.FFmpegError, OSError) as error:
        check_memory(error, path)
        kind, why = _why(path)
        refused = NoPicturesError if kind in (SOUND, PICTURE) else MovieError
        reason = f"{_reason(error)}{why and '; '}{why}"
        raise refused(
            f"{shown(path)}: is not a movie that videmo can read ({reason}); "
            "convert it, or leave it out"
        ) from error


def unit_of(stream: av.VideoStream | av.AudioStream) -> Fraction:
    """Seconds of a unit in which the timestamps of a movie's stream count."""
    assert stream.time_base is not None  # FFmpeg knows one for whatever it demuxes
    return stream.time_base


def limit_pixels(stream: av.VideoStream) -> None:
    """Let `stream`, before it is decoded, refuse pictures that would fill the memory."""
    stream.codec_context.options = {"max_pixels": str(MAX_PIXELS)}


def _why(path: Path) -> tuple[str, str]:
    """What a file that cannot be opened is, and what its first bytes say of the reason."""
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
            kind = sniff(head)
            if kind == MOVIE and head[4:8] == b"ftyp" and not has_index(file):
                return kind, "its index (moov) is missing: was the recording interrupted?"
    except OSError:
        return UNKNOWN, ""
    return kind, {
        SOUND: "only sound",
        PICTURE: "a still picture",
        PLAYLIST: "a playlist, and those are not followed",
        UNKNOWN: f'it begins with "{quoted(head)}"',
    }.get(kind, "")


def _reason(error: OSError | av.error.FFmpegError) -> str:
    return (error.strerror or type(error).__name__).lower()
