"""What a training depends on, besides the pictures: a recipe, kept as a JSON file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from videmo.emotions import COLOURS
from videmo.faces import DETECTORS
from videmo.files import shown
from videmo.schema import CROPS
from videmo.training import wrong
from videmo.training.dataset import Look

NETWORKS = ("residual", "wide", "small", "tiny", "resnet18", "vgg16", "mini-xception", "elu6")
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
LIMITS = {
    "side": (32, 256),
    **dict.fromkeys(("epochs", "batch", "plateau"), (1, 1e9)),
    **dict.fromkeys(("patience", "warmup", "decay", "seed"), (0, 1e9)),
    **dict.fromkeys(("dropout", "average", "smoothing", "momentum", "drop"), (0, 0.99999)),
    **{"rate": (1e-9, 1e9), "turn": (0, 180), "gamma": (1, 10)},
}
"""Of numbers; of others 0 to 1."""


@dataclass(frozen=True)
class Variety:
    """How far pictures are moved and changed, and in which share of them; lengths are parts of
    their side."""

    mirrored: float = 0.5  # 0 where left and right mean something
    scale: float = 0.12
    stretch: float = 0.08  # width and height apart, as in boxes between two looks of a detector
    shift: float = 0.05
    turn: float = 10.0  # degrees
    bend: float = 0.15  # seen from one side
    gamma: float = 1.5
    contrast: float = 0.25
    coarse: float = 0.25  # share: as if found small (14 to 40 pixels of 48)
    moving: float = 0.15  # share: blurred along a line
    pressed: float = 0.3  # share: compressed
    lit: float = 0.3  # share: with light from one side
    dark: float = 0.2  # share: in the dark, with grain
    hidden: float = 0.25  # share: with a hand or a microphone before it

    def weakened(self, part: float) -> Variety:
        """`part` of it, 0 to 1; as many are mirrored."""
        values = {name: part * value for name, value in asdict(self).items()}
        return replace(self, **values | {"mirrored": self.mirrored, "gamma": self.gamma**part})


@dataclass(frozen=True)
class Recipe:
    """All that decides what comes out of a training, but the pictures."""

    network: str = "residual"
    epochs: int = 60
    labels: str = ""  # which ones of the place are learnt; empty: its usual ones
    crop: str = "face"
    side: int = 48
    colour: str = "grey"
    detector: str = "yunet"  # empty: faces that are cut out already stay as they are
    batch: int = 128
    optimiser: str = "adamw"
    rate: float = 3e-3
    schedule: str = "cosine"  # or whenever nothing got better for `plateau` epochs
    warmup: float = 0.5  # epochs until the rate is at its highest
    plateau: int = 6
    drop: float = 0.3  # what is left of the rate after a plateau
    patience: int = 0  # epochs without a better one after which the training ends; 0: never
    best_by: str = "recall"  # of all classes, on valid; "last": valid chooses nothing
    momentum: float = 0.9
    decay: float = 0.05
    dropout: float = 0.2
    average: float = 0.999  # part of the averaged weights, which are exported, that a step keeps
    first: float = 0.5  # the first head's part in the answer and the loss, where there are two
    balance: float = 1.0
    """Power of the labels' frequency that is taken out of the answer (J. Ren et al., Balanced
    meta-softmax, NeurIPS 2020); 0: the answer counts on labels being as frequent as they were."""
    smoothing: float = 0.0  # part of each target that is spread over all classes
    distil: float = 0.5  # part of the loss that is what teachers say (G. Hinton et al., 2015)
    calm: float = 1.0  # part of the variety that is left in the last epoch; it falls evenly
    seed: int = 1
    variety: Variety = field(default_factory=Variety)

    @property
    def look(self) -> Look:
        return Look(self.crop, self.side, self.colour, self.detector)


def from_values(values: Mapping[str, Any], where: str) -> Recipe:
    """The recipe of plain `values`, as JSON has them."""
    rest = dict(values)
    try:
        variety = Variety(**_checked(Variety, rest.pop("variety", {})))
        return Recipe(**_checked(Recipe, rest), variety=variety)
    except ValueError as error:
        raise wrong(where, f"not a recipe ({error})") from error


def _checked(kind: type, values: Any) -> dict[str, Any]:
    if not isinstance(values, Mapping):
        raise ValueError("variety is no group of settings")
    types = {one.name: str(one.type) for one in fields(kind)}
    for name, value in values.items():
        if name not in types:
            raise ValueError(f"{shown(name)}: no such setting; see docs/training-history.md")
        wanted = {"float": (int, float), "int": (int,), "str": (str,)}[types[name]]
        if isinstance(value, bool) or not isinstance(value, wanted):
            raise ValueError(f"{name} is not a {types[name]}")
        low, high = LIMITS.get(name, (0, 1))
        if name in CHOICES and value not in CHOICES[name]:
            raise ValueError(f"{name} is one of {', '.join(filter(None, CHOICES[name]))}")
        if not isinstance(value, str) and not low <= value <= high:
            raise ValueError(f"{name} is from {low:g} to {high:g}")
    return dict(values)


def read_values(path: Path) -> dict[str, Any]:
    """The values of a recipe's file."""
    try:
        return dict(json.loads(path.read_bytes()))
    except (OSError, ValueError, TypeError) as error:
        raise wrong(path, f"cannot read a recipe ({error})") from error


def as_json(values: Recipe | Mapping[str, Any]) -> bytes:
    """Values as the files of the room keep them."""
    plain = asdict(values) if isinstance(values, Recipe) else values
    return (json.dumps(plain, indent=2) + "\n").encode()
