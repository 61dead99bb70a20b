"""Edit lists and timelines, read back by OpenTimelineIO and its adapter for CMX 3600."""

from __future__ import annotations

import random
import re
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from urllib.parse import unquote, urlsplit

import opentimelineio as otio
import pytest

from tests.conftest import Made
from tests.moments import RATES, flashing, moments
from tests.movies import NTSC_FILM
from videmo.errors import RequestError
from videmo.exporters import edl, markers, rates
from videmo.exporters import otio as timelines
from videmo.exporters.cuts import Edit, cuts_of
from videmo.exporters.selection import Choice, Moments
from videmo.extract import Wanted, extract_tables, find_tables

NTSC, NTSC_DOUBLE = Fraction(30000, 1001), Fraction(60000, 1001)
STRETCHES = [(0.5, 1.25), (2.0, 2.2), (3.7, 5.9)]


@pytest.mark.parametrize("rate", rates.RATES, ids=str)
def test_timecodes_are_those_that_opentimelineio_counts(rate: Fraction) -> None:
    dice = random.Random(1)
    drop = rates.drops(rate)
    edges = [minute * 60 * round(rate) + frame for minute in range(12) for frame in range(-70, 9)]
    for frame in [*range(0, 200), *edges, *(dice.randrange(2_000_000) for _ in range(2000))]:
        if frame < 0:
            continue
        text = rates.timecode_of(frame, rate, drop)
        assert text == otio.opentime.RationalTime(frame, float(rate)).to_timecode()
        day = 24 * 3600 * round(rate)
        assert frame >= day or rates.read_timecode(text, rate) == (frame, drop)


@pytest.mark.parametrize("text", ["", "1:2:3:4", "00:00:00:24", "00:61:00:00", "rm -rf", "::::"])
def test_what_is_no_timecode_at_this_rate_is_not_taken_for_one(text: str) -> None:
    assert rates.read_timecode(text, Fraction(24)) is None


def test_a_number_that_is_dropped_is_no_timecode() -> None:
    assert rates.read_timecode("00:01:00;01", NTSC) is None
    assert rates.read_timecode("00:10:00;01", NTSC) == (17983, True)
    assert rates.read_timecode("00:00:10;01", Fraction(25)) is None


@pytest.mark.parametrize(
    ("fps", "rate"),
    [
        (Fraction(24000, 1001), NTSC_FILM),
        (Fraction(2997, 125), NTSC_FILM),
        (Fraction("29.97"), NTSC),
        (Fraction("29.9702"), NTSC),
        (Fraction(24), Fraction(24)),
        (Fraction(15), Fraction(30)),
        (Fraction(25, 2), Fraction(25)),
        (Fraction("29.5"), NTSC),
        (Fraction(17), NTSC_FILM),
        (Fraction(120), Fraction(60)),
        (Fraction(90000), Fraction(60)),
    ],
)
def test_a_movie_is_counted_at_a_rate_that_editing_programs_know(
    fps: Fraction, rate: Fraction
) -> None:
    assert rates.edit_rate(fps) == rate


def read_edl(path: Path, rate: Fraction) -> list[otio.schema.Clip]:
    """The clips of a list; there must be nothing between them."""
    timeline = otio.adapters.read_from_file(str(path), "cmx_3600", rate=float(rate))
    (track,) = timeline.video_tracks()
    clips = list(track.find_clips())
    assert len(track) == len(clips)
    return clips


def made_edl(one: Moments) -> Path:
    (path,) = edl.export(one).files
    return path


@pytest.mark.parametrize("rate", RATES.values(), ids=RATES)
def test_an_edit_list_says_when_to_within_a_frame(tmp_path: Path, rate: Fraction | None) -> None:
    movie = flashing(tmp_path / "movie.mp4", 6, rate)
    one = moments(movie, tmp_path, *STRETCHES)
    counted = rates.count(one.movie.fps).rate
    clips = read_edl(made_edl(one), counted)
    for clip, cut in zip(clips, cuts_of(one), strict=True):
        place = clip.source_range
        assert place.start_time.to_seconds() == pytest.approx(cut.start, abs=0.5 / counted)
        end = place.end_time_exclusive().to_seconds()
        assert end == pytest.approx(cut.end, abs=0.5 / counted)


