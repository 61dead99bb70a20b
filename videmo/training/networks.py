"""The networks, each defined once: our own, and those that people of this field compare with."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor, nn
from torchvision import models

from videmo.emotions import COLOURS
from videmo.training.recipe import Recipe

EPSILON = 1.0
"""Added to a picture's variance (in squared grey levels), so that a blank one stays finite."""
SQUEEZE = 8  # by how much the gates narrow the channels

Body = tuple[nn.Module, int]
"""A network without its last layer, and the channels that come out of it."""


class Standardised(nn.Module):
    """Each picture with mean 0 and variance 1: light and contrast of the film do not matter."""

    def forward(self, pictures: Tensor) -> Tensor:
        pictures = pictures - pictures.mean((1, 2, 3), keepdim=True)
        variance = (pictures * pictures).mean((1, 2, 3), keepdim=True)
        return pictures * torch.rsqrt(variance + EPSILON)


class Network(nn.Module):
    """Pictures (n, channels, side, side) float32 0..255 in, logits (n, heads, classes) out."""

    def __init__(self, body: Body, heads: int, classes: int, recipe: Recipe) -> None:
        super().__init__()
        self.shape = (heads, classes)
        first = [recipe.first, 1 - recipe.first] if heads == 2 else [1 / heads] * heads
        self.shares = torch.tensor(first)  # of each head in the answer
        self.standard = Standardised()
        self.body, width = body
        self.dropout = nn.Dropout2d(recipe.dropout)
        self.head = nn.Conv2d(width, heads * classes, 1)

    def forward(self, pictures: Tensor) -> Tensor:
        return self.in_a_row(pictures).unflatten(1, self.shape)

    def in_a_row(self, pictures: Tensor) -> Tensor:
        """The logits of all heads: (n, heads * classes)."""
        # The head before the mean, which is the same: TFLite then needs neither dense nor reshape.
        places: Tensor = self.head(self.dropout(self.body(self.standard(pictures))))
        return places.mean((2, 3))

    def answer(self, logits: Tensor) -> Tensor:
        """Of logits (n, heads, classes): (n, classes)."""
        return (logits * self.shares.to(logits.device)[:, None]).sum(1)


def build(recipe: Recipe, heads: int, classes: int) -> Network:
    """The network of `recipe`, with random weights."""
    network = Network(BODIES[recipe.network](COLOURS[recipe.colour]), heads, classes, recipe)
    network.to(memory_format=torch.channels_last)
    return network


