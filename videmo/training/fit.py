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
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from scipy.special import softmax

from videmo.emotions import COLOURS, classifier, read_model
from videmo.files import sha256, shown, write_atomic
from videmo.training import diary, wrong
from videmo.training.dataset import UNKNOWN, Data, kept, labels_at, read
from videmo.training.learner import Learner, find_device, finished, logits_of, plateaus
from videmo.training.measure import measured, temperature
from videmo.training.recipe import Recipe, as_json, from_values, read_values
from videmo.training.weights import (
    BEST,
    FOREIGN,
    packed,
    place_of,
    read_trained,
    weights_to_begin_from,
)

LAST = "last.pt"
LEARNT_ON = {"epochs": 40, "rate": 1e-3, "warmup": 1.0, "batch": 32, "average": 0.99}
"""What differs where a training begins from something trained: most is known already."""


def chosen(
    run: Path, recipe: Path | None, init: Path | None, resume: bool, options: Mapping[str, Any]
) -> Recipe:
    """The recipe that a file and options mean; what is resumed keeps its own."""
    last = run / "recipe.json"
    if resume and not last.exists():
        raise wrong(run, "nothing to resume here; leave --resume out to begin")
    values: dict[str, Any] = asdict(Recipe())
    if init is not None and not resume:
        values |= LEARNT_ON
        if init.suffix not in FOREIGN:
            begun = asdict(read_trained(init).recipe)
            values |= {name: begun[name] for name in ("network", "side", "colour")}
    files = [path for path in (last if resume else None, recipe) if path is not None]
    for path in files:
        values |= read_values(path)
    values |= {name: value for name, value in options.items() if value is not None}
    if values.pop("no_mirror", False):
        values["variety"] = {**values["variety"], "mirrored": 0.0}
    return from_values(values, shown(files[-1]) if files else "these options")


