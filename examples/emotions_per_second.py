"""How much of each emotion is there, second by second? Mean scores as CSV, for a plot.

python examples/emotions_per_second.py TABLE > seconds.csv
"""

import sys
from pathlib import Path

import videmo


def main(path: Path) -> None:
    table = videmo.read_table(path)
    aligned = table[table["eyes"] == 2]
    second = aligned["time"].astype(int).rename("second")
    means = aligned.groupby(second)[list(videmo.EMOTIONS)].mean().round(4)
    print(means.to_csv(lineterminator="\n"), end="")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
