"""A network that learns: its weights, their average, the optimiser, the loss, one epoch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from videmo.errors import RequestError, SetupError
from videmo.training.augment import varied
from videmo.training.dataset import Examples
from videmo.training.networks import Network, build
from videmo.training.recipe import Recipe

AT_ONCE = 256  # pictures that are answered together


class Batches(Dataset[Any]):
    """One epoch, shuffled and varied by the recipe's seed and the epoch's number alone: a resumed
    training sees what an uninterrupted one would have seen."""

    def __init__(self, train: Examples, lessons: np.ndarray | None, recipe: Recipe, epoch: int):
        chance = np.random.default_rng([recipe.seed, epoch])
        order = chance.permutation(len(train.images))
        self.parts = np.array_split(order, math.ceil(len(order) / recipe.batch))
        self.seeds = chance.integers(2**62, size=len(self.parts))
        done = epoch / max(1, recipe.epochs - 1)
        self.images = train.images
        self.variety = recipe.variety.weakened(1 - done * (1 - recipe.calm))
        self.said = [one for one in (train.targets, lessons) if one is not None]

    def __len__(self) -> int:
        return len(self.parts)

    def __getitem__(self, i: int) -> list[Tensor]:
        chance = torch.Generator().manual_seed(int(self.seeds[i]))
        pictures = varied(as_tensor(self.images[self.parts[i]]), self.variety, chance)
        return [pictures, *(torch.from_numpy(one[self.parts[i]]) for one in self.said)]


class Learner:
    """All that an interrupted training needs to go on exactly as it would have gone."""

    KEPT = ("network", "averaged", "optimiser")

    def __init__(self, recipe: Recipe, train: Examples, lessons: np.ndarray | None, device: str):
        self.recipe, self.train, self.lessons, self.device = recipe, train, lessons, device
        self.half, shape = has_bfloat16(device), train.targets.shape[1:]
        self.network, self.averaged = (build(recipe, *shape).to(device) for _ in range(2))
        self.averaged.eval()
        self.begin_from({})
        counts = np.maximum(train.targets.sum(axis=0), 0.5)
        frequent = recipe.balance * np.log(counts / counts.sum(axis=1, keepdims=True))
        self.frequent = torch.from_numpy(frequent.astype(np.float32)).to(device)
        self.step, self.steps = 0, recipe.epochs * len(Batches(train, None, recipe, 0))
        weights = list(self.network.parameters())
        groups = [  # only the weights of convolutions decay, not biases and norms
            {"params": [w for w in weights if w.ndim == 4], "weight_decay": recipe.decay},
            {"params": [w for w in weights if w.ndim != 4], "weight_decay": 0.0},
        ]
        how: dict[str, Any] = {"betas": (recipe.momentum, 0.999)}
        if recipe.optimiser == "sgd":
            how = {"momentum": recipe.momentum, "nesterov": True}
        kinds = {"sgd": torch.optim.SGD, "adamw": torch.optim.AdamW}
        self.optimiser = kinds[recipe.optimiser](groups, lr=recipe.rate, **how)

    def begin_from(self, weights: dict[str, Tensor]) -> None:
        """Take over other weights; what is not among them stays."""
        self.network.load_state_dict(self.network.state_dict() | weights)
        self.averaged.load_state_dict(self.network.state_dict())

    def epoch(self, number: int, drops: int, workers: int) -> dict[str, float]:
        """Learn from all pictures once; what was met."""
        batches = Batches(self.train, self.lessons, self.recipe, number)
        loader = DataLoader(batches, None, num_workers=workers, generator=torch.Generator())
        self.network.train()
        met, now = [], 0.0
        for batch in loader:
            now = rate(self.step, self.steps, self.recipe, drops)
            for group in self.optimiser.param_groups:
                group["lr"] = now
            met.append(self._learn(*(one.to(self.device) for one in batch)))
        loss, right, known = np.sum(met, axis=0).tolist()
        if not math.isfinite(loss):
            raise RequestError("the loss is no number any more: begin anew with a lower --rate")
        accuracy = right / max(1, known)
        return {"rate": now, "train_loss": loss / len(met), "train_accuracy": accuracy}

    def _learn(self, pictures: Tensor, targets: Tensor, *lessons: Tensor) -> list[float]:
        """A step; its loss, how many answers were right, and of how many that is known."""
        self.optimiser.zero_grad()
        with torch.autocast(self.device, torch.bfloat16, enabled=self.half):
            logits = self.network(pictures.to(memory_format=torch.channels_last))
        logits = logits.float()
        loss = self.loss(logits, targets, *lessons)
        loss.backward()
        self.optimiser.step()
        self.step += 1
        self._average()
        known = targets[:, 0].sum(1) > 0
        right = self.network.answer(logits).argmax(1) == targets[:, 0].argmax(1)
        return [loss.item(), (right & known).sum().item(), known.sum().item()]

    def loss(self, logits: Tensor, targets: Tensor, lessons: Tensor | None = None) -> Tensor:
        """Of `logits` and `targets` (n, heads, classes), and `lessons` (n, classes).

        Labels are learnt with the log of their frequency added to the logits, so that the logits
        themselves answer as if all labels were equally frequent; teachers speak of that answer.
        """
        recipe, known = self.recipe, targets.sum(2, keepdim=True)
        targets = targets * (1 - recipe.smoothing) + known * recipe.smoothing / targets.shape[2]
        said = (logits + self.frequent).log_softmax(2)
        each = -(targets * said).sum((0, 2)) / known.sum((0, 2)).clamp(min=1)
        loss = (each * self.network.shares.to(each.device)).sum()
        if lessons is None:
            return loss
        of_teachers = -(lessons * self.network.answer(logits).log_softmax(1)).sum(1).mean()
        return (1 - recipe.distil) * loss + recipe.distil * of_teachers

    @torch.no_grad()
    def _average(self) -> None:
        # At first the average must not remember the random beginning for long.
        keep = min(self.recipe.average, (1 + self.step) / (10 + self.step))
        new = self.network.state_dict()
        for name, value in self.averaged.state_dict().items():
            if value.is_floating_point():
                value.lerp_(new[name], 1 - keep)

    def state(self) -> dict[str, Any]:
        random = [torch.get_rng_state(), torch.cuda.get_rng_state_all()]
        kept = {name: getattr(self, name).state_dict() for name in self.KEPT}
        return {**kept, "step": self.step, "random": random}

    def go_on_from(self, state: dict[str, Any]) -> None:
        for name in self.KEPT:
            getattr(self, name).load_state_dict(state[name])
        self.step = state["step"]
        torch.set_rng_state(state["random"][0])
        torch.cuda.set_rng_state_all(state["random"][1])


def as_tensor(images: np.ndarray) -> Tensor:
    """(n, side, side, channels) uint8 as PyTorch wants it."""
    return torch.from_numpy(np.ascontiguousarray(images.transpose(0, 3, 1, 2)))


@torch.no_grad()
def logits_of(network: Network, images: np.ndarray) -> np.ndarray:
    """What it answers, (n, classes)."""
    device = next(network.parameters()).device
    parts = as_tensor(images).split(AT_ONCE)
    found = [network.answer(network(part.to(device).float())).cpu() for part in parts]
    return np.asarray(torch.cat(found).numpy())


def find_device(name: str) -> str:
    """The device `name`; ``auto`` is a GPU if there is one; SetupError where there is none."""
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    there["cpu"] = True
    name = next(n for n in there if there[n]) if name == "auto" else name
    if not there[name]:
        raise SetupError(f"PyTorch finds no device {name}; use --device cpu, or install its build")
    torch.backends.cudnn.deterministic = True  # the same weights again
    return name


def has_bfloat16(device: str) -> bool:
    """Whether `device` computes in bfloat16; where it must be imitated, it is 10 times slower."""
    if device == "cuda":
        return bool(torch.cuda.get_device_capability() >= (8, 0))
    there = getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)
    return device == "cpu" and bool(there())


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
    waited = len(history) - 1 - list(history).index(max(history)) if history else 0
    return len(history) >= recipe.epochs or 0 < recipe.patience <= waited