@pytest.mark.parametrize("rate", [rate for rate in RATES.values() if rate], ids=str)
def test_the_frames_of_an_edit_list_are_those_of_the_moments(
    tmp_path: Path, rate: Fraction
) -> None:
    one = moments(flashing(tmp_path / "movie.mp4", 6, rate), tmp_path, *STRETCHES)
    clips = read_edl(made_edl(one), rate)
    for clip, cut in zip(clips, cuts_of(one), strict=True):
        first, last = cut.runs[0].first, cut.runs[0].last
        assert round(clip.source_range.start_time.value) == first
        assert round(clip.source_range.end_time_inclusive().value) == last


@pytest.mark.parametrize(
    ("rate", "says", "mark"),
    [
        (NTSC, "DROP FRAME", ";"),
        (NTSC_DOUBLE, "DROP FRAME", ";"),
        (NTSC_FILM, "NON-DROP FRAME", ":"),
        (Fraction(25), "NON-DROP FRAME", ":"),
    ],
    ids=str,
)
def test_frames_are_dropped_where_they_have_to_be(
    tmp_path: Path, rate: Fraction, says: str, mark: str
) -> None:
    one = moments(flashing(tmp_path / "movie.mp4", 2, rate), tmp_path, (0.5, 1.25))
    lines = made_edl(one).read_text().splitlines()
    assert f"FCM: {says}" in lines
    assert lines[3].split()[-2] == f"01:00:00{mark}00"


def test_an_hour_into_a_movie_a_drop_frame_list_still_keeps_time(tmp_path: Path) -> None:
    """Counted without dropping it would be off by 3.6 s."""
    counted = rates.count(NTSC)
    (cut,) = cuts_of(moments(flashing(tmp_path / "movie.mp4", 2), tmp_path, (0.5, 1.5)))
    late = edl.edit_list([replace(cut, start=3600.0, end=3610.0)], "movie", counted)
    assert "01:00:00;00 01:00:10;00 01:00:00;00 01:00:10;00" in late


@pytest.mark.parametrize(
    ("timecode", "source"),
    [("10:00:00;00", "10:00:00;15"), ("10:00:00:00", "10:00:00:15")],
)
def test_the_timecode_of_the_camera_is_that_of_the_list(
    tmp_path: Path, timecode: str, source: str
) -> None:
    """And it says itself whether it drops frames."""
    movie = flashing(tmp_path / "movie.mp4", 2, NTSC, (160, 120), "-timecode", timecode)
    text = made_edl(moments(movie, tmp_path, (0.5, 1.25))).read_text()
    assert f" {source} " in text
    assert ("NON-DROP" in text) == (";" not in timecode)


@pytest.mark.parametrize(("rate", "mark"), [(NTSC, ";"), (Fraction(25), ":")], ids=str)
def test_an_event_over_midnight_is_two_and_neither_runs_backwards(
    tmp_path: Path, rate: Fraction, mark: str
) -> None:
    """Timecode begins anew there: the end would be before the start."""
    late = f"23:59:58{mark}10"
    movie = flashing(tmp_path / "movie.mp4", 4, rate, (160, 120), "-timecode", late)
    path = made_edl(moments(movie, tmp_path, (0.5, 3.5)))
    clips = read_edl(path, rate)
    assert len(clips) == 2
    first, second = (clip.source_range for clip in clips)
    day = rates.count(rate, late).day
    assert first.end_time_exclusive().value == day and second.start_time.value == 0
    frames = first.duration.value + second.duration.value
    assert frames == pytest.approx(3 * float(rate), abs=1)
    assert f" 24:00:00{mark}00 " in path.read_text()


def test_the_end_of_an_event_is_the_frame_after_its_last(tmp_path: Path) -> None:
    """As Resolve and Premiere read it: at 25 frames a second, half a second is frames 0 to 11."""
    movie = flashing(tmp_path / "movie.mp4", 2, Fraction(25))
    text = made_edl(moments(movie, tmp_path, (0.0, 0.48))).read_text()
    assert " 00:00:00:00 00:00:00:12 01:00:00:00 01:00:00:12" in text


@pytest.mark.parametrize("rate", RATES.values(), ids=RATES)
def test_markers_for_resolve_lie_on_the_moments(tmp_path: Path, rate: Fraction | None) -> None:
    one = moments(flashing(tmp_path / "movie.mp4", 6, rate), tmp_path, *STRETCHES)
    text = markers.export(one).files[0].read_text()
    counted = rates.count(one.movie.fps)
    first = rates.count(counted.rate, rates.hour_one(counted.drop)).first
    found = re.findall(r"C        (\S+) .*\n \|C:(\w+) \|M:(.+) \|D:(\d+)", text)
    assert [(colour, name) for _, colour, name, _ in found] == [
        ("ResolveColorYellow", "happy (track 1)")
    ] * len(one.runs)
    for (at, _, _, frames), run in zip(found, one.runs, strict=True):
        place = rates.read_timecode(at, counted.rate)
        assert place is not None
        start = (place[0] - first) / counted.rate
        assert float(start) == pytest.approx(run.start, abs=float(0.5 / counted.rate))
        length = int(frames) / counted.rate
        assert float(length) == pytest.approx(run.end - run.start, abs=float(1 / counted.rate))


