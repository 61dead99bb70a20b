"""What is made of a movie has its colours, however the movie codes them."""

from __future__ import annotations

import shutil
import subprocess
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.moments import moments
from videmo.annotate.encode import TimedPicture, write_movie
from videmo.demo.mp4 import turn
from videmo.exporters import animations, clips, crops, supercut
from videmo.exporters.cuts import Edit, cuts_of
from videmo.exporters.program import find_ffmpeg
from videmo.exporters.selection import Choice
from videmo.video import colours as colour_matrices
from videmo.video import open_movie, probe

SHOWN = ((200, 40, 40), (40, 180, 60), (50, 60, 200), (220, 190, 150))
"""The colours of the made movies, from left to right: red, green, blue, skin (R, G, B)."""
CLOSE = 8
"""By how much a colour may be off that went through two or three codings in 8 bits."""

SMALL, HD = (320, 240), (1280, 720)


def coloured(path: Path, size: tuple[int, int], filters: str, *options: str) -> Path:
    """A movie of a second that shows the colours, brought through `filters`."""
    width, height = size
    picture = np.repeat(np.array([SHOWN], np.uint8), width // len(SHOWN), 1).repeat(height, 0)
    raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", "10", "-i", "-"]
    how = ["-vf", filters, "-qp", "4", *options]
    command = [find_ffmpeg(), "-loglevel", "error", *raw, *how, str(path)]
    subprocess.run(command, input=picture.tobytes() * 10, check=True)
    return path


def coded(matrix: str, tag: str, *, full: bool = False, pixels: str = "yuv420p") -> str:
    """Filters that code colours by `matrix`, and say that it was `tag`."""
    extent = "pc" if full else "tv"
    scale = f"scale=out_color_matrix={matrix}:out_range={extent},format={pixels}"
    return f"{scale},setparams=colorspace={tag}:range={extent}"


def colours_in(picture: np.ndarray) -> np.ndarray:
    """The colours (R, G, B) that a picture (BGR) shows from left to right."""
    height, width = picture.shape[:2]
    places = [width * (2 * number + 1) // 8 for number in range(len(SHOWN))]
    return picture[height // 2, places, ::-1].astype(int)


def all_made(movie: Path, folder: Path) -> dict[str, np.ndarray]:
    """The colours in everything that shows the movie's pictures, by what it is."""
    chosen = moments(movie, folder, (0.0, 0.8))
    (selection,) = chosen.selections
    files = {
        "clip": clips.export(selection).files[0],
        "supercut": supercut.export(Edit(tuple(cuts_of(chosen)), folder, Choice())).files[0],
        "gif": animations.gif(selection).files[0],
        "webp": animations.webp(selection).files[0],
        "annotated": annotated(movie, folder / "annotated.mp4"),
    }
    shown = {name: first_picture(path) for name, path in files.items()}
    (whole,) = set(selection.sightings[selection.runs[0]][:1])
    how = crops.Crop(whole=True)
    shown["crop"] = next(picture for _, picture in crops.faces(selection.movie, [whole], how))
    return {name: colours_in(picture) for name, picture in shown.items()}


def clips_of(movie: Path, folder: Path) -> list[Path]:
    (selection,) = moments(movie, folder, (0.0, 0.8)).selections
    return clips.export(selection).files


def annotated(movie: Path, target: Path) -> Path:
    """The movie's pictures written as annotated ones are, with nothing drawn into them."""
    with open_movie(probe(movie)) as reader:
        pictures = [
            TimedPicture(f.time, f.time + Fraction(1, 10), f.ordinary) for f in reader.frames()
        ]
    write_movie(target, probe(movie), pictures)
    return target


def first_picture(path: Path) -> np.ndarray:
    if path.suffix == ".mp4":
        with open_movie(probe(path)) as reader:
            return next(iter(reader.frames())).bgr
    done, animation = cv2.imreadanimation(str(path))
    assert done
    return np.asarray(animation.frames[0][:, :, :3])


BT709, BT601 = coded("bt709", "bt709"), coded("smpte170m", "smpte170m")


@pytest.mark.parametrize(
    ("size", "filters", "options"),
    [
        pytest.param(SMALL, BT709, (), id="small bt709"),
        pytest.param(SMALL, coded("smpte170m", "unknown"), (), id="small untagged"),
        pytest.param(HD, coded("bt709", "unknown"), (), id="hd untagged"),
        pytest.param(HD, BT601, (), id="hd bt601"),
        pytest.param(HD, BT709, ("-c:v", "libvpx-vp9", "-b:v", "4M"), id="hd vp9"),
        pytest.param(SMALL, coded("bt2020", "bt2020nc"), (), id="bt2020 of ordinary range"),
        pytest.param(SMALL, coded("bt709", "bt709", full=True), (), id="full range"),
        pytest.param(SMALL, coded("bt709", "bt709", pixels="yuv420p10le"), (), id="ten bits"),
        pytest.param(HD, "format=rgb24", ("-c:v", "libx264rgb"), id="hd rgb"),
    ],
)
def test_colours_are_right_in_all_that_is_made(
    tmp_path: Path, size: tuple[int, int], filters: str, options: tuple[str, ...]
) -> None:
    movie = coloured(tmp_path / "a.mkv", size, filters, *options)
    for name, colours in all_made(movie, tmp_path).items():
        assert np.abs(colours - SHOWN).max() <= CLOSE, (name, colours.tolist())


def test_lines_that_decide_on_colours_are_those_that_are_stored(tmp_path: Path) -> None:
    """A portrait of 960 lines was taken with a camera that lay on its side, of 540."""
    lying = coloured(tmp_path / "lying.mp4", (960, 540), coded("smpte170m", "unknown"))
    shutil.copy(lying, tmp_path / "a.mp4")
    turn(tmp_path / "a.mp4", 270)
    assert probe(tmp_path / "a.mp4").height == 960
    for path in (tmp_path / "a.mp4", *clips_of(tmp_path / "a.mp4", tmp_path)):
        picture = np.rot90(first_picture(path), -1)
        either = (picture, picture[:, ::-1])
        assert min(np.abs(colours_in(one) - SHOWN).max() for one in either) <= CLOSE


# High dynamic range

TRANSFERS = {"PQ": "smpte2084", "HLG": "arib-std-b67"}
TO_BT2020 = np.linalg.inv(
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]]
)


def high_range(path: Path, transfer: str, lights: np.ndarray) -> Path:
    """A movie of a second that shows lights (nits of red, green and blue) from left to right.

    They are coded by the formulas of ITU-R BT.2100, which videmo has to undo.
    """
    light = np.maximum(lights @ TO_BT2020.T, 0)
    if transfer == "PQ":
        power = (light / 10_000) ** (2610 / 16384)
        coded = (3424 / 4096 + 2413 / 128 * power) / (1 + 2392 / 128 * power)
        signal = coded ** (2523 / 32)
    else:
        luma = light @ [0.2627, 0.6780, 0.0593]
        scene = light / 1000 * (np.maximum(luma, 1e-6) / 1000)[:, None] ** (1 / 1.2 - 1)
        bright = 0.17883277 * np.log(np.maximum(12 * scene - 0.28466892, 1e-9)) + 0.55991073
        signal = np.where(scene <= 1 / 12, np.sqrt(3 * scene), bright)
    codes = np.rint(np.clip(signal, 0, 1) * 65535).astype("<u2")
    picture = codes[None].repeat(SMALL[0] // len(codes), 1).repeat(SMALL[1], 0)
    tags = f"color_primaries=bt2020:color_trc={TRANSFERS[transfer]}:colorspace=bt2020nc:range=tv"
    scale = "scale=out_color_matrix=bt2020:out_range=tv,format=yuv420p10le"
    raw = ["-f", "rawvideo", "-pix_fmt", "rgb48le", "-s", "320x240", "-r", "10", "-i", "-"]
    how = ["-vf", f"{scale},setparams={tags}", "-c:v", "libx265", "-preset", "ultrafast"]
    quiet = ["-x265-params", "lossless=1:log-level=0"]
    command = [find_ffmpeg(), "-loglevel", "error", *raw, *how, *quiet, str(path)]
    subprocess.run(command, input=picture.tobytes() * 10, check=True)
    assert probe(path).transfer == transfer
    return path


DIM = ((150, 40, 40), (60, 140, 70), (50, 60, 150), (170, 140, 110))
"""Colours that an ordinary screen shows with less than 90 nits (R, G, B)."""


@pytest.mark.parametrize("transfer", TRANSFERS)
def test_high_dynamic_range_becomes_an_ordinary_one_in_all_that_is_made(
    tmp_path: Path, transfer: str
) -> None:
    lights = 203 * (np.array(DIM) / 255) ** 2.4
    movie = high_range(tmp_path / "a.mkv", transfer, lights)
    for name, colours in all_made(movie, tmp_path).items():
        assert np.abs(colours - DIM).max() <= CLOSE, (name, colours.tolist())


@pytest.mark.parametrize("transfer", TRANSFERS)
def test_what_is_brighter_than_white_is_told_apart_and_alike_everywhere(
    tmp_path: Path, transfer: str
) -> None:
    lights = np.array([[100.0] * 3, [203.0] * 3, [450.0] * 3, [1000.0] * 3])
    shown = all_made(high_range(tmp_path / "a.mkv", transfer, lights), tmp_path)
    greys = np.array([colours.mean(1) for colours in shown.values()])
    assert (np.diff(greys[0]) > 2).all() and greys[0, -1] > 250
    assert np.ptp(greys, axis=0).max() <= CLOSE


@pytest.mark.parametrize("transfer", TRANSFERS)
def test_what_is_made_of_it_does_not_say_that_it_is_of_high_range(
    tmp_path: Path, transfer: str
) -> None:
    movie = high_range(tmp_path / "a.mkv", transfer, np.full((4, 3), 80.0))
    for path in clips_of(movie, tmp_path):
        assert probe(path).transfer == "" and probe(path).colours.matrix == colour_matrices.BT709
