"""Networks that people of this field compare with, built from their papers, never downloaded."""

from __future__ import annotations

from typing import NamedTuple

from videmo.training.network.drawing import Drawing


def vgg16(drawing: Drawing, x: str, classes: int) -> str:
    """VGG16 (Simonyan and Zisserman, 2014) with batch norms, without which it hardly begins.

    Thirteen 3x3 convolutions in five groups, and two layers of 4096.
    """
    for group, (width, depth) in enumerate(((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))):
        for i in range(depth):
            x = drawing.relu(drawing.conv_norm(x, width, f"group{group}.{i}"))
        x = drawing.maximum(x)
    for i in range(2):
        dense = {"kernel": drawing.side(x), "same": False}
        x = drawing.relu(drawing.conv_norm(x, 4096, f"dense{i}", **dense))
        x = drawing.dropout(x, 0.5)
    return drawing.conv(x, classes, "head", kernel=1, bias=True)


def resnet18(drawing: Drawing, x: str, classes: int) -> str:
    """ResNet-18 (He, Zhang, Ren and Sun, 2015).

    Up to 64 pixels it begins with a 3x3 convolution at full size, as the paper does for small
    pictures; above with the 7x7 one and the pooling.
    """
    if drawing.side(x) <= 64:
        x = drawing.relu(drawing.conv_norm(x, 64, "stem"))
    else:
        x = drawing.relu(drawing.conv_norm(x, 64, "stem", kernel=7, stride=2))
        x = drawing.maximum(x, kernel=3, same=True)
    for stage, width in enumerate((64, 128, 256, 512)):
        for i in range(2):
            name, stride = f"stage{stage}.{i}", 2 if stage and not i else 1
            y = drawing.relu(drawing.conv_norm(x, width, f"{name}.first", stride=stride))
            y = drawing.conv_norm(y, width, f"{name}.second", silent=True)
            if stride == 2:
                x = drawing.conv_norm(x, width, f"{name}.shortcut", kernel=1, stride=2)
            x = drawing.relu(drawing.add(x, y))
    x = drawing.dropout(drawing.mean(x))
    return drawing.conv(x, classes, "head", kernel=1, bias=True)


def mini_xception(drawing: Drawing, x: str, classes: int) -> str:
    """mini-XCEPTION (Arriaga, Valdenegro-Toro and Ploeger, 2017)."""
    for i in range(2):
        x = drawing.relu(drawing.conv_norm(x, 8, f"stem{i}", same=False))
    for i, width in enumerate((16, 32, 64, 128)):
        y = drawing.relu(_separable(drawing, x, width, f"module{i}.first"))
        y = drawing.maximum(_separable(drawing, y, width, f"module{i}.second"), kernel=3, same=True)
        x = drawing.conv_norm(x, width, f"module{i}.shortcut", kernel=1, stride=2)
        x = drawing.add(y, x)
    return drawing.conv(x, classes, "head", bias=True)


def _separable(drawing: Drawing, x: str, width: int, name: str) -> str:
    x = drawing.depthwise(x, f"{name}.depthwise")
    return drawing.conv_norm(x, width, name, kernel=1)


MOBILENET = (
    *((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)),
    *((512, 1),) * 5,
    *((1024, 2), (1024, 1)),
)
"""Channels of each block of MobileNet, and its stride."""


def mobilenet(drawing: Drawing, x: str, classes: int) -> str:
    """MobileNet (Howard and others, 2017) of full width, which sees grey instead of colours."""
    x = drawing.relu6(drawing.conv_norm(x, 32, "stem", stride=2))
    for i, (width, stride) in enumerate(MOBILENET):
        x = drawing.depthwise(x, f"block{i}.depthwise.conv", stride=stride)
        x = drawing.relu6(drawing.norm(x, f"block{i}.depthwise.norm"))
        x = drawing.relu6(drawing.conv_norm(x, width, f"block{i}", kernel=1))
    x = drawing.dropout(drawing.mean(x))
    return drawing.conv(x, classes, "head", kernel=1, bias=True)


class Stage(NamedTuple):
    """Blocks of a MobileFaceNet, of which the first one halves the map."""

    first: int
    """Channels within the first block."""
    within: int
    """Channels within each other block."""
    width: int
    """Channels of what comes out."""
    blocks: int
    """Others than the first."""


