"""One epoch's pictures: balanced, shuffled, varied, and the same for any number of workers."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from typing import NamedTuple

import cv2
import numpy as np

from videmo.training.augment import Variety, varied, without_moves
from videmo.training.dataset import Examples
from videmo.training.fit.views import InFile, Views, labelled
from videmo.training.recipe import Recipe

AHEAD = 4
"""Batches made before they are wanted, for each worker."""


class Batch(NamedTuple):
    images: np.ndarray
    """``(n, side, side)`` uint8."""
    targets: np.ndarray
    """``(n, classes)`` float32; twice as wide where there is a second head; zero where the labels
    say nothing."""
    order: np.ndarray | None
    """Which picture is mixed into each; None: nothing is mixed."""
    kept: float
    """How much of each picture is left in the mixture."""
    taught: np.ndarray | None = None
    """As the targets: what the teachers say; None: they are to be asked."""


class Batches:
    """Makes batches, in a thread of this process or in `workers` others."""

    def __init__(
        self, examples: Examples, recipe: Recipe, views: Views | None = None, *, workers: int = 0
    ) -> None:
        self.recipe = recipe
        self.views = views
        heads = [part for part in (examples.targets, examples.second) if part is not None]
        self.targets = np.concatenate([smoothed(part, recipe.smoothing) for part in heads], axis=1)
        self.plain = examples.targets
        self.workers = max(1, workers)
        images: np.ndarray | InFile = examples.images
        variety = recipe.variety
        if views is not None:
            images, variety = views.images, without_moves(recipe.variety, recipe.moved_again)
        self.pool: Executor
        if workers and (views is None or isinstance(images, InFile)):
            # Not forked: the parent has the threads of PyTorch.
            context = get_context("spawn")
            self.pool = ProcessPoolExecutor(workers, context, _remember, (images, variety))
        else:
            self.pool = ThreadPoolExecutor(1, initializer=_remember, initargs=(images, variety))

    def close(self) -> None:
        self.pool.shutdown(cancel_futures=True)

    def epoch(self, number: int, *, first: int = 0) -> Iterator[Batch]:
        """The batches of epoch `number`, from batch `first` on.

        What comes depends on the recipe and the numbers alone, so that a resumed training sees what
        an uninterrupted one would have seen.
        """
        rng = np.random.default_rng([self.recipe.seed, number])
        order = drawn(self.plain, self.recipe.balance, rng)
        parts = np.array_split(order, math.ceil(len(order) / self.recipe.batch))
        seeds = rng.integers(2**63, size=len(parts))
        versions = [self._versions(seed, len(p)) for seed, p in zip(seeds, parts, strict=True)]
        waiting: deque[Future[np.ndarray]] = deque()
        following = first
        for i in range(first, len(parts)):
            while following < min(len(parts), i + AHEAD * self.workers):
                places = versions[following] * len(self.targets) + parts[following]
                waiting.append(self.pool.submit(_make, places, seeds[following]))
                following += 1
            images = waiting.popleft().result()
            taught = self.views and self.views.taught[versions[i], parts[i]]
            targets = self._targets(versions[i], parts[i])
            yield self._mixed(images, targets, taught, seeds[i])

    def _versions(self, seed: int, count: int) -> np.ndarray:
        """``(count,)``: which version of each picture is shown."""
        if self.views is None:
            return np.zeros(count, np.int64)
        return np.random.default_rng([int(seed), 2]).integers(len(self.views.taught), size=count)

    def _targets(self, versions: np.ndarray, part: np.ndarray) -> np.ndarray:
        """What the labels say of these versions of the pictures `part`: maybe nothing, zeros."""
        targets = self.targets[part]
        if self.views is not None:
            targets[versions >= labelled(self.recipe)] = 0
        return targets

    def _mixed(
        self, images: np.ndarray, targets: np.ndarray, taught: np.ndarray | None, seed: int
    ) -> Batch:
        if not self.recipe.mix:
            return Batch(images, targets, None, 1.0, taught)
        rng = np.random.default_rng([int(seed), 1])
        kept = float(rng.beta(self.recipe.mix, self.recipe.mix))
        order = rng.permutation(len(images))

        def mixed(said: np.ndarray) -> np.ndarray:
            return kept * said + np.float32(1 - kept) * said[order]

        told = None if taught is None else mixed(taught)
        return Batch(images, mixed(targets), order, kept, told)


def steps(examples: Examples, recipe: Recipe) -> int:
    """About how many batches the whole training has."""
    return recipe.epochs * math.ceil(len(examples) / recipe.batch)


def drawn(targets: np.ndarray, balance: float, rng: np.random.Generator) -> np.ndarray:
    """Indices of one epoch, in random order: about as many as there are, rare ones more."""
    weight_of_class = np.maximum(targets.mean(axis=0), 1 / len(targets)) ** -balance
    weights = targets @ weight_of_class
    wanted = weights / weights.mean()
    times = np.floor(wanted + rng.random(len(wanted))).astype(int)
    return rng.permutation(np.repeat(np.arange(len(targets)), times))


def smoothed(targets: np.ndarray, smoothing: float) -> np.ndarray:
    """`targets` with a part of each spread over all classes; rows of zeros stay so."""
    whole = targets.sum(axis=1, keepdims=True)
    spread = targets * (1 - smoothing) + whole * (smoothing / targets.shape[1])
    return spread.astype(np.float32)


_images = np.empty(0, np.uint8)
_variety = Variety()


def _remember(images: np.ndarray | InFile, variety: Variety) -> None:
    global _images, _variety
    if isinstance(images, InFile):
        images = images.opened()
    _images, _variety = images.reshape(-1, *images.shape[-2:]), variety
    cv2.setNumThreads(1)


def _make(part: np.ndarray, seed: int) -> np.ndarray:
    return varied(_images[part], _variety, np.random.default_rng(seed))
