"""A drawn network as a PyTorch module: the one that is trained."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from videmo.training.network.drawing import BATCH_NORM_EPSILON, GREY_EPSILON, Network, Step


def build(network: Network, dropout: float = 0.0) -> Module:
    """`network`: ``(n, 1, side, side)`` float32 grey 0..255 in, ``(n, classes)`` logits out."""
    return Module(network, dropout).to(memory_format=torch.channels_last)


class Module(nn.Module):
    """Runs the steps; its weights bear their names."""

    def __init__(self, network: Network, dropout: float) -> None:
        super().__init__()
        self.network = network
        self.last_use = _last_uses(network)
        for step in network.steps:
            layer = _layer(step, dropout)
            if layer is not None:
                _place(self, step.name, layer)

    def forward(self, grey: torch.Tensor) -> torch.Tensor:
        kept = {"picture": standardised(grey)}
        for i, step in enumerate(self.network.steps):
            inputs = [kept[name] for name in step.inputs]
            for name in step.inputs:
                if self.last_use[name] == i:
                    del kept[name]
            kept[step.name] = self._run(step, inputs)
        last = kept[self.network.result]
        return last.flatten(1) if last.shape[-1] == 1 else last.mean((2, 3))

    def _run(self, step: Step, inputs: list[torch.Tensor]) -> torch.Tensor:
        x = inputs[0]
        if step.kind in PLAIN:
            return PLAIN[step.kind](*inputs)
        if step.kind == "resize":
            return functional.interpolate(x, (step.side, step.side), mode="bilinear")
        if step.kind == "maximum":
            return functional.max_pool2d(_padded(x, step, -torch.inf), step.kernel, step.stride)
        if step.kind in ("conv", "depthwise"):
            x = _padded(x, step, 0.0)
        return self.get_submodule(step.name)(x)


PLAIN = {
    "relu": torch.relu,
    "relu6": functional.relu6,
    "elu": functional.elu,
    "sigmoid": torch.sigmoid,
    "average": lambda x: functional.avg_pool2d(x, 2),
    "mean": lambda x: x.mean((2, 3), keepdim=True),
    "add": lambda x, y: x + y,
    "multiply": lambda x, y: x * y,
    "concat": lambda *several: torch.cat(several, 1),
}


def standardised(grey: torch.Tensor) -> torch.Tensor:
    """Each picture with mean 0 and variance 1: light and contrast of the film do not matter."""
    grey = grey - grey.mean((1, 2, 3), keepdim=True)
    return grey * torch.rsqrt(grey.square().mean((1, 2, 3), keepdim=True) + GREY_EPSILON)


def _layer(step: Step, dropout: float) -> nn.Module | None:
    if step.kind == "dropout":
        return nn.Dropout(dropout if step.share is None else step.share)
    if step.kind == "norm":
        norm = nn.BatchNorm2d(step.channels, eps=BATCH_NORM_EPSILON)
        if step.silent:
            nn.init.zeros_(norm.weight)
        return norm
    if step.kind == "prelu":
        return nn.PReLU(step.channels)
    if step.kind not in ("conv", "depthwise"):
        return None
    conv = nn.Conv2d(
        *(step.taken, step.channels, step.kernel, step.stride),
        padding=step.pad[0] if step.pad[0] == step.pad[1] else 0,
        groups=step.groups,
        bias=step.bias,
    )
    if step.weighed_mean:
        nn.init.constant_(conv.weight, step.kernel**-2)  # a weighed mean begins as a plain one
    elif not step.bias and step.kind == "conv":
        nn.init.kaiming_normal_(conv.weight, mode="fan_out", nonlinearity="relu")
    return conv


def _padded(x: torch.Tensor, step: Step, value: float) -> torch.Tensor:
    """TensorFlow's "same" puts the odd row and column at the end; PyTorch's layers cannot."""
    before, after = step.pad
    if before == after and step.kind != "maximum":
        return x  # the layer pads
    if before == after == 0:
        return x
    return functional.pad(x, (before, after, before, after), value=value)


def _place(module: nn.Module, name: str, layer: nn.Module) -> None:
    """Put `layer` where its dotted name says, so that the weights are called by it."""
    *parents, last = name.split(".")
    for parent in parents:
        if parent not in dict(module.named_children()):
            module.add_module(parent, nn.Module())
        module = module.get_submodule(parent)
    module.add_module(last, layer)


def _last_uses(network: Network) -> dict[str, int]:
    return {name: i for i, step in enumerate(network.steps) for name in step.inputs}
