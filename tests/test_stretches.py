"""Tables of a stretch, and of one frame of every so many: the right pictures, times and names.

Pictures are those of a movie that shows their numbers.
"""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import cv2
import pytest

from tests.conftest import Made
from tests.movies import number_of, numbered
from videmo.annotate.movie import Wished, annotate_movie
from videmo.annotate.rows import scene_of
from videmo.archive import find_movies, read_ledgers, scan_archive, verify_tables
from videmo.convert import FORMS, convert_tables
from videmo.errors import MovieError, RequestError, TableError
from videmo.exporters.selection import Selection, sightings_of
from videmo.exporters.sheet import header_of, tiles_of
from videmo.extract import Wanted, extract_tables, find_tables
from videmo.runs import find_runs, frame_starts, scan_step, to_segments
from videmo.scan import Settings, scan_movie
from videmo.schema import EMOTIONS, timecode
from videmo.table import (
    Row,
    movie_file,
    movie_name,
    read_record,
    read_table,
    record_path,
    table_path,
    write_table,
)
from videmo.video import open_movie, probe

HAPPY = tuple(float(emotion == "happy") for emotion in EMOTIONS)
FILES = ("crops", "clips", "sheet", "gif", "supercut", "edl", "srt", "dataset")

SCANS = {
    "stretch": Settings(start=0.8, end=3.2),  # frames 20 to 79
    "every": Settings(every=4),
    "both": Settings(start=0.84, end=3.2, every=3),  # frames 21 to 79
}
FIRST, LAST = {"stretch": 22, "every": 24, "both": 24}, {"stretch": 77, "every": 76, "both": 78}
"""The frames of the one run."""


class One:
    """A table of a scan that saw a happy face, which fills the picture, from FIRST to LAST."""

    def __init__(self, name: str, folder: Path) -> None:
        self.settings = SCANS[name]
        self.first, self.last = FIRST[name], LAST[name]
        self.movie = numbered(folder / "a.mp4", 100, "-crf", "12")
        scanned = scan_movie(self.movie, folder, self.settings)
        self.path = scanned.table
        seen = read_table(self.path)[["frame", "time"]].itertuples(index=False)
        there = range(self.first, self.last + 1)
        face = (1, (0, 0, 320, 160, 1.0, 2, 0.0, 0.0), "happy", 1.0, 0, HAPPY)
        rows = [Row(n, time, *(face if n in there else ())) for n, time in seen]
        write_table(self.path, rows, scanned.record)
        self.scanned = [row.frame for row in rows]

    @property
    def inside(self) -> range:
        """The frames of its clip: those of half a second (12.5) more on either side, as far as
        these were to be scanned."""
        begin, end = (0, 100) if self.settings.end is None else (self.scanned[0], 80)
        after = self.last + self.settings.every
        return range(max(begin, self.first - 13 + 1), min(end, after + 13))


@pytest.fixture(scope="module", params=list(SCANS))
def one(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> One:
    return One(request.param, tmp_path_factory.mktemp(request.param))


@pytest.fixture(scope="module")
def out(one: One, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `extract` makes of it."""
    folder = tmp_path_factory.mktemp("out")
    tables = find_tables([one.path])
    (done, together) = extract_tables(
        tables, Wanted(("happy",), across_cuts=True), folder, exports=FILES
    )
    assert not done.errors and not together.errors and done.runs == {"happy": 1}
    return folder


def only(folder: Path, pattern: str) -> Path:
    (found,) = folder.rglob(pattern)
    return found


def numbers(movie: Path) -> list[int]:
    """The numbers that a movie's pictures show."""
    with open_movie(probe(movie)) as reader:
        return [number_of(cv2.resize(frame.grey, (320, 160))) for frame in reader.frames()]


def lines_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text().splitlines()))


def line_of(out: Path) -> dict[str, str]:
    (line,) = lines_of(out / "segments.csv")
    return line


def test_a_run_lasts_up_to_the_next_frame_that_was_scanned(one: One, out: Path) -> None:
    line = line_of(out)
    assert (int(line["first"]), int(line["last"])) == (one.first, one.last)
    seen = [n for n in one.scanned if one.first <= n <= one.last]
    assert int(line["repeat"]) == len(seen)
    after = min(one.last + one.settings.every, 80 if one.settings.end else 100)
    times = (float(line["start"]), float(line["end"]))
    assert times == pytest.approx((one.first / 25, after / 25), abs=0.0005)


