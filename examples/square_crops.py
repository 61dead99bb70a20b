"""One square picture of each held emotion, the best of its run: to look through, or to train on.

python examples/square_crops.py TABLE FOLDER
"""

import sys
from pathlib import Path

import videmo


def main(path: Path, folder: Path) -> None:
    wanted = videmo.Wanted(emotions=("all",), repeat=10, min_score=0.5)
    choice = videmo.Choice(best=True, size=224, margin=0.1)
    tables = videmo.find_tables([path])
    for done in videmo.extract_tables(tables, wanted, folder, exports=["crops"], choice=choice):
        for error in done.errors:
            print(error, file=sys.stderr)
        for emotion, count in done.runs.items():
            print(f"{emotion:9} {count}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
