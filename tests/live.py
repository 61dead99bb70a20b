"""What the tests of live sessions share: programs that send, servers on the loopback, sessions."""

from __future__ import annotations

import contextlib
import http.server
import json
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from tests.waiting import eventually
from videmo.exporters.program import find_ffmpeg
from videmo.live import Ended, Event, Gap, Live, LiveSettings, Look, Shot
from videmo.schema import Face


@dataclass
class Watched:
    """What a session gave."""

    looks: list[Look]
    events: list[Event | Gap]
    ended: Ended


def watch(
    source: str | Path,
    settings: LiveSettings | None = None,
    until: Callable[[Live, list[Look]], bool] = lambda live, looks: False,
    **how: Any,
) -> Watched:
    """Look at a source to its end, or until something is true, asked after each look."""
    looks: list[Look] = []
    live = Live(str(source), settings, **how)
    with live:
        for look in live:
            looks.append(look)
            if until(live, looks):
                break
    assert live.ended is not None
    return Watched(looks, list(live.events()), live.ended)


class Everybody:
    """Says that everybody has one name, from the beginning."""

    how: ClassVar[dict[str, Any]] = {}

    def __init__(self, name: str) -> None:
        self.known = (name,)
        self._keys: set[int] = set()

    def begin(self, gap: float) -> None:
        self.gap = gap

    def end(self) -> None:
        pass

    def see(self, picture: Shot, faces: Mapping[int, Face]) -> None:
        self._keys |= faces.keys()

    def who(self, key: int, time: float) -> tuple[str, bool]:
        return self.known[0], False

    def told(self) -> list[tuple[int, str, float | None]]:
        keys, self._keys = self._keys, set()
        return [(key, self.known[0], 0.0) for key in keys]


def ffmpeg(*arguments: object) -> list[str]:
    return [find_ffmpeg(), "-loglevel", "error", "-y", *map(str, arguments)]


@contextlib.contextmanager
def sending(*arguments: object, **how: Any) -> Iterator[subprocess.Popen[bytes]]:
    """ffmpeg, sending something, until the block ends."""
    process = subprocess.Popen(ffmpeg(*arguments), stdin=subprocess.DEVNULL, **how)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@dataclass
class Heard:
    """What was posted to a server."""

    url: str
    posts: list[dict[str, Any]] = field(default_factory=list)
    requests: list[tuple[str, str]] = field(default_factory=list)
    """Method and path of each."""


@contextlib.contextmanager
def http_server(status: int = 200, delay: float = 0.0) -> Iterator[Heard]:
    """A server on the loopback that takes JSON."""
    heard = Heard("")

    class Handler(http.server.BaseHTTPRequestHandler):
        def _take(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            heard.requests.append((self.command, self.path))
            heard.posts.append(json.loads(content))
            time.sleep(delay)
            with contextlib.suppress(OSError):
                self.send_response(status)
                self.end_headers()

        do_POST = do_PUT = _take

        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            with contextlib.suppress(OSError):
                self.wfile.write(b"<html>no movie</html>" * 50_000)

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    heard.url = f"http://127.0.0.1:{server.server_port}/mood"
    try:
        yield heard
    finally:
        server.shutdown()
        server.server_close()


@contextlib.contextmanager
def rtsp_server(movie: Path, folder: Path) -> Iterator[str]:
    """A server of RTSP (RFC 2326) on the loopback, for one viewer: its address.

    ffmpeg makes the packets (RTP), over UDP; here they are handed on over the viewer's connection.
    """
    packets = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    packets.bind(("127.0.0.1", 0))
    packets.settimeout(0.2)
    server = socket.create_server(("127.0.0.1", 0))
    sdp = folder / "stream.sdp"
    to = f"rtp://127.0.0.1:{packets.getsockname()[1]}"
    over = threading.Event()
    copied = ("-re", "-stream_loop", "-1", "-i", movie, "-an", "-c", "copy", "-f", "rtp")
    with sending(*copied, "-sdp_file", sdp, to):
        eventually(lambda: sdp.exists() and "m=video" in sdp.read_text())
        text = sdp.read_text().replace("SDP:\n", "").strip() + "\na=control:track\n"
        thread = threading.Thread(target=_serve_rtsp, args=(server, packets, text, over))
        thread.start()
        try:
            yield f"rtsp://127.0.0.1:{server.getsockname()[1]}/camera"
        finally:
            over.set()
            server.close()
            thread.join()
            packets.close()


def _serve_rtsp(
    server: socket.socket, packets: socket.socket, sdp: str, over: threading.Event
) -> None:
    server.settimeout(0.2)
    while not over.is_set():
        try:
            viewer, _ = server.accept()
        except OSError:
            continue
        with viewer:
            viewer.settimeout(10)
            with contextlib.suppress(OSError):
                _answer(viewer, sdp)
                while not over.is_set():
                    with contextlib.suppress(TimeoutError):
                        packet = packets.recv(65536)
                        viewer.sendall(b"$\0" + len(packet).to_bytes(2, "big") + packet)


def _answer(viewer: socket.socket, sdp: str) -> None:
    """Answer requests, until it is to be played."""
    lines = viewer.makefile("rb")
    method = ""
    while method != "PLAY":
        method = lines.readline().split(b" ")[0].decode()
        if not method:
            raise ConnectionError
        headers = {}
        while (line := lines.readline().strip()) != b"":
            key, _, value = line.decode().partition(":")
            headers[key.lower()] = value.strip()
        answer = [f"RTSP/1.0 200 OK\r\nCSeq: {headers['cseq']}\r\n"]
        if method == "OPTIONS":
            answer.append("Public: OPTIONS, DESCRIBE, SETUP, PLAY\r\n")
        elif method == "DESCRIBE":
            content = sdp.replace("\n", "\r\n")
            answer.append(f"Content-Type: application/sdp\r\nContent-Length: {len(content)}\r\n")
        elif method == "SETUP":
            answer.append("Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 1\r\n")
        else:
            answer.append("Session: 1\r\n")
        body = sdp.replace("\n", "\r\n") if method == "DESCRIBE" else ""
        viewer.sendall(("".join(answer) + "\r\n" + body).encode())