def test_crops_show_the_frames_that_they_are_named_for(one: One, out: Path) -> None:
    crops = sorted(out.rglob("crops/*.jpg"))
    assert [int(p.name[:6]) for p in crops] == [
        n for n in one.scanned if one.first <= n <= one.last
    ]
    for crop in crops:
        picture = cv2.imread(str(crop), cv2.IMREAD_GRAYSCALE)
        assert number_of(cv2.resize(picture, (320, 160))) == int(crop.name[:6])


def test_a_clip_shows_its_frames_and_none_that_was_not_to_be_scanned(one: One, out: Path) -> None:
    assert numbers(only(out, "clips/*.mp4")) == list(one.inside)


def test_a_supercut_shows_what_the_clip_shows(one: One, out: Path) -> None:
    assert numbers(out / "supercut.mp4") == list(one.inside)


def test_an_edit_list_names_the_frames_of_the_clip(one: One, out: Path) -> None:
    (event,) = [line for line in only(out, "*.edl").read_text().splitlines() if "AA/V" in line]
    begin, end = (
        int(seconds) * 25 + int(frames)
        for seconds, frames in (code.split(":")[2:] for code in event.split()[4:6])
    )
    assert (begin, end) == (one.inside.start, one.inside.stop)


def test_subtitles_are_shown_as_long_as_the_run(one: One, out: Path) -> None:
    line = line_of(out)
    (times,) = [line for line in only(out, "*.srt").read_text().splitlines() if "-->" in line]
    begin, end = (float(time.split(":")[2].replace(",", ".")) for time in times.split(" --> "))
    assert (begin, end) == (float(line["start"]), float(line["end"]))


def test_a_moving_picture_shows_the_moment(one: One, out: Path) -> None:
    reader = cv2.VideoCapture(str(only(out, "gif/*.gif")))
    shown = []
    while (read := reader.read())[0]:
        shown.append(number_of(cv2.cvtColor(read[1], cv2.COLOR_BGR2GRAY)))
    assert shown == sorted(shown) and set(shown) <= set(one.inside)
    assert shown[0] <= one.first and one.last - 2 <= shown[-1]


def test_training_pictures_are_the_frames_that_they_are_listed_for(one: One, out: Path) -> None:
    lines = lines_of(out / "dataset/labels.csv")
    assert [int(line["frame"]) for line in lines] == [
        n for n in one.scanned if one.first <= n <= one.last
    ]
    assert all(line["time"] == f"{int(line['frame']) / 25:.3f}" for line in lines)


def test_what_is_annotated_is_what_was_scanned(one: One, tmp_path: Path) -> None:
    done = annotate_movie(one.path, tmp_path, Wished(layers=()))
    assert done.file is not None
    begin, end = (0, 100) if one.settings.end is None else (one.scanned[0], 80)
    assert done.frames == end - begin
    assert done.faces == one.last - one.first + 1


@pytest.mark.parametrize("one", ["stretch", "both"], indirect=True)
def test_of_what_was_not_scanned_nothing_is_annotated(one: One, tmp_path: Path) -> None:
    around = annotate_movie(one.path, tmp_path, Wished((), 0.0, 4.0))
    assert around.frames == 80 - one.scanned[0]
    with pytest.raises(RequestError, match=r"was scanned, only 00:00:00\.8\d0 to 00:00:03\.200"):
        annotate_movie(one.path, tmp_path, Wished((), 0.1, 0.5))


def test_between_two_scanned_frames_only_who_is_in_both_is_drawn(one: One) -> None:
    scene = scene_of(read_table(one.path), {})
    if one.settings.every == 1:
        assert scene.after(5, 0.5) == []
        return
    first = one.scanned.index(one.first)
    assert not scene.after(first - 1, 0.4) and not scene.after(first - 1, 0.6)
    assert [face.track for face in scene.after(first, 0.5)] == [1]


