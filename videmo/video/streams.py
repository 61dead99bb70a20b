"""Which of a file's streams is its picture: the one that players show."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import av

from videmo.errors import MovieError, NoPicturesError
from videmo.files import shown
from videmo.video.memory import check_memory
from videmo.video.movie import opened

COUNTED_PACKETS = 1000
"""Packets of all streams in which a stream of moving pictures has two of its own."""

COVER = av.stream.Disposition.attached_pic
DEFAULT = av.stream.Disposition.default

MOVING, UNKNOWN, STILL = 2, 1, 0


def picture_streams(
    container: av.container.InputContainer, path: Path
) -> tuple[av.VideoStream, int]:
    """The video stream that is the movie, and how many of moving pictures there are.

    That of more than one picture; of several the one marked as default; of several the largest.

    Raises:
        NoPicturesError: there is none: only sound, a cover picture, subtitles, or chapters.
        MovieError: there is no stream at all, or no decoder.
    """
    streams = [s for s in container.streams.video if not s.disposition & COVER]
    if not streams:
        raise _no_pictures(container, path)
    motion = _motion(path, streams) if len(streams) > 1 else {streams[0].index: UNKNOWN}
    moves = [s for s in streams if motion[s.index] == max(motion.values())]
    known = [s for s in moves if s.codec_context is not None]
    if not known:  # a thumbnail beside a movie that cannot be decoded is not the movie
        raise MovieError(f"{shown(path)}: there is no decoder for this movie; convert it to H.264")
    return max(known, key=lambda s: (bool(s.disposition & DEFAULT), pixels_of(s))), len(moves)


def pixels_of(stream: av.VideoStream) -> int:
    """Pixels of a stream's pictures, as its header says."""
    return stream.codec_context.width * stream.codec_context.height


def _no_pictures(container: av.container.InputContainer, path: Path) -> MovieError:
    if container.streams.video:
        what = "only a cover picture"
    elif container.streams.audio:
        what = "no picture, only sound"
    elif container.streams.subtitles or container.chapters():
        what = "only subtitles or chapters"
    else:
        return MovieError(f"{shown(path)}: no stream in it can be read; get the file again")
    return NoPicturesError(f"{shown(path)}: has no video stream ({what}); leave it out")


def _motion(path: Path, streams: list[av.VideoStream]) -> dict[int, int]:
    """Whether each of `streams`, by its index, has more than one picture.

    Where the header does not count them (a thumbnail in Matroska), their packets are.
    """
    told = {s.index: s.frames for s in streams}
    if not all(told.values()):
        seen = _first_packets(path, list(told))
        told = {index: frames or seen[index] for index, frames in told.items()}
    return {
        index: MOVING if frames > 1 else STILL if frames == 1 else UNKNOWN
        for index, frames in told.items()
    }


def _first_packets(path: Path, indexes: list[int]) -> Counter[int]:
    """How many of the file's first packets belong to each of the streams `indexes`."""
    seen: Counter[int] = Counter()
    with opened(path) as container:
        try:
            for count, packet in enumerate(container.demux()):
                seen[packet.stream.index] += bool(packet.size)
                if count >= COUNTED_PACKETS or all(seen[index] > 1 for index in indexes):
                    break
        except av.error.FFmpegError as error:
            check_memory(error, path)
            # Reading for the pictures will meet it again, and tell.
    return seen
