"""Who smiled longest, and when? Runs, found in a table.

python examples/longest_smile.py TABLE
"""

import sys
from pathlib import Path

import videmo


def main(path: Path) -> None:
    table = videmo.read_table(path)
    end = videmo.read_record(path)["end"]
    runs = videmo.find_runs(table, "happy", repeat=5, end=end)
    if not runs:
        print("nobody smiled for five frames")
        return
    longest = max(runs, key=lambda run: run.end - run.start)
    print(f"track {longest.track} smiled from {longest.start:.3f} to {longest.end:.3f} s")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
