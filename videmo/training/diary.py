"""What a training leaves for people: history, log, curves, table of confusions, figures."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from sklearn.metrics import ConfusionMatrixDisplay

from videmo.files import write_atomic
from videmo.training.dataset import Data
from videmo.training.measure import Figures, in_short, in_words
from videmo.training.recipe import Recipe, as_json

PANELS = "train_loss valid_loss|train_accuracy valid_accuracy|valid_recall|rate"
MOST_NUMBERS = 20  # classes up to which each cell of the table of confusions has its number

Row = dict[str, float]
"""An epoch: its number from 1, what `PANELS` names, the `figure` by which the best one is chosen,
and `seconds`."""


def row_in_words(row: Row, epochs: int) -> str:
    train, valid = (
        f"{kind} loss {row[f'{kind}_loss']:.4f}, accuracy {row[f'{kind}_accuracy']:.1%}"
        for kind in ("train", "valid")
    )
    recall = f"mean over classes {row['valid_recall']:.1%}; {row['seconds']:.0f} s"
    return f"epoch {row['epoch']}/{epochs}: {train}; {valid}, {recall}"


def write_history(run: Path, history: Sequence[Row]) -> None:
    """Write ``history.csv``: a line for each epoch."""
    text = pd.DataFrame(history).to_csv(index=False, float_format="%.6g", lineterminator="\n")
    write_atomic(run / "history.csv", text.encode())


def write_end(
    run: Path, history: Sequence[Row], values: dict[str, Any], data: Data, recipe: Recipe
) -> None:
    """Write all that is looked at when a training has ended; `values` are its figures."""
    write_atomic(run / "metrics.json", as_json(values))
    write_atomic(run / "log.md", _log(history, values, data, recipe).encode())
    write_atomic(run / "curves.png", _curves(pd.DataFrame(history), values["best_epoch"]))
    name, last = list(values["splits"].items())[-1]
    write_atomic(run / "confusion.png", confusion(last, f"{name}: {in_short(last)}"))


def _log(history: Sequence[Row], values: dict[str, Any], data: Data, recipe: Recipe) -> str:
    counts = ", ".join(f"{len(part.images)} {split}" for split, part in data.splits.items())
    minutes = sum(row["seconds"] for row in history) / 60
    rows = ["| " + " | ".join(history[0]) + " |", "|" + " ---: |" * len(history[0])]
    rows += ["| " + " | ".join(f"{v:.4g}" for v in row.values()) + " |" for row in history]
    parts = [
        f"# Training\n\n{recipe.network}, {recipe.side}x{recipe.side} pixels, classes "
        f"{', '.join(data.classes)}; {counts} pictures. {len(history)} of at most {recipe.epochs} "
        f"epochs in {minutes:.1f} minutes; the best is {values['best_epoch']}.",
        *(f"Note: {note}." for note in data.notes),
        *(f"## The best epoch on {on}\n\n{in_words(one)}" for on, one in values["splits"].items()),
        "![Curves](curves.png)\n\n![Confusions](confusion.png)\n\n## Epochs\n\n" + "\n".join(rows),
        f"## Recipe\n\n```json\n{json.dumps(asdict(recipe), indent=2)}\n```\n",
    ]
    return "\n\n".join(parts)


def _curves(history: pd.DataFrame, best: int) -> bytes:
    """Train against validation, epoch by epoch; a PNG."""
    figure, panels = Figure((12, 3.6), layout="constrained"), PANELS.split("|")
    for panel, names in zip(figure.subplots(1, len(panels)), panels, strict=True):
        panel.plot(history["epoch"], history[names.split()], ".-", label=names.split())
        panel.axvline(best, linewidth=0.6, linestyle=":")
        panel.set_xlabel("epoch")
        panel.legend(frameon=False)
    return _png(figure)


def confusion(found: Figures, title: str) -> bytes:
    """Rows: what is true; columns: what was answered; shades: the share of the row. A PNG."""
    counts, names = np.array(found["confusion"]), list(found["classes"])
    side = max(4.8, 0.62 * min(len(names), 30) + 2)
    figure = Figure((side + 0.6, side), layout="constrained")
    panel = figure.subplots()
    shares = counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    plain = [name.replace("$", r"\$") for name in names]  # no formula to matplotlib
    shown, few = ConfusionMatrixDisplay(shares, display_labels=plain), len(names) <= MOST_NUMBERS
    shown.plot(ax=panel, cmap="Oranges", colorbar=False, include_values=few, xticks_rotation=45)
    for place, text in np.ndenumerate(shown.text_) if few else ():
        text.set_text(str(counts[place]))
    panel.set(xlabel="answered", ylabel="true")
    panel.set_title(title, fontsize=9)
    return _png(figure)


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110, metadata={"Software": None})
    return buffer.getvalue()
