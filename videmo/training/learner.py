"""A network that learns: its weights, their average, the optimiser, the loss, one epoch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from videmo.training.augment import varied
from videmo.training.dataset import Examples
from videmo.training.networks import build
from videmo.training.recipe import Recipe

AT_ONCE = 256
"""Pictures that are answered at once."""


class Batches(Dataset[Any]):
    """One epoch, shuffled and varied by the recipe's seed and the epoch's number alone: a resumed
    training sees what an uninterrupted one would have seen."""

    def __init__(
        self, examples: Examples, lessons: np.ndarray | None, recipe: Recipe, epoch: int
    ) -> None:
        chance = np.random.default_rng([recipe.seed, epoch])
        order = chance.permutation(len(examples))
        self.parts = np.array_split(order, math.ceil(len(order) / recipe.batch))
        self.seeds = chance.integers(2**62, size=len(self.parts))
        self.examples, self.lessons, self.recipe = examples, lessons, recipe

    def __len__(self) -> int:
        return len(self.parts)

    def __getitem__(self, i: int) -> tuple[Tensor, ...]:
        part = self.parts[i]
        chance = torch.Generator().manual_seed(int(self.seeds[i]))
        pictures = varied(as_tensor(self.examples.images[part]), self.recipe.variety, chance)
        targets = torch.from_numpy(self.examples.targets[part])
        if self.lessons is None:
            return pictures, targets
        return pictures, targets, torch.from_numpy(self.lessons[part])


class Learner:
    """All that an interrupted training needs to go on exactly as it would have gone."""

    def __init__(
        self, recipe: Recipe, train: Examples, lessons: np.ndarray | None, device: torch.device
    ) -> None:
        self.recipe, self.train, self.lessons, self.device = recipe, train, lessons, device
        self.half = has_bfloat16(device)
        heads, classes = train.targets.shape[1:]
        self.network = build(recipe, heads, classes).to(device)
        self.averaged = build(recipe, heads, classes).eval().to(device)
        self.averaged.load_state_dict(self.network.state_dict())
        self.priors = priors(train.targets, recipe.balance).to(device)
        self.optimiser = _optimiser(self.network, recipe)
        self.step = 0
        self.steps = recipe.epochs * len(Batches(train, None, recipe, 0))

    def epoch(self, number: int, drops: int, workers: int) -> tuple[float, float, float]:
        """Learn from all pictures once; the last rate, the mean loss, and the accuracy."""
        batches = Batches(self.train, self.lessons, self.recipe, number)
        loader = DataLoader(batches, None, num_workers=workers, generator=torch.Generator())
        self.network.train()
        loss, right, known, now = 0.0, 0, 0, 0.0
        for pictures, targets, *lessons in loader:
            now = rate(self.step, self.steps, self.recipe, drops)
            for group in self.optimiser.param_groups:
                group["lr"] = now
            of_batch, answers = self._learn(
                *(x.to(self.device) for x in (pictures, targets, *lessons))
            )
            first = targets[:, 0]
            sure = first.sum(1) > 0
            right += int((answers.cpu() == first.argmax(1))[sure].sum())
            known += int(sure.sum())
            loss += float(of_batch)
        return now, loss / len(batches), right / max(1, known)

    def _learn(self, pictures: Tensor, targets: Tensor, *lessons: Tensor) -> tuple[Tensor, Tensor]:
        """A step; its loss, and what was answered (n,)."""
        pictures = pictures.to(memory_format=torch.channels_last)
        self.optimiser.zero_grad()
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.half):
            logits = self.network(pictures)
        logits = logits.float()
        loss = self.loss(logits, targets, *lessons)
        loss.backward()
        self.optimiser.step()
        self.step += 1
        self._average()
        return loss.detach(), logits.detach().mean(1).argmax(1)

    def loss(self, logits: Tensor, targets: Tensor, lessons: Tensor | None = None) -> Tensor:
        """Of `logits` and `targets` (n, heads, classes), and `lessons` (n, classes).

        Labels are learnt with the log of their frequency added to the logits, so that the logits
        themselves answer as if all labels were equally frequent; teachers speak of that answer.
        """
        recipe, known = self.recipe, targets.sum(2, keepdim=True)
        targets = targets * (1 - recipe.smoothing) + known * recipe.smoothing / targets.shape[2]
        said = (logits + self.priors).log_softmax(2)
        loss = -(targets * said).sum() / known.sum().clamp(min=1)
        if lessons is None:
            return loss
        answer = logits.mean(1).log_softmax(1)
        of_teachers = -(lessons * answer).sum(1).mean()
        return (1 - recipe.distil) * loss + recipe.distil * of_teachers

    @torch.no_grad()
    def _average(self) -> None:
        # At first the average must not remember the random beginning for long.
        keep = min(self.recipe.average, (1 + self.step) / (10 + self.step))
        new = self.network.state_dict()
        for name, value in self.averaged.state_dict().items():
            if value.is_floating_point():
                value.lerp_(new[name], 1 - keep)

    def logits(self, images: np.ndarray) -> np.ndarray:
        """What the averaged network says of `images`, the mean of its heads: (n, classes)."""
        return logits_of(self.averaged, images, self.device)

    def begin_from(self, weights: dict[str, Tensor]) -> int:
        """Take over what fits of other weights; of how many tensors."""
        own = self.network.state_dict()
        fits = {n: v for n, v in weights.items() if n in own and own[n].shape == v.shape}
        self.network.load_state_dict({**own, **fits})
        self.averaged.load_state_dict(self.network.state_dict())
        return len(fits)

    def state(self) -> dict[str, Any]:
        cuda = torch.cuda.get_rng_state(self.device) if self.device.type == "cuda" else None
        return {
            "step": self.step,
            "network": self.network.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "random": {"cpu": torch.get_rng_state(), "cuda": cuda},
        }

    def go_on_from(self, state: dict[str, Any]) -> None:
        self.step = state["step"]
        for name in ("network", "averaged", "optimiser"):
            getattr(self, name).load_state_dict(state[name])
        torch.set_rng_state(state["random"]["cpu"])
        if self.device.type == "cuda" and state["random"]["cuda"] is not None:
            torch.cuda.set_rng_state(state["random"]["cuda"], self.device)


def as_tensor(images: np.ndarray) -> Tensor:
    """(n, side, side, channels) uint8 as PyTorch wants it."""
    return torch.from_numpy(np.ascontiguousarray(images.transpose(0, 3, 1, 2)))


@torch.no_grad()
def logits_of(network: torch.nn.Module, images: np.ndarray, device: torch.device) -> np.ndarray:
    """(n, classes), the mean of all heads."""
    found = [
        network(as_tensor(images[start : start + AT_ONCE]).to(device).float()).mean(1).cpu()
        for start in range(0, len(images), AT_ONCE)
    ]
    return np.asarray(torch.cat(found).numpy())


def has_bfloat16(device: torch.device) -> bool:
    """Whether `device` computes in bfloat16; where it must be imitated, it is 10 times slower."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    there = getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)
    return device.type == "cpu" and bool(there())


