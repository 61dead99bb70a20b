"""Faults that lie in the streams: what codes them, where they end, their size, fields, range."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from ffmpeg import input as ffmpeg_input
from ffmpeg import output

from tests.faults.made import PICTURES, ffmpeg
from tests.movies import cut_off, number_of, numbered
from videmo.archive import why_partial
from videmo.errors import MovieError
from videmo.exporters.clips import cut_clip, pictures_of
from videmo.exporters.program import find_ffmpeg
from videmo.find import find_movie
from videmo.scan import Scanned, Settings, scan_movie
from videmo.schema import Segment
from videmo.table import read_table
from videmo.video import Movie, open_movie, probe


@pytest.mark.parametrize(
    ("name", "codec", "tag"),
    [
        ("a.mkv", "libvpx-vp9", b"_VP9"),
        ("a.mp4", "libx264", b"avc1"),
        ("a.avi", "mpeg4", b"FMP4"),
    ],
)
def test_r11_a_codec_without_decoder_is_said_and_gives_no_table(
    tmp_path: Path, name: str, codec: str, tag: bytes
) -> None:
    movie = tmp_path / name
    ffmpeg(*PICTURES, "-c:v", codec, movie)
    assert tag in movie.read_bytes()
    movie.write_bytes(movie.read_bytes().replace(tag, b"Z" * len(tag)))
    with pytest.raises(MovieError, match="no decoder"):
        scan_movie(movie, tmp_path)
    assert not list(tmp_path.glob("*.faces.*"))


# R12: cut off


@pytest.mark.parametrize("name", ["a.mkv", "a.mp4", "a.avi", "a.mov", "a.webm"])
def test_r12_a_file_that_is_cut_off_anywhere_is_partial(tmp_path: Path, name: str) -> None:
    codec = "libvpx-vp9" if name == "a.webm" else "libx264"
    ffmpeg(*PICTURES, "-c:v", codec, "-g", 5, "-movflags", "+faststart", tmp_path / name)
    record = scan_movie(tmp_path / name, tmp_path).record
    assert record["status"] == "ok" and not record["cut_off"]
    for share in (0.5, 0.8, 0.95):
        cut = cut_off(tmp_path / name, tmp_path / f"{share}-{name}", share)
        record = scan_movie(cut, tmp_path).record
        assert record["status"] == "partial" and record["cut_off"]
        assert 0 < record["frames_read"] < 25
        assert "the file is cut off" in why_partial(record)


def test_r12_a_recording_that_does_not_know_its_size_is_measured_by_its_time(
    tmp_path: Path,
) -> None:
    ffmpeg(*PICTURES, "-g", 5, tmp_path / "a.mkv")
    content = cut_off(tmp_path / "a.mkv", tmp_path / "cut.mkv", 0.8).read_bytes()
    place = content.index(b"\x18S\x80g") + 4  # the segment's length follows, in eight bytes
    unknown = b"\x01" + 7 * b"\xff"
    (tmp_path / "cut.mkv").write_bytes(content[:place] + unknown + content[place + 8 :])
    record = scan_movie(tmp_path / "cut.mkv", tmp_path).record
    assert not record["cut_off"] and record["frames_read"] < 23
    assert record["status"] == "partial" and record["frames_expected"] == 25


def test_r12_a_last_frame_that_is_shown_as_long_as_others_is_no_loss(tmp_path: Path) -> None:
    slower = ("-vf", "setpts='if(lt(N,20),N,20+(N-20)*8)/25/TB'", "-fps_mode", "vfr")
    ffmpeg(*PICTURES, *slower, tmp_path / "a.mkv")
    record = scan_movie(tmp_path / "a.mkv", tmp_path).record
    assert (record["status"], record["frames_read"]) == ("ok", 25)


# R15: pixel formats that change, and what an AVI counts as frames


def in_two_formats(folder: Path) -> bytes:
    """MJPEG of 25 pictures in one pixel format and 25 in another, twice as large."""
    made = []
    for name, pixels, size in (("a", "yuvj422p", "160x120"), ("b", "yuvj420p", "320x240")):
        form = ("-s", size, "-c:v", "mjpeg", "-pix_fmt", pixels, "-f", "mjpeg")
        ffmpeg(*PICTURES, *form, folder / name)
        made.append((folder / name).read_bytes())
    return b"".join(made)


def with_empty_frames(folder: Path) -> Path:
    """An AVI of these 50 pictures, as if they were 600 a second: 23 empty frames between any two.

    ffmpeg makes such files, some versions with fewer empty frames; so it is written here.
    """
    (folder / "joined").write_bytes(in_two_formats(folder))
    path = folder / "a.avi"
    with av.open(str(folder / "joined"), format="mjpeg") as source, av.open(str(path), "w") as made:
        stream = made.add_stream_from_template(source.streams.video[0])
        stream.time_base = Fraction(1, 600)
        packets = (packet for packet in source.demux(video=0) if packet.size)
        for number, packet in enumerate(packets):
            packet.stream, packet.time_base = stream, stream.time_base
            packet.pts = packet.dts = 24 * number
            packet.duration = 24
            made.mux(packet)
    return path


def test_r15_another_pixel_format_and_size_in_the_middle_are_no_damage(tmp_path: Path) -> None:
    with_empty_frames(tmp_path)
    assert probe(tmp_path / "a.avi").frames == 1200
    scanned = scan_movie(tmp_path / "a.avi", tmp_path)
    assert scanned.record["status"] == "ok" and scanned.record["frames_expected"] == 50
    times = read_table(scanned.table)["time"]
    assert times.to_list() == [round(0.04 * number, 3) for number in range(50)]


def test_r15_empty_frames_are_none_that_are_still_to_be_read(tmp_path: Path) -> None:
    with_empty_frames(tmp_path)
    told: list[tuple[int, int]] = []
    scan_movie(tmp_path / "a.avi", tmp_path, progress=lambda *far: told.append(far))
    assert told[-1] == (50, 50)


def test_r15_an_avi_with_empty_frames_that_was_cut_off_is_partial(tmp_path: Path) -> None:
    with_empty_frames(tmp_path)
    content = (tmp_path / "a.avi").read_bytes()
    (tmp_path / "a.avi").write_bytes(content[: len(content) * 3 // 4])
    record = scan_movie(tmp_path / "a.avi", tmp_path).record
    assert record["status"] == "partial" and record["cut_off"]
    assert 0 < record["frames_read"] < 50 < record["frames_expected"]


UNEVEN = "setpts='(N+25*gte(N,10)+3*gte(N,60))/25/TB'"
B_FRAMES = ("-fps_mode", "passthrough", "-enc_time_base", "1/25", "-c:v", "libx264", "-bf", "2")


@pytest.fixture(scope="module")
def gaps(tmp_path_factory: pytest.TempPathFactory) -> tuple[Movie, list[float]]:
    """An AVI of H.264 with B-frames and two gaps, and the times of its 100 numbered frames."""
    path = tmp_path_factory.mktemp("gaps") / "a.avi"
    movie = probe(numbered(path, 100, "-vf", UNEVEN, *B_FRAMES))
    assert movie.decode_order
    with open_movie(movie) as reader:
        shown = [(number_of(frame.grey), float(frame.time)) for frame in reader.frames()]
    assert [number for number, _ in shown] == list(range(100))
    times = [time for _, time in shown]
    assert len(set(np.diff(times).round(3))) == 3
    return movie, times


@pytest.mark.parametrize(("first", "after"), [(2, 8), (14, 24), (40, 50), (66, 76), (8, 14)])
def test_r15_an_avi_with_b_frames_and_gaps_is_cut_where_its_frames_are(
    gaps: tuple[Movie, list[float]], tmp_path: Path, first: int, after: int
) -> None:
    movie, times = gaps
    segment = Segment(1, "happy", times[first], times[after], ())
    cut_clip(movie, segment, tmp_path / "a.mp4", 0.06)
    with open_movie(probe(tmp_path / "a.mp4")) as reader:
        shown = [number_of(frame.grey) for frame in reader.frames()]
    assert sorted(set(shown)) == list(range(first, after))


def test_r15_what_is_made_of_all_cuts_has_the_gaps_too(
    gaps: tuple[Movie, list[float]], tmp_path: Path
) -> None:
    movie, times = gaps
    pictures = pictures_of(movie, ffmpeg_input(movie.path))
    made = output(pictures, str(tmp_path / "a.mkv"), fps_mode="passthrough", vcodec="libx264")
    made.run(cmd=find_ffmpeg(), quiet=True)
    with open_movie(probe(tmp_path / "a.mkv")) as reader:
        assert [float(f.time) for f in reader.frames()] == pytest.approx(times, abs=0.001)


def test_r15_an_avi_with_b_frames_of_any_rate_is_not_cut_anywhere(tmp_path: Path) -> None:
    often = ("-vf", "setpts='(N+floor(N/2))/25/TB'")
    movie = probe(numbered(tmp_path / "a.avi", 300, *often, *B_FRAMES))
    with pytest.raises(MovieError, match="convert it"):
        cut_clip(movie, Segment(1, "happy", 1.0, 2.0, ()), tmp_path / "a.mp4", 0.06)
    assert not list(tmp_path.glob("*.mp4*"))


@pytest.mark.parametrize("codec", ["mpeg4", "libx264"])
@pytest.mark.parametrize("length", [b"\0\0\0\0", b"\xff\xff\xff\xff"])
def test_r15_an_avi_that_went_into_a_pipe_is_whole(
    tmp_path: Path, codec: str, length: bytes
) -> None:
    command = [find_ffmpeg(), "-loglevel", "error", *PICTURES, "-c:v", codec, "-f", "avi", "-"]
    content = subprocess.run(command, capture_output=True, check=True).stdout
    (tmp_path / "a.avi").write_bytes(content[:4] + length + content[8:])
    told: list[tuple[int, int]] = []
    record = scan_movie(tmp_path / "a.avi", tmp_path, progress=lambda *far: told.append(far)).record
    assert record["status"] == "ok" and not record["cut_off"] and record["end"] == 1.0
    assert record["frames_expected"] == record["frames_read"] == 25
    assert told[-1] == (25, 25)


# R18: pictures that would fill the memory

PEAK = "import resource, sys; sys.path.insert(0, '.'); "
PROBE = """
from pathlib import Path
from videmo.errors import MovieError
from videmo.video import probe
try:
    probe(Path(sys.argv[1]))
