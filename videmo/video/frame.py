"""One decoded picture: its luma or its colours, upright."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import av
import cv2
import numpy as np

from videmo.video.movie import Movie

EIGHT_BIT_LUMA = {
    *("yuv420p", "yuv422p", "yuv444p", "yuv440p", "yuv411p", "yuv410p", "nv12", "nv21", "nv16"),
    *("yuvj420p", "yuvj422p", "yuvj444p", "yuvj440p", "yuvj411p", "yuva420p", "gray"),
}

FULL_RANGE_FORMATS = {"gray", "yuvj420p", "yuvj422p", "yuvj444p", "yuvj440p", "yuvj411p"}

BT709, BT601 = 1, 5  # swscale's names of the colour matrices

FULL_RANGE = 2  # AVCOL_RANGE_JPEG

HD_HEIGHT = 720

# ITU-R BT.601 and BT.709: studio range luma, 16 to 235, to 0 to 255.
_STRETCH = np.clip(np.rint((np.arange(256) - 16) * (255 / 219)), 0, 255).astype(np.uint8)


@dataclass(frozen=True, eq=False)
class Frame:
    """One decoded picture, upright."""

    time: Fraction
    """Seconds after the movie's first frame, exact."""
    movie: Movie
    _raw: av.VideoFrame

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels, upright."""
        return self.movie.width, self.movie.height

    @property
    def key(self) -> bool:
        """Whether it is coded without reference to any other frame."""
        return bool(self._raw.key_frame)

    @cached_property
    def grey(self) -> np.ndarray:
        """The luma plane as it is coded (uint8, height x width): see also `stretched`."""
        return self._upright(_luma(self._raw))

    @cached_property
    def bgr(self) -> np.ndarray:
        """The picture in colour (uint8, height x width x 3, blue first)."""
        return self._upright(self._in_colour().to_ndarray())

    def colour(self, width: int, height: int) -> np.ndarray:
        """The picture in colour, brought to this size: cheaper than to reduce `bgr`."""
        if (width, height) == self.size:
            return self.bgr
        turned = self.movie.turn.transposed
        stored = (height, width) if turned else (width, height)
        return np.ascontiguousarray(self.movie.turn.apply(self._in_colour(*stored).to_ndarray()))

    def _in_colour(self, width: int | None = None, height: int | None = None) -> av.VideoFrame:
        """The picture as it is stored, in colour; other sizes are averages."""
        matrix = self._raw.colorspace
        if matrix not in (BT709, BT601):
            matrix = BT709 if self.movie.height >= HD_HEIGHT else BT601
        return self._raw.reformat(
            width,
            height,
            format="bgr24",
            src_colorspace=matrix,
            dst_colorspace=BT601,
            interpolation="AREA" if width else None,
        )

    @property
    def full_range(self) -> bool:
        """Whether black is 0 and white 255 in `grey`; else they are 16 and 235."""
        raw = self._raw
        return raw.color_range == FULL_RANGE or raw.format.name not in (
            EIGHT_BIT_LUMA - FULL_RANGE_FORMATS
        )

    def stretched(self, grey: np.ndarray) -> np.ndarray:
        """Pixels of `grey`, or made of them, on a scale from 0 (black) to 255 (white)."""
        return grey if self.full_range else cv2.LUT(grey, _STRETCH)

    def _upright(self, picture: np.ndarray) -> np.ndarray:
        turned = self.movie.turn.apply(picture)
        size = (self.movie.width, self.movie.height)
        if turned.shape[1::-1] != size:  # oblong pixels, or a stream that changes its size
            turned = cv2.resize(np.ascontiguousarray(turned), size, interpolation=cv2.INTER_AREA)
        return turned


def _luma(raw: av.VideoFrame) -> np.ndarray:
    """The luma plane without its padding; a view where the format allows it."""
    if raw.format.name not in EIGHT_BIT_LUMA:
        raw = raw.reformat(format="gray")
    plane = raw.planes[0]
    pixels = np.frombuffer(memoryview(plane), np.uint8)[: plane.line_size * raw.height]
    return pixels.reshape(raw.height, plane.line_size)[:, : raw.width]
