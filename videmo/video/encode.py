"""What all encoding needs: a file that is put in its place once it is whole, and packets' times."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av

from videmo.errors import OutputError, SetupError
from videmo.files import atomic_path, shown


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
