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
from videmo.schema import CROPS, DEFAULT_DETECTOR
from videmo.training import NETWORKS, wrong
from videmo.training.dataset import Look

MOST = 1e9
BELOW_1 = 0.99999


def one_of(*names: str) -> Any:
    """A setting that is one of these; the first, if it is not said."""
    return field(default=names[0], metadata={"names": tuple(dict.fromkeys(names))})


def number(usual: float, low: float, high: float) -> Any:
    """A setting from `low` to `high`; of others this is 0 to 1."""
    return field(default=usual, metadata={"limits": (low, high)})


@dataclass(frozen=True)
class Variety:
    """How far pictures are moved and changed, and in which share of them; lengths are parts of
    their side."""

    mirrored: float = 0.5  # 0 where left and right mean something
    scale: float = 0.12
    stretch: float = 0.08  # width and height apart, as in boxes between two looks of a detector
    shift: float = 0.05
    turn: float = number(10.0, 0, 180)  # degrees
    bend: float = 0.15  # seen from one side
    gamma: float = number(1.5, 1, 10)
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

    network: str = one_of(*NETWORKS)
    epochs: int = number(60, 1, MOST)
    labels: str = one_of("", "ferplus", "fer2013", "both", "folder")  # empty: the place's usual
    crop: str = one_of(*CROPS)
    side: int = number(48, 32, 256)
    colour: str = one_of(*COLOURS)
    detector: str = one_of(DEFAULT_DETECTOR, *DETECTORS, "")  # empty: as faces are cut out already
    batch: int = number(128, 1, MOST)
    optimiser: str = one_of("adamw", "sgd")
    rate: float = number(3e-3, 1e-9, MOST)
    schedule: str = one_of("cosine", "plateau")  # plateau: see there
    warmup: float = number(0.5, 0, MOST)  # epochs until the rate is at its highest
    plateau: int = number(6, 1, MOST)  # epochs without a better one after which the rate drops
    drop: float = number(0.3, 0, BELOW_1)  # what is left of the rate after a plateau
    patience: int = number(0, 0, MOST)  # as `plateau`, and the training ends; 0: never
    best_by: str = one_of("recall", "accuracy", "last")  # on valid; "last": it chooses nothing
    momentum: float = number(0.9, 0, BELOW_1)
    decay: float = number(0.05, 0, MOST)
    dropout: float = number(0.2, 0, BELOW_1)
    average: float = number(0.999, 0, BELOW_1)  # what a step keeps of the weights' average
    first: float = 0.5  # the first head's part in the answer and the loss, where there are two
    balance: float = 1.0
    """Power of the labels' frequency that is taken out of the answer (J. Ren et al., Balanced
    meta-softmax, NeurIPS 2020); 0: the answer counts on labels being as frequent as they were."""
    smoothing: float = number(0.0, 0, BELOW_1)  # part of a target that is spread over all classes
    distil: float = 0.5  # part of the loss that is what teachers say (G. Hinton et al., 2015)
    calm: float = 1.0  # part of the variety that is left in the last epoch; it falls evenly
    seed: int = number(1, 0, MOST)
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
    settings = {one.name: one for one in fields(kind)}
    for name, value in values.items():
        if name not in settings:
            raise ValueError(f"{shown(name)}: no such setting; see docs/training-history.md")
        setting = settings[name]
        wanted = {"float": (int, float), "int": (int,), "str": (str,)}[str(setting.type)]
        if isinstance(value, bool) or not isinstance(value, wanted):
            raise ValueError(f"{name} is not a {setting.type}")
        names, (low, high) = setting.metadata.get("names"), setting.metadata.get("limits", (0, 1))
        if names and value not in names:
            raise ValueError(f"{name} is one of {', '.join(filter(None, names))}")
        if not names and not low <= value <= high:
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
