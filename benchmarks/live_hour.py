"""Whether the memory of a live session stays flat: hours of pictures, faster than they would come.

    python -m benchmarks.live_hour [HOURS] [SPEED] [record] [known=FOLDER]

A clip with one face (or the demo), over and over, 30 pictures for each second of HOURS, goes
through a pipe into `videmo live -` in a process of its own, SPEED times as fast as a camera would
give them. It keeps the table, writes JSON lines, and serves the page, at which a viewer looks; with
`record` it records, too, and with `known=` it names people. Printed is what the process holds at
each tenth of the time that this takes, and while it makes the table.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from benchmarks.live import RATE, made, resident
from videmo.exporters.program import find_ffmpeg

SIZE, CLIP_SECONDS = "480p", 20
HOURS, SPEED = 1.0, 3.0
PARTS = 10
LAST: deque[str] = deque(maxlen=3)
"""What the session said last, if something went wrong."""


def main(hours: float, speed: float, options: list[str]) -> None:
    seconds = hours * 3600
    print(f"{seconds * RATE:.0f} pictures of {SIZE}, {speed:g} times as fast as they would come")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clip = made(folder, SIZE, CLIP_SECONDS)
        # By its time stamps, too: what comes before its time is a file's to a session, and waits.
        quick = ["-stream_loop", "-1", "-readrate", "1", "-itsscale", str(1 / speed)]
        again = [*quick, "-i", str(clip), "-t", str(seconds / speed)]
        sender = subprocess.Popen(
            [find_ffmpeg(), "-loglevel", "error", *again, "-c", "copy", "-f", "mpegts", "-"],
            stdout=subprocess.PIPE,
        )
        session = started(sender, folder, options)
        viewed: list[int] = []
        viewer = threading.Thread(target=view, args=(session, viewed), daemon=True)
        viewer.start()
        for part, held in enumerate(samples(session, sender, seconds / speed), 1):
            print(f"{100 * part // PARTS:>5} %: {held / 1e6:.0f} MB", flush=True)
        sender.wait()  # later, where the session does not keep up with SPEED: choose a lower one
        print(f"all was sent: {resident(session.pid) / 1e6:.0f} MB")
        print(f"the table is made: {most_until_the_end(session) / 1e6:.0f} MB at most")
        viewer.join(5)
        (record,) = (json.loads(p.read_text()) for p in (folder / "kept").glob("*.faces.json"))
        read, looked = record["frames_read"], record["frames_scanned"]
        lost = record["live"]["not_recorded"]
        print(f"{read} pictures captured, {looked} looked at, {lost} not recorded")
        print(f"{len(viewed)} pictures viewed, {sum(viewed) / 1e6:.0f} MB of them")


def started(
    sender: subprocess.Popen[bytes], folder: Path, options: list[str]
) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "videmo", "live", "-", "--as", "jsonl", "--no-browser"]
    command += ["--table", str(folder / "kept")]
    if "record" in options:
        command += ["--record", str(folder / "kept.mp4"), "--draw"]
    for known in (one for one in options if one.startswith("known=")):
        command += ["--known", known.partition("=")[2]]
    assert sender.stdout is not None
    session = subprocess.Popen(
        command, stdin=sender.stdout, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    sender.stdout.close()  # only the session reads it
    return session


def view(session: subprocess.Popen[bytes], viewed: list[int]) -> None:
    """Look at one picture after the other on the page; their bytes are added to `viewed`."""
    assert session.stderr is not None
    address = next((line for line in said(session) if line.startswith("http://")), "")
    threading.Thread(target=lambda: LAST.extend(said(session)), daemon=True).start()
    while session.poll() is None:
        try:
            with urllib.request.urlopen(f"{address.split('?')[0]}look", timeout=10) as answer:
                viewed.append(len(answer.read()))
        except OSError:  # it is over
            return
        time.sleep(0.03)


def said(session: subprocess.Popen[bytes]) -> Iterator[str]:
    assert session.stderr is not None
    for line in session.stderr:
        yield line.decode().strip()


def samples(
    session: subprocess.Popen[bytes], sender: subprocess.Popen[bytes], seconds: float
) -> Iterator[int]:
    """What is held at each tenth of `seconds`, as long as there are pictures."""
    begin = time.monotonic()
    for part in range(1, PARTS + 1):
        while time.monotonic() - begin < seconds * part / PARTS - 0.5 and sender.poll() is None:
            time.sleep(0.1)
        if session.poll() is not None:
            sys.exit(f"it ended too early: {' '.join(LAST)}")
        yield resident(session.pid)


def most_until_the_end(session: subprocess.Popen[bytes]) -> int:
    most = 0
    while session.poll() is None:
        most = max(most, resident(session.pid))
        time.sleep(0.02)
    return most


if __name__ == "__main__":
    numbers = [float(one) for one in sys.argv[1:] if one[0].isdigit()]
    main(
        *numbers[:2],
        *(HOURS, SPEED)[len(numbers) :],
        [o for o in sys.argv[1:] if not o[0].isdigit()],
    )
