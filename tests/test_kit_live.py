"""The kit's live program, as it runs on a board: on movies, and on pipelines of GStreamer."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from tests.conftest import ROOT
from tests.movies import SIZE, person, still
from tests.waiting import PATIENCE, eventually
from videmo.demo import Shot, Story, make_movie
from videmo.schema import EMOTIONS

KIT_FILES = ROOT / "videmo" / "training" / "kit" / "files"
FPS = 24


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All that the program needs, with the model that is shipped, and a movie beside it."""
    folder = tmp_path_factory.mktemp("kit")
    for path in KIT_FILES.glob("*.py"):
        shutil.copy(path, folder)
    shutil.copy(ROOT / "models" / "emotion.tflite", folder / "emotion_f32.tflite")
    shutil.copy(cv2.data.haarcascades + "haarcascade_frontalface_default.xml", folder)
    about = {"labels": list(EMOTIONS), "input": {"crop": "face", "side": 48}}
    (folder / "manifest.json").write_text(json.dumps(about))
    cheered = person(1, 160, (0, "sad"), (0.5, "happy"))
    make_movie(folder / "cheered.mp4", Story((Shot(1, (cheered,), background=1),), SIZE))
    make_movie(folder / "long.mp4", still(30))
    return folder


def command(*arguments: object) -> list[str]:
    return [sys.executable, "run_live.py", *map(str, arguments)]


def board(**more: str) -> dict[str, str]:
    return {**{k: v for k, v in os.environ.items() if k != "PYTHONPATH"}, **more}


def run(kit: Path, *arguments: object, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments),
        **{"cwd": kit, "env": board(**more), "text": True},
        **{"capture_output": True, "check": False, "timeout": PATIENCE},
    )


def interrupted(
    kit: Path,
    *arguments: object,
    when: Callable[[str], bool],
    which: int = signal.SIGINT,
    **more: str,
) -> tuple[int, list[str], list[str]]:
    """Let it run until something is true, asked of what it said to standard error; the exit code,
    and the lines of standard output and error."""
    with (
        tempfile.NamedTemporaryFile("w") as file,
        subprocess.Popen(
            command(*arguments),
            cwd=kit,
            env=board(**more),
            text=True,
            stdout=subprocess.PIPE,
            stderr=file,
        ) as process,
    ):
        try:
            eventually(lambda: when(Path(file.name).read_text()))
            process.send_signal(which)
            said, _ = process.communicate(timeout=PATIENCE)
        except BaseException:
            process.kill()
            raise
        return process.returncode, said.splitlines(), Path(file.name).read_text().splitlines()


def test_each_picture_of_a_movie_is_looked_at_told_tabled_and_drawn(
    kit: Path, tmp_path: Path
) -> None:
    drawn, table = tmp_path / "drawn.avi", tmp_path / "faces.csv"
    done = run(kit, "cheered.mp4", "--each", "--jsonl", "--draw", drawn, "--table", table)
    assert done.returncode == 0, done.stderr
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(one["event"], one["emotion"]) for one in events] == [
        *(("start", "sad"), ("end", "sad")),
        *(("start", "happy"), ("end", "happy")),
    ]
    assert events[1]["time"] == events[2]["start"] == pytest.approx(0.5, abs=0.1)
    rows = [line.split(",") for line in table.read_text().splitlines()]
    assert [int(row[0]) for row in rows[1:]] == list(range(FPS))
    assert {row[2] for row in rows[1:]} == {"1"}
    pictures, plain = pictures_of(drawn), pictures_of(kit / "cheered.mp4")
    assert len(pictures) == len(plain) == FPS
    assert (np.abs(pictures[-1].astype(int) - plain[-1]) > 60).any(2).sum() > 200


def pictures_of(movie: Path) -> list[np.ndarray]:
    capture, pictures = cv2.VideoCapture(str(movie)), []
    while (read := capture.read())[0]:
        pictures.append(read[1])
    return pictures


