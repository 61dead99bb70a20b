"""Pictures and what is true of them, and what a network sees of each: an upright face, or all."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from videmo.emotions import COLOURS
from videmo.faces import (
    Detector,
    DetectorConfig,
    StillPicture,
    crop_face,
    crop_picture,
    detector_of,
)
from videmo.pictures import decoded
from videmo.schema import FRAME
from videmo.training import wrong

UNKNOWN = -1  # the label of a picture of which nothing, or nothing sure, is known
FACE_ALREADY = 100  # pixels; a picture at most as large is taken for a face cut out already
ENLARGED, BORDER = 160, 48  # to what side such a face is brought, and its border, to be aligned
MIN_FACE = 0.2  # height of the smallest face in a larger picture, as a part of the picture's
SMALLEST = 16  # pixels; a smaller picture shows nothing
MANY = 500  # pictures from which on it pays to look at them in several processes


class Listed(NamedTuple):
    """All n pictures of a place, and what each kind of labels (each head) says of them."""

    classes: tuple[str, ...]
    heads: tuple[str, ...]
    pictures: np.ndarray  # (n, height, width) uint8, or (n,) paths
    split: np.ndarray  # (n,): train, valid, test, or empty where a picture is of no use
    targets: np.ndarray  # (n, heads, classes) float32, to learn; rows sum to 1, or 0: not known
    labels: np.ndarray  # (n, heads) int64: the class to measure by, or `UNKNOWN`
    source: tuple[dict[str, str], ...]  # where all comes from, with its licences
    notes: tuple[str, ...] = ()  # what the user should know


class Examples(NamedTuple):
    """A split as a network sees it; as in `Listed`."""

    images: np.ndarray  # (n, side, side, channels) uint8
    targets: np.ndarray
    labels: np.ndarray


class Data(NamedTuple):
    """What was wanted of a place; as in `Listed`."""

    classes: tuple[str, ...]
    heads: tuple[str, ...]
    splits: dict[str, Examples]
    source: tuple[dict[str, str], ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Look:
    """How a network sees a picture."""

    crop: str = "face"
    side: int = 48
    colour: str = "grey"
    detector: str = "yunet"  # empty: faces that are cut out already stay as they are

    @property
    def shape(self) -> tuple[int, int, int]:
        return self.side, self.side, COLOURS[self.colour]


def seen(pictures: Sequence[Path] | np.ndarray, look: Look) -> list[np.ndarray | None]:
    """Each picture (a file, or (h, w) uint8) as `look` says; None where no face is found."""
    workers, see = min(os.cpu_count() or 1, len(pictures) // MANY), partial(_see, look)
    if workers < 2:
        return [see(picture) for picture in pictures]
    one_thread = cv2.setNumThreads, (1,)  # as there are as many processes as cores
    with ProcessPoolExecutor(workers, get_context("spawn"), *one_thread) as pool:
        return list(pool.map(see, pictures, chunksize=64))


def read_bgr(file: Path) -> np.ndarray:
    """A picture, upright: (h, w, 3) uint8, blue first."""
    image = decoded(file)
    if image is None:
        raise wrong(file, "not a readable picture; take it away")
    if min(image.shape[:2]) < SMALLEST:
        what = f"{image.shape[1]}x{image.shape[0]} pixels are too few"
        raise wrong(file, f"{what}; take it away")
    return image


@cache
def _detector(name: str) -> Detector:
    return detector_of(DetectorConfig(name, min_face=MIN_FACE, interval=1))


def _see(look: Look, picture: Path | np.ndarray) -> np.ndarray | None:
    bgr = read_bgr(picture) if isinstance(picture, Path) else picture
    bgr = cv2.cvtColor(bgr, cv2.COLOR_GRAY2BGR) if bgr.ndim == 2 else bgr
    code = cv2.COLOR_BGR2GRAY if look.colour == "grey" else cv2.COLOR_BGR2RGB
    whole = crop_picture(cv2.cvtColor(bgr, code), look.side).reshape(look.shape)
    alone = max(bgr.shape[:2]) <= FACE_ALREADY
    if look.crop == FRAME or (alone and not look.detector):
        return whole
    if alone:
        bgr = cv2.resize(bgr, (ENLARGED, ENLARGED), interpolation=cv2.INTER_CUBIC)
        bgr = cv2.copyMakeBorder(bgr, *(BORDER,) * 4, cv2.BORDER_REPLICATE)
    found, detector = [], _detector(look.detector or Look.detector)
    for one in detector.detect(StillPicture(bgr), ()):
        across, down = (len(bgr) / 2 - start for start in one.box[:2])
        inside = 0 < across < one.box.w and 0 < down < one.box.h
        if inside if alone else one.confidence >= detector.sure:
            found.append(one)
    if not found:
        return whole if alone else None
    best = max(found, key=lambda one: one.box.w * one.confidence)
    return crop_face(cv2.cvtColor(bgr, code), best, look.side).reshape(look.shape)
