"""Moving pictures of single runs, opened by OpenCV."""

from __future__ import annotations

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
from videmo.exporters.selection import Choice, Exported
from videmo.extract import Wanted, extract_tables, find_tables
from videmo.runs import find_runs

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
    (path,) = made(kind, movie, tmp_path, (0.4, 1.2)).files
    grey = [cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY) for picture in shown(path)[0]]
    assert [number_of(picture) for picture in grey] == list(range(10, 30, each))


def test_a_run_that_ends_with_the_movie_is_whole(tmp_path: Path) -> None:
    movie = numbered(tmp_path / "movie.mp4", 50)
    (path,) = made("webp", movie, tmp_path, (1.6, 2.0)).files
    grey = [cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY) for picture in shown(path)[0]]
    assert [number_of(picture) for picture in grey] == list(range(40, 50))


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
    assert [path.name for path in folder.iterdir()] == [f"00-00-00.500_t1.{kind}"]


def test_animations_are_listed_with_their_runs(people: Made, tmp_path: Path) -> None:
    tables = find_tables([people.scanned.table])
    (done,) = extract_tables(tables, Wanted(("happy",)), tmp_path, exports=["gif", "webp"])
    assert not done.errors
    runs = find_runs(people.table, "happy", repeat=5)
    lines = (tmp_path / "segments.csv").read_text().splitlines()[1:]
    listed = [line.split(",")[-2:] for line in lines]
    assert len(listed) == len(runs) and len(done.files) == 2 * len(runs)
    assert all((tmp_path / name).is_file() for names in listed for name in names)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_run_gives_the_same_bytes(tmp_path: Path, kind: str) -> None:
    movie = flashing(tmp_path / "movie.mp4", 2)
    (path,) = made(kind, movie, tmp_path, (0.5, 1.5)).files
    before = path.read_bytes()
    made(kind, movie, tmp_path, (0.5, 1.5))
    assert path.read_bytes() == before
