"""Subtitles, chapters and ELAN's annotations, read back by webvtt-py and pympi."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import webvtt
from pympi import Eaf

from tests.conftest import Made
from tests.moments import RATES, flashing, moments
from tests.movies import delayed
from videmo.exporters import OF_RUNS, captions, elan, markers
from videmo.exporters.captions import chapters_of, cues_of
from videmo.exporters.selection import Moments
from videmo.extract import Wanted, extract_tables, find_tables
from videmo.runs import find_runs
from videmo.schema import EMOTIONS, Run

STRETCHES = [(0.5, 1.25), (2.0, 2.2), (3.7, 5.9)]


def together(*parts: Moments) -> Moments:
    selections = tuple(selection for part in parts for selection in part.selections)
    return Moments(selections, parts[0].folder, parts[0].output)


def times_of(caption: webvtt.Caption) -> tuple[float, float]:
    return tuple(time.in_milliseconds() / 1000 for time in (caption.start_time, caption.end_time))


@pytest.mark.parametrize("rate", RATES.values(), ids=RATES)
def test_subtitles_and_chapters_say_when_to_the_millisecond(
    tmp_path: Path, rate: Fraction | None
) -> None:
    one = moments(flashing(tmp_path / "movie.mp4", 6, rate), tmp_path, *STRETCHES)
    wanted = [(run.start, run.end) for run in one.runs]
    (srt,) = captions.srt(one).files
    vtt, chapters = captions.vtt(one).files
    for read in (webvtt.from_srt(srt), webvtt.read(vtt), webvtt.read(chapters)):
        for caption, times in zip(read, wanted, strict=True):
            assert times_of(caption) == pytest.approx(times, abs=0.0006)


@pytest.mark.parametrize("rate", RATES.values(), ids=RATES)
def test_annotations_say_when_to_the_millisecond(tmp_path: Path, rate: Fraction | None) -> None:
    one = moments(flashing(tmp_path / "movie.mp4", 6, rate), tmp_path, *STRETCHES)
    (path,) = elan.export(one).files
    annotations = Eaf(str(path)).get_annotation_data_for_tier("track 1")
    wanted = [(round(1000 * run.start), round(1000 * run.end), "happy") for run in one.runs]
    assert [tuple(annotation[:3]) for annotation in annotations] == wanted


def test_where_pictures_begin_late_annotations_lie_on_them(tmp_path: Path) -> None:
    """ELAN is told where in the file time 0 is; players count from the file's beginning."""
    movie = flashing(tmp_path / "movie.mp4", 4)
    late = delayed(movie, tmp_path / "late.mkv", 0.5)
    one = moments(late, tmp_path, (1.0, 2.0))
    assert one.movie.lead == pytest.approx(0.5, abs=0.05)  # as the encoder begins its sound
    media = Eaf(str(elan.export(one).files[0])).media_descriptors[0]
    assert int(media["TIME_ORIGIN"]) == round(1000 * one.movie.lead)
    for file in (*captions.srt(one).files, *captions.vtt(one).files):
        read = webvtt.from_srt(file) if file.suffix == ".srt" else webvtt.read(file)
        (caption,) = read
        assert times_of(caption) == pytest.approx((1.5, 2.5), abs=0.05)
    early = Eaf(str(elan.export(moments(movie, tmp_path, (1.0, 2.0))).files[0]))
    assert "TIME_ORIGIN" not in early.media_descriptors[0]


@pytest.mark.parametrize("lead", [0.0625, 0.8444, 0.0125])
def test_all_lists_are_as_late_to_the_millisecond(tmp_path: Path, lead: float) -> None:
    """So that chapters, subtitles and ELAN's times differ from those of segments.csv by one number,
    though what lies half between two milliseconds is rounded up here and down there."""
    whole = moments(flashing(tmp_path / "movie.mp4", 2), tmp_path, (0.5, 1.25))
    movie = replace(whole.movie, lead=lead)
    one = Moments((replace(whole.selections[0], movie=movie),), whole.folder, whole.output)
    media = Eaf(str(elan.export(one).files[0])).media_descriptors[0]
    runs = [Run(1, "happy", (n,), n / 1000, (n + 400) / 1000) for n in range(3)]
    for run in runs:
        sighted = {run: next(iter(one.selections[0].sightings.values()))}
        alone = Moments((replace(one.selections[0], sightings=sighted),), one.folder, one.output)
        _, chapters = captions.vtt(alone).files
        (chapter,) = webvtt.read(chapters)
        late = chapter.start_time.in_milliseconds() - round(1000 * run.start)
        assert late == int(media["TIME_ORIGIN"])


