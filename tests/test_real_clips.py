"""Both passes on real clips of which it is known what they show; skipped where they are absent."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from videmo.exporters.clips import cut_clip
from videmo.find import find_tables
from videmo.names import read_people
from videmo.runs import find_runs, frame_starts, to_segments
from videmo.scan import Scanned, scan_movie
from videmo.schema import Segment
from videmo.table import read_table
from videmo.video import open_movie, probe

if TYPE_CHECKING:
    from videmo.people import Cast


@pytest.fixture(scope="module")
def woman(clips: Path, tmp_path_factory: pytest.TempPathFactory) -> Scanned:
    return scan_movie(clips / "sad_to_happy.mp4", tmp_path_factory.mktemp("woman"))


@pytest.fixture(scope="module")
def stage(clips: Path, tmp_path_factory: pytest.TempPathFactory) -> Scanned:
    return scan_movie(clips / "stage.mp4", tmp_path_factory.mktemp("stage"))


def happy_frames(scanned: Scanned) -> set[int]:
    runs = find_runs(read_table(scanned.table), "happy", repeat=5)
    return {frame for run in runs for frame in run.frames}


def test_most_aligned_frames_of_the_happy_part_come_out(woman: Scanned) -> None:
    table = read_table(woman.table)
    aligned = set(table[(table["eyes"] == 2) & table["frame"].between(300, 440)]["frame"])
    assert len(aligned) > 70
    assert len(happy_frames(woman) & aligned) >= 0.8 * len(aligned)


def test_nothing_of_the_sad_part_comes_out(woman: Scanned) -> None:
    assert not happy_frames(woman) & set(range(141))


def test_one_woman_is_one_track(woman: Scanned) -> None:
    table = read_table(woman.table)
    faces = table[table["track"].notna()]
    assert faces["track"].unique().tolist() == [1] and len(faces) == 472


def test_people_in_profile_stay_faces_and_a_hand_with_a_microphone_is_none(stage: Scanned) -> None:
    faces = read_table(stage.table)
    faces = faces[faces["track"].notna()]
    audience = faces[faces["frame"] >= 211]
    assert (audience["eyes"] < 2).all() and audience["track"].nunique() == 3
    on_stage = faces[faces["frame"].between(90, 205)]
    assert (on_stage.groupby("track")["eyes"].max() == 2).all()


def shots(table: pd.DataFrame) -> pd.Series:
    """The shot of each row: the cuts lie just before these frames, looked at by eye."""
    return table["frame"].map(lambda frame: sum(frame >= cut for cut in (20, 82, 211)))


def test_no_track_crosses_a_cut(stage: Scanned) -> None:
    faces = read_table(stage.table)
    faces = faces[faces["track"].notna()]
    assert (shots(faces).groupby(faces["track"]).nunique() == 1).all()


def test_the_man_on_stage_is_one_or_few_tracks(stage: Scanned) -> None:
    table = read_table(stage.table)
    on_stage = table[table["frame"].between(90, 205) & (table["eyes"] == 2)]
    assert on_stage["track"].nunique() <= 3


def test_no_clip_is_cut_from_an_empty_stretch(stage: Scanned) -> None:
    """Without its pad, at least half of a segment's frames show the face."""
    table = read_table(stage.table)
    faces = table[table["track"].notna()]
    segments = to_segments(find_runs(table, repeat=5))
    assert segments
    for segment in segments:
        inside = table["time"].between(segment.start, segment.end - 0.001)
        seen = faces["time"].between(segment.start, segment.end - 0.001)
        own = faces[seen & (faces["track"] == segment.track)]
        assert own["frame"].nunique() >= 0.5 * table[inside]["frame"].nunique()


def test_a_clip_shows_the_pictures_that_were_scanned(
    stage: Scanned, clips: Path, tmp_path: Path
) -> None:
    """The picture of this movie starts 0.844 s after its container: easily cut too late."""
    movie = probe(clips / "stage.mp4")
    assert movie.lead == pytest.approx(0.844, abs=0.001)
    starts = frame_starts(read_table(stage.table), stage.record["end"])
    segment = Segment(1, "happy", float(starts[100]), float(starts[130]), ())
    cut_clip(movie, segment, tmp_path / "clip.mp4", allowed=0.05)
    with open_movie(movie) as whole, open_movie(probe(tmp_path / "clip.mp4")) as clip:
        expected = [frame.grey.astype(int) for frame in whole.at(starts[100:130].tolist())]
        cut = [frame.grey.astype(int) for frame in clip.frames()]
    assert len(cut) == 30
    assert max(np.abs(a - b).mean() for a, b in zip(cut, expected, strict=True)) < 3


@pytest.fixture(scope="module")
def cast(stage: Scanned, clips: Path, tmp_path_factory: pytest.TempPathFactory) -> Cast:
    """The people of the stage show, after the two pictures of known faces."""
    pytest.importorskip("dlib")
    from videmo.people import name_people

    tables = find_tables([stage.table])
    folder = tmp_path_factory.mktemp("people")
    return name_people(tables, folder, known=clips.parent / "people")


def test_the_man_on_stage_is_who_he_is(stage: Scanned, cast: Cast) -> None:
    names = read_people(stage.table, stage.record).names
    table = read_table(stage.table)
    aligned = table[(table["eyes"] == 2) & table["frame"].between(90, 210)]
    assert len(aligned) > 80
    assert {names.get(track) for track in aligned["track"]} == {"lin"}


def test_nobody_else_is_taken_for_him_and_nobody_for_the_other_one(
    stage: Scanned, cast: Cast
) -> None:
    names = read_people(stage.table, stage.record).names
    table = read_table(stage.table)
    others = table[table["frame"].between(20, 81) | table["frame"].between(211, 274)]
    assert not {names.get(track) for track in others["track"].dropna()} - {None}
    assert set(names.values()) == {"lin"}
    assert list(cast.absent) == ["alex"] and (cast.absent["alex"] or 0) > 0.6


def test_by_likeness_alone_the_man_and_the_woman_are_two(
    stage: Scanned, woman: Scanned, tmp_path: Path
) -> None:
    pytest.importorskip("dlib")
    from videmo.people import name_people

    cast = name_people(find_tables([stage.table, woman.table]), tmp_path)
    assert cast.people == ["person-1", "person-2"]
    assert [found.tracks for found in cast.found] == [{"person-2": 3}, {"person-1": 1}]
