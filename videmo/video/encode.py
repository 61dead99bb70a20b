"""What all encoding needs: files put in their place once whole, colours, sound as AAC, times."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from videmo.errors import OutputError, SetupError
from videmo.files import atomic_path, shown
from videmo.video.colours import BT601, BT709, usual_matrix

SOUND_RATE = 192_000
"""Bits per second of sound that is encoded."""
AAC_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000)

SAID = {BT709: 1, BT601: 6}
"""Colour primaries, transfer and matrix in a stream (ITU-T H.273)."""
STUDIO_RANGE = 1


def file_url(path: Path) -> str:
    """How FFmpeg is told of a file to write: a name with a colon is not taken for a protocol."""
    return f"file:{path.absolute()}"


@contextmanager
def encoded_path(target: Path) -> Iterator[Path]:
    """Yield a temporary path to encode into; when the block ends well, it becomes `target`.

    Raises:
        DiskFullError, OutputError: the file cannot be written or encoded.
        SetupError: the encoder is missing.
    """
    with atomic_path(target) as part:
        try:
            yield part
        except OSError:
            raise  # `atomic_path` knows what it means
        except av.codec.codec.UnknownCodecError as error:
            raise SetupError(
                f"no encoder {error} here; install PyAV (av) from its wheel"
            ) from error
        except av.FFmpegError as error:
            raise OutputError(f"{shown(target)}: cannot be encoded ({error})") from error


def decoding_time(packet: av.Packet[av.VideoStream] | av.Packet[av.AudioStream]) -> Fraction:
    """When a packet out of an encoder is to be decoded, in seconds."""
    assert packet.dts is not None  # encoders say it of every packet
    return packet.dts * packet.time_base


def say_colours(context: av.VideoCodecContext, lines: int) -> None:
    """Let a stream of pictures with so many lines say how `to_encode` codes their colours."""
    said = SAID[usual_matrix(lines)]
    context.color_primaries = context.color_trc = context.colorspace = said
    context.color_range = STUDIO_RANGE


def to_encode(image: np.ndarray) -> av.VideoFrame:
    """A picture (BGR uint8, of even size) as x264 wants it, with the usual colours of its size."""
    raw = av.VideoFrame.from_ndarray(image, format="bgr24")
    matrix = usual_matrix(image.shape[0]).number
    return raw.reformat(format="yuv420p", src_colorspace=BT601.number, dst_colorspace=matrix)


def add_aac(container: av.container.OutputContainer, sound: av.AudioStream) -> av.AudioStream:
    """A track of AAC in `container`, for what comes from `sound`."""
    source = sound.codec_context
    rate = source.sample_rate if source.sample_rate in AAC_RATES else 48000
    layout = "mono" if source.layout.nb_channels == 1 else "stereo"
    stream = container.add_stream("aac", rate=rate, layout=layout)
    stream.codec_context.bit_rate = SOUND_RATE
    return stream


class AacEncoder:
    """Brings sound to another form, and encodes it; where pieces are missing it puts silence, so
    that what follows stays in its place. Remembers what is not a whole packet yet."""

    def __init__(self, stream: av.AudioStream, source: av.AudioStream) -> None:
        """`stream` is what `add_aac` gave; frames from `source` count time in its samples."""
        self._stream = stream
        target = stream.codec_context
        form = {"sample_fmts": "fltp", "sample_rates": str(target.sample_rate)}
        graph = av.filter.Graph()
        graph.link_nodes(
            graph.add_abuffer(template=source, time_base=Fraction(1, target.sample_rate)),
            graph.add("aresample", "async=1"),
            graph.add("aformat", **form, channel_layouts=target.layout.name),
            graph.add("abuffersink"),
        ).configure()
        self._graph = graph

    def encode(self, frame: av.AudioFrame) -> Iterator[av.Packet[av.AudioStream]]:
        """The packets that are whole with this frame."""
        self._graph.push(frame)
        yield from self._pulled()

    def rest(self) -> Iterator[av.Packet[av.AudioStream]]:
        """What is left at the end."""
        self._graph.push(None)
        yield from self._pulled()
        yield from self._stream.encode(None)

    def _pulled(self) -> Iterator[av.Packet[av.AudioStream]]:
        while True:
            try:
                frame = self._graph.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return
            assert isinstance(frame, av.AudioFrame)
            yield from self._stream.encode(frame)
