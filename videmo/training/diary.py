"""What a training leaves for people: history, log, curves, table of confusions, figures."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from videmo.files import write_atomic
from videmo.training.dataset import Data
from videmo.training.measure import Measure, figures
from videmo.training.recipe import Recipe, as_values


@dataclass(frozen=True)
class Row:
    """One epoch."""

    epoch: int
    """From 1, as people count."""
    rate: float
    train_loss: float
    valid_loss: float
    train_accuracy: float
    valid_accuracy: float
    train_macro_f1: float
    valid_macro_f1: float
    figure: float
    """That by which the best epoch is chosen, on ``valid``."""
    seconds: float


METRICS = ("loss", "accuracy", "macro_f1")


def row_of(
    number: int, rate: float, taught: Any, found: Measure, best_by: str, seconds: float
) -> Row:
    """The line of epoch `number` (from 0), of what was met while `taught` and then `found`."""
    shown = np.array(taught.confusion)
    trained = Measure(shown, np.empty(0), 0.0, 0.0)
    both = (found.accuracy + found.macro_f1) / 2
    figure = {
        "both": both,
        "accuracy": found.accuracy,
        "macro_f1": found.macro_f1,
        "last": float(number),  # each epoch is better than the one before
    }[best_by]
    return Row(
        epoch=number + 1,
        rate=rate,
        train_loss=taught.loss / max(1, taught.batches),
        valid_loss=found.loss,
        train_accuracy=trained.accuracy,
        valid_accuracy=found.accuracy,
        train_macro_f1=trained.macro_f1,
        valid_macro_f1=found.macro_f1,
        figure=figure,
        seconds=seconds,
    )


def in_words(row: Row, epochs: int) -> str:
    return (
        f"epoch {row.epoch}/{epochs}: train loss {row.train_loss:.4f}, accuracy "
        f"{row.train_accuracy:.1%}; valid loss {row.valid_loss:.4f}, accuracy "
        f"{row.valid_accuracy:.1%}, macro-F1 {row.valid_macro_f1:.3f}; {row.seconds:.0f} s"
    )


def write_history(run: Path, history: Sequence[Row]) -> None:
    """Write ``history.csv``: a line for each epoch."""
    names = [field.name for field in fields(Row)]
    lines = [",".join(names)]
    for row in history:
        values = [getattr(row, name) for name in names]
        lines.append(",".join(f"{v:.6g}" if isinstance(v, float) else str(v) for v in values))
    write_atomic(run / "history.csv", ("\n".join(lines) + "\n").encode())


def write_end(
    run: Path,
    history: Sequence[Row],
    best: int,
    found: dict[str, Measure],
    data: Data,
    recipe: Recipe,
) -> None:
    """Write all that is looked at when a training has ended; `best` is an index of `history`."""
    from videmo.training import pictures

    write_history(run, history)
    last = list(found)[-1]
    measured = {split: figures(one, data.classes) for split, one in found.items()}
    values = {"best_epoch": best + 1, "epochs": len(history), "splits": measured}
    write_atomic(run / "metrics.json", (json.dumps(values, indent=2) + "\n").encode())
    write_atomic(run / "log.md", _log(history, best, found, data, recipe).encode())
    write_atomic(run / "curves.png", pictures.curves(history, best))
    title = f"{last}: accuracy {found[last].accuracy:.1%}, macro-F1 {found[last].macro_f1:.3f}"
    write_atomic(run / "confusion.png", pictures.confusion(found[last], data.classes, title))


def _log(
    history: Sequence[Row], best: int, found: dict[str, Measure], data: Data, recipe: Recipe
) -> str:
    counts = ", ".join(f"{len(part)} {split}" for split, part in data.splits.items())
    seconds = sum(row.seconds for row in history)
    lines = [
        "# Training",
        "",
        f"{recipe.network}, {recipe.side}x{recipe.side} pixels, {len(data.classes)} classes "
        f"({', '.join(data.classes)}); {counts} pictures.",
        f"{len(history)} of at most {recipe.epochs} epochs in {seconds / 60:.1f} minutes; "
        f"the best is epoch {best + 1}.",
        *(f"Note: {note}." for note in data.notes),
        "",
    ]
    for split, one in found.items():
        lines += [f"## What the best epoch does on {split}", "", *_table(one, data.classes), ""]
    lines += [
        "![Curves](curves.png)",
        "",
        "![Confusions](confusion.png)",
        "",
        "## Epochs",
        "",
        "| epoch | rate | train loss | valid loss | train accuracy | valid accuracy "
        "| valid macro-F1 | s |",
        "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for row in history:
        mark = " (best)" if row.epoch == best + 1 else ""
        lines.append(
            f"| {row.epoch}{mark} | {row.rate:.4g} | {row.train_loss:.4f} | {row.valid_loss:.4f} | "
            f"{row.train_accuracy:.4f} | {row.valid_accuracy:.4f} | {row.valid_macro_f1:.4f} | "
            f"{row.seconds:.0f} |"
        )
    recipe_text = json.dumps(as_values(recipe), indent=2)
    return "\n".join([*lines, "", "## Recipe", "", "```json", recipe_text, "```", ""])


def _table(found: Measure, classes: tuple[str, ...]) -> list[str]:
    k = len(classes)
    lines = [
        f"Accuracy {found.accuracy:.1%}, macro-F1 {found.macro_f1:.3f}, {found.count} pictures. "
        f"(Binary accuracy {found.binary_accuracy:.1%}; "
        f"no to everything scores {(k - 1) / k:.1%}.)",
        "",
        "| class | precision | recall | F1 | AUC | pictures |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for i, name in enumerate(classes):
        lines.append(
            f"| {name} | {found.precisions[i]:.3f} | {found.recalls[i]:.3f} | {found.f1s[i]:.3f} | "
            f"{found.areas[i]:.3f} | {found.supports[i]} |"
        )
    return lines
