"""The command line as a user meets it: what is printed, and how it ends."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import click
import cv2
import pytest

from tests.conftest import Made
from tests.movies import begun, cut_off, still
from tests.waiting import PATIENCE
from videmo.cli import cli
from videmo.cli.removed import OneOf
from videmo.convert import FORMS
from videmo.demo import make_movie
from videmo.demo.picture import Painter
from videmo.emotions import find_model, mistaken
from videmo.exporters import EXPORTERS
from videmo.schema import EMOTIONS


def run(*arguments: object, cwd: Path, **more: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "videmo", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, **more)  # type: ignore[call-overload,no-any-return]


def check_error(done: subprocess.CompletedProcess[str], code: int, *says: str) -> None:
    """One line on stderr, with these words, and no traceback."""
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith(("videmo:", "Error:"))]
    assert len(lines) == 1, done.stderr
    for words in says:
        assert words in lines[0]


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a movie of a second."""
    folder = tmp_path_factory.mktemp("short")
    make_movie(folder / "movie.mp4", still(1))
    return folder


def test_the_two_commands_work_as_they_stand(short: Path, tmp_path: Path) -> None:
    (tmp_path / "movie.mp4").symlink_to(short / "movie.mp4")
    scan = run("scan", "movie.mp4", cwd=tmp_path)
    assert scan.returncode == 0, scan.stderr
    assert re.fullmatch(
        r"movie\.mp4: 24 frames, 24 faces \(\d+ aligned, which count\), 1 track; happy 1\.0 s; "
        r"written: movie\.mp4\.faces\.csv\n",
        scan.stdout,
    ), scan.stdout
    extract = run("extract", "--emotion", "happy", "--repeat", "5", cwd=tmp_path)
    assert extract.returncode == 0, extract.stderr
    assert "1 happy moment" in extract.stdout
    happy = tmp_path / "extracted" / "movie.mp4" / "happy"
    assert (happy / "sheet.jpg").is_file()
    assert len(list((happy / "crops").iterdir())) >= 20
    assert [p.name for p in (happy / "clips").iterdir()] == ["00-00-00.000_t1.mp4"]
    assert (tmp_path / "extracted" / "segments.csv").is_file()


