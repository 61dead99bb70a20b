"""Train a network on the faces: ``python -m videmo.training.fit DATA RUN --recipe RECIPE``.

The folder RUN gets ``recipe.json``, ``log.csv`` (a line an epoch), ``last.pt`` (to go on from
after an interruption: give the same command again) and ``best.npz``, the averaged weights of the
epoch that did best on the faces of the split ``valid``; `export` makes the shipped file of them.
"""

from __future__ import annotations

import argparse
import io
import json
import logging
import math
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from videmo.errors import RequestError, VidemoError
from videmo.files import shown, write_whole
from videmo.training import network_torch
from videmo.training.augment import Variety, varied
from videmo.training.dataset import Faces, majority, read_ferplus, shares
from videmo.training.measure import Measure, measure
from videmo.training.network import NETWORKS

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Recipe:
    """All that decides what comes out of a training, but the faces."""

    network: str
    epochs: int
    batch: int = 128
    rate: float = 0.1
    """The learning rate at its highest, after the warm-up; it falls to 0 as a cosine."""
    warmup: float = 2.0
    """Epochs until the rate is at its highest."""
    momentum: float = 0.9
    decay: float = 5e-4
    dropout: float = 0.2
    average: float = 0.999
    """Part of the averaged weights that each step keeps."""
    balance: float = 0.35
    """How far rare emotions are shown more often: 0 not at all, 1 all emotions equally often."""
    seed: int = 1
    variety: Variety = field(default_factory=Variety)


def read_recipe(path: Path) -> Recipe:
    """Read a recipe (JSON).

    Raises:
        RequestError: it cannot be read, or holds a name that no recipe has.
    """
    try:
        values = json.loads(path.read_bytes())
        variety = Variety(**values.pop("variety", {}))
        recipe = Recipe(**values, variety=variety)
    except OSError as error:
        reason = error.strerror or str(error)
        raise RequestError(f"{shown(path)}: cannot read the recipe ({reason})") from error
    except (ValueError, TypeError, AttributeError) as error:
        raise RequestError(f"{shown(path)}: not a recipe ({error})") from error
    if recipe.network not in NETWORKS:
        known = ", ".join(NETWORKS)
        raise RequestError(f"{shown(path)}: no network {recipe.network!r}; there are {known}")
    return recipe


def fit(data: Path, run: Path, recipe: Recipe) -> Measure:
    """Train as `recipe` says, or go on with the training in `run`; return what the best one does.

    Raises:
        RequestError: the faces cannot be read, or `run` is of another recipe.
    """
    faces = read_ferplus(data)
    train, valid = faces.where(faces.split == "train"), faces.where(faces.split == "valid")
    train, valid = train.where(teachable(train)), valid.where(majority(valid.votes) >= 0)
    torch.manual_seed(recipe.seed)
    training = Training(recipe, steps=recipe.epochs * math.ceil(len(train) / recipe.batch))
    best = training.resume(run)
    for epoch in range(training.epoch, recipe.epochs):
        start = time.monotonic()
        loss = training.teach(train, epoch)
        found = measure(training.scores(valid.images), majority(valid.votes))
        if best is None or found.figure > best.figure:
            best = found
            write_whole(run / "best.npz", _packed(training.averaged))
        training.save(run, best)
        _log_line(run, epoch, loss, found, time.monotonic() - start)
    return best


class Training:
    """A network being trained: its weights, their average, the optimiser, and where it is."""

    def __init__(self, recipe: Recipe, *, steps: int) -> None:
        self.recipe = recipe
        self.steps = steps
        self.epoch = 0
        plan = NETWORKS[recipe.network]
        self.network = network_torch.build(plan, recipe.dropout)
        self.averaged = network_torch.build(plan).eval()
        self.averaged.load_state_dict(self.network.state_dict())
        self.step = 0
        self.optimiser = torch.optim.SGD(
            _grouped(self.network, recipe.decay),
            lr=recipe.rate,
            momentum=recipe.momentum,
            nesterov=True,
        )

    def teach(self, faces: Faces, epoch: int) -> float:
        """One epoch; the mean loss."""
        self.network.train()
        losses = []
        for images, targets in batches(faces, self.recipe, epoch):
            for group in self.optimiser.param_groups:
                group["lr"] = rate(self.step, self.steps, self.recipe)
            with torch.autocast("cpu", dtype=torch.bfloat16):
                logits = self.network(images)
            loss = functional.cross_entropy(logits.float(), targets)
            self.optimiser.zero_grad()
            loss.backward()
            self.optimiser.step()
            self.step += 1
            self._average()
            losses.append(loss.item())
        self.epoch = epoch + 1
        return float(np.mean(losses))

    @torch.no_grad()
    def scores(self, images: np.ndarray) -> np.ndarray:
        """What the averaged network says of `images`: ``(n, 7)``."""
        parts = [images[i : i + 256] for i in range(0, len(images), 256)]
        logits = [self.averaged(_tensor(part)) for part in parts]
        return torch.cat(logits).softmax(1).numpy()

    def save(self, run: Path, best: Measure) -> None:
        state = {
            "recipe": asdict(self.recipe),
            "epoch": self.epoch,
            "step": self.step,
            "network": self.network.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "best": best.confusion.tolist(),
            "random": torch.get_rng_state(),
        }
        buffer = io.BytesIO()
        torch.save(state, buffer)
        write_whole(run / "last.pt", buffer.getvalue())

    def resume(self, run: Path) -> Measure | None:
        """Go on from ``last.pt``, where there is one; return the best measure so far."""
        recipe = json.dumps(asdict(self.recipe), indent=2) + "\n"
        if not (run / "last.pt").exists():
            write_whole(run / "recipe.json", recipe.encode())
            return None
        state = torch.load(run / "last.pt", weights_only=True)
        if state["recipe"] != asdict(self.recipe):
            raise RequestError(f"{shown(run)}: of another recipe; name another folder")
        self.epoch, self.step = state["epoch"], state["step"]
        self.network.load_state_dict(state["network"])
        self.averaged.load_state_dict(state["averaged"])
        self.optimiser.load_state_dict(state["optimiser"])
        torch.set_rng_state(state["random"])
        return Measure(np.array(state["best"]))

    @torch.no_grad()
    def _average(self) -> None:
        # At first the average must not remember the random beginning for long.
        keep = min(self.recipe.average, (1 + self.step) / (10 + self.step))
        new = self.network.state_dict()
        for name, value in self.averaged.state_dict().items():
            if value.dtype.is_floating_point:
                value.lerp_(new[name], 1 - keep)