class MobileFaceNet(NamedTuple):
    """How wide and deep a MobileFaceNet is."""

    stem: int
    stages: tuple[Stage, ...]
    seen_at: int = 0
    """Pixels to which a picture is brought before anything else; 0: as it comes."""
    last: int = 512
    """Channels of the last map."""


INSIGHTFACE = MobileFaceNet(
    128, (Stage(128, 128, 128, 4), Stage(256, 256, 256, 6), Stage(512, 256, 256, 2))
)
"""Twice as wide as in the paper, with two channels together in the second convolution, as
InsightFace trains it (recognition/arcface_torch)."""

SLIM = MobileFaceNet(
    64, (Stage(128, 128, 64, 4), Stage(256, 256, 128, 6), Stage(512, 256, 128, 2)), seen_at=97
)
"""As in the paper, for small pictures: at 97 pixels each map has one in its middle, so that no
stride shifts it (49, 25, 13 and 7 places)."""


LEAN = MobileFaceNet(
    64, (Stage(128, 128, 64, 4), Stage(256, 256, 128, 5), Stage(512, 256, 128, 2)), seen_at=65
)
"""One block less, and fewer pixels (33, 17, 9 and 5 places): what fits into a megabyte and a
millisecond."""

FINE = LEAN._replace(seen_at=81)
"""The same at more pixels (41, 21, 11 and 6 places)."""

SLIGHT = MobileFaceNet(
    64, (Stage(80, 80, 64, 4), Stage(160, 144, 128, 5), Stage(256, 128, 128, 2)), 65, last=256
)
"""`LEAN` with fewer channels within its bottlenecks: what fits into a megabyte beside `lithe`."""


def mobilefacenet(shape: MobileFaceNet, drawing: Drawing, x: str, classes: int) -> str:
    """MobileFaceNet (Chen, Liu, Gao and Han, 2018), which sees grey instead of colours.

    It ends with the weighed mean.
    """
    if shape.seen_at:
        x = drawing.resize(x, shape.seen_at)
    x = _mobile(drawing, x, shape.stem, "stem", kernel=3, stride=2)
    if shape.stem > SECOND_GROUPS:
        x = _mobile(drawing, x, shape.stem, "second", kernel=3, groups=SECOND_GROUPS)
    else:
        x = drawing.norm(drawing.depthwise(x, "second.conv"), "second.norm")
        x = drawing.prelu(x, "second.slope")
    for number, stage in enumerate(shape.stages):
        name = f"stage{number}"
        x = _bottleneck(drawing, x, stage.first, stage.width, f"{name}.0", stride=2)
        for i in range(stage.blocks):
            y = _bottleneck(drawing, x, stage.within, stage.width, f"{name}.{i + 1}", stride=1)
            x = drawing.add(x, y)
    x = _mobile(drawing, x, shape.last, "last", kernel=1)
    x = drawing.dropout(drawing.weighed_mean(x, "mean.conv"))
    return drawing.conv(x, classes, "head", kernel=1, bias=True)


SECOND_GROUPS = 64
"""Of the second convolution of a MobileFaceNet; with 64 channels it is depthwise."""


def _bottleneck(
    drawing: Drawing, x: str, within: int, width: int, name: str, *, stride: int
) -> str:
    x = _mobile(drawing, x, within, f"{name}.first", kernel=1)
    x = drawing.depthwise(x, f"{name}.depthwise.conv", stride=stride)
    x = drawing.norm(x, f"{name}.depthwise.norm")
    x = drawing.prelu(x, f"{name}.depthwise.slope")
    return drawing.conv_norm(x, width, f"{name}.second", kernel=1)


def _mobile(drawing: Drawing, x: str, width: int, name: str, **how: int) -> str:
    return drawing.prelu(drawing.conv_norm(x, width, name, **how), f"{name}.slope")


def elu6(drawing: Drawing, x: str, classes: int) -> str:
    """Six 3x3 convolutions with ELU (512, 256, 128, 128, 256, 512), pooled after each second."""
    for pair, widths in enumerate(((512, 256), (128, 128), (256, 512))):
        for i, width in enumerate(widths):
            x = drawing.elu(drawing.conv_norm(x, width, f"pair{pair}.{i}"))
        x = drawing.dropout(drawing.maximum(x), 0.25)
    x = drawing.dropout(drawing.mean(x))
    return drawing.conv(x, classes, "head", kernel=1, bias=True)