def fit(
    path: Path,
    run: Path,
    recipe: Recipe,
    *,
    init: Path | None = None,
    teachers: Sequence[Path] = (),
    resume: bool = False,
    device: str = "auto",
    workers: int = 0,
    threads: int | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """Train as `recipe` says on the pictures of `path`, or go on with the training in `run`.

    `workers` are processes that vary pictures, `threads` cores for the arithmetic; another number
    of threads changes the last digits of sums. Returns what ``metrics.json`` says.
    """
    where = find_device(device)
    torch.set_num_threads(threads or torch.get_num_threads())
    if (run / LAST).exists() and not resume:
        raise wrong(run, "holds a training; go on with --resume, or name another folder")
    recipe = replace(recipe, labels=recipe.labels or labels_at(path)[0])
    data = read(path, recipe.look, labels=recipe.labels, cache=run)
    about = _about(path, data, recipe)
    begun: dict[str, Any] = {}
    state = _state(run, about) if (run / LAST).exists() else None
    if state is None and init is not None:
        begun, source = weights_to_begin_from(init, recipe, data.classes, data.heads)
        about["init"] = {"name": init.name, "sha256": sha256(place_of(init).read_bytes())}
        about["source"] += [one for one in source if one not in about["source"]]
        say(f"beginning from {shown(init)}: {len(begun)} tensors of it fit")
    lessons = _lessons(data, teachers, run, about)
    torch.manual_seed(recipe.seed)
    learner = Learner(recipe, data.splits["train"], lessons, where)
    learner.begin_from(begun)
    history: list[diary.Row] = []
    if state is not None:
        learner.go_on_from(state)
        history = state["history"]
        say(f"going on after epoch {len(history)} of {recipe.epochs}")
    write_atomic(run / "recipe.json", as_json(recipe))
    write_atomic(run / "run.json", as_json(about))
    for line in (*data.notes, _announced(data, learner)):
        say(line)
    while not finished(figures := [row["figure"] for row in history], recipe):
        history.append(_epoch(learner, data, figures, workers))
        _keep(run, learner, history, about)
        say(diary.row_in_words(history[-1], recipe.epochs))
    best = max(range(len(history)), key=lambda number: _rank(history[number]))
    values = {"best_epoch": best + 1, "epochs": len(history), **_end(data, run)}
    diary.write_end(run, history, values, data, recipe)
    return values


def _epoch(learner: Learner, data: Data, history: list[float], workers: int) -> diary.Row:
    start, number = time.monotonic(), len(history)
    met = learner.epoch(number, plateaus(history, learner.recipe), workers)
    scores = softmax(logits_of(learner.averaged, data.splits["valid"].images), axis=1)
    found = measured(scores, data, "valid").values()
    names = ("loss", "accuracy", "mean_recall")
    loss, right, recall = (float(np.mean([one[name] for one in found])) for name in names)
    figure = {"recall": recall, "accuracy": right, "last": number}[learner.recipe.best_by]
    return {
        **{"epoch": number + 1, **met, "valid_loss": loss, "valid_accuracy": right},
        **{"valid_recall": recall, "figure": figure, "seconds": time.monotonic() - start},
    }


def _rank(row: diary.Row) -> tuple[float, float]:
    """How good an epoch is; of two that tell as many rightly, that is better which is surer."""
    return row["figure"], -row["valid_loss"]


def _keep(run: Path, learner: Learner, history: list[diary.Row], about: dict[str, Any]) -> None:
    """Write all that is needed to go on from here, the best weights first."""
    *before, now = map(_rank, history)
    if now > max(before, default=(-1.0, 0.0)):
        write_atomic(run / BEST, packed(learner.averaged.state_dict(), about))
    diary.write_history(run, history)
    buffer = io.BytesIO()
    torch.save({**learner.state(), "history": history}, buffer)
    write_atomic(run / LAST, buffer.getvalue())


def _state(run: Path, about: dict[str, Any]) -> dict[str, Any]:
    """The state in `run`, of the same recipe and pictures; `about` learns how it began."""
    try:
        then = json.loads((run / "run.json").read_bytes())
        state: dict[str, Any] = torch.load(run / LAST, weights_only=True, map_location="cpu")
        differ = [name for name, value in about["recipe"].items() if then["recipe"][name] != value]
        others = [name for name in ("classes", "pictures") if then[name] != about[name]]
        about |= {name: then[name] for name in ("init", "teachers", "source")}
    except (OSError, ValueError, RuntimeError, KeyError, TypeError) as error:
        raise wrong(run, f"cannot go on ({error}); name another folder") from error
    if differ:
        raise wrong(run, f"of another recipe ({', '.join(differ)} differ); name another folder")
    if others:
        raise wrong(run, f"its {' and '.join(others)} were others; name another folder")
    return state


def _about(path: Path, data: Data, recipe: Recipe) -> dict[str, Any]:
    """What a training depends on, and what the model's description needs."""
    parts = [data.splits[split] for split in sorted(data.splits)]
    pixels = b"".join(a.tobytes() for part in parts for a in (part.images, part.targets))
    return {
        **{"recipe": asdict(recipe), "classes": list(data.classes), "heads": list(data.heads)},
        **{"data": str(path.resolve()), "pictures": sha256(pixels), "source": list(data.source)},
        **{"init": None, "teachers": [], "temperature": 1.0},
    }


def _lessons(
    data: Data, teachers: Sequence[Path], run: Path, about: dict[str, Any]
) -> np.ndarray | None:
    """What `teachers` say of the pictures of train, and of their mirror images: (n, classes)."""
    images, models = data.splits["train"].images, [read_model(teacher) for teacher in teachers]
    for model in models:
        if sorted(model.labels) != sorted(data.classes) or COLOURS[model.colour] != images.shape[3]:
            what = f"{', '.join(model.labels)}, of {model.colour} pictures"
            raise wrong(model.path, f"teaches other things than are to be learnt: {what}")
        learnt = model.about.get("trained_on", [])  # its licences are passed on
        about["source"] += [one for one in learnt if one not in about["source"]]
    about["teachers"] = about["teachers"] or [{"name": m.name, "sha256": m.sha256} for m in models]
    if not about["teachers"]:
        return None

    def ask() -> np.ndarray:
        if not models:
            raise wrong(run, "what its teachers said is gone; name them again (--teacher)")
        said = []
        for model in models:
            size, order = (model.side,) * 2, [model.labels.index(name) for name in data.classes]
            seen = [cv2.resize(one, size, interpolation=cv2.INTER_LINEAR) for one in images]
            said.append(classifier(model)(seen)[:, order])
            if about["recipe"]["variety"]["mirrored"]:
                said.append(classifier(model)([one[:, ::-1] for one in seen])[:, order])
        return np.asarray(np.mean(said, axis=0), np.float32)

    return kept(run, "lessons", (str(about["teachers"]) + about["pictures"]).encode(), ask)


def _announced(data: Data, learner: Learner) -> str:
    counts = ", ".join(f"{len(part.images)} {split}" for split, part in data.splits.items())
    size = sum(p.numel() for p in learner.network.parameters())
    kind = "bfloat16" if learner.half else "float32"
    return (
        f"{learner.recipe.network}, {size:,} parameters, on {learner.device} ({kind}); "
        f"{len(data.classes)} classes, {counts}"
    )


def _end(data: Data, run: Path) -> dict[str, Any]:
    """Make the best weights' scores true, and measure them, by split and kind of labels."""
    trained = read_trained(run)
    network = trained.network()
    splits = [split for split in ("valid", "test") if split in data.splits]
    said = {split: logits_of(network, data.splits[split].images) for split in splits}
    labels = data.splits["valid"].labels
    each = np.repeat(said["valid"], (labels != UNKNOWN).sum(axis=1), axis=0)
    warm = temperature(each, labels[labels != UNKNOWN])
    write_atomic(run / BEST, packed(trained.weights, {**trained.about, "temperature": warm}))
    found: dict[str, Any] = {}
    for split, logits in said.items():
        found |= measured(softmax(logits / warm, axis=1), data, split)
    return {"temperature": round(warm, 4), "splits": found}