@pytest.mark.parametrize("form", [name for name in FORMS if name != "parquet"])
def test_converted_tables_name_the_same_frames(one: One, tmp_path: Path, form: str) -> None:
    (done,) = convert_tables(find_tables([one.path]), form, tmp_path)
    assert done.error is None and done.file is not None
    lines = lines_of(done.file)
    first = {"openface": 1}.get(form, 0)  # OpenFace counts from 1
    if form == "fer":  # which has no numbers, and a line for each frame with faces
        assert len(lines) == sum(one.first <= n <= one.last for n in one.scanned)
    else:
        assert [int(float(line["frame"])) - first for line in lines] == one.scanned


def test_the_sheet_says_of_how_much_its_moments_are(one: One, tmp_path: Path) -> None:
    """And its bar is as long as what was scanned."""
    table, record = read_table(one.path), read_record(one.path)
    starts = frame_starts(table, record["end"], between=True)
    runs = find_runs(table, "happy", end=record["end"])
    segments = tuple(to_segments(runs, end=record["end"]))
    selection = Selection(
        *(
            probe(one.movie),
            "a.mp4",
            "happy",
            segments,
            sightings_of(table, runs),
            starts,
            tmp_path,
        ),
        every=scan_step(table),
    )
    header, (tile,) = header_of(selection), tiles_of(selection, segments)
    (stretch,) = header.stretches
    late = one.settings.end is not None
    begin, length = (starts[0], 3.2 - starts[0]) if late else (0, 4)
    assert stretch == pytest.approx([(t - begin) / length for t in (runs[0].start, runs[0].end)])
    assert (
        f"s of {timecode(length)}{f' from {timecode(begin)} on' if late else ''}," in header.about
    )
    scanned = " scanned" if one.settings.every > 1 else ""
    assert f"{runs[0].repeat}{scanned} frames" in tile.lines[1]


def test_no_record_makes_videmo_count_more_frames_than_there_can_be(one: One) -> None:
    """A few bytes from a stranger must not ask for all memory."""
    path = record_path(one.path)
    before = path.read_text()
    try:
        path.write_text(json.dumps({**read_record(one.path), "first_frame": 10**12}))
        with pytest.raises(TableError, match="cannot be"):
            find_runs(read_table(one.path))
    finally:
        path.write_text(before)


@pytest.mark.parametrize(
    ("start", "end", "name"),
    [
        (0, None, "a.mp4"),
        (1200, 1500, "a.mp4.from-00-20-00.to-00-25-00"),
        (10.5, None, "a.mp4.from-00-00-10.500"),
        (0, 400000, "a.mp4.to-111-06-40"),
    ],
)
def test_a_table_is_named_for_its_movie_and_its_stretch(
    start: float, end: float | None, name: str
) -> None:
    table = table_path(Path("tables"), Path("a.mp4"), start, end)
    assert table == Path("tables") / f"{name}.faces.csv"
    assert movie_name(table) == name and movie_file(name) == "a.mp4"


@pytest.mark.parametrize(
    ("start", "end", "name"),
    [
        (0.0001, None, "movie.mp4"),
        (0.0004, 0.5004, "movie.mp4.to-00-00-00.500"),
        (0.2496, None, "movie.mp4.from-00-00-00.250"),
    ],
)
def test_a_stretch_is_in_milliseconds_as_its_name_is(
    people: Made, tmp_path: Path, start: float, end: float | None, name: str
) -> None:
    shutil.copy2(people.movie, tmp_path / "movie.mp4")
    scanned = scan_movie(tmp_path / "movie.mp4", tmp_path, Settings(start=start, end=end))
    assert scanned.table.name == f"{name}.faces.csv"
    said = scanned.record["settings"]
    assert said["start"] == round(start, 3)
    other = scan_movie(
        tmp_path / "movie.mp4", tmp_path / "b", Settings(start=said["start"], end=said["end"])
    )
    assert other.table.name == scanned.table.name
    assert other.table.read_bytes() == scanned.table.read_bytes()


def test_of_a_stretch_behind_the_end_nothing_is_left(people: Made, tmp_path: Path) -> None:
    with pytest.raises(MovieError, match="ends before --start 500"):
        scan_movie(people.movie, tmp_path, Settings(start=500))
    assert not [path for path in tmp_path.iterdir() if path.suffix != ".lock"]


@pytest.mark.parametrize("name", ["from-00-20-00.mp4", "a.from-x", "a.to-1-2-3", "a.mp4.to-00-00"])
def test_a_name_that_only_looks_like_that_of_a_stretch_stays(name: str) -> None:
    assert movie_file(name) == name


