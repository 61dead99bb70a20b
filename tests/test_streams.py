"""Files with more, fewer and other streams than a movie needs, as phones and recorders do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import av
import numpy as np
import pytest
from click.testing import CliRunner

from tests.faults.made import PICTURES, TONE, ffmpeg
from tests.movies import number_of, numbered, still
from videmo.annotate.movie import annotate_movie
from videmo.archive import SKIPPED, find_movies, scan_archive
from videmo.cli import cli
from videmo.demo import make_movie
from videmo.errors import NoPicturesError, RequestError
from videmo.exporters.clips import cut_clip
from videmo.exporters.selection import Choice
from videmo.extract import Extracted, Wanted, extract_tables
from videmo.scan import Settings, scan_movie
from videmo.scan.integrity import warnings
from videmo.schema import ALL_SOUND, Segment
from videmo.video import Movie, open_movie, probe, survey

BLACK = ("-f", "lavfi", "-i", "color=black:s=160x120:r=25:d=1")
FULL_HD = ("-f", "lavfi", "-i", "testsrc=s=1920x1080:r=25:d=0.04")


def brightness(movie: Movie) -> tuple[int, float]:
    """How many frames a movie has, and how bright they are on average."""
    with open_movie(movie) as reader:
        seen = [frame.grey.mean() for frame in reader.frames()]
    return len(seen), float(np.mean(seen))


# Pictures


@pytest.mark.parametrize("name", ["a.mkv", "a.mp4"])
def test_of_two_video_streams_of_one_size_the_one_that_players_show_is_taken(
    tmp_path: Path, name: str
) -> None:
    flags = ("-disposition:v:0", 0, "-disposition:v:1", "default")
    ffmpeg(*BLACK, *PICTURES, "-map", "0:v", "-map", "1:v", *flags, tmp_path / name)
    movie = probe(tmp_path / name)
    frames, light = brightness(movie)
    assert movie.stream == 1 and frames == 25 and light > 60


def test_it_is_said_that_there_are_two_video_streams(tmp_path: Path) -> None:
    ffmpeg(*BLACK, *PICTURES, "-map", "0:v", "-map", "1:v", tmp_path / "a.mkv")
    record = scan_movie(tmp_path / "a.mkv", tmp_path).record
    (said,) = record["warnings"]
    assert record["status"] == "ok" and "2 video streams" in said


@pytest.mark.parametrize("name", ["a.mkv", "a.mp4"])
@pytest.mark.parametrize("first", [0, 1])
def test_a_thumbnail_that_is_larger_than_the_movie_and_first_is_not_the_movie(
    tmp_path: Path, name: str, first: int
) -> None:
    # As drones write it: one MJPEG picture, not marked as a cover; marked as default, even.
    maps = ("-map", f"{first}:v", "-map", f"{1 - first}:v")
    codecs = (f"-c:v:{first}", "libx264", f"-c:v:{1 - first}", "mjpeg")
    flags = (f"-disposition:v:{1 - first}", "default", f"-disposition:v:{first}", 0)
    ffmpeg(*PICTURES, *FULL_HD, *maps, *codecs, *flags, tmp_path / name)
    movie = probe(tmp_path / name)
    assert (movie.width, movie.height) == (160, 120)
    assert brightness(movie)[0] == 25 and not warnings(movie, survey(movie))


# No pictures

SUBTITLES = "1\n00:00:00,000 --> 00:00:01,000\nhello\n"
CHAPTERS = ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1\nSTART=0\nEND=1\ntitle=one\n"


def subtitles(path: Path) -> None:
    path.with_name("a.srt").write_text(SUBTITLES)
    codec = ("-c", "mov_text") if path.suffix == ".mp4" else ()
    ffmpeg("-i", path.with_name("a.srt"), "-map", 0, *codec, path)


def chapters(path: Path) -> None:
    """A movie with chapters whose only other track, of sound, is none any more."""
    path.with_name("a.txt").write_text(CHAPTERS)
    about = ("-f", "ffmetadata", "-i", path.with_name("a.txt"), "-map_metadata", 1)
    ffmpeg(*TONE, *about, path)
    path.write_bytes(path.read_bytes().replace(b"trak", b"free", 1))


@pytest.mark.parametrize(
    ("name", "make"), [("a.mkv", subtitles), ("a.mp4", subtitles), ("a.mp4", chapters)]
)
def test_a_file_of_nothing_but_subtitles_or_chapters_is_skipped(
    tmp_path: Path, name: str, make: Callable[[Path], None]
) -> None:
    make(tmp_path / name)
    with pytest.raises(NoPicturesError, match="only subtitles or chapters"):
        probe(tmp_path / name)
    ((entry, _),) = scan_archive(find_movies([tmp_path]), tmp_path / "out")
    assert (entry.path, entry.status) == (name, SKIPPED)


# Sound

TONES = (400, 1000, 2500)


def several_tones(path: Path, tones: tuple[int, ...] = TONES, codec: str = "aac") -> Path:
    """A happy person for two seconds, with a sound track of each of these tones (Hz)."""
    make_movie(path.with_name("mute.mp4"), still(2, sound=False))
    inputs = [("-f", "lavfi", "-t", 2, "-i", f"sine={tone}:sample_rate=48000") for tone in tones]
    maps = [("-map", number) for number in range(len(tones) + 1)]
    codecs = ("-c:v", "copy", "-c:a", codec)
    ffmpeg("-i", path.with_name("mute.mp4"), *sum(inputs, ()), *sum(maps, ()), *codecs, path)
    return path


def without_decoder(path: Path, tracks: int = 1) -> Path:
    """The first `tracks` sound tracks made what no decoder knows, as a phone's spatial sound is."""
    content = path.read_bytes()
    for one, other in ((b"mp4a", b"apac"), (b"esds", b"zzds")):
        content = content.replace(one, other, tracks)
    path.write_bytes(content)
    return path


