"""Make the faces of the demo movies: one clear face per emotion that belongs to nobody.

``python -m videmo.training.average_faces DATA OUT`` averages faces whose raters agree. A plain
average is blurred, because a shout and pressed lips are both anger; so the faces that look most
like their own average are picked, again and again until the choice settles, and each is fitted
to the average before the last one is taken. Photographs that occur more than once count once.
"""

from __future__ import annotations

import argparse
import itertools
import logging
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from videmo.errors import OutputError, RequestError, SetupError, VidemoError
from videmo.files import shown, write_atomic
from videmo.schema import EMOTIONS
from videmo.training.dataset.ferplus import (
    EMOTION_COLUMNS,
    VOTES,
    Faces,
    majority,
    read_ferplus,
)

SIDE = 240
"""Width and height of an average face, in pixels."""

LEFT_EYE, RIGHT_EYE = complex(74, 90), complex(166, 90)
"""Where the eyes of every average face lie (x + iy), left and right as seen by the viewer."""

CANDIDATES = 500
"""Faces with two eyes to choose from, those on whom most raters agree first."""

ROUNDS = 8
"""Times that the choice is made anew from the average of the last choice."""

SAME_PHOTOGRAPH = 0.93
"""Correlation above which two faces are the same photograph, perhaps cut differently."""

ZOOM, MARGIN = 5, 20
"""Haar's eye cascades want larger pictures: enlargement, and pixels added on each side."""

EYE_CASCADES = ("haarcascade_eye.xml", "haarcascade_eye_tree_eyeglasses.xml")


@dataclass(frozen=True)
class Choice:
    """Which faces of an emotion make its average."""

    count: int = 60
    """Faces in the average; more is smoother and duller, fewer looks like somebody."""
    skipped: int = 0
    """Faces with two eyes that are left out first, of those on whom most raters agree."""
    doubts: tuple[tuple[str, float], ...] = ()
    """Largest share of raters that may have said something else, for some of `VOTES`."""


CHOICES = {
    # Rare: more of the faces that there are would be unlike each other.
    "disgust": Choice(count=30),
    # An average of all fear looks surprised, and the raters could not tell either.
    "fear": Choice(count=40, doubts=(("surprise", 0.11), ("happiness", 0.0))),
    # Those whom all call sad are children crying with their eyes shut: Haar finds no eyes.
    "sad": Choice(skipped=300),
}
"""Chosen by eye, from averages made in several ways; for the others the plain `Choice` is best."""

_y, _x = np.mgrid[:SIDE, :SIDE]
OVAL = ((_x - SIDE / 2) / 80) ** 2 + ((_y - 130) / 100) ** 2 < 1
"""The part of the picture that is face whoever it is: comparisons look only there."""

log = logging.getLogger(__name__)


def average_faces(faces: Faces) -> Iterator[tuple[str, np.ndarray]]:
    """Yield each of `EMOTIONS` with its average face, ``(240, 240)`` uint8; takes minutes.

    Only the training split is used. The same faces give the same bytes.

    Raises:
        RequestError: an emotion has fewer than two usable faces.
        SetupError: OpenCV came without its cascades.
    """
    cascades = [_cascade(name) for name in EYE_CASCADES]
    faces = faces.where(faces.split == "train")
    for number, emotion in enumerate(EMOTIONS):
        choice = CHOICES.get(emotion, Choice())
        images = faces.images[_most_agreed(faces.votes, number, choice)]
        first = choice.skipped
        aligned = list(itertools.islice(_aligned(images, cascades), first, first + CANDIDATES))
        if len(aligned) < 2:
            raise RequestError(f"only {len(aligned)} faces are {emotion}; use the whole data set")
        pictures, weights = _drop_repeated(*map(np.stack, zip(*aligned, strict=True)))
        chosen = _most_alike(pictures, weights, choice.count)
        log.info("%s: %d of %d faces", emotion, len(chosen), len(pictures))
        fitted = _fit(pictures[chosen], weights[chosen])
        yield emotion, _finish(_mean(*_fit(*fitted)))


