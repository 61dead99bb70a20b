"""Write pictures with a movie's own sound into an MP4: each at its own time, the sound as it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import av
import numpy as np

from videmo.errors import OutputError
from videmo.files import shown
from videmo.video import (
    READ_OPTIONS,
    AacEncoder,
    Movie,
    Sound,
    add_aac,
    decoding_time,
    encoded_path,
    file_url,
    open_sound,
    say_colours,
    to_encode,
)

AudioPacket: TypeAlias = "av.Packet[av.AudioStream]"

COPIED = frozenset({"aac", "mp3", "mp2", "ac3", "eac3", "opus", "flac", "alac"})
"""Codings of sound that MP4 takes and players know; others are encoded as AAC."""

QUALITY = 20
"""x264's rate factor, at which a picture is hard to tell from the movie's."""
THREADS = 4
"""Not as many as there are cores: the bytes depend on it."""
KEY_SECONDS = 2
"""Between two pictures that a player can go to at once."""

TICK = Fraction(1, 90_000)
"""Unit of times where the movie has none that can be used."""
FINEST_TICK = Fraction(1, 1_000_000)


class TimedPicture(NamedTuple):
    """A picture to be written: BGR uint8, shown while ``start <= time < end`` in seconds after the
    movie's first frame."""

    start: Fraction
    end: Fraction
    image: np.ndarray


@dataclass(frozen=True)
class Written:
    """What a movie that was written consists of."""

    frames: int
    sound: str
    """``copied``, ``encoded``, or empty: none."""


def write_movie(
    target: Path,
    movie: Movie,
    pictures: Iterable[TimedPicture],
    *,
    start: Fraction | None = None,
    end: Fraction | None = None,
) -> Written:
    """Write `pictures` and the sound of `movie` as an MP4 (H.264) at `target`, whole or not at all.

    Args:
        target: the file.
        movie: whose sound it is.
        pictures: at least one, in order of time, all of one even size.
        start: where in the movie the stretch begins that is written, in seconds after its first
            frame; None: at its very beginning, with the sound that may come before the pictures.
        end: where it ends; None: with the movie.

    Raises:
        DiskFullError, OutputError: the file cannot be written, or came out wrong.
        SetupError: the encoder is missing.
    """
    with encoded_path(target) as part:
        written = _encode(part, movie, iter(pictures), start, end)
        _check(part, target, written)
    return written


def _encode(
    part: Path,
    movie: Movie,
    pictures: Iterator[TimedPicture],
    start: Fraction | None,
    end: Fraction | None,
) -> Written:
    first = next(pictures)
    # Where time 0 of the movie comes to lie.
    offset = Fraction(movie.lead) if start is None else -first.start
    unit = _unit(movie)
    # bitexact: no dates; movie_timescale: or the start of the pictures would be kept in whole ms
    muxing = {
        "fflags": "+bitexact",
        "movflags": "+faststart",
        "movie_timescale": str(max(1000, unit.denominator)),
    }
    with (
        open_sound(movie) as sound,
        av.open(file_url(part), "w", format="mp4", container_options=muxing) as container,
    ):
        video = _add_video(container, movie, first.image.shape, unit)
        sounds, how = _sound_packets(container, sound, offset, start, end)
        waiting = next(sounds, None)
        frames = 0
        for packet in _video_packets(video, chain([first], pictures), offset, unit):
            frames += bool(packet.duration)
            now = decoding_time(packet)
            while waiting is not None and decoding_time(waiting) <= now:
                container.mux(waiting)
                waiting = next(sounds, None)
            container.mux(packet)
        while waiting is not None:
            container.mux(waiting)
            waiting = next(sounds, None)
    return Written(frames, how)


def _unit(movie: Movie) -> Fraction:
    usable = movie.timed and movie.time_base >= FINEST_TICK
    return movie.time_base if usable else TICK


