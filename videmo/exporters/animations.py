"""Small moving pictures of single moments, without sound: GIF and WebP."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import ffmpeg

from videmo.errors import DiskFullError, OutputError, VidemoError
from videmo.exporters.clips import coded, pictures_of, sought
from videmo.exporters.cuts import lossless_rate
from videmo.exporters.lengths import shortened
from videmo.exporters.program import SAME_BYTES, arguments, find_ffmpeg, run_ffmpeg
from videmo.exporters.selection import Exported, Selection, remove_others
from videmo.files import atomic_path, shown
from videmo.runs import lengthened
from videmo.schema import Run, Segment, timecode
from videmo.video import BT601, TIME_TOLERANCE, Movie

GIF_SIDE, GIF_RATE = 480, 15
WEBP_SIDE, WEBP_RATE = 640, 30
"""The longer side in pixels, and pictures per second, at most."""

WEBP_QUALITY = 75

LEAST_SECONDS, MOST_SECONDS = 1.0, 10.0
"""How long one is if nobody says otherwise: shorter ones are over before they are seen."""
SMALLEST_SIDE, SLOWEST_RATE = 240, 8
"""To what pictures and their rate are brought down where a file would be too large; then it is made
shorter."""
SHORTER = 0.9
"""A file is made smaller by as much as it is too large, and by so much again."""
MEGABYTE = 1_000_000

STILLS = {"out_color_matrix": BT601.name, "out_range": "tv"}
"""How colours are coded in WebP (RFC 6386, 9.2), and on the way to those of a GIF."""


@dataclass(frozen=True)
class Strip:
    """The pictures of a moment, as they are to be shown."""

    movie: Movie
    start: float
    """Seconds of the movie at which the first picture is shown."""
    width: int
    height: int
    rate: Fraction
    """Pictures per second."""
    count: int
    """How many pictures."""

    @property
    def seconds(self) -> float:
        return float(self.count / self.rate)


def gif(selection: Selection) -> Exported:
    """Write ``gif/HH-MM-SS.mmm_tTRACK.gif`` for each moment; one that fails costs one.

    Where they are to be in order of score, their names begin with their place in it.
    """
    return _export(selection, "gif", _write_gif, GIF_SIDE, GIF_RATE)


def webp(selection: Selection) -> Exported:
    """Write ``webp/HH-MM-SS.mmm_tTRACK.webp``, as `gif` does."""
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
    limit = selection.choice.max_mb * MEGABYTE
    for place, segment in enumerate(selection.ordered, 1):
        moment = stretch_of(selection, segment)
        rank = f"{place:03}_" if selection.choice.order == "score" else ""
        target = folder / f"{rank}{timecode(moment.start, '-')}_t{moment.track}.{kind}"
        try:
            with atomic_path(target) as part:
                _write_small(strip_of(selection, moment, side, most), write, part, target, limit)
        except DiskFullError:
            raise
        except OutputError as error:
            failures.append(error)
        else:
            of_run |= dict.fromkeys(moment.seen, target)
    files = list(dict.fromkeys(of_run.values()))
    remove_others(
        folder, rf"(\d{{3,}}_)?\d{{2,}}-\d{{2}}-\d{{2}}\.\d{{3}}_t\d+\.{kind}", keep=files
    )
    return Exported(files, of_run, failures)


def stretch_of(selection: Selection, segment: Segment) -> Segment:
    """What of a moment is shown: not too short to be seen, if its shot is not, nor too long."""
    choice = selection.choice
    most = MOST_SECONDS if math.isinf(choice.longest) else choice.longest
    most = min(max(most, choice.shortest), choice.max_length)
    shots = (selection.start, *selection.cuts, selection.end)
    segment = lengthened(segment, min(LEAST_SECONDS, most), shots)
    return shortened(segment, most, selection.faces_of(segment))


def strip_of(selection: Selection, moment: Segment, side: int, most: int) -> Strip:
    """How `moment` is shown: `side` pixels long and `most` pictures per second, if not less.

    Each so manieth picture of the movie, so that what moves evenly goes on to do so.
    """
    movie = selection.movie
    begin, end = moment.start - TIME_TOLERANCE, moment.end - TIME_TOLERANCE
    inside = selection.starts[(selection.starts >= begin) & (selection.starts < end)]
    rate = lossless_rate(inside, movie.fps)
    rate /= math.ceil(rate / most)
    smaller = min(1.0, side / max(movie.width, movie.height))
    width, height = (max(1, round(smaller * length)) for length in (movie.width, movie.height))
    count = max(1, round((moment.end - moment.start) * rate))
    return Strip(movie, moment.start, width, height, rate, count)


def _write_small(
    strip: Strip,
    write: Callable[[Strip, Path, Path], None],
    part: Path,
    target: Path,
    limit: float,
) -> None:
    """Write the file, in as many steps smaller as it takes to have no more than `limit` bytes."""
    while True:
        write(strip, part, target)
        size = part.stat().st_size if part.is_file() else 0
        if not size:
            raise OutputError(f"{shown(target)}: there is no picture in it; scan the movie again")
        if size <= limit:
            return
        less = smaller(strip, SHORTER * limit / size)
        if less == strip:
            raise OutputError(
                f"{shown(target)}: has {size / MEGABYTE:.2g} MB at its smallest; allow more with "
                "--max-mb"
            )
        strip = less


def smaller(strip: Strip, share: float) -> Strip:
    """The strip so that it takes about this `share` of its bytes: smaller pictures, then fewer in
    a second, then a shorter time; itself where it is as small as can be. Pure."""
    side = max(strip.width, strip.height)
    if side > SMALLEST_SIDE:
        scale = max(math.sqrt(share), SMALLEST_SIDE / side)
        width, height = (max(1, int(scale * length)) for length in (strip.width, strip.height))
        return replace(strip, width=width, height=height)
    thinner = min(math.ceil(1 / share), int(strip.rate / SLOWEST_RATE))
    if thinner > 1:
        rate = strip.rate / thinner
        return replace(strip, rate=rate, count=max(1, round(strip.seconds * rate)))
    least = min(strip.count, max(1, round(LEAST_SECONDS * strip.rate)))
    return replace(strip, count=max(least, int(share * strip.count)))


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