def find_eyes(
    image: np.ndarray, cascades: list[cv2.CascadeClassifier]
) -> tuple[complex, complex] | None:
    """The surest pair of eyes (x + iy) in a ``(48, 48)`` uint8 face; None if there is none.

    The cascades are asked in turn until one has a pair that lies as eyes do.
    """
    edges = (MARGIN,) * 4
    large = cv2.resize(image, None, fx=ZOOM, fy=ZOOM, interpolation=cv2.INTER_CUBIC)
    large = cv2.copyMakeBorder(large, *edges, cv2.BORDER_REPLICATE)
    upper = large[: MARGIN + int(0.62 * ZOOM * len(image))]
    for cascade in cascades:
        boxes, _, sureness = cascade.detectMultiScale3(
            upper, 1.1, 3, minSize=(30, 30), maxSize=(110, 110), outputRejectLevels=True
        )
        eyes = [
            (complex(x + w / 2 - MARGIN, y + h / 2 - MARGIN) / ZOOM, float(sure))
            for (x, y, w, h), sure in zip(boxes, sureness, strict=True)
        ]
        pairs = [
            (left_sure + right_sure, left, right)
            for left, left_sure in eyes
            for right, right_sure in eyes
            if _plausible(left, right)
        ]
        if pairs:
            _, left, right = max(pairs, key=lambda pair: pair[0])
            return left, right
    return None


def _plausible(left: complex, right: complex) -> bool:
    """Whether two points of a 48 x 48 face lie as eyes do: apart, level, in the upper half."""
    across = right - left
    level = abs(across.imag) <= 0.3 * across.real
    high = 9 <= (left + right).imag / 2 <= 25
    return 14 <= across.real <= 27 and level and high and left.real < 24 < right.real


def _most_agreed(votes: np.ndarray, number: int, choice: Choice) -> np.ndarray:
    """Indices of the faces of one emotion, the largest share of votes first."""
    shares = votes / np.maximum(votes.sum(axis=1, keepdims=True), 1)
    wanted = majority(votes) == number
    for vote, most in choice.doubts:
        wanted &= shares[:, VOTES.index(vote)] <= most
    order = np.argsort(-shares[:, EMOTION_COLUMNS[number]], kind="stable")
    return order[wanted[order]]


