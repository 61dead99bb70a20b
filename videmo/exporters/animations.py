"""Small moving pictures of single runs, without sound: GIF and WebP."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import ffmpeg

from videmo.errors import DiskFullError, OutputError, VidemoError
from videmo.exporters.clips import coded, pictures_of, sought
from videmo.exporters.cuts import lossless_rate
from videmo.exporters.program import SAME_BYTES, arguments, find_ffmpeg, run_ffmpeg
from videmo.exporters.selection import Exported, Selection, remove_others
from videmo.files import atomic_path, shown
from videmo.schema import Run, timecode
from videmo.video import BT601, TIME_TOLERANCE, Movie

GIF_SIDE, GIF_RATE = 480, 15
WEBP_SIDE, WEBP_RATE = 640, 30
"""The longer side in pixels, and pictures per second, at most."""

WEBP_QUALITY = 75

STILLS = {"out_color_matrix": BT601.name, "out_range": "tv"}
"""How colours are coded in WebP (RFC 6386, 9.2), and on the way to those of a GIF."""


@dataclass(frozen=True)
class Strip:
    """The pictures of a run, as they are to be shown."""

    movie: Movie
    start: float
    """Seconds of the movie at which the first picture is shown."""
    width: int
    height: int
    rate: Fraction
    """Pictures per second."""
    count: int
    """How many pictures."""


def gif(selection: Selection) -> Exported:
    """Write ``gif/HH-MM-SS.mmm_tTRACK.gif`` for each run; one that fails costs one."""
    return _export(selection, "gif", _write_gif, GIF_SIDE, GIF_RATE)


def webp(selection: Selection) -> Exported:
    """Write ``webp/HH-MM-SS.mmm_tTRACK.webp`` for each run; one that fails costs one."""
    return _export(selection, "webp", _write_webp, WEBP_SIDE, WEBP_RATE)


def _export(
    selection: Selection,
    kind: str,
    write: Callable[[Strip, Path, Path], None],
    side: int,
    most: int,
) -> Exported:
    folder = selection.folder / kind
    of_run: dict[Run, Path] = {}
    failures: list[VidemoError] = []
    for run in selection.runs:
        target = folder / f"{timecode(run.start, '-')}_t{run.track}.{kind}"
        try:
            with atomic_path(target) as part:
                write(strip_of(selection, run, side, most), part, target)
                if not part.is_file() or not part.stat().st_size:
                    raise OutputError(
                        f"{shown(target)}: there is no picture in it; scan the movie again"
                    )
        except DiskFullError:
            raise
        except OutputError as error:
            failures.append(error)
        else:
            of_run[run] = target
    files = list(of_run.values())
    remove_others(folder, rf"\d{{2,}}-\d{{2}}-\d{{2}}\.\d{{3}}_t\d+\.{kind}", keep=files)
    return Exported(files, of_run, failures)


def strip_of(selection: Selection, run: Run, side: int, most: int) -> Strip:
    """How `run` is shown: `side` pixels long and `most` pictures per second, if not less.

    Each so manieth picture of the movie, so that what moves evenly goes on to do so.
    """
    movie = selection.movie
    seconds = min(run.end - run.start, selection.choice.max_length)
    starts = selection.starts
    inside = starts[(starts >= run.start - TIME_TOLERANCE) & (starts < run.end - TIME_TOLERANCE)]
    rate = lossless_rate(inside, movie.fps)
    rate /= math.ceil(rate / most)
    smaller = min(1.0, side / max(movie.width, movie.height))
    width, height = (max(1, round(smaller * length)) for length in (movie.width, movie.height))
    return Strip(movie, run.start, width, height, rate, max(1, round(seconds * rate)))


def _pictures(strip: Strip) -> Any:
    """The strip as a stream of ffmpeg's: all its pictures and no more."""
    source, begin = sought(strip.movie, strip.start)
    return (
        pictures_of(strip.movie, source)
        .filter("trim", start=f"{max(0.0, begin - TIME_TOLERANCE):.6f}")
        .filter("setpts", f"PTS-{begin:.6f}/TB")
        .filter("fps", f"{strip.rate}", start_time=0)
        # The last picture stays, where the movie ends with it.
        .filter("tpad", stop_mode="clone", stop=strip.count)
        .filter("trim", end_frame=strip.count)
        .filter("scale", strip.width, strip.height, flags="lanczos", **coded(strip.movie), **STILLS)
        .filter("setsar", 1)
    )


def _write_gif(strip: Strip, part: Path, target: Path) -> None:
    """Twice through the pictures: for their colours first, so that they need not be kept."""
    program, what = find_ffmpeg(), "make this picture move"
    with tempfile.TemporaryDirectory(prefix="videmo-") as folder:
        palette = f"file:{folder}/palette.png"
        colours = _pictures(strip).filter("palettegen", stats_mode="diff")
        output = ffmpeg.output(colours, palette, format="image2", vcodec="png", update=1)
        run_ffmpeg(arguments(program, output), target, what)
        both = [_pictures(strip), ffmpeg.input(palette, format="image2")]
        painted = ffmpeg.filter(both, "paletteuse", dither="sierra2_4a", diff_mode="rectangle")
        output = ffmpeg.output(painted, f"file:{part.absolute()}", format="gif", **SAME_BYTES)
        run_ffmpeg(arguments(program, output), target, what)


def _write_webp(strip: Strip, part: Path, target: Path) -> None:
    output = ffmpeg.output(
        _pictures(strip),
        f"file:{part.absolute()}",
        format="webp",
        vcodec="libwebp_anim",
        quality=WEBP_QUALITY,
        loop=0,
        **SAME_BYTES,
    )
    run_ffmpeg(arguments(find_ffmpeg(), output), target, "make this picture move")
