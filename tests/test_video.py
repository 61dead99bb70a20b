"""Movies are opened, sought in and decoded as what they are."""

from __future__ import annotations

import itertools
import os
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from tests.movies import NTSC_FILM, remuxed, still, uneven_times, write
from videmo.demo import make_movie
from videmo.errors import MovieError, RequestError
from videmo.video import Movie, open_movie, plan_chunks, probe, survey


def times_of(movie: Movie, start: Fraction = Fraction(0), end: Fraction | None = None) -> list:
    with open_movie(movie) as reader:
        return [frame.time for frame in reader.frames(start, end)]


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Movie:
    """Four seconds at 24000/1001 frames a second, a key frame each second, B-frames between."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    make_movie(path, still(4, NTSC_FILM), gop=24)
    return probe(path)


def test_a_movie_says_its_size_rate_and_length(film: Movie) -> None:
    assert (film.width, film.height, film.fps, film.frames) == (320, 240, NTSC_FILM, 96)
    assert film.duration == 96 / NTSC_FILM
    assert film.sound and film.timed


def test_times_are_exact(film: Movie) -> None:
    assert times_of(film) == [index / NTSC_FILM for index in range(96)]


def test_times_of_a_variable_rate_are_the_true_ones(tmp_path: Path) -> None:
    times = uneven_times(60)
    make_movie(tmp_path / "vfr.mp4", still(7, times=times))
    found = times_of(probe(tmp_path / "vfr.mp4"))
    assert [float(t) for t in found] == pytest.approx([float(t) for t in times], abs=1e-5)


def test_chunks_together_give_every_frame_once(film: Movie) -> None:
    edges = [Fraction(i, 2) for i in range(9)]
    parts = [times_of(film, a, b) for a, b in itertools.pairwise(edges)]
    assert [time for part in parts for time in part] == times_of(film)


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_a_stretch_holds_the_same_pictures_as_the_whole(tmp_path: Path, name: str) -> None:
    make_movie(tmp_path / name, still(3), gop=30)
    movie = probe(tmp_path / name)
    with open_movie(movie) as reader:
        whole = [frame.grey.copy() for frame in reader.frames()]
        part = [frame.grey.copy() for frame in reader.frames(Fraction(7, 4), Fraction(9, 4))]
    assert len(part) == 12
    assert (np.array(part) == np.array(whole[42:54])).all()


def test_chunks_begin_at_key_frames_and_the_last_one_has_no_end(film: Movie) -> None:
    chunks = plan_chunks(film, survey(film).keys, seconds=(2, 2))
    middle = Fraction(48 * 1001, 24000)
    assert [(c.start, c.end) for c in chunks] == [(0, middle), (middle, None)]


def test_where_key_frames_are_rare_chunks_are_longer(film: Movie) -> None:
    keys = [Fraction(k) for k in (0, 25, 26, 70, 75)]
    chunks = plan_chunks(replace(film, duration=Fraction(600)), keys)
    assert [c.start for c in chunks] == [0, 70]


def test_a_short_movie_has_shorter_chunks_than_a_long_one(film: Movie) -> None:
    keys = [Fraction(k) for k in range(3600)]
    for seconds, chunk in ((100, 10), (320, 20), (3600, 30)):
        planned = plan_chunks(replace(film, duration=Fraction(seconds)), keys[:seconds])
        assert planned[1].start == chunk


def test_a_stretch_is_cut_into_chunks_from_its_start_to_its_end(film: Movie) -> None:
    keys = [Fraction(k) for k in range(100)]
    start, end = Fraction(25, 2), Fraction(45)
    chunks = plan_chunks(replace(film, duration=Fraction(100)), keys, start, end)
    assert (chunks[0].start, chunks[1].start, chunks[-1].end) == (start, 23, end)


def test_the_survey_counts_what_lies_before_and_in_a_stretch(film: Movie) -> None:
    found = survey(film, Fraction(1), Fraction(2))
    before = sum(time < 1 for time in times_of(film))
    inside = sum(1 <= time < 2 for time in times_of(film))
    assert (found.before, found.packets) == (before, inside)


def test_a_movie_that_starts_late_starts_at_zero(tmp_path: Path) -> None:
    make_movie(tmp_path / "a.mkv", still(1))
    late = remuxed(tmp_path / "a.mkv", tmp_path / "late.mkv", "-output_ts_offset", "10")
    movie = probe(late)
    found = times_of(movie)
    assert (len(found), found[0]) == (24, 0)
    assert times_of(movie, Fraction(1, 2)) == found[12:]


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_a_turned_movie_comes_out_upright(tmp_path: Path, rotation: int) -> None:
    make_movie(tmp_path / "up.mp4", still(0.25), crf=10)
    make_movie(tmp_path / "turned.mp4", still(0.25), rotation=rotation, crf=10)
    pictures = []
    for name in ("up.mp4", "turned.mp4"):
        with open_movie(probe(tmp_path / name)) as reader:
            frame = next(reader.frames())
            assert frame.bgr.shape == (240, 320, 3)
            pictures.append(frame.grey.astype(int))
    assert np.abs(pictures[0] - pictures[1]).mean() < 3


def test_frames_are_found_by_their_time(film: Movie) -> None:
    wanted = [5, 6, 40, 95]
    times = [round(float(index / NTSC_FILM), 3) for index in wanted]
    with open_movie(film) as reader:
        assert [frame.time * NTSC_FILM for frame in reader.at(times)] == wanted


def test_a_time_at_which_there_is_no_frame_is_an_error(film: Movie) -> None:
    with open_movie(film) as reader, pytest.raises(MovieError, match="scan the movie again"):
        list(reader.at([0.02]))


def test_only_the_stretches_that_are_needed_are_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_movie(tmp_path / "long.mp4", still(20, Fraction(10)), gop=10)
    with open_movie(probe(tmp_path / "long.mp4")) as reader:
        decoded = []
        decode = reader._decode
        monkeypatch.setattr(
            reader, "_decode", lambda: (decoded.append(frame) or frame for frame in decode())
        )
        assert len(list(reader.at([0.5, 10.5, 19.0]))) == 3
    assert len(decoded) < 60


def test_face_pixels_use_the_whole_range_of_grey(film: Movie) -> None:
    with open_movie(film) as reader:
        frame = next(reader.frames())
        grey = frame.grey
        whole = frame.stretched(grey).astype(float)
    assert not frame.full_range
    assert whole == pytest.approx(np.clip((grey - 16.0) * 255 / 219, 0, 255), abs=0.51)


def encode(path: Path, levels: np.ndarray, codec: str, pixels: str, **options: str) -> Movie:
    """A movie of even grey frames, of 16 bits each, in some codec and format of pixels."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=10, options=options)
        stream.width, stream.height, stream.pix_fmt = 64, 48, pixels
        for level in levels:
            grey = np.full((48, 64), level, np.uint16)
            frame = av.VideoFrame.from_ndarray(grey, format="gray16le").reformat(format=pixels)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return probe(path)


