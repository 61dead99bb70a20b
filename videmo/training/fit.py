"""Train a network on pictures: `fit` does it, and can be killed at any moment.

The folder of a training gets ``recipe.json`` and ``run.json`` (what it depends on), ``last.pt`` (to
go on from), ``best.safetensors`` (the averaged weights of the epoch that did best on valid), and
what `diary` writes for people. All but ``last.pt`` follows from it, or is written before it: a kill
between two files costs nothing, and at any other moment no more than the epoch at hand.
"""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from scipy.special import softmax

from videmo.emotions import COLOURS, classifier, read_model
from videmo.errors import RequestError, SetupError
from videmo.files import atomic_path, sha256, shown, write_atomic
from videmo.training import diary
from videmo.training.dataset import UNKNOWN, Data, Examples, cached, labels_at, read
from videmo.training.learner import Learner, finished, logits_of, plateaus
from videmo.training.measure import Measure, measure, temperature
from videmo.training.recipe import Recipe, as_json
from videmo.training.weights import BEST, FOREIGN, packed, read_foreign, read_trained

LAST = "last.pt"
KNOWN_TO_OTHERS = ("resnet18", "vgg16")
"""Networks for which others' weights are known."""

Say = Callable[[str], None]


@dataclass(frozen=True)
class Means:
    """With what a training is done."""

    device: str = "auto"
    workers: int = 0
    """Processes that vary pictures; 0: none but this one."""
    threads: int | None = None
    """Cores for the arithmetic; None: all. Another number changes the last digits of sums."""


@dataclass(frozen=True)
class Fitted:
    """What a training came to."""

    epochs: int
    best_epoch: int
    """From 0."""
    found: dict[str, Measure]
    """By split and kind of labels."""


def fit(
    path: Path,
    run: Path,
    recipe: Recipe,
    *,
    init: Path | None = None,
    teachers: Sequence[Path] = (),
    resume: bool = False,
    means: Means | None = None,
    say: Say = lambda line: None,
) -> Fitted:
    """Train as `recipe` says on the pictures of `path`, or go on with the training in `run`.

    Raises:
        RequestError: the pictures cannot be read, or `run` holds another training, or one that was
            not asked to be resumed.
        SetupError: the device is not there.
        OutputError: `run` cannot be written.
    """
    means = means or Means()
    device = find_device(means.device)
    if means.threads is not None:
        torch.set_num_threads(means.threads)
    if (run / LAST).exists() and not resume:
        raise RequestError(f"{shown(run)}: holds a training; go on with --resume, or name another")
    recipe = replace(recipe, labels=recipe.labels or labels_at(path)[0])
    data = read(path, recipe.look, labels=recipe.labels, cache=run)
    for note in data.notes:
        say(note)
    about = _about(path, data, recipe, init, teachers)
    state = _kept(run, about)
    lessons = _lessons(data, teachers, run, about)
    torch.manual_seed(recipe.seed)
    learner = Learner(recipe, data.splits["train"], lessons, device)
    history: list[diary.Row] = []
    if state is not None:
        learner.go_on_from(state)
        history = [diary.Row(**row) for row in state["history"]]
        say(f"going on after epoch {len(history)} of {recipe.epochs}")
    elif init is not None:
        say(_begin(learner, init, data))
    write_atomic(run / "recipe.json", as_json(recipe))
    write_atomic(run / "run.json", as_json(about))
    say(_announced(data, learner))
    while not finished([row.figure for row in history], recipe):
        history.append(_epoch(learner, data, [row.figure for row in history], means.workers))
        _keep(run, learner, history, about)
        say(history[-1].words(recipe.epochs))
    return _finish(data, run, recipe, history, device)


def _epoch(learner: Learner, data: Data, history: list[float], workers: int) -> diary.Row:
    start, number = time.monotonic(), len(history)
    rate, loss, accuracy = learner.epoch(number, plateaus(history, learner.recipe), workers)
    valid = data.splits["valid"]
    scores = softmax(learner.logits(valid.images), axis=1)
    found = list(_measures(scores, valid, data.heads).values())
    recall, right = (
        float(np.mean([getattr(one, name) for one in found]))
        for name in ("mean_recall", "accuracy")
    )
    figure = {"recall": recall, "accuracy": right, "last": float(number)}[learner.recipe.best_by]
    valid_loss = float(np.mean([one.loss for one in found]))
    seconds = time.monotonic() - start
    return diary.Row(number + 1, rate, loss, valid_loss, accuracy, right, recall, figure, seconds)


