"""What can be made of the chosen moments.

A new exporter is one function in a module here and one entry in `EXPORTERS`, which says how much it
is given at a time. The modules are loaded when they are used, so that the list itself costs
nothing.
"""

from __future__ import annotations

from collections.abc import Callable
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


EXPORTERS = {
    "crops": Exporter("the faces, a picture for each frame", EMOTION, "crops.export"),
    "clips": Exporter("the movie around them, with its sound", EMOTION, "clips.export"),
    "sheet": Exporter("the best face of each run on one page", EMOTION, "sheet.export"),
    "gif": Exporter("each run as a small moving picture without sound", EMOTION, "animations.gif"),
    "webp": Exporter("the same in more colours, and smaller files", EMOTION, "animations.webp"),
    "supercut": Exporter(
        "all moments of all movies joined, with their sound", ALL, "supercut.export"
    ),
    "edl": Exporter("an edit list (CMX 3600) for each movie", MOVIE, "edl.export"),
    "otio": Exporter(
        "the supercut as a timeline (OpenTimelineIO; the extra edit)", ALL, "otio.export"
    ),
    "markers": Exporter(
        "the moments as markers, for Resolve and for Premiere", MOVIE, "markers.export"
    ),
    "srt": Exporter("subtitles that say who has which emotion", MOVIE, "captions.srt"),
    "vtt": Exporter("the same for the web, and chapters", MOVIE, "captions.vtt"),
    "eaf": Exporter("annotations for ELAN, a tier for each track", MOVIE, "elan.export"),
    "dataset": Exporter("pictures to train on, sorted by emotion", MOVIE, "dataset.export"),
}
"""All exporters by name, in the order in which they are listed."""

DEFAULT_EXPORTS = ("crops", "clips", "sheet")

OF_RUNS = tuple(name for name, entry in EXPORTERS.items() if entry.scope == EMOTION)
"""The exporters whose files belong to single runs."""


def exporter(name: str) -> Callable[[Any], Exported]:
    """The function that makes `name`, a key of `EXPORTERS`.

    Raises:
        SetupError: a library that it needs is not installed.
    """
    module, function = EXPORTERS[name].function.split(".")
    made: Callable[[Any], Exported] = getattr(import_module(f"videmo.exporters.{module}"), function)
    return made