@pytest.mark.parametrize(
    ("codec", "pixels"),
    [("libx264", "yuv420p"), ("libx264", "yuv420p10le"), ("libx264", "yuv444p"), ("ffv1", "gray")],
)
def test_the_same_grey_comes_out_of_every_format(tmp_path: Path, codec: str, pixels: str) -> None:
    levels = np.array([20, 128, 230]) * 257
    movie = encode(tmp_path / "grey.mkv", levels, codec, pixels)
    with open_movie(movie) as reader:
        seen = [f.stretched(f.grey).mean() for f in reader.frames()]
    assert seen == pytest.approx([20, 128, 230], abs=2.5)


def test_a_movie_with_oblong_pixels_gets_square_ones(tmp_path: Path) -> None:
    path = tmp_path / "anamorphic.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 72, 48, "yuv420p"
        stream.codec_context.sample_aspect_ratio = Fraction(4, 3)
        frame = av.VideoFrame.from_ndarray(np.full((72, 72), 90, np.uint8), format="yuv420p")
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    movie = probe(path)
    with open_movie(movie) as reader:
        assert next(reader.frames()).bgr.shape == (48, 96, 3)


def test_a_movie_without_timestamps_is_one_chunk(tmp_path: Path) -> None:
    make_movie(tmp_path / "a.mkv", still(1, sound=False))
    raw = remuxed(tmp_path / "a.mkv", tmp_path / "raw.h264")
    movie = probe(raw)
    assert len(plan_chunks(movie, survey(movie).keys)) == 1
    assert len(times_of(movie)) == 24