@pytest.mark.parametrize("rate", RATES.values(), ids=RATES)
def test_markers_for_premiere_are_read_back_where_they_are(
    tmp_path: Path, rate: Fraction | None
) -> None:
    one = moments(flashing(tmp_path / "movie.mp4", 6, rate), tmp_path, *STRETCHES)
    path = markers.export(one).files[1]
    (track,) = otio.adapters.read_from_file(str(path), adapter_name="fcp_xml").tracks
    timeline = otio.adapters.read_from_file(str(path), adapter_name="fcp_xml")
    found = list(timeline.tracks.markers)
    counted = rates.count(one.movie.fps).rate
    assert [marker.name for marker in found] == ["happy (track 1)"] * len(one.runs)
    for marker, run in zip(found, one.runs, strict=True):
        there = marker.marked_range
        start = there.start_time.to_seconds()
        assert start == pytest.approx(run.start, abs=float(0.5 / counted))
        end = there.end_time_exclusive().to_seconds()
        assert end == pytest.approx(run.end, abs=float(1 / counted))
    (clip,) = track
    assert Path(unquote(urlsplit(clip.media_reference.target_url).path)) == one.movie.path


def test_a_name_cannot_add_markers(tmp_path: Path) -> None:
    one = moments(flashing(tmp_path / "movie.mp4", 2), tmp_path, (0.5, 1.5))
    named = moments(
        one.movie.path, tmp_path, (0.5, 1.5), persons={1: "Li\nn |D:900 <b>&"}, emotions=["own"]
    )
    list_, xml = markers.export(named).files
    assert list_.read_text().count("|D:") == 1 and list_.read_text().count("\n |C:") == 1
    assert "|C:ResolveColorCyan" in list_.read_text()
    (marker,) = otio.adapters.read_from_file(str(xml), adapter_name="fcp_xml").tracks.markers
    assert marker.name == "own (Li\\nn |D:900 <b>&)"


def test_sound_is_in_the_list_where_the_movie_has_it(tmp_path: Path) -> None:
    loud = flashing(tmp_path / "loud.mp4", 2)
    mute = flashing(tmp_path / "mute.mp4", 2, sound=False)
    tracks = []
    for movie in (loud, mute):
        path = made_edl(moments(movie, tmp_path, (0.5, 1.25)))
        timeline = otio.adapters.read_from_file(str(path), "cmx_3600", rate=24)
        tracks.append((len(timeline.video_tracks()), len(timeline.audio_tracks())))
    assert tracks == [(1, 2), (1, 0)]


def test_a_name_cannot_add_lines_to_a_list(tmp_path: Path) -> None:
    name = "a\nTITLE: b\r\u2028\x1b[31m*é.mp4"
    movie = flashing(tmp_path / name, 2)
    path = made_edl(moments(movie, tmp_path, (0.5, 1.25)))
    assert path.name == Path(name).stem + ".edl"
    text = path.read_text("utf-8")
    assert len(text.splitlines()) == 6 and text.isprintable() is False
    assert all(line.isprintable() for line in text.split("\n"))
    (clip,) = read_edl(path, Fraction(24))
    assert clip.name == "a\\nTITLE: b\\r\\u2028\\x1b[31m*é.mp4"
    assert text.splitlines()[3].split()[1] == "ATITLEB3"


@pytest.mark.parametrize(("name", "reel"), [("Ünter den Linden", "UNTERDEN"), ("映画", "AX")])
def test_a_reel_has_eight_plain_letters(name: str, reel: str) -> None:
    assert edl.reel(name) == reel


def test_the_order_and_length_of_a_list_are_those_that_are_wanted(tmp_path: Path) -> None:
    movie = flashing(tmp_path / "movie.mp4", 6)
    best = Choice(order="score", max_length=3)
    one = moments(movie, tmp_path, *STRETCHES, scores=[0.5, 0.9, 0.7], choice=best)
    starts = [clip.source_range.start_time.to_seconds() for clip in read_edl(made_edl(one), 24)]
    assert starts == pytest.approx([2.0, 3.7083], abs=0.001)
    with pytest.raises(RequestError, match="--max-length"):
        edl.export(moments(movie, tmp_path, *STRETCHES, choice=Choice(max_length=0.1)))


