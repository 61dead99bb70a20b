"""However a scan is run, cut short and taken up again, the table is the same."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from tests.conftest import Made, made
from tests.movies import SIZE, person
from videmo.demo import Actor, Place, Shot, Story
from videmo.errors import MovieError, RequestError
from videmo.faces import DETECTORS, DetectorConfig
from videmo.scan import Settings, scan_chunk, scan_movie, workers
from videmo.scan.chunk import ChunkResult
from videmo.scan.store import ChunkStore
from videmo.schema import DEFAULT_MIN_FACE, Chunk
from videmo.video import plan_chunks, probe, survey


def long_story() -> Story:
    """Seventy seconds at 2 to 5 frames a second: cuts, two people, nobody; three chunks."""
    left = Actor(2, (Place(0, 80, 110, 90), Place(25, 110, 130, 90)), ((0, "happy"), (9, "sad")))
    right = Actor(3, (Place(0, 240, 110, 84), Place(25, 215, 110, 100)), ((0, "surprise"),))
    shots = (
        Shot(28, (person(1, 150, (0, "sad"), (12, "happy")),), background=1),
        Shot(25, (left, right), background=2),
        Shot(5, background=3),
        Shot(12, (person(1, 170),), background=4),
    )
    times, now = [], Fraction(0)
    while now < 69:
        times.append(now)
        now += Fraction(1, 5) if len(times) // 20 % 2 else Fraction(1, 2)
    return Story(shots, SIZE, times=tuple(times), sound=False)


@pytest.fixture(scope="module", params=DETECTORS)
def long(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Made:
    settings = Settings(DetectorConfig(request.param))
    one = made(tmp_path_factory.mktemp("long"), long_story(), settings=settings)
    movie = probe(one.movie)
    assert len(plan_chunks(movie, survey(movie).keys)) >= 3
    return one


def detector_of(one: Made) -> str:
    """What it was scanned with."""
    return str(one.scanned.record["detector"]["name"])


def settings_of(one: Made, **more: object) -> Settings:
    return Settings(DetectorConfig(detector_of(one), **more))  # type: ignore[arg-type]


def results(table: Path) -> tuple[bytes, bytes]:
    return table.read_bytes(), table.with_name("movie.mp4.faces.json").read_bytes()


@pytest.mark.parametrize("jobs", [2, 3, 4])
def test_any_number_of_jobs_gives_the_same_bytes(long: Made, tmp_path: Path, jobs: int) -> None:
    folder = long.movie.parent / f"tables-{jobs}"
    told: list[int] = []
    again = scan_movie(
        long.movie, folder, settings_of(long), lambda done, _: told.append(done), jobs=jobs
    )
    assert results(again.table) == results(long.scanned.table)
    assert told == sorted(told) and told[-1] == long.scanned.record["frames_read"]
    assert sorted(p.name for p in folder.iterdir()) == sorted(
        p.name for p in long.scanned.table.parent.iterdir()
    )


@pytest.mark.skipif(os.name != "posix", reason="kill as on POSIX")
@pytest.mark.parametrize("jobs", [1, 2, 3, 4])
def test_a_scan_that_is_killed_again_and_again_gives_the_same_bytes(long: Made, jobs: int) -> None:
    folder = long.movie.parent / f"killed-{jobs}"
    options = ["-q", "-j", str(jobs), "-o", str(folder), "--detector", detector_of(long)]
    command = [sys.executable, "-m", "videmo", "scan", *options]
    when = random.Random(jobs)
    for _ in range(3):
        work = subprocess.Popen([*command, str(long.movie)], start_new_session=True)
        time.sleep(when.uniform(0.8, 4.0))
        os.killpg(work.pid, signal.SIGKILL)
        work.wait()
    subprocess.run([*command, str(long.movie)], check=True)
    assert results(folder / "movie.mp4.faces.csv") == results(long.scanned.table)
    assert not (folder / "movie.mp4.parts").exists()


@pytest.fixture
def kept(long: Made, tmp_path: Path) -> ChunkStore:
    """ChunkStore of which the first chunk is finished."""
    parts = ChunkStore(tmp_path / "movie.mp4.parts", {"movie": "this one"})
    movie = probe(long.movie)
    chunk = Chunk(0, Fraction(0), Fraction(3))
    parts.save(0, scan_chunk(movie, chunk, settings_of(long)))
    return parts


def test_a_finished_chunk_is_kept_as_it_is(kept: ChunkStore, long: Made) -> None:
    movie = probe(long.movie)
    chunk = Chunk(0, Fraction(0), Fraction(3))
    seen, loaded = scan_chunk(movie, chunk, settings_of(long)), kept.load(0)
    assert loaded is not None
    assert len(seen.columns) and len(seen.times)
    for name, value in seen._asdict().items():
        kept_value = getattr(loaded, name)
        assert np.array_equal(kept_value, value, equal_nan=name == "columns"), name
        assert np.asarray(kept_value).dtype == np.asarray(value).dtype, name


def test_a_chunk_that_is_not_finished_is_not_there(kept: ChunkStore) -> None:
    assert kept.load(1) is None


@pytest.mark.parametrize("cut", [1, 100, 1000])
def test_a_damaged_part_is_not_used(kept: ChunkStore, cut: int) -> None:
    (path,) = kept.folder.iterdir()
    path.write_bytes(path.read_bytes()[:-cut])
    assert kept.load(0) is None


def test_parts_of_another_movie_are_not_used_and_are_thrown_away(kept: ChunkStore) -> None:
    other = ChunkStore(kept.folder, {"movie": "another one"})
    assert other.load(0) is None
    other.forget(others_only=True)
    assert kept.load(0) is None and not kept.folder.exists()


def interrupted(one: Made, folder: Path) -> None:
    """Scan as far as into the second chunk."""

    def stop(done: int, total: int) -> None:
        if done > 150:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        scan_movie(one.movie, folder, settings_of(one), stop)


def test_what_is_finished_is_not_scanned_again(long: Made, tmp_path: Path) -> None:
    """Interrupted in the second chunk, a scan goes on with the second chunk."""
    interrupted(long, tmp_path)
    assert list((tmp_path / "movie.mp4.parts").iterdir())
    told: list[int] = []
    scan_movie(long.movie, tmp_path, settings_of(long), lambda done, _: told.append(done))
    assert 50 < told[0] <= 150
    assert (tmp_path / "movie.mp4.faces.csv").read_bytes() == long.scanned.table.read_bytes()


@pytest.mark.parametrize(("fresh", "min_face"), [(True, DEFAULT_MIN_FACE), (False, 0.2)])
def test_what_is_finished_is_not_used_for_other_settings_or_when_fresh(
    long: Made, tmp_path: Path, fresh: bool, min_face: float
) -> None:
    interrupted(long, tmp_path)
    told: list[int] = []

    def first(done: int, total: int) -> None:
        told.append(done)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        scan_movie(long.movie, tmp_path, settings_of(long, min_face=min_face), first, fresh=fresh)
    assert told == [0]


def test_a_worker_that_crashes_is_one_bad_movie(
    long: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "_scan_and_keep", crash)
    with pytest.raises(MovieError, match="signal 9"):
        scan_movie(long.movie, tmp_path, settings_of(long), jobs=2)
    assert not multiprocessing.active_children()


def crash(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_worker_that_is_ended_keeps_what_it_has_finished(
    long: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "_scan_and_keep", scan_and_be_ended)
    scanned = scan_movie(long.movie, tmp_path, settings_of(long), jobs=2)
    assert scanned.table.read_bytes() == long.scanned.table.read_bytes()


def scan_and_be_ended(*how: Any) -> None:
    movie, chunk, settings, store, *rest = how
    workers._scan_and_keep(movie, chunk, settings, Ending(store), *rest)


class Ending(NamedTuple):
    """A store whose process is to end just when something is kept."""

    store: ChunkStore

    def save(self, index: int, seen: ChunkResult) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        self.store.save(index, seen)


def test_what_a_worker_runs_into_is_raised_here(long: Made, tmp_path: Path) -> None:
    settings = Settings(DetectorConfig(detector="eyeball"))
    with pytest.raises(RequestError, match="eyeball"):
        scan_movie(long.movie, tmp_path, settings, jobs=2)