def test_a_damaged_spot_is_not_the_end(tmp_path: Path) -> None:
    make_movie(tmp_path / "a.mkv", still(4, sound=False), gop=12)
    content = bytearray((tmp_path / "a.mkv").read_bytes())
    middle = len(content) // 2
    content[middle : middle + 2000] = np.random.default_rng(1).bytes(2000)
    (tmp_path / "hole.mkv").write_bytes(content)
    movie = probe(tmp_path / "hole.mkv")
    with open_movie(movie) as reader:
        found = [round(float(frame.time), 3) for frame in reader.frames()]
        assert reader.failures
    whole = [round(index / 24, 3) for index in range(96)]
    assert set(found) <= set(whole)
    assert found[-1] == whole[-1]


PLAYLIST = b"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nprivate.ts\n#EXT-X-ENDLIST\n"
PICTURE = bytes.fromhex("89504e470d0a1a0a0000000d49484452") + b"\0" * 64


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("empty.mp4", b"", "empty"),
        ("noise.mp4", np.random.default_rng(0).bytes(30_000), "not a movie"),
        ("page.mp4", b"<html>404 not found</html>" * 100, "not a movie"),
        ("playlist.mp4", PLAYLIST, "not a movie"),
        ("concat.mp4", b"ffconcat version 1.0\nfile private.ts\n", "not a movie"),
        ("picture.mp4", PICTURE, "still picture"),
    ],
)
def test_what_is_not_a_movie_is_named(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    path = write(name, content)(tmp_path)
    with pytest.raises(MovieError, match=says) as raised:
        probe(path)
    assert name in str(raised.value) and "\n" not in str(raised.value)


def test_sound_alone_is_not_a_movie(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "sound.mp4"), "w") as container:
        stream = container.add_stream("aac", rate=48000, layout="mono")
        frame = av.AudioFrame.from_ndarray(
            np.zeros((1, 1024), np.float32), format="fltp", layout="mono"
        )
        frame.sample_rate = 48000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises(MovieError, match="no video stream"):
        probe(tmp_path / "sound.mp4")


def test_a_recording_that_was_interrupted_is_named(tmp_path: Path) -> None:
    make_movie(tmp_path / "a.mp4", still(1))
    (tmp_path / "cut.mp4").write_bytes((tmp_path / "a.mp4").read_bytes()[:-5000])
    with pytest.raises(MovieError, match="cut"):
        probe(tmp_path / "cut.mp4")


def test_a_missing_file_and_a_folder_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="no such file"):
        probe(tmp_path / "missing.mp4")
    with pytest.raises(RequestError, match="is a folder"):
        probe(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names on this system")
def test_a_pipe_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    with pytest.raises(MovieError, match="regular file"):
        probe(tmp_path / "pipe.mp4")


@pytest.mark.parametrize(
    "name", [b"-y.mp4", b"http:x.mp4", b"concat:a.mp4", b"%d;$(x)'\n.mp4", b"bad\xff.mp4"]
)
def test_a_name_is_only_a_name(
    tmp_path: Path, name: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_movie(tmp_path / "a.mp4", still(0.25))
    monkeypatch.chdir(tmp_path)
    path = Path(os.fsdecode(name))
    os.rename("a.mp4", path)
    assert len(times_of(probe(path))) == 6
