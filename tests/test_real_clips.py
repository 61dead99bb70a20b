"""Both passes on real clips of which it is known what they show; skipped where they are absent."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from videmo.exporters.clips import cut_clip
from videmo.runs import find_runs, frame_starts, to_segments
from videmo.scan import Scanned, scan_movie
from videmo.schema import Segment
from videmo.table import read_table
from videmo.video import open_movie, probe


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
    faces = read_table(woman.table)["track"].dropna()
    assert faces.nunique() <= 2 and (faces == 1).mean() > 0.98


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
