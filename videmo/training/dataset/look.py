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
from videmo.errors import RequestError
from videmo.faces import DetectorConfig, StillPicture, crop_face, crop_picture, detector_of
from videmo.files import shown
from videmo.schema import Box

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
DETECTOR = "yunet"


@dataclass(frozen=True)
class Look:
    """How a network sees a picture."""

    crop: str = "face"
    side: int = 48
    colour: str = "grey"
    detector: str = DETECTOR
    """Who finds faces; empty: faces that are cut out already stay as they are."""

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
    """A picture, upright: (h, w, 3) uint8, blue first; RequestError where it is none."""
    try:
        data = np.frombuffer(file.read_bytes(), np.uint8)
        image = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    except (OSError, cv2.error):
        image = None
    if image is None:
        raise RequestError(f"{shown(file)}: not a readable picture; take it away")
    height, width = image.shape[:2]
    if min(height, width) < SMALLEST:
        raise RequestError(f"{shown(file)}: {width}x{height} pixels are too few; take it away")
    return np.asarray(image)


class _Sight:
    """Looks at one picture after the other, with one detector."""

    def __init__(self, look: Look) -> None:
        cv2.setNumThreads(1)
        config = DetectorConfig(look.detector or DETECTOR, min_face=MIN_FACE, interval=1)
        self.look, self.detector = look, detector_of(config)

    def of(self, picture: Path | np.ndarray) -> np.ndarray | None:
        bgr = read_bgr(picture) if isinstance(picture, Path) else picture
        bgr = cv2.cvtColor(bgr, cv2.COLOR_GRAY2BGR) if bgr.ndim == 2 else bgr
        look, cut_out = self.look, max(bgr.shape[:2]) <= FACE_ALREADY
        if look.crop == FRAME or (cut_out and not look.detector):
            return crop_picture(self._pixels(bgr), look.side).reshape(look.shape)
        still = StillPicture(_bordered(bgr) if cut_out else bgr)
        found = [
            one
            for one in self.detector.detect(still, ())
            if (
                _in_the_middle(one.box, still.size)
                if cut_out
                else one.confidence >= self.detector.sure
            )
        ]
        if not found:
            whole = crop_picture(self._pixels(bgr), look.side).reshape(look.shape)
            return whole if cut_out else None
        best = max(found, key=lambda one: one.box.w * one.confidence)
        pixels = self._pixels(still.colour(*still.size))
        return crop_face(pixels, best, look.side).reshape(look.shape)

    def _pixels(self, bgr: np.ndarray) -> np.ndarray:
        grey = self.look.colour == "grey"
        return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY if grey else cv2.COLOR_BGR2RGB))


def _bordered(bgr: np.ndarray) -> np.ndarray:
    large = cv2.resize(bgr, (ENLARGED, ENLARGED), interpolation=cv2.INTER_CUBIC)
    return cv2.copyMakeBorder(large, *(BORDER,) * 4, cv2.BORDER_REPLICATE)


def _in_the_middle(box: Box, size: tuple[int, int]) -> bool:
    middle = (size[0] / 2, size[1] / 2)
    return box.x < middle[0] < box.x + box.w and box.y < middle[1] < box.y + box.h


_sight: _Sight
"""That of this process."""


def _begin(look: Look) -> None:
    global _sight
    _sight = _Sight(look)


def _see(picture: Path | np.ndarray) -> np.ndarray | None:
    return _sight.of(picture)
