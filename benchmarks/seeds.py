"""How far a figure hangs on chance: run with python -m benchmarks.seeds RUN RUN RUN.

Each RUN is the folder of a training by the same recipe with another seed. Of each, the files are
made that videmo ships, and measured on ``valid``; below stand the mean of all, and the standard
deviation (of a sample: divided by one less than there are).
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from videmo.errors import VidemoError
from videmo.files import shown
from videmo.training.export import export


@dataclass(frozen=True)
class Shipped:
    """A file that videmo ships, as `export` makes it of a training."""

    labels: str
    mirrored: bool


SHIPPED = (Shipped("ferplus", mirrored=False), Shipped("fer2013", mirrored=True))


def figures_of(runs: list[Path], data: Path | None) -> list[float]:
    """Accuracy (percent) and macro-F1 of each of `SHIPPED`, in 8 bits, of `runs` side by side."""
    found: list[float] = []
    for what in SHIPPED:
        with tempfile.TemporaryDirectory() as folder:
            made = export(
                runs,
                Path(folder),
                labels=what.labels,
                formats=("dynamic",),
                data=data,
                mirrored=what.mirrored,
            )
        if made.found is None:
            raise VidemoError(f"{shown(runs[0])}: its pictures are gone; name them with --data")
        found += [100 * made.found.accuracy, made.found.macro_f1]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="folder of a training")
    parser.add_argument("--beside", type=Path, help="folder of a training to stand beside each")
    parser.add_argument("--data", type=Path, help="FER+'s folder, if it is not where it was")
    options = parser.parse_args()
    beside = [options.beside] if options.beside else []
    names = [f"{what.labels} {part}" for what in SHIPPED for part in ("accuracy", "macro-F1")]
    width = max(len(str(run)) for run in (*options.runs, "deviation"))
    print(" " * width, *(f"{name:>17}" for name in names))
    table = []
    for run in options.runs:
        table.append(figures_of([run, *beside], options.data))
        show(f"{run!s:{width}}", table[-1])
    columns = list(zip(*table, strict=True))
    show(f"{'mean':{width}}", [statistics.fmean(column) for column in columns])
    if len(table) > 1:
        show(f"{'deviation':{width}}", [statistics.stdev(column) for column in columns])


def show(name: str, values: list[float]) -> None:
    """Print a line: percents with two digits, macro-F1 with four."""
    print(name, *(f"{v:17.{2 if i % 2 == 0 else 4}f}" for i, v in enumerate(values)))


if __name__ == "__main__":
    try:
        main()
    except VidemoError as error:
        sys.exit(str(error))
