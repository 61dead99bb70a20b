"""The folder of what is collected: written picture by picture, whole at every moment.

``collected.csv`` is the truth; what others read (``labelList.csv``, ``faceLabels.csv``, folders
of classes in ``train``, ``val``, ``test``) is made of it, and mended when it is opened again.
"""

from __future__ import annotations

import contextlib
import shutil
import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import replace as changed
from pathlib import Path

import cv2
import numpy as np

from videmo.collect.folder import DELETED, Files, Picture, number_of, read_picture
from videmo.collect.opening import opened
from videmo.collect.plan import SPLITS, Taken, split_for
from videmo.collect.variety import Measures, is_near, tiny
from videmo.errors import OutputError, RequestError, VidemoError
from videmo.files import check_writable, file_lock, shown, write_atomic
from videmo.labelled import COLLECTED, IMAGES, check_labels
from videmo.plain import counted, tidy

Step = list[tuple[Picture | None, Picture | None]]
"""What was done, and can be undone: each picture before and after; None: it is not there."""


class Burst:
    """Pictures of one label that are taken together: all in one split."""

    def __init__(self, number: int, label: str, split: str, source: str) -> None:
        self.number, self.label, self.split, self.source = number, label, split, source
        self.step: Step = []
        """The pictures that were kept."""


