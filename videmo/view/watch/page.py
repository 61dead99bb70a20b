"""Serve the page of a live session while that lasts, beside it, and hold nothing of it up."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import TracebackType

from videmo import __version__
from videmo.files import shown
from videmo.live import Live
from videmo.report.data import emotions_data
from videmo.view.serve import check_extra, listen_for
from videmo.view.watch.minute import SECONDS, Minute
from videmo.view.watch.pictures import Pictures

GRACE = 0.5
"""Seconds in which a viewer, who may be drawing the last picture, asks for the next one."""
ENDING = 1.5
"""Seconds after which the server ends, whoever has not taken what it was told."""


class Page:
    """To be used with ``with``, inside of the session's own."""

    def __init__(self, live: Live, *, port: int = 0) -> None:
        """Take the port (0: any free one), so that it is known before anything begins.

        Raises:
            SetupError: the extra `view` is not installed.
            OutputError: somebody else listens on the port.
        """
        check_extra("the page of videmo live")
        from videmo.view.watch.app import make_app

        self._live = live
        self._minute = Minute(live)
        self._pictures = Pictures(live, self._minute)
        self._error: BaseException | None = None
        data = {
            "videmo": __version__,
            "name": shown(live.place.name),
            "emotions": emotions_data(live.labels),
            "seconds": SECONDS,
        }
        # What uvicorn says of viewers that went away while all ended is no news to anybody.
        self._listening = listen_for(
            lambda token, number: make_app(data, self._pictures, token, number),
            port,
            log_level="critical",
        )
        self.address = self._listening.address
        """With its token: whoever has it sees the picture."""
        parts = {
            "page": self._listening.run,
            "minute": self._minute.follow,
            "pictures": self._show,
        }
        self._threads = [
            threading.Thread(target=self._guarded, args=(run,), name=name, daemon=True)
            for name, run in parts.items()
        ]

    def __enter__(self) -> Page:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let the session end, and the page soon after it; returns at once."""
        self._live.close()
        if self._error is not None and error is None:
            raise self._error

    def close(self) -> None:
        """Give the port back, once viewers have been told that it is over, or had time to be."""
        deadline = time.monotonic() + ENDING
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(max(0.0, deadline - time.monotonic()))
        self._listening.close()

    def _show(self) -> None:
        """Make pictures to the end, and give those who watch the time to hear of it."""
        try:
            self._pictures.run()
            if self._pictures.watched:
                time.sleep(GRACE)
        finally:
            self._listening.stop()

    def _guarded(self, run: Callable[[], None]) -> None:
        """As with the session's own threads, an error in one ends all."""
        try:
            run()
        except BaseException as error:
            self._error = self._error or error
            self._live.close()
