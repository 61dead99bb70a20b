"""Pictures from files, scanned and drawn one by one."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from tests.movies import person
from videmo.annotate.pictures import AnnotatedPicture, annotate_pictures, read_list
from videmo.demo import Shot, Story
from videmo.demo.picture import Painter
from videmo.demo.story import Actor, Place
from videmo.errors import DiskFullError, OutputError, PictureError, RequestError
from videmo.faces import DETECTORS, StillPicture, detector_of
from videmo.pictures import find_pictures, read_picture
from videmo.scan import Settings
from videmo.scan.picture import PICTURE_CONFIG, scan_picture
from videmo.schema import EMOTIONS, Face, column_names
from videmo.video import open_movie, probe

SIZE = (320, 240)
COLUMNS = column_names(EMOTIONS)


def painted(*actors: Actor, size: tuple[int, int] = SIZE) -> np.ndarray:
    return Painter(Story((Shot(1, actors, background=1),), size)).paint(0)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def happy() -> np.ndarray:
    """Somebody happy, a little left of the middle: BGR."""
    return painted(person(1, 130))


def rgb(picture: np.ndarray) -> Image.Image:
    return Image.fromarray(np.ascontiguousarray(picture[:, :, ::-1]))


TURNS = {
    1: lambda p: p,
    2: lambda p: p[:, ::-1],
    3: lambda p: p[::-1, ::-1],
    4: lambda p: p[::-1],
    5: lambda p: p.swapaxes(0, 1),
    6: lambda p: np.rot90(p, 1),
    7: lambda p: p[::-1, ::-1].swapaxes(0, 1),
    8: lambda p: np.rot90(p, -1),
}
"""How an upright picture is stored, by the orientation that EXIF then gives."""


@pytest.mark.parametrize("orientation", TURNS)
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp"])
def test_a_picture_is_turned_as_its_exif_says(
    happy: np.ndarray, tmp_path: Path, orientation: int, suffix: str
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = rgb(TURNS[orientation](happy))
    stored.save(tmp_path / f"a{suffix}", exif=exif, quality=95)
    found = read_picture(tmp_path / f"a{suffix}")
    assert found.shape == happy.shape
    assert np.abs(found.astype(int) - happy).mean() < 3


@pytest.mark.parametrize("name", ["a.jpg", "a.JPEG", "a.png", "a.webp", "a.tif", "a.bmp", "a.ppm"])
def test_each_format_is_read(happy: np.ndarray, tmp_path: Path, name: str) -> None:
    rgb(happy).save(tmp_path / name)
    assert np.abs(read_picture(tmp_path / name).astype(int) - happy).mean() < 3


def test_grey_pictures_have_three_channels(happy: np.ndarray, tmp_path: Path) -> None:
    grey = cv2.cvtColor(happy, cv2.COLOR_BGR2GRAY)
    Image.fromarray(grey).save(tmp_path / "8.png")
    Image.fromarray(grey.astype(np.uint16) * 257).save(tmp_path / "16.png")
    Image.fromarray(grey > 99).save(tmp_path / "1.png")
    rgb(happy).convert("CMYK").save(tmp_path / "cmyk.jpg", quality=95)
    for name in ("8.png", "16.png"):
        found = read_picture(tmp_path / name)
        assert (found == grey[:, :, None]).all()
    assert set(np.unique(read_picture(tmp_path / "1.png"))) == {0, 255}
    assert np.abs(read_picture(tmp_path / "cmyk.jpg").astype(int) - happy).mean() < 8


def test_what_is_transparent_is_shown_on_white(happy: np.ndarray, tmp_path: Path) -> None:
    clear = rgb(happy).convert("RGBA")
    clear.putalpha(Image.new("L", SIZE, 0))
    clear.save(tmp_path / "a.png")
    assert (read_picture(tmp_path / "a.png") == 255).all()


def bad_pictures(folder: Path, happy: np.ndarray) -> None:
    """Seven that cannot be read."""
    rgb(happy).save(folder / "whole.jpg")
    rgb(happy).save(folder / "whole.png")
    whole = (folder / "whole.jpg").read_bytes()
    (folder / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    png = bytearray((folder / "whole.png").read_bytes())
    png[len(png) // 2] ^= 255
    (folder / "flipped.png").write_bytes(png)
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "notes.png").write_text("these are notes")
    (folder / "noise.webp").write_bytes(np.random.default_rng(1).bytes(5000))
    (folder / "page.jpg").write_text("<svg xmlns='http://www.w3.org/2000/svg'></svg>")
    header = bytes.fromhex("89504e470d0a1a0a0000000d4948445200030d4000030d400802000000")
    (folder / "bomb.png").write_bytes(header + b"\0" * 64)
    for name in ("whole.jpg", "whole.png"):
        (folder / name).unlink()


def test_a_bad_picture_is_named_and_the_rest_are_done(happy: np.ndarray, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    bad_pictures(folder, happy)
    rgb(happy).save(folder / "good.jpg")
    done = list(annotate_pictures([folder], tmp_path / "out"))
    wrong = {seen.name: seen.error for seen in done if seen.error}
    assert len(wrong) == 7 and all(isinstance(e, PictureError) for e in wrong.values())
    assert all(name in str(error) for name, error in wrong.items())
    assert [p.name for p in (tmp_path / "out").iterdir() if p.suffix == ".jpg"] == [
        "good.jpg.annotated.jpg"
    ]
    assert list(read_list(tmp_path / "out")) == ["good.jpg"]


def one_of(paths: list[Path], folder: Path) -> AnnotatedPicture:
    (seen,) = annotate_pictures(paths, folder)
    return seen


def test_a_face_is_found_drawn_and_listed(happy: np.ndarray, tmp_path: Path) -> None:
    rgb(happy).save(tmp_path / "a.png")
    seen = one_of([tmp_path / "a.png"], tmp_path / "out")
    assert seen.emotions == ["happy"] and seen.faces[0].alignment.eyes == 2
    box = seen.faces[0].box
    # As wide as the head, and from the brow to the chin.
    assert abs(box.x + box.w / 2 - 130) < 12 and abs(box.w - 88) < 16 and abs(box.h - 110) < 20
    drawn = cv2.imread(str(tmp_path / "out" / "a.png.annotated.jpg"))
    assert drawn.shape == happy.shape
    changed = np.abs(drawn.astype(int) - happy).sum(axis=2)
    assert changed[box.y + box.h // 2, box.x - 1 : box.x + 2].max() > 60
    (line,) = read_list(tmp_path / "out")["a.png"]
    assert [line[name] for name in ("file", "frame", "time", "track", "repeat")] == [
        *("a.png", "0", "", "1", "")
    ]
    assert [int(line[name]) for name in "xywh"] == list(box)
    assert line["emotion"] == "happy" and line["score"] == line["happy"]


def test_the_list_has_the_columns_of_a_table(happy: np.ndarray, tmp_path: Path) -> None:
    rgb(happy).save(tmp_path / "a.png")
    one_of([tmp_path / "a.png"], tmp_path)
    header = (tmp_path / "pictures.csv").read_text().splitlines()[0]
    assert header == ",".join(("file", *COLUMNS))


def test_a_picture_without_a_face_is_a_line_with_its_name(tmp_path: Path) -> None:
    rgb(painted()).save(tmp_path / "room.jpg")
    assert one_of([tmp_path / "room.jpg"], tmp_path).faces == ()
    text = (tmp_path / "pictures.csv").read_text()
    assert text.splitlines()[1:] == ["room.jpg,0" + "," * (len(COLUMNS) - 1)]


def test_faces_are_numbered_from_left_to_right(tmp_path: Path) -> None:
    both = painted(person(2, 240, (0, "angry")), person(1, 80))
    rgb(both).save(tmp_path / "a.png")
    assert one_of([tmp_path / "a.png"], tmp_path).emotions == ["happy", "angry"]
    assert [line["track"] for line in read_list(tmp_path)["a.png"]] == ["1", "2"]


def scan_with(detector: str, picture: np.ndarray) -> list[Face]:
    return scan_picture(picture, Settings(replace(PICTURE_CONFIG, detector=detector)))


@pytest.mark.parametrize("detector", DETECTORS)
def test_small_faces_in_a_large_picture_are_found(detector: str) -> None:
    """A thirtieth of its height; a movie's scan looks for faces from a twelfth on."""
    actors = [
        Actor(n, (Place(0, 300 * n, 700, 80),), ((0, "happy"),)) for n in (1, 2, 3, 4, 5, 6, 7)
    ]
    faces = scan_with(detector, painted(*actors, size=(2400, 2400)))
    assert len(faces) == 7


