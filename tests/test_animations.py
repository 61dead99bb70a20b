"""Moving pictures of single runs, opened by OpenCV."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.conftest import Made
from tests.moments import RATES, flashing, moments
from tests.movies import number_of, numbered
from videmo.errors import OutputError
from videmo.exporters import animations
from videmo.exporters.clips import find_ffmpeg
from videmo.exporters.selection import Choice, Exported
from videmo.extract import Wanted, extract_tables, find_tables
from videmo.runs import find_runs, to_segments

KINDS = {"gif": animations.gif, "webp": animations.webp}


def shown(path: Path) -> tuple[list[np.ndarray], float]:
    """The pictures of an animation, and how many seconds all together last."""
    done, animation = cv2.imreadanimation(str(path))
    assert done
    return list(animation.frames), sum(animation.durations) / 1000


def made(kind: str, *given: object, **how: object) -> Exported:
    (selection,) = moments(*given, **how).selections  # type: ignore[arg-type]
    return KINDS[kind](selection)


@pytest.mark.parametrize("rate", RATES.values(), ids=RATES)
@pytest.mark.parametrize("kind", KINDS)
def test_an_animation_lasts_as_long_as_its_run(
    tmp_path: Path, kind: str, rate: Fraction | None
) -> None:
    """To within half a picture, and the hundredths of a second in which a gif counts."""
    movie = flashing(tmp_path / "movie.mp4", 5, rate)
    exported = made(kind, movie, tmp_path, (0.5, 1.7), (3.0, 4.9))
    half = 0.5 / {"gif": 12, "webp": 24}[kind]
    for run, path in exported.of_run.items():
        assert shown(path)[1] == pytest.approx(run.end - run.start, abs=half + 0.011)


@pytest.mark.parametrize(("kind", "each"), [("gif", 2), ("webp", 1)])
def test_the_pictures_are_those_of_the_run(tmp_path: Path, kind: str, each: int) -> None:
    """Every second one in a gif, which is not to have more than 15 in a second."""
    movie = numbered(tmp_path / "movie.mp4", 60)
    (path,) = made(kind, movie, tmp_path, (0.4, 1.6)).files
    grey = [cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY) for picture in shown(path)[0]]
    assert [number_of(picture) for picture in grey] == list(range(10, 40, each))


def test_a_run_that_ends_with_the_movie_is_whole(tmp_path: Path) -> None:
    movie = numbered(tmp_path / "movie.mp4", 50)
    (path,) = made("webp", movie, tmp_path, (0.8, 2.0)).files
    grey = [cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY) for picture in shown(path)[0]]
    assert [number_of(picture) for picture in grey] == list(range(20, 50))


@pytest.mark.parametrize(
    ("run", "cuts", "seen"),
    [((1.0, 1.2), (), (0.6, 1.6)), ((1.0, 1.2), (0.92,), (0.92, 1.92)), ((1.8, 2), (), (1, 2))],
)
def test_a_short_run_is_shown_for_a_second_within_its_shot(
    tmp_path: Path, run: tuple[float, float], cuts: tuple[float, ...], seen: tuple[float, float]
) -> None:
    movie = numbered(tmp_path / "movie.mp4", 50)
    (selection,) = moments(movie, tmp_path, run).selections
    (path,) = animations.webp(replace(selection, cuts=cuts)).files
    grey = [cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY) for picture in shown(path)[0]]
    first, after = (round(25 * time) for time in seen)
    assert [number_of(picture) for picture in grey] == list(range(first, after))


def test_what_lies_around_a_run_is_shown_as_its_moment_says(tmp_path: Path) -> None:
    """With the pad, and both runs of a moment in one picture."""
    movie = numbered(tmp_path / "movie.mp4", 100)
    (selection,) = moments(movie, tmp_path, (1.0, 1.4), (1.8, 2.2)).selections
    (both,) = to_segments(selection.runs, pad=0.4, end=4.0)
    exported = animations.webp(replace(selection, segments=(both,)))
    assert len(exported.files) == 1 and set(exported.of_run) == set(selection.runs)
    grey = [cv2.cvtColor(one, cv2.COLOR_BGR2GRAY) for one in shown(exported.files[0])[0]]
    assert [number_of(picture) for picture in grey] == list(range(15, 65))


def noise(target: Path, seconds: float) -> Path:
    """A movie that nothing makes small."""
    raw = f"nullsrc=size=640x360:rate=25:duration={seconds},geq=random(1)*255:128:128"
    command = [find_ffmpeg(), "-y", "-loglevel", "error", "-f", "lavfi", "-i", raw]
    subprocess.run([*command, "-preset", "ultrafast", str(target)], check=True)
    return target


@pytest.mark.parametrize("kind", KINDS)
def test_an_animation_is_no_larger_than_is_wanted(tmp_path: Path, kind: str) -> None:
    """First its pictures get smaller, and it is as long as before."""
    movie = noise(tmp_path / "movie.mp4", 2)
    sizes, lengths = [], []
    for limit in (1000.0, 1.5):
        (path,) = made(kind, movie, tmp_path, (0, 2), choice=Choice(max_mb=limit)).files
        pictures, seconds = shown(path)
        assert path.stat().st_size <= limit * 1e6
        sizes.append(pictures[0].shape[1])
        lengths.append(seconds)
    assert sizes[1] < sizes[0] and lengths[1] == pytest.approx(lengths[0], abs=0.1)


def test_an_animation_that_cannot_be_made_so_small_is_told(tmp_path: Path) -> None:
    movie = noise(tmp_path / "movie.mp4", 2)
    exported = made("gif", movie, tmp_path, (0, 2), choice=Choice(max_mb=0.001))
    (failure,) = exported.failures
    assert not exported.files and "MB at its smallest; allow more with --max-mb" in str(failure)


def test_a_strip_gets_smaller_in_pictures_then_rate_then_time() -> None:
    strip = animations.Strip(None, 0.0, 480, 270, Fraction(15), 150)  # type: ignore[arg-type]
    small = animations.smaller(strip, 0.3)
    assert (small.width, small.height, small.count) == (262, 147, 150)
    least = animations.smaller(strip, 0.01)
    assert (least.width, least.height, least.count) == (240, 135, 150)
    assert animations.smaller(replace(least, rate=Fraction(30)), 0.5).rate == 15
    short = animations.smaller(least, 0.5)
    assert (short.rate, short.count) == (15, 75)
    assert animations.smaller(replace(least, count=15), 0.5).count == 15


def test_of_a_very_long_run_the_best_ten_seconds_are_shown(tmp_path: Path) -> None:
    movie = flashing(tmp_path / "movie.mp4", 14, Fraction(12), (64, 48))
    for choice, seconds in ((Choice(max_length=60), 10), (Choice(longest=12), 12)):
        (path,) = made("gif", movie, tmp_path, (0.0, 14.0), choice=choice).files
        assert shown(path)[1] == pytest.approx(seconds, abs=0.1)


def test_in_order_of_score_the_best_comes_first(tmp_path: Path) -> None:
    movie = flashing(tmp_path / "movie.mp4", 5)
    stretches, scores = ((0.5, 1.6), (2, 3.1), (3.5, 4.6)), (0.5, 0.9, 0.7)
    best_first = Choice(order="score")
    for choice in (Choice(), best_first):
        made("webp", movie, tmp_path, *stretches, scores=scores, choice=choice)
    folder = tmp_path / "out" / "movie.mp4" / "happy" / "webp"
    names = [path.name for path in sorted(folder.iterdir())]
    starts = ("001_00-00-02.000", "002_00-00-03.500", "003_00-00-00.500")
    assert names == [f"{start}_t1.webp" for start in starts]


def test_an_animation_is_as_short_as_is_wanted(tmp_path: Path) -> None:
    movie = flashing(tmp_path / "movie.mp4", 5)
    short = Choice(max_length=1.0)
    (path,) = made("gif", movie, tmp_path, (0.5, 4.5), choice=short).files
    assert shown(path)[1] == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize(("kind", "size"), [("gif", (480, 270)), ("webp", (640, 360))])
def test_large_pictures_become_small(tmp_path: Path, kind: str, size: tuple[int, int]) -> None:
    movie = flashing(tmp_path / "movie.mp4", 1, Fraction(24), (1280, 720))
    (path,) = made(kind, movie, tmp_path, (0, 0.5)).files
    assert shown(path)[0][0].shape[1::-1] == size


@pytest.mark.parametrize("kind", KINDS)
def test_an_animation_that_fails_costs_one(tmp_path: Path, kind: str) -> None:
    movie = flashing(tmp_path / "movie.mp4", 5)
    (selection,) = moments(movie, tmp_path, (0.5, 1), (3, 4)).selections
    flashing(movie, 2)
    exported = KINDS[kind](selection)
    assert len(exported.files) == 1 and [type(e) for e in exported.failures] == [OutputError]
    folder = selection.folder / kind
    assert [path.name for path in folder.iterdir()] == [f"00-00-00.250_t1.{kind}"]


def test_animations_are_listed_with_their_runs(people: Made, tmp_path: Path) -> None:
    tables = find_tables([people.scanned.table])
    (done,) = extract_tables(tables, Wanted(("happy",)), tmp_path, exports=["gif", "webp"])
    assert not done.errors
    runs = find_runs(people.table, "happy", repeat=5)
    lines = (tmp_path / "segments.csv").read_text().splitlines()[1:]
    listed = [line.split(",")[-2:] for line in lines]
    assert len(listed) == len(runs) and len(done.files) == 2 * done.moments["happy"]
    assert all((tmp_path / name).is_file() for names in listed for name in names)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_run_gives_the_same_bytes(tmp_path: Path, kind: str) -> None:
    movie = flashing(tmp_path / "movie.mp4", 2)
    (path,) = made(kind, movie, tmp_path, (0.5, 1.5)).files
    before = path.read_bytes()
    made(kind, movie, tmp_path, (0.5, 1.5))
    assert path.read_bytes() == before
