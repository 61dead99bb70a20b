"""What must be true of an exported file before it is written."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from videmo.emotions import Model, classifier
from videmo.errors import OutputError
from videmo.files import sha256, shown

LARGEST_DIFFERENCE = 1e-4
"""How far a score of the float32 file, or of the ONNX, may be from the network's."""


def operators_known(found: Mapping[str, int], known: Mapping[str, int], target: Path) -> None:
    """Raise OutputError unless old runtimes know all operators in `found`."""
    for name, version in found.items():
        if version > known.get(name, 0):
            raise OutputError(
                f"{shown(target)}: needs {name} version {version}: not on old runtimes"
            )


def scores_near(
    scores: np.ndarray,
    wanted: np.ndarray,
    whose: str,
    target: Path,
) -> None:
    """Raise OutputError where a score is not what it should be."""
    difference = float(np.abs(scores - wanted).max())
    # Written so that NaN fails too.
    if not difference <= LARGEST_DIFFERENCE:
        raise OutputError(f"{shown(target)}: scores {difference:.1g} away from those of {whose}")


def answers_agree(scores: np.ndarray, wanted: np.ndarray, target: Path, least: float) -> None:
    """Raise OutputError unless the highest scores are of the same class on `least` of all."""
    agreement = float((scores.argmax(axis=1) == wanted.argmax(axis=1)).mean())
    if not agreement >= least:
        raise OutputError(
            f"{shown(target)}: not written: rounded, it answers as float32 on {agreement:.2%} of "
            f"pictures; allowed is {least:.1%} (--agreement); or use --as float32"
        )


def scores_of(
    content: bytes,
    target: Path,
    labels: tuple[str, ...],
    images: np.ndarray,
) -> np.ndarray:
    """Scores of a TFLite file by the code, and the runtime, with which movies are scanned."""
    side = images.shape[1]
    model = Model(target, target.stem, sha256(content), content, labels, side)
    return classifier(model)(list(images))
