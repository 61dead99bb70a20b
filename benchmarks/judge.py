"""Judge an emotion model by all that is at hand, as a scan would run it.

python -m benchmarks.judge [MODEL.tflite]

- Clips of people whom no model here learnt from, scanned whole: right is a clip whose emotion was
  held longest, in runs of five frames or more. Precision: the part of the seconds of an emotion
  that are in clips of it, as somebody sees who extracts them all.
- CK+: posed faces of six emotions, among which the model has to choose.
- `valid` of FER-2013, by the majority of FER+'s raters and by FER-2013's own labels.

Single pictures are enlarged, found by the detector, and framed by their points as in a scan.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import pandas as pd

from benchmarks.movies import data_folder
from videmo.emotions import BATCH, Classify, Model, classifier, find_model
from videmo.errors import RequestError, VidemoError
from videmo.faces import DetectorConfig, StillPicture, crop_face, detector_of
from videmo.files import shown
from videmo.runs import find_runs
from videmo.scan import Settings, scan_movie
from videmo.schema import DEFAULT_REPEAT, EMOTIONS
from videmo.table import read_table

LARGE, EDGE = 160, 48
"""Pixels to which a face of 48 is enlarged, and around it, for the detector to see it as a face."""
BINS = 15
"""Of the expected calibration error."""
ROUNDS = 60
"""Batches of which the fastest is what a face costs."""
NOTHING = "nothing"
VOTES = {
    **{"angry": "anger", "happy": "happiness", "sad": "sadness"},
    **{name: name for name in ("disgust", "fear", "surprise", "neutral")},
}
"""FER+'s words for the emotions."""
OTHER_VOTES = ("contempt", "unknown", "not_face")


class Clip(NamedTuple):
    """What a scan held in a clip."""

    label: str
    answer: str
    """What was held longest, in frames."""
    seconds: dict[str, float]


class Faces(NamedTuple):
    """Scores of single pictures, and what is true of them."""

    scores: np.ndarray
    """(n, labels)"""
    truth: np.ndarray
    """(n,) str; empty where nobody knows."""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model", nargs="?", type=Path, help="a .tflite; else the shipped one")
    model = find_model(parser.parse_args().model)
    if model.labels != EMOTIONS:
        raise RequestError(f"{shown(model.path)}: has other labels than the clips and faces")
    cv2.setNumThreads(1)
    classify = classifier(model)
    clips = judge_clips(model)
    sets = {"CK+48": ck48(classify, model), **valid(classify, model)}
    print(f"{model.name}: {len(model.content):,} bytes, {cost(classify, model):.2f} ms a face\n")
    print("\n".join(table(clips, sets)))
    errors = (f"{name} {calibration_error(f):.3f}" for name, f in list(sets.items())[1:])
    print(f"\nexpected calibration error, classes weighed alike: {', '.join(errors)}")


def table(clips: Sequence[Clip], sets: dict[str, Faces]) -> list[str]:
    """All figures: a line for each set, the mean over its classes and then each of them."""
    titles = ("", "right", "accuracy", "mean", *EMOTIONS)
    lines = ["| " + " | ".join(titles) + " |", "|---|" + "--:|" * (len(titles) - 1)]
    truth = np.array([clip.label for clip in clips])
    answers = np.array([clip.answer for clip in clips])
    lines.append(line("clips", truth, answers))
    lines += [line(name, f.truth, answers_of(f)) for name, f in sets.items()]
    held, mine = seconds_held(clips)
    parts = [mine[e] / held[e] if held[e] else np.nan for e in EMOTIONS]
    all_of_it = sum(mine.values()) / max(1e-9, sum(held.values()))
    cells = [f"{sum(mine.values()):.0f}/{sum(held.values()):.0f} s", f"{all_of_it:.3f}"]
    # What is never held is never right: else silence would raise the mean.
    cells += [f"{np.nan_to_num(parts).mean():.3f}", *map(cell, parts)]
    lines.append("| clips: precision | " + " | ".join(cells) + " |")
    silent = int((answers == NOTHING).sum())
    return [*lines, "", f"clips in which nothing was held: {silent}"]


def line(name: str, truth: np.ndarray, answers: np.ndarray) -> str:
    known = truth != ""
    right = (truth == answers)[known]
    recalls = [right[truth[known] == e].mean() if e in truth else np.nan for e in EMOTIONS]
    cells = [f"{right.sum()}/{known.sum()}", f"{right.mean():.3f}", f"{np.nanmean(recalls):.3f}"]
    return f"| {name} | " + " | ".join([*cells, *map(cell, recalls)]) + " |"


def cell(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.2f}"


def answers_of(faces: Faces) -> np.ndarray:
    """The highest of the scores of those emotions that are in the set."""
    there = np.isin(EMOTIONS, faces.truth)
    return np.array(EMOTIONS)[np.where(there, faces.scores, -1).argmax(axis=1)]


