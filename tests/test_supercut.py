"""Supercuts: every frame, all the sound, and both together to the end."""

from __future__ import annotations

import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from tests.conftest import Made, made
from tests.moments import RATES, flashing, frame_times, moments
from tests.movies import delayed, number_of, numbered, still
from videmo.demo import mp4
from videmo.errors import DiskFullError, OutputError, RequestError, SetupError
from videmo.exporters import supercut as supercuts
from videmo.exporters.cuts import Cut, Edit, cuts_of, planned
from videmo.exporters.raw import RawFormat
from videmo.exporters.selection import Choice, Moments
from videmo.exporters.supercut import export
from videmo.extract import Wanted, extract_tables, find_tables
from videmo.video import open_movie, probe


def supercut(folder: Path, cuts: list[Cut], **choice: object) -> Path:
    made = export(Edit(tuple(cuts), folder, Choice(**choice)))  # type: ignore[arg-type]
    for failure in made.failures:
        raise failure
    return made.files[0]


def beeps(path: Path) -> np.ndarray:
    """When each beep begins, in seconds of the file's own clock."""
    parts, start = [], None
    with av.open(str(path)) as container:
        resampler = av.AudioResampler(format="flt", layout="mono", rate=48000)
        for frame in container.decode(audio=0):
            start = float(frame.time) if start is None else start
            parts += [part.to_ndarray()[0] for part in resampler.resample(frame)]
    loud = np.abs(np.concatenate(parts)) > 0.2
    # Within a beep it is never quiet for as long as ten milliseconds.
    edges = np.flatnonzero(loud)
    first = np.diff(edges, prepend=-48000) > 480
    return edges[first] / 48000 + (start or 0.0)


