"""Which of a file's streams are taken: the picture that players show, and the sound."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import av

from videmo.errors import MovieError, NoPicturesError, RequestError
from videmo.files import shown
from videmo.schema import ALL_SOUND
from videmo.video.memory import check_memory
from videmo.video.movie import Movie, SoundTrack, opened

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


def sound_tracks(container: av.container.InputContainer) -> tuple[SoundTrack, ...]:
    """The sound tracks of a file; a phone's spatial sound (apac) has no decoder."""
    return tuple(
        # One that is announced, and never comes, has no sample rate.
        SoundTrack(s.index, s.codec_context is not None and s.codec_context.sample_rate > 0)
        for s in container.streams.audio
    )


def first_heard(sounds: Sequence[SoundTrack]) -> tuple[int, ...]:
    """The stream of the first sound track that can be decoded."""
    return tuple(track.stream for track in sounds if track.decodable)[:1]


def with_sound(movie: Movie, wanted: int | None) -> Movie:
    """`movie` with the sound track number `wanted`, from 1, or with `ALL_SOUND` that can be
    decoded; None: with the first that can.

    Raises:
        RequestError: there is no such track, or it cannot be decoded.
    """
    if wanted is None:
        return replace(movie, heard=first_heard(movie.sounds))
    usable = {n: track.stream for n, track in enumerate(movie.sounds, 1) if track.decodable}
    if wanted == ALL_SOUND:
        return replace(movie, heard=tuple(usable.values()))
    if wanted not in usable:
        what = "cannot be decoded" if wanted <= len(movie.sounds) else "is not in it"
        there = f"choose from {', '.join(map(str, usable))}" if usable else "leave it out"
        raise RequestError(f"{shown(movie.path)}: sound track {wanted} {what}; {there}")
    return replace(movie, heard=(usable[wanted],))


def sound_taken(movie: Movie) -> str:
    """What is to be said of the choice among the sound tracks of `movie`; empty where it has but
    one, or none."""
    count = len(movie.sounds)
    if count and not movie.heard:
        return "its sound cannot be decoded; there is silence instead"
    if count < 2 or len(movie.heard) > 1:
        return ""
    taken = next(n for n, track in enumerate(movie.sounds, 1) if track.stream in movie.heard)
    mute = [str(n) for n, track in enumerate(movie.sounds, 1) if not track.decodable]
    lacking = f" ({', '.join(mute)} cannot be decoded)" if mute else ""
    return f"has {count} sound tracks; number {taken} is taken{lacking}"


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
