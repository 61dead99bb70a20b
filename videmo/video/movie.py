"""What a movie is, and the one way to open its file."""

from __future__ import annotations

import math
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np

from videmo.errors import MovieError, NoPicturesError, RequestError
from videmo.files import shown
from videmo.video.chapters import Chapter, joined_bytes, joined_times
from videmo.video.colours import ORDINARY, Colours
from videmo.video.memory import check_memory
from videmo.video.series import Series
from videmo.video.sniff import (
    ANIMATED,
    HEAD_BYTES,
    MOVIE,
    PICTURE,
    PLAYLIST,
    SOUND,
    UNKNOWN,
    index_of,
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


class Source(NamedTuple):
    """What FFmpeg is to open."""

    url: str
    options: dict[str, str]
    form: str | None = None
    """The format, where the content does not tell it."""


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


class SoundTrack(NamedTuple):
    """A sound track of a file."""

    stream: int
    """Index of the stream."""
    decodable: bool
    """Whether there is a decoder for it, and something to decode."""


@dataclass(frozen=True)
class Movie:
    """What is known of a movie before its frames are read."""

    path: Path
    stream: int
    """Index of the video stream."""
    width: int
    height: int
    """Size in pixels of the upright picture with square pixels."""
    pixel_aspect: Fraction
    """Width of a stored pixel, as a part of its height."""
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
    sounds: tuple[SoundTrack, ...]
    """The sound tracks in the file, in its order."""
    heard: tuple[int, ...]
    """Indexes of the streams of those that are taken: see `with_sound`. Empty: silence."""
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
    videos: int = 1
    """Streams of moving pictures in the file; one of them is taken."""
    colours: Colours = ORDINARY
    """How its first frame codes its colours."""
    transfer: str = ""
    """`PQ` or `HLG`, where the picture is of high dynamic range; else empty."""
    dolby: bool = False
    """Whether its colours are Dolby Vision's own, so that those that are decoded are false."""
    deinterlace: bool = False
    """Whether interlaced frames are to be made whole when they are read."""
    series: Series | None = None
    """The numbered pictures, where `path` is a folder that holds them."""
    chapters: tuple[Chapter, ...] = ()
    """The files that are the movie together, where it is more than `path`, their first."""

    @property
    def tone(self) -> str:
        """The `transfer` that what is made of it is freed from; empty where there is none, or its
        colours are false anyway."""
        return "" if self.dolby else self.transfer

    @property
    def sound(self) -> bool:
        """Whether there is sound that can be decoded."""
        return bool(self.heard)

    @property
    def source(self) -> Source:
        """What FFmpeg is to open."""
        return source_of(self.path, self.series, self.fps, self.chapters)

    @property
    def files(self) -> tuple[Path, ...]:
        """What the movie lies in: its file, its folder, or all its chapters."""
        return tuple(chapter.path for chapter in self.chapters) or (self.path,)

    def picture(self, time: float) -> str:
        """The name of the picture at `time` seconds; empty where it is not in a file of its own."""
        if self.series is None:
            return ""
        return self.series.name(round((time + self.origin * self.time_base) * self.fps))


def source_of(
    path: Path,
    series: Series | None = None,
    fps: Fraction | None = None,
    chapters: Sequence[Chapter] = (),
) -> Source:
    """A movie in the file `path`, in `chapters`, or in a folder with `series`, shown at `fps`."""
    if chapters:
        return _joined(chapters)
    # "file:" keeps names such as "http:x.mp4" or "concat:a" from being taken for protocols.
    if series is None:
        return Source(f"file:{path.absolute()}", READ_OPTIONS)
    folder = str(path.absolute()).replace("%", "%%")
    numbered = {"framerate": str(fps), "start_number": str(series.first)}
    options = READ_OPTIONS | {"format_whitelist": "image2"} | numbered
    return Source(f"file:{folder}/{series.pattern}", options, "image2")


def _joined(chapters: Sequence[Chapter]) -> Source:
    if url := joined_bytes(chapters):
        return Source(url, READ_OPTIONS | {"protocol_whitelist": "file,concat"})
    # The script is ours, and names only files; it may name them by their whole paths.
    allowed = {"protocol_whitelist": "file,data", "format_whitelist": f"concat,{FORMATS}"}
    return Source(joined_times(chapters), READ_OPTIONS | allowed | {"safe": "0"}, "concat")


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


def opened(path: Path, source: Source | None = None) -> av.container.InputContainer:
    """The movie at `path`, open; `source` says what there is to be opened, if not the file."""
    url, options, form = source or source_of(path)
    try:
        return av.open(url, format=form, options=options)
    except PermissionError as error:
        raise MovieError(f"{shown(path)}: may not be read; check its permissions") from error
    except (av.error.FFmpegError, OSError) as error:
        check_memory(error, path)
        kind, why = _why(path)
        if kind == PICTURE:
            raise NoPicturesError(
                f"{shown(path)}: is a still picture; for pictures run: videmo annotate "
                f"{shown(path)}"
            ) from error
        refused = NoPicturesError if kind in (SOUND, ANIMATED) else MovieError
        reason = f"{_reason(error)}{why and '; '}{why}"
        raise refused(
            f"{shown(path)}: is not a movie that videmo can read ({reason}); "
            "convert it, or leave it out"
        ) from error


def unit_of(stream: av.VideoStream | av.AudioStream) -> Fraction:
    """Seconds of a unit in which the timestamps of a movie's stream count."""
    assert stream.time_base is not None  # FFmpeg knows one for whatever it demuxes
    return stream.time_base


def seek(
    container: av.container.InputContainer,
    stream: av.VideoStream | av.AudioStream,
    movie: Movie,
    time: Fraction,
) -> None:
    """Go to a key frame of `stream` at or before `time`, in seconds after the first frame."""
    place = time + movie.origin * movie.time_base
    if movie.chapters:  # in which FFmpeg finds places by its own time alone
        container.seek(math.floor(place * av.time_base), backward=True)
    else:
        container.seek(math.floor(place / unit_of(stream)), stream=stream, backward=True)


def limit_pixels(stream: av.VideoStream) -> None:
    """Let `stream`, before it is decoded, refuse pictures that would fill the memory."""
    stream.codec_context.options = {"max_pixels": str(MAX_PIXELS)}


def _why(path: Path) -> tuple[str, str]:
    """What a file that cannot be opened is, and what its first bytes say of the reason."""
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
            kind = sniff(head)
            if kind == MOVIE and head[4:8] == b"ftyp" and index_of(file) is None:
                return kind, "its index (moov) is missing: was the recording interrupted?"
    except OSError:
        return UNKNOWN, ""
    return kind, {
        SOUND: "only sound",
        ANIMATED: "an animated WebP or PNG, which videmo does not read yet",
        PLAYLIST: "a playlist, and those are not followed",
        UNKNOWN: f'it begins with "{quoted(head)}"',
    }.get(kind, "")


def _reason(error: OSError | av.error.FFmpegError) -> str:
    return (error.strerror or type(error).__name__).lower()
