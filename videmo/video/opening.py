"""Open a camera, an address or a pipe, or say why that cannot be, and what to do.

Here an address is opened, and nowhere else: the user named it.
"""

from __future__ import annotations

import errno
import threading
from dataclasses import dataclass
from fractions import Fraction

import av

from videmo.errors import MovieError, RequestError, SetupError
from videmo.files import shown
from videmo.video.movie import FORMATS, MAX_PIXELS
from videmo.video.pipe import Pipe, Silence
from videmo.video.places import ADDRESS, CAMERA, PIPE, PROTOCOLS, STDIN, Place

PIPED = f"{FORMATS},mpjpeg,mjpeg,aac,mp3"
"""What may come through a pipe: nothing that names other places."""
STREAMED = f"{PIPED},hls,rtsp,rtp,sdp"
"""What may come from an address."""

OPENING = 10.0
"""Seconds that an address has to answer."""
STALL = 10.0
"""Seconds without a picture after which a source is broken."""
LOOKED_AT = {"analyzeduration": "1000000", "probesize": "1000000"}
"""How much of a stream, in microseconds and bytes, is read to find out what it is."""


@dataclass(frozen=True)
class Wish:
    """What is asked of a source."""

    size: tuple[int, int] | None = None
    """Width and height, of a camera."""
    rate: Fraction | None = None
    """Pictures in a second, of a camera."""
    stall: float = STALL
    """Seconds without a picture after which the source is broken."""


Opened = tuple[av.container.InputContainer, Pipe | None]
"""A source, and the pipe that it comes through."""


def open_source(place: Place, wish: Wish, over: threading.Event) -> Opened:
    """Open what lives; `over` is set when all is to end.

    Raises:
        RequestError, MovieError, SetupError: it cannot be opened.
    """
    pipe: Pipe | None = None
    common = {"format_whitelist": STREAMED, "max_pixels": str(MAX_PIXELS)} | LOOKED_AT
    try:
        if place.kind == PIPE:
            path = None if place.url == STDIN else place.path
            pipe = Pipe(path, over, wish.stall)
            # What a stranger writes there opens nothing else: no protocol is called so.
            piped = {"format_whitelist": PIPED, "protocol_whitelist": "none"}
            return av.open(pipe, "r", options=common | piped), pipe
        if place.kind == CAMERA:
            return av.open(place.url, "r", format="v4l2", options=_camera_options(wish)), None
        patience = (OPENING, max(1.0, wish.stall))
        options = common | _address_options(place.url)
        return av.open(place.url, "r", options=options, timeout=patience), None
    except Exception as error:
        if pipe is not None:
            pipe.close()
        if isinstance(error, Silence):
            raise MovieError(f"{shown(place.name)}: {error.strerror}; is anything sent?") from error
        if isinstance(error, (av.error.FFmpegError, OSError, ValueError)):
            raise refusal(place, error) from error
        raise


def refusal(place: Place, error: Exception) -> MovieError | RequestError | SetupError:
    """What it means that a source cannot be opened, and what to do."""
    name, code = shown(place.name), getattr(error, "errno", None)
    if isinstance(error, av.error.ProtocolNotFoundError):
        kind = place.url.partition(":")[0]
        return SetupError(
            f"{name}: this PyAV cannot read {kind}://; let another program read it: "
            f"ffmpeg -i {kind}://... -c copy -f mpegts - | videmo live -"
        )
    if place.kind == CAMERA:
        if code == errno.ENOENT:
            return RequestError(f"{shown(place.url)}: no such camera; look at: videmo live --list")
        if code in (errno.EACCES, errno.EPERM):
            return MovieError(
                f"{shown(place.url)}: may not be opened; add yourself to the group that may "
                '(often "video"), and log in again'
            )
        if code == errno.EBUSY:
            return MovieError(f"{shown(place.url)}: is in use by another program; end that")
        if isinstance(error, ValueError):
            return SetupError(
                f"{name}: cameras are read on Linux only; elsewhere let ffmpeg read it: "
                "ffmpeg ... -f mpegts - | videmo live -"
            )
        return MovieError(
            f"{shown(place.url)}: cannot be used as a camera ({reason_of(error)}); look at what it "
            "offers: videmo live --list"
        )
    # Of a form that is not in the whitelist FFmpeg says EINVAL.
    unknown = place.kind == PIPE and code == errno.EINVAL
    if isinstance(error, av.error.InvalidDataError) or unknown:
        return MovieError(
            f"{name}: what comes is not a movie that videmo can read; check the address"
            if place.kind == ADDRESS
            else f"{name}: what comes is not a movie that videmo can read; pipe MPEG-TS, Matroska "
            "or MJPEG into it (an MP4's index may lie at its end: name the file instead)"
        )
    return MovieError(f"{name}: cannot be opened ({reason_of(error)}); check it, and try again")


def _camera_options(wish: Wish) -> dict[str, str]:
    options = {}
    if wish.size:
        options["video_size"] = f"{wish.size[0]}x{wish.size[1]}"
    if wish.rate:
        options["framerate"] = str(wish.rate)
    return options


def _address_options(url: str) -> dict[str, str]:
    protocol = url.partition(":")[0].lower()
    options = {"protocol_whitelist": PROTOCOLS[protocol]}
    if protocol.startswith("rtsp"):
        options["rtsp_transport"] = "tcp"  # nothing is lost, and no port is opened here
    return options


def reason_of(error: Exception, patience: float | None = None) -> str:
    """What a library's error says, for a message; `patience` are seconds that were waited."""
    if isinstance(error, av.error.ExitError):  # FFmpeg was interrupted, as it was told to be
        return f"no answer for {patience or OPENING:g} s"
    said = getattr(error, "strerror", None) or type(error).__name__
    return str(said).lower()
