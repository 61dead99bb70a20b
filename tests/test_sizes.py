"""Movies whose pictures change their size in the middle, as recorded calls do."""

from __future__ import annotations

from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from tests.faults.made import ffmpeg
from tests.moments import moments
from tests.movies import SIZE, number_of, numbered, still
from videmo.demo import make_movie
from videmo.exporters import animations, clips, crops, supercut
from videmo.exporters.cuts import Edit, cuts_of
from videmo.exporters.selection import Choice
from videmo.extract import Wanted, extract_tables
from videmo.scan import scan_movie
from videmo.schema import Box
from videmo.table import read_table
from videmo.video import open_movie, probe
from videmo.video.frame import fitted

CODECS = {
    "vp8.webm": ("-c:v", "libvpx", "-deadline", "realtime", "-b:v", "2M"),
    "vp9.webm": ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-b:v", "2M"),
    "h264.ts": ("-c:v", "libx264", "-preset", "veryfast", "-bf", "0"),
}


def joined(target: Path, *parts: Path) -> Path:
    """One stream of the pictures of `parts`, one second each, whatever their size."""
    with av.open(str(target), "w") as made:
        stream = None
        for number, part in enumerate(parts):
            with av.open(str(part)) as source:
                own = source.streams.video[0]
                stream = stream or made.add_stream_from_template(own)
                for packet in source.demux(own):
                    if packet.size:
                        late = round(number / packet.time_base)
                        packet.pts, packet.dts = packet.pts + late, packet.dts + late
                        packet.stream = stream
                        made.mux(packet)
    return target


