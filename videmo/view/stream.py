"""Movies that browsers cannot play, converted while they play: MP4 in pieces, out of a pipe."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import ffmpeg

from videmo.exporters.clips import coded, pictures_of, sought
from videmo.exporters.program import AAC, H264, arguments
from videmo.files import shown
from videmo.video import TIME_TOLERANCE, Movie
from videmo.view.gate import Message, Receive, Send

WIDEST = 1280
"""Pixels of a converted picture."""
QUICKLY = {"preset": "ultrafast", "tune": "zerolatency", "crf": 23, "g": 50}
PIECES = "frag_keyframe+empty_moov+default_base_moof"
READ = 1 << 16

log = logging.getLogger(__name__)


def stream_command(program: str, movie: Movie, start: float) -> list[str]:
    """The arguments with which ffmpeg converts `movie` from `start` (seconds) on, to its output.
    Pure."""
    source, begin = sought(movie, start)
    pictures = pictures_of(movie, source)
    size = f"min({WIDEST},trunc(iw/2)*2)", "-2"
    pictures = pictures.filter("scale", *size, **coded(movie)).filter("setsar", "1")
    streams = [pictures, *(source[str(stream)] for stream in movie.heard[:1])]
    options: dict[str, Any] = {
        "ss": f"{max(0.0, begin - TIME_TOLERANCE):.6f}",
        "format": "mp4",
        "movflags": PIECES,
        **H264,
        **QUICKLY,
        **(AAC | {"ac": 2} if movie.heard else {}),
    }
    return arguments(program, ffmpeg.output(*streams, "pipe:1", **options))


class Converted:
    """An answer that is ffmpeg's output, for as long as somebody listens."""

    def __init__(self, command: list[str], name: str) -> None:
        self._command = command
        self._name = name

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        said = asyncio.ensure_future(_all_of(process.stderr))
        gone = asyncio.ensure_future(_until_gone(receive))
        try:
            await self._send(process.stdout, gone, send)
            if not gone.done() and await process.wait():
                lines = (await said).decode(errors="replace").strip().splitlines()
                log.warning("%s: cannot be converted (%s)", self._name, shown((lines or ["?"])[-1]))
        finally:
            if process.returncode is None:
                process.kill()
            await _drained(process.stdout)  # a pipe that nobody reads is never seen to end
            await process.wait()
            gone.cancel()
            said.cancel()

    async def _send(
        self, output: asyncio.StreamReader | None, gone: asyncio.Future[None], send: Send
    ) -> None:
        assert output is not None
        headers = [(b"content-type", b"video/mp4"), (b"accept-ranges", b"none")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        while not gone.done():
            piece = asyncio.ensure_future(output.read(READ))
            both: set[asyncio.Future[Any]] = {piece, gone}
            try:
                await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            finally:
                if not piece.done():
                    piece.cancel()
                    await asyncio.wait({piece})  # who drains the pipe is to be its only reader
            if piece.cancelled():
                return
            data = piece.result()
            more = bool(data)
            await send({"type": "http.response.body", "body": data, "more_body": more})
            if not more:
                return


async def _all_of(stream: asyncio.StreamReader | None) -> bytes:
    assert stream is not None
    return await stream.read()


async def _drained(stream: asyncio.StreamReader | None) -> None:
    assert stream is not None
    while await stream.read(READ):
        pass


async def _until_gone(receive: Receive) -> None:
    """Until nobody listens any more."""
    while (await receive())["type"] != "http.disconnect":
        pass