def _add_video(
    container: av.container.OutputContainer, movie: Movie, shape: tuple[int, ...], unit: Fraction
) -> av.VideoStream:
    # Without B-frames a packet's time is its picture's: the file needs no shifted times, which
    # some programs do not heed. It costs some 15 % of the size.
    options = {"preset": "veryfast", "crf": str(QUALITY), "bf": "0", "threads": str(THREADS)}
    video = container.add_stream("libx264", rate=movie.fps, options=options)
    context = video.codec_context
    video.height, video.width = shape[:2]
    video.pix_fmt = "yuv420p"
    context.time_base = unit
    context.thread_count = THREADS
    context.gop_size = max(1, round(KEY_SECONDS * movie.fps))
    say_colours(context, shape[0])
    return video


def _video_packets(
    video: av.VideoStream, pictures: Iterator[TimedPicture], offset: Fraction, unit: Fraction
) -> Iterator[av.Packet[av.VideoStream]]:
    """The encoded pictures, each as long as its picture is shown."""
    shift = round(offset / unit)
    ends: dict[int, int] = {}
    for picture in pictures:
        frame = to_encode(picture.image)
        frame.time_base, frame.pts = unit, round(picture.start / unit) + shift
        ends[frame.pts] = max(frame.pts + 1, round(picture.end / unit) + shift)
        yield from _lasting(video.encode(frame), ends)
    yield from _lasting(video.encode(None), ends)


def _lasting(
    packets: Iterable[av.Packet[av.VideoStream]], ends: dict[int, int]
) -> Iterator[av.Packet[av.VideoStream]]:
    for packet in packets:
        assert packet.pts is not None  # those of our frames come back
        packet.duration = ends.pop(packet.pts) - packet.pts
        yield packet


def _sound_packets(
    container: av.container.OutputContainer,
    sound: Sound | None,
    offset: Fraction,
    start: Fraction | None,
    end: Fraction | None,
) -> tuple[Iterator[AudioPacket], str]:
    """The sound's packets, ready to be written, and how they are made."""
    if sound is None:
        return iter(()), ""
    copied = sound.stream.codec_context.name.removesuffix("float") in COPIED
    pieces: Iterator[Any] = sound.packets(start, end) if copied else sound.frames(start, end)
    first = next(pieces, None)
    if first is None:  # a track that is empty, or has ended before
        return iter(()), ""
    pieces = chain([first], pieces)
    if copied:
        return _copied(container.add_stream_from_template(sound.stream), pieces, offset), "copied"
    return _encoded(add_aac(container, sound.stream), sound.stream, pieces, offset), "encoded"


def _copied(
    stream: av.AudioStream, packets: Iterator[tuple[Fraction, AudioPacket]], offset: Fraction
) -> Iterator[AudioPacket]:
    for time, packet in packets:
        base = packet.time_base
        packet.pts = packet.dts = round((time + offset) / base)
        packet.stream = stream
        yield packet


def _encoded(
    stream: av.AudioStream,
    source: av.AudioStream,
    frames: Iterator[tuple[Fraction, av.AudioFrame]],
    offset: Fraction,
) -> Iterator[AudioPacket]:
    encoder = AacEncoder(stream, source)
    unit = Fraction(1, stream.codec_context.sample_rate)
    for time, frame in frames:
        frame.time_base, frame.pts = unit, round((time + offset) / unit)
        yield from encoder.encode(frame)
    yield from encoder.rest()


def _check(part: Path, target: Path, written: Written) -> None:
    """A full disk is not always reported where it is met: count what has arrived."""
    try:
        with av.open(f"file:{part.absolute()}", options=READ_OPTIONS) as container:
            packets = sum(bool(p.size) for p in container.demux(container.streams.video[0]))
            sound = bool(container.streams.audio)
    except (av.error.FFmpegError, IndexError) as error:
        raise OutputError(f"{shown(target)}: came out unreadable; try again") from error
    if packets != written.frames or sound != bool(written.sound):
        raise OutputError(
            f"{shown(target)}: came out wrong ({packets} of {written.frames} frames); try again"
        )
