"""What can be made of the chosen moments.

A new exporter is one function in a module here and one entry in `EXPORTERS`, which says how much it
is given at a time. The modules are loaded when they are used, so that the list itself costs
nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from videmo.exporters.selection import Exported

EMOTION = "emotion"
"""Called for each emotion of each movie, with a `Selection`. `segments.csv` lists its files."""
MOVIE = "movie"
"""Called once for each movie, with its `Moments` of all wanted emotions."""
ALL = "all"
"""Called once, with the `Edit` that the moments of all movies make."""


class Exporter(NamedTuple):
    """One kind of thing that can be made."""

    about: str
    """What it is, for the help."""
    scope: str
    """How much is made into one: `EMOTION`, `MOVIE` or `ALL`."""
    function: str
    """Module of this package and function: makes the files, and removes older ones of its kind."""
    uses: tuple[str, ...] = ()
    """The options that it heeds, of those that not all exporters do: names of `OPTIONS`."""


OPTIONS = {
    "best": "--best",
    "size": "--size",
    "margin": "--margin",
    "upright": "--upright",
    "max_crops": "--max-crops",
    "pad": "--pad",
    "across_cuts": "--across-cuts",
    "shortest": "--shortest",
    "longest": "--longest",
    "order": "--order",
    "max_length": "--max-length",
    "max_mb": "--max-mb",
    "sound": "--sound",
}
"""The options that not all exporters can use, as they are written. Given to none that can, one is
refused."""

_FACES = ("best", "size", "margin", "max_crops")
_MOMENTS = ("pad", "across_cuts")
"""What says which runs are one moment."""
_CUT = (*_MOMENTS, "shortest", "longest")
_SHOWN = (*_CUT, "order", "max_length", "max_mb")
_JOINED = (*_CUT, "order", "max_length")

EXPORTERS = {
    "crops": Exporter(
        "the faces, a picture for each frame", EMOTION, "crops.export", (*_FACES, "upright")
    ),
    "clips": Exporter(
        "the movie around them, with its sound", EMOTION, "clips.export", (*_CUT, "sound")
    ),
    "sheet": Exporter(
        "the best face of each moment on one page", EMOTION, "sheet.export", (*_CUT, "order")
    ),
    "gif": Exporter(
        "each moment as a small moving picture without sound", EMOTION, "animations.gif", _SHOWN
    ),
    "webp": Exporter(
        "the same in more colours, and smaller files", EMOTION, "animations.webp", _SHOWN
    ),
    "supercut": Exporter(
        "all moments of all movies joined, with their sound",
        ALL,
        "supercut.export",
        (*_JOINED, "sound"),
    ),
    "edl": Exporter("an edit list (CMX 3600) for each movie", MOVIE, "edl.export", _JOINED),
    "otio": Exporter(
        "the supercut as a timeline (OpenTimelineIO; the extra edit)", ALL, "otio.export", _JOINED
    ),
    "markers": Exporter(
        "the moments as markers, for Resolve and for Premiere", MOVIE, "markers.export", _CUT
    ),
    "srt": Exporter("subtitles that say who has which emotion", MOVIE, "captions.srt"),
    "vtt": Exporter("the same for the web, and chapters", MOVIE, "captions.vtt"),
    "eaf": Exporter("annotations for ELAN, a tier for each track", MOVIE, "elan.export"),
    "dataset": Exporter("pictures to train on, sorted by emotion", MOVIE, "dataset.export", _FACES),
}
"""All exporters by name, in the order in which they are listed."""

DEFAULT_EXPORTS = ("crops", "clips", "sheet")

WITH_SOUND = tuple(name for name, entry in EXPORTERS.items() if "sound" in entry.uses)
"""The exporters whose files have the movie's sound."""

OF_RUNS = tuple(name for name, entry in EXPORTERS.items() if entry.scope == EMOTION)
"""The exporters whose files belong to single runs."""


def not_used(given: Iterable[str], exports: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Which of the options that were `given`, names of `OPTIONS` or others, none of `exports` can
    use, and which exporters can."""
    used = {option for name in exports for option in EXPORTERS[name].uses}
    return {
        option: tuple(name for name, entry in EXPORTERS.items() if option in entry.uses)
        for option in given
        if option in OPTIONS and option not in used
    }


def exporter(name: str) -> Callable[[Any], Exported]:
    """The function that makes `name`, a key of `EXPORTERS`.

    Raises:
        SetupError: a library that it needs is not installed.
    """
    module, function = EXPORTERS[name].function.split(".")
    made: Callable[[Any], Exported] = getattr(import_module(f"videmo.exporters.{module}"), function)
    return made
