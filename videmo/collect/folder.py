"""The files of a folder of collected pictures: where each lies, and the lists that name them."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from videmo.collect.plan import SPLITS
from videmo.collect.variety import Measures
from videmo.errors import OutputError, RequestError
from videmo.exporters.lists import list_text, read_list
from videmo.files import atomic_path, output_error, shown, write_atomic
from videmo.labelled import (
    COLLECTED,
    FACE_LABELS,
    IMAGES,
    LABEL_LIST,
    face_labels_text,
    label_list_text,
)
from videmo.pictures import decoded

COLUMNS = ("file", "label", "burst", "split", "source", "time", "light", "size", "yaw")
DELETED = ".deleted"
"""Below Images: what may still be brought back."""
_NAME = re.compile(r"face(\d{1,9})\.png", re.ASCII)


@dataclass(frozen=True)
class Picture:
    """A picture that was collected."""

    file: str
    label: str
    burst: int
    split: str
    source: str
    time: float
    """Seconds in the time of its source."""
    measures: Measures


class Files:
    """The files of one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def begun(self) -> bool:
        """Whether something was collected here before."""
        return (self.folder / COLLECTED).is_file()

    def check_ours(self) -> None:
        """Refuse a folder with pictures of another origin, which could be overwritten.

        Raises:
            RequestError: so it is.
        """
        if not self.begun and any((self.folder / split).exists() for split in SPLITS):
            raise RequestError(
                f"{shown(self.folder)}: holds pictures that were not collected by videmo; choose "
                "another folder with -o"
            )

    def read(self) -> list[Picture]:
        """What the list says.

        Raises:
            OutputError: it cannot be read, or is not ours.
        """
        return [self._from_line(line) for line in read_list(self.folder / COLLECTED, COLUMNS)]

    def _from_line(self, line: dict[str, str]) -> Picture:
        try:
            light, time, burst = float(line["light"]), float(line["time"]), int(line["burst"])
            size, yaw = (float(line[name]) if line[name] else None for name in ("size", "yaw"))
            name, split = line["file"], line["split"]
            if Path(name).name != name or name.startswith(".") or split not in SPLITS:
                raise ValueError
        except ValueError:
            raise OutputError(
                f"{shown(self.folder / COLLECTED)}: is not the list that videmo writes; move it "
                "away, or choose another folder with -o"
            ) from None
        measures = Measures(light, size, yaw)
        return Picture(name, line["label"], burst, split, line["source"], time, measures)

    def remove_left(self) -> None:
        """Remove what a killed writer left: files that never came to their names."""
        for pattern in (
            ".*.part",
            f"{IMAGES}/.*.part",
            *(f"{split}/*/.*.part" for split in SPLITS),
        ):
            for left in self.folder.glob(pattern):
                unlink(left)

    def next_number(self) -> int:
        """Of a new picture: no file here has it."""
        names = [*self.class_files()]
        with contextlib.suppress(FileNotFoundError):
            names += os.listdir(self.folder / IMAGES)
        return 1 + max(map(number_of, names), default=-1)

    def class_files(self) -> dict[str, list[Path]]:
        """Where files of each name lie in folders of classes."""
        found: dict[str, list[Path]] = {}
        for split in SPLITS:
            for place in sorted((self.folder / split).glob("*/*")):
                found.setdefault(place.name, []).append(place)
        return found

    def image(self, name: str) -> Path:
        return self.folder / IMAGES / name

    def deleted(self, name: str) -> Path:
        return self.folder / IMAGES / DELETED / name

    def class_place(self, one: Picture) -> Path:
        return self.folder / one.split / one.label / one.file

    def place(self, one: Picture) -> None:
        """Put a picture into the folder of its class: as another name of the same file, where the
        disk can."""
        target = self.class_place(one)
        with atomic_path(target) as part:
            try:
                os.link(self.image(one.file), part)
            except OSError:
                shutil.copyfile(self.image(one.file), part)

    def take_away(self, one: Picture) -> None:
        place = self.class_place(one)
        unlink(place)
        for folder in (place.parent, place.parent.parent):
            with contextlib.suppress(OSError):  # others are there
                folder.rmdir()

    def delete(self, one: Picture) -> None:
        """Take a picture away, where it may be brought back from."""
        self._move(one, self.image(one.file), self.deleted(one.file))
        self.take_away(one)

    def bring_back(self, one: Picture) -> None:
        self._move(one, self.deleted(one.file), self.image(one.file))
        self.place(one)

    def _move(self, one: Picture, start: Path, end: Path) -> None:
        try:
            end.parent.mkdir(parents=True, exist_ok=True)
            os.replace(start, end)
        except FileNotFoundError:
            raise RequestError(
                f"{shown(one.file)}: this picture is gone from {IMAGES}; begin anew"
            ) from None
        except OSError as error:
            raise output_error(error, end) from error

    def write_truth(self, pictures: Iterable[Picture]) -> None:
        text = list_text(COLUMNS, map(_line, pictures))
        write_atomic(self.folder / COLLECTED, text.encode())

    def write_lists(self, labels: Sequence[str], pictures: Iterable[Picture]) -> None:
        """The lists that others read."""
        write_atomic(self.folder / LABEL_LIST, label_list_text(labels).encode())
        pairs = [(one.file, one.label) for one in pictures]
        write_atomic(self.folder / FACE_LABELS, face_labels_text(pairs).encode())


def _line(one: Picture) -> dict[str, str]:
    measures = one.measures
    return {
        "file": one.file,
        "label": one.label,
        "burst": str(one.burst),
        "split": one.split,
        "source": one.source,
        "time": f"{one.time:.3f}",
        "light": f"{measures.light:.1f}",
        "size": "" if measures.size is None else f"{measures.size:.3f}",
        "yaw": "" if measures.yaw is None else f"{measures.yaw:.1f}",
    }


def number_of(name: str) -> int:
    """That of ``face12.png``; -1: it has none."""
    found = _NAME.fullmatch(name)
    return int(found[1]) if found else -1


def read_picture(path: Path) -> np.ndarray:
    picture = decoded(path)
    if picture is None:
        raise OutputError(f"{shown(path)}: is no readable picture; take it away")
    return picture


def unlink(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise output_error(error, path) from error