def priors(targets: np.ndarray, power: float) -> Tensor:
    """(heads, classes): the log of how frequent each label is in (n, heads, classes), times
    `power`."""
    counts = np.maximum(targets.sum(axis=0, dtype=np.float64), 0.5)
    shares = counts / counts.sum(axis=1, keepdims=True)
    return torch.from_numpy((power * np.log(shares)).astype(np.float32))


def _optimiser(network: torch.nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """Only the weights of convolutions decay, not biases and norms."""
    groups = [
        {"params": [p for p in network.parameters() if (p.ndim == 4) == wanted], "weight_decay": w}
        for w, wanted in ((recipe.decay, True), (0.0, False))
    ]
    if recipe.optimiser == "adamw":
        return torch.optim.AdamW(groups, lr=recipe.rate, betas=(recipe.momentum, 0.99))
    return torch.optim.SGD(groups, lr=recipe.rate, momentum=recipe.momentum, nesterov=True)


def rate(step: int, steps: int, recipe: Recipe, drops: int = 0) -> float:
    """The learning rate at `step` of `steps`: a linear warm-up, then down.

    As half a cosine to 0, or, by the recipe's ``plateau``, a part of it after each of `drops`.
    """
    warmup = steps * recipe.warmup / recipe.epochs
    if step < warmup:
        return recipe.rate * (step + 1) / (warmup + 1)
    if recipe.schedule == "plateau":
        return recipe.rate * recipe.drop**drops
    done = min(1.0, (step - warmup) / max(1.0, steps - warmup))
    return recipe.rate * (1 + math.cos(math.pi * done)) / 2


def plateaus(history: Sequence[float], recipe: Recipe) -> int:
    """How often the figures, one an epoch, did not get better for ``recipe.plateau`` epochs."""
    best, waited, drops = -math.inf, 0, 0
    for figure in history:
        waited = 0 if figure > best else waited + 1
        best = max(best, figure)
        if waited == recipe.plateau:
            waited, drops = 0, drops + 1
    return drops


def finished(history: Sequence[float], recipe: Recipe) -> bool:
    """Whether all epochs are done, or nothing got better for ``recipe.patience`` epochs."""
    if len(history) >= recipe.epochs:
        return True
    if not recipe.patience or not history:
        return False
    return len(history) - 1 - list(history).index(max(history)) >= recipe.patience
