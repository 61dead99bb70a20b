"""How fast the page of a long movie opens and scrolls: `python -m benchmarks.page`.

Three hours with fifty tracks, made: nobody has scanned them. Needs Chromium and playwright.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tests.browser import OPTIONS, PROGRAMS
from videmo.moments import moments_of
from videmo.report.data import movie_data
from videmo.report.html import movie_page
from videmo.report.link import player_data
from videmo.report.look import Scan, look
from videmo.review import Review
from videmo.runs import find_runs
from videmo.schema import EMOTIONS

SECONDS, FPS, TRACKS = 3 * 3600, 25, 50
SHARE = 0.1
"""Of the movie in which each track is seen."""
FRAMES_OF_SCROLLING = 120


def made_table() -> pd.DataFrame:
    """Faces of fifty tracks, each there now and then, with an emotion for some seconds."""
    random = np.random.default_rng(1)
    frames = SECONDS * FPS
    parts = []
    for track in range(1, TRACKS + 1):
        # Some twenty stretches of about a minute.
        begins = np.sort(random.choice(frames - 2 * 60 * FPS, 18, replace=False))
        seen = np.unique(np.concatenate([np.arange(b, b + 60 * FPS) for b in begins]))
        held = np.repeat(random.integers(0, 7, len(seen) // 60 + 1), 60)[: len(seen)]
        scores = np.full((len(seen), 7), 0.05)
        scores[np.arange(len(seen)), held] = random.uniform(0.4, 0.7, len(seen))
        part = pd.DataFrame({"frame": seen, "time": np.round(seen / FPS, 3)})
        part["track"] = pd.array([track] * len(seen), dtype="Int64")
        part["eyes"] = pd.array([2] * len(seen), dtype="Int64")
        part["emotion"] = np.array(EMOTIONS, object)[held]
        part["score"] = scores.max(axis=1)
        parts.append(part.join(pd.DataFrame(scores, columns=list(EMOTIONS))))
    return pd.concat(parts).sort_values(["frame", "track"], ignore_index=True)


def made_page() -> str:
    """The page of that table."""
    table = made_table()
    columns = ("confidence", "yaw", "roll", "repeat", "x", "y", "w", "h")
    whole = table.assign(**dict.fromkeys(columns, 1))
    names = [*table.columns[:3], *columns[4:], *("confidence", "eyes", "yaw", "roll")]
    whole = whole[[*names, "emotion", "score", "repeat", *EMOTIONS]]
    end = float(SECONDS)
    record = {"end": end, "labels": list(EMOTIONS), "status": "ok", "cuts": []}
    runs = find_runs(whole, end=end)
    found = moments_of(runs, whole, "long.mp4")
    of_runs = tuple(runs), tuple(found)
    scan = Scan(Path("long.mp4.faces.csv"), "long.mp4", whole, record, {}, *of_runs)
    data = movie_data(look(scan, Review()))
    print(f"{len(table):,} rows, {len(found):,} moments")
    return movie_page({**data, "faces": {}, "live": None, "player": player_data(None, Path())})


OPENED = """() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() =>
  done(performance.now()))))"""
SCROLLED = """async ([name, step, count]) => {
  const box = document.getElementById(name), times = [];
  let last = performance.now();
  for (let n = 0; n < count; n++) {
    box.scrollTop += step;
    if (name === 'lanes') timeline.zoom(n % 2 ? 0.8 : 1.2);
    await new Promise(done => requestAnimationFrame(done));
    const now = performance.now();
    times.push(now - last);
    last = now;
  }
  times.sort((a, b) => a - b);
  return [times[count >> 1], times[Math.floor(0.95 * count)]];
}"""


def measure(view: Any, address: str) -> None:
    """Print how long the page takes to open and to scroll: on the clock, and of the processor time
    of the thread that everything on a page waits for, which does not hang on who else works."""
    session = view.context.new_cdp_session(view)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def busy() -> float:
        metrics = session.send("Performance.getMetrics")["metrics"]
        return 1000 * float(next(m["value"] for m in metrics if m["name"] == "TaskDuration"))

    opened, spent = [], []
    for _ in range(5):
        view.goto("about:blank")
        before = busy()
        view.goto(address)
        opened.append(view.evaluate(OPENED))
        spent.append(busy() - before)
    print(
        f"opened and drawn in {sorted(opened)[2]:.0f} ms, {sorted(spent)[2]:.0f} ms of the "
        "processor (medians of 5)"
    )
    for name, step in (("list", 400), ("lanes", 26)):
        before = busy()
        middle, slow = view.evaluate(SCROLLED, [name, step, FRAMES_OF_SCROLLING])
        each = (busy() - before) / FRAMES_OF_SCROLLING
        print(
            f"{name}: a picture every {middle:.1f} ms (median), {slow:.1f} (95 %), {each:.1f} ms "
            "of the processor"
        )


def main() -> None:
    """Make the page, open it, scroll it, and print how long that took."""
    import shutil

    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        page = Path(folder) / "long.html"
        page.write_text(made_page(), "utf-8")
        print(f"made in {time.perf_counter() - began:.1f} s, {page.stat().st_size / 1e6:.1f} MB")
        program = next(filter(None, map(shutil.which, PROGRAMS)), None)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=program, args=OPTIONS)
            view = browser.new_page(viewport={"width": 1600, "height": 1000})
            view.set_default_timeout(300_000)
            measure(view, page.as_uri())
            browser.close()


if __name__ == "__main__":
    main()
