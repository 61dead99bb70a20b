"""A network being trained: its weights, their average, the optimiser, and where it is."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch.nn import functional

from videmo.training.dataset import Examples
from videmo.training.fit.batches import Batch, Batches, steps
from videmo.training.fit.device import autocast, moved, random_state, set_random_state
from videmo.training.fit.optimiser import freeze, optimiser_of
from videmo.training.fit.recorded import Recorded
from videmo.training.fit.schedule import faded, rate
from videmo.training.fit.teachers import Teacher, lessons
from videmo.training.network import in_torch
from videmo.training.network.drawing import Network
from videmo.training.recipe import Recipe

KEEP_EVERY = 300.0
"""Seconds after which a long epoch is kept half way."""

HEARD_AT_ONCE = 32
"""Steps whose losses and answers are fetched together: a GPU should not be waited for in each."""

Lessons = Sequence[torch.Tensor | None]
"""For each head ``(n, classes)``, or None where no teacher knows of it."""


@dataclass
class Epoch:
    """What was met in an epoch so far."""

    batches: int = 0
    pictures: int = 0
    loss: float = 0.0
    """Summed over batches."""
    confusion: list[list[int]] = field(default_factory=list)
    """Counts of what was shown (row, the strongest target) and what was answered (column)."""


class Training:
    """All that an interrupted training needs to go on exactly as it would have gone."""

    def __init__(
        self,
        network: Network,
        recipe: Recipe,
        train: Examples,
        *,
        device: torch.device,
        half: bool,
        teachers: Sequence[Teacher] = (),
    ) -> None:
        self.recipe, self.device, self.half = recipe, device, half
        self.heads = heads_of(network.classes, train)
        self.steps = steps(train, recipe)
        self.network = in_torch.build(network, recipe.dropout)
        self.averaged = in_torch.build(network).eval()
        self.averaged.load_state_dict(self.network.state_dict())
        self.network.to(device)
        self.averaged.to(device)
        self.teachers = [teacher.to(device) for teacher in teachers]
        self.weights = _class_weights(train.targets, recipe.loss_balance).to(device)
        self.still = freeze(self.network, recipe.frozen)
        self.optimiser = optimiser_of(self.network, recipe, fused=device.type == "cuda")
        self.slopes = list(zip(_slopes(self.network), _slopes(self.averaged), strict=True))
        self.pairs = self._averaged_pairs()
        self.work = self._arithmetic
        if device.type == "cuda":
            self.work = Recorded(self._arithmetic, self.network.parameters())
        self.step = 0
        self.current = Epoch()

    def teach(self, batches: Batches, epoch: int, drops: int, keep: Callable[[], None]) -> Epoch:
        """One epoch, or what is left of it; `keep` is called now and then to save the state."""
        self.network.train()
        for norm in self.still:
            norm.eval()
        current, kept = self.current, time.monotonic()
        first, classes = self.heads[0], self.heads[0].stop
        confusion = np.array(current.confusion or np.zeros((classes, classes)), np.int64)
        unheard: list[tuple[np.ndarray, torch.Tensor, torch.Tensor]] = []

        def hear() -> None:
            for truth, loss, answers in unheard:
                known = truth.any(axis=1)
                labels = truth[known].argmax(axis=1)
                np.add.at(confusion, (labels, answers.cpu().numpy()[known]), 1)
                current.loss += loss.item()
            current.confusion = confusion.tolist()
            unheard.clear()

        for batch in batches.epoch(epoch, first=current.batches):
            now = rate(self.step, self.steps, self.recipe, drops)
            for group in self.optimiser.param_groups:
                # Trainings kept by an older videmo do not say it.
                group["lr"] = now * group.get("times", 1.0)
            unheard.append((batch.targets[:, first], *self._learn(batch)))
            current.batches += 1
            current.pictures += len(batch.images)
            if len(unheard) == HEARD_AT_ONCE:
                hear()
            if time.monotonic() - kept >= KEEP_EVERY:
                hear()
                keep()
                kept = time.monotonic()
        hear()
        self.current = Epoch()
        return current

    def _learn(self, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        """A step; its loss, and what was answered ``(n,)``."""
        images = as_input(batch.images, self.device)
        if batch.order is not None:
            other = moved(batch.order, self.device)
            images = batch.kept * images + (1 - batch.kept) * images[other]
        targets = moved(batch.targets, self.device)
        loss, answers = self.work(images, targets, *self._lessons(images, batch.taught))
        self.optimiser.step()
        if self.recipe.fading:
            self._fade()
        self.step += 1
        self._average()
        return loss, answers

    def _lessons(self, images: torch.Tensor, taught: np.ndarray | None) -> Lessons:
        """What is to be said of `images`, by the teachers, for each head."""
        if taught is None:
            return self._lesson(images)
        return [
            moved(taught[:, h], self.device) if taught[:, h].any() else None for h in self.heads
        ]

    def _arithmetic(
        self, images: torch.Tensor, targets: torch.Tensor, *lesson: torch.Tensor | None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The loss and the answers, and new gradients in the network's weights."""
        self.network.zero_grad()
        with autocast(self.device, self.half):
            logits = self.network(images)
        logits = logits.float()
        loss = self._loss(logits, targets, lesson)
        loss.backward()
        return loss.detach(), logits.detach()[:, self.heads[0]].argmax(1)

    def _loss(
        self,
        logits: torch.Tensor,
        targets: torch.Tensor,
        lesson: Lessons,
    ) -> torch.Tensor:
        t, share = self.recipe.temperature, self.recipe.distil
        losses = []
        for head, taught in zip(self.heads, lesson, strict=True):
            loss = self._loss_of_labels(logits[:, head], targets[:, head])
            if taught is not None:
                of_teachers = functional.cross_entropy(logits[:, head] / t, taught) * t**2
                loss = (1 - share) * loss + share * of_teachers
            losses.append(loss)
        if len(losses) == 1:
            return losses[0]
        return (1 - self.recipe.second) * losses[0] + self.recipe.second * losses[1]

    def _loss_of_labels(self, logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """The mean over pictures; rows of zeros among `targets` add nothing."""
        if self.recipe.loss_balance:
            return -(targets * self.weights * logits.log_softmax(1)).sum(1).mean()
        return functional.cross_entropy(logits, targets)

    @torch.no_grad()
    def _lesson(self, images: torch.Tensor) -> Lessons:
        """What the teachers say of `images`, for each head."""
        with autocast(self.device, self.half):
            return lessons(self.teachers, images, self.heads, self.recipe.temperature)

    def scores(self, images: np.ndarray) -> np.ndarray:
        """What the averaged network says of `images`: ``(n, classes)``."""
        mirrored = self.recipe.mirrored
        return scores_of(self.averaged, images, self.device, self.heads[0], mirrored=mirrored)

    @torch.no_grad()
    def _fade(self) -> None:
        # The averaged ones too: an average of what goes to 0 gets there only in the end of time.
        left = faded(self.step, self.steps, self.recipe)
        torch._foreach_mul_([slope for pair in self.slopes for slope in pair], left)

    @torch.no_grad()
    def _average(self) -> None:
        # At first the average must not remember the random beginning for long.
        keep = min(self.recipe.average, (1 + self.step) / (10 + self.step))
        averaged, new = self.pairs
        torch._foreach_lerp_(averaged, new, 1 - keep)

    def _averaged_pairs(self) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
        """The averaged weights, and those that they are the averages of; norms' memories too."""
        new = self.network.state_dict()
        pairs = [(v, new[n]) for n, v in self.averaged.state_dict().items()]
        pairs = [pair for pair in pairs if pair[0].is_floating_point()]
        return [pair[0] for pair in pairs], [pair[1] for pair in pairs]

    def state(self) -> dict:
        return {
            "step": self.step,
            "half": self.half,
            "current": vars(self.current),
            "network": self.network.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "random": random_state(self.device),
        }

    def go_on_from(self, state: dict) -> None:
        self.step, self.half = state["step"], state["half"]
        self.current = Epoch(**state["current"])
        self.network.load_state_dict(state["network"])
        self.averaged.load_state_dict(state["averaged"])
        self.optimiser.load_state_dict(state["optimiser"])
        set_random_state(self.device, state["random"])

    def begin_from(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Take over the weights of another training; those not named stay random."""
        load(self.network, arrays)
        self.averaged.load_state_dict(self.network.state_dict())

    def packed(self) -> bytes:
        """The averaged weights as an npz file, by name."""
        state = self.averaged.state_dict()
        arrays = {k: v.cpu().numpy() for k, v in state.items() if v.is_floating_point()}
        buffer = io.BytesIO()
        np.savez(buffer, **arrays)
        return buffer.getvalue()


def load(module: torch.nn.Module, arrays: Mapping[str, np.ndarray]) -> None:
    """Give `module` the weights `arrays`, by name; ValueError where one does not fit."""
    state = module.state_dict()
    for name, array in arrays.items():
        if name not in state or tuple(state[name].shape) != array.shape:
            raise ValueError(f"{name} {array.shape} does not fit")
        state[name] = torch.from_numpy(np.ascontiguousarray(array))
    module.load_state_dict(state)


@torch.no_grad()
def scores_of(
    module: torch.nn.Module,
    images: np.ndarray,
    device: torch.device,
    head: slice = slice(None),
    *,
    mirrored: bool = False,
) -> np.ndarray:
    """The scores of `images` ``(n, side, side)`` uint8: ``(n, classes)`` float32.

    `head` says which outputs are wanted, where the network has several heads.
    """
    found = []
    for start in range(0, len(images), 256):
        part = as_input(images[start : start + 256], device)
        logits = module(part)[:, head]
        if mirrored:
            logits = (logits + module(part.flip(3))[:, head]) / 2
        found.append(logits.softmax(1).cpu().numpy())
    return np.concatenate(found)


def as_input(images: np.ndarray, device: torch.device) -> torch.Tensor:
    return moved(images, device)[:, None].float()


def heads_of(outputs: int, examples: Examples) -> tuple[slice, ...]:
    """Which of a network's `outputs` belong to each kind of labels, the first kind first."""
    classes = examples.targets.shape[1]
    return tuple(slice(start, start + classes) for start in range(0, outputs, classes))


def _slopes(module: torch.nn.Module) -> list[torch.Tensor]:
    """The slopes of its PReLUs."""
    return [m.weight for m in module.modules() if isinstance(m, torch.nn.PReLU)]


def _class_weights(targets: np.ndarray, power: float) -> torch.Tensor:
    """``(classes,)``, of mean 1 over the pictures."""
    shares = np.maximum(targets.mean(axis=0), 1 / len(targets))
    weights = shares**-power
    return torch.from_numpy((weights / (weights * shares).sum()).astype(np.float32))
