"""What a live session saw, kept as it goes on: a line of JSON a look, on the disk each second.

A table can only be written when all is over: how long a run is, and which tracks are faces, is
known at its end. So a session writes a journal, `NAME.faces.live`, of which the table is made when
it ends (see `videmo.live.finish`). What a killed one leaves is whole up to its last second; the
next session in the same folder makes a table of it.
"""

from __future__ import annotations

import json
import os
import threading
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from videmo.errors import TableError
from videmo.files import output_error, shown
from videmo.live.look import Look
from videmo.scan.chunk import columns_of

JOURNAL_SUFFIX = ".faces.live"
VERSION = 1
EVERY = 1.0
"""Seconds from one writing to the next."""
SYNC_EVERY = 2
"""Writings after which the disk is asked to keep what it has: for the loss of power."""

Line = dict[str, Any]


class Journal:
    """A journal that is being written. Its thread writes; others hand over lines, and go on."""

    def __init__(self, path: Path, head: Line) -> None:
        """Begin the journal at `path`; `head` is what can be said before.

        Raises:
            OutputError: it cannot be written, or is there already.
        """
        self.path = path
        self._lines: deque[Line] = deque()
        self._believed: set[int] = set()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("xb")
            self._put([{"journal": VERSION, **head}])
            self._sync()
        except OSError as error:
            raise output_error(error, path) from error

    def look(self, look: Look) -> None:
        """Keep what was seen in a picture."""
        faces = [[one.key, _observed(one.face), list(one.face.scores)] for one in look.seen]
        new = {one.key: one.track for one in look.faces if one.key not in self._believed}
        self._believed |= new.keys()
        line: Line = {"f": look.shot.number, "t": round(look.shot.time, 3), "a": faces}
        if look.cut:
            line["cut"] = True
        if new:
            line["new"] = sorted(new.items())
        self._lines.append(line)

    def say(self, **line: Any) -> None:
        """Keep something else: a gap, or what is known at the end."""
        self._lines.append(line)

    def write_on(self, over: threading.Event) -> None:
        """Write what is handed over, until `over`.

        Raises:
            DiskFullError, OutputError: the disk is full, or cannot be written.
        """
        count = 0
        while True:
            last = over.wait(EVERY)
            count += 1
            self.flush(sync=last or count % SYNC_EVERY == 0)
            if last:
                return

    def flush(self, *, sync: bool = True) -> None:
        """Write all that was handed over by now."""
        lines = []
        while self._lines:
            lines.append(self._lines.popleft())
        try:
            self._put(lines)
            if sync:
                self._sync()
        except OSError as error:
            raise output_error(error, self.path) from error

    def close(self) -> None:
        """Nothing more is written.

        Raises:
            DiskFullError, OutputError: the disk is full, or cannot be written.
        """
        try:
            self._file.close()
        except OSError as error:  # of what could not be written before, which is tried once more
            raise output_error(error, self.path) from error

    def _put(self, lines: list[Line]) -> None:
        text = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines)
        self._file.write(text.encode())
        self._file.flush()

    def _sync(self) -> None:
        os.fsync(self._file.fileno())


def read_journal(path: Path) -> Iterator[Line]:
    """The lines of a journal, the first one first; a last one that is cut off is left out.

    Raises:
        TableError: it is no journal, or cannot be read.
    """
    try:
        with path.open("rb") as file:
            for number, content in enumerate(file):
                try:
                    line = json.loads(content)
                except ValueError:
                    if number and not content.endswith(b"\n"):
                        return  # the process was killed while it wrote
                    raise TableError(f"{shown(path)}: line {number + 1} is damaged") from None
                if not isinstance(line, dict) or (not number and line.get("journal") != VERSION):
                    raise TableError(f"{shown(path)}: is no journal of this videmo; move it away")
                yield line
    except OSError as error:
        raise TableError(f"{shown(path)}: cannot be read ({error.strerror})") from error


def _observed(face: Any) -> list[float | None]:
    return [None if value != value else value for value in columns_of([face])[0].tolist()]
