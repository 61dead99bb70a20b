"""What a hook can do: run a program, or post to an address."""

from __future__ import annotations

import http.client
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
from urllib.parse import quote, urlsplit

from videmo.errors import RequestError
from videmo.files import shown
from videmo.live.repeater import Event

LIMIT = 10.0
"""Seconds after which a program is killed, and a post given up."""
PATH = "/?%:@!$&'()*+,;=~[]"
"""What stays as it is in the path of an address, besides letters and digits."""


class Command:
    """A program that is run for each event, without a shell. Remembers those that run."""

    def __init__(self, line: str, limit: float = LIMIT) -> None:
        """`line` is taken apart as a shell would, with no more than quotes meaning something.

        Raises:
            RequestError: it is no command, or there is no such program.
        """
        try:
            self.arguments = shlex.split(line)
        except ValueError as error:
            raise RequestError(f"{shown(line)}: is no command ({error})") from error
        if not self.arguments:
            raise RequestError("an empty command; say which program is to be run")
        if shutil.which(self.arguments[0]) is None:
            raise RequestError(f"{shown(self.arguments[0])}: there is no such program")
        self.limit = limit
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._over = False

    def __call__(self, event: Event) -> None:
        """Run it, until it ends or its time is over.

        Raises:
            OSError: it failed, does not start, or took too long and was killed.
        """
        about = {key.upper(): str(value) for key, value in event.as_dict().items()}
        given = {f"VIDEMO_{key}": value for key, value in about.items()}
        with self._lock:
            if self._over:
                return
            process = subprocess.Popen(
                self.arguments,
                env=os.environ | given,
                stdin=subprocess.PIPE,
                stdout=sys.__stderr__.fileno() if sys.__stderr__ else subprocess.DEVNULL,
                start_new_session=True,
            )
            self._running.add(process)
        try:
            process.communicate(json.dumps(event.as_dict()).encode() + b"\n", timeout=self.limit)
        except subprocess.TimeoutExpired:
            _kill(process)
            raise OSError(f"took longer than {self.limit:g} s, and was killed") from None
        finally:
            with self._lock:
                self._running.discard(process)
        if process.returncode:
            how = process.returncode
            raise OSError(f"failed ({f'signal {-how}' if how < 0 else f'code {how}'})")

    def stop(self) -> None:
        """Kill what runs; nothing is run any more."""
        with self._lock:
            self._over = True
            for process in self._running:
                _kill(process)


class Post:
    """An address to which each event is posted, as JSON."""

    def __init__(self, url: str, limit: float = LIMIT) -> None:
        """`url` is an address of http or https.

        Raises:
            RequestError: it is none.
        """
        try:
            self._parts = urlsplit(url)
            port = self._parts.port
        except ValueError:
            raise RequestError("--webhook: this address is none; check it") from None
        if self._parts.scheme not in ("http", "https") or not self._parts.hostname:
            raise RequestError("--webhook: write an address such as http://127.0.0.1:8080/mood")
        query = f"?{self._parts.query}" if self._parts.query else ""
        self._path = quote(f"{self._parts.path or '/'}{query}", safe=PATH)
        self._host, self._port, self.limit = self._parts.hostname, port, limit
        self.name = f"{self._parts.scheme}://{self._host}{f':{port}' if port else ''}"
        """Without what may be a password or a key."""

    def __call__(self, event: Event) -> None:
        """Post it, following no redirection.

        Raises:
            OSError: there was no answer in time, or one that says no.
        """
        kind = (
            http.client.HTTPSConnection
            if self._parts.scheme == "https"
            else http.client.HTTPConnection
        )
        connection = kind(self._host, self._port, timeout=self.limit)
        content = json.dumps(event.as_dict()).encode()
        try:
            connection.request("POST", self._path, content, {"Content-Type": "application/json"})
            status = connection.getresponse().status
        except http.client.HTTPException as error:
            raise OSError(f"gave no sound answer ({type(error).__name__})") from error
        finally:
            connection.close()
        if status >= 300:
            raise OSError(f"answered {status}")


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a program and all that it started."""
    try:
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    except ProcessLookupError:
        pass
    deadline = time.monotonic() + 1
    while process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