def test_the_address_of_a_movie_is_a_plain_one(tmp_path: Path) -> None:
    """Whatever way led to it: links among its folders are followed, its own name stays."""
    (tmp_path / "real").mkdir()
    movie = flashing(tmp_path / "real" / "movie.mp4", 2)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "deep" / "er").mkdir(parents=True)
    way = tmp_path / "deep" / "er" / ".." / ".." / "link" / ".." / "real" / "movie.mp4"
    one = moments(way, tmp_path, (0.5, 1))
    (media,) = Eaf(str(elan.export(one).files[0])).get_linked_files()
    assert media["MEDIA_URL"] == movie.resolve().as_uri()
    assert media["RELATIVE_MEDIA_URL"] == "../../real/movie.mp4"
    _, xml = markers.export(one).files
    assert f"<pathurl>{movie.resolve().as_uri()}</pathurl>" in xml.read_text("utf-8")


def test_subtitles_never_overlap_and_name_everybody(tmp_path: Path) -> None:
    movie = flashing(tmp_path / "movie.mp4", 4)
    happy = moments(movie, tmp_path, (0.5, 2), persons={1: "Lin"})
    sad = moments(movie, tmp_path, (1, 3), emotions=["sad"], track=2)
    (path,) = captions.srt(together(happy, sad)).files
    said = [(times_of(caption), caption.text) for caption in webvtt.from_srt(path)]
    assert said == [
        ((0.5, 1), "Lin: happy 0.90 sure"),
        ((1, 2), "Lin: happy 0.90 sure\ntrack 2: sad 0.90 sure"),
        ((2, 3), "track 2: sad 0.90 sure"),
    ]


def test_the_voice_of_a_web_caption_is_who_it_is(tmp_path: Path) -> None:
    movie = flashing(tmp_path / "movie.mp4", 3)
    vtt, _ = captions.vtt(moments(movie, tmp_path, (0.5, 1), persons={1: "Lin"})).files
    (caption,) = webvtt.read(vtt)
    assert (caption.voice, caption.text) == ("Lin", "happy 0.90 likely")


def test_at_each_time_the_cue_is_that_of_the_runs_there() -> None:
    dice = random.Random(2)
    for _ in range(50):
        runs = []
        for track in range(1, 4):
            edges = sorted(dice.sample(range(60), 6))
            for start, end in zip(edges[::2], edges[1::2], strict=True):
                runs.append(Run(track, "happy", (start,), start / 1000, end / 1000))
        cues = cues_of(runs, str)
        for time in (moment / 1000 for moment in range(60)):
            there = [str(run.track) for run in runs if run.start <= time < run.end]
            now = [cue.said for cue in cues if cue.start <= time < cue.end]
            assert now == ([tuple((who, "happy") for who in there)] if there else [])


def test_chapters_begin_with_each_run_and_do_not_overlap() -> None:
    runs = [
        Run(1, "happy", (0,), 1.0, 4.0),
        Run(2, "sad", (0,), 2.0, 3.0),
        Run(3, "fear", (0,), 2.0, 2.5),
        Run(1, "sad", (0,), 6.0, 7.0),
    ]
    chapters = [chapter[:2] for chapter in chapters_of(runs, str)]
    assert chapters == [(1.0, 2.0), (2.0, 3.0), (6.0, 7.0)]


EVIL = "<b>&amp;{\\an8}\n\n9\n00:00:00,000 --> 00:00:09,000\r\nboo\u2028]]>\x00"


def test_a_name_cannot_write_subtitles(tmp_path: Path) -> None:
    movie = flashing(tmp_path / "movie.mp4", 3)
    one = moments(movie, tmp_path, (0.5, 1), persons={1: EVIL})
    (srt,) = captions.srt(one).files
    vtt, chapters = captions.vtt(one).files
    for path, read in ((srt, webvtt.from_srt), (vtt, webvtt.read), (chapters, webvtt.read)):
        assert [times_of(caption) for caption in read(path)] == [(0.5, 1)]
        text = path.read_text("utf-8")
        assert text.count("-->") == 1 and "<b>" not in text
    assert "{" not in srt.read_text("utf-8")


def test_a_name_cannot_write_annotations(tmp_path: Path) -> None:
    movie = flashing(tmp_path / 'a"&<b>\n#?%é.mp4', 3)
    one = moments(movie, tmp_path, (0.5, 1), persons={1: EVIL})
    (path,) = elan.export(one).files
    read = Eaf(str(path))
    assert list(read.get_tier_names()) == ["track 1", "track 1 score"]
    (media,) = read.get_linked_files()
    assert unquote(urlsplit(media["MEDIA_URL"]).path) == str(movie)
    relative = unquote(urlsplit(media["RELATIVE_MEDIA_URL"]).path)
    assert (path.parent / relative).resolve() == movie.resolve()


