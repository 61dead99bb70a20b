"""Pictures and their labels as FaceLabeler lays them out: lists without a header, and a folder.

``labelList.csv`` has a line ``0,happy`` for each label, ``faceLabels.csv`` a line
``face12.png,happy`` for each picture in ``Images/`` (github.com/ablacklama/FaceLabeler).
``collected.csv`` is videmo's own: it says of each picture which burst it is of, and in which split.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from videmo.errors import RequestError
from videmo.files import shown
from videmo.schema import is_label

LABEL_LIST, FACE_LABELS, IMAGES = "labelList.csv", "faceLabels.csv", "Images"
COLLECTED = "collected.csv"
SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff")
LARGEST = 1 << 24
"""Bytes; no such list is larger."""
QUOTE = "|"
"""What FaceLabeler puts around what has a comma in it."""
RULE = (
    "letters, digits, spaces and _.+- inside, 60 at most, and no word that tables or Windows need "
    "(time, con)"
)


def check_labels(labels: Sequence[str], where: str = "") -> tuple[str, ...]:
    """`labels`, which can name columns, folders and options, and are not alike.

    Raises:
        RequestError: one cannot, or two are alike; `where` they stand.
    """
    place = f"{where}: " if where else ""
    seen: dict[str, str] = {}
    for label in labels:
        if not is_label(label):
            raise RequestError(f"{place}{shown(label)!r} is no name of a label: {RULE}")
        if label.casefold() in seen:
            raise RequestError(
                f"{place}{shown(label)} and {shown(seen[label.casefold()])} are alike, as capitals "
                "make no difference; leave one out"
            )
        seen[label.casefold()] = label
    return tuple(labels)


def read_label_list(path: Path) -> tuple[str, ...]:
    """The labels of a ``labelList.csv``; a list with nothing but labels will do, too.

    Raises:
        RequestError: it cannot be read, has none, or has bad ones.
    """
    lines = [line for line in _lines(path) if any(line)]
    if lines and len(lines[0]) > 1 and not lines[0][0].isdecimal():
        del lines[0]  # somebody gave it a header
    labels = [line[1] if len(line) > 1 else line[0] for line in lines]
    if not labels:
        raise RequestError(f"{shown(path)}: has no labels; write a line for each: 0,happy")
    return check_labels(labels, shown(path))


def read_face_labels(folder: Path) -> dict[str, str]:
    """The label of each picture of ``faceLabels.csv``, by its name in ``Images/``; of a name that
    stands there twice, the last one.

    Raises:
        RequestError: it cannot be read, or names what cannot be.
    """
    path = folder / FACE_LABELS
    found: dict[str, str] = {}
    for number, line in enumerate(_lines(path), 1):
        if not any(line):
            continue
        name = line[0]
        if Path(name).suffix.lower() not in SUFFIXES:
            if number == 1:
                continue  # a header
            raise RequestError(f"{shown(path)}: line {number}: {shown(name)!r} is no picture")
        if len(line) < 2 or "/" in name or "\\" in name or name.startswith("."):
            raise RequestError(
                f"{shown(path)}: line {number}: is no picture in {IMAGES} and its label; write: "
                "face12.png,happy"
            )
        found[name] = line[1]
    return found


def label_list_text(labels: Iterable[str]) -> str:
    return _text((str(number), label) for number, label in enumerate(labels))


def face_labels_text(labels: Iterable[tuple[str, str]]) -> str:
    return _text(labels)


def _text(lines: Iterable[tuple[str, str]]) -> str:
    text = io.StringIO()
    csv.writer(text, quotechar=QUOTE, lineterminator="\n").writerows(lines)
    return text.getvalue()


def _lines(path: Path) -> list[list[str]]:
    try:
        if path.stat().st_size > LARGEST:
            raise RequestError(f"{shown(path)}: is too large for a list of labels")
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = list(csv.reader(file, quotechar=QUOTE))
    except (OSError, ValueError, csv.Error) as error:
        why = getattr(error, "strerror", None) or "it is no text in UTF-8"
        raise RequestError(f"{shown(path)}: cannot be read ({why}); look at it") from error
    return [[cell.strip() for cell in line] for line in lines]
