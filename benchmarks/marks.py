"""Choose from when on a moment is sure or likely, on clips of which the emotion is known.

python -m benchmarks.marks [MODEL.tflite] [--tables FOLDER]

The clips of people whom no model here learnt from (see `benchmarks.judge`) are scanned into FOLDER,
where they are not there yet, and their moments held against the label: right is a moment of the
clip's emotion. An actor is not of one emotion from the first frame to the last, so that none of
these figures can be 1. Sure moments are to be right in `SURE_RIGHT` of the cases, likely ones, of
the rest, in `LIKELY_RIGHT`; of all thresholds that do that, those are taken that keep most. As the
clips are few, the same is done leaving one person out after the other, and measured on that one.
What it chooses belongs into `videmo/marks.py`.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import NamedTuple

import cv2

from benchmarks.judge import rows_of
from benchmarks.movies import data_folder
from videmo.emotions import Model, find_model
from videmo.errors import VidemoError
from videmo.marks import LIKELY, MARKS, SURE, UNSURE, Least, mark_of
from videmo.moments import Moment, moments_of
from videmo.runs import find_runs
from videmo.scan import Settings, scan_movie
from videmo.schema import DEFAULT_REPEAT, EMOTIONS
from videmo.table import read_record, read_table, table_path

SURE_RIGHT, LIKELY_RIGHT = 0.8, 0.5
SECONDS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.75, 0.9, 1.0, 1.2, 1.5, 2.0)
SCORES = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9)
FRAMES = {SURE: 10, LIKELY: 5}
"""Not chosen here, for all clips have 25 to 30 frames in a second: fewer are no evidence."""

Marks = dict[str, Least]


class Seen(NamedTuple):
    """A moment of a clip of which the emotion is known."""

    moment: Moment
    label: str
    person: str

    @property
    def right(self) -> bool:
        return self.moment.emotion == self.label


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model", nargs="?", type=Path, help="a .tflite; else the shipped one")
    parser.add_argument("--tables", type=Path, help="where the clips' tables are, or are to be")
    asked = parser.parse_args()
    cv2.setNumThreads(1)
    model = find_model(asked.model)
    with tempfile.TemporaryDirectory() as name:
        seen = list(moments_seen(model, asked.tables or Path(name)))
    chosen = choose(seen)
    print(f"{model.name}: chosen {chosen}; in use {'the same' if chosen == MARKS else MARKS}\n")
    print("\n".join(by_mark("mark", seen, marked(chosen))))
    print("\n".join(by_mark("mark, of people left out", seen, left_out(seen))[2:]))
    print()
    print("\n".join(by_emotion(seen, marked(chosen))))


def moments_seen(model: Model, folder: Path) -> Iterator[Seen]:
    clips = data_folder() / "wild" / "clips"
    for row in rows_of(clips / "labels.csv"):
        movie = clips / row["file"]
        table = table_path(folder, movie)
        if not table.is_file() or read_record(table)["model"]["sha256"] != model.sha256:
            scan_movie(movie, folder, Settings(model=model.path))
        end = read_record(table)["end"]
        found = re.search(r"[MW]\d{3}", movie.name)
        rows = read_table(table)
        runs = find_runs(rows, repeat=DEFAULT_REPEAT, end=end)
        for moment in moments_of(runs, rows, movie.name):
            yield Seen(moment, row["label"], found[0] if found else movie.name)


def choose(seen: Sequence[Seen]) -> Marks:
    """The thresholds with which enough of the moments are right."""
    sure = _widest(seen, SURE_RIGHT, FRAMES[SURE])
    rest = [one for one in seen if not _has(one, sure)]
    return {SURE: sure, LIKELY: _widest(rest, LIKELY_RIGHT, FRAMES[LIKELY])}


def _widest(seen: Sequence[Seen], right: float, frames: int) -> Least:
    """The thresholds that keep most moments, of which so many are right; of equals the highest."""
    kept: list[tuple[int, Least]] = []
    for seconds, score in product(SECONDS, SCORES):
        least = Least(seconds, score, frames)
        there = [one for one in seen if _has(one, least)]
        if there and sum(one.right for one in there) / len(there) >= right:
            kept.append((len(there), least))
    return max(kept, default=(0, Least(max(SECONDS), max(SCORES), frames)))[1]


def _has(one: Seen, least: Least) -> bool:
    return mark_of(*_evidence(one), {SURE: least}) == SURE


def _evidence(one: Seen) -> tuple[float, float, int]:
    return one.moment.seconds, one.moment.score, one.moment.repeat


def marked(marks: Marks) -> Callable[[Seen], str]:
    return lambda one: mark_of(*_evidence(one), marks)


def left_out(seen: Sequence[Seen]) -> Callable[[Seen], str]:
    """The marks by thresholds that were chosen on everybody else."""
    people = {one.person for one in seen}
    marks = {who: choose([one for one in seen if one.person != who]) for who in people}
    return lambda one: mark_of(*_evidence(one), marks[one.person])


def by_mark(title: str, seen: Sequence[Seen], mark: Callable[[Seen], str]) -> list[str]:
    """How many of the moments of each mark are right, and of their seconds."""
    lines = [f"| {title} | moments | right | of the seconds |", "|---|--:|--:|--:|"]
    for name in (SURE, LIKELY, UNSURE):
        there = [one for one in seen if mark(one) == name]
        cells = f"{len(there)} | {share(there)} | {share(there, seconds=True)}"
        lines.append(f"| {name}{title[4:]} | {cells} |")
    return lines


def by_emotion(seen: Sequence[Seen], mark: Callable[[Seen], str]) -> list[str]:
    """How many clips are held longest for what they show, and how many moments are right."""
    frames: dict[str, Counter[str]] = {}
    labels = {one.moment.movie: one.label for one in seen}
    for one in seen:
        frames.setdefault(one.moment.movie, Counter())[one.moment.emotion] += one.moment.repeat
    answers = {movie: max(held, key=held.__getitem__) for movie, held in frames.items()}
    sure = [one for one in seen if mark(one) == SURE]
    lines = ["| | clips held for it | moments right | sure ones right | seconds right |"]
    lines.append("|---|--:|--:|--:|--:|")
    for emotion in EMOTIONS:
        clips = [movie for movie, label in labels.items() if label == emotion]
        found = sum(answers[movie] == emotion for movie in clips)
        every = [one for one in seen if one.moment.emotion == emotion]
        best = [one for one in sure if one.moment.emotion == emotion]
        cells = share(every), share(best), share(every, seconds=True)
        lines.append(f"| {emotion} | {found} of {len(clips)} | " + " | ".join(cells) + " |")
    return lines


def share(seen: Sequence[Seen], *, seconds: bool = False) -> str:
    """How much of them is right."""
    weights = [one.moment.seconds if seconds else 1.0 for one in seen]
    right = sum(weight for one, weight in zip(seen, weights, strict=True) if one.right)
    if not seen:
        return "none"
    part = f"{right / sum(weights):.0%}"
    return part if seconds else f"{right:.0f} of {len(seen)} ({part})"


if __name__ == "__main__":
    try:
        main()
    except VidemoError as error:
        sys.exit(str(error))
