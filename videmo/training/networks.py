"""The networks, each defined once: our own, and those that people of this field compare with."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torchvision import models

from videmo.emotions import COLOURS
from videmo.training.recipe import Recipe

EPSILON = 1.0
"""Added to a picture's variance (in squared grey levels), so that a blank one stays finite."""
SQUEEZE = 8
"""By how much the gates narrow the channels."""


class Standardised(nn.Module):
    """Each picture with mean 0 and variance 1: light and contrast of the film do not matter."""

    def forward(self, pictures: Tensor) -> Tensor:
        pictures = pictures - pictures.mean((1, 2, 3), keepdim=True)
        variance = (pictures * pictures).mean((1, 2, 3), keepdim=True)
        return pictures * torch.rsqrt(variance + EPSILON)


class Network(nn.Module):
    """Pictures (n, channels, side, side) float32 0..255 in, logits (n, heads, classes) out."""

    def __init__(
        self, body: nn.Module, width: int, heads: int, classes: int, dropout: float
    ) -> None:
        super().__init__()
        self.shape = (heads, classes)
        self.standard = Standardised()
        self.body = body
        self.dropout = nn.Dropout2d(dropout)
        self.head = nn.Conv2d(width, heads * classes, 1)

    def forward(self, pictures: Tensor) -> Tensor:
        return self.answers(pictures).unflatten(1, self.shape)

    def answers(self, pictures: Tensor) -> Tensor:
        """The logits of all heads in a row: (n, heads * classes)."""
        # The head before the mean, which is the same: TFLite then needs neither dense nor reshape.
        places: Tensor = self.head(self.dropout(self.body(self.standard(pictures))))
        return places.mean((2, 3))


def build(recipe: Recipe, heads: int, classes: int) -> Network:
    """The network of `recipe`, with random weights."""
    body, width = BODIES[recipe.network](COLOURS[recipe.colour])
    network = Network(body, width, heads, classes, recipe.dropout)
    return network.to(memory_format=torch.channels_last)


class Block(nn.Module):
    """Two convolutions, a gate (squeeze and excite), and a shortcut; `halves`: the size."""

    def __init__(self, taken: int, width: int, halves: bool) -> None:
        super().__init__()
        self.first = conv_norm(taken, width, stride=2 if halves else 1)
        self.second = conv_norm(width, width)
        nn.init.zeros_(self.second[1].weight)  # a new block changes nothing
        self.narrow = nn.Conv2d(width, width // SQUEEZE, 1)
        self.widen = nn.Conv2d(width // SQUEEZE, width, 1)
        pool = [nn.AvgPool2d(2)] if halves else []
        projected = [conv_norm(taken, width, 1)] if halves or taken != width else []
        self.shortcut = nn.Sequential(*pool, *projected)

    def forward(self, x: Tensor) -> Tensor:
        y = self.second(torch.relu(self.first(x)))
        mean = y.mean((2, 3), keepdim=True)
        gate = torch.sigmoid(self.widen(torch.relu(self.narrow(mean))))
        return torch.relu(self.shortcut(x) + y * gate)


def conv_norm(taken: int, width: int, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    conv = nn.Conv2d(taken, width, kernel, stride, kernel // 2, bias=False)
    nn.init.kaiming_normal_(conv.weight, mode="fan_out", nonlinearity="relu")
    return nn.Sequential(conv, nn.BatchNorm2d(width, eps=1e-3))


def residual(
    channels: int, stem: int, widths: tuple[int, ...], depths: tuple[int, ...], halved: bool
) -> tuple[nn.Module, int]:
    """Residual blocks of 3x3 convolutions with gates, each stage at half the size of the one
    before; `halved`: a stem of 5x5 places halves the size, and the first stage keeps it."""
    first = conv_norm(channels, stem, 5, 2) if halved else conv_norm(channels, stem)
    layers: list[nn.Module] = [first, nn.ReLU()]
    taken = stem
    for stage, (width, depth) in enumerate(zip(widths, depths, strict=True)):
        for i in range(depth):
            layers.append(Block(taken, width, halves=i == 0 and (stage > 0 or not halved)))
            taken = width
    return nn.Sequential(*layers), taken


def resnet18(channels: int) -> tuple[nn.Module, int]:
    """ResNet-18 (K. He et al., 2015), torchvision's, without its pooling: pictures are small."""
    whole = models.resnet18(weights=None)
    whole.conv1 = nn.Conv2d(channels, 64, 7, 2, 3, bias=False)
    kept = [one for one in whole.named_children() if one[0] not in ("maxpool", "avgpool", "fc")]
    return nn.Sequential(OrderedDict(kept)), 512


def vgg16(channels: int) -> tuple[nn.Module, int]:
    """VGG16 (K. Simonyan and A. Zisserman, 2014), torchvision's with batch norms; a mean instead
    of the last pooling and the two layers of 4096."""
    features = models.vgg16_bn(weights=None).features[:-1]
    features[0] = nn.Conv2d(channels, 64, 3, padding=1)
    return nn.Sequential(OrderedDict(features=features)), 512


class Separable(nn.Module):
    """A module of mini-XCEPTION (O. Arriaga et al., 2017): separable convolutions, a shortcut."""

    def __init__(self, taken: int, width: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for i, before in enumerate((taken, width)):
            depthwise = nn.Conv2d(before, before, 3, padding=1, groups=before, bias=False)
            layers += [
                depthwise,
                conv_norm(before, width, 1),
                nn.ReLU() if i == 0 else nn.Identity(),
            ]
        self.separable = nn.Sequential(*layers, nn.MaxPool2d(3, 2, 1))
        self.shortcut = conv_norm(taken, width, 1, 2)

    def forward(self, x: Tensor) -> Tensor:
        return torch.add(self.separable(x), self.shortcut(x))


def mini_xception(channels: int) -> tuple[nn.Module, int]:
    layers: list[nn.Module] = []
    for taken in (channels, 8):
        layers += [conv_norm(taken, 8), nn.ReLU()]
    widths = (8, 16, 32, 64, 128)
    layers += [Separable(*pair) for pair in zip(widths, widths[1:], strict=False)]
    return nn.Sequential(*layers), 128


def elu6(channels: int) -> tuple[nn.Module, int]:
    """Six 3x3 convolutions with ELU (512, 256, 128, 128, 256, 512), pooled after each second."""
    layers: list[nn.Module] = []
    taken = channels
    for widths in ((512, 256), (128, 128), (256, 512)):
        for width in widths:
            layers += [conv_norm(taken, width), nn.ELU()]
            taken = width
        layers += [nn.MaxPool2d(2), nn.Dropout(0.25)]
    return nn.Sequential(*layers), taken


BODIES: dict[str, Callable[[int], tuple[nn.Module, int]]] = {
    "residual": lambda channels: residual(channels, 32, (32, 64, 128), (1, 2, 2), halved=True),
    "small": lambda channels: residual(channels, 16, (32, 48, 64), (1, 2, 2), halved=False),
    "tiny": lambda channels: residual(channels, 8, (16, 32), (1, 1), halved=False),
    "resnet18": resnet18,
    "vgg16": vgg16,
    "mini-xception": mini_xception,
    "elu6": elu6,
}
"""For each name: from channels of pictures to a network without its last layer, and its width."""
