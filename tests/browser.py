"""A real browser for tests of pages: the distribution's Chromium, whose requests are watched."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from videmo.view.serve import Listening

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    "--autoplay-policy=no-user-gesture-required",
]
WAIT = 90_000
"""Milliseconds that something on a page may take, on a busy machine."""


@dataclass
class Watched:
    """A page, and what happened on it."""

    page: Any
    requests: list[str] = field(default_factory=list)
    """Addresses that it asked, those that hold their content themselves left out."""
    errors: list[str] = field(default_factory=list)
    """What scripts and the policy complained of."""

    def value(self, script: str) -> Any:
        """What an expression in the page is."""
        return self.page.evaluate(script)

    def until(self, script: str) -> None:
        """Wait for an expression to be true."""
        # Not the library's own way of waiting, which a page's policy forbids.
        late = time.monotonic() + WAIT / 1000
        while not self.value(script):
            assert time.monotonic() < late, f"never: {script}"
            self.page.wait_for_timeout(20)


@contextmanager
def started() -> Iterator[Any]:
    """The browser; the test is skipped where there is none."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="no playwright")
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        pytest.skip("no browser: install Chromium (apt-get install chromium)")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=OPTIONS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def opened(browser: Any, address: str, **how: Any) -> Iterator[Watched]:
    """A page at `address`, watched from its first request on."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **how})
    try:
        watched = Watched(context.new_page())
        watched.page.set_default_timeout(WAIT)
        watched.page.on("request", lambda request: _note(watched, request.url))
        watched.page.on("pageerror", lambda error: watched.errors.append(str(error)))
        watched.page.on("console", lambda said: _hear(watched, said))
        watched.page.goto(address)
        yield watched
    finally:
        context.close()


@contextmanager
def answering(server: Listening) -> Iterator[str]:
    """The address of a server, which runs meanwhile in a thread of its own."""
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield server.address
    finally:
        server.stop()
        thread.join()


def _note(watched: Watched, address: str) -> None:
    if not address.startswith(("data:", "blob:")):
        watched.requests.append(address)


def _hear(watched: Watched, said: Any) -> None:
    if said.type == "error":
        watched.errors.append(said.text)
