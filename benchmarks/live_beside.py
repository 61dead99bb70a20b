"""videmo live beside the webcam loop of `fer`, on the same movies, played at their own speed.

    python -m benchmarks.live_beside FER_PYTHON [SECONDS]

FER_PYTHON is the interpreter of an environment with fer 25.10.3, which brings its weights; this is
without the libraries that only its other ways want (MTCNN, sound):

    python3.11 -m venv fer-env
    fer-env/bin/pip install tensorflow-cpu "setuptools<81" "opencv-python-headless<5" requests \
        pandas tqdm pillow ffmpeg-python matplotlib
    fer-env/bin/pip install --no-deps fer==25.10.3

Both look at each picture that they have time for, the latest one; fer finds faces by Haar's cascade
at full size, classifies them, and does nothing else. deepface's `stream` has to fetch its weights
first, from where no package registry is.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from benchmarks.live import SECONDS, SIZES, Measured, cost, made, measured, resident, tell

LOOP = Path(__file__).with_name("fer_loop.py")


def main(python: str, seconds: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        start = cost([sys.executable, "-c", "from videmo.cli.live import live; import videmo.live"])
        for size in SIZES:
            movie = made(folder, size, seconds)
            print(f"\n{size}, videmo live, then fer:")
            tell(size, measured(movie, folder / size, start))
            tell(size, fer(python, movie))


def fer(python: str, movie: Path) -> Measured:
    """Run the loop; its processor time is that of the loop alone."""
    command = [python, "-W", "ignore", str(LOOP), str(movie)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    memory = [0]

    def watch() -> None:
        while process.poll() is None:
            memory[0] = max(memory[0], resident(process.pid))
            time.sleep(0.1)

    watcher = threading.Thread(target=watch)
    watcher.start()
    said, _ = process.communicate()
    watcher.join()
    if process.returncode:
        sys.exit(f"{python}: fer's loop failed; run it by itself: {' '.join(command)}")
    found = json.loads(said.splitlines()[-1])
    lags = sorted(found["lags"])
    dropped = found["captured"] - len(lags)
    middle, slow = lags[len(lags) // 2], lags[int(0.95 * (len(lags) - 1))]
    return Measured(found["captured"], dropped, middle, slow, 0, found["cores"], memory[0])


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else SECONDS)