def _measures(scores: np.ndarray, examples: Examples, heads: Sequence[str]) -> dict[str, Measure]:
    """What one answer is worth by each kind of labels."""
    found = {}
    for number, head in enumerate(heads):
        known = examples.labels[:, number] != UNKNOWN
        if known.any():
            found[head] = measure(scores[known], examples.labels[known, number])
    return found


def _keep(run: Path, learner: Learner, history: list[diary.Row], about: dict[str, Any]) -> None:
    """Write all that is needed to go on from here, the best weights first."""
    figures = [row.figure for row in history]
    if figures[-1] > max(figures[:-1], default=-1.0):
        write_atomic(run / BEST, packed(learner.averaged.state_dict(), about))
    diary.write_history(run, history)
    buffer = io.BytesIO()
    torch.save({**learner.state(), "history": [asdict(row) for row in history]}, buffer)
    write_atomic(run / LAST, buffer.getvalue())


def _kept(run: Path, about: dict[str, Any]) -> dict[str, Any] | None:
    """The state in `run`, if there is one of the same recipe and pictures; `about` learns what
    need not be said again."""
    if not (run / LAST).exists():
        return None
    try:
        kept = json.loads((run / "run.json").read_bytes())
        state: dict[str, Any] = torch.load(run / LAST, weights_only=True, map_location="cpu")
    except (OSError, ValueError, RuntimeError) as error:
        raise RequestError(f"{shown(run)}: cannot go on ({error}); name another folder") from error
    for name in ("init", "lessons", "teachers", "source"):
        about[name] = about[name] if about["init"] or about["teachers"] else kept.get(name)
    theirs, ours = kept.get("recipe", {}), about["recipe"]
    different = [name for name in ours if theirs.get(name) != ours[name]]
    if different:
        raise RequestError(
            f"{shown(run)}: of another recipe ({', '.join(different)} differ); name another folder"
        )
    for name in ("classes", "pictures", "init", "lessons"):
        if kept.get(name) != about[name]:
            raise RequestError(f"{shown(run)}: its {name} were others; name another folder")
    return state


def _about(
    path: Path, data: Data, recipe: Recipe, init: Path | None, teachers: Sequence[Path]
) -> dict[str, Any]:
    """What a training depends on, and what the model's description needs."""
    parts = [data.splits[split] for split in sorted(data.splits)]
    pixels = b"".join(a.tobytes() for part in parts for a in (part.images, part.targets))
    source = list(data.source)
    models = [read_model(teacher) for teacher in teachers]
    for learnt in [m.about.get("trained_on", []) for m in models] + [_source_of(init)]:
        # What was learnt by a teacher, or before, is passed on; so are its licences.
        source += [one for one in learnt if one not in source]
    began = read_init(init) if init else None
    return {
        "recipe": json.loads(as_json(recipe)),
        "classes": list(data.classes),
        "heads": list(data.heads),
        "temperature": 1.0,
        "data": str(path.resolve()),
        "pictures": sha256(pixels),
        "source": source,
        "init": sha256(began) if began else None,
        "teachers": [{"name": m.name, "sha256": m.sha256} for m in models],
        "lessons": sha256("".join(m.sha256 for m in models).encode()) if models else None,
    }


def read_init(init: Path) -> bytes:
    """The bytes of the weights at `init`."""
    place = init / BEST if init.is_dir() else init
    try:
        return place.read_bytes()
    except OSError as error:
        raise RequestError(f"{shown(place)}: cannot read ({error.strerror})") from error


def _source_of(init: Path | None) -> list[dict[str, str]]:
    if init is None:
        return []
    if init.suffix in FOREIGN:
        return [{"name": init.name, "what": "weights to begin from", "licence": "ask their maker"}]
    return list(read_trained(init).about.get("source", []))