def calibration_error(faces: Faces) -> float:
    """How far the highest score is from the part of answers that are right, in the mean."""
    known = faces.truth != ""
    truth, scores = faces.truth[known], faces.scores[known]
    counts = Counter(truth.tolist())
    weights = np.array([1 / counts[label] for label in truth]) / len(counts)
    sure = scores.max(axis=1)
    off = (np.array(EMOTIONS)[scores.argmax(axis=1)] == truth) - sure
    places = np.minimum((sure * BINS).astype(int), BINS - 1)
    return float(np.abs(np.bincount(places, weights * off)).sum())


def judge_clips(model: Model) -> list[Clip]:
    folder = data_folder() / "wild" / "clips"
    with tempfile.TemporaryDirectory() as name:
        return [
            held_in(folder / row["file"], row["label"], Path(name), model)
            for row in rows_of(folder / "labels.csv")
        ]


def held_in(movie: Path, label: str, folder: Path, model: Model) -> Clip:
    scanned = scan_movie(movie, folder, Settings(model=model.path))
    frames, seconds = Counter[str](), Counter[str]()
    end = scanned.record["end"]
    for run in find_runs(read_table(scanned.table), repeat=DEFAULT_REPEAT, end=end):
        frames[run.emotion] += len(run.frames)
        seconds[run.emotion] += run.end - run.start
    answer = max(frames, key=frames.__getitem__) if frames else NOTHING
    return Clip(label, answer, dict(seconds))


def seconds_held(clips: Sequence[Clip]) -> tuple[Counter[str], Counter[str]]:
    """Of each emotion, the seconds held in all clips, and in those of which it is the label."""
    held, mine = Counter[str](), Counter[str]()
    for clip in clips:
        held.update(clip.seconds)
        mine[clip.label] += clip.seconds.get(clip.label, 0)
    return held, mine


def ck48(classify: Classify, model: Model) -> Faces:
    folder = data_folder() / "wild"
    rows = rows_of(folder / "ck48.csv")
    tiles = tiles_of(folder / "ck48.webp")
    images = [tiles[int(row["row"]), int(row["column"])] for row in rows]
    return Faces(scores_of(classify, model, images), np.array([row["label"] for row in rows]))


def valid(classify: Classify, model: Model) -> dict[str, Faces]:
    folder = data_folder() / "fer"
    rows = [row for row in rows_of(folder / "labels.csv") if row["split"] == "valid"]
    sheets = {name: tiles_of(folder / name) for name in {row["sheet"] for row in rows}}
    images = [sheets[row["sheet"]][int(row["row"]), int(row["column"])] for row in rows]
    scores = scores_of(classify, model, images)
    truths = {"FER+": map(majority, rows), "FER-2013": (row["fer2013_label"] for row in rows)}
    return {f"valid {name}": Faces(scores, np.array(list(t))) for name, t in truths.items()}


def majority(row: dict[str, str]) -> str:
    """What most raters said, those left out with whom nobody agrees; empty: a tie, no emotion."""
    votes = {e: int(row[vote]) for e, vote in VOTES.items()}
    votes |= {other: int(row[other]) for other in OTHER_VOTES}
    most = max(votes.values())
    best = [name for name, count in votes.items() if count == most]
    return best[0] if most > 1 and len(best) == 1 and best[0] in VOTES else ""


def scores_of(classify: Classify, model: Model, images: Sequence[np.ndarray]) -> np.ndarray:
    config = DetectorConfig(width=0, interval=1)
    detect = detector_of(config).detect
    faces = []
    for image in images:
        large = cv2.resize(image, (LARGE, LARGE), interpolation=cv2.INTER_CUBIC)
        grey = cv2.copyMakeBorder(large, *(EDGE,) * 4, cv2.BORDER_REPLICATE)
        found = detect(StillPicture(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR)), ())
        best = max(found, key=lambda one: one.confidence * one.box.w, default=None)
        side = (model.side, model.side)
        faces.append(crop_face(grey, best, side[0]) if best else cv2.resize(image, side))
    return classify(faces)


def cost(classify: Classify, model: Model) -> float:
    """Milliseconds a face, on one core, in batches as in a scan."""
    faces = [np.full((model.side, model.side), 90, np.uint8)] * BATCH
    took = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        classify(faces)
        took.append(time.perf_counter() - start)
    return 1000 * min(took) / BATCH


def rows_of(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        raise RequestError(f"{shown(path)}: is not here; set VIDEMO_DATA")
    return pd.read_csv(path, dtype=str, keep_default_na=False).to_dict("records")


def tiles_of(path: Path, side: int = 48) -> np.ndarray:
    """The faces of a contact sheet: (rows, columns, 48, 48)."""
    sheet = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    high, wide = (n // side for n in sheet.shape)
    return sheet.reshape(high, side, wide, side).transpose(0, 2, 1, 3)


if __name__ == "__main__":
    try:
        main()
    except VidemoError as error:
        sys.exit(str(error))
