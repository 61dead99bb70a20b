"""What can be made of the chosen moments.

A new exporter is one module here and one line in `EXPORTERS`. The modules are loaded when they are
used, so that the list itself costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from videmo.exporters.selection import Exported, Selection

EXPORTERS = {
    "crops": "the faces, a picture for each frame",
    "clips": "the movie around them, with its sound",
    "sheet": "the best face of each run on one page",
}
"""The exporters' names, and what each makes."""


class Exporter(Protocol):
    """What a module of this package has to offer."""

    def export(self, selection: Selection) -> Exported:
        """Make the files of a selection in its folder, and remove older ones of the same kind."""
        ...


def exporter(name: str) -> Exporter:
    """The module that makes `name`, a key of `EXPORTERS`."""
    return cast("Exporter", import_module(f"videmo.exporters.{name}"))
