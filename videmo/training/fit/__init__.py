"""Train a network on pictures: `fit` does it, and can be interrupted at any moment.

The folder of a training gets ``recipe.json`` and ``run.json`` (what it depends on), ``last.pt`` (to
go on from), ``best.npz`` (the averaged weights of the epoch that did best on ``valid``), and what
`diary` writes for people. All but ``last.pt`` follows from it, or is written before it: a kill
between two files costs nothing. What teachers said before the first epoch is in
``view*.lessons``.
"""

from __future__ import annotations

import contextlib
import io
import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from videmo.errors import RequestError
from videmo.files import sha256, shown, write_atomic
from videmo.training import diary
from videmo.training.dataset import Data, Examples, labels_at, read
from videmo.training.fit.batches import Batches
from videmo.training.fit.device import find_device, half_precision
from videmo.training.fit.schedule import finished, plateaus, rate
from videmo.training.fit.start import continued, taught_by
from videmo.training.fit.training import Training, heads_of, load, scores_of
from videmo.training.fit.views import School, Views, forget_images, make_views
from videmo.training.measure import Measure, measure
from videmo.training.network import draw, in_torch
from videmo.training.network.drawing import Network
from videmo.training.recipe import Recipe, as_values, from_values
from videmo.training.weights import TENSORFLOW_JS, read_trained, sources_of

Say = Callable[[str], None]

UNKEPT = 15.0
"""Seconds for which epochs need not be kept, where a GPU does one in less than writing takes."""


@dataclass(frozen=True)
class Means:
    """With what a training is done; all but the threads leave its result alone."""

    device: str = "auto"
    workers: int | None = None
    """Processes that vary the pictures; None: none for a CPU, one for each core for a GPU."""
    threads: int | None = None
    """Cores for the arithmetic; None: all. Another number changes the last digits of sums."""


@dataclass(frozen=True)
class Fitted:
    """What a training came to."""

    epochs: int
    best_epoch: int
    """From 0."""
    found: dict[str, Measure]
    """By split: ``valid``, and ``test`` where there is one."""


