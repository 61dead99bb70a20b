"""Write pictures with a movie's own sound into an MP4: each at its own time, the sound as it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import NamedTuple, TypeAlias

import av
import numpy as np

from videmo.errors import OutputError
from videmo.files import shown
from videmo.video import READ_OPTIONS, Movie, Sound, decoding_time, encoded_path, open_sound

AudioPacket: TypeAlias = "av.Packet[av.AudioStream]"

COPIED = frozenset({"aac", "mp3", "mp2", "ac3", "eac3", "opus", "flac", "alac"})
"""Codings of sound that MP4 takes and players know; others are encoded as AAC."""
SOUND_RATE = 192_000
"""Bits per second of sound that is encoded."""
AAC_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000)

QUALITY = 20
"""x264's rate factor, at which a picture is hard to tell from the movie's."""
THREADS = 4
"""Not as many as there are cores: the bytes depend on it."""
KEY_SECONDS = 2
"""Between two pictures that a player can go to at once."""

TICK = Fraction(1, 90_000)
"""Unit of times where the movie has none that can be used."""
FINEST_TICK = Fraction(1, 1_000_000)

HD_HEIGHT = 720
BT709, BT601 = 1, 6  # ITU-T H.273: colour primaries, transfer and matrix
SWS_BT709, SWS_BT601 = 1, 5  # swscale's names of the matrices
STUDIO_RANGE = 1


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
        av.open(str(part), "w", format="mp4", container_options=muxing) as container,
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
    matrix = BT709 if shape[0] >= HD_HEIGHT else BT601
    context.color_primaries = context.color_trc = context.colorspace = matrix
    context.color_range = STUDIO_RANGE
    return video


def _video_packets(
    video: av.VideoStream, pictures: Iterator[TimedPicture], offset: Fraction, unit: Fraction
) -> Iterator[av.Packet[av.VideoStream]]:
    """The encoded pictures, each as long as its picture is shown."""
    matrix = SWS_BT709 if video.height >= HD_HEIGHT else SWS_BT601
    shift = round(offset / unit)
    ends: dict[int, int] = {}
    for picture in pictures:
        raw = av.VideoFrame.from_ndarray(picture.image, format="bgr24")
        frame = raw.reformat(format="yuv420p", src_colorspace=SWS_BT601, dst_colorspace=matrix)
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


class _Stretch(NamedTuple):
    """The sound that is wanted, and where it comes to lie."""

    sound: Sound
    start: Fraction | None
    end: Fraction | None
    """Seconds after the movie's first frame."""
    offset: Fraction
    """Where that frame comes to lie, in seconds."""


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
    stretch = _Stretch(sound, start, end, offset)
    if sound.stream.codec_context.name.removesuffix("float") in COPIED:
        return _copied(container.add_stream_from_template(sound.stream), stretch), "copied"
    return _encoded(_add_aac(container, sound), stretch), "encoded"


def _copied(stream: av.AudioStream, stretch: _Stretch) -> Iterator[AudioPacket]:
    for time, packet in stretch.sound.packets(stretch.start, stretch.end):
        base = packet.time_base
        packet.pts = packet.dts = round((time + stretch.offset) / base)
        packet.stream = stream
        yield packet


def _add_aac(container: av.container.OutputContainer, sound: Sound) -> av.AudioStream:
    source = sound.stream.codec_context
    rate = source.sample_rate if source.sample_rate in AAC_RATES else 48000
    layout = "mono" if source.layout.nb_channels == 1 else "stereo"
    stream = container.add_stream("aac", rate=rate, layout=layout)
    stream.codec_context.bit_rate = SOUND_RATE
    return stream


def _encoded(stream: av.AudioStream, stretch: _Stretch) -> Iterator[AudioPacket]:
    graph = _graph(stretch.sound.stream, stream.codec_context)
    unit = Fraction(1, stream.codec_context.sample_rate)
    for time, frame in stretch.sound.frames(stretch.start, stretch.end):
        frame.time_base, frame.pts = unit, round((time + stretch.offset) / unit)
        graph.push(frame)
        yield from _pulled(graph, stream)
    graph.push(None)
    yield from _pulled(graph, stream)
    yield from stream.encode(None)


def _graph(source: av.AudioStream, target: av.AudioCodecContext) -> av.filter.Graph:
    """Brings sound to another form; where pieces are missing it puts silence, so that what follows
    stays in its place."""
    graph = av.filter.Graph()
    unit = Fraction(1, target.sample_rate)
    form = {"sample_fmts": "fltp", "sample_rates": str(target.sample_rate)}
    graph.link_nodes(
        graph.add_abuffer(template=source, time_base=unit),
        graph.add("aresample", "async=1"),
        graph.add("aformat", **form, channel_layouts=target.layout.name),
        graph.add("abuffersink"),
    ).configure()
    return graph


def _pulled(graph: av.filter.Graph, stream: av.AudioStream) -> Iterator[AudioPacket]:
    while True:
        try:
            frame = graph.pull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return
        assert isinstance(frame, av.AudioFrame)
        yield from stream.encode(frame)


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