def test_a_movie_is_played_at_its_own_speed_and_programs_are_told(
    kit: Path, tmp_path: Path
) -> None:
    note = tmp_path / "note"
    code = f"import os, sys; open({str(note)!r}, 'a').write(os.environ['VIDEMO_EVENT'] + ' ' + \
sys.stdin.read())"
    hook = f'{sys.executable} -c "{code}"'
    done = run(kit, "cheered.mp4", "--repeat", 1, "--on", "happy", hook, "--on", "fear", "false")
    assert done.returncode == 0, done.stderr
    assert f"{FPS} pictures, " in done.stderr and "ms behind" in done.stderr
    lines = sorted(note.read_text().splitlines())
    assert [line.split()[0] for line in lines] == ["end", "start"]
    told = json.loads(lines[1].partition(" ")[2])
    assert (told["event"], told["emotion"], told["track"]) == ("start", "happy", 1)
    assert json.loads(lines[0].partition(" ")[2])["time"] == pytest.approx(23 / FPS, abs=0.002)


def test_a_program_that_hangs_holds_nothing_up_and_ends_with_all_that_it_started(
    kit: Path, tmp_path: Path
) -> None:
    """What it said is at its end only when nobody has its standard error any more."""
    note = tmp_path / "note"
    hang = f"sh -c 'echo $VIDEMO_EVENT >> {note}; sleep 600 & wait'"
    done = run(kit, "cheered.mp4", "--each", "--on", "all", hang)
    assert done.returncode == 0 and f"{FPS} looked at" in done.stderr
    assert "start" in note.read_text()


DEAF = """
import subprocess, time
from run_live import Hooks

class Late(subprocess.Popen):
    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        while len(open("deaf").read()) <= len(hooks.running):
            time.sleep(0.02)

open("deaf", "w").close()
subprocess.Popen = Late
hooks = Hooks([("all", "sh -c 'exec 0<&-; printf x >> deaf; exec sleep 600'")])
for _ in range(6):
    hooks.tell({"event": "start", "emotion": "happy"})
began = [process for _, process in hooks.running]
hooks.close()
print(hooks.left_out, [process.poll() for process in began])
"""
"""Programs that no longer read when they are told."""


def test_programs_that_do_not_read_are_counted_and_killed_as_others_are(kit: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", DEAF],
        **{"cwd": kit, "env": board(), "text": True, "timeout": PATIENCE},
        **{"capture_output": True, "check": False},
    )
    assert (done.stdout, done.stderr) == ("2 [-9, -9, -9, -9]\n", "")


@pytest.mark.parametrize("which", [signal.SIGINT, signal.SIGTERM])
def test_to_interrupt_is_to_end_well(kit: Path, tmp_path: Path, which: int) -> None:
    table = tmp_path / "faces.csv"
    code, lines, said = interrupted(
        *(kit, "long.mp4", "--repeat", 1, "--table", table),
        when=lambda _: table.exists() and table.read_text().count("\n") > 3,
        which=which,
    )
    assert code == 0, said
    assert len(lines) >= 2 and "no longer" in lines[-1]


