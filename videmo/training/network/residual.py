"""Our own networks: residual blocks of 3x3 convolutions with squeeze-and-excite gates."""

from __future__ import annotations

from dataclasses import dataclass

from videmo.training.network.drawing import Drawing


@dataclass(frozen=True)
class Plan:
    """How large: a stem at full size, then stages, each at half the size of the one before."""

    stem: int
    """Channels after the first convolution."""
    widths: tuple[int, ...]
    """Channels of each stage."""
    depths: tuple[int, ...]
    """Blocks of each stage."""
    squeeze: int = 8
    """By how much the gates narrow the channels."""
    halved: bool = False
    """Whether the first convolution, of 5x5 places, halves the size, and the first stage keeps it:
    no time is spent on maps of full size."""
    within: tuple[int, ...] = ()
    """Channels between the two convolutions of a stage's blocks; none given: as its width."""


SMALL = Plan(stem=16, widths=(32, 48, 64), depths=(1, 2, 2))
DEEP = Plan(stem=16, widths=(24, 48, 64), depths=(2, 2, 2))
WIDE = Plan(stem=16, widths=(32, 64, 96), depths=(1, 2, 2))
BROAD = Plan(stem=16, widths=(32, 48, 104), depths=(1, 2, 2))
MEDIUM = Plan(stem=24, widths=(48, 96, 160), depths=(1, 2, 2))
LARGE = Plan(stem=64, widths=(96, 192, 320), depths=(2, 3, 3))
SWIFT = Plan(stem=32, widths=(32, 64, 128), depths=(1, 2, 2), halved=True)
LITHE = Plan(stem=32, widths=(32, 64, 128), depths=(1, 2, 2), halved=True, within=(24, 40, 64))
TINY = Plan(stem=8, widths=(8, 16), depths=(1, 1))


def residual(plan: Plan, drawing: Drawing, x: str, classes: int) -> str:
    """The network of `plan`."""
    kernel, stride = (5, 2) if plan.halved else (3, 1)
    x = drawing.relu(drawing.conv_norm(x, plan.stem, "stem", kernel=kernel, stride=stride))
    within = plan.within or plan.widths
    for stage, (width, depth) in enumerate(zip(plan.widths, plan.depths, strict=True)):
        for i in range(depth):
            halves = i == 0 and (stage > 0 or not plan.halved)
            name = f"blocks.stage{stage}_block{i}"
            x = _block(drawing, x, width, name, halves, plan.squeeze, within[stage])
    x = drawing.dropout(drawing.mean(x))
    return drawing.conv(x, classes, "head", kernel=1, bias=True)


def _block(
    drawing: Drawing, x: str, width: int, name: str, halves: bool, squeeze: int, within: int
) -> str:
    """Two convolutions, a gate, and a shortcut; `halves` says whether the size is halved."""
    y = drawing.conv_norm(x, within, f"{name}.first", stride=2 if halves else 1)
    y = drawing.conv_norm(drawing.relu(y), width, f"{name}.second", silent=True)
    y = _gated(drawing, y, squeeze, f"{name}.gate")
    projects = halves or drawing.channels(x) != width
    if halves:
        x = drawing.average(x)
    if projects:
        x = drawing.conv_norm(x, width, f"{name}.shortcut", kernel=1)
    return drawing.relu(drawing.add(x, y))


def _gated(drawing: Drawing, x: str, squeeze: int, name: str) -> str:
    """Squeeze and excite: each channel is scaled by what all channels say on average."""
    channels = drawing.channels(x)
    mean = drawing.mean(x)
    narrow = drawing.conv(mean, channels // squeeze, f"{name}.narrow", kernel=1, bias=True)
    widen = drawing.conv(drawing.relu(narrow), channels, f"{name}.widen", kernel=1, bias=True)
    return drawing.multiply(x, drawing.sigmoid(widen))