def test_a_chance_pattern_is_not_taken_for_a_face(clips: Path) -> None:
    """The lower part of this picture, looked at by eye, holds a glass and a dress."""
    movie = probe(clips / "stage.mp4")
    with open_movie(movie) as reader:
        picture = next(f.bgr for i, f in enumerate(reader.frames()) if i == 240)
    large = cv2.resize(picture, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    config = replace(PICTURE_CONFIG, detector="haar")
    found = detector_of(config).detect(StillPicture(large), ())
    assert any(one.box.y > 1200 for one in found)
    for detector in DETECTORS:
        faces = scan_with(detector, large)
        assert faces and all(face.box.y < 1200 for face in faces)


def test_the_same_picture_gives_the_same_bytes(happy: np.ndarray, tmp_path: Path) -> None:
    rgb(happy).save(tmp_path / "a.png")
    for name in ("x", "y"):
        one_of([tmp_path / "a.png"], tmp_path / name)
    for name in ("a.png.annotated.jpg", "pictures.csv"):
        assert (tmp_path / "x" / name).read_bytes() == (tmp_path / "y" / name).read_bytes()


def test_a_folder_is_searched_to_its_depth_and_what_was_drawn_left_out(
    happy: np.ndarray, tmp_path: Path
) -> None:
    (tmp_path / "sub").mkdir()
    for name in ("b.jpg", "sub/b.jpg", "a.PNG"):
        rgb(happy).save(tmp_path / name)
    (tmp_path / "notes.txt").write_text("notes")
    for _ in range(2):
        done = list(annotate_pictures([tmp_path], tmp_path))
        assert sorted(seen.name for seen in done) == ["a.PNG", "b.jpg", "sub/b.jpg"]
    assert (tmp_path / "sub" / "b.jpg.annotated.jpg").is_file()
    frames = [line["frame"] for lines in read_list(tmp_path).values() for line in lines]
    assert frames == ["0", "1", "2"]


def test_pictures_come_to_those_that_are_listed(happy: np.ndarray, tmp_path: Path) -> None:
    for name in ("b.jpg", "a.jpg"):
        rgb(happy).save(tmp_path / name)
        one_of([tmp_path / name], tmp_path / "out")
    listed = read_list(tmp_path / "out")
    assert {name: lines[0]["frame"] for name, lines in listed.items()} == {
        "a.jpg": "0",
        "b.jpg": "1",
    }


@pytest.mark.parametrize("content", [b"my;own;list\n", b"\xff\xfe\x00", b"file,frame\na,1\n"])
def test_a_list_that_is_not_ours_is_left_alone(
    happy: np.ndarray, tmp_path: Path, content: bytes
) -> None:
    rgb(happy).save(tmp_path / "a.jpg")
    (tmp_path / "pictures.csv").write_bytes(content)
    with pytest.raises(OutputError, match="move it away"):
        one_of([tmp_path / "a.jpg"], tmp_path)
    assert (tmp_path / "pictures.csv").read_bytes() == content
    assert not list(tmp_path.glob("*.annotated.jpg"))


@pytest.mark.parametrize("name", ["missing.jpg", "nothing"])
def test_what_is_not_there_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "nothing").mkdir()
    with pytest.raises(RequestError, match=name):
        find_pictures([tmp_path / name])


