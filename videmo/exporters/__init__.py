"""What can be made of the chosen moments.

A new exporter is one module here with a function ``export(selection) -> Exported``, and one line in
`EXPORTERS`. The modules are loaded when they are used, so that the list itself costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from videmo.exporters.selection import Exported, Selection

EXPORTERS = {
    "crops": "the faces, a picture for each frame",
    "clips": "the movie around them, with its sound",
    "sheet": "the best face of each run on one page",
}
"""The exporters' names, and what each makes."""


def exporter(name: str) -> Callable[[Selection], Exported]:
    """The function that makes `name`, a key of `EXPORTERS`."""
    export: Callable[[Selection], Exported] = import_module(f"videmo.exporters.{name}").export
    return export