def _begin(learner: Learner, init: Path, data: Data) -> str:
    """Take over the weights at `init`; in words, what of them."""
    if init.suffix in FOREIGN:
        if learner.recipe.network not in KNOWN_TO_OTHERS:
            names = " or ".join(KNOWN_TO_OTHERS)
            raise RequestError(f"{shown(init)}: weights of torchvision's; use --arch {names}")
        weights = read_foreign(init, COLOURS[learner.recipe.colour])
    else:
        trained = read_trained(init)
        weights = trained.weights
        if (trained.classes, trained.heads) != (data.classes, data.heads):
            weights = {n: v for n, v in weights.items() if not n.startswith("head.")}
    fits = learner.begin_from(weights)
    if not fits:
        raise RequestError(
            f"{shown(init)}: nothing in it fits the network {learner.recipe.network}"
        )
    return f"beginning from {shown(init)}: {fits} of {len(learner.network.state_dict())} tensors"


def _lessons(
    data: Data, teachers: Sequence[Path], run: Path, about: dict[str, Any]
) -> np.ndarray | None:
    """What `teachers` say of the pictures of train, and of their mirror images: (n, classes)."""
    if about["lessons"] is None:
        return None
    place = cached(run, "lessons", (about["lessons"] + about["pictures"]).encode())
    assert place is not None
    if place.exists():
        return np.asarray(np.load(place))
    if not teachers:
        raise RequestError(f"{shown(run)}: what its teachers said is gone; name them again")
    images, said = data.splits["train"].images, []
    for model in map(read_model, teachers):
        if model.labels != data.classes:
            raise RequestError(f"{shown(model.path)}: teaches {', '.join(model.labels)}: others")
        size = (model.side, model.side)
        shape = (*size, COLOURS[model.colour])
        if shape[2] != images.shape[3]:
            raise RequestError(f"{shown(model.path)}: looks at {model.colour} pictures: others")
        seen = [
            cv2.resize(one, size, interpolation=cv2.INTER_LINEAR).reshape(shape) for one in images
        ]
        classify = classifier(model)
        said.append(classify(seen))
        if about["recipe"]["variety"]["mirrored"]:
            said[-1] = (said[-1] + classify([one[:, ::-1] for one in seen])) / 2
    lessons = np.mean(said, axis=0, dtype=np.float32)
    with atomic_path(place) as part, part.open("wb") as file:
        np.save(file, lessons)
    return np.asarray(lessons)


def find_device(name: str) -> torch.device:
    """The device `name`; ``auto`` is a GPU if there is one.

    Raises:
        SetupError: this machine has none, or PyTorch was installed without it.
    """
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    there["cpu"] = True
    name = next(n for n in there if there[n]) if name == "auto" else name
    if not there[name]:
        raise SetupError(f"PyTorch finds no device {name}; use --device cpu, or install its build")
    torch.backends.cudnn.deterministic = True  # the same weights again
    return torch.device(name)


def _announced(data: Data, learner: Learner) -> str:
    counts = ", ".join(f"{len(part)} {split}" for split, part in data.splits.items())
    size = sum(p.numel() for p in learner.network.parameters())
    kind = "bfloat16" if learner.half else "float32"
    return (
        f"{learner.recipe.network}, {size:,} parameters, on {learner.device.type} ({kind}); "
        f"{len(data.classes)} classes, {counts}"
    )


def _finish(
    data: Data, run: Path, recipe: Recipe, history: list[diary.Row], device: torch.device
) -> Fitted:
    """Measure the best weights, make their scores true, and write what people look at."""
    trained = read_trained(run)
    network = trained.network().to(device)
    said = {
        split: logits_of(network, data.splits[split].images, device)
        for split in ("valid", "test")
        if split in data.splits
    }
    valid = data.splits["valid"]
    known = valid.labels != UNKNOWN
    warm = temperature(np.repeat(said["valid"], known.sum(axis=1), axis=0), valid.labels[known])
    write_atomic(run / BEST, packed(trained.weights, {**trained.about, "temperature": warm}))
    found = {
        f"{split}, labels {head}": one
        for split, logits in said.items()
        for head, one in _measures(
            softmax(logits / warm, axis=1), data.splits[split], data.heads
        ).items()
    }
    figures = [row.figure for row in history]
    best = figures.index(max(figures))
    diary.write_end(run, history, best, found, data, recipe, warm)
    return Fitted(len(history), best, found)