def made_timeline(folder: Path, *movies: Moments) -> otio.schema.Timeline:
    cuts = tuple(cut for one in movies for cut in cuts_of(one))
    (path,) = timelines.export(Edit(cuts, folder, Choice())).files
    return otio.adapters.read_from_file(str(path))


@pytest.mark.parametrize("rate", RATES.values(), ids=RATES)
def test_a_timeline_says_when_to_within_a_frame(tmp_path: Path, rate: Fraction | None) -> None:
    one = moments(flashing(tmp_path / "movie.mp4", 6, rate), tmp_path, *STRETCHES)
    timeline = made_timeline(tmp_path, one)
    counted = rates.count(one.movie.fps).rate
    for track in (timeline.video_tracks()[0], timeline.audio_tracks()[0]):
        for clip, cut in zip(track.find_clips(), cuts_of(one), strict=True):
            place = clip.source_range
            assert place.start_time.to_seconds() == pytest.approx(cut.start, abs=0.5 / counted)
            end = place.end_time_exclusive().to_seconds()
            assert end == pytest.approx(cut.end, abs=0.5 / counted)
            assert clip.available_range().contains(place)


def test_a_timeline_joins_movies_of_different_rates(tmp_path: Path) -> None:
    pal = moments(flashing(tmp_path / "pal.mp4", 4, Fraction(25)), tmp_path, (0.4, 1.4))
    ntsc = moments(flashing(tmp_path / "ntsc.mp4", 4, NTSC), tmp_path, (1.0, 2.0))
    mute = moments(flashing(tmp_path / "mute.mp4", 4, NTSC_FILM, sound=False), tmp_path, (1.0, 2.0))
    timeline = made_timeline(tmp_path, pal, ntsc, mute)
    picture, sound = timeline.tracks
    names = [clip.name for clip in picture.find_clips()]
    assert names == ["pal.mp4", "ntsc.mp4", "mute.mp4"]
    assert [type(item).__name__ for item in sound] == ["Clip", "Clip", "Gap"]
    assert picture.duration().to_seconds() == pytest.approx(sound.duration().to_seconds())
    assert picture.duration().to_seconds() == pytest.approx(3, abs=0.1)
    assert timeline.global_start_time.to_timecode() == "01:00:00;00"


def test_a_timeline_finds_its_movie_whatever_its_name(tmp_path: Path) -> None:
    movie = flashing(tmp_path / "50% ü?#;\n.mp4", 2)
    timeline = made_timeline(tmp_path, moments(movie, tmp_path, (0.5, 1.25)))
    (clip,) = timeline.video_tracks()[0].find_clips()
    assert unquote(urlsplit(clip.media_reference.target_url).path) == str(movie)
    assert clip.name.isprintable()


def test_a_marker_says_who_has_which_emotion(tmp_path: Path) -> None:
    movie = flashing(tmp_path / "movie.mp4", 3)
    one = moments(movie, tmp_path, (0.5, 1.25), emotions=["sad"], persons={1: "Lin\nB"})
    (clip,) = made_timeline(tmp_path, one).video_tracks()[0].find_clips()
    (marker,) = clip.markers
    assert marker.name == "sad (Lin\\nB)" and marker.color == "BLUE"
    assert marker.metadata["videmo"]["first"] == 12
    assert marker.marked_range == clip.source_range


def test_without_the_library_the_timeline_says_how_to_get_it(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['opentimelineio'] = None\n"
        "from videmo.exporters import exporter\n"
        "from videmo.errors import SetupError\n"
        "try: exporter('otio')\n"
        "except SetupError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert 'in videmo\'s folder, run: pip install ".[edit]"' in done.stdout, done.stderr


def test_a_list_and_a_timeline_come_out_of_one_command(people: Made, tmp_path: Path) -> None:
    tables = find_tables([people.scanned.table])
    one, together = extract_tables(
        tables, Wanted(("happy", "surprise")), tmp_path, exports=["edl", "otio"]
    )
    assert [p.relative_to(tmp_path).as_posix() for p in (*one.files, *together.files)] == [
        "movie.mp4/movie.edl",
        "supercut.otio",
    ]
