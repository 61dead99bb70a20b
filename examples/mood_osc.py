"""The mood as OSC, for music and light: TouchDesigner, Pure Data, Max, QLC+, and whatever hears it.

    python examples/mood_osc.py SOURCE [HOST:PORT]

Each look sends, for each face, /videmo/face with its track and emotion, and /videmo/EMOTION with
its track and score. Open Sound Control 1.0, one packet of UDP a message.
"""

from __future__ import annotations

import socket
import struct
import sys

import videmo


def padded(content: bytes) -> bytes:
    """As OSC wants text: ended by a zero, and so long that it can be divided by four."""
    return content + bytes(4 - len(content) % 4)


def message(address: str, *values: int | float | str) -> bytes:
    """A message of OSC."""
    kinds, content = ",", b""
    for value in values:
        if isinstance(value, str):
            kinds, content = kinds + "s", content + padded(value.encode())
        elif isinstance(value, int):
            kinds, content = kinds + "i", content + struct.pack(">i", value)
        else:
            kinds, content = kinds + "f", content + struct.pack(">f", value)
    return padded(address.encode()) + padded(kinds.encode()) + content


def main(source: str, to: str = "127.0.0.1:9000") -> None:
    host, _, port = to.rpartition(":")
    live = videmo.Live(source)
    with live, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        for look in live:
            for face in look.faces:
                out.sendto(message("/videmo/face", face.track, face.emotion), (host, int(port)))
                for label, score in zip(live.labels, face.face.scores, strict=True):
                    about = message(f"/videmo/{label}", face.track, score)
                    out.sendto(about, (host, int(port)))


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    main(*sys.argv[1:])
