"""What pages ask, and what they are answered. Movies are named by numbers: no path is taken."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.convertors import IntegerConvertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import (
    FileResponse,
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
)
from starlette.routing import Route

from videmo.errors import RequestError, VidemoError
from videmo.exporters.program import find_ffmpeg
from videmo.files import shown
from videmo.report.html import header_policy, index_page, movie_page
from videmo.view.gate import App, Gate
from videmo.view.jobs import Jobs
from videmo.view.overview import Overview
from videmo.view.shelf import Face, Shelf, moments_asked
from videmo.view.stream import Converted, stream_command

MOST_BODY = 1 << 22
"""Bytes of what a page sends: of all moments of a long movie."""

Answer = Callable[[Request], Awaitable[Response]]


def make_app(shelf: Shelf, overview: Overview, jobs: Jobs, token: str, port: int) -> App:
    """All of it, behind its gate."""
    register_url_convertor("few", _Few())
    pages = _Pages(shelf, overview, jobs)
    routes = [
        Route("/", pages.index),
        Route("/movie/{number:few}/", pages.movie),
        Route("/movie/{number:few}/data", pages.data),
        Route("/movie/{number:few}/file", pages.file),
        Route("/movie/{number:few}/stream", pages.stream),
        Route("/movie/{number:few}/faces/{track:few}-{frame:few}.jpg", pages.face),
        Route("/movie/{number:few}/correct", pages.correct, methods=["POST"]),
        Route("/movie/{number:few}/name", pages.name, methods=["POST"]),
        Route("/movie/{number:few}/extract", pages.extract, methods=["POST"]),
        Route("/movie/{number:few}/jobs/{job:few}", pages.job),
    ]
    handlers: dict[Any, Any] = {VidemoError: told_error}
    return Gate(Starlette(routes=routes, exception_handlers=handlers), token, port)


class _Few(IntegerConvertor):
    """A number in a path, of few digits: Python makes no number of thousands."""

    regex = "[0-9]{1,9}"


async def told_error(request: Request, error: Exception) -> Response:
    """One line that says what is wrong, as on the command line."""
    status = 409 if isinstance(error, RequestError) else 500
    if request.method == "GET" and request.url.path.endswith("/"):
        return PlainTextResponse(f"videmo: {error}\n", status)
    return JSONResponse({"error": str(error)}, status)


class _Pages:
    """The answers, each by the name of its route."""

    def __init__(self, shelf: Shelf, overview: Overview, jobs: Jobs) -> None:
        self._shelf = shelf
        self._overview = overview
        self._jobs = jobs

    async def index(self, request: Request) -> Response:
        if len(self._shelf.tables) == 1:
            return RedirectResponse("movie/0/")
        data = await run_in_threadpool(self._overview.data)
        return page(index_page(data, live=True))

    async def movie(self, request: Request) -> Response:
        number = self._number(request)
        data = await run_in_threadpool(self._shelf.page_data, number)
        back = "../../" if len(self._shelf.tables) > 1 else ""
        return page(movie_page(data, back=back, live=True))

    async def data(self, request: Request) -> Response:
        data = await run_in_threadpool(self._shelf.page_data, self._number(request))
        return JSONResponse(data)

    async def file(self, request: Request) -> Response:
        movie = await run_in_threadpool(self._shelf.movie, self._number(request))
        if len(movie.files) > 1 or not movie.path.is_file():
            raise RequestError(f"{shown(movie.path)}: is not one file")
        return FileResponse(movie.path, headers={"cache-control": "private, no-cache"})

    async def stream(self, request: Request) -> Response | Converted:
        movie = await run_in_threadpool(self._shelf.movie, self._number(request))
        try:
            start = float(request.query_params.get("start", "0"))
        except ValueError:
            start = -1.0
        if not 0 <= start < 1e7:
            raise RequestError("start: is no time in seconds")
        command = stream_command(find_ffmpeg(), movie, start)
        return Converted(command, shown(movie.path))

    async def face(self, request: Request) -> Response:
        number, asked = self._number(request), request.path_params
        face, others = Face(asked["track"], asked["frame"]), self._overview.faces(number)
        jpeg = await run_in_threadpool(self._shelf.face, number, face, others)
        headers = {"cache-control": "private, no-cache"}
        return Response(jpeg, media_type="image/jpeg", headers=headers)

    async def correct(self, request: Request) -> Response:
        number, asked = self._number(request), await json_body(request)
        await run_in_threadpool(self._shelf.correct, number, asked)
        return await self.data(request)

    async def name(self, request: Request) -> Response:
        number, asked = self._number(request), await json_body(request)
        await run_in_threadpool(self._shelf.name, number, asked)
        return await self.data(request)

    async def extract(self, request: Request) -> Response:
        number, asked = self._number(request), await json_body(request)
        table, name = self._shelf.tables[number]
        look = await run_in_threadpool(self._shelf.look, number)
        moments = moments_asked(look, asked.get("moments"))
        exports = asked.get("exports")
        if not isinstance(exports, list) or not all(isinstance(one, str) for one in exports):
            raise RequestError("say what to make")
        return JSONResponse({"job": self._jobs.start(table, name, moments, exports)})

    async def job(self, request: Request) -> Response:
        return JSONResponse(self._jobs.told(request.path_params["job"]))

    def _number(self, request: Request) -> int:
        number = int(request.path_params["number"])
        if number >= len(self._shelf.tables):
            raise RequestError("there is no such movie")
        return number


def page(text: str) -> Response:
    return HTMLResponse(text, headers={"content-security-policy": header_policy(text)})


async def json_body(request: Request) -> dict[str, Any]:
    """What a page sends: JSON, not too much of it.

    Raises:
        RequestError: it is something else.
    """
    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        raise RequestError("only JSON is taken")
    content = bytearray()
    async for part in request.stream():
        content += part
        if len(content) > MOST_BODY:
            raise RequestError("this is too much")
    try:
        asked = json.loads(content)
    except (ValueError, RecursionError):
        raise RequestError("this is no JSON") from None
    if not isinstance(asked, dict):
        raise RequestError("this says nothing")
    return asked
