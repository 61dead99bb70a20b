"""A session of collecting: bursts with a count-down, the face that is meant, and what is told."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

import numpy as np

from videmo.collect.plan import SPLITS
from videmo.collect.source import Seen, SeenFace, Source
from videmo.collect.store import Burst, Store
from videmo.collect.variety import Measures, ask
from videmo.draw import cut_face
from videmo.errors import RequestError, VidemoError
from videmo.pictures import reduced
from videmo.schema import FACE, Box

MARGIN = 0.4
"""What is left around a face, as a part of its size: a detector finds it again."""
LARGEST = 320
"""Pixels of a kept picture's longer side: networks see 256 at most."""
COUNT_DOWN = 3.0
"""Seconds before a burst of a camera, to make the face."""
A_BURST = 12
"""Pictures that are kept of one burst."""
LONGEST = 8.0
"""Seconds that a camera's burst lasts at most."""
IN_A_MOVIE = 1.0
"""Seconds of a movie that a burst goes over, at most: nobody holds a face for longer there."""
LOST = 5
"""Pictures without the face after which a movie's burst is over: somebody else may come."""
SAME = 0.3
"""Intersection over union above which a face is that of the picture before."""


class Session:
    """What a page shows and does. Remembers the burst that is taken, and the last word said."""

    def __init__(self, store: Store, source: Source, crop: str, goal: int) -> None:
        self.store, self.source, self.crop, self.goal = store, source, crop, goal
        self._said = ""
        self._error = ""
        self._label = ""
        """Of which a burst is taken now; empty: of none."""
        self._due = 0.0
        self._kept = self._left_out = 0
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._meant: Box | None = None
        """The face that was chosen; None: the largest."""

    def take(self, label: str) -> None:
        """Begin a burst of `label`; returns at once.

        Raises:
            RequestError: no such label, another burst is taken, or the source is gone.
        """
        with self._lock:
            self._check_free()
            now = self.source.latest.value
            if now is None or (self.source.latest.closed):
                raise RequestError("the source has ended; begin anew to go on")
            wait = 0.0 if self.source.movie is not None else COUNT_DOWN
            burst = self.store.begin(label, self.source.name, now.time + wait)
            self._over.clear()
            self._label, self._due = label, time.monotonic() + wait
            self._kept = self._left_out = 0
            self._said = self._error = ""
            self._thread = threading.Thread(target=self._run, args=(burst,), daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End the burst; what was taken stays."""
        self._over.set()

    def close(self) -> None:
        self._over.set()
        self.source.close()
        if self._thread is not None:
            self._thread.join()
        self.store.close()

    def mean(self, x: float, y: float) -> None:
        """Choose the face at this place, in pixels of the picture; elsewhere: the largest again."""
        now = self.source.latest.value
        faces = now.faces if now else ()
        hit = [f.box for f in faces if 0 <= x - f.box.x < f.box.w and 0 <= y - f.box.y < f.box.h]
        self._meant = hit[0] if hit else None

    def relabel(self, names: Sequence[str], label: str) -> None:
        with self._lock:
            self._check_free()
            self.store.relabel(names, label)
            self._said = f"{_counted(len(names))} now {label}"

    def delete(self, names: Sequence[str]) -> None:
        with self._lock:
            self._check_free()
            self.store.delete(names)
            self._said = f"{_counted(len(names))} deleted"

    def undo(self) -> None:
        with self._lock:
            self._check_free()
            self._said = self.store.undo() or "there is nothing to undo"

    def play(self, playing: bool) -> None:
        with self._lock:
            self._check_free()
            self.source.play(playing)

    def seek(self, time: float) -> None:
        with self._lock:
            self._check_free()
            self._meant = None
            self.source.seek(time)

    def told(self) -> dict[str, Any]:
        """How it stands, for the page."""
        counts = self.store.counts()
        bursts = {label: len({p.burst for p in self.store.of_label(label)}) for label in counts}
        gone = self.source.latest.closed
        error = self._error or (str(self.source.error or "") if gone else self.source.away)
        return {
            "labels": [
                {
                    "name": label,
                    "count": count.total(),
                    "splits": {split: count[split] for split in SPLITS},
                    "ask": ask(
                        [p.measures for p in self.store.of_label(label)], bursts[label], self.crop
                    ),
                }
                for label, count in counts.items()
            ],
            "taking": self._label,
            "wait": round(max(0.0, self._due - time.monotonic()), 1) if self._label else 0,
            "kept": self._kept,
            "leftOut": self._left_out,
            "said": self._said,
            "error": error,
            "gone": gone,
            "playing": self.source.playing,
            "lacking": self.store.lacking(),
        }

    def faces_of(self, seen: Seen) -> tuple[list[list[int]], int]:
        """The faces' boxes, and which of them is meant; -1: none."""
        face = self._face(seen)
        boxes = [list(one.box) for one in seen.faces]
        return boxes, seen.faces.index(face) if face else -1

    def _check_free(self) -> None:
        if self._label:
            raise RequestError(f"a burst of {self._label} is taken; wait, or stop it")

    def _run(self, burst: Burst) -> None:
        try:
            if not self._over.wait(max(0.0, self._due - time.monotonic())):
                self._collect(burst)
            self.store.finish()
            self._said = _summary(burst.label, self._kept, self._left_out, self.crop)
        except VidemoError as error:
            self._error = str(error)
        except Exception as error:  # whatever it is, the page must be told
            self._error = f"{type(error).__name__}: {error}"
            raise
        finally:
            self._label = ""

    def _collect(self, burst: Burst) -> None:
        with closing(self.source.burst(self._over)) as pictures:
            self._keep(burst, pictures)

    def _keep(self, burst: Burst, pictures: Iterator[Seen]) -> None:
        begin: float | None = None
        missed = 0
        for seen in pictures:
            begin = seen.time if begin is None else begin
            kept = self._kept_of(seen)
            missed = 0 if kept else missed + 1
            if kept:
                picture, measures = kept
                new = self.store.add(burst, picture, seen.time, measures)
                self._kept += new is not None
                self._left_out += new is None
            in_a_movie = self.source.movie is not None
            longest = IN_A_MOVIE if in_a_movie else LONGEST
            late = seen.time - begin >= longest - 1e-3
            if self._kept >= A_BURST or late or (in_a_movie and missed >= LOST):
                self._over.set()
                return

    def _kept_of(self, seen: Seen) -> tuple[np.ndarray, Measures] | None:
        """What is to be kept of a picture; None: the face that is meant is not in it."""
        if self.crop != FACE:
            picture = reduced(seen.picture, LARGEST)
            return picture, Measures(float(picture.mean()))
        face = self._face(seen)
        if face is None:
            return None
        picture = reduced(cut_face(seen.picture, face.box, margin=MARGIN), LARGEST)
        size = face.box.h / seen.picture.shape[0]
        return picture, Measures(float(picture.mean()), size, face.alignment.yaw)

    def _face(self, seen: Seen) -> SeenFace | None:
        """The face that is meant: the one chosen, followed from picture to picture."""
        if not seen.faces or self._meant is None:
            return seen.faces[0] if seen.faces else None
        meant = self._meant
        best = max(seen.faces, key=lambda face: face.box.iou(meant))
        if best.box.iou(meant) < SAME:
            return None
        self._meant = best.box
        return best


def _counted(count: int) -> str:
    return f"{count} picture is" if count == 1 else f"{count} pictures are"


def _summary(label: str, kept: int, left_out: int, crop: str) -> str:
    said = f"{kept} of {label} kept"
    if left_out:
        said += f", {left_out} left out: nearly the same are there"
    if not kept and not left_out and crop == FACE:
        said += ": no face was seen; more light, or look this way"
    return said
