"""When are two people happy at the same time? The table is a pandas DataFrame.

python examples/smiles_shared.py TABLE
"""

import sys
from pathlib import Path

import videmo


def main(path: Path) -> None:
    table = videmo.read_table(path)
    happy = table[(table["emotion"] == "happy") & (table["repeat"] >= 5)]
    people = happy.groupby("time")["track"].nunique()
    shared = people[people >= 2]
    print(f"{len(shared)} frames with two or more happy faces")
    for time, count in shared.iloc[:: max(1, len(shared) // 5)].items():
        print(f"{time:8.3f} s  {count} faces")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
