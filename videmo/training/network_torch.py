"""A `Plan` as a PyTorch module: the one that is trained."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from videmo.schema import EMOTIONS
from videmo.training.network import BATCH_NORM_EPSILON, GREY_EPSILON, Block, Plan


def build(plan: Plan, dropout: float = 0.0) -> nn.Module:
    """The network of `plan`: ``(n, 1, 48, 48)`` float32 grey 0..255 in, ``(n, 7)`` logits out."""
    return Network(plan, dropout).to(memory_format=torch.channels_last)


class Network(nn.Module):
    def __init__(self, plan: Plan, dropout: float) -> None:
        super().__init__()
        self.stem = ConvNorm(1, plan.stem)
        blocks = list(plan.blocks())
        self.blocks = nn.ModuleDict({b.name: Residual(b, plan.squeeze) for b in blocks})
        self.head = nn.Conv2d(blocks[-1].outputs, len(EMOTIONS), 1)
        self.dropout = nn.Dropout(dropout)

    def forward(self, grey: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.stem(standardised(grey)))
        for block in self.blocks.values():
            x = block(x)
        # The exported network pools after the head: the same, as both are linear.
        x = self.dropout(x.mean((2, 3), keepdim=True))
        return self.head(x).flatten(1)


class ConvNorm(nn.Module):
    """A convolution padded as TensorFlow pads, and its batch normalisation."""

    def __init__(self, inputs: int, outputs: int, *, kernel: int = 3, stride: int = 1) -> None:
        super().__init__()
        padding = kernel // 2 if stride == 1 else 0
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False)
        self.norm = nn.BatchNorm2d(outputs, eps=BATCH_NORM_EPSILON)
        nn.init.kaiming_normal_(self.conv.weight, mode="fan_out", nonlinearity="relu")
        self.stride = stride

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.stride == 2:
            # TensorFlow's "same" puts the odd row and column at the end.
            x = functional.pad(x, (0, 1, 0, 1))
        return self.norm(self.conv(x))


class Gate(nn.Module):
    """Squeeze and excite: each channel is scaled by what all channels say on average."""

    def __init__(self, channels: int, squeeze: int) -> None:
        super().__init__()
        self.narrow = nn.Conv2d(channels, channels // squeeze, 1)
        self.widen = nn.Conv2d(channels // squeeze, channels, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        mean = x.mean((2, 3), keepdim=True)
        return x * torch.sigmoid(self.widen(torch.relu(self.narrow(mean))))


class Residual(nn.Module):
    def __init__(self, block: Block, squeeze: int) -> None:
        super().__init__()
        self.first = ConvNorm(block.inputs, block.outputs, stride=2 if block.halves else 1)
        self.second = ConvNorm(block.outputs, block.outputs)
        # The last layer before the sum begins at 0: a new block changes nothing.
        nn.init.zeros_(self.second.norm.weight)
        self.gate = Gate(block.outputs, squeeze)
        self.shortcut = ConvNorm(block.inputs, block.outputs, kernel=1) if block.projects else None
        self.halves = block.halves

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.gate(self.second(torch.relu(self.first(x))))
        if self.halves:
            x = functional.avg_pool2d(x, 2)
        if self.shortcut is not None:
            x = self.shortcut(x)
        return torch.relu(x + y)


def standardised(grey: torch.Tensor) -> torch.Tensor:
    """Each picture with mean 0 and variance 1: light and contrast of the film do not matter."""
    grey = grey - grey.mean((1, 2, 3), keepdim=True)
    return grey * torch.rsqrt(grey.square().mean((1, 2, 3), keepdim=True) + GREY_EPSILON)
