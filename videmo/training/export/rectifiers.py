"""PReLUs whose slopes have faded to 0, written as the plain rectifiers that they have become.

A runtime computes a rectifier within the convolution before it; a PReLU is a step of its own.
"""

from __future__ import annotations

from dataclasses import replace

from videmo.training.weights import Trained


def rectified(trained: Trained) -> Trained:
    """`trained`, with a rectifier for each PReLU of which all slopes are 0; it says the same."""
    faded = {
        step.name
        for step in trained.network.steps
        if step.kind == "prelu" and not trained.arrays[f"{step.name}.weight"].any()
    }
    steps = [
        step._replace(kind="relu") if step.name in faded else step for step in trained.network.steps
    ]
    gone = {f"{name}.weight" for name in faded}
    return replace(
        trained,
        network=replace(trained.network, steps=tuple(steps)),
        arrays={name: array for name, array in trained.arrays.items() if name not in gone},
    )
