"""What a network sees of a picture: a face, upright as a scan brings it, or all of it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np

from videmo.emotions import COLOURS, FRAME
from videmo.faces import DetectorConfig, StillPicture, crop_face, crop_picture, detector_of
from videmo.schema import Box
from videmo.training import wrong

FACE_ALREADY = 100
"""A picture at most as large as this, in pixels, is taken for a face cut out already."""
ENLARGED, BORDER = 160, 48
"""To what side such a face is brought, and how much is put around it, before it is aligned."""
MIN_FACE = 0.2
"""Height of the smallest face looked for in a larger picture, as a part of the picture's."""
SMALLEST = 16
"""Width and height, in pixels, under which a picture shows nothing."""
MANY = 500
"""Pictures from which on it pays to look at them in several processes."""


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
    workers = min(os.cpu_count() or 1, len(pictures) // MANY)
    if workers < 2:
        _begin(look)
        return [_see(picture) for picture in pictures]
    with ProcessPoolExecutor(workers, get_context("spawn"), _begin, (look,)) as pool:
        return list(pool.map(_see, pictures, chunksize=64))


def read_bgr(file: Path) -> np.ndarray:
    """A picture, upright: (h, w, 3) uint8, blue first."""
    try:
        data = np.frombuffer(file.read_bytes(), np.uint8)
        image = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    except (OSError, cv2.error):
        image = None
    if image is None:
        raise wrong(file, "not a readable picture; take it away")
    height, width = image.shape[:2]
    if min(height, width) < SMALLEST:
        raise wrong(file, f"{width}x{height} pixels are too few; take it away")
    return np.asarray(image)


class _Sight:
    """Looks at one picture after the other, with one detector."""

    def __init__(self, look: Look) -> None:
        config = DetectorConfig(look.detector or Look.detector, min_face=MIN_FACE, interval=1)
        self.look, self.detector = look, detector_of(config)

    def of(self, picture: Path | np.ndarray) -> np.ndarray | None:
        bgr = read_bgr(picture) if isinstance(picture, Path) else picture
        bgr = cv2.cvtColor(bgr, cv2.COLOR_GRAY2BGR) if bgr.ndim == 2 else bgr
        look, alone = self.look, max(bgr.shape[:2]) <= FACE_ALREADY
        if look.crop == FRAME or (alone and not look.detector):
            return crop_picture(self._pixels(bgr), look.side).reshape(look.shape)
        larger = _bordered(bgr) if alone else bgr
        found = self.detector.detect(StillPicture(larger), ())
        if alone:
            found = [one for one in found if _holds(one.box, len(larger) / 2)]
        else:
            found = [one for one in found if one.confidence >= self.detector.sure]
        if found:
            best = max(found, key=lambda one: one.box.w * one.confidence)
            return crop_face(self._pixels(larger), best, look.side).reshape(look.shape)
        return crop_picture(self._pixels(bgr), look.side).reshape(look.shape) if alone else None

    def _pixels(self, bgr: np.ndarray) -> np.ndarray:
        grey = self.look.colour == "grey"
        return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY if grey else cv2.COLOR_BGR2RGB))


def _bordered(bgr: np.ndarray) -> np.ndarray:
    large = cv2.resize(bgr, (ENLARGED, ENLARGED), interpolation=cv2.INTER_CUBIC)
    return cv2.copyMakeBorder(large, *(BORDER,) * 4, cv2.BORDER_REPLICATE)


def _holds(box: Box, middle: float) -> bool:
    return box.x < middle < box.x + box.w and box.y < middle < box.y + box.h


def _begin(look: Look) -> None:
    global _sight
    cv2.setNumThreads(1)
    _sight = _Sight(look)


def _see(picture: Path | np.ndarray) -> np.ndarray | None:
    return _sight.of(picture)


_sight: _Sight