def test_two_pictures_of_one_name_are_refused(happy: np.ndarray, tmp_path: Path) -> None:
    for folder in ("x", "y"):
        (tmp_path / folder).mkdir()
        rgb(happy).save(tmp_path / folder / "a.jpg")
    with pytest.raises(RequestError, match="several pictures"):
        find_pictures([tmp_path / "x" / "a.jpg", tmp_path / "y" / "a.jpg"])
    assert len(find_pictures([tmp_path])) == 2


def test_a_name_with_commas_and_quotes_is_listed_whole(happy: np.ndarray, tmp_path: Path) -> None:
    name = 'a "b", ü%0A.jpg'
    picture = tmp_path / name.replace("%0A", "\n")
    rgb(happy).save(picture)
    one_of([picture], tmp_path / "out")
    assert list(read_list(tmp_path / "out")) == [name]
    rows = list(csv.reader(io.StringIO((tmp_path / "out/pictures.csv").read_text("utf-8"))))
    assert rows[1][0] == name and len(rows[1]) == len(COLUMNS) + 1


def test_a_full_disk_is_said_and_leaves_no_half_picture(
    happy: np.ndarray, tmp_path: Path, small_disk: Callable[[int], Path]
) -> None:
    for n in range(9):
        rgb(happy).save(tmp_path / f"{n}.jpg")
    disk = small_disk(60)
    with pytest.raises(DiskFullError, match="disk full"):
        list(annotate_pictures(sorted(tmp_path.glob("*.jpg")), disk))
    for path in disk.rglob("*.jpg"):
        assert cv2.imread(str(path)) is not None
    assert not list(disk.rglob("*.part"))


def test_real_people_are_found(clips: Path) -> None:
    for name in ("lin.png", "alex.png"):
        for detector in DETECTORS:
            faces = scan_with(detector, read_picture(clips.parent / "people" / name))
            assert [face.alignment.eyes for face in faces] == [2]
