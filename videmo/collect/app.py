"""What the page of `collect` asks, and what it is answered. Pictures are named as in the list."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from videmo.collect.labels import KEYS
from videmo.collect.session import Session
from videmo.errors import RequestError, VidemoError
from videmo.pictures import encode_jpeg, reduced
from videmo.report.html import collect_page
from videmo.view.app import json_body, page, told_error
from videmo.view.gate import App, Gate

WIDEST = 960
"""Pixels of the picture that is shown."""
QUALITY = 80
PATIENCE = 0.5
"""Seconds that a page waits for a picture: less than the server has to end."""
TYPES = {".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".webp": "image/webp", ".bmp": "image/bmp"}
"""Of pictures that another program put there."""

Answer = Callable[[Request], Awaitable[Response]]


def make_app(session: Session, token: str, port: int) -> App:
    """All of it, behind its gate."""
    pages = _Pages(session)
    routes = [
        Route("/", pages.index),
        Route("/state", pages.state),
        Route("/picture", pages.picture),
        Route("/list", pages.list),
        Route("/images/{name:str}", pages.image),
        *(Route(f"/{what}", pages.doing(what), methods=["POST"]) for what in DOING),
    ]
    handlers: dict[Any, Any] = {VidemoError: told_error}
    return Gate(Starlette(routes=routes, exception_handlers=handlers), token, port)


class _Pages:
    """The answers, each by the name of its route."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def index(self, request: Request) -> Response:
        session = self._session
        movie = session.source.movie
        data = {
            "source": session.source.title,
            "seconds": float(movie.duration or 0) if movie else None,
            "step": float(1 / movie.fps) if movie else 0,
            "crop": session.crop,
            "goal": session.goal,
            "keys": KEYS,
            "folder": str(session.store.folder.absolute()).encode(errors="replace").decode(),
            "notes": session.store.notes,
        }
        return page(collect_page(data))

    async def state(self, request: Request) -> Response:
        return JSONResponse(await run_in_threadpool(self._session.told))

    async def picture(self, request: Request) -> Response:
        try:
            after = int(request.query_params.get("after", "0"))
        except ValueError:
            raise RequestError("after: is no number") from None
        return await run_in_threadpool(self._picture, after)

    async def list(self, request: Request) -> Response:
        pictures = [*self._session.store.pictures.values()]
        return JSONResponse([[one.file, one.label, one.burst, one.split] for one in pictures])

    async def image(self, request: Request) -> Response:
        name = request.path_params["name"]
        data = await run_in_threadpool(self._session.store.content, name)
        if data is None:
            return Response(status_code=404)
        return Response(data, media_type=TYPES.get(Path(name).suffix.lower(), "image/png"))

    def doing(self, what: str) -> Answer:
        """Does something that a page asks for, and tells how it stands then."""

        async def answered(request: Request) -> Response:
            asked = await json_body(request)
            await run_in_threadpool(DOING[what], self._session, asked)
            return await self.state(request)

        return answered

    def _picture(self, after: int) -> Response:
        session = self._session
        found = session.source.latest.after(after, PATIENCE)
        if found is None:
            return Response(status_code=204)
        picture = found.value.picture
        height, width = picture.shape[:2]
        data = encode_jpeg(reduced(picture, WIDEST, across=True), QUALITY)
        faces, meant = session.faces_of(found.value)
        seen = {
            "number": found.number,
            "time": found.value.time,
            "size": [width, height],
            "faces": faces,
            "meant": meant,
        }
        return Response(data, media_type="image/jpeg", headers={"x-seen": json.dumps(seen)})


def _text(asked: dict[str, Any], name: str) -> str:
    value = asked.get(name)
    if not isinstance(value, str):
        raise RequestError(f"{name}: is missing")
    return value


def _number(asked: dict[str, Any], name: str) -> float:
    value = asked.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < 1e7:
        raise RequestError(f"{name}: is no number")
    return float(value)


def _names(asked: dict[str, Any]) -> list[str]:
    value = asked.get("pictures")
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise RequestError("pictures: are missing")
    return value


DOING: dict[str, Callable[[Session, dict[str, Any]], None]] = {
    "take": lambda session, asked: session.take(_text(asked, "label")),
    "stop": lambda session, asked: session.stop(),
    "undo": lambda session, asked: session.undo(),
    "relabel": lambda session, asked: session.relabel(_names(asked), _text(asked, "label")),
    "delete": lambda session, asked: session.delete(_names(asked)),
    "mean": lambda session, asked: session.mean(_number(asked, "x"), _number(asked, "y")),
    "play": lambda session, asked: session.play(asked.get("playing") is True),
    "seek": lambda session, asked: session.seek(_number(asked, "time")),
}
"""What a page can ask for, by the path to which it is sent."""
