"""Find and cut every moment of a movie at which somebody looks happy (angry, sad, ...).

The command line's two passes, for scripts and notebooks::

    import videmo

    scanned = videmo.scan_movie("movie.mp4", "tables")
    table = videmo.read_table(scanned.table)
    runs = videmo.find_runs(table, "happy", repeat=5)
    wanted = videmo.Wanted(emotions=("happy",))
    videmo.extract_tables(videmo.find_tables([scanned.table]), wanted, "extracted")

Names are loaded when they are first used: importing videmo costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "EMOTIONS": "schema",
    "Box": "schema",
    "Run": "schema",
    "Segment": "schema",
    "VidemoError": "errors",
    "RequestError": "errors",
    "MovieError": "errors",
    "PictureError": "errors",
    "TableError": "errors",
    "OutputError": "errors",
    "SetupError": "errors",
    "DetectorConfig": "faces",
    "Settings": "scan",
    "scan_movie": "scan",
    "scan_movies": "archive",
    "read_table": "table",
    "read_record": "table",
    "labels_of": "table",
    "find_runs": "runs",
    "to_segments": "runs",
    "Choice": "exporters.selection",
    "Wanted": "extract",
    "find_tables": "find",
    "extract_tables": "extract",
    "annotate_movie": "annotate.movie",
    "annotate_pictures": "annotate.pictures",
    "convert_tables": "convert",
    "plot_tables": "plot",
    "name_people": "people",
    "read_people": "names",
    "read_review": "review",
    "write_report": "report",
    "Live": "live",
    "LiveSettings": "live",
    "demo_story": "demo",
    "make_movie": "demo",
}
"""Where each public name lives."""

__all__ = sorted([*_HOMES, "__version__"])


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'videmo' has no attribute {name!r}")
    return getattr(import_module(f"videmo.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
