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
from videmo.faces.detector import Detector
from videmo.files import shown

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
    """Each picture (a file, or (h, w) uint8) as `look` says; None where no face is found.

    Raises:
        RequestError: a file is not a picture, or too small.
    """
    workers = min(os.cpu_count() or 1, len(pictures) // MANY)
    if workers < 2:
        sight = _Sight(look)
        return [sight.of(picture) for picture in pictures]
    pool = ProcessPoolExecutor(workers, get_context("spawn"), _begin, (look,))
    with pool:
        return list(pool.map(_see, pictures, chunksize=64))


def read_bgr(file: Path) -> np.ndarray:
    """A picture, upright: (h, w, 3) uint8, blue first.

    Raises:
        RequestError: it cannot be read, or is too small to show anything.
    """
    try:
        data = np.frombuffer(file.read_bytes(), np.uint8)
        image = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    except OSError as error:
        raise RequestError(f"{shown(file)}: cannot read ({error.strerror})") from error
    except cv2.error:
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
        self.look = look
        self.detector: Detector | None = None
        if look.crop != FRAME:
            name = look.detector or DETECTOR
            self.detector = detector_of(DetectorConfig(name, min_face=MIN_FACE, interval=1))

    def of(self, picture: Path | np.ndarray) -> np.ndarray | None:
        bgr = read_bgr(picture) if isinstance(picture, Path) else picture
        if bgr.ndim == 2:
            bgr = cv2.cvtColor(bgr, cv2.COLOR_GRAY2BGR)
        if self.detector is None:
            cut: np.ndarray | None = crop_picture(self._pixels(bgr), self.look.side)
        elif max(bgr.shape[:2]) <= FACE_ALREADY:
            cut = self._aligned(bgr, self.detector)
        else:
            cut = self._face(bgr, self.detector)
        return None if cut is None else cut.reshape(self.look.shape)

    def _pixels(self, bgr: np.ndarray) -> np.ndarray:
        grey = self.look.colour == "grey"
        return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY if grey else cv2.COLOR_BGR2RGB))

    def _face(self, bgr: np.ndarray, detector: Detector) -> np.ndarray | None:
        """The largest face, as a scan cuts it out."""
        found = [d for d in detector.detect(StillPicture(bgr), ()) if d.confidence >= detector.sure]
        if not found:
            return None
        largest = max(found, key=lambda one: one.box.w * one.box.h)
        return crop_face(self._pixels(bgr), largest, self.look.side)

    def _aligned(self, bgr: np.ndarray, detector: Detector) -> np.ndarray:
        """The face in the middle of a picture of nothing else; as it is, where none is found."""
        if self.look.detector:
            large = cv2.resize(bgr, (ENLARGED, ENLARGED), interpolation=cv2.INTER_CUBIC)
            large = cv2.copyMakeBorder(large, *(BORDER,) * 4, cv2.BORDER_REPLICATE)
            found = [
                one
                for one in detector.detect(StillPicture(large), ())
                if abs(one.box.x + one.box.w / 2 - len(large) / 2) < one.box.w / 2
                and abs(one.box.y + one.box.h / 2 - len(large) / 2) < one.box.h / 2
            ]
            if found:
                best = max(found, key=lambda one: one.box.w * one.confidence)
                return crop_face(self._pixels(large), best, self.look.side)
        return crop_picture(self._pixels(bgr), self.look.side)


_sight: _Sight


def _begin(look: Look) -> None:
    global _sight
    cv2.setNumThreads(1)
    _sight = _Sight(look)


def _see(picture: Path | np.ndarray) -> np.ndarray | None:
    return _sight.of(picture)