def test_it_ends_well_when_nobody_reads_any_more(kit: Path) -> None:
    with subprocess.Popen(
        command("long.mp4", "--each", "--repeat", 1),
        **{"cwd": kit, "env": board(), "text": True},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        said = process.stderr.read()
    assert process.returncode == 0 and "Error" not in said, said
    assert int(said.splitlines()[-1].split()[0]) < 30 * FPS


STAND_IN = """#!{python}
import sys, time
open("asked", "a").write("\\n".join(sys.argv[1:]) + "\\n\\n")
for _ in range({pictures}):
    sys.stdout.buffer.write(bytes(64 * 48 * 3))
    sys.stdout.flush()
    time.sleep(0.02)
"""
"""Writes black pictures, and notes what it was asked for: no CSI camera is here."""


def test_a_csi_camera_comes_by_gst_launch_and_is_opened_again(kit: Path, tmp_path: Path) -> None:
    program = tmp_path / "gst-launch-1.0"
    program.write_text(STAND_IN.format(python=sys.executable, pictures=20))
    program.chmod(0o755)
    for path in kit.iterdir():
        shutil.copy(path, tmp_path)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    asked = tmp_path / "asked"
    code, _, said = interrupted(
        *(tmp_path, "csi:1", "--size", "64x48"),
        when=lambda _: asked.exists() and asked.read_text().count("\n\n") > 1,
        PATH=path,
    )
    assert code == 0, said
    assert "csi:1: is gone; trying again" in said
    first, second = asked.read_text().split("\n\n")[:2]
    assert first == second
    words = first.split("\n")
    assert words[:3] == ["-q", "nvarguscamerasrc", "sensor-id=1"]
    assert words[-3:] == ["!", "fdsink", "sync=false"]
    assert "video/x-raw,format=BGR,width=64,height=48" in words


@pytest.mark.skipif(shutil.which("gst-launch-1.0") is None, reason="no gst-launch-1.0 here")
def test_a_pipeline_of_gstreamer_is_looked_at(kit: Path) -> None:
    pictures = "num-buffers=6 ! video/x-raw,width=160,height=120,framerate=20/1"
    pipeline = f"videotestsrc is-live=true {pictures}"
    code, _, said = interrupted(
        kit, pipeline, "--size", "160x120", when=lambda said: "is gone" in said
    )
    assert code == 0, said
    assert int(said[-1].split()[0]) >= 6


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["nothing.mp4"], 1, "nothing.mp4: cannot be opened"),
        (["cheered.mp4", "--draw", "a.avi"], 2, "--draw is for each picture of a movie"),
        (["cheered.mp4", "--size", "big"], 2, "--size: write 1280x720"),
        (["cheered.mp4", "--size", "\u00b2x\u00b3"], 2, "--size: write 1280x720"),
        (["cheered.mp4", "--on", "joy", "true"], 2, "--on joy: choose from all, angry"),
        (["cheered.mp4", "--on", "sad", "say 'no"], 2, "--on sad: No closing quotation"),
        (["csi:x"], 2, "csi:x: write csi, or csi:1"),
        (["test 'a ! b"], 2, "the pipeline: No closing quotation"),
        (["\u00b2"], 1, "cannot be opened"),
        (["cheered.mp4", "--repeat", "0"], 2, "--rate and --repeat: 1 or more"),
        (["cheered.mp4", "--for", "0"], 2, "--for: more than 0"),
        (["cheered.mp4", "--model", "none.tflite"], 2, "--model none.tflite: no such file"),
        (["cheered.mp4", "--model", "held.py"], 1, "--model held.py: "),
        (["cheered.mp4", "--table", "no/x.csv"], 1, "--table no/x.csv: No such file"),
        (["cheered.mp4", "--each", "--draw", "no/a.avi"], 1, "no/a.avi: cannot be written"),
    ],
)
def test_what_cannot_be_is_told(kit: Path, arguments: list[str], code: int, says: str) -> None:
    done = run(kit, *arguments)
    assert done.returncode == code, done.stderr
    assert says in done.stderr.splitlines()[-1] and "Traceback" not in done.stderr


def test_without_gstreamer_it_is_said_what_to_install(kit: Path, tmp_path: Path) -> None:
    done = run(kit, "csi", PATH=str(tmp_path))
    assert done.returncode == 1
    assert "apt-get install gstreamer1.0-tools" in done.stderr.splitlines()[-1]


def held(repeat: int = 2, gap: float = 0.5) -> Any:
    spec = importlib.util.spec_from_file_location("held", KIT_FILES / "held.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Held(repeat, gap)


def face(x: int, label: str) -> tuple[int, int, int, int, str, float]:
    return (x, 50, 60, 60, label, 0.9)


def test_faces_keep_their_numbers_where_they_overlap() -> None:
    one = held()
    first, _ = one.look(0.0, [face(10, "sad"), face(200, "sad")])
    second, _ = one.look(0.1, [face(205, "sad"), face(15, "sad"), face(400, "sad")])
    assert [number for number, _ in first] == [1, 2]
    assert [number for number, _ in second] == [2, 1, 3]


def test_a_run_goes_over_a_gap_and_ends_with_another_emotion_or_when_it_is_gone() -> None:
    one = held()
    assert one.look(0.0, [face(10, "happy")])[1] == []
    assert one.look(0.1, [])[1] == []
    (event,) = one.look(0.4, [face(10, "happy")])[1]
    assert (event["event"], event["start"], event["frames"]) == ("start", 0.0, 2)
    (event,) = one.look(0.5, [face(10, "sad")])[1]
    assert (event["event"], event["emotion"], event["time"]) == ("end", "happy", 0.5)
    assert one.look(0.6, [face(10, "sad")])[1][0]["event"] == "start"
    (event,) = one.look(1.2, [])[1]
    assert (event["event"], event["time"]) == ("end", 0.6)
    assert one.look(1.3, [face(10, "sad")])[0][0][0] == 2
    assert one.stop(1.4) == []
