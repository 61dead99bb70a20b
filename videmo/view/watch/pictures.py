"""The latest picture and what is known of it, made once for all viewers, when one of them asks.

A viewer asks for the next picture when it has the one before: a slow one misses those between, and
there is nothing in which pictures could queue up. Where nobody looks, nothing is made.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import time
from typing import Any

from videmo.live import Live, LiveFace, Shot, Shown
from videmo.pictures import encode_jpeg, reduced, reduced_size
from videmo.view.watch.minute import Minute, called

WIDEST = 1280
"""Pixels of a picture that is sent; boxes are those of the whole one."""
QUALITY = 80
EVERY = 1 / 25
"""Seconds from one picture to the next, at least: a page is looked at by people."""
PATIENCE = 0.5
"""Seconds after which a viewer is told how things are, if there is no other picture."""
RECENTLY = 2.0
NOTICED = 0.2
"""Seconds in which it is noticed that a session is over."""


class Pictures:
    """Makes answers in a thread of its own; viewers wait for them in the server's."""

    def __init__(self, live: Live, minute: Minute) -> None:
        self._live, self._minute = live, minute
        self._lock = threading.Lock()
        self._waiting: set[tuple[asyncio.AbstractEventLoop, asyncio.Future[bytes]]] = set()
        self._wanted = threading.Event()
        self._number, self._jpeg = 0, b""
        """The picture that was made last, and which one it is."""
        self._shown: Shown | None = None
        self._asked = 0.0
        """When a viewer asked, by `time.monotonic`."""
        self._last = b""
        """What everybody is answered when all is over."""

    @property
    def watched(self) -> bool:
        """Whether somebody asked for pictures lately."""
        return time.monotonic() - self._asked < RECENTLY

    def run(self) -> None:
        """To the end of the session."""
        while not (self._live.over or self._live.pictures.closed):
            if not self._wanted.wait(NOTICED):
                continue
            found = self._live.shown(self._number, NOTICED)
            if found is not None:
                begin = time.monotonic()
                self._make(*found)
                self._publish(self._answer(with_picture=True))
                time.sleep(max(0.0, EVERY - (time.monotonic() - begin)))
        self._end()

    async def after(self, number: int) -> bytes:
        """What a viewer is answered who has picture `number`: the next one, or what else is new."""
        self._asked = time.monotonic()
        loop = asyncio.get_running_loop()
        waiting = loop, loop.create_future()
        with self._lock:
            if self._last:
                return self._last
            self._waiting.add(waiting)
            self._wanted.set()
        try:
            return await asyncio.wait_for(waiting[1], PATIENCE)
        except asyncio.TimeoutError:
            return self._answer(with_picture=self._number > number)
        finally:
            with self._lock:
                self._waiting.discard(waiting)

    def _end(self) -> None:
        found = self._live.shown(self._number, 0.0)
        if found is not None:
            self._make(*found)
        answer = self._answer(with_picture=True, over=True)
        with self._lock:
            self._last = answer
        self._publish(answer)

    def _publish(self, answer: bytes) -> None:
        with self._lock:
            waiting, self._waiting = self._waiting, set()
            self._wanted.clear()
        for loop, future in waiting:
            with contextlib.suppress(RuntimeError):  # the server has ended
                loop.call_soon_threadsafe(_give, future, answer)

    def _make(self, number: int, what: Shown) -> None:
        self._jpeg, self._shown, self._number = jpeg_of(what.shot), what, number

    def _answer(self, *, with_picture: bool, over: bool = False) -> bytes:
        """JSON, its length before it, and a JPEG file after it, or nothing."""
        told = json.dumps(self._told(over), separators=(",", ":")).encode()
        return len(told).to_bytes(4, "big") + told + (self._jpeg if with_picture else b"")

    def _told(self, over: bool) -> dict[str, Any]:
        labels, stats = self._live.labels, self._live.stats()
        told = {
            "number": self._number,
            "over": over,
            "stats": {
                **{"fps": round(stats.fps, 1), "looks": round(stats.looks, 1)},
                **{"lag": round(stats.lag, 3), "slow": round(stats.slow, 3)},
                **{"captured": stats.captured, "dropped": stats.dropped, "gaps": stats.gaps},
            },
            "minute": self._minute.told(labels),
        }
        if self._shown is not None:
            shot, look = self._shown
            told |= {
                "size": shot.size,
                "time": round(shot.time, 3),
                "age": round(time.monotonic() - shot.arrived, 3),
                "faces": [_face_data(one, labels) for one in look.faces] if look else [],
            }
        return told


def jpeg_of(shot: Shot) -> bytes:
    """A picture as it is sent."""
    if shot.frame.movie.tone:
        picture = reduced(shot.ordinary, WIDEST, across=True)
    else:
        picture = shot.colour(*reduced_size(*shot.size, WIDEST, across=True))
    return encode_jpeg(picture, QUALITY)


def _face_data(face: LiveFace, labels: tuple[str, ...]) -> dict[str, Any]:
    box = face.face.box
    return {
        "track": face.track,
        "who": called(face.person, face.track),
        "box": [box.x, box.y, box.w, box.h],
        "aligned": face.aligned,
        "emotion": labels.index(face.emotion),
        "held": labels.index(face.held) if face.held else -1,
        "scores": face.face.scores,
    }


def _give(future: asyncio.Future[bytes], answer: bytes) -> None:
    if not future.done():
        future.set_result(answer)
