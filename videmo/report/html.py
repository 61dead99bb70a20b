"""Put a page together: one file that holds all it needs, and that asks nobody for anything.

Its content security policy says so: only the scripts and the style that are written into it run,
each known by its hash. What comes from strangers (names of files and people, notes) gets into it as
text (Jinja2 escapes it) or as JSON in which nothing can end the element that holds it.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import re
from html import unescape
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

PAGE = Path(__file__).parent / "page"
DRAWING = ("words.js", "lanes.js")
MOVIE_SCRIPTS = (
    *(*DRAWING, "model.js", "player.js", "timeline.js"),
    *("curves.js", "list.js", "movie.js"),
)
LIVE_SCRIPTS = ("review.js", "extract.js")
"""What is needed only where a server listens that corrects and extracts."""
WATCH_SCRIPTS = (*DRAWING, "minute.js", "watch.js")
INDEX_SCRIPTS = ("words.js", "index.js")
COLLECT_SCRIPTS = ("words.js", "collect.js")
NOWHERE = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; media-src 'self' file:"
)
SERVED = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; "
    "img-src 'self' data:; media-src 'self'; connect-src 'self'"
)
_NOT_IN_HTML = {
    ord("<"): "\\u003c",
    ord(">"): "\\u003e",
    ord("&"): "\\u0026",
    0x2028: "\\u2028",
    0x2029: "\\u2029",
}


def movie_page(data: dict[str, Any], *, back: str = "", live: bool = False) -> str:
    """The page of one movie; `back` is the address of the one of all movies."""
    scripts = (*MOVIE_SCRIPTS, *(LIVE_SCRIPTS if live else ()), "keys.js")
    return _page("movie.html", scripts, live, data=data, title=data["name"], back=back)


def index_page(data: dict[str, Any], *, live: bool = False) -> str:
    """The page of all movies."""
    return _page("index.html", INDEX_SCRIPTS, live, data=data, title=data["name"])


def watch_page(data: dict[str, Any]) -> str:
    """The page on which a live source is watched; a server answers what it asks."""
    return _page("watch.html", WATCH_SCRIPTS, True, data=data, title=data["name"])


def collect_page(data: dict[str, Any]) -> str:
    """The page on which pictures are collected."""
    return _page("collect.html", COLLECT_SCRIPTS, True, data=data, title="collect")


def safe_json(data: Any) -> Markup:
    """JSON that can stand in a script element: nothing in it ends that."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return Markup(text.translate(_NOT_IN_HTML))


def policy(texts: tuple[str, ...], style: str, live: bool) -> str:
    """The content security policy of a page with just these scripts and this style."""
    scripts = " ".join(f"'sha256-{_hash(text)}'" for text in texts)
    return f"{SERVED if live else NOWHERE}; script-src {scripts}; style-src 'sha256-{_hash(style)}'"


def header_policy(page: str) -> str:
    """The policy of a page that is served, for its header: with what only that may say."""
    (said,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    return f"{unescape(said)}; frame-ancestors 'none'"


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _page(template: str, scripts: tuple[str, ...], live: bool, **given: Any) -> str:
    texts, style = tuple(map(_text, scripts)), _text("style.css")
    if (PAGE / template).with_suffix(".css").exists():  # what only this page has
        style += _text(Path(template).with_suffix(".css").name)
    page = _templates().get_template(template)
    said = policy(texts, style, live)
    return page.render(
        **given,
        live=live,
        json=safe_json(given["data"]),
        policy=said,
        style=Markup(style),
        scripts=[Markup(text) for text in texts],
    )


@functools.cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(PAGE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


@functools.cache
def _text(name: str) -> str:
    return "\n" + (PAGE / name).read_text("utf-8")
