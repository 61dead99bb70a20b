"""Curves and confusions as PNG pictures, drawn by matplotlib (in the extra ``train``)."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from videmo.errors import SetupError, to_install
from videmo.training.measure import Measure

if TYPE_CHECKING:
    from videmo.training.diary import Row

TITLES = {"loss": "loss", "accuracy": "accuracy", "macro_f1": "macro-F1"}
TRAIN, VALID, BEST = "#9aa5b1", "#c2410c", "#1f2933"
MOST_NUMBERS = 20
"""Classes up to which each cell of the table of confusions has its number."""


def can_draw() -> bool:
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        return False
    return True


def curves(history: Sequence[Row], best: int) -> bytes:
    """Train against validation, epoch by epoch, for every metric; a PNG."""
    figure = _figure(12, 3.6)
    epochs = [row.epoch for row in history]
    panels = figure.subplots(1, len(TITLES) + 1)
    for panel, (metric, title) in zip(panels, TITLES.items(), strict=False):
        for kind, colour in (("train", TRAIN), ("valid", VALID)):
            values = [getattr(row, f"{kind}_{metric}") for row in history]
            panel.plot(
                epochs, values, color=colour, label=kind, marker="." if len(epochs) < 3 else ""
            )
        value = getattr(history[best], f"valid_{metric}")
        panel.axvline(best + 1, color=BEST, linewidth=0.6, linestyle=":")
        panel.set_title(f"{title}  (best epoch: {value:.3f})", fontsize=10)
        panel.legend(frameon=False, fontsize=9)
    panels[-1].plot(epochs, [row.rate for row in history], color=BEST)
    panels[-1].set_title("learning rate", fontsize=10)
    for panel in panels:
        panel.set_xlabel("epoch", fontsize=9)
        panel.tick_params(labelsize=8)
        panel.grid(alpha=0.25)
        panel.spines[["top", "right"]].set_visible(False)
        panel.xaxis.get_major_locator().set_params(integer=True)
    return _png(figure)


def confusion(found: Measure, classes: tuple[str, ...], title: str) -> bytes:
    """Rows: what is true; columns: what was answered; shades: the share of the row. A PNG."""
    k = len(classes)
    side = max(4.2, 0.62 * min(k, 30) + 2)
    figure = _figure(side + 0.6, side)
    panel = figure.subplots()
    shares = found.confusion / np.maximum(1, found.supports)[:, None]
    panel.imshow(shares, cmap="Oranges", vmin=0, vmax=1)
    ticks = range(k)
    panel.set_xticks(ticks, [_plain(c) for c in classes], rotation=45, ha="right", fontsize=9)
    panel.set_yticks(
        ticks,
        [f"{_plain(c)} ({n})" for c, n in zip(classes, found.supports, strict=True)],
        fontsize=9,
    )
    if k <= MOST_NUMBERS:
        for i, j in np.ndindex(k, k):
            colour = "white" if shares[i, j] > 0.6 else BEST
            text = f"{found.confusion[i, j]}\n{shares[i, j]:.0%}" if found.confusion[i, j] else "·"
            panel.text(j, i, text, ha="center", va="center", fontsize=8, color=colour)
    panel.set_xlabel("answered", fontsize=10)
    panel.set_ylabel("true (pictures)", fontsize=10)
    panel.set_title(title, fontsize=11)
    panel.spines[:].set_visible(False)
    panel.tick_params(length=0)
    return _png(figure)


def _plain(name: str) -> str:
    """A name in which matplotlib sees no formula."""
    return name.replace("$", r"\$")


def _figure(width: float, height: float) -> Any:
    """A figure of `width` x `height` inches that needs no screen."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise SetupError(f"no matplotlib; {to_install('train')}") from error
    return Figure(figsize=(width, height), dpi=120, layout="constrained")


def _png(figure: Any) -> bytes:
    buffer = io.BytesIO()
    # No software and no date in it: the same curves give the same bytes.
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()
