"""What a model's card says beside the judge's table: python -m benchmarks.card [MODEL].

- How true its scores are (`valid`, by both kinds of labels, classes weighed alike): of the answers
  whose score lies in a tenth of the range, the mean score, and the part that is right.
- How far people agree about the same faces, which is what a model can be asked for.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np
from sklearn.utils.class_weight import compute_sample_weight

from benchmarks.judge import OTHER_VOTES, VOTES, Faces, majority, rows_of, valid
from benchmarks.movies import data_folder
from videmo.emotions import classifier, find_model
from videmo.errors import VidemoError
from videmo.schema import EMOTIONS

TENTHS = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model", nargs="?", type=Path, help="a .tflite; else the shipped one")
    model = find_model(parser.parse_args().model)
    cv2.setNumThreads(1)
    sets = valid(classifier(model), model)
    print("| highest score |" + "".join(f" {n}: faces | mean score | right |" for n in sets))
    print("|---|" + "--:|" * (3 * len(sets)))
    columns = [tenths(faces) for faces in sets.values()]
    for i in range(TENTHS):
        if any(column[i] for column in columns):
            cells = " | ".join(column[i] or " | | " for column in columns)
            print(f"| {i / TENTHS:.1f} to {(i + 1) / TENTHS:.1f} | {cells} |")
    print(f"\n{raters()}")


def tenths(faces: Faces) -> list[str]:
    """Of each tenth, how many faces, their mean score, and how many are right; empty: none."""
    known = faces.truth != ""
    truth, scores = faces.truth[known], faces.scores[known]
    weights = compute_sample_weight("balanced", truth)
    highest, right = scores.max(axis=1), np.array(EMOTIONS)[scores.argmax(axis=1)] == truth
    places = np.minimum((highest * TENTHS).astype(int), TENTHS - 1)
    cells = [""] * TENTHS
    for i in np.unique(places):
        there = places == i
        sure, true = (np.average(v[there], weights=weights[there]) for v in (highest, right))
        cells[i] = f"{there.sum()} | {sure:.2f} | {true:.2f}"
    return cells


def raters() -> str:
    """How often a rater of FER+ says what most of the others say, and FER-2013's label what all."""
    rows = [r for r in rows_of(data_folder() / "fer" / "labels.csv") if r["split"] == "valid"]
    asked = agreed = 0
    for row in rows:
        for vote in (*VOTES.values(), *OTHER_VOTES):
            said = int(row[vote])
            others = majority({**row, vote: str(said - 1)}) if said else ""
            asked += said if others else 0
            agreed += said if others and VOTES[others] == vote else 0
    pairs = [(majority(row), row["fer2013_label"]) for row in rows]
    both = [one == other for one, other in pairs if one and other]
    return (
        f"one rater of FER+ against the others: {agreed / asked:.1%} of {asked}; FER-2013's label "
        f"against FER+'s majority: {sum(both) / len(both):.1%} of {len(both)}"
    )


if __name__ == "__main__":
    try:
        main()
    except VidemoError as error:
        sys.exit(str(error))