def _aligned(
    images: np.ndarray, cascades: list[cv2.CascadeClassifier]
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield picture and weight of each face that shows two eyes."""
    for image in images:
        eyes = find_eyes(image, cascades)
        if eyes is not None:
            yield _align(image, *eyes)


def _align(image: np.ndarray, left: complex, right: complex) -> tuple[np.ndarray, np.ndarray]:
    """Turn, scale and shift so that the eyes lie in place; the weight is 0 where nothing was."""
    turn = (RIGHT_EYE - LEFT_EYE) / (right - left)
    shift = LEFT_EYE - turn * left
    matrix = np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])
    grey = image.astype(np.float32)
    size = (SIDE, SIDE)
    picture = cv2.warpAffine(
        grey, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return _normalised(picture), cv2.warpAffine(np.ones_like(grey), matrix, size)


def _normalised(picture: np.ndarray) -> np.ndarray:
    """Brightness 0 and contrast 1 inside the oval."""
    inside = picture[OVAL]
    return (picture - inside.mean()) / max(float(inside.std()), 1.0e-3)


def _mean(pictures: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The weighted average of all faces and their mirror pictures: nobody's face is lopsided."""
    little = 1e-3  # decides only where no face reaches
    total = (pictures * weights).sum(axis=0) + little * pictures.mean(axis=0)
    weight = weights.sum(axis=0) + little
    return (total + total[:, ::-1]) / (weight + weight[:, ::-1])


def _drop_repeated(pictures: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Leave out faces that are nearly the same picture as one before."""
    small = np.stack(
        [cv2.resize(p[40:220, 30:210], (36, 36), interpolation=cv2.INTER_AREA) for p in pictures]
    )
    flat = _unit(small.reshape(len(small), -1))
    kept: list[int] = []
    for index, face in enumerate(flat):
        if not kept or (flat[kept] @ face).max() < SAME_PHOTOGRAPH:
            kept.append(index)
    return pictures[kept], weights[kept]


def _most_alike(pictures: np.ndarray, weights: np.ndarray, count: int) -> np.ndarray:
    """Indices of the faces most like the average of those chosen so far, at most half of all."""
    count = max(1, min(count, len(pictures) // 2))
    details = _unit(np.stack([_details(picture) for picture in pictures]))
    chosen = np.arange(len(pictures))
    for _ in range(ROUNDS):
        likeness = details @ _unit(_details(_mean(pictures[chosen], weights[chosen]))[None])[0]
        chosen = np.argsort(-likeness, kind="stable")[:count]
    return chosen


def _details(picture: np.ndarray) -> np.ndarray:
    """What is left of the oval without its large shadows, flat."""
    return (picture - cv2.GaussianBlur(picture, (0, 0), 20))[OVAL]


def _unit(rows: np.ndarray) -> np.ndarray:
    """Rows of mean 0 and length 1: their products are correlations."""
    rows = rows - rows.mean(axis=1, keepdims=True)
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)


def _fit(pictures: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Bend each face (affinely) to where it agrees best with the average of all.

    The method is ECC: Evangelidis and Psarakis, "Parametric image alignment using enhanced
    correlation coefficient maximization" (2008). Faces that it does not improve stay as they are.
    """
    target = _mean(pictures, weights).astype(np.float32)
    oval = OVAL.astype(np.uint8)
    stop = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 30, 1e-3)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    size = (SIDE, SIDE)
    fitted = []
    for picture, weight in zip(pictures, weights, strict=True):
        matrix = np.eye(2, 3, dtype=np.float32)
        try:
            _, matrix = cv2.findTransformECC(
                target, picture, matrix, cv2.MOTION_AFFINE, stop, oval, 5
            )
        except cv2.error:  # how OpenCV says that it did not converge
            matrix = np.eye(2, 3, dtype=np.float32)
        if np.abs(matrix[:, :2] - np.eye(2)).max() > 0.25:
            matrix = np.eye(2, 3, dtype=np.float32)
        moved = cv2.warpAffine(picture, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
        fitted.append((_normalised(moved), cv2.warpAffine(weight, matrix, size, flags=flags)))
    moved_pictures, moved_weights = map(np.stack, zip(*fitted, strict=True))
    return moved_pictures, moved_weights


def _finish(mean: np.ndarray) -> np.ndarray:
    """Sharpen a little and stretch the contrast: ``(240, 240)`` uint8."""
    mean = mean + 0.8 * (mean - cv2.GaussianBlur(mean, (0, 0), 4))
    low, high = np.percentile(mean[OVAL], [1, 99])
    return np.clip((mean - low) / (high - low) * 215 + 25, 0, 255).astype(np.uint8)


def _cascade(name: str) -> cv2.CascadeClassifier:
    cascade = cv2.CascadeClassifier(cv2.data.haarcascades + name)
    if cascade.empty():
        raise SetupError(f"{name} is not there; reinstall opencv-python-headless (4.x)")
    return cascade


def main() -> None:
    """Read the command line and write ``OUT/angry.png`` and the others."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="the folder with labels.csv and the sheets")
    parser.add_argument("out", type=Path, help="the folder for the seven pictures")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    cv2.setNumThreads(1)  # sums in one order: the same bytes on every run
    for emotion, picture in average_faces(read_ferplus(options.data)):
        target = options.out / f"{emotion}.png"
        done, data = cv2.imencode(".png", picture)
        if not done:
            raise OutputError(f"{shown(target)}: cannot be encoded; reinstall OpenCV")
        write_atomic(target, data.tobytes())


if __name__ == "__main__":
    try:
        main()
    except VidemoError as error:
        sys.exit(str(error))
