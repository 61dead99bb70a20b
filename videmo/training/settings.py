"""From what the user says to a recipe, and to formats of files; RequestError of what cannot be."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from videmo.errors import RequestError
from videmo.files import shown
from videmo.training.recipe import Recipe, from_values, read_values
from videmo.training.weights import FOREIGN, read_trained

LEARNT_ON = {"epochs": 40, "rate": 1e-3, "warmup": 1.0, "batch": 32, "average": 0.99}
"""What differs where a training begins from something trained: most is known already."""
FORMATS = ("float32", "dynamic", "int8", "onnx")
USUAL = ("float32", "int8", "onnx")


def chosen(
    run: Path,
    recipe: Path | None,
    init: Path | None,
    *,
    resume: bool,
    no_mirror: bool,
    **options: Any,
) -> Recipe:
    """The recipe that the file and the options mean; what is resumed keeps its own."""
    kept = run / "recipe.json"
    if resume and not kept.exists():
        raise RequestError(f"{shown(run)}: nothing to resume here; leave --resume out to begin")
    values: dict[str, Any] = asdict(Recipe())
    if init is not None and not resume:
        values |= LEARNT_ON
        if init.suffix not in FOREIGN:
            begun = asdict(read_trained(init).recipe)
            values |= {name: begun[name] for name in ("network", "side", "colour")}
    files = [path for path in (kept if resume else None, recipe) if path is not None]
    for path in files:
        values |= read_values(path)
    values |= {name: value for name, value in options.items() if value is not None}
    if no_mirror:
        values["variety"] = {**values["variety"], "mirrored": 0.0}
    return from_values(values, shown(files[-1]) if files else "these options")


def formats_of(text: str | None) -> tuple[str, ...]:
    """The formats in a list separated by commas."""
    names = USUAL if text is None else tuple(name.strip() for name in text.split(","))
    for name in names:
        if name == "float16":
            raise RequestError("--as float16: is gone; use dynamic, which is smaller and faster")
        if name not in FORMATS:
            raise RequestError(f"no format {name!r}; there are {', '.join(FORMATS)}")
    if {"float32", "dynamic"} <= set(names):
        raise RequestError("float32 and dynamic are one file; name one of them")
    return names
