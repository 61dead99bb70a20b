"""The kit's live program, as it runs on a board: on movies, and on pipelines of GStreamer."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from tests.conftest import ROOT
from tests.live import eventually
from tests.movies import SIZE, person, still
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
        command(*arguments), cwd=kit, env=board(**more), capture_output=True, text=True, check=False
    )


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


def test_a_program_that_hangs_holds_nothing_up(kit: Path) -> None:
    hang = f'{sys.executable} -c "import time; time.sleep(600)"'
    done = run(kit, "cheered.mp4", "--each", "--on", "all", hang)
    assert done.returncode == 0 and f"{FPS} looked at" in done.stderr


@pytest.mark.parametrize("which", [signal.SIGINT, signal.SIGTERM])
def test_to_interrupt_is_to_end_well(kit: Path, tmp_path: Path, which: int) -> None:
    table = tmp_path / "faces.csv"
    with subprocess.Popen(
        command("long.mp4", "--repeat", 1, "--table", table),
        **{"cwd": kit, "env": board(), "text": True},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        eventually(lambda: table.exists() and table.read_text().count("\n") > 3)
        process.send_signal(which)
        said, why = process.communicate(timeout=60)
    assert process.returncode == 0, why
    lines = said.splitlines()
    assert len(lines) >= 2 and "no longer" in lines[-1]


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
    done = run(tmp_path, "csi:1", "--size", "64x48", "--for", 2, PATH=path)
    assert done.returncode == 0, done.stderr
    assert "csi:1: is gone; trying again" in done.stderr
    asked = (tmp_path / "asked").read_text().split("\n\n")[:-1]
    assert len(asked) >= 2 and asked[0] == asked[1]
    words = asked[0].split("\n")
    assert words[:3] == ["-q", "nvarguscamerasrc", "sensor-id=1"]
    assert words[-3:] == ["!", "fdsink", "sync=false"]
    assert "video/x-raw,format=BGR,width=64,height=48" in words


@pytest.mark.skipif(shutil.which("gst-launch-1.0") is None, reason="no gst-launch-1.0 here")
def test_a_pipeline_of_gstreamer_is_looked_at(kit: Path) -> None:
    pipeline = "videotestsrc is-live=true ! video/x-raw,width=160,height=120,framerate=20/1"
    done = run(kit, pipeline, "--size", "160x120", "--for", 1)
    assert done.returncode == 0, done.stderr
    assert int(done.stderr.splitlines()[-1].split()[0]) > 5


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["nothing.mp4"], 1, "nothing.mp4: cannot be opened"),
        (["cheered.mp4", "--draw", "a.avi"], 2, "--draw is for each picture of a movie"),
        (["cheered.mp4", "--size", "big"], 2, "--size: write 1280x720"),
        (["cheered.mp4", "--on", "joy", "true"], 2, "--on joy: choose from all, angry"),
        (["cheered.mp4", "--each", "--draw", "no/a.avi"], 1, "no/a.avi: cannot be written"),
    ],
)
def test_what_cannot_be_is_told(kit: Path, arguments: list[str], code: int, says: str) -> None:
    done = run(kit, *arguments)
    assert done.returncode == code, done.stderr
    assert says in done.stderr.splitlines()[-1]


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
