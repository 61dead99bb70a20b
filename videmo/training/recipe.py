"""What a training depends on, besides the pictures: a recipe, kept as a JSON file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from videmo.emotions import COLOURS, CROPS
from videmo.errors import RequestError
from videmo.faces import DETECTORS
from videmo.files import shown
from videmo.training.dataset import Look

NETWORKS = ("residual", "small", "tiny", "resnet18", "vgg16", "mini-xception", "elu6")
CHOICES = {
    "network": NETWORKS,
    "labels": ("", "ferplus", "fer2013", "both", "folder"),
    "crop": CROPS,
    "colour": tuple(COLOURS),
    "detector": ("", *DETECTORS),
    "schedule": ("cosine", "plateau"),
    "optimiser": ("sgd", "adamw"),
    "best_by": ("recall", "accuracy", "last"),
}
SHARES = ("mirrored", "coarse", "moving", "pressed", "dark", "hidden", "lit")
SHARES_BELOW_1 = ("dropout", "average", "smoothing", "momentum", "drop")
SIDES = (32, 256)


@dataclass(frozen=True)
class Variety:
    """How far pictures are moved and changed; lengths are parts of their side."""

    mirrored: float = 0.5
    """Share of pictures that are shown mirrored; 0 where left and right mean something."""
    scale: float = 0.15
    stretch: float = 0.08
    """How far width and height go apart, as in boxes between two looks of a detector."""
    shift: float = 0.06
    turn: float = 10.0
    """Degrees."""
    gamma: float = 1.5
    contrast: float = 0.25
    coarse: float = 0.25
    """Share of pictures shown as if they had been found small (14 to 40 pixels of 48)."""
    moving: float = 0.15
    """Share of pictures that are blurred along a line."""
    pressed: float = 0.3
    """Share of pictures that were compressed (JPEG)."""
    lit: float = 0.25
    """Share of pictures with light from one side."""
    dark: float = 0.15
    """Share of pictures in the dark, with grain."""
    hidden: float = 0.25
    """Share of pictures before which there is a hand, or a microphone."""


@dataclass(frozen=True)
class Recipe:
    """All that decides what comes out of a training, but the pictures."""

    network: str = "residual"
    epochs: int = 60
    labels: str = ""
    """Which labels of the place are learnt; empty: its usual ones."""
    crop: str = "face"
    side: int = 48
    colour: str = "grey"
    detector: str = "yunet"
    """Who finds and aligns faces; empty: faces that are cut out already stay as they are."""
    batch: int = 128
    optimiser: str = "sgd"
    schedule: str = "cosine"
    """How the rate falls: as a cosine, or whenever nothing got better for `plateau` epochs."""
    rate: float = 0.1
    warmup: float = 2.0
    """Epochs until the rate is at its highest."""
    plateau: int = 6
    drop: float = 0.3
    """What is left of the rate after a plateau."""
    patience: int = 0
    """Epochs without anything better after which the training ends; 0: never before its end."""
    best_by: str = "recall"
    """What the best epoch is best in, on valid: the mean over the classes, accuracy; or ``last``:
    the last one is taken, and valid chooses nothing."""
    momentum: float = 0.9
    decay: float = 5e-4
    dropout: float = 0.2
    average: float = 0.999
    """Part of the averaged weights that each step keeps; these are measured and exported."""
    balance: float = 1.0
    """Power of the labels' frequency that is taken out of the answer (J. Ren et al., Balanced
    meta-softmax, NeurIPS 2020); 0: the answer counts on labels being as frequent as they were."""
    smoothing: float = 0.0
    """Part of each target that is spread over all classes, as labels may be wrong."""
    distil: float = 0.5
    """Part of the loss that is what teachers say, where there are some (G. Hinton et al., 2015)."""
    seed: int = 1
    variety: Variety = field(default_factory=Variety)

    @property
    def look(self) -> Look:
        return Look(self.crop, self.side, self.colour, self.detector)


def from_values(values: Mapping[str, Any], where: str) -> Recipe:
    """The recipe of plain `values`, as JSON has them; `where` is named in errors.

    Raises:
        RequestError: a name that no recipe has, or a value that cannot be.
    """
    variety = values.get("variety", {})
    if not isinstance(variety, Mapping):
        raise RequestError(f"{where}: not a recipe (variety is no group of settings)")
    try:
        _check(Variety, variety)
        _check(Recipe, {k: v for k, v in values.items() if k != "variety"})
    except ValueError as error:
        raise RequestError(f"{where}: not a recipe ({error})") from error
    return Recipe(**{**values, "variety": Variety(**variety)})


def _check(kind: type, values: Mapping[str, Any]) -> None:
    """Raise ValueError unless `kind` can have these values."""
    types = {one.name: one.type for one in fields(kind)}
    for name, value in values.items():
        if name not in types:
            raise ValueError(f"{shown(name)}: no such setting; docs/training-history.md says why")
        wanted = {"float": (int, float), "int": (int,), "str": (str,)}[str(types[name])]
        if isinstance(value, bool) or not isinstance(value, wanted):
            raise ValueError(f"{name} is not a {types[name]}")
        if name in CHOICES and value not in CHOICES[name]:
            raise ValueError(f"{name} is one of {', '.join(filter(None, CHOICES[name]))}")
        low, high = _limits(name)
        if not isinstance(value, str) and not low <= value <= high:
            raise ValueError(f"{name} is from {low:g} to {high:g}")


def _limits(name: str) -> tuple[float, float]:
    if name == "side":
        return SIDES
    if name in SHARES or name in ("distil", "balance", "contrast"):
        return 0, 1
    if name in SHARES_BELOW_1:
        return 0, 0.99999
    if name in ("scale", "stretch", "shift"):
        return 0, 0.9
    if name == "gamma":
        return 1, 10
    return (
        (1, 1e9) if name in ("epochs", "batch", "plateau") else (1e-9 if name == "rate" else 0, 1e9)
    )


def read_values(path: Path) -> dict[str, Any]:
    """The values of a recipe's file.

    Raises:
        RequestError: it cannot be read.
    """
    try:
        values = json.loads(path.read_bytes())
    except OSError as error:
        reason = error.strerror or str(error)
        raise RequestError(f"{shown(path)}: cannot read the recipe ({reason})") from error
    except ValueError as error:
        raise RequestError(f"{shown(path)}: not a recipe ({error})") from error
    if not isinstance(values, dict):
        raise RequestError(f"{shown(path)}: not a recipe (no names in it)")
    return values


def as_json(values: Recipe | Mapping[str, Any]) -> bytes:
    """Values as the files of the room keep them."""
    plain = asdict(values) if isinstance(values, Recipe) else values
    return (json.dumps(plain, indent=2) + "\n").encode()