@pytest.fixture
def scanned(people: Made, tmp_path: Path) -> Path:
    """A folder with a movie, its table, and those of two stretches of it."""
    movie = tmp_path / "movie.mp4"
    shutil.copy2(people.movie, movie)
    for settings in (Settings(), Settings(start=1.5, end=3), Settings(end=1)):
        scan_movie(movie, tmp_path, settings)
    return tmp_path


def test_the_scan_of_a_stretch_leaves_that_of_the_movie_as_it_is(
    people: Made, scanned: Path
) -> None:
    assert {path.name for path in scanned.glob("*.csv")} == {
        "movie.mp4.faces.csv",
        "movie.mp4.from-00-00-01.500.to-00-00-03.faces.csv",
        "movie.mp4.to-00-00-01.faces.csv",
    }
    whole = scanned / "movie.mp4.faces.csv"
    assert whole.read_bytes() == people.scanned.table.read_bytes()
    assert [one.problem for one in verify_tables(scanned)] == ["", "", ""]


def test_an_interrupted_scan_is_not_lost_to_that_of_a_stretch(people: Made, tmp_path: Path) -> None:
    left = tmp_path / "movie.mp4.parts"
    left.mkdir()
    (left / "0123456789abcdef-000000.npz").write_bytes(b"hours of work")
    scan_movie(people.movie, tmp_path, Settings(end=0.5))
    assert [path.name for path in left.iterdir()] == ["0123456789abcdef-000000.npz"]
    assert not list(tmp_path.glob("*.to-*.parts"))


def test_where_the_whole_movie_was_scanned_no_moment_comes_twice(
    scanned: Path, caplog: pytest.LogCaptureFixture
) -> None:
    whole = scanned / "movie.mp4.faces.csv"
    assert find_tables([scanned]) == {whole: "movie.mp4"} == find_tables([scanned / "movie.mp4"])
    (said,) = caplog.messages
    assert said.endswith(
        "(and 1 more like it): left out, for movie.mp4.faces.csv is of the whole movie"
    )
    named = scanned / "movie.mp4.to-00-00-01.faces.csv"
    assert find_tables([named]) == {named: "movie.mp4.to-00-00-01"}


def test_where_only_stretches_were_scanned_all_of_them_are_found(scanned: Path) -> None:
    for path in scanned.glob("movie.mp4.faces.*"):
        path.unlink()
    names = ["movie.mp4.from-00-00-01.500.to-00-00-03", "movie.mp4.to-00-00-01"]
    assert [*find_tables([scanned]).values()] == names
    assert [*find_tables([scanned / "movie.mp4"]).values()] == names
    with pytest.raises(RequestError, match="several stretches were scanned"):
        annotate_movie(scanned / "movie.mp4", scanned / "out")


def test_movie_and_table_of_a_stretch_can_be_moved_together(
    scanned: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The record says where the movie was; where it is now, it lies beside the table."""
    there = tmp_path_factory.mktemp("there")
    for path in scanned.glob("movie.mp4.to-*"):
        record = path.read_text().replace('"file": "movie.mp4"', '"file": "gone.mp4"')
        (there / path.name).write_text(record)
    shutil.copy2(scanned / "movie.mp4", there / "movie.mp4")
    tables = find_tables([there])
    (done,) = extract_tables(tables, Wanted(EMOTIONS, repeat=2), there / "out", exports=["srt"])
    assert not done.errors
    assert [path.name for path in (there / "out").rglob("*.srt")] == ["movie.srt"]
    assert [one.problem for one in verify_tables(there)] == [""]


def test_an_archive_of_stretches_is_listed_and_not_scanned_again(
    people: Made, tmp_path: Path
) -> None:
    (tmp_path / "in").mkdir()
    shutil.copy2(people.movie, tmp_path / "in/movie.mp4")
    found, out = find_movies([tmp_path / "in"]), tmp_path / "out"
    for settings, again in ((Settings(end=1), False), (Settings(), False), (Settings(end=1), True)):
        ((entry, new),) = scan_archive(found, out, settings)
        assert (entry.status, new) == ("ok", not again)
        assert entry.duration == (settings.end or 6.0)
        assert read_ledgers(out)["movie.mp4"].duration == entry.duration
    assert len(list(out.glob("*.faces.csv"))) == 2
