"""Listen on this machine, say where, and open the browser."""

from __future__ import annotations

import errno
import html
import logging
import secrets
import socket
import tempfile
import threading
import webbrowser
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from videmo.errors import OutputError, RequestError, SetupError, to_install

if TYPE_CHECKING:
    from videmo.search import Told
    from videmo.view.gate import App

HOST = "127.0.0.1"
TOKEN_BYTES = 24
DOOR = (
    '<!doctype html><meta charset="utf-8"><title>videmo view</title>'
    '<meta http-equiv="refresh" content="0;url={0}"><a href="{0}">videmo view</a>\n'
)
"""A page that leads on at once."""

log = logging.getLogger(__name__)


class Listening(NamedTuple):
    """A server that is ready to run."""

    run: Callable[[], None]
    """Answers until it is stopped."""
    stop: Callable[[], None]
    address: str
    """With its token."""
    close: Callable[[], None]
    """Gives the port back; for a server that never ran."""


def answer(
    listening: Listening, *, browser: bool = True, tell: Callable[[str], None] = print
) -> None:
    """Run a server until it is interrupted; `tell` is given its address first."""
    tell(listening.address)
    with in_browser(listening.address) if browser else nullcontext(), suppress(KeyboardInterrupt):
        listening.run()  # to interrupt it is the way to end it


def listen(
    tables: Mapping[Path, str],
    output: Path,
    *,
    port: int = 0,
    raw: bool = False,
    movie: Path | None = None,
    folder: Path | None = None,
    progress: Told | None = None,
) -> Listening:
    """A server of the pages of `tables`, for `answer` to run.

    Args:
        tables: each with its movie's name, as `find_tables` gives them.
        output: the folder for what is extracted.
        port: 0: any free one.
        raw: as if nobody had corrected anything.
        movie: where the movie is, if not where it was; for one table only.
        folder: the one in which all tables were found: its index is used.
        progress: told of tables that are looked at before it begins.

    Raises:
        RequestError: there is a movie for several tables.
        SetupError: the extra `view` is not installed.
        OutputError: somebody else listens on the port.
    """
    check_extra("videmo view")
    from videmo.view.app import make_app
    from videmo.view.jobs import Jobs
    from videmo.view.overview import Overview
    from videmo.view.shelf import Shelf

    if movie is not None and len(tables) > 1:
        raise RequestError(f"--movie goes with one table; there are {len(tables)}")
    shelf = Shelf(tables, raw=raw, movie=movie)
    overview = Overview(shelf.tables, folder, raw=raw, progress=progress)
    jobs = Jobs(output, movie, raw=raw)
    return listen_for(lambda token, number: make_app(shelf, overview, jobs, token, number), port)


def check_extra(what: str) -> None:
    """See whether pages can be served, which `what` is about to do.

    Raises:
        SetupError: the extra `view` is not installed.
    """
    try:
        import starlette  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError as error:
        raise SetupError(
            f"{what} needs the extra view ({error.name}); {to_install('view')}"
        ) from None


def listen_for(
    make: Callable[[str, int], App], port: int = 0, *, log_level: str = "warning"
) -> Listening:
    """A server of what `make` gives for a token and a port; 0: any free port.

    Raises:
        OutputError: somebody else listens on the port.
    """
    import uvicorn

    taken = _socket(port)
    number, token = taken.getsockname()[1], secrets.token_urlsafe(TOKEN_BYTES)
    config = uvicorn.Config(
        make(token, number),
        log_level=log_level,
        access_log=False,
        server_header=False,
        lifespan="off",
        ws="none",
        loop="asyncio",
        http="h11",
        proxy_headers=False,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)

    def run() -> None:
        try:
            server.run(sockets=[taken])
        finally:
            taken.close()

    def stop() -> None:
        server.should_exit = True

    return Listening(run, stop, f"http://{HOST}:{number}/{token}/", taken.close)


def _socket(port: int) -> socket.socket:
    """A socket on `port` of this machine, which nobody else reaches.

    Raises:
        OutputError: it cannot be had.
    """
    taken = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind((HOST, port))
        taken.listen(64)
    except OSError as error:
        taken.close()
        why = "another program listens there" if error.errno == errno.EADDRINUSE else error.strerror
        raise OutputError(
            f"port {port}: cannot be used ({why}); choose another with --port, or leave it out"
        ) from error
    return taken


@contextmanager
def in_browser(address: str) -> Iterator[None]:
    """Open the browser there; that takes a while, for which nobody waits."""
    with _door(address) as door:
        threading.Thread(target=_open, args=(door,), daemon=True).start()
        yield


@contextmanager
def _door(address: str) -> Iterator[str]:
    """A page that leads to `address`, for this user alone: what a browser is started with stands
    in the list of processes, which all users may read, and the token is a secret."""
    with ExitStack() as stack:
        try:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="videmo-"))
            page = Path(folder) / "view.html"  # in a folder that nobody else may enter
            page.touch(0o600)
            page.write_text(DOOR.format(html.escape(address)), "utf-8")
        except OSError as error:
            log.warning("no browser opens (%s); open the address above yourself", error.strerror)
            yield ""
        else:
            yield page.as_uri()


def _open(address: str) -> None:
    if not address:
        return
    try:
        opened = webbrowser.open(address)
    except webbrowser.Error:
        opened = False
    if not opened:
        log.warning("no browser opens; open the address above yourself")