@pytest.fixture(params=CODECS)
def call(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Numbered pictures of 320x160, from the second second on of 160x80."""
    name: str = request.param
    parts = [tmp_path / f"{size}-{name}" for size in ("320:160", "160:80")]
    for part in parts:
        size = part.name.split("-")[0]
        numbered(part, 25, "-vf", f"scale={size}", "-an", *CODECS[name])
    return joined(tmp_path / name, *parts)


ALL = [*range(25), *range(25)]


def numbers(path: Path) -> tuple[list[int], set[tuple[int, int]]]:
    """The numbers that a movie's pictures show, and their sizes as they are stored."""
    with av.open(str(path)) as container:
        shown = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
    return [number_of(grey) for grey in shown], {grey.shape[1::-1] for grey in shown}


def test_all_pictures_have_the_size_of_the_first(call: Path) -> None:
    with open_movie(probe(call)) as reader:
        seen = [(number_of(f.grey), f.bgr.shape, f.ordinary.shape) for f in reader.frames()]
    assert [number for number, *_ in seen] == ALL
    assert {size for _, *sizes in seen for size in sizes} == {(160, 320, 3)}


@pytest.mark.parametrize(("first", "after"), [(5, 20), (15, 35), (30, 45)])
def test_clips_are_of_one_size_before_over_and_after_the_change(
    call: Path, tmp_path: Path, first: int, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    if call.suffix == ".webm":  # as far into a long movie; a transport stream needs its run-up
        monkeypatch.setattr(clips, "RUN_UP", 0.1)
    (selection,) = moments(call, tmp_path, (first / 25, after / 25)).selections
    done = clips.export(selection)
    assert not done.failures
    assert numbers(done.files[0]) == (ALL[first:after], {(320, 160)})


def test_a_supercut_over_the_change_has_every_picture_once(call: Path, tmp_path: Path) -> None:
    chosen = moments(call, tmp_path, (0.6, 1.4))
    done = supercut.export(Edit(tuple(cuts_of(chosen)), tmp_path, Choice()))
    assert not done.failures
    assert numbers(done.files[0]) == (ALL[15:35], {(320, 160)})


@pytest.mark.parametrize("kind", ["gif", "webp"])
def test_an_animation_over_the_change_goes_on(call: Path, tmp_path: Path, kind: str) -> None:
    (selection,) = moments(call, tmp_path, (0.6, 1.4)).selections
    (path,) = {"gif": animations.gif, "webp": animations.webp}[kind](selection).files
    done, animation = cv2.imreadanimation(str(path))
    shown = [number_of(cv2.cvtColor(f[:, :, :3], cv2.COLOR_BGR2GRAY)) for f in animation.frames]
    # 0.8 s, made a second long.
    assert done and shown == ALL[13 : 37 : 2 if kind == "gif" else 1]


def people_call(folder: Path, name: str, *sizes: tuple[int, int]) -> Path:
    """A happy person, a second in each of these sizes; a wide picture, or the middle of one."""
    make_movie(folder / "whole.mp4", still(1, sound=False))
    parts = []
    for width, height in sizes:
        shape = f"crop='min(iw,ih*{width}/{height})':ih,scale={width}:{height}"
        parts.append(folder / f"{width}-{name}")
        ffmpeg("-i", folder / "whole.mp4", "-vf", shape, *CODECS[name], parts[-1])
    return joined(folder / name, *parts)


@pytest.mark.parametrize("name", CODECS)
def test_a_face_stays_where_it_is_when_pictures_become_smaller(tmp_path: Path, name: str) -> None:
    scanned = scan_movie(people_call(tmp_path, name, SIZE, (240, 180)), tmp_path)
    rows = read_table(scanned.table)
    assert scanned.record["status"] == "ok" and (rows["track"] == 1).all()
    boxes = rows[["x", "y", "w", "h"]].to_numpy(float)
    before, after = boxes[:20].mean(0), boxes[-20:].mean(0)
    assert np.abs(before - after).max() < 12


def test_a_face_keeps_its_shape_when_a_phone_is_turned(tmp_path: Path) -> None:
    """The picture stands in the middle then, with bars, and its crop shows the face as before."""
    movie = people_call(tmp_path, "h264.ts", (320, 240), (180, 240))
    table = scan_movie(movie, tmp_path).table
    rows = read_table(table)
    assert rows["track"].notna().all()
    wide, tall = rows.iloc[:20], rows.iloc[-20:]
    assert (tall["w"] / tall["h"]).mean() == pytest.approx((wide["w"] / wide["h"]).mean(), rel=0.1)
    done = extract_tables({table: "a"}, Wanted(("happy",)), tmp_path / "out", exports=["crops"])
    files = sorted(file for one in done for file in one.files)
    first, last = (
        cv2.resize(cv2.imread(str(f)), (64, 64)).astype(int) for f in files[:: len(files) - 1]
    )
    assert np.abs(first - last).mean() < 25


def test_clips_and_crops_of_a_turned_phone_show_the_same_picture(tmp_path: Path) -> None:
    movie = people_call(tmp_path, "h264.ts", (320, 240), (180, 240))
    (selection,) = moments(movie, tmp_path, (0.6, 1.5)).selections
    (clip,) = clips.export(selection).files
    whole = crops.Crop(whole=True)
    sightings = selection.sightings[selection.runs[0]]
    seen = [picture for _, picture in crops.faces(selection.movie, sightings, whole)]
    with open_movie(probe(clip)) as reader:
        shown = [frame.bgr for frame in reader.frames()]
    assert len(seen) == len(shown) > 20
    for one, other in zip(seen, shown, strict=True):
        assert np.abs(one.astype(int) - other).mean() < 4
    assert seen[-1][:, 10].max() < 30  # a bar


def test_a_reduced_picture_is_the_whole_one_reduced_and_stretched_where_it_is_to_be(
    tmp_path: Path,
) -> None:
    movie = probe(people_call(tmp_path, "h264.ts", (320, 240), (180, 240)))
    with open_movie(movie) as reader:
        for frame in list(reader.frames())[20:30:3]:
            for size in ((160, 120), (96, 96), (107, 53)):
                small = cv2.resize(frame.bgr, size, interpolation=cv2.INTER_AREA)
                assert np.abs(small.astype(int) - frame.colour(*size)).mean() < 6


@pytest.mark.parametrize(
    ("size", "place"),
    [
        ((320, 160), Box(0, 0, 320, 160)),
        ((161, 80), Box(0, 0, 320, 160)),
        ((160, 320), Box(120, 0, 80, 160)),
        ((640, 160), Box(0, 40, 320, 80)),
        ((10, 160), Box(155, 0, 10, 160)),
    ],
)
def test_a_picture_is_fitted_into_another_size(size: tuple[int, int], place: Box) -> None:
    assert fitted(size, (320, 160)) == place
