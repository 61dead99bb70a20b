"""Who is answered: whoever knows the token, at this machine's own address, and from this page.

The token is the first part of each path, so that no cookie is needed, which pages of others could
make the browser send. The header Host is looked at, because a stranger's name may lead to this
machine (DNS rebinding); Origin, because pages of others may send what they cannot read.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

NAMES = ("127.0.0.1", "localhost")
READING = ("GET", "HEAD")
HEADERS = {
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-resource-policy": b"same-origin",
    b"cross-origin-opener-policy": b"same-origin",
    b"cache-control": b"no-store",
}
"""With each answer."""


class Gate:
    """Lets through to an app what may be answered, its path without the token."""

    def __init__(self, app: App, token: str, port: int) -> None:
        self._app = app
        self._token = token
        self._hosts = [f"{name}:{port}".encode() for name in NAMES]

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        path = self._path(scope)
        if path is None:
            await _refuse(send)
            return
        inner = {**scope, "path": path, "raw_path": path.encode(), "root_path": ""}
        await self._app(inner, receive, _with_headers(send))

    def _path(self, scope: Message) -> str | None:
        """What is asked for; None: nobody is to be answered."""
        headers = dict(scope["headers"])  # of several that are alike, the last one
        if len(headers) < len({*scope["headers"]}) or headers.get(b"host") not in self._hosts:
            return None
        # Who only reads says often no origin, but a page of others that reads says its own.
        silent = scope["method"] in READING and b"origin" not in headers
        if not silent and not self._is_ours(headers.get(b"origin", b"")):
            return None
        _, token, *rest = (scope["path"] + "/").split("/", 2)
        if not secrets.compare_digest(token.encode(), self._token.encode()):
            return None
        return "/" + scope["path"][len(token) + 2 :] if rest else "/"

    def _is_ours(self, origin: bytes) -> bool:
        return origin in [b"http://" + host for host in self._hosts]


async def _refuse(send: Send) -> None:
    headers = [*HEADERS.items(), (b"content-type", b"text/plain"), (b"content-length", b"10")]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": b"forbidden\n"})


def _with_headers(send: Send) -> Send:
    async def answer(message: Message) -> None:
        if message["type"] == "http.response.start":
            there = {name for name, _ in message["headers"]}
            more = [pair for pair in HEADERS.items() if pair[0] not in there]
            message = {**message, "headers": [*message["headers"], *more]}
        await send(message)

    return answer
