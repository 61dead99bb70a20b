"""What a training leaves for people: history, log, curves, table of confusions, figures."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from videmo.files import write_atomic
from videmo.training.dataset import Data
from videmo.training.measure import Measure, figures, in_words
from videmo.training.recipe import Recipe, as_json

TRAIN, VALID, BEST = "#9aa5b1", "#c2410c", "#1f2933"
MOST_NUMBERS = 20
"""Classes up to which each cell of the table of confusions has its number."""


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
    valid_recall: float
    """The mean over classes."""
    figure: float
    """That by which the best epoch is chosen, on valid."""
    seconds: float

    def words(self, epochs: int) -> str:
        return (
            f"epoch {self.epoch}/{epochs}: train loss {self.train_loss:.4f}, accuracy "
            f"{self.train_accuracy:.1%}; valid loss {self.valid_loss:.4f}, accuracy "
            f"{self.valid_accuracy:.1%}, mean over classes {self.valid_recall:.1%}; "
            f"{self.seconds:.0f} s"
        )


def write_history(run: Path, history: Sequence[Row]) -> None:
    """Write ``history.csv``: a line for each epoch."""
    lines = [",".join(field.name for field in fields(Row))]
    lines += [",".join(f"{value:.6g}" for value in asdict(row).values()) for row in history]
    write_atomic(run / "history.csv", ("\n".join(lines) + "\n").encode())


def write_end(
    run: Path,
    history: Sequence[Row],
    best: int,
    found: Mapping[str, Measure],
    data: Data,
    recipe: Recipe,
    temperature: float,
) -> None:
    """Write all that is looked at when a training has ended; `best` is an index of `history`,
    `found` what the best epoch does, by split and kind of labels."""
    values = {
        "best_epoch": best + 1,
        "epochs": len(history),
        "temperature": round(temperature, 4),
        "splits": {name: figures(one, data.classes) for name, one in found.items()},
    }
    write_atomic(run / "metrics.json", as_json(values))
    write_atomic(run / "log.md", _log(history, best, found, data, recipe).encode())
    write_atomic(run / "curves.png", _curves(history, best))
    name, last = list(found.items())[-1]
    write_atomic(run / "confusion.png", confusion(last, data.classes, f"{name}: {last.words}"))


def _log(
    history: Sequence[Row], best: int, found: Mapping[str, Measure], data: Data, recipe: Recipe
) -> str:
    counts = ", ".join(f"{len(part)} {split}" for split, part in data.splits.items())
    minutes = sum(row.seconds for row in history) / 60
    lines = [
        "# Training",
        "",
        f"{recipe.network}, {recipe.side}x{recipe.side} pixels, {len(data.classes)} classes "
        f"({', '.join(data.classes)}); {counts} pictures. {len(history)} of at most "
        f"{recipe.epochs} epochs in {minutes:.1f} minutes; the best is epoch {best + 1}.",
        *(f"Note: {note}." for note in data.notes),
    ]
    for name, one in found.items():
        lines += ["", f"## What the best epoch does on {name}", "", in_words(one, data.classes)]
    lines += ["", "![Curves](curves.png)", "", "![Confusions](confusion.png)", "", "## Epochs", ""]
    names = [field.name.replace("_", " ") for field in fields(Row)]
    lines += [f"| {' | '.join(names)} |", "|" + " ---: |" * len(names)]
    lines += [f"| {' | '.join(f'{v:.4g}' for v in asdict(row).values())} |" for row in history]
    settings = json.dumps(asdict(recipe), indent=2)
    return "\n".join([*lines, "", "## Recipe", "", "```json", settings, "```", ""])


def _curves(history: Sequence[Row], best: int) -> bytes:
    """Train against validation, epoch by epoch; a PNG."""
    figure = _figure(12, 3.6)
    epochs = [row.epoch for row in history]
    panels = {"loss": TRAIN, "accuracy": TRAIN, "mean recall": None, "rate": None}
    for panel, title in zip(figure.subplots(1, len(panels)), panels, strict=True):
        known = {"mean recall": [("valid", "valid_recall")], "rate": [("rate", "rate")]}
        both = [(kind, f"{kind}_{title}") for kind in ("train", "valid")]
        for kind, name in known.get(title, both):
            values = [getattr(row, name) for row in history]
            colour = {"train": TRAIN, "valid": VALID}.get(kind, BEST)
            panel.plot(epochs, values, color=colour, label=kind, marker=".")
        panel.axvline(best + 1, color=BEST, linewidth=0.6, linestyle=":")
        panel.set_title(title, fontsize=10)
        panel.set_xlabel("epoch", fontsize=9)
        panel.legend(frameon=False, fontsize=9)
        panel.grid(alpha=0.25)
    return _png(figure)


def confusion(found: Measure, classes: tuple[str, ...], title: str) -> bytes:
    """Rows: what is true; columns: what was answered; shades: the share of the row. A PNG."""
    k = len(classes)
    side = max(4.8, 0.62 * min(k, 30) + 2)
    figure = _figure(side + 0.6, side)
    panel = figure.subplots()
    supports = found.confusion.sum(axis=1)
    shares = found.confusion / np.maximum(1, supports)[:, None]
    panel.imshow(shares, cmap="Oranges", vmin=0, vmax=1)
    plain = [name.replace("$", r"\$") for name in classes]  # no formula to matplotlib
    panel.set_xticks(range(k), plain, rotation=45, ha="right", fontsize=9)
    rows = [f"{name} ({n})" for name, n in zip(plain, supports, strict=True)]
    panel.set_yticks(range(k), rows, fontsize=9)
    for i, j in np.ndindex(k, k):
        if k <= MOST_NUMBERS:
            colour = "white" if shares[i, j] > 0.6 else BEST
            text = str(found.confusion[i, j])
            panel.text(j, i, text, ha="center", va="center", fontsize=8, color=colour)
    panel.set_xlabel("answered", fontsize=10)
    panel.set_ylabel("true (pictures)", fontsize=10)
    panel.set_title(title, fontsize=9)
    return _png(figure)


def _figure(width: float, height: float) -> Any:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _png(figure: Any) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()
