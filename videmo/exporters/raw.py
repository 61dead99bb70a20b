"""Movies of any sizes and rates, and their sound, brought to one: raw, as ffmpeg gives them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import av
import ffmpeg

from videmo.errors import OutputError
from videmo.exporters.clips import pictures_of, sought
from videmo.exporters.cuts import Cut
from videmo.exporters.program import arguments
from videmo.files import shown
from videmo.video import READ_OPTIONS, TIME_TOLERANCE, Movie

SAMPLES, CHANNELS = 48_000, 2
SAMPLE_BYTES = 2 * CHANNELS
RAW_SOUND: dict[str, Any] = {"f": "s16le", "ar": SAMPLES, "ac": CHANNELS}
FADE = 0.005
"""Seconds at both ends of a cut over which its sound comes and goes, so that it does not click."""

HD_HEIGHT = 720
"""From here on, colours are coded as in BT.709; below as in BT.601 (and so in `video`)."""
MATRICES = {
    1: "bt709",
    **dict.fromkeys((5, 6), "smpte170m"),
    **dict.fromkeys((9, 10), "bt2020"),
}
"""ffmpeg's names of the colour matrices, by their number in a stream (ISO/IEC 23091-2)."""
FULL_RANGE = 2
"""FFmpeg's number for a range in which black is 0 and white 255, not 16 and 235."""


class RawFormat(NamedTuple):
    """The size and the rate that all cuts are brought to."""

    width: int
    height: int
    """In pixels, even."""
    rate: Fraction
    """Frames per second."""

    @property
    def matrix(self) -> str:
        return _usual_matrix(self.height)

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


def decode_command(program: str, cut: Cut, form: RawFormat, sound: Path) -> list[str]:
    """The arguments with which ffmpeg gives the frames of `cut` raw to its standard output.

    And its sound, where there is some, to the file `sound`.
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
    if cut.movie.sound:
        samples = source["a:0"].filter("atrim", start=f"{begin:.6f}", end=f"{end:.6f}")
        samples = samples.filter("asetpts", f"PTS-{begin:.6f}/TB")
        # Holes and a late start become silence.
        samples = samples.filter("aresample", SAMPLES, **{"async": 1, "first_pts": 0})
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
        **colours_of(movie),
        out_color_matrix=form.matrix,
        out_range="tv",
    )
    if same:  # at most the last row and column go, which yuv420p cannot hold
        pictures = pictures.filter("crop", form.width, form.height, 0, 0)
    else:
        left, top = (form.width - width) // 2, (form.height - height) // 2
        pictures = pictures.filter("pad", form.width, form.height, left, top)
    return pictures.filter("setsar", 1)


def _usual_matrix(height: int) -> str:
    return "bt709" if height >= HD_HEIGHT else "smpte170m"


def colours_of(movie: Movie) -> dict[str, str]:
    """How the movie's colours are coded, as options of ffmpeg's filter ``scale``.

    Where the file does not say, as is usual for its size; ffmpeg guesses otherwise.
    """
    try:
        with av.open(f"file:{movie.path.absolute()}", options=READ_OPTIONS) as container:
            coded = container.streams[movie.stream].codec_context
            if coded.format is None or coded.format.is_rgb:
                return {}
            full = coded.color_range == FULL_RANGE or coded.format.name.startswith("yuvj")
            matrix = MATRICES.get(int(coded.colorspace), _usual_matrix(movie.height))
    except (av.error.FFmpegError, IndexError) as error:
        raise OutputError(f"{shown(movie.path)}: cannot be opened again ({error})") from error
    return {"in_color_matrix": matrix, "in_range": "pc" if full else "tv"}
