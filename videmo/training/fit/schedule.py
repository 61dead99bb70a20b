"""How the learning rate goes, and when to stop: both follow from the history alone. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence

from videmo.training.recipe import Recipe


def rate(step: int, steps: int, recipe: Recipe, drops: int = 0) -> float:
    """The learning rate at `step` of `steps`: a linear warm-up, then down.

    As half a cosine to 0, or, by the recipe's ``plateau``, a part of it after each of `drops`.
    """
    warmup = steps * recipe.warmup / recipe.epochs
    if step < warmup:
        return recipe.rate * (step + 1) / warmup
    if recipe.schedule == "plateau":
        return recipe.rate * recipe.drop**drops
    done = min(1.0, (step - warmup) / max(1.0, steps - warmup))
    return recipe.rate * (1 + math.cos(math.pi * done)) / 2


def faded(step: int, steps: int, recipe: Recipe) -> float:
    """What is left of the slopes of PReLUs after `step` of `steps`, as a part of what they were
    before it: so they go straight to 0 in the recipe's ``fading`` epochs, and stay there."""
    end = steps * recipe.fading / recipe.epochs
    before, after = end - step, end - step - 1
    return max(after, 0.0) / before if before > 0 else 0.0


def plateaus(figures: Sequence[float], recipe: Recipe) -> int:
    """How often `figures`, one an epoch, did not get better for ``recipe.plateau`` epochs."""
    best, waited, drops = -math.inf, 0, 0
    for figure in figures:
        waited = 0 if figure > best else waited + 1
        best = max(best, figure)
        if waited == recipe.plateau:
            waited, drops = 0, drops + 1
    return drops


def finished(figures: Sequence[float], recipe: Recipe) -> bool:
    """Whether all epochs are done, or nothing got better for ``recipe.patience`` epochs."""
    if len(figures) >= recipe.epochs:
        return True
    if not recipe.patience or not figures:
        return False
    return len(figures) - 1 - figures.index(max(figures)) >= recipe.patience