class ConvNorm(nn.Module):
    """A convolution, padded as TensorFlow's "same" pads even sides, and a norm."""

    def __init__(self, taken: int, width: int, kernel: int = 3, stride: int = 1) -> None:
        super().__init__()
        total = max(0, kernel - stride) if stride > 1 else kernel - 1
        self.edges: tuple[int, ...] | None = (total // 2, total - total // 2) * 2
        self.conv = nn.Conv2d(taken, width, kernel, stride, bias=False)
        if self.edges[0] == self.edges[1]:
            self.conv.padding, self.edges = (total // 2, total // 2), None
        self.norm = nn.BatchNorm2d(width, eps=1e-3)
        nn.init.kaiming_normal_(self.conv.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x: Tensor) -> Tensor:
        x = nn.functional.pad(x, self.edges) if self.edges else x
        normed: Tensor = self.norm(self.conv(x))
        return normed

    def even_out(self) -> None:
        """Pad alike on all sides, and begin the kernel with zeros: the same, and exporters know
        it."""
        if self.edges:
            weight = nn.functional.pad(self.conv.weight.data, (1, 0, 1, 0))
            self.conv.weight, self.conv.padding = nn.Parameter(weight), (self.edges[1],) * 2
            self.edges = None


class Block(nn.Module):
    """Two convolutions, a gate (squeeze and excite), and a shortcut; `halves`: the size."""

    def __init__(self, taken: int, width: int, halves: bool) -> None:
        super().__init__()
        self.first = ConvNorm(taken, width, stride=2 if halves else 1)
        self.second = ConvNorm(width, width)
        nn.init.constant_(self.second.norm.weight, 0.5)  # a new block changes little
        self.narrow = nn.Conv2d(width, width // SQUEEZE, 1)
        self.widen = nn.Conv2d(width // SQUEEZE, width, 1)
        self.pool = nn.AvgPool2d(2) if halves else nn.Identity()
        same = not halves and taken == width
        self.shortcut = nn.Identity() if same else ConvNorm(taken, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        y = self.second(torch.relu(self.first(x)))
        mean = y.mean((2, 3), keepdim=True)
        gate = torch.sigmoid(self.widen(torch.relu(self.narrow(mean))))
        return torch.relu(self.shortcut(self.pool(x)) + y * gate)


def residual(stem: int, widths: tuple[int, ...], depths: tuple[int, ...], halved: bool) -> Make:
    """Residual blocks of 3x3 convolutions with gates, each stage at half the size of the one
    before; `halved`: a stem of 5x5 places halves the size, and the first stage keeps it."""

    def make(channels: int) -> Body:
        first = (channels, stem, 5, 2) if halved else (channels, stem)
        layers: dict[str, nn.Module] = {"stem": ConvNorm(*first), "relu": nn.ReLU()}
        taken = stem
        for stage, (width, depth) in enumerate(zip(widths, depths, strict=True)):
            for i in range(depth):
                halves = i == 0 and (stage > 0 or not halved)
                layers[f"stage{stage}_block{i}"] = Block(taken, width, halves)
                taken = width
        return nn.Sequential(OrderedDict(layers)), taken

    return make


def resnet18(channels: int) -> Body:
    """ResNet-18 (K. He et al., 2015), torchvision's, without its pooling: pictures are small."""
    whole = models.resnet18(weights=None)
    whole.conv1 = nn.Conv2d(channels, 64, 7, 2, 3, bias=False)
    kept = [one for one in whole.named_children() if one[0] not in ("maxpool", "avgpool", "fc")]
    return nn.Sequential(OrderedDict(kept)), 512


def vgg16(channels: int) -> Body:
    """VGG16 (K. Simonyan and A. Zisserman, 2014), torchvision's with batch norms; a mean instead
    of the last pooling and the two layers of 4096."""
    features = models.vgg16_bn(weights=None).features[:-1]
    features[0] = nn.Conv2d(channels, 64, 3, padding=1)
    return nn.Sequential(OrderedDict(features=features)), 512


class Separable(nn.Module):
    """A module of mini-XCEPTION: two separable convolutions, and a shortcut."""

    def __init__(self, taken: int, width: int) -> None:
        super().__init__()
        first, second = (
            nn.Sequential(
                nn.Conv2d(n, n, 3, padding=1, groups=n, bias=False), ConvNorm(n, width, 1)
            )
            for n in (taken, width)
        )
        self.separable = nn.Sequential(first, nn.ReLU(), second, nn.MaxPool2d(3, 2, 1))
        self.shortcut = ConvNorm(taken, width, 1, 2)

    def forward(self, x: Tensor) -> Tensor:
        return torch.add(self.separable(x), self.shortcut(x))


def mini_xception(channels: int) -> Body:
    """mini-XCEPTION (O. Arriaga, M. Valdenegro-Toro and P. Ploeger, 2017)."""
    stem = [ConvNorm(channels, 8), nn.ReLU(), ConvNorm(8, 8), nn.ReLU()]
    modules = [Separable(*widths) for widths in pairwise((8, 16, 32, 64, 128))]
    return nn.Sequential(*stem, *modules), 128


def elu6(channels: int) -> Body:
    """Six 3x3 convolutions with ELU (512, 256, 128, 128, 256, 512), pooled after each second."""
    layers: list[nn.Module] = []
    for i, widths in enumerate(pairwise((channels, 512, 256, 128, 128, 256, 512))):
        pooled = [nn.MaxPool2d(2), nn.Dropout(0.25)] if i % 2 else []
        layers += [ConvNorm(*widths), nn.ELU(), *pooled]
    return nn.Sequential(*layers), 512


Make = Callable[[int], Body]
BODIES: dict[str, Make] = {
    "residual": residual(32, (32, 64, 128), (1, 2, 2), halved=True),
    "wide": residual(32, (48, 96, 160), (1, 2, 2), halved=True),
    "small": residual(16, (32, 48, 64), (1, 2, 2), halved=False),
    "tiny": residual(8, (16, 32), (1, 1), halved=False),
    **{"resnet18": resnet18, "vgg16": vgg16, "mini-xception": mini_xception, "elu6": elu6},
}
"""From channels of pictures to a body."""