class Store:
    """The pictures of a folder. Remembers them, and what was done with them."""

    def __init__(self, folder: Path, labels: Sequence[str]) -> None:
        """Open the folder, or begin it; mend what a kill left undone.

        Raises:
            RequestError: bad labels, or pictures there of labels that are not given.
            OutputError: it cannot be read or written, or somebody else collects there.
        """
        self.folder, self.labels = folder, check_labels(labels)
        self.notes: list[str] = []
        """What was found in the folder that one should know."""
        self.pictures: dict[str, Picture] = {}
        self._tiny: dict[str, np.ndarray] = {}
        self._gone: set[str] = set()
        """Pictures that were taken away since it was opened."""
        self._next = 0
        self._steps: list[Step] = []
        self._files = Files(folder)
        self._lock = threading.RLock()
        self._held = ExitStack()
        check_writable(folder / COLLECTED)
        self._held.enter_context(file_lock(folder / COLLECTED, "collect"))
        try:
            found = opened(self._files, self.labels)
            self.pictures, self._tiny, self.notes = found.pictures, found.tiny, found.notes
            self._next = self._files.next_number()
            self._write_truth()
            self._write_lists()
        except BaseException:
            self._held.close()
            raise

    def close(self) -> None:
        """Write the lists, and let go of the folder."""
        with self._lock:
            try:
                shutil.rmtree(self.folder / IMAGES / DELETED, ignore_errors=True)
                self._write_lists()
            finally:
                self._held.close()

    def content(self, name: str) -> bytes | None:
        """The file of a picture, or of one that was taken away and may still be brought back: a
        page may ask for what it has just been told of. None: there never was such a picture."""
        with self._lock:
            if name in self.pictures:
                place = self._files.image(name)
            elif name in self._gone:
                place = self._files.deleted(name)
            else:
                return None
            try:
                return place.read_bytes()
            except OSError:  # somebody else took it
                return None

    def counts(self) -> dict[str, Counter[str]]:
        """Of each label, the pictures by split."""
        with self._lock:
            found: dict[str, Counter[str]] = {label: Counter() for label in self.labels}
            for picture in self.pictures.values():
                found[picture.label][picture.split] += 1
            return found

    def lacking(self) -> list[str]:
        """What still lacks for a training to go: in words, a line each."""
        counts = self.counts()
        there = [label for label, of_label in counts.items() if of_label]
        if len(there) < 2:
            return ["two labels at least need pictures"]
        used = {split for label in there for split in counts[label]} | {"train"}
        return [
            f"{label} has no pictures in {split}: take another burst of it"
            for split in SPLITS
            if split in used
            for label in there
            if not counts[label][split]
        ]

    def of_label(self, label: str) -> list[Picture]:
        with self._lock:
            return [one for one in self.pictures.values() if one.label == label]

    def begin(self, label: str, source: str, time: float) -> Burst:
        """A burst that begins at `time` of `source`.

        Raises:
            RequestError: there is no such label.
        """
        self._check(label)
        with self._lock:
            source = tidy(source)
            split = split_for(self.counts()[label], source, time, self._bursts())
            return Burst(self._next_burst(), label, split, source)

    def add(self, burst: Burst, picture: np.ndarray, time: float, measures: Measures) -> str | None:
        """Keep a picture (BGR uint8); gives its name. None: nearly the same one is there.

        Raises:
            OutputError: it cannot be written; all that was there before still is.
        """
        with self._lock:
            seen = tiny(picture)
            # Of all labels: one picture cannot show two things.
            if is_near(seen, list(self._tiny.values())):
                return None
            done, data = cv2.imencode(".png", picture)
            if not done:
                raise OutputError("a picture cannot be written as PNG; take another one")
            name = f"face{self._next}.png"
            number, label, split, source = burst.number, burst.label, burst.split, burst.source
            one = Picture(name, label, number, split, source, time, measures)
            try:
                # A line without its picture counts for nothing, but not the other way round.
                self._files.write_truth([*self.pictures.values(), one])
                write_atomic(self._files.image(name), data.tobytes())
                self._files.place(one)
            except BaseException:
                self._give_up(one)
                raise
            self._next += 1
            self.pictures[name], self._tiny[name] = one, seen
            if not burst.step:
                self._steps.append(burst.step)
            burst.step.append((None, one))
            return name

    def _give_up(self, one: Picture) -> None:
        """Leave nothing of a picture that could not be written whole."""
        for place in (self._files.image(one.file), self._files.class_place(one)):
            with contextlib.suppress(OSError):
                place.unlink(missing_ok=True)
        with contextlib.suppress(VidemoError):
            self._write_truth()

    def finish(self) -> None:
        """A burst is over: renew the lists that others read."""
        with self._lock:
            self._write_lists()

    def relabel(self, names: Iterable[str], label: str) -> None:
        """Let pictures show something else; they stay in their splits.

        Raises:
            RequestError: no such picture or label.
            OutputError: it cannot be written.
        """
        self._check(label)
        self._change([(one, changed(one, label=label)) for one in self._named(names)])

    def delete(self, names: Iterable[str]) -> None:
        """Take pictures away; until the folder is closed, `undo` brings them back."""
        self._change([(one, None) for one in self._named(names)])

    def undo(self) -> str:
        """Undo what was done last; says what that was; empty: there is nothing more."""
        with self._lock:
            if not self._steps:
                return ""
            step = self._steps[-1]
            self._apply([(after, before) for before, after in reversed(step)])
            self._steps.pop()
            first = step[0] if step else (None, None)
            count = counted(len(step), "picture")
            if first[0] is None:
                return f"{count} taken away again"
            return f"{count} brought back" if first[1] is None else f"{count} labelled as before"

    def _change(self, step: Step) -> None:
        with self._lock:
            self._apply(step)
            self._steps.append(step)

    def _apply(self, step: Step) -> None:
        """Let each picture become what it is to be, and write all lists.

        In this order a kill leaves each one as it was, or as it is to be: a line without its
        picture counts for nothing, and of two places of a picture the one that its line says is
        right.
        """
        relabelled = [(before, after) for before, after in step if before and after]
        self._place_all(relabelled)
        for before, after in step:
            if before and not after:
                self._files.delete(before)
                del self.pictures[before.file], self._tiny[before.file]
                self._gone.add(before.file)
            elif after:
                self.pictures[after.file] = after
        # As FaceLabeler has them: it takes its next number from the last one.
        self.pictures = dict(
            sorted(self.pictures.items(), key=lambda of: (number_of(of[0]), of[0]))
        )
        self._write_truth()
        for before, after in relabelled:
            if before.label != after.label:
                self._files.take_away(before)
        for before, after in step:
            if after and not before:
                self._files.bring_back(after)
                self._tiny[after.file] = tiny(read_picture(self._files.image(after.file)))
        self._write_lists()

    def _place_all(self, relabelled: list[tuple[Picture, Picture]]) -> None:
        """Put pictures into the folders of their new labels, all or none."""
        try:
            for _, after in relabelled:
                self._files.place(after)
        except BaseException:
            for before, after in relabelled:
                if before.label != after.label:
                    self._files.take_away(after)
            raise

    def _write_truth(self) -> None:
        self._files.write_truth(self.pictures.values())

    def _write_lists(self) -> None:
        self._files.write_lists(self.labels, self.pictures.values())

    def _named(self, names: Iterable[str]) -> list[Picture]:
        with self._lock:
            wanted = list(dict.fromkeys(names))
            unknown = [name for name in wanted if name not in self.pictures]
            if unknown or not wanted:
                raise RequestError(
                    f"{shown(unknown[0]) if unknown else 'nothing'}: no such picture"
                )
            return [self.pictures[name] for name in wanted]

    def _check(self, label: str) -> None:
        if label not in self.labels:
            raise RequestError(f"{shown(label)}: no such label; choose: {', '.join(self.labels)}")

    def _bursts(self) -> list[Taken]:
        found: dict[int, Taken] = {}
        for one in self.pictures.values():
            before = found.get(one.burst, Taken(one.split, one.source, one.time, one.time))
            start, end = min(before.start, one.time), max(before.end, one.time)
            found[one.burst] = before._replace(start=start, end=end)
        return list(found.values())

    def _next_burst(self) -> int:
        return 1 + max((one.burst for one in self.pictures.values()), default=0)
