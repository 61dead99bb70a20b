"""How far figures hang on chance: run with python -m benchmarks.seeds RUN RUN RUN.

Each RUN is the folder of a training by the same recipe with another seed. Prints the figures of
each on the last split that it was measured on, their mean, and their standard deviation (of a
sample: divided by one less than there are).
"""

from __future__ import annotations

import json
import statistics
import sys
from pathlib import Path

FIGURES = ("accuracy", "mean_recall", "macro_f1", "calibration_error")


def main(runs: list[Path]) -> None:
    table: dict[str, list[list[float]]] = {}
    for run in runs:
        for on, found in json.loads((run / "metrics.json").read_text())["splits"].items():
            table.setdefault(on, []).append([found[name] for name in FIGURES])
    for on, rows in table.items():
        print(f"{on:30}", *(f"{name:>18}" for name in FIGURES))
        columns = list(zip(*rows, strict=True))
        for run, row in zip(runs, rows, strict=True):
            show(str(run), row)
        show("mean", [statistics.fmean(column) for column in columns])
        if len(rows) > 1:
            show("deviation", [statistics.stdev(column) for column in columns])


def show(name: str, values: list[float]) -> None:
    print(f"{name:30}", *(f"{value:18.4f}" for value in values))


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main([Path(name) for name in sys.argv[1:]])
