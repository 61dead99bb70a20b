"""Which labels there are: those that the folder knows, those named, or the emotions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from videmo.errors import RequestError
from videmo.labelled import (
    FACE_LABELS,
    LABEL_LIST,
    check_labels,
    read_face_labels,
    read_label_list,
)
from videmo.schema import EMOTIONS

KEYS = "1234567890qwertyuiopasdfghjklzxcvbnm"
"""One for each label, in order."""


def find_labels(named: Sequence[str], folder: Path) -> tuple[str, ...]:
    """The labels to collect: `named` ones (one may be a list's file, ``labelList.csv``), after
    those of which the folder has pictures; without any, those that it lists; in a new folder the
    emotions.

    Raises:
        RequestError: bad ones, too many, or fewer than two.
    """
    labels: list[str] = []
    if (folder / LABEL_LIST).is_file():
        labels += read_label_list(folder / LABEL_LIST)
    if named:  # what was only named once, and never taken, may have been a slip
        there = (folder / FACE_LABELS).is_file() and {*read_face_labels(folder).values()}
        labels = [label for label in labels if there and label in there]
    for name in named:
        is_list = name.lower().endswith(".csv")
        labels += read_label_list(Path(name)) if is_list else (name,)
    if not named and not labels:
        labels += EMOTIONS
    chosen = check_labels(tuple(dict.fromkeys(labels)))
    if len(chosen) < 2:
        raise RequestError(f"{chosen[0]}: name another label, too; one alone is told from nothing")
    if len(chosen) > len(KEYS):
        raise RequestError(f"{len(chosen)} labels are too many for the keys; {len(KEYS)} at most")
    return chosen
