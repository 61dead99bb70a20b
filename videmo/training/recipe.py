"""What a training depends on, besides the pictures: a recipe, kept as a JSON file."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from videmo.errors import RequestError
from videmo.files import shown
from videmo.training.augment import Variety
from videmo.training.network import LARGEST_SIDE, NETWORKS, SMALLEST_SIDE, unknown_network

SCHEDULES = ("cosine", "plateau")
OPTIMISERS = ("sgd", "adamw")
CHOICES = ("both", "accuracy", "macro_f1", "last")


@dataclass(frozen=True)
class Recipe:
    """All that decides what comes out of a training, but the pictures."""

    network: str = "small"
    epochs: int = 72
    labels: str = ""
    """Which labels of the place are learnt; empty: its usual ones."""
    crop: str = "face"
    side: int = 48
    """Width and height, in pixels, at which the network sees a picture."""
    batch: int = 128
    schedule: str = "cosine"
    """How the rate falls: as a cosine, or whenever nothing got better for `plateau` epochs."""
    rate: float = 0.1
    """The learning rate at its highest, after the warm-up."""
    warmup: float = 2.0
    """Epochs until the rate is at its highest."""
    plateau: int = 6
    drop: float = 0.3
    """What is left of the rate after a plateau."""
    patience: int = 0
    """Epochs without anything better after which the training ends; 0: never before its end."""
    best_by: str = "both"
    """What the best epoch is best in, on ``valid``: accuracy, macro_f1, or the mean of both; or
    ``last``: the last one is taken, and ``valid`` chooses nothing."""
    optimiser: str = "sgd"
    """``sgd`` (with Nesterov's momentum) or ``adamw`` (Loshchilov and Hutter, ICLR 2019)."""
    momentum: float = 0.9
    decay: float = 5e-4
    frozen: tuple[str, ...] = ()
    """Layers that stay as they began, by their names, or patterns of them: ``stage0.*``, ``*.norm``
    (norms keep what they know of the pictures, too)."""
    fading: float = 0.0
    """Epochs over which the slopes of PReLUs fade to 0: plain rectifiers run faster, and leave more
    of 8 bits to what is positive. 0: slopes stay, or learn."""
    head_rate: float = 1.0
    """How many times the others' rate the last layer's is, which has to learn from nothing."""
    dropout: float = 0.2
    average: float = 0.999
    """Part of the averaged weights that each step keeps; these are measured and exported."""
    balance: float = 0.35
    """How far rare classes are shown more often: 0 not at all, 1 all classes equally often."""
    loss_balance: float = 0.0
    """How far rare classes weigh more in the loss: 0 not at all, 1 all classes the same."""
    smoothing: float = 0.0
    """Part of each target that is spread over all classes, as labels may be wrong."""
    mix: float = 0.0
    """Strength of mixing two pictures and their targets (mixup's alpha: Zhang et al., 2018)."""
    distil: float = 0.0
    """Part of the loss that is what teachers say, not the labels (Hinton et al., 2015)."""
    temperature: float = 2.0
    """How far the teachers' scores are evened out before they are learnt."""
    teachers: tuple[str, ...] = ()
    """Folders of trainings, or models, whose mean is the teacher."""
    views: int = 0
    """Versions of each picture that are made, and shown to the teachers, before the training; 0:
    the teachers see each picture anew in each step, which takes longer."""
    of_two: float = 0.0
    """Share of the `views` whose faces are made of two, one's eyes and another's mouth: pictures
    that nobody has labelled, of which only the teachers say what they show."""
    moved_again: float = 0.0
    """How far each of the `views` is moved about whenever it is shown, as a part of `variety`: a
    little, as the teachers do not see it. Meant against learning the versions by heart; what it
    brings has not been measured by itself."""
    second: float = 0.4
    """Part of the loss that is the second head's, where two kinds of labels are learnt."""
    mirrored: bool = False
    """Whether the model answers with the mean of what it says of a picture and of its mirror image
    (the mean of the logits)."""
    seed: int = 1
    variety: Variety = field(default_factory=Variety)

    def __post_init__(self) -> None:
        wrong = [what for what, fine in _limits(self) if not fine]
        if wrong:
            raise ValueError(wrong[0])


def _limits(recipe: Recipe) -> list[tuple[str, bool]]:
    """What must hold, each with its words."""
    unknown = unknown_network(recipe.network)
    counts = (recipe.epochs, recipe.batch, recipe.plateau)
    parts = (recipe.average, recipe.dropout, recipe.smoothing, recipe.drop)
    return [
        (f"no network {unknown!r}; there are {', '.join(NETWORKS)}", not unknown),
        (f"schedule is one of {', '.join(SCHEDULES)}", recipe.schedule in SCHEDULES),
        (f"best_by is one of {', '.join(CHOICES)}", recipe.best_by in CHOICES),
        (
            f"side is from {SMALLEST_SIDE} to {LARGEST_SIDE}",
            SMALLEST_SIDE <= recipe.side <= LARGEST_SIDE,
        ),
        ("epochs, batch and plateau are at least 1", min(counts) >= 1),
        ("rate and head_rate are above 0", min(recipe.rate, recipe.head_rate) > 0),
        (f"optimiser is one of {', '.join(OPTIMISERS)}", recipe.optimiser in OPTIMISERS),
        ("average, dropout, smoothing and drop are from 0 to 1", all(0 <= x < 1 for x in parts)),
        ("distil is from 0 to 1", 0 <= recipe.distil <= 1),
        ("fading is from 0 to epochs", 0 <= recipe.fading <= recipe.epochs),
        ("views is at least 0", recipe.views >= 0),
        ("of_two is from 0 to below 1", 0 <= recipe.of_two < 1),
        ("of_two is a share of the views (views: 12)", not recipe.of_two or recipe.views > 0),
        ("moved_again is from 0 to 1", 0 <= recipe.moved_again <= 1),
        ("moved_again moves views (views: 12)", not recipe.moved_again or recipe.views > 0),
        ("views need teachers (--teacher RUN)", not recipe.views or bool(recipe.teachers)),
        ("second is from 0 to 1", 0 <= recipe.second <= 1),
        ("teachers teach nothing with distil 0", not recipe.teachers or recipe.distil > 0),
        ("distil needs teachers (--teacher RUN)", not recipe.distil or bool(recipe.teachers)),
    ]


def from_values(values: dict[str, Any], path: Path) -> Recipe:
    """The recipe of plain `values`, as JSON has them; `path` is named in errors.

    Raises:
        RequestError: a name that no recipe has, or a value that cannot be.
    """
    try:
        values = dict(values)
        variety = Variety(**values.pop("variety", {}))
        several = {name: values.pop(name, ()) for name in ("teachers", "frozen")}
        for name, names in several.items():
            if isinstance(names, str):
                raise ValueError(f"{name} is not a list")
            several[name] = tuple(names)
        for known in fields(Recipe):
            if known.name in values and isinstance(values[known.name], bool) != (
                known.type == "bool"
            ):
                raise ValueError(f"{known.name} is not a {known.type}")
        return Recipe(**values, **several, variety=variety)
    except (ValueError, TypeError, AttributeError) as error:
        raise RequestError(f"{shown(path)}: not a recipe ({error})") from error


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


def read_recipe(path: Path) -> Recipe:
    """Read a recipe (JSON); raises RequestError as `read_values` and `from_values` do."""
    return from_values(read_values(path), path)


def as_values(recipe: Recipe) -> dict[str, Any]:
    """Plain values, as JSON keeps them."""
    return json.loads(json.dumps(asdict(recipe)))