def test_quiet_says_nothing(short: Path, tmp_path: Path) -> None:
    done = run("scan", "-q", short / "movie.mp4", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    done = run("extract", "-q", "-e", "happy", "--as", "sheet", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_when_nothing_matches_it_says_what_there_is(people: Made, tmp_path: Path) -> None:
    table = people.scanned.table
    done = run("extract", table, "-e", "happy", "--repeat", "999", cwd=tmp_path)
    assert done.returncode == 0
    assert "nothing matches" in done.stdout and re.search(r"happy \d+", done.stdout)


@pytest.mark.parametrize(
    ("wanted", "told"),
    [("-e angry", True), ("-e angry -e disgust", False), ("-e happy", False), ("-e all", False)],
)
def test_what_the_model_often_takes_for_something_else_is_told(
    people: Made, tmp_path: Path, wanted: str, told: bool
) -> None:
    for command in (("extract", "--as", "sheet"), ("find",)):
        done = run(*command, people.scanned.table, *wanted.split(), cwd=tmp_path)
        assert ("the model often calls disgust" in done.stdout + done.stderr) == told


def test_of_another_model_nothing_is_known() -> None:
    assert mistaken(find_model().sha256)["angry"] == "disgust"
    assert not mistaken("0" * 64)


def test_whatever_can_be_chosen_is_not_refused_as_gone() -> None:
    """`--arch wide` was both: a network there is, and one that there was once."""
    chosen = 0
    for command in cli.commands.values():
        for option in command.params:
            if isinstance(option.type, OneOf):
                chosen += 1
                for name in option.type.choices:
                    assert option.type.convert(name, option, click.Context(command)) == name
    assert chosen


def test_help_lists_every_exporter_and_emotion(tmp_path: Path) -> None:
    text = run("extract", "--help", cwd=tmp_path).stdout
    for name in (*EXPORTERS, *EMOTIONS, "all"):
        assert name in text


@pytest.mark.parametrize(
    ("name", "content", "code", "says"),
    [
        ("notes.mp4", b"these are notes", 1, "not a movie"),
        ("empty.mp4", b"", 1, "empty"),
        ("missing.mp4", None, 2, "no such file"),
    ],
)
def test_a_bad_movie_is_one_line(
    tmp_path: Path, name: str, content: bytes | None, code: int, says: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    check_error(run("scan", name, cwd=tmp_path), code, name, says)
    assert not list(tmp_path.glob("*.faces.*"))


def test_a_bad_movie_costs_one_movie(short: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.mp4").write_bytes(b"bad")
    done = run("scan", "bad.mp4", short / "movie.mp4", cwd=tmp_path)
    check_error(done, 1, "bad.mp4")
    assert (tmp_path / "movie.mp4.faces.json").is_file()


def test_a_partial_movie_is_said_to_be(short: Path, tmp_path: Path) -> None:
    make_movie(tmp_path / "whole.mkv", still(2, sound=False))
    cut_off(tmp_path / "whole.mkv", tmp_path / "short.mkv", 0.6)
    done = run("scan", "short.mkv", cwd=tmp_path)
    check_error(done, 1, "short.mkv", "partial", "of 48 frames")
    assert (tmp_path / "short.mkv.faces.csv").is_file()


def test_two_movies_of_one_name_are_refused_before_any_work(short: Path, tmp_path: Path) -> None:
    (tmp_path / "movie.mp4").symlink_to(short / "movie.mp4")
    done = run("scan", "movie.mp4", short / "movie.mp4", cwd=tmp_path)
    check_error(done, 2, "two movies")
    assert not list(tmp_path.glob("*.faces.*"))


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["extract", "-e", "happy"], 2, "holds no table"),
        (["extract", "-e", "happy", "--as", "posters", "."], 2, "holds no table"),
        (["extract", "missing", "-e", "happy"], 2, "no such file or folder"),
        (["extract"], 2, "--emotion"),
        (["extract", "-e", "happy", "-r", "0"], 2, "'0' is no length; write frames (5) or"),
        (["extract", "-e", "happy", "-r", "2 s"], 2, "'2 s' is no length"),
        (["extract", "-e", "happy", "-r", "-1s"], 2, "'-1s' is no length"),
        (["extract", "-e", "happy", "--longest", "0"], 2, "'0' is no length; write seconds (2.5)"),
        (["extract", "-e", "happy", "--pad", "-1"], 2, "'-1' is no length"),
        (["find", "--longer", "1:60:x"], 2, "'1:60:x' is no length"),
        (["status", "nope"], 2, "nope: no such folder"),
        (["verify", "nope"], 2, "nope: no such folder"),
        (["prune", "nope"], 2, "nope: no such folder"),
        (["scan"], 2, "MOVIE"),
        (["scan", "a.mp4", "--region", "left"], 2, "'left' is no part of a picture"),
        (
            ["scan", "a.mp4", "--start", "1", "--start", "5", "--end", "3"],
            2,
            "2 times --start and 1",
        ),
        (["scan", "x" * 300], 2, "no such file"),
        (["extract", "x" * 300, "-e", "happy"], 2, "no such file"),
        (["fly"], 2, "fly"),
    ],
)
def test_a_request_that_cannot_be_met_is_one_line(
    tmp_path: Path, arguments: list[str], code: int, says: str
) -> None:
    check_error(run(*arguments, cwd=tmp_path), code, says)


def test_what_lies_elsewhere_than_it_should_is_told(people: Made, tmp_path: Path) -> None:
    table = people.scanned.table
    (tmp_path / "alone.mp4").touch()
    done = run("extract", "alone.mp4", "-e", "happy", cwd=tmp_path)
    check_error(done, 2, "alone.mp4: is no table", "name the folder of its table, or run: videmo")
    shutil.copy(table, tmp_path / "renamed.csv")
    done = run("extract", "renamed.csv", "-e", "happy", cwd=tmp_path)
    check_error(done, 2, "renamed.csv: is no table: its name must end in .faces.csv")
    done = run("extract", table, "-e", "happy", "-o", "renamed.csv", cwd=tmp_path)
    check_error(done, 2, "renamed.csv: is a file; what is made goes into a folder (-o)")
    done = run("find", table, "-o", ".", cwd=tmp_path)
    check_error(done, 2, ".: is a folder; name a file: -o moments.csv")
    done = run("extract", table, "-e", "happy", "--movie", ".", cwd=tmp_path)
    check_error(done, 1, ".: is a folder; name the movie in it")


def test_each_stretch_gets_a_table(people: Made, tmp_path: Path) -> None:
    stretches = ("--start", "1", "--end", "1.5", "--start", "3", "--end", "3.25")
    done = run("scan", people.movie, *stretches, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    tables = sorted(path.name for path in tmp_path.glob("*.faces.csv"))
    wanted = ["movie.mp4.from-00-00-01.to-00-00-01.500", "movie.mp4.from-00-00-03.to-00-00-03.250"]
    assert tables == [f"{name}.faces.csv" for name in wanted]


def test_an_emotion_that_no_table_has_is_named(people: Made, tmp_path: Path) -> None:
    done = run("extract", people.scanned.table, "-e", "bored", cwd=tmp_path)
    choices = "choose from angry, disgust, fear, happy, sad, surprise, neutral, or all"
    check_error(done, 2, f"bored: no such emotion; {choices}")
    done = run("extract", people.scanned.table, "-e", "Joy", cwd=tmp_path)
    check_error(done, 2, "Joy: no such emotion; did you mean happy?")
    assert not list(tmp_path.iterdir())


def test_an_unknown_export_is_named(people: Made, tmp_path: Path) -> None:
    done = run("extract", people.scanned.table, "-e", "happy", "--as", "posters", cwd=tmp_path)
    check_error(done, 2, "posters", "crops, clips, sheet")


def test_a_table_cut_in_half_is_refused(people: Made, tmp_path: Path) -> None:
    content = people.scanned.table.read_bytes()
    (tmp_path / "movie.mp4.faces.csv").write_bytes(content[: len(content) // 2])
    (tmp_path / "movie.mp4.faces.json").write_bytes(
        (people.scanned.table.parent / "movie.mp4.faces.json").read_bytes()
    )
    check_error(run("extract", "-e", "happy", cwd=tmp_path), 1, "movie.mp4.faces.csv", "scan again")
    assert not (tmp_path / "extracted").exists()


def test_a_full_disk_is_one_line_and_leaves_no_table(
    short: Path, small_disk: Callable[[int], Path]
) -> None:
    disk = small_disk(4)
    (disk / "filler").write_bytes(b"x" * 4096)
    done = run("scan", short / "movie.mp4", cwd=disk)
    check_error(done, 3, "movie.mp4", "disk full")
    assert [p.name for p in disk.rglob("*") if p.is_file()] == ["filler"]


def test_an_output_that_cannot_be_written_is_one_line(short: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file, no folder")
    check_error(run("scan", short / "movie.mp4", "-o", "out", cwd=tmp_path), 1, "choose another")


def test_a_closed_pipe_is_no_error(short: Path, tmp_path: Path) -> None:
    command = f"{sys.executable} -m videmo scan {short / 'movie.mp4'} | true"
    done = subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, text=True)
    assert "Traceback" not in done.stderr and "BrokenPipe" not in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="signals as on POSIX")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    "options", [("-j", "1"), ("-j", "2"), ("-j", "1", "--stall-timeout", "60")]
)
def test_an_interrupted_scan_ends_with_130_and_leaves_nothing_half_written(
    tmp_path: Path, how: int, options: tuple[str, ...]
) -> None:
    make_movie(tmp_path / "movie.mp4", still(61, Fraction(20), sound=False))
    command = [sys.executable, "-m", "videmo", "scan", *options, "movie.mp4"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as work:
        begun(tmp_path / "movie.mp4.parts")
        work.send_signal(how)
        _, said = work.communicate(timeout=PATIENCE)
    assert work.returncode == 130 and "interrupted" in said and "Traceback" not in said
    assert [p.name for p in tmp_path.iterdir() if p.suffix != ".parts"] == ["movie.mp4"]
    assert not list(tmp_path.rglob("*.part"))


def test_the_demo_movie_is_made_with_its_truth(tmp_path: Path) -> None:
    done = run("demo", cwd=tmp_path)
    assert done.returncode == 0 and "videmo scan demo.mp4" in done.stdout
    assert sorted(p.name for p in tmp_path.iterdir()) == ["demo.mp4", "demo.truth.csv"]


def test_a_name_that_is_an_option_can_be_scanned(short: Path, tmp_path: Path) -> None:
    (tmp_path / "-y.mp4").symlink_to(short / "movie.mp4")
    assert run("scan", "--", "-y.mp4", cwd=tmp_path).returncode == 0
    assert run("extract", "-e", "happy", cwd=tmp_path).returncode == 0
    assert (tmp_path / "extracted" / "-y.mp4" / "happy" / "clips").is_dir()


def test_a_model_that_is_not_there_is_one_line(short: Path, tmp_path: Path) -> None:
    for name in ("nope.tflite", "."):
        done = run("scan", short / "movie.mp4", "--model", name, cwd=tmp_path)
        check_error(done, 2, "no model")


def test_a_movie_is_annotated_and_scanned_first(short: Path, tmp_path: Path) -> None:
    (tmp_path / "movie.mp4").symlink_to(short / "movie.mp4")
    done = run("annotate", "movie.mp4", "-o", "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "movie.mp4: scanned first; written: out/movie.mp4.faces.csv",
        "movie.mp4: 24 frames, 24 faces drawn, sound copied; written: out/movie.mp4.annotated.mp4",
    ]
    quiet = run("annotate", "-q", "movie.mp4", "-o", "out", "--start", "0:00.5", cwd=tmp_path)
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", "")


def test_a_partial_movie_is_said_to_be_when_it_is_drawn(tmp_path: Path) -> None:
    make_movie(tmp_path / "whole.mkv", still(2, sound=False))
    cut_off(tmp_path / "whole.mkv", tmp_path / "short.mkv", 0.6)
    done = run("annotate", "short.mkv", cwd=tmp_path)
    check_error(done, 1, "short.mkv", "partial", "frames are missing")
    assert (tmp_path / "short.mkv.annotated.mp4").is_file()


def test_folders_of_movies_are_drawn_by_the_tables_of_the_archive(tmp_path: Path) -> None:
    for number, name in enumerate(("one/a.mp4", "two/a\nb.mp4", "two/a.mp4"), 4):
        make_movie(tmp_path / "films" / name, still(number / 8))
    cv2.imwrite(str(tmp_path / "films" / "cover.jpg"), Painter(still()).paint(Fraction(0)))
    assert run("scan", "films", "-o", "tables", "-q", cwd=tmp_path).returncode == 0
    for way in (["films", "-o", "drawn"], ["tables", "-o", "again"]):
        done = run("annotate", *way, cwd=tmp_path)
        assert done.returncode == 0 and "scanned first" not in done.stdout, done.stderr
        made = sorted(path for path in (tmp_path / way[-1]).rglob("*") if path.is_file())
        names = [path.relative_to(tmp_path / way[-1]).as_posix() for path in made]
        assert names == [
            "one/a.mp4.annotated.mp4",
            "two/a%0Ab.mp4.annotated.mp4",
            "two/a.mp4.annotated.mp4",
        ]
        assert ("left out: a picture (1)" in done.stdout) == (way[0] == "films")
    one = run("annotate", "films/two/a.mp4", "-o", "one", cwd=tmp_path)
    assert one.returncode == 0 and os.listdir(tmp_path / "one") == ["a.mp4.annotated.mp4"]


def test_movies_of_a_folder_that_were_not_scanned_are_scanned_once(tmp_path: Path) -> None:
    make_movie(tmp_path / "sub" / "a.mp4", still(0.5))
    first, second = (run("annotate", ".", "-o", ".", cwd=tmp_path) for _ in range(2))
    assert first.stdout.count("scanned first") == 1 and first.returncode == 0
    assert "scanned first" not in second.stdout and second.stdout.count("\n") == 1
    assert (tmp_path / "sub" / "a.mp4.annotated.mp4").is_file()


def test_pictures_are_annotated_and_their_table_is_printed(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.jpg"), Painter(still()).paint(Fraction(0)))
    (tmp_path / "bad.jpg").write_bytes(b"bad")
    done = run("annotate", "a.jpg", "bad.jpg", cwd=tmp_path)
    check_error(done, 1, "bad.jpg", "not a picture")
    assert "a.jpg: 1 happy; written: a.jpg.annotated.jpg" in done.stderr
    assert done.stdout == (tmp_path / "pictures.csv").read_text()
    assert done.stdout.startswith("file,frame,time,track,x,y,w,h,confidence,eyes,yaw,roll,emotion,")
    quiet = run("annotate", "-q", "a.jpg", cwd=tmp_path)
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", "")


def test_crops_are_turned_upright_if_that_is_wanted(people: Made, tmp_path: Path) -> None:
    crops = []
    for options in ([], ["--upright"]):
        out = tmp_path / f"out{len(options)}"
        extract = ["extract", people.scanned.table, "-e", "surprise", "--as", "crops"]
        done = run(*extract, "-o", out, *options, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        crops.append([path.read_bytes() for path in sorted(out.rglob("*.jpg"))])
    assert len(crops[0]) == len(crops[1]) > 0 and crops[0] != crops[1]


def test_a_table_is_converted(people: Made, tmp_path: Path) -> None:
    for form in FORMS:
        done = run("convert", people.scanned.table, "--to", form, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert "rows written" in done.stdout and f"movie.mp4{FORMS[form].suffix}" in done.stdout
    text = run("convert", "--help", cwd=tmp_path).stdout
    assert all(form in text for form in FORMS)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["annotate"], "MOVIE|PICTURE|FOLDER"),
        (["annotate", "missing.mp4"], "no such file"),
        (["annotate", "missing.jpg"], "no such file"),
        (["annotate", "x" * 300], "no such file"),
        (["annotate", "missing.faces.csv"], "no such file"),
        (["annotate", "empty"], "holds no pictures, and no movies"),
        (["annotate", "a.mp4", "--start", "noon"], "is no time"),
        (["annotate", "a.mp4", "--show", "hats"], "hats"),
        (["convert", "--to", "counts"], "holds no table"),
        (["convert", "--to", "excel"], "excel"),
        (["convert"], "--to"),
    ],
)
def test_what_cannot_be_drawn_or_converted_is_one_line(
    tmp_path: Path, arguments: list[str], says: str
) -> None:
    (tmp_path / "a.mp4").write_bytes(b"no movie")
    (tmp_path / "empty").mkdir()
    check_error(run(*arguments, cwd=tmp_path), 2, says)


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("--start", "9" * 320, "no movie lasts so long"),
        ("--end", "9" * 5000 + ":0:0", "no movie lasts so long"),
        ("--memory-limit", "9" * 320 + "G", "no machine has so much"),
    ],
    ids=["start", "end", "memory"],
)
def test_a_value_beyond_all_bounds_is_one_line(
    tmp_path: Path, option: str, value: str, says: str
) -> None:
    (tmp_path / "a.mp4").write_bytes(b"no movie")
    check_error(run("scan", "a.mp4", option, value, cwd=tmp_path), 2, says)


@pytest.mark.skipif(os.name != "posix", reason="signals as on POSIX")
def test_an_interrupted_drawing_leaves_nothing_half_written(tmp_path: Path) -> None:
    make_movie(tmp_path / "movie.mp4", still(30, sound=False))
    assert run("scan", "movie.mp4", cwd=tmp_path).returncode == 0
    command = [sys.executable, "-m", "videmo", "annotate", "movie.mp4", "-o", "out"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as work:
        while work.poll() is None and not list(tmp_path.glob("out/.*.part")):
            time.sleep(0.05)
        work.send_signal(signal.SIGINT)
        _, said = work.communicate(timeout=PATIENCE)
    assert work.returncode == 130 and "Traceback" not in said
    assert not list((tmp_path / "out").iterdir())


def test_a_scan_of_some_frames_says_how_many_and_of_a_stretch_where_its_table_is(
    short: Path, tmp_path: Path
) -> None:
    done = run("scan", short / "movie.mp4", "--every", 4, "--end", "0:00.5", cwd=tmp_path)
    assert done.returncode == 0
    assert ": 3 of 12 frames, 3 faces " in done.stdout
    assert done.stdout.endswith("written: movie.mp4.to-00-00-00.500.faces.csv\n")
