"""Movies of any sizes and rates, and their sound, brought to one: raw, as ffmpeg gives them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import ffmpeg

from videmo.exporters.clips import coded, pictures_of, sought
from videmo.exporters.cuts import Cut
from videmo.exporters.program import arguments
from videmo.video import TIME_TOLERANCE, Movie, usual_matrix

SAMPLES, CHANNELS = 48_000, 2
SAMPLE_BYTES = 2 * CHANNELS
RAW_SOUND: dict[str, Any] = {"f": "s16le", "ar": SAMPLES, "ac": CHANNELS}
FADE = 0.005
"""Seconds at both ends of a cut over which its sound comes and goes, so that it does not click."""


class RawFormat(NamedTuple):
    """The size and the rate that all cuts are brought to."""

    width: int
    height: int
    """In pixels, even."""
    rate: Fraction
    """Frames per second."""

    @property
    def matrix(self) -> str:
        return usual_matrix(self.height).name

    @property
    def frame_bytes(self) -> int:
        """Of a raw picture: a luma plane and two of a quarter of its size."""
        return self.width * self.height * 3 // 2


def raw_format(cuts: list[Cut]) -> RawFormat:
    """The size of the largest picture, and the highest rate: so no movie loses anything.

    The others get black bars, and some of their frames are shown twice.
    """
    largest = max((cut.movie for cut in cuts), key=lambda movie: movie.width * movie.height)
    width, height = (max(2, side // 2 * 2) for side in (largest.width, largest.height))
    return RawFormat(width, height, max(cut.fps for cut in cuts))


def decode_command(program: str, cut: Cut, form: RawFormat, sounds: Sequence[Path]) -> list[str]:
    """The arguments with which ffmpeg gives the frames of `cut` raw to its standard output.

    And its sound, track by track, where there is some, to the files `sounds`.
    """
    source, begin = sought(cut.movie, cut.start)
    end = begin + cut.seconds
    pictures = pictures_of(cut.movie, source).filter(
        "trim",
        start=f"{max(0.0, begin - TIME_TOLERANCE):.6f}",
        end=f"{end - TIME_TOLERANCE:.6f}",
    )
    pictures = pictures.filter("setpts", f"PTS-{begin:.6f}/TB")
    pictures = _fitted(pictures, cut.movie, form)
    pictures = pictures.filter("fps", f"{form.rate}", start_time=0)
    outputs = [ffmpeg.output(pictures, "pipe:1", format="rawvideo", pix_fmt="yuv420p")]
    for stream, sound in zip(cut.movie.heard, sounds, strict=False):
        samples = source[str(stream)].filter("atrim", start=f"{begin:.6f}", end=f"{end:.6f}")
        samples = samples.filter("asetpts", f"PTS-{begin:.6f}/TB")
        # Holes and a late start become silence.
        samples = samples.filter("aresample", SAMPLES, **{"async": 1, "first_pts": 0})
        # So does sound that is not there any more, or nowhere.
        samples = samples.filter("apad", whole_dur=f"{cut.seconds:.6f}")
        samples = samples.filter("afade", type="in", duration=FADE)
        out = f"{max(0.0, cut.seconds - FADE):.6f}"
        samples = samples.filter("afade", type="out", start_time=out, duration=FADE)
        outputs.append(ffmpeg.output(samples, f"file:{sound.absolute()}", **RAW_SOUND))
    return arguments(program, ffmpeg.merge_outputs(*outputs))


def _fitted(pictures: Any, movie: Movie, form: RawFormat) -> Any:
    """Upright pictures of any pixels, brought to `form` with black bars."""
    scale = min(form.width / movie.width, form.height / movie.height)
    width, height = movie.width, movie.height
    same = (width // 2 * 2, height // 2 * 2) == (form.width, form.height)
    if not same:
        width, height = (max(2, round(scale * side / 2) * 2) for side in (width, height))
    pictures = pictures.filter(
        "scale",
        *(width, height),
        flags="bicubic",
        **coded(movie),
        out_color_matrix=form.matrix,
        out_range="tv",
    )
    if same:  # at most the last row and column go, which yuv420p cannot hold
        pictures = pictures.filter("crop", form.width, form.height, 0, 0)
    else:
        left, top = (form.width - width) // 2, (form.height - height) // 2
        pictures = pictures.filter("pad", form.width, form.height, left, top)
    return pictures.filter("setsar", 1)
