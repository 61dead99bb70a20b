"""Everything at once: make the demo movie, scan it, export its happy faces.

python examples/demo_end_to_end.py FOLDER
"""

import sys
from pathlib import Path

import videmo


def main(folder: Path) -> None:
    movie = folder / "demo.mp4"
    videmo.make_movie(movie, videmo.demo_story())

    scanned = videmo.scan_movie(movie, folder)
    print(f"{scanned.record['faces']} faces on {scanned.record['tracks']} tracks")

    wanted = videmo.Wanted(emotions=("happy",), repeat=5)
    for done in videmo.extract_tables(videmo.find_tables([folder]), wanted, folder / "happy"):
        print(f"{done.moments['happy']} happy moments, {len(done.files)} files")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
