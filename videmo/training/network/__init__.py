"""The networks that can be trained, each drawn once, for PyTorch, Keras and ONNX alike.

PyTorch trains (`in_torch`), Keras gives the TFLite files (`in_keras`), and the ONNX file is
written straight from the drawing (`in_onnx`); weights have the same names in all three. There is
no dense layer and no reshape in any of them: a classic's dense layers are convolutions as large as
the picture that they see, which is the same, and runs on old runtimes in int8 too.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import NamedTuple

from videmo.errors import RequestError
from videmo.training.network.classics import (
    FINE,
    INSIGHTFACE,
    LEAN,
    SLIGHT,
    SLIM,
    elu6,
    mini_xception,
    mobilefacenet,
    mobilenet,
    resnet18,
    vgg16,
)
from videmo.training.network.drawing import Drawing, Network
from videmo.training.network.residual import (
    BROAD,
    DEEP,
    LARGE,
    LITHE,
    MEDIUM,
    SMALL,
    SWIFT,
    TINY,
    WIDE,
    residual,
)

NETWORKS: dict[str, Callable[[Drawing, str, int], str]] = {
    "small": functools.partial(residual, SMALL),
    "deep": functools.partial(residual, DEEP),
    "wide": functools.partial(residual, WIDE),
    "broad": functools.partial(residual, BROAD),
    "medium": functools.partial(residual, MEDIUM),
    "large": functools.partial(residual, LARGE),
    "swift": functools.partial(residual, SWIFT),
    "lithe": functools.partial(residual, LITHE),
    "tiny": functools.partial(residual, TINY),
    "resnet18": resnet18,
    "vgg16": vgg16,
    "mini-xception": mini_xception,
    "mobilenet": mobilenet,
    "mobilefacenet": functools.partial(mobilefacenet, INSIGHTFACE),
    "mobilefacenet-slim": functools.partial(mobilefacenet, SLIM),
    "mobilefacenet-lean": functools.partial(mobilefacenet, LEAN),
    "mobilefacenet-fine": functools.partial(mobilefacenet, FINE),
    "mobilefacenet-slight": functools.partial(mobilefacenet, SLIGHT),
    "elu6": elu6,
}
"""What a recipe may name; ``large`` and the mobile ones are teachers, ``tiny`` is for tests."""

SMALLEST_SIDE, LARGEST_SIDE = 32, 256

HEAD = "head"
"""The name of the last layer of every network."""


def draw(name: str, *, side: int, classes: int) -> Network:
    """The network `name` for grey pictures of `side` x `side` pixels.

    Several names joined by ``+`` are networks side by side, which see the same picture and have
    one last layer in common.

    Raises:
        RequestError: there is no such network, or it cannot see pictures of this size.
    """
    if unknown := unknown_network(name):
        raise RequestError(f"no network {unknown!r}; there are {', '.join(NETWORKS)}")
    if not SMALLEST_SIDE <= side <= LARGEST_SIDE:
        raise RequestError(
            f"pictures of {side} pixels: networks see {SMALLEST_SIDE} to {LARGEST_SIDE}"
        )
    drawing = Drawing(side)
    parts = parts_of(name)
    if len(parts) == 1:
        result = NETWORKS[name](drawing, drawing.picture, classes)
    else:
        # One last layer sees what all have found: it can give the mean of what theirs would give.
        found = [_without_head(part, drawing, classes) for part in parts]
        drawing.prefix = ""
        result = drawing.conv(drawing.concat(*found), classes, HEAD, kernel=1, bias=True)
    return Network(name, side, classes, tuple(drawing.steps), result)


def _without_head(part: Part, drawing: Drawing, classes: int) -> str:
    drawing.prefix = part.prefix
    NETWORKS[part.name](drawing, drawing.picture, classes)
    head = drawing.steps.pop()
    if head.kernel > 1 or head.side > 1:
        raise RequestError(
            f"a network {part.name} cannot stand beside others: its last layer sees places, not "
            "channels; export it by itself"
        )
    return head.inputs[0]


class Part(NamedTuple):
    """One of the networks that stand side by side."""

    name: str
    prefix: str
    """What the names of its steps and weights begin with."""


def parts_of(name: str) -> tuple[Part, ...]:
    """The networks in `name`, which is of the kind ``small`` or ``small+swift``."""
    names = name.split("+")
    if len(names) == 1:
        return (Part(name, ""),)
    return tuple(Part(one, f"part{i}.") for i, one in enumerate(names))


def unknown_network(name: str) -> str:
    """The first of the networks in `name` that there is not; empty if there are all."""
    return next((part.name for part in parts_of(name) if part.name not in NETWORKS), "")