def teachable(faces: Faces) -> np.ndarray:
    """``(n,)`` bool: the faces of which at least half the raters agreed to see emotions."""
    seen = faces.votes.sum(axis=1)
    emotional = np.minimum(shares(faces.votes).sum(axis=1), 1) > 0
    others = faces.votes[:, 7:].sum(axis=1)
    return emotional & (others * 2 <= seen)


def batches(
    faces: Faces, recipe: Recipe, epoch: int
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """One epoch's faces, balanced, shuffled and varied, with their targets.

    What comes depends on the recipe and the number of the epoch alone, so that a resumed training
    sees what an uninterrupted one would have seen.
    """
    rng = np.random.default_rng([recipe.seed, epoch])
    targets = shares(faces.votes)
    order = drawn(targets, recipe.balance, rng)
    parts = np.array_split(order, math.ceil(len(order) / recipe.batch))
    seeds = rng.integers(2**63, size=len(parts))

    def make(part: np.ndarray, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
        images = varied(faces.images[part], recipe.variety, np.random.default_rng(seed))
        return _tensor(images), torch.from_numpy(targets[part])

    with ThreadPoolExecutor(1) as ahead:
        waiting = [ahead.submit(make, *pair) for pair in zip(parts[:4], seeds[:4], strict=True)]
        for i in range(len(parts)):
            if i + 4 < len(parts):
                waiting.append(ahead.submit(make, parts[i + 4], seeds[i + 4]))
            yield waiting.pop(0).result()


def drawn(targets: np.ndarray, balance: float, rng: np.random.Generator) -> np.ndarray:
    """Indices of one epoch's faces in random order: about as many as there are, rare ones more."""
    weight_of_emotion = np.maximum(targets.mean(axis=0), 1 / len(targets)) ** -balance
    weights = targets @ weight_of_emotion
    wanted = weights / weights.mean()
    times = np.floor(wanted + rng.random(len(wanted))).astype(int)
    return rng.permutation(np.repeat(np.arange(len(targets)), times))


def rate(step: int, steps: int, recipe: Recipe) -> float:
    """The learning rate at `step` of `steps`: a linear warm-up, then half a cosine down to 0."""
    warmup = steps * recipe.warmup / recipe.epochs
    if step < warmup:
        return recipe.rate * (step + 1) / warmup
    done = min(1.0, (step - warmup) / max(1.0, steps - warmup))
    return recipe.rate * (1 + math.cos(math.pi * done)) / 2


def _grouped(network: torch.nn.Module, decay: float) -> list[dict]:
    """Only the weights of convolutions decay, not biases and norms."""
    weights = [p for p in network.parameters() if p.ndim == 4]
    others = [p for p in network.parameters() if p.ndim != 4]
    return [
        {"params": weights, "weight_decay": decay},
        {"params": others, "weight_decay": 0.0},
    ]


def _tensor(images: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(images))[:, None].float()


def _packed(network: torch.nn.Module) -> bytes:
    """The weights as an npz file, by name."""
    state = network.state_dict()
    arrays = {name: value.numpy() for name, value in state.items() if value.is_floating_point()}
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def _log_line(run: Path, epoch: int, loss: float, found: Measure, seconds: float) -> None:
    header = "epoch,loss,accuracy,macro_f1,seconds\n"
    line = f"{epoch},{loss:.4f},{found.accuracy:.4f},{found.macro_f1:.4f},{seconds:.0f}\n"
    path = run / "log.csv"
    if epoch == 0 or not path.exists():
        path.write_text(header)
    with path.open("a") as file:
        file.write(line)
    log.info("epoch %s", line.strip())


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m videmo.training.fit", description=__doc__)
    parser.add_argument("data", type=Path, help="folder with labels.csv and the contact sheets")
    parser.add_argument("run", type=Path, help="folder for what comes out; resumed where it exists")
    parser.add_argument("--recipe", type=Path, required=True, help="JSON file, see models/")
    parser.add_argument("--threads", type=int, default=1, help="cores for the arithmetic")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(options.threads)
    try:
        best = fit(options.data, options.run, read_recipe(options.recipe))
    except VidemoError as error:
        parser.exit(error.exit_code, f"{error}\n")
    except KeyboardInterrupt:
        parser.exit(130, "interrupted; the same command goes on\n")
    print(f"valid: accuracy {best.accuracy:.4f}, macro-F1 {best.macro_f1:.4f}")


if __name__ == "__main__":
    main()
