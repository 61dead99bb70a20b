"""What the networks look like, for PyTorch (which trains) and Keras (which exports) alike.

A network is a `Plan`: a stem at full size, then stages of residual blocks, each stage at half
the size of the one before. All layers are plain convolutions: no dense layer and no reshape, so
that the exported file runs with any batch size and on old runtimes. Its two builders are
`network_torch.build` and `network_keras.build`; layers have the same names in both.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple


class Block(NamedTuple):
    """One residual block: two 3x3 convolutions, a squeeze-and-excite gate, and a shortcut."""

    name: str
    inputs: int
    outputs: int
    halves: bool
    """Whether it halves width and height."""

    @property
    def projects(self) -> bool:
        """Whether the shortcut needs a convolution of its own."""
        return self.halves or self.inputs != self.outputs


@dataclass(frozen=True)
class Plan:
    """One architecture."""

    stem: int
    """Channels after the first convolution."""
    widths: tuple[int, ...]
    """Channels of each stage."""
    depths: tuple[int, ...]
    """Blocks of each stage."""
    squeeze: int = 8
    """By how much the gates narrow the channels."""

    def blocks(self) -> Iterator[Block]:
        """The residual blocks, in order."""
        inputs = self.stem
        for stage, (width, depth) in enumerate(zip(self.widths, self.depths, strict=True)):
            for i in range(depth):
                yield Block(f"stage{stage}_block{i}", inputs, width, halves=i == 0)
                inputs = width


NETWORKS = {
    "small": Plan(stem=16, widths=(32, 48, 64), depths=(1, 2, 2)),
    "deep": Plan(stem=16, widths=(24, 48, 64), depths=(2, 2, 2)),
    "tiny": Plan(stem=8, widths=(8, 16), depths=(1, 1)),
}
"""The networks that a recipe may name; ``tiny`` is for tests."""

BATCH_NORM_EPSILON = 1e-3
GREY_EPSILON = 1.0
"""Added to a picture's variance (in squared grey levels), so that a blank one stays finite."""
