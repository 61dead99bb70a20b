"""One decoded picture: its luma or its colours, upright."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import av
import cv2
import numpy as np

from videmo.schema import Box
from videmo.video.colours import BT601, FULL_RANGE, matrix_of
from videmo.video.movie import Movie
from videmo.video.tone import CODED, toned_bgr

EIGHT_BIT_LUMA = {
    *("yuv420p", "yuv422p", "yuv444p", "yuv440p", "yuv411p", "yuv410p", "nv12", "nv21", "nv16"),
    *("yuvj420p", "yuvj422p", "yuvj444p", "yuvj440p", "yuvj411p", "yuva420p", "gray"),
}

FULL_RANGE_FORMATS = {"gray", "yuvj420p", "yuvj422p", "yuvj444p", "yuvj440p", "yuvj411p"}

STUDIO_BLACK = 16

SAME_SHAPE = 0.02
"""Part of a side by which a picture may be stretched rather than get bars."""

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
        return self._upright(_luma(self._raw), 0 if self.full_range else STUDIO_BLACK)

    @cached_property
    def bgr(self) -> np.ndarray:
        """The picture in colour (uint8, height x width x 3, blue first)."""
        return self._upright(self._in_colour().to_ndarray())

    @cached_property
    def ordinary(self) -> np.ndarray:
        """As `bgr`, and as an ordinary screen shows it: what is made of a movie is made of this."""
        if not self.movie.tone:
            return self.bgr
        coded = self._raw.reformat(format=CODED, src_colorspace=matrix_of(self._raw).number)
        return self._upright(toned_bgr(coded, self.movie.tone).to_ndarray())

    def colour(self, width: int, height: int) -> np.ndarray:
        """The picture in colour, brought to this size: cheaper than to reduce `bgr`."""
        if (width, height) == self.size:
            return self.bgr
        place = _scaled(fitted(self._own_size, self.size), self.size, (width, height))
        stored = (place.h, place.w) if self.movie.turn.transposed else (place.w, place.h)
        picture = self.movie.turn.apply(self._in_colour(*stored).to_ndarray())
        return np.ascontiguousarray(_laid(picture, place, (width, height), 0))

    def _in_colour(self, width: int | None = None, height: int | None = None) -> av.VideoFrame:
        """The picture as it is stored, in colour; other sizes are averages."""
        return self._raw.reformat(
            width,
            height,
            format="bgr24",
            src_colorspace=matrix_of(self._raw).number,
            dst_colorspace=BT601.number,
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

    @property
    def _own_size(self) -> tuple[int, int]:
        """Width and height of this picture, upright, with square pixels: a stream may change it."""
        width, height = max(1, round(self._raw.width * self.movie.pixel_aspect)), self._raw.height
        return (height, width) if self.movie.turn.transposed else (width, height)

    def _upright(self, picture: np.ndarray, black: int = 0) -> np.ndarray:
        turned = self.movie.turn.apply(picture)
        if turned.shape[1::-1] == self.size:
            return turned
        place = fitted(self._own_size, self.size)
        smaller = cv2.resize(
            np.ascontiguousarray(turned), (place.w, place.h), interpolation=cv2.INTER_AREA
        )
        return _laid(smaller, place, self.size, black)


def fitted(size: tuple[int, int], into: tuple[int, int]) -> Box:
    """Where in a picture of the size `into` one of `size` goes, as large as it can be. Pure.

    All of it, where that changes the shape by no more than rounding does.
    """
    scale = min(into[0] / size[0], into[1] / size[1])
    width, height = (max(1, round(scale * side)) for side in size)
    if width >= (1 - SAME_SHAPE) * into[0] - 1 and height >= (1 - SAME_SHAPE) * into[1] - 1:
        return Box(0, 0, *into)
    return Box((into[0] - width) // 2, (into[1] - height) // 2, width, height)


def _scaled(place: Box, size: tuple[int, int], to: tuple[int, int]) -> Box:
    """Where `place` is when the picture around it, of `size`, is brought to another size."""
    across, down = to[0] / size[0], to[1] / size[1]
    x, y = min(round(place.x * across), to[0] - 1), min(round(place.y * down), to[1] - 1)
    width, height = max(1, round(place.w * across)), max(1, round(place.h * down))
    return Box(x, y, min(width, to[0] - x), min(height, to[1] - y))


def _laid(picture: np.ndarray, place: Box, size: tuple[int, int], black: int) -> np.ndarray:
    """A picture with black bars around it."""
    if (place.w, place.h) == size:
        return picture
    whole = np.full((size[1], size[0], *picture.shape[2:]), black, np.uint8)
    whole[place.y : place.y + place.h, place.x : place.x + place.w] = picture
    return whole


def _luma(raw: av.VideoFrame) -> np.ndarray:
    """The luma plane without its padding; a view where the format allows it."""
    if raw.format.name not in EIGHT_BIT_LUMA:
        raw = raw.reformat(format="gray")
    plane = raw.planes[0]
    pixels = np.frombuffer(memoryview(plane), np.uint8)[: plane.line_size * raw.height]
    return pixels.reshape(raw.height, plane.line_size)[:, : raw.width]