def test_each_track_is_a_tier_and_a_person_a_participant(tmp_path: Path) -> None:
    movie = flashing(tmp_path / "movie.mp4", 5)
    parts = (
        moments(movie, tmp_path, (0.5, 1), (3, 4), track=12, persons={12: "Lin"}),
        moments(movie, tmp_path, (1, 3), emotions=["sad"], track=12),
        moments(movie, tmp_path, (0.5, 4), emotions=["fear"], track=3),
    )
    (path,) = elan.export(together(*parts)).files
    read = Eaf(str(path))
    assert list(read.get_tier_names()) == [
        *("track 3", "track 3 score", "track 12", "track 12 score")
    ]
    said = [annotation[2] for annotation in read.get_annotation_data_for_tier("track 12")]
    assert said == ["happy", "sad", "happy"]
    assert read.get_parameters_for_tier("track 12")["PARTICIPANT"] == "Lin"
    assert "PARTICIPANT" not in read.get_parameters_for_tier("track 3")


def test_below_each_track_lies_how_sure_its_annotations_are(tmp_path: Path) -> None:
    movie = flashing(tmp_path / "movie.mp4", 6)
    scores = (0.9, 0.8, 0.7)
    one = moments(movie, tmp_path, *STRETCHES, scores=scores)
    read = Eaf(str(elan.export(one).files[0]))
    said = read.get_ref_annotation_data_for_tier("track 1 score")
    assert [(start, value, above) for start, _, value, above in said] == [
        (500, "0.90 sure", "happy"),
        (2000, "0.80 unsure", "happy"),
        (3708, "0.70 sure", "happy"),
    ]
    assert read.get_parameters_for_tier("track 1 score")["PARENT_REF"] == "track 1"
    assert read.linguistic_types["score"]["CONSTRAINTS"] in read.constraints
    every = [a for tier in read.tiers.values() for part in tier[:2] for a in part]
    assert len(every) == len(set(every)) == 6


def test_where_pictures_begin_late_subtitles_say_how_sure_all_the_same(tmp_path: Path) -> None:
    late = delayed(flashing(tmp_path / "movie.mp4", 4), tmp_path / "late.mkv", 0.5)
    (path,) = captions.srt(moments(late, tmp_path, (1.0, 2.0))).files
    assert [caption.text for caption in webvtt.from_srt(path)] == ["track 1: happy 0.90 sure"]


def test_an_annotation_can_be_any_of_the_emotions(tmp_path: Path) -> None:
    one = moments(flashing(tmp_path / "movie.mp4", 3), tmp_path, (0.5, 1))
    read = Eaf(str(elan.export(one).files[0]))
    entries = read.get_cv_entries("emotions")
    assert sorted(value for (values, _) in entries.values() for value, *_ in values) == sorted(
        EMOTIONS
    )


def test_the_captions_of_a_scanned_movie_are_its_runs(people: Made, tmp_path: Path) -> None:
    wanted = Wanted(("happy", "surprise"))
    tables = find_tables([people.scanned.table])
    (done,) = extract_tables(tables, wanted, tmp_path, exports=["srt", "vtt", "eaf"])
    names = ["movie.srt", "movie.vtt", "movie.chapters.vtt", "movie.eaf"]
    assert not done.errors and [file.name for file in done.files] == names
    read = Eaf(str(done.files[-1]))
    told = [
        (int(tier.split()[1]), annotation[2], annotation[0])
        for tier in read.get_tier_names()
        if not tier.endswith(" score")
        for annotation in read.get_annotation_data_for_tier(tier)
    ]
    runs = find_runs(people.table, wanted.emotions, repeat=wanted.repeat)
    assert sorted(told) == sorted((r.track, r.emotion, round(1000 * r.start)) for r in runs)


def test_the_list_of_runs_says_nothing_of_whole_movies(people: Made, tmp_path: Path) -> None:
    extract_tables(
        find_tables([people.scanned.table]), Wanted(("happy",)), tmp_path, exports=["srt"]
    )
    header, *lines = (tmp_path / "segments.csv").read_text().splitlines()
    assert header.endswith(",".join(OF_RUNS)) and "srt" not in header
    assert len(lines) == len(find_runs(people.table, "happy", repeat=5))