except MovieError as error:
    print(error)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def probed(movie: Path) -> tuple[str, int]:
    """What is said of a movie, and the kilobytes that looking at it took at most."""
    pytest.importorskip("resource")
    command = [sys.executable, "-c", PEAK + PROBE, str(movie)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    *said, peak = done.stdout.splitlines()
    return "".join(said), int(peak)


@pytest.mark.parametrize(
    ("size", "form"),
    [
        ("16000x16000", ("-pix_fmt", "gray", "-c:v", "png", "a.mkv")),
        ("12000x12000", ("-c:v", "libx264", "-preset", "ultrafast", "a.mp4")),
    ],
)
def test_r18_huge_pictures_are_refused_by_their_size_before_they_are_decoded(
    tmp_path: Path, size: str, form: tuple[str, ...]
) -> None:
    *options, name = form
    ffmpeg("-f", "lavfi", "-i", f"color=s={size}:r=25", "-frames:v", 1, *options, tmp_path / name)
    ffmpeg(*PICTURES, tmp_path / "small.mp4")
    said, peak = probed(tmp_path / name)
    assert f"{size} pixels, over videmo's limit" in said
    width, height = map(int, size.split("x"))
    _, usual = probed(tmp_path / "small.mp4")
    assert peak - usual < width * height / 1024 / 2  # half of one picture's luma


def test_r18_a_size_that_is_only_claimed_is_refused(tmp_path: Path) -> None:
    ffmpeg(*PICTURES, "-c:v", "rawvideo", "-pix_fmt", "yuv420p", tmp_path / "a.avi")
    content = bytearray((tmp_path / "a.avi").read_bytes())
    place = content.index(b"strf") + 8  # BITMAPINFOHEADER: its size, width, height
    content[place + 4 : place + 12] = 2 * (30_000).to_bytes(4, "little")
    (tmp_path / "a.avi").write_bytes(content)
    with pytest.raises(MovieError, match="30000x30000 pixels"):
        probe(tmp_path / "a.avi")


def test_r18_pictures_that_grow_in_the_middle_are_not_decoded(tmp_path: Path) -> None:
    for name, size in (("a", "160x120"), ("b", "16000x16000")):
        source = ("-f", "lavfi", "-i", f"color=s={size}:r=25", "-frames:v", 2, "-pix_fmt", "gray")
        ffmpeg(*source, "-c:v", "png", "-f", "image2pipe", tmp_path / name)
    joined = (tmp_path / "a").read_bytes() + (tmp_path / "b").read_bytes()
    (tmp_path / "joined").write_bytes(joined)
    pipe = ("-f", "png_pipe", "-i", tmp_path / "joined")
    ffmpeg(*pipe, "-c", "copy", tmp_path / "a.mkv")
    movie = probe(tmp_path / "a.mkv")
    with open_movie(movie) as reader:
        assert len(list(reader.frames())) == 2 and reader.failures


# R24: interlaced


@pytest.fixture(scope="module")
def interlaced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second, 25 frames of two fields: a white bar moves over black, eight pixels a field."""
    path = tmp_path_factory.mktemp("interlaced") / "a.mkv"
    bar = "color=black:s=480x240:r=50:d=1[b];color=white:s=48x240:r=50:d=1[w];[b][w]overlay=x=n*8"
    fields = ("-vf", "tinterlace=interleave_top,setfield=tff", "-flags", "+ilme+ildct")
    ffmpeg("-f", "lavfi", "-i", bar, *fields, "-c:v", "mpeg2video", "-q:v", 2, path)
    return path


def combs(movie: Movie) -> tuple[float, list[Fraction]]:
    """By how much a line differs from those around it, on average; and the frames' times."""
    with open_movie(movie) as reader:
        seen = [(frame.grey.astype(float), frame.time) for frame in reader.frames()]
    lines = [np.abs(grey[1:-1] - (grey[:-2] + grey[2:]) / 2).mean() for grey, _ in seen]
    return float(np.mean(lines)), [time for _, time in seen]


def test_r24_an_interlaced_movie_is_scanned_and_said_to_be(
    interlaced: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    scanned = scan_movie(interlaced, tmp_path)
    assert scanned.record["status"] == "ok" and scanned.record["frames_read"] == 25
    (warning,) = scanned.record["warnings"]
    assert "interlaced" in warning and "--deinterlace" in warning
    assert [entry.getMessage() for entry in caplog.records] == [f"{interlaced}: {warning}"]


def test_r24_deinterlaced_frames_have_no_combs_and_the_same_times(interlaced: Path) -> None:
    movie = probe(interlaced)
    torn, times = combs(movie)
    whole, same = combs(replace(movie, deinterlace=True))
    assert whole < torn / 10
    assert same == times and len(times) == 25


def test_r24_a_stretch_of_deinterlaced_frames_has_their_times(interlaced: Path) -> None:
    movie = replace(probe(interlaced), deinterlace=True)
    _, times = combs(movie)
    with open_movie(movie) as reader:
        there = [frame.time for frame in reader.frames(times[13], times[17])]
        assert there == times[13:17]
        assert [frame.time for frame in reader.at([float(times[20])])] == [times[20]]


def test_r24_deinterlaced_ones_stay_so_in_the_second_pass(interlaced: Path, tmp_path: Path) -> None:
    scanned = deinterlaced(interlaced, tmp_path)
    assert scanned.record["warnings"] == [] and scanned.record["frames_read"] == 25
    movie = find_movie(scanned.table, scanned.record)
    assert movie.deinterlace
    for one, name in ((movie, "whole.mp4"), (replace(movie, deinterlace=False), "torn.mp4")):
        cut_clip(one, Segment(1, "happy", 0.0, 1.0, ()), tmp_path / name, 0.06)
    torn, times = combs(probe(tmp_path / "torn.mp4"))
    whole, same = combs(probe(tmp_path / "whole.mp4"))
    assert whole < torn / 4 and len(same) == len(times) == 25


def test_r24_what_is_made_of_all_cuts_is_deinterlaced_too(interlaced: Path, tmp_path: Path) -> None:
    movie = replace(probe(interlaced), deinterlace=True)
    pictures = pictures_of(movie, ffmpeg_input(movie.path))
    output(pictures, str(tmp_path / "a.mp4")).run(cmd=find_ffmpeg(), quiet=True)
    torn, _ = combs(replace(movie, deinterlace=False))
    whole, times = combs(probe(tmp_path / "a.mp4"))
    assert whole < torn / 4 and len(times) == 25


def test_r24_frames_that_are_whole_already_stay_as_they_are(tmp_path: Path) -> None:
    ffmpeg(*PICTURES, tmp_path / "a.mp4")
    before = scan_movie(tmp_path / "a.mp4", tmp_path / "before")
    after = deinterlaced(tmp_path / "a.mp4", tmp_path / "after")
    assert after.table.read_bytes() == before.table.read_bytes()
    movie = probe(tmp_path / "a.mp4")
    assert combs(replace(movie, deinterlace=True)) == combs(movie)


def deinterlaced(movie: Path, out: Path) -> Scanned:
    return scan_movie(movie, out, Settings(deinterlace=True))


# R25: high dynamic range


@pytest.mark.parametrize(
    ("transfer", "says"),
    [("smpte2084", "(PQ)"), ("arib-std-b67", "(HLG)"), ("bt709", "")],
)
def test_r25_a_high_dynamic_range_is_scanned_and_said(
    tmp_path: Path, transfer: str, says: str
) -> None:
    form = ("-vf", f"setparams=color_trc={transfer}", "-pix_fmt", "yuv420p10le", "-c:v", "libx265")
    ffmpeg(*PICTURES, *form, tmp_path / "a.mp4")
    record = scan_movie(tmp_path / "a.mp4", tmp_path).record
    assert record["status"] == "ok" and record["frames_read"] == 25
    assert [re.findall(r"\(\w+\)", text) for text in record["warnings"]] == (
        [[says]] if says else []
    )
