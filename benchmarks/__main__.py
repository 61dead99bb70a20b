"""Measure both passes and print what README.md of this folder holds."""

from __future__ import annotations

import platform
import shutil
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any
from unittest.mock import patch

import av

from benchmarks.compare import Boxes, boxes_of, recall_and_precision
from benchmarks.memory import peak_memory
from benchmarks.movies import joined, make_reel
from videmo.demo import demo_story, make_movie
from videmo.faces import DETECTORS, Detector, DetectorConfig, detector_of
from videmo.runs import find_runs
from videmo.scan import Settings, all_cores, merge, scan_chunk, scan_movie
from videmo.scan import chunk as chunk_module
from videmo.schema import DEFAULT_DETECTOR, EMOTIONS, FACE, Chunk
from videmo.table import FORMAT, Row, read_table, write_table
from videmo.video import Reader, probe, survey

REELS, LONG_REELS = 10, 20
"""Reels of the movie that is timed, and of the one of ten minutes or more."""
TWO_HOURS = 172_800
"""Frames."""


def main() -> None:
    cores = all_cores()
    print(f"machine: {platform.machine()}, {cores} cores, Python {platform.python_version()}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        reel, what = make_reel(folder)
        movie = joined([reel] * REELS, folder / "movie.mp4")
        frames = survey(probe(movie)).packets
        print(f"movie: 1080p24 H.264, {frames} frames ({frames / 24:.0f} s), {what}\n")
        decoding = frames / seconds(lambda: decode(movie))
        print(f"decoding only      {decoding:6.1f} frames/s")
        speeds = {}
        for jobs in sorted({1, 2, cores}):
            took = seconds(lambda jobs=jobs: scan_movie(movie, folder / "scan", jobs=jobs))
            speeds[jobs] = frames / took
            share = speeds[jobs] / decoding
            print(f"scan, {jobs} jobs       {speeds[jobs]:6.1f} frames/s, {share:.2f} of decoding")
        print(f"two jobs against one: {speeds[2] / speeds[1]:.2f} times")
        haar = Settings(DetectorConfig("haar"))
        took = seconds(lambda: scan_movie(movie, folder / "haar", haar, jobs=2))
        print(f"haar, 2 jobs       {frames / took:6.1f} frames/s, {frames / took / decoding:.2f}")
        for name in DETECTORS:
            against_every_frame(name, reel, folder)
        tell("against the truth (demo)", *against_truth(folder))
        print()
        stages(reel)
        second_pass(folder)
        if Path("/proc").is_dir():
            memory(reel, folder)


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def decode(movie: Path) -> None:
    with av.open(str(movie)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        for _ in container.decode(stream):
            pass


def tables(folder: Path) -> Boxes:
    (table,) = folder.glob("*.csv")
    return boxes_of(read_table(table))


def against_every_frame(detector: str, reel: Path, folder: Path) -> None:
    found = []
    for name, interval in (("some", None), ("every", 1)):
        place = folder / detector / name
        scan_movie(reel, place, Settings(DetectorConfig(detector, interval=interval)), jobs=2)
        found.append(tables(place))
    tell(f"{detector}, a reel, against --every-frame", *recall_and_precision(*found))


def tell(against: str, recall: float, precision: float) -> None:
    print(f"{against}: recall {recall:.3f}, precision {precision:.3f}")


def against_truth(folder: Path) -> tuple[float, float]:
    truth: Boxes = defaultdict(list)
    for row in make_movie(folder / "truth.mp4", demo_story()):
        truth[row.frame].append(row.face)
    scan_movie(folder / "truth.mp4", folder / "truth")
    return recall_and_precision(tables(folder / "truth"), truth)


def stages(movie: Path) -> None:
    """Processor time of one process, by what it is spent on."""
    spent: dict[str, float] = defaultdict(float)

    def timed(stage: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            start = time.thread_time()
            try:
                return work(*arguments, **options)
            finally:
                spent[stage] += time.thread_time() - start

        return call

    def frames(self: Reader, *stretch: Any) -> Iterator[Any]:
        source = whole(self, *stretch)
        step = timed("decode", lambda: next(source, None))
        while (frame := step()) is not None:
            yield frame

    def detector(config: DetectorConfig) -> Detector:
        found = detector_of(replace(config, detector=DEFAULT_DETECTOR))
        redetect = found.redetect and timed("follow", found.redetect)
        detect, align = timed("look", found.detect), timed("align", found.align)
        return replace(found, detect=detect, align=align, redetect=redetect)

    whole = Reader.frames
    settings = Settings(DetectorConfig("timed"))
    with ExitStack() as patches:
        patches.enter_context(patch.dict(DETECTORS, timed=detector))
        patches.enter_context(patch.object(Reader, "frames", frames))
        classify = timed("classify", chunk_module.Scores._run)
        patches.enter_context(patch.object(chunk_module.Scores, "_run", classify))
        start = time.thread_time()
        seen = scan_chunk(probe(movie), Chunk(0, Fraction(0), None), settings)
        spent["the rest"] = time.thread_time() - start - sum(spent.values())
    start = time.thread_time()
    of_table = detector_of(DetectorConfig())
    for _ in merge(lambda: [seen], settings, of_table, EMOTIONS).rows:
        pass
    spent["merge"] = time.thread_time() - start
    count = seen.frames
    print("processor time of one process, ms a frame:")
    for stage, took in spent.items():
        print(f"  {stage:10} {1000 * took / count:6.2f}")


def second_pass(folder: Path) -> None:
    """Read a two-hour movie's table, and find its runs."""
    scores = (0.01, 0.02, 0.03, 0.9, 0.01, 0.02, 0.01)
    observed = (9, 9, 90, 90, 0.9, 2, 0.5, -0.5)
    rows = (
        Row(i, i / 24, 1 + i // 2400, observed, EMOTIONS[i // 31 % 7], 0.9, 5, scores)
        for i in range(TWO_HOURS)
    )
    record = {
        **{"format": FORMAT, "movie": {"file": "two-hours.mp4", "fingerprint": "0"}, "timed": True},
        **{"width": 640, "height": 360, "end": TWO_HOURS / 24, "first_frame": 0},
        **dict.fromkeys(("frames_read", "frames_scanned", "frames_expected"), TWO_HOURS),
        **dict.fromkeys(("faces", "aligned"), TWO_HOURS),
        **{"fps": "24/1", "tracks": 1 + TWO_HOURS // 2400, "decode_failures": 0},
        **{"changed_meanwhile": False, "cut_off": False, "status": "ok", "warnings": []},
        **{"settings": {"start": 0.0, "end": None}, "seconds": {}, "labels": list(EMOTIONS)},
        "detector": {"name": DEFAULT_DETECTOR, "weights": {}, "margin": 0.0},
        "model": {"name": "none", "sha256": "0", "crop": FACE},
        "cuts": [],
    }
    path = folder / "two-hours.mp4.faces.csv"
    write_table(path, rows, record)
    start = time.perf_counter()
    table = read_table(path)
    read = time.perf_counter()
    runs = find_runs(table, repeat=5)
    found = time.perf_counter()
    print(
        f"\ntable of {TWO_HOURS} rows: read in {read - start:.2f} s, its {len(runs)} runs found in "
        f"{found - read:.2f} s"
    )


def memory(reel: Path, folder: Path) -> None:
    for reels in (2, LONG_REELS):
        movie = joined([reel] * reels, folder / f"{reels}.mp4")
        shutil.rmtree(folder / "scan", ignore_errors=True)
        out = ["-o", str(folder / "scan")]
        largest, together = peak_memory(["videmo", "scan", "-q", "-j", "2", *out, str(movie)])
        megabytes = f"{largest / 1e6:.0f} MB in one process, {together / 1e6:.0f} MB in all"
        minutes = survey(probe(movie)).packets / 24 / 60
        print(f"peak memory at {minutes:4.1f} minutes, two jobs: {megabytes}")


if __name__ == "__main__":
    main()
