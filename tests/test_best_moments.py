"""Moments as an editor sees them: a smile that is interrupted is one, the best are found."""

from __future__ import annotations

import csv
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import cv2
import pytest
from click.testing import CliRunner

from tests.conftest import Made, made, rows_of
from tests.moments import flashing, moments
from tests.movies import SIZE, person
from videmo.cli import cli
from videmo.demo import Shot, Story
from videmo.draw import HEADER, MARGIN, TILE
from videmo.draw.sheet import CAPTION
from videmo.exporters import crops, dataset, markers, sheet
from videmo.exporters.rates import count
from videmo.exporters.selection import Choice, Moments
from videmo.extract import Extracted, Wanted, extract_tables
from videmo.moments import best_first
from videmo.runs import find_runs, to_segments
from videmo.schema import Run, Segment
from videmo.table import read_record, record_path, write_record

HAPPY = Wanted(("happy",))
KINDS = ("clips", "webp", "crops")
FEELINGS = ((0, "happy"), (1.2, "neutral"), (1.6, "happy"), (2.6, "neutral"), (5, "happy"))


@pytest.fixture(scope="module")
def smile(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Somebody smiles, is interrupted, smiles on; and again after a while, shortly."""
    story = Story((Shot(5.6, (person(1, 150, *FEELINGS),)),), SIZE)
    return made(tmp_path_factory.mktemp("smile"), story)


def extracted(
    one: Made, folder: Path, *exports: str, wanted: Wanted = HAPPY, **how: Any
) -> Extracted:
    choice = Choice(**how)
    tables = {one.scanned.table: "movie.mp4"}
    (done,) = extract_tables(tables, wanted, folder, exports=exports, choice=choice)
    assert not done.errors
    return done


def listed(folder: Path) -> list[dict[str, str]]:
    with (folder / "segments.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_smile_that_is_interrupted_is_one_moment(smile: Made, tmp_path: Path) -> None:
    """In the counts, on the sheet, among the clips, gifs and best crops."""
    runs = find_runs(smile.table, "happy", repeat=5)
    done = extracted(smile, tmp_path, "sheet", "clips", "webp", "crops", best=True)
    assert (done.runs["happy"], done.moments["happy"]) == (len(runs), 2) and len(runs) > 2
    assert [len(list((tmp_path / "movie.mp4/happy" / kind).iterdir())) for kind in KINDS] == [2] * 3
    lines = listed(tmp_path)
    assert len(lines) == len(runs) and len({line["webp"] for line in lines}) == 2
    picture = cv2.imread(str(tmp_path / "movie.mp4/happy/sheet.jpg"))
    assert picture.shape[0] == HEADER + TILE + CAPTION + MARGIN


def test_the_last_line_counts_moments_and_runs(smile: Made, tmp_path: Path) -> None:
    command = ["extract", str(smile.scanned.table), "-e", "happy", "-o", str(tmp_path)]
    said = CliRunner().invoke(cli, [*command, "--as", "crops,sheet", "--max-crops", "7"]).output
    runs = find_runs(smile.table, "happy", repeat=5)
    faces = sum(run.repeat for run in runs)
    assert f"2 happy moments of {len(runs)} runs, files made in" in said
    assert f"crops of 7 of {faces} faces: --max-crops 0 makes all, --best one a moment" in said
    assert len(list((tmp_path / "movie.mp4/happy/crops").iterdir())) == 7
    said = CliRunner().invoke(cli, [*command, "--as", "crops", "--max-crops", "0"]).output
    assert len(list((tmp_path / "movie.mp4/happy/crops").iterdir())) == faces
    assert "--max-crops" not in said


def test_crops_are_spread_over_the_moments_with_the_best_of_each(
    smile: Made, tmp_path: Path
) -> None:
    extracted(smile, tmp_path, "crops", max_crops=6)
    frames = [int(path.name[:6]) for path in (tmp_path / "movie.mp4/happy/crops").iterdir()]
    runs = find_runs(smile.table, "happy", repeat=5, end=5.6)
    scores = smile.table.set_index("frame")["score"]
    for segment in to_segments(runs, pad=0.5, end=5.6):
        mine = [frame for run in segment.runs for frame in run.frames]
        assert len(set(frames) & set(mine)) == 3
        assert scores[mine].idxmax() in frames
    assert all((tmp_path / line["crops"]).is_file() for line in listed(tmp_path))


def test_a_film_of_smiles_gives_as_many_crops_as_one_can_look_at(tmp_path: Path) -> None:
    """500, if nobody says otherwise; a dataset has all."""
    movie = flashing(tmp_path / "movie.mp4", 26, size=(96, 64))
    one = moments(movie, tmp_path, (0, 10), (12, 25))
    exported = crops.export(one.selections[0])
    assert (len(exported.files), exported.faces) == (500, 552)
    assert len(dataset.export(one).files) == 1 + 552


def test_the_best_moments_are_taken(smile: Made, tmp_path: Path) -> None:
    """The longer one, and what it was chosen from is told."""
    done = extracted(smile, tmp_path, "sheet", wanted=Wanted(("happy",), top=1))
    assert (done.moments, done.beaten) == ({"happy": 1}, 1)
    assert {line["clip_start"] for line in listed(tmp_path)} == {"0.000"}


def test_the_best_of_all_movies_are_taken(smile: Made, tmp_path: Path) -> None:
    """Of the same movie twice the two long ones; of one that has none of them it is said."""
    twice = {}
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for suffix in (".csv", ".json"):
            file = smile.scanned.table.with_suffix(suffix)
            (tmp_path / name / file.name).write_bytes(file.read_bytes())
        (tmp_path / "movie.mp4").unlink(missing_ok=True)
        (tmp_path / "movie.mp4").symlink_to(smile.movie)
        twice[tmp_path / name / smile.scanned.table.name] = f"{name}/movie.mp4"
    for top, found in ((2, [1, 1]), (3, [2, 1]), (1, [1, 0])):
        wanted = Wanted(("happy",), top=top)
        done = extract_tables(twice, wanted, tmp_path / str(top), exports=["sheet"])
        assert [sum(one.moments.values()) for one in done] == found
    assert done[1].beaten == 2 and not done[1].hints


def test_what_is_cut_is_as_long_as_is_wanted(smile: Made, tmp_path: Path) -> None:
    """Of the long moment the best second, the short one with what lies before it."""
    wanted = Wanted(("happy",), pad=0.0)
    done = extracted(smile, tmp_path, "clips", wanted=wanted, shortest=1.0, longest=1.2)
    lengths = []
    for path in done.files:
        with av.open(str(path)) as container:
            video = container.streams.video[0]
            lengths.append(float(video.duration * video.time_base))
    assert lengths == [pytest.approx(1.2, abs=0.05), pytest.approx(1.0, abs=0.05)]


def held(start: float, seconds: float) -> Segment:
    """A moment in a table of ten frames a second."""
    frames = tuple(range(round(start * 10), round((start + seconds) * 10)))
    run = Run(1, "happy", frames, start, start + seconds)
    return Segment(1, "happy", run.start, run.end, (run,))


def test_what_a_moment_is_worth_grows_less_and_less_with_its_length() -> None:
    """Two seconds are worth a third more than one; no length makes up for half the score."""
    table = rows_of(["happy"] * 1000).assign(happy=[0.9] * 100 + [0.45] * 900)
    worth = {s.start: value for value, s in best_first(table, [held(0, 1), held(2, 2)])}
    assert worth[0] == pytest.approx(0.9 / 2) and worth[2] == pytest.approx(4 / 3 * worth[0])
    (best, _), (next_best, _) = best_first(table, [held(10, 90), held(0, 1)])
    assert best == worth[0] > next_best


def test_of_moments_that_are_worth_as_much_the_first_are_the_best() -> None:
    table = rows_of(["happy"] * 100).assign(happy=0.9)
    equal = [held(at, 1) for at in (6, 2, 4)]
    assert [segment for _, segment in best_first(table, equal)] == equal


def test_of_equal_faces_the_first_is_the_best_one(tmp_path: Path) -> None:
    """Of those that are seen where the moment is cut."""
    movie = flashing(tmp_path / "movie.mp4", 3)
    (selection,) = moments(movie, tmp_path, (0.5, 2.5)).selections
    (segment,) = selection.segments
    assert selection.best(segment).frame == 12
    assert selection.best(replace(segment, start=1.0)).frame == 24
    assert selection.best(replace(segment, start=2.75, end=3.0)).frame == 12  # none is seen there


def joined(folder: Path, *, scores: tuple[float, ...] = (0.5, 0.9)) -> Moments:
    """Two runs within a moment, and one far from them."""
    movie = flashing(folder / "movie.mp4", 6)
    stretches = ((0.5, 1), (1.5, 2), (4, 4.5))
    one = moments(movie, folder, *stretches, scores=(*scores, 0.6), persons={1: "Jim"})
    (selection,) = one.selections
    segments = tuple(to_segments(selection.runs, pad=0.2, end=6.0))
    return replace(one, selections=(replace(selection, segments=segments),))


def test_the_sheet_has_the_best_face_of_each_moment_and_counts_them(tmp_path: Path) -> None:
    (selection,) = joined(tmp_path).selections
    first, second = sheet.tiles_of(selection, selection.segments)
    assert first.lines == ("00:00:01.500", "t1 Jim  24 frames  0.90")
    assert second.lines[0] == "00:00:04.000"
    assert sheet.header_of(selection).about.startswith("2 moments, 1.5 s of ")


def test_the_sheet_shows_the_best_moments_first_if_that_is_wanted(tmp_path: Path) -> None:
    (selection,) = joined(tmp_path, scores=(0.2, 0.6)).selections
    (late, early) = replace(selection, choice=Choice(order="score")).ordered
    assert (early.start, late.start) == (pytest.approx(0.3), pytest.approx(3.8))


def test_there_is_a_marker_for_each_moment(tmp_path: Path) -> None:
    one = joined(tmp_path)
    found = markers.markers_of(one, count(one.movie.fps, one.movie.timecode))
    assert [(marker.start, marker.frames) for marker in found] == [(12, 36), (96, 12)]
    assert found[0].name == "happy (Jim)"


def test_movies_that_were_deleted_take_no_place_among_the_best(smile: Made, tmp_path: Path) -> None:
    """The deleted one comes first: of equals its moments were the best."""
    tables = {}
    for name in ("gone", "there"):
        folder = tmp_path / name
        folder.mkdir()
        for file in (smile.scanned.table, record_path(smile.scanned.table)):
            shutil.copy(file, folder)
        table = folder / smile.scanned.table.name
        record = read_record(table)
        movie = str(smile.movie) if name == "there" else "nowhere.mp4"
        write_record(table, {**record, "movie": {**record["movie"], "file": movie}})
        tables[table] = f"{name}.mp4"
    wanted = Wanted(("happy",), top=1)
    gone, there = extract_tables(tables, wanted, tmp_path / "out", exports=["sheet"])
    assert "the movie is not there" in str(gone.errors[0])
    assert there.moments == {"happy": 1} and not there.errors
