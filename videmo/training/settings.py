"""From what the user says to a recipe, and to what must be installed for it."""

from __future__ import annotations

from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from videmo.errors import RequestError, SetupError, to_install
from videmo.files import shown
from videmo.training.export import FORMATS, KNOWN_FORMATS, WEIGHTS
from videmo.training.recipe import Recipe, from_values, read_values
from videmo.training.weights import read_trained

LEARNT_ON = {"epochs": 40, "rate": 0.02, "warmup": 1.0, "batch": 32, "average": 0.99}
"""What differs where a training begins from a trained model: most is known already."""

DISTIL = 0.7
"""Part of the loss that is the teachers', where teachers are named and the recipe says nothing."""


def needed(*packages: str) -> None:
    """Raise SetupError unless all `packages` are installed."""
    missing = [name for name in packages if find_spec(name) is None]
    if missing:
        are = "is" if len(missing) == 1 else "are"
        raise SetupError(f"{', '.join(missing)} {are} not installed; {to_install('train')}")


def chosen(
    run: Path, recipe: Path | None, init: Path | None, *, resume: bool, **options: Any
) -> Recipe:
    """The recipe that the file and the options mean; what is resumed keeps its own.

    Raises:
        RequestError: a setting that cannot be.
    """
    kept = run / "recipe.json"
    if resume and not kept.exists():
        raise RequestError(f"{shown(run)}: nothing to resume here; leave --resume out to begin")
    values = asdict(Recipe())
    if init is not None and not resume:
        begun = read_trained(init)
        values |= LEARNT_ON | {"network": begun.recipe.network, "side": begun.network.side}
    files = [path for path in (kept if resume else None, recipe) if path is not None]
    for path in files:
        values |= read_values(path)
    mirror, teachers = options.pop("no_mirror"), options.pop("teachers")
    values |= {name: value for name, value in options.items() if value is not None}
    if mirror:
        values["variety"] = {**values.get("variety", {}), "mirrored": 0.0}
    if teachers:
        values["teachers"] = [str(teacher) for teacher in teachers]
        values["distil"] = values["distil"] or DISTIL
    return from_values(values, files[-1] if files else Path("these options"))


def formats_of(text: str | None) -> tuple[str, ...]:
    """The formats in a list separated by commas; all where there is none.

    Raises:
        RequestError: one of them does not exist.
    """
    if text is None:
        return FORMATS
    names = tuple(name.strip() for name in text.split(","))
    unknown = [name for name in names if name not in KNOWN_FORMATS]
    if unknown:
        raise RequestError(f"no format {unknown[0]!r}; there are {', '.join(KNOWN_FORMATS)}")
    if len(set(WEIGHTS) & set(names)) > 1:
        raise RequestError(f"{', '.join(WEIGHTS)} are one file; name one of them")
    return names