def fit(
    path: Path,
    run: Path,
    recipe: Recipe,
    *,
    init: Path | None = None,
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
    _set_threads(means.threads)
    device = find_device(means.device)
    if (run / "last.pt").exists() and not resume:
        raise RequestError(f"{shown(run)}: holds a training; go on with --resume, or name another")
    data = read(path, labels=recipe.labels or None, crop=recipe.crop, side=recipe.side)
    recipe = replace(recipe, labels=recipe.labels or labels_at(path)[0])
    for note in data.notes:
        say(note)
    about = _about(path, data, recipe, init)
    state = _kept(run, recipe, about)
    torch.manual_seed(recipe.seed)
    training, begun = _begin(data, recipe, device, init if state is None else None)
    if begun:
        say(begun)
    history: list[diary.Row] = []
    if state is None:
        write_atomic(run / "recipe.json", _json(as_values(recipe)))
        write_atomic(run / "run.json", _json(about))
    else:
        training.go_on_from(state)
        history = [diary.Row(**row) for row in state["history"]]
        say(f"going on after epoch {len(history)} of {recipe.epochs}")
    say(_announced(data, recipe, training, device))
    workers = means.workers
    if workers is None:
        workers = torch.get_num_threads() if device.type == "cuda" else 0
    try:
        views = _views(training, data.splits["train"], run, say, workers) if recipe.views else None
        batches = Batches(data.splits["train"], recipe, views, workers=workers)
        with contextlib.closing(batches):
            _epochs(training, batches, data, run, history, say)
    finally:
        forget_images(run)
    return _finish(data, run, recipe, history, device)


def _epochs(
    training: Training,
    batches: Batches,
    data: Data,
    run: Path,
    history: list[diary.Row],
    say: Say,
) -> None:
    recipe, valid = training.recipe, data.splits["valid"].clear
    best, kept = b"", -math.inf

    def keep() -> None:
        nonlocal best, kept
        if best:
            write_atomic(run / "best.npz", best)
        _keep(run, training, history)
        best, kept = b"", time.monotonic()

    done = finished([row.figure for row in history], recipe)
    while not done:
        start = time.monotonic()
        figures, number = [row.figure for row in history], len(history)
        drops = plateaus(figures, recipe)
        now = rate(training.step, training.steps, recipe, drops)
        taught = training.teach(batches, number, drops, keep)
        found = measure(training.scores(valid.images), valid.labels)
        seconds = time.monotonic() - start
        row = diary.row_of(number, now, taught, found, recipe.best_by, seconds)
        history.append(row)
        if row.figure > max(figures, default=-1.0):
            best = training.packed()
        done = finished([row.figure for row in history], recipe)
        if done or training.device.type == "cpu" or time.monotonic() - kept > UNKEPT:
            keep()
        diary.write_history(run, history)
        say(diary.in_words(row, recipe.epochs))


def _begin(
    data: Data, recipe: Recipe, device: torch.device, init: Path | None
) -> tuple[Training, str]:
    """A training, and with what it begins, in words."""
    network = _drawn(data, recipe)
    heads = data.heads or (recipe.labels,)
    teachers = [taught_by(Path(t), data.classes, heads) for t in recipe.teachers]
    torch.manual_seed(recipe.seed)
    training = Training(
        *(network, recipe, data.splits["train"]),
        device=device,
        half=half_precision(device),
        teachers=teachers,
    )
    if init is None:
        return training, ""
    images = data.splits["train"].images
    return training, continued(training, init, images, data.classes, heads)


def _views(training: Training, examples: Examples, run: Path, say: Say, workers: int) -> Views:
    temperature = training.recipe.temperature
    school = School(training.teachers, training.heads, temperature, training.device, training.half)
    return make_views(examples, training.recipe, school, run, say=say, workers=workers)


def _drawn(data: Data, recipe: Recipe) -> Network:
    outputs = len(data.classes) * max(1, len(data.heads))
    return draw(recipe.network, side=recipe.side, classes=outputs)


def _finish(
    data: Data, run: Path, recipe: Recipe, history: list[diary.Row], device: torch.device
) -> Fitted:
    """Measure the best weights, and write what people look at."""
    network = _drawn(data, recipe)
    module = in_torch.build(network).eval()
    with np.load(run / "best.npz", allow_pickle=False) as arrays:
        load(module, {name: arrays[name] for name in arrays.files})
    module.to(device)
    found = {}
    for split in ("valid", "test"):
        part: Examples | None = data.splits.get(split)
        if part is not None and len(part.clear):
            part = part.clear
            head = heads_of(network.classes, part)[0]
            scores = scores_of(module, part.images, device, head, mirrored=recipe.mirrored)
            found[split] = measure(scores, part.labels)
    figures = [row.figure for row in history]
    best = figures.index(max(figures))
    diary.write_end(run, history, best, found, data, recipe)
    return Fitted(len(history), best, found)


def _keep(run: Path, training: Training, history: list[diary.Row]) -> None:
    """Write all that is needed to go on from here."""
    buffer = io.BytesIO()
    torch.save({**training.state(), "history": [vars(row) for row in history]}, buffer)
    write_atomic(run / "last.pt", buffer.getvalue())


def _kept(run: Path, recipe: Recipe, about: dict[str, Any]) -> dict[str, Any] | None:
    """The state in `run`, if there is one of the same recipe and pictures."""
    if not (run / "last.pt").exists():
        return None
    try:
        kept_recipe = json.loads((run / "recipe.json").read_bytes())
        kept_about = json.loads((run / "run.json").read_bytes())
        state = torch.load(run / "last.pt", weights_only=True, map_location="cpu")
    except (OSError, ValueError, RuntimeError) as error:
        raise RequestError(f"{shown(run)}: cannot go on ({error}); name another folder") from error
    ours = as_values(recipe)
    # A recipe of an older videmo lacks what has come since, and was as the default is.
    theirs = as_values(from_values(kept_recipe, run / "recipe.json"))
    different = [name for name in ours if theirs[name] != ours[name]]
    if different:
        raise RequestError(
            f"{shown(run)}: of another recipe ({', '.join(different)} differ); name another folder"
        )
    if about["init"] is None:  # need not be said again
        about["init"] = kept_about.get("init")
    for name in ("classes", "pictures", "init"):
        if kept_about.get(name) != about[name]:
            raise RequestError(f"{shown(run)}: its {name} were others; name another folder")
    return state


def _about(path: Path, data: Data, recipe: Recipe, init: Path | None) -> dict[str, Any]:
    """What a training depends on besides its recipe, and what the model's description needs."""
    parts = [data.splits[split] for split in sorted(data.splits)]
    pixels = b"".join(
        array.tobytes()
        for part in parts
        for array in (part.images, part.targets, part.second)
        if array is not None
    )
    began = _files_of(init) if init else []
    before = [*recipe.teachers, *([init] if init else [])]
    learnt = [dict(source) for source in data.source]
    # What was learnt by a teacher, or before, is passed on; so are its licences.
    learnt += [s for s in sources_of([read_trained(Path(p)) for p in before]) if s not in learnt]
    return {
        "classes": list(data.classes),
        "heads": list(data.heads or (recipe.labels,)),
        "data": str(Path(path).resolve()),
        "pictures": sha256(pixels),
        "counts": {split: len(part) for split, part in data.splits.items()},
        "source": learnt,
        "notes": list(data.notes),
        "init": sha256(b"".join(file.read_bytes() for file in began)) if began else None,
    }


def _files_of(init: Path) -> list[Path]:
    """The files that hold the weights of `init`, as far as they are there."""
    files = [init / "best.npz"] if init.is_dir() else [init]
    if init.suffix == TENSORFLOW_JS:
        files += sorted(init.parent.glob(f"{init.stem}*.bin"))
    return [file for file in files if file.is_file()]


def _announced(data: Data, recipe: Recipe, training: Training, device: torch.device) -> str:
    counts = ", ".join(f"{len(part)} {split}" for split, part in data.splits.items())
    size = sum(p.numel() for p in training.network.parameters())
    return (
        f"{recipe.network}, {size:,} parameters, on {device.type} "
        f"({'bfloat16' if training.half else 'float32'}); {len(data.classes)} classes, {counts}"
    )


def _set_threads(threads: int | None) -> None:
    if threads is not None:
        torch.set_num_threads(threads)


def _json(values: dict[str, Any]) -> bytes:
    return (json.dumps(values, indent=2) + "\n").encode()