def flashes(path: Path) -> np.ndarray:
    """When each flash begins, in seconds of the file's own clock."""
    times, bright = [], []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            grey = frame.to_ndarray(format="gray")
            times.append(float(frame.time))
            bright.append(grey[grey.shape[0] // 2, grey.shape[1] // 2] > 128)
    begun = np.diff(np.array(bright, int), prepend=0) == 1
    return np.array(times)[begun]


def chapters(path: Path) -> list[tuple[float, str]]:
    """Where each chapter begins, and its title."""
    with av.open(str(path)) as container:
        return [
            (float(chapter["start"] * chapter["time_base"]), chapter["metadata"]["title"])
            for chapter in container.chapters()
        ]


ARCHIVE = [
    ((320, 180), Fraction(24000, 1001)),
    ((160, 120), Fraction(24)),
    ((180, 320), Fraction(25)),
    ((320, 240), Fraction(30000, 1001)),
    ((162, 90), Fraction(30)),
    ((240, 240), None),
    ((96, 64), Fraction(50)),
    ((384, 216), Fraction(60000, 1001)),
    ((320, 180), Fraction(15)),
    ((128, 96), Fraction(12)),
]
LATE = 0.7


def test_after_a_hundred_cuts_of_ten_movies_sound_and_picture_agree(tmp_path: Path) -> None:
    """Of ten sizes and rates: one variable, one turned, one whose pictures begin after its sound.

    Each cut flashes and beeps once; where in the cut it does so is known from its movie.
    """
    cuts: list[Cut] = []
    seen: list[float] = []
    heard: list[float] = []
    for index, (size, rate) in enumerate(ARCHIVE):
        path = flashing(tmp_path / f"movie{index}.mp4", 12, rate, size)
        if index == 1:
            mp4.turn(path, 90)
        if index == 4:
            path = delayed(path, tmp_path / "late.mkv", LATE)
        stretches = [(k - 0.35 - 0.01 * k, k + 0.4 + 0.017 * index) for k in range(1, 11)]
        times = frame_times(path)
        for k, cut in enumerate(cuts_of(moments(path, tmp_path, *stretches)), 1):
            seen.append(times[np.searchsorted(times, k - 0.001)] - cut.start)
            heard.append((k + 1 - LATE if index == 4 else k) - cut.start)
            cuts.append(cut)
    assert len(cuts) == 100
    path = supercut(tmp_path, cuts)
    places = np.array([start for start, _ in chapters(path)])
    frame = 1 / 59.94
    assert beeps(path) - places == pytest.approx(np.array(heard), abs=0.002)
    assert flashes(path) - places == pytest.approx(np.array(seen), abs=frame / 2 + 0.001)


def numbers(path: Path) -> list[int]:
    """The numbers that the pictures of `numbered` show, one for each frame."""
    with av.open(str(path)) as container:
        return [number_of(frame.to_ndarray(format="gray")) for frame in container.decode(video=0)]


@pytest.mark.parametrize("rate", [rate for rate in RATES.values() if rate], ids=str)
def test_a_supercut_has_every_frame_of_its_moments_once(tmp_path: Path, rate: Fraction) -> None:
    movie = numbered(tmp_path / "movie.mp4", 90, fps=rate)
    wanted = [(10, 23), (40, 41), (60, 90)]
    stretches = [(float(first / rate), float(after / rate)) for first, after in wanted]
    path = supercut(tmp_path, cuts_of(moments(movie, tmp_path, *stretches)))
    assert numbers(path) == [n for first, after in wanted for n in range(first, after)]
    with av.open(str(path)) as container:
        assert container.streams.video[0].average_rate == rate


def test_no_frame_of_a_variable_rate_is_lost(tmp_path: Path) -> None:
    thinned = "select='not(mod(floor(n/10),2)*mod(n,3))'"
    how = ["-vf", thinned, "-fps_mode", "passthrough", "-video_track_timescale", "90000"]
    movie = numbered(tmp_path / "movie.mp4", 90, *how, fps=30)
    there = numbers(movie)
    assert len(there) < 70
    path = supercut(tmp_path, cuts_of(moments(movie, tmp_path, (0.5, 2.5))))
    shown = numbers(path)
    assert sorted(set(shown)) == [n for n in there if 15 <= n < 75]
    assert len(shown) == pytest.approx(2 * 30, abs=1)
    # Each is on as long as in the movie.
    assert all(abs(number - 15 - place) < 3 for place, number in enumerate(shown))


def test_frames_of_a_slower_movie_are_shown_longer(tmp_path: Path) -> None:
    slow = numbered(tmp_path / "slow.mp4", 48, fps=24)
    fast = numbered(tmp_path / "fast.mp4", 60, fps=30)
    cuts = [
        *cuts_of(moments(slow, tmp_path, (0, 1))),
        *cuts_of(moments(fast, tmp_path, (0, 1))),
    ]
    shown = numbers(supercut(tmp_path, cuts))
    assert sorted(set(shown[:30])) == list(range(24)) and shown[30:] == list(range(30))


def test_the_largest_picture_gives_the_size_and_others_get_black_bars(tmp_path: Path) -> None:
    white = ["-vf", "drawbox=color=white:thickness=fill"]
    tall = flashing(tmp_path / "tall.mp4", 1, Fraction(24), (90, 160), *white)
    wide = flashing(tmp_path / "wide.mp4", 1, Fraction(24), (320, 180), *white)
    cuts = [c for m in (tall, wide) for c in cuts_of(moments(m, tmp_path, (0, 0.5)))]
    with av.open(str(supercut(tmp_path, cuts))) as container:
        frames = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
    assert {frame.shape for frame in frames} == {(180, 320)}
    bright = np.flatnonzero(frames[3][90] > 128)
    assert (bright[0], bright[-1]) == pytest.approx((160 - 51, 160 + 50), abs=2)
    assert (frames[3][:, 160] > 128).all() and (frames[-1] > 128).all()


def test_a_picture_is_upright_and_as_wide_as_it_is_meant_to_be(tmp_path: Path) -> None:
    """One movie of a telephone held upright, one with oblong pixels, as on DVDs."""
    turned = flashing(tmp_path / "turned.mp4", 1, Fraction(24), (160, 90))
    mp4.turn(turned, 90)
    oblong = flashing(tmp_path / "oblong.mp4", 1, Fraction(24), (90, 120), "-aspect", "3:2")
    sizes = []
    for movie in (turned, oblong):
        path = supercut(tmp_path, cuts_of(moments(movie, tmp_path, (0, 0.5))))
        with av.open(str(path)) as container:
            frames = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
        sizes.append(frames[0].shape[::-1])
        assert (frames[0] > 128).all()  # no bars
    assert sizes == [(90, 160), (180, 120)]


def test_colours_stay_where_a_small_movie_joins_a_large_one(tmp_path: Path) -> None:
    """Small movies are coded as in BT.601, large ones as in BT.709, and do not say so."""
    red = "drawbox=color=red:thickness=fill"
    small = flashing(tmp_path / "small.mp4", 1, Fraction(24), (320, 180), "-vf", red)
    large = flashing(tmp_path / "large.mp4", 1, Fraction(24), (1280, 720))
    cuts = [c for m in (small, large) for c in cuts_of(moments(m, tmp_path, (0.2, 0.5)))]
    path = supercut(tmp_path, cuts)
    colours = []
    for one in (small, path):
        with open_movie(probe(one)) as reader:
            picture = next(reader.frames()).bgr
            colours.append(picture[picture.shape[0] // 2, picture.shape[1] // 2].tolist())
    assert colours[1] == pytest.approx(colours[0], abs=6)


def test_a_movie_without_sound_is_silent_among_others(tmp_path: Path) -> None:
    mute = flashing(tmp_path / "mute.mp4", 3, sound=False)
    loud = flashing(tmp_path / "loud.mp4", 3)
    cuts = [c for m in (mute, loud, mute, loud) for c in cuts_of(moments(m, tmp_path, (0.5, 1.5)))]
    path = supercut(tmp_path, cuts)
    assert flashes(path) == pytest.approx([0.5, 1.5, 2.5, 3.5], abs=0.001)
    assert beeps(path) == pytest.approx([1.5, 3.5], abs=0.002)


def test_without_any_sound_there_is_no_sound_track(tmp_path: Path) -> None:
    mute = flashing(tmp_path / "mute.mp4", 2, sound=False)
    with av.open(str(supercut(tmp_path, cuts_of(moments(mute, tmp_path, (0, 1)))))) as container:
        assert container.streams.video and not container.streams.audio


def test_sound_that_ends_before_the_pictures_becomes_silence(tmp_path: Path) -> None:
    movie = flashing(tmp_path / "movie.mp4", 4, Fraction(24), (160, 120), "-af", "atrim=end=1.5")
    path = supercut(tmp_path, cuts_of(moments(movie, tmp_path, (0.5, 3.5))))
    with av.open(str(path)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert float(audio.duration * audio.time_base) == pytest.approx(3, abs=1 / 24)
        assert float(video.duration * video.time_base) == pytest.approx(3, abs=0.001)
    assert beeps(path) == pytest.approx([0.5], abs=0.002)


def test_two_who_laugh_together_are_shown_once(tmp_path: Path) -> None:
    movie = numbered(tmp_path / "movie.mp4", 75)
    one = moments(movie, tmp_path, (0.2, 1.0), emotions=["happy"])
    two = moments(movie, tmp_path, (0.6, 1.6), emotions=["surprise"], track=2)
    both = Moments((*one.selections, *two.selections), one.folder, one.output)
    (cut,) = cuts_of(both)
    assert numbers(supercut(tmp_path, [cut])) == list(range(5, 40))
    assert cut.titles == ("happy (track 1)", "surprise (track 2)")


def test_the_best_come_first_if_that_is_wanted(tmp_path: Path) -> None:
    movie = flashing(tmp_path / "movie.mp4", 4)
    cuts = cuts_of(moments(movie, tmp_path, (0, 1), (1.5, 2), (3, 4), scores=[0.5, 0.7, 0.9]))
    by_score = planned(cuts, Choice(order="score"))
    assert [cut.start for cut in by_score] == [3, 1.5, 0]
    assert [title.split()[1] for _, title in chapters(supercut(tmp_path, cuts, order="score"))] == [
        "00:00:03.000",
        "00:00:01.500",
        "00:00:00.000",
    ]


def test_a_short_supercut_is_made_of_the_best_in_order_of_time(tmp_path: Path) -> None:
    movie = flashing(tmp_path / "movie.mp4", 4, sound=False)
    cuts = cuts_of(moments(movie, tmp_path, (0, 1), (1.5, 2), (3, 4), scores=[0.5, 0.7, 0.9]))
    assert [cut.start for cut in planned(cuts, Choice(max_length=1.5))] == [1.5, 3]
    assert [cut.start for cut in planned(cuts, Choice(max_length=0.7))] == [1.5]


def test_a_length_into_which_nothing_fits_is_refused(tmp_path: Path) -> None:
    movie = flashing(tmp_path / "movie.mp4", 2, sound=False)
    cuts = cuts_of(moments(movie, tmp_path, (0, 1)))
    with pytest.raises(RequestError, match=r"the shortest moment lasts 1\.00 s"):
        supercut(tmp_path, cuts, max_length=0.5)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["movie.mp4"]


def test_a_chapter_says_what_is_seen_and_where_it_is_from(tmp_path: Path) -> None:
    movie = flashing(tmp_path / "a=b;c#d\\e\nf.mp4", 2)
    path = supercut(tmp_path, cuts_of(moments(movie, tmp_path, (0.5, 1), (1.5, 2))))
    title = "a=b;c#d\\e\\nf.mp4 00:00:00.500 happy (track 1)"
    assert chapters(path)[0] == (0.0, title)
    assert chapters(path)[1][0] == pytest.approx(0.5, abs=0.001)


def test_the_same_moments_give_the_same_supercut(tmp_path: Path) -> None:
    movie = flashing(tmp_path / "movie.mp4", 2)
    cuts = cuts_of(moments(movie, tmp_path, (0.5, 1.5)))
    first = supercut(tmp_path, cuts).read_bytes()
    assert supercut(tmp_path, cuts).read_bytes() == first


def test_a_movie_that_cannot_be_decoded_costs_its_cuts_only(tmp_path: Path) -> None:
    good = flashing(tmp_path / "good.mp4", 2)
    bad = flashing(tmp_path / "bad.mp4", 2)
    cuts = [c for m in (bad, good) for c in cuts_of(moments(m, tmp_path, (0.5, 1.5)))]
    bad.write_bytes(b"no movie")
    made = export(Edit(tuple(cuts), tmp_path, Choice()))
    assert [type(failure) for failure in made.failures] == [OutputError]
    assert "bad.mp4" in str(made.failures[0])
    assert flashes(made.files[0]) == pytest.approx([0.5], abs=0.001)


def test_where_no_cut_can_be_decoded_the_earlier_supercut_stays(tmp_path: Path) -> None:
    movie = flashing(tmp_path / "movie.mp4", 2)
    cuts = cuts_of(moments(movie, tmp_path, (0.5, 1.5)))
    before = supercut(tmp_path, cuts).read_bytes()
    movie.write_bytes(b"no movie")
    made = export(Edit(tuple(cuts), tmp_path, Choice()))
    assert made.failures and not made.files
    assert (tmp_path / "supercut.mp4").read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["movie.mp4", "supercut.mp4"]


def test_a_movie_that_ends_too_early_is_held_and_told(tmp_path: Path) -> None:
    movie = flashing(tmp_path / "movie.mp4", 4)
    cuts = cuts_of(moments(movie, tmp_path, (0.5, 3.5), (3.6, 3.9)))
    flashing(movie, 2)
    made = export(Edit(tuple(cuts), tmp_path, Choice()))
    assert ["1.50 of 3.00 s" in str(failure) for failure in made.failures] == [True, False]
    with av.open(str(made.files[0])) as container:
        assert container.streams.video[0].frames == 72


def test_a_cut_whose_decoder_fails_halfway_does_not_shift_what_follows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    movie = flashing(tmp_path / "movie.mp4", 4)
    cuts = cuts_of(moments(movie, tmp_path, (0.5, 1.5), (2.5, 3.5)))
    real = supercuts.decode_command

    def fails(program: str, cut: Cut, form: RawFormat, sound: Path) -> list[str]:
        if cut is cuts[1]:
            return real(program, cut, form, sound)
        write = f"import sys; sys.stdout.buffer.write(bytes({3 * form.frame_bytes})); sys.exit(1)"
        return [sys.executable, "-c", write]

    monkeypatch.setattr(supercuts, "decode_command", fails)
    made = export(Edit(tuple(cuts), tmp_path, Choice()))
    assert ["movie.mp4 at 00:00:00.500" in str(failure) for failure in made.failures] == [True]
    assert beeps(made.files[0]) == pytest.approx([1.5], abs=0.002)
    assert flashes(made.files[0])[-1] == pytest.approx(1.5, abs=0.001)


def test_an_interrupted_supercut_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    movie = flashing(tmp_path / "movie.mp4", 4)
    cuts = cuts_of(moments(movie, tmp_path, (0.5, 1.5), (2.5, 3.5)))

    real = supercuts.decode_command

    def stops(program: str, cut: Cut, form: RawFormat, sound: Path) -> list[str]:
        if cut is cuts[1]:
            raise KeyboardInterrupt
        return real(program, cut, form, sound)

    monkeypatch.setattr(supercuts, "decode_command", stops)
    with pytest.raises(KeyboardInterrupt):
        export(Edit(tuple(cuts), tmp_path, Choice()))
    assert [path.name for path in tmp_path.iterdir()] == ["movie.mp4"]


def test_a_full_disk_leaves_nothing(tmp_path: Path, small_disk: Callable[[int], Path]) -> None:
    disk = small_disk(64)
    movie = flashing(tmp_path / "movie.mp4", 4)
    with pytest.raises(DiskFullError, match=r"supercut\.mp4: disk full"):
        supercut(disk, cuts_of(moments(movie, disk, (0.5, 3.5))))
    assert not list(disk.iterdir())


def test_a_place_where_a_folder_lies_is_refused_before_any_work(tmp_path: Path) -> None:
    movie = flashing(tmp_path / "movie.mp4", 2)
    (tmp_path / "supercut.mp4").mkdir()
    with pytest.raises(OutputError, match="is a folder"):
        supercut(tmp_path, cuts_of(moments(movie, tmp_path, (0.5, 1.5))))


def test_a_missing_ffmpeg_stops_the_supercut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    movie = flashing(tmp_path / "movie.mp4", 2)
    cuts = cuts_of(moments(movie, tmp_path, (0.5, 1.5)))
    monkeypatch.setattr("videmo.exporters.supercut.find_ffmpeg", lambda: str(tmp_path / "none"))
    with pytest.raises(SetupError, match="none"):
        supercut(tmp_path, cuts)
    assert [p.name for p in tmp_path.iterdir()] == ["movie.mp4"]


def test_a_supercut_is_made_of_all_movies_in_one_command(people: Made, tmp_path: Path) -> None:
    other = made(tmp_path, still(1.5, Fraction(30)), "other.mp4")
    tables = find_tables([people.scanned.table, other.scanned.table])
    *each, together = extract_tables(
        tables, Wanted(("happy",)), tmp_path / "out", exports=["supercut"]
    )
    assert not any(one.errors for one in (*each, together)) and together.table is None
    (path,) = together.files
    assert path == tmp_path / "out" / "supercut.mp4"
    names = [title.split()[0] for _, title in chapters(path)]
    assert names == sorted(names) and set(names) == {"movie.mp4", "other.mp4"}
