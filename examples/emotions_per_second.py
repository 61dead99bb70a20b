"""How much of each emotion (or gesture) is there, second by second? Mean scores as CSV, for a plot.

python examples/emotions_per_second.py TABLE > seconds.csv
"""

import sys
from pathlib import Path

import videmo


def main(path: Path) -> None:
    table = videmo.read_table(path)
    faces = table[table["track"].notna()]
    counting = faces[faces["eyes"].fillna(2) == 2]  # whole pictures have no eyes, and count
    second = counting["time"].astype(int).rename("second")
    means = counting.groupby(second)[list(videmo.labels_of(table))].mean().round(4)
    every = range(int(table["time"].max()) + 1)
    means = means.reindex(every).rename_axis("second")  # empty where nobody is there
    print(means.to_csv(lineterminator="\n"), end="")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
