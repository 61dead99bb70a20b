"""Networks that teach: what they are shown, and what is learnt from them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch.nn import functional


class Teacher(torch.nn.Module):
    """A trained network that is shown pictures of any size, and sees them at its own."""

    def __init__(self, network: torch.nn.Module, side: int, heads: tuple[int, ...]) -> None:
        super().__init__()
        self.network, self.side = network, side
        self.heads = heads
        """Of which of the learner's heads its outputs know, in their order."""
        self.requires_grad_(False).eval()

    def forward(self, grey: torch.Tensor) -> torch.Tensor:
        if grey.shape[-1] != self.side:
            size = (self.side, self.side)
            grey = functional.interpolate(grey, size, mode="bilinear", antialias=True)
        return self.network(grey)


def lessons(
    teachers: Sequence[Teacher],
    grey: torch.Tensor,
    heads: Sequence[slice],
    temperature: float,
) -> list[torch.Tensor | None]:
    """For each head ``(n, classes)``: the mean of the evened-out scores of those who know of it.

    `grey` ``(n, 1, side, side)`` is what the teachers are shown. None where none knows of a head.
    """
    said = [teacher(grey).float() for teacher in teachers]
    found: list[torch.Tensor | None] = []
    for number, head in enumerate(heads):
        classes = head.stop - head.start
        known = []
        for teacher, logits in zip(teachers, said, strict=True):
            if number in teacher.heads:
                start = classes * teacher.heads.index(number)
                known.append((logits[:, start : start + classes] / temperature).softmax(1))
        found.append(torch.stack(known).mean(0) if known else None)
    return found