def heard(path: Path) -> list[int]:
    """The loudest tone (Hz) of each sound track."""
    with av.open(str(path)) as container:
        return [_loudest(path, track) for track in range(len(container.streams.audio))]


def _loudest(path: Path, track: int) -> int:
    with av.open(str(path)) as container:
        frames = list(container.decode(audio=track))
    sound = np.concatenate([frame.to_ndarray()[0] for frame in frames])
    spectrum = np.abs(np.fft.rfft(sound))
    return round(int(spectrum.argmax()) * frames[0].sample_rate / len(sound) / 100) * 100


def extracted(movie: Path, sound: int | None = None, *exports: str) -> list[Extracted]:
    """What is made of a movie's happy moment; there is but one."""
    table = scan_movie(movie, movie.parent).table
    wanted, choice = Wanted(("happy",)), Choice(sound=sound)
    made = exports or ("clips", "supercut")
    place = movie.parent / "out"
    return extract_tables({table: movie.name}, wanted, place, exports=made, choice=choice)


def made_files(done: list[Extracted]) -> list[Path]:
    assert not [error for one in done for error in one.errors]
    return [file for one in done for file in one.files]


def test_the_first_sound_track_that_can_be_decoded_is_taken(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    movie = without_decoder(several_tones(tmp_path / "a.mov"))
    clip, supercut = made_files(extracted(movie))
    assert heard(clip) == heard(supercut) == [1000]
    (said,) = caplog.messages
    assert "3 sound tracks; number 2 is taken (1 cannot be decoded)" in said
    assert heard(annotate_movie(movie, tmp_path).file or movie) == [1000]
    assert len(caplog.messages) == 2


def test_where_no_sound_can_be_decoded_there_is_silence(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    movie = without_decoder(several_tones(tmp_path / "a.mov", (400,)))
    clip, supercut = made_files(extracted(movie))
    done = annotate_movie(movie, tmp_path)
    assert heard(clip) == heard(supercut) == heard(done.file or movie) == []
    assert all("its sound cannot be decoded" in said for said in caplog.messages)
    assert len(caplog.messages) == 2


def test_a_sound_track_that_is_announced_and_never_comes_is_passed_over(tmp_path: Path) -> None:
    movie = several_tones(tmp_path / "a.ts", (400, 1000))
    packets = np.frombuffer(movie.read_bytes(), np.uint8).reshape(-1, 188)
    of_other_tracks = (packets[:, 1] & 0x1F != 1) | (packets[:, 2] != 1)  # the first sound is 0x101
    movie.write_bytes(packets[of_other_tracks].tobytes())
    clip, supercut = made_files(extracted(movie))
    assert heard(clip) == heard(supercut) == [1000]
    assert heard(annotate_movie(movie, tmp_path).file or movie) == [1000]


def test_a_sound_track_with_nothing_in_it_is_silence(tmp_path: Path) -> None:
    make_movie(tmp_path / "mute.mp4", still(2, sound=False))
    with (
        av.open(str(tmp_path / "mute.mp4")) as source,
        av.open(str(tmp_path / "a.mkv"), "w") as made,
    ):
        stream = made.add_stream_from_template(source.streams.video[0])
        made.add_stream("aac", rate=48000, layout="mono").codec_context.open()
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = stream
                made.mux(packet)
    assert len(made_files(extracted(tmp_path / "a.mkv"))) == 2
    assert annotate_movie(tmp_path / "a.mkv", tmp_path).sound == ""


def test_of_several_sound_tracks_it_is_said_once_which_is_taken(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clip, supercut = made_files(extracted(several_tones(tmp_path / "a.mkv")))
    assert heard(clip) == heard(supercut) == [400]
    (said,) = caplog.messages
    assert "3 sound tracks; number 1 is taken; choose with --sound N" in said


@pytest.mark.parametrize(
    ("sound", "tones"), [(1, [400]), (3, [2500]), (ALL_SOUND, [400, 1000, 2500])]
)
def test_a_sound_track_is_chosen_or_all_are_kept(
    tmp_path: Path, sound: int, tones: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    clip, supercut = made_files(extracted(several_tones(tmp_path / "a.mkv"), sound))
    assert heard(clip) == heard(supercut) == tones
    assert not caplog.messages


def test_all_sound_tracks_are_those_that_can_be_decoded(tmp_path: Path) -> None:
    movie = without_decoder(several_tones(tmp_path / "a.mov"))
    clip, supercut = made_files(extracted(movie, ALL_SOUND))
    assert heard(clip) == heard(supercut) == [1000, 2500]


@pytest.mark.parametrize(("sound", "says"), [(4, "is not in it"), (1, "cannot be decoded")])
def test_a_sound_track_that_cannot_be_had_is_refused(tmp_path: Path, sound: int, says: str) -> None:
    movie = without_decoder(several_tones(tmp_path / "a.mov"))
    (done,) = extracted(movie, sound)
    (error,) = done.errors
    assert f"sound track {sound} {says}; choose from 2, 3" in str(error)


def test_where_nothing_has_sound_a_choice_of_it_is_refused(tmp_path: Path) -> None:
    several = partial(extracted, several_tones(tmp_path / "a.mkv"))
    with pytest.raises(RequestError, match="--sound: gif, edl cannot use it"):
        several(2, "gif", "edl")


def test_sound_is_a_number_or_all(tmp_path: Path) -> None:
    movie = several_tones(tmp_path / "a.mkv", (400, 1000))
    scan_movie(movie, tmp_path)
    command = ["extract", str(movie), "-e", "happy", "--as", "supercut", "-o", str(tmp_path / "o")]
    done = CliRunner().invoke(cli, [*command, "--sound", "all"])
    assert done.exit_code == 0 and heard(tmp_path / "o" / "supercut.mp4") == [400, 1000]
    for wrong in ("0", "both", "-1"):
        done = CliRunner().invoke(cli, [*command, "--sound", wrong])
        assert done.exit_code == 2 and "write a number from 1 on, or all" in done.output


# Recordings that begin between key frames

GROUPS = ("-c:v", "libx264", "-preset", "veryfast", "-g", "25", "-bf", "2")
RECORDERS = {
    "a.ts": GROUPS,
    "open.ts": (*GROUPS, "-x264-params", "open-gop=1"),
    "hevc.ts": ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "keyint=25:log-level=0"),
    "mpeg2.ts": ("-c:v", "mpeg2video", "-b:v", "3M", "-bf", "2", "-g", "15"),
    "a.mkv": GROUPS,
    "a.h264": GROUPS,
}


def begun_late(folder: Path, name: str, lost: Sequence[int] = range(19)) -> Path:
    """A recording of a hundred numbered frames without the packets `lost`, the first ones."""
    whole = numbered(folder / f"whole-{name}".replace(".h264", ".mkv"), 100, *RECORDERS[name])
    form = {".ts": "mpegts", ".mkv": "matroska", ".h264": "h264"}[Path(name).suffix]
    with av.open(str(whole)) as source, av.open(str(folder / name), "w", format=form) as made:
        stream = made.add_stream_from_template(source.streams.video[0])
        for number, packet in enumerate(source.demux(video=0)):
            if packet.size and number not in lost:
                packet.stream = stream
                made.mux(packet)
    return folder / name


def numbers(movie: Movie) -> list[int]:
    with open_movie(movie) as reader:
        seen = [number_of(frame.grey) for frame in reader.frames()]
        assert not reader.failures
    return seen


@pytest.mark.parametrize("name", RECORDERS)
def test_a_recording_that_begins_between_key_frames_is_whole(tmp_path: Path, name: str) -> None:
    movie = begun_late(tmp_path, name)
    record = scan_movie(movie, tmp_path).record
    shown = numbers(probe(movie))
    assert shown == list(range(shown[0], 100))
    assert record["status"] == "ok" and record["frames_read"] == len(shown) < 81
    head = 81 - len(shown)
    assert record["warnings"][0].startswith(f"begins {head} frames before its first key frame")


def test_frames_of_a_stretch_are_numbered_from_the_first_that_can_be_decoded(
    tmp_path: Path,
) -> None:
    movie = begun_late(tmp_path, "a.ts")
    record = scan_movie(movie, tmp_path, Settings(start=1.0, end=2.0)).record
    assert (record["status"], record["first_frame"], record["frames_read"]) == ("ok", 25, 25)


def test_clips_of_a_recording_that_begins_between_key_frames_show_their_frames(
    tmp_path: Path,
) -> None:
    movie = probe(begun_late(tmp_path, "a.ts"))
    cut_clip(movie, Segment(1, "happy", 0.4, 0.8, ()), tmp_path / "clip.mp4", allowed=0.06)
    assert numbers(probe(tmp_path / "clip.mp4")) == list(range(35, 45))


def test_what_is_missing_after_the_first_key_frame_is_still_damage(tmp_path: Path) -> None:
    movie = begun_late(tmp_path, "a.ts", (*range(19), 60, 61, 62, 63))
    assert scan_movie(movie, tmp_path).record["status"] == "partial"


def test_a_movie_whose_first_key_frame_is_damaged_is_partial(tmp_path: Path) -> None:
    movie = begun_late(tmp_path, "a.mkv")
    with av.open(str(movie)) as container:
        key = next(packet for packet in container.demux(video=0) if packet.is_keyframe)
        place, size = key.pos, key.size
    content = movie.read_bytes()
    middle = content.index(bytes(key)[8:])
    movie.write_bytes(content[:middle] + bytes(size - 8) + content[middle + size - 8 :])
    record = scan_movie(movie, tmp_path).record
    assert record["status"] == "partial" and place


# Colours

HEVC = ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=0", "-tag:v", "hvc1")


def configuration(profile: int, base: int) -> bytes:
    return bytes([1, 0, profile << 1, (6 << 3) | 0b101, base << 4])


def in_transport(folder: Path) -> Path:
    """Dolby Vision of profile 5 in a transport stream: its table of programs says so."""
    ffmpeg(*PICTURES, *HEVC, "-pix_fmt", "yuv420p10le", folder / "a.ts")
    content = (folder / "a.ts").read_bytes()
    kind = content.index(b"\x05\x04HEVC")
    begin = content.rindex(b"\x02\xb0", 0, kind)
    end = begin + 3 + content[begin + 2]
    told = b"\xb0\x05" + configuration(5, 0)
    table = bytearray(content[begin : end - 4] + told)
    table[2] += len(told)
    table[kind - begin - 1] += len(told)
    new = bytes(table) + checksum(table)
    assert content[end : end + len(told)] == b"\xff" * len(told)
    whole = content.replace(content[begin : end + len(told)], new)
    (folder / "a.ts").write_bytes(whole)
    return folder / "a.ts"


def checksum(section: bytes) -> bytes:
    """The CRC of a section of a transport stream (ISO/IEC 13818-1, annex A)."""
    value = 0xFFFFFFFF
    for byte in section:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1 ^ (0x104C11DB7 if value >> 31 else 0)) & 0xFFFFFFFF
    return value.to_bytes(4, "big")


def dolby_vision(folder: Path, name: str, profile: int, base: int) -> Path:
    """A movie that its container says to be Dolby Vision of this profile, on such a base."""
    ffmpeg(*PICTURES, *HEVC, "-pix_fmt", "yuv420p10le", folder / "plain.mp4")
    content = (folder / "plain.mp4").read_bytes()
    begin = content.index(b"\0\0\0\x10pasp")
    room = content.index(b"stts") - 4 - begin
    assert content[begin + 20 : begin + 24] == b"btrt"
    config = configuration(profile, base)
    box = room.to_bytes(4, "big") + b"dvcC" + config.ljust(room - 8, b"\0")
    (folder / "dolby.mp4").write_bytes(content[:begin] + box + content[begin + room :])
    ffmpeg("-i", folder / "dolby.mp4", "-c", "copy", "-strict", "unofficial", folder / name)
    return folder / name


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts"])
def test_dolby_vision_of_its_own_colours_is_warned_of(tmp_path: Path, name: str) -> None:
    transport = name == "a.ts"
    movie = in_transport(tmp_path) if transport else dolby_vision(tmp_path, name, 5, 0)
    record = scan_movie(movie, tmp_path).record
    (said,) = record["warnings"]
    assert record["status"] == "ok" and "Dolby Vision" in said and "convert it to SDR" in said


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_dolby_vision_on_a_base_that_all_can_decode_is_not(tmp_path: Path, name: str) -> None:
    movie = probe(dolby_vision(tmp_path, name, 8, 2))
    assert not warnings(movie, survey(movie))
