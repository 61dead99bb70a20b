"""What the page of a live session asks, and what it is answered."""

from __future__ import annotations

from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from videmo.report.html import header_policy, watch_page
from videmo.view.gate import App, Gate
from videmo.view.watch.pictures import Pictures

MOST_DIGITS = 15


def make_app(data: dict[str, Any], pictures: Pictures, token: str, port: int) -> App:
    """All of it, behind the gate; `data` is what the page begins with."""
    text = watch_page(data)
    policy = {"content-security-policy": header_policy(text)}

    async def page(request: Request) -> Response:
        return HTMLResponse(text, headers=policy)

    async def look(request: Request) -> Response:
        after = request.query_params.get("after", "")
        known = after.isascii() and after.isdecimal() and len(after) <= MOST_DIGITS
        content = await pictures.after(int(after) if known else 0)
        return Response(content, media_type="application/octet-stream")

    return Gate(Starlette(routes=[Route("/", page), Route("/look", look)]), token, port)
