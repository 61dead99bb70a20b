"""Say who somebody is while time goes on: the best faces of each track, beside all other work.

To describe a face takes dlib some 60 ms, in which it lets no other thread of its process run. So
that is done in a process of its own, for few faces of each track: the first that is fit, then the
best one after each of growing waits, so that the name is there early and grows surer.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np

from videmo.errors import SetupError
from videmo.people.decide import nearest
from videmo.people.described import FACES, LEAST_SIDE, Track
from videmo.people.known import Known, read_known
from videmo.people.likeness import (
    SIDE,
    check_setup,
    embed,
    face_in_the_middle,
    how_told,
    surroundings,
)
from videmo.schema import ALIGNED_EYES, DEFAULT_DISTANCE, DEFAULT_GAP, Box, Face

log = logging.getLogger(__name__)

FIRST_WAIT, LONGEST_WAIT = 0.25, 8.0
"""Seconds from one face of a track to the next: twice as many each time, up to the longest."""
FORGOTTEN = 10.0
"""Seconds, at least, after which a track that is not seen any more has ended."""
PATIENCE, AWAITED = 1.0, 2
"""Seconds and faces of a track, at most, for which it is worth while to wait for a name: one face
alone, turned or half hidden, is often like nobody."""
ENDING = 1.0
"""Seconds that the thread and the process have to end."""


class Picture(Protocol):
    """A picture of a live source."""

    @property
    def time(self) -> float: ...

    @property
    def ordinary(self) -> np.ndarray: ...


class Named(NamedTuple):
    """Who a track is, as far as that is known by now."""

    key: int
    person: str
    """Empty: nobody who is known."""
    distance: float | None


class _Candidate(NamedTuple):
    worth: float
    picture: Picture
    box: Box


@dataclass
class _Seen:
    """What is known of a track."""

    first: float
    """When it had a face that is fit, first."""
    last: float
    due: float
    """When the next face is to be looked at."""
    best: _Candidate | None = None
    tries: int = 0
    looks: list[np.ndarray] = field(default_factory=list)
    """Embeddings of its faces."""
    beside: set[int] = field(default_factory=set)
    """Tracks that are seen in the same pictures, and so are other people."""
    named: Named | None = None


class Meeting:
    """Knows some people, and says who a track is. Remembers the tracks that are seen.

    `begin` starts a thread and a process, `end` ends them; `see` and `who` return at once.
    """

    def __init__(self, place: Path | str | Known, distance: float = DEFAULT_DISTANCE) -> None:
        """Known are the people of `place`, a folder of pictures as `videmo people` takes it.

        Raises:
            RequestError: it is not there, there is nobody in it, or somebody has no picture that
                can be used.
            SetupError: dlib or its weights are missing.
        """
        check_setup()
        self.pictures = place if isinstance(place, Known) else read_known(Path(place))
        self.known = tuple(self.pictures.embeddings)
        self.how: dict[str, Any] = how_told("known faces, live", distance)
        """What the record of who is who says of it."""
        self._distance = distance
        self._away = FORGOTTEN
        self._seen: dict[int, _Seen] = {}
        self._news: dict[int, Named] = {}
        self._changed = threading.Condition()
        self._over = False
        self._thread: threading.Thread | None = None

    def begin(self, gap: float = DEFAULT_GAP) -> None:
        """Start, and wait until it can be said who somebody is. A track goes on although it is not
        seen for `gap` seconds.

        Raises:
            SetupError: no process can be started, or it ends at once.
        """
        helper, process = _helper()
        try:
            helper.recv()
        except (EOFError, OSError) as error:
            process.join(ENDING)
            how = f"the process that compares faces ended at once (code {process.exitcode})"
            raise SetupError(f'{how}; a script needs if __name__ == "__main__"') from error
        self._over = False
        self._away = max(FORGOTTEN, 2 * gap + 1)  # the gap begins a picture later
        self._thread = threading.Thread(
            target=self._work, args=(helper, process), name="names", daemon=True
        )
        self._thread.start()

    def end(self) -> None:
        with self._changed:
            self._over = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(ENDING)

    def see(self, picture: Picture, faces: Mapping[int, Face]) -> None:
        """These tracks are in a picture."""
        with self._changed:
            for key, face in faces.items():
                self._see(picture, key, face, faces.keys() - {key})
            self._forget(picture.time)
            self._changed.notify_all()

    def _see(self, picture: Picture, key: int, face: Face, others: set[int]) -> None:
        box = face.detection.box
        fit = face.alignment.eyes == ALIGNED_EYES and box.w * box.h >= LEAST_SIDE**2
        one = self._seen.get(key)
        if one is None and fit:
            one = self._seen[key] = _Seen(picture.time, picture.time, picture.time)
        if one is None:
            return
        one.last = picture.time
        one.beside |= others
        worth = max(face.scores) * box.w
        if fit and len(one.looks) < FACES and (one.best is None or worth > one.best.worth):
            one.best = _Candidate(worth, picture, box)

    def _forget(self, now: float) -> None:
        """Tracks that have ended never come back."""
        gone = {key for key, one in self._seen.items() if now - one.last > self._away}
        for key in gone:
            del self._seen[key]
        for one in self._seen.values():
            one.beside -= gone

    def who(self, key: int, time: float) -> tuple[str, bool]:
        """Who a track is (empty: nobody known), and whether it is worth while to wait for that."""
        one = self._seen.get(key)
        if one is None:
            return "", False
        person = one.named.person if one.named else ""
        more = one.tries < AWAITED and not self._over and time - one.first <= PATIENCE
        return person, more and not person

    def told(self) -> list[tuple[int, str, float | None]]:
        """Who is somebody else than was told before."""
        with self._changed:
            news, self._news = self._news, {}
        return [*news.values()]

    def _work(self, helper: Connection, process: BaseProcess) -> None:
        """Describe one face after the other, to the end."""
        try:
            while (found := self._next()) is not None:
                key, best = found
                square = surroundings(best.picture.ordinary, best.box)
                helper.send_bytes(square.tobytes())
                while not helper.poll(0.1):
                    if self._over:
                        return
                self._heard(key, helper.recv())
        except (EOFError, OSError):
            if not self._over:
                log.warning("the process that compares faces has ended; nobody gets a name now")
        finally:
            with self._changed:
                self._over = True  # nobody waits for a name
            helper.close()
            process.terminate()
            process.join(ENDING)

    def _next(self) -> tuple[int, _Candidate] | None:
        """The face to look at next: of a track of which least is known, and among these of one that
        is still there; None: all is over."""
        with self._changed:
            while not self._over:
                due = {
                    key: one
                    for key, one in self._seen.items()
                    if one.best is not None and one.last >= one.due
                }
                if due:
                    key = min(due, key=lambda key: (due[key].tries, -due[key].last, due[key].due))
                    best, due[key].best = due[key].best, None
                    assert best is not None
                    return key, best
                self._changed.wait()
        return None

    def _heard(self, key: int, look: np.ndarray | None) -> None:
        with self._changed:
            one = self._seen.get(key)
            if one is None:
                return
            one.due = one.last + min(LONGEST_WAIT, FIRST_WAIT * 2**one.tries)
            if look is not None:
                one.looks.append(look)
                self._decide()
            one.tries += 1  # after the decision: who waits has it then

    def _decide(self) -> None:
        """Say who is who among those that are seen."""
        tracks = [
            Track(key, 0.0, 0.0, frozenset(one.beside), (), np.mean(one.looks, axis=0))
            for key, one in self._seen.items()
            if one.looks
        ]
        for key, verdict in nearest(tracks, self.pictures.embeddings, self._distance).items():
            named = Named(key, verdict.person, verdict.distance)
            if self._seen[key].named != named:
                self._seen[key].named = self._news[key] = named


def _helper() -> tuple[Connection, BaseProcess]:
    """A process that describes the faces in the middle of the squares that it is sent."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_describe, args=(theirs,), name="names", daemon=True)
    with _interrupts_ignored():
        process.start()
    theirs.close()
    return ours, process


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """What is started here ignores Ctrl-C from its first moment on: the session ends it.

    Only the main thread can say so; what others start ignores it once it has imported all.
    """
    main = threading.current_thread() is threading.main_thread()
    before = signal.getsignal(signal.SIGINT)
    if not main or before is None:  # None: not set by Python, which cannot put it back then
        yield
        return
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _describe(squares: Connection) -> None:
    """Answer each square with the embedding of its face; None: dlib finds none there."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "nice"):
        os.nice(5)  # labels come first
    check_setup()
    with suppress(EOFError, OSError):  # the session was killed
        squares.send(None)  # ready
        while True:
            square = np.frombuffer(squares.recv_bytes(), np.uint8).reshape(SIDE, SIDE, 3)
            face = face_in_the_middle(square)
            squares.send(None if face is None else embed(square, face))
