"""Every kind of file gives the same frames, times and clips: pictures say their number."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import pytest

from tests.movies import number_of, numbered, remuxed
from videmo.exporters.clips import cut_clip
from videmo.schema import Segment
from videmo.video import open_movie, plan_chunks, probe, survey

H264 = ("-c:v", "libx264", "-preset", "veryfast", "-g", "25", "-bf", "2")
KINDS = {
    "a.mp4": H264,
    "open.mp4": (*H264, "-x264-params", "open-gop=1"),
    "a.mov": (*H264, "-c:a", "pcm_s16le"),
    "a.mkv": H264,
    "a.ts": H264,
    "open.ts": (*H264, "-x264-params", "open-gop=1"),
    "a.flv": (*H264, "-ar", "44100"),
    "mpeg2.ts": ("-c:v", "mpeg2video", "-b:v", "3M", "-bf", "2", "-g", "15"),
    "a.mpg": ("-c:v", "mpeg2video", "-b:v", "3M", "-bf", "2", "-g", "15"),
    "mpeg4.avi": ("-c:v", "mpeg4", "-b:v", "3M", "-g", "25"),
    "b.avi": H264,
    "motion.avi": ("-c:v", "mjpeg", "-q:v", "3", "-c:a", "pcm_s16le"),
    "a.webm": ("-c:v", "libvpx", "-b:v", "2M", "-deadline", "realtime", "-g", "25"),
    "ten.mkv": (*H264, "-pix_fmt", "yuv420p10le"),
}
FRAMES = 100


@pytest.fixture(scope="module", params=KINDS, ids=str)
def movie(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    name: str = request.param
    return numbered(tmp_path_factory.mktemp("kind") / name, FRAMES, *KINDS[name])


def numbers(path: Path, *stretch: Fraction | None) -> list[int]:
    with open_movie(probe(path)) as reader:
        return [number_of(frame.grey) for frame in reader.frames(*stretch)]  # type: ignore[arg-type]


def test_every_frame_comes_out_once_and_in_order(movie: Path) -> None:
    assert numbers(movie) == list(range(FRAMES))


def times_of(path: Path) -> list[float]:
    with open_movie(probe(path)) as reader:
        return [round(float(frame.time), 3) for frame in reader.frames()]


def test_every_frame_has_its_time(movie: Path) -> None:
    # FFmpeg has to guess the times in AVI, and may set all but the first a frame too late.
    allowed = 0.0405 if movie.name == "mpeg4.avi" else 0.0011
    assert times_of(movie) == pytest.approx([i / 25 for i in range(FRAMES)], abs=allowed)


def test_chunks_give_the_same_frames(movie: Path) -> None:
    chunks = plan_chunks(probe(movie), survey(probe(movie)).keys, seconds=(1, 1))
    assert len(chunks) >= 3 or movie.name in ("a.mpg", "b.avi")  # which cannot be sought in
    parts = [numbers(movie, chunk.start, chunk.end) for chunk in chunks]
    assert [number for part in parts for number in part] == list(range(FRAMES))


def test_a_whole_movie_passes_the_survey(movie: Path) -> None:
    found = survey(probe(movie))
    assert (found.packets, found.damaged, found.steady) == (FRAMES, 0, True)


@pytest.mark.parametrize(("first", "last"), [(0, 9), (37, 61), (76, 99)])
def test_a_clip_holds_just_its_frames_and_sound(
    movie: Path, first: int, last: int, tmp_path: Path
) -> None:
    times = times_of(movie)
    end = times[last + 1] if last + 1 < FRAMES else times[last] + 0.04
    segment = Segment(1, "happy", times[first], end, ())
    cut_clip(probe(movie), segment, tmp_path / "clip.mp4", allowed=0.06)
    assert numbers(tmp_path / "clip.mp4") == list(range(first, last + 1))
    with av.open(str(tmp_path / "clip.mp4")) as clip:
        audio = clip.streams.audio[0]
        seconds = float(audio.duration * audio.time_base)
    assert seconds == pytest.approx(segment.end - segment.start, abs=0.045)


def test_a_raw_stream_is_read_and_cut(tmp_path: Path) -> None:
    raw = remuxed(numbered(tmp_path / "a.mkv", FRAMES, *H264, "-an"), tmp_path / "a.h264")
    movie = probe(raw)
    assert not movie.timed and len(plan_chunks(movie, survey(movie).keys)) == 1
    assert numbers(raw) == list(range(FRAMES))
    with open_movie(movie) as reader:
        assert [number_of(f.grey) for f in reader.at([0.4, 3.6])] == [10, 90]
    cut_clip(movie, Segment(1, "happy", 1.0, 2.0, ()), tmp_path / "clip.mp4", allowed=0.06)
    assert numbers(tmp_path / "clip.mp4") == list(range(25, 50))


def test_two_recordings_in_one_file_are_read_as_one(tmp_path: Path) -> None:
    one = numbered(tmp_path / "one.ts", 50, *H264).read_bytes()
    (tmp_path / "two.ts").write_bytes(one + one)
    movie = probe(tmp_path / "two.ts")
    found = survey(movie)
    assert not found.steady and found.packets == 100
    with open_movie(replace(movie, timed=False)) as reader:
        frames = [(number_of(frame.grey), float(frame.time)) for frame in reader.frames()]
    assert [number for number, _ in frames] == [*range(50), *range(50)]
    assert [time for _, time in frames] == pytest.approx([i / 25 for i in range(100)], abs=0.001)


def test_sound_that_ends_before_the_picture_becomes_silence(tmp_path: Path) -> None:
    whole = numbered(tmp_path / "whole.mkv", FRAMES, *H264)
    short = tmp_path / "short.mkv"
    numbered(short, FRAMES, *H264, "-filter:a", "atrim=0:1.5")
    assert whole.stat().st_size > short.stat().st_size
    cut_clip(probe(short), Segment(1, "happy", 2.0, 3.0, ()), tmp_path / "c.mp4", allowed=0.06)
    with av.open(str(tmp_path / "c.mp4")) as clip:
        assert clip.streams.audio and float(clip.streams.audio[0].duration) > 0
    assert numbers(tmp_path / "c.mp4") == list(range(50, 75))


@pytest.mark.parametrize("size", ["161x90", "160x91", "33x33"])
def test_a_movie_of_odd_size_is_cut(tmp_path: Path, size: str) -> None:
    path = numbered(
        tmp_path / "odd.mkv", 25, "-c:v", "ffv1", "-vf", f"scale={size.replace('x', ':')}"
    )
    cut_clip(probe(path), Segment(1, "happy", 0.2, 0.8, ()), tmp_path / "c.mp4", allowed=0.06)
    assert probe(tmp_path / "c.mp4").frames == 15


def test_a_mirrored_movie_is_mirrored(tmp_path: Path) -> None:
    plain = numbered(tmp_path / "a.mp4", 25, *H264)
    content = plain.read_bytes()
    matrix = (1 << 16).to_bytes(4, "big") + bytes(12) + (1 << 16).to_bytes(4, "big")
    at = content.index(b"tkhd") + 44
    assert content[at : at + 20] == matrix
    mirrored = (-1 << 16).to_bytes(4, "big", signed=True) + bytes(12) + matrix[16:]
    (tmp_path / "b.mp4").write_bytes(content[:at] + mirrored + content[at + 20 :])
    with open_movie(probe(tmp_path / "b.mp4")) as reader, open_movie(probe(plain)) as other:
        assert (next(reader.frames()).grey[:, ::-1] == next(other.frames()).grey).all()
