"""From own pictures to a labelled movie: gestures on whole pictures, and own emotions on faces.

Needs the extra `train`; skipped where it is absent.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pandas as pd
import pytest

from tests.conftest import ROOT
from videmo.demo import Actor, Place, Shot, Story, demo_story, make_movie, truth
from videmo.demo.picture import Painter
from videmo.table import read_record, read_table

for package in ("torch", "torchvision", "sklearn", "safetensors", "matplotlib", "litert_torch"):
    pytest.importorskip(package, reason=f"{package} is only there for training")

ENOUGH = ("--epochs", "40", "--batch-size", "16", "--threads", "1")
"""From nothing."""
OWN = {"glad": "happy", "cross": "angry", "calm": "neutral"}
"""Own names of emotions, and what the demo's actors show for them."""


def videmo(folder: Path, *arguments: str) -> str:
    command = [sys.executable, "-W", "ignore", "-m", "videmo", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def held(table: pd.DataFrame) -> list[str]:
    """What was held for five frames or more, in order."""
    rows = table[table["repeat"] >= 5]["emotion"]
    return rows[rows.shift() != rows].tolist()


@pytest.fixture(scope="module")
def gestures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the README's four commands were run on the painted gestures."""
    folder = tmp_path_factory.mktemp("gestures")
    example = [sys.executable, str(ROOT / "examples" / "made_gestures.py"), "."]
    subprocess.run(example, cwd=folder, check=True, capture_output=True)
    whole = ("--crop", "frame", "--no-mirror", *ENOUGH)
    videmo(folder, "train", "-q", "gestures", "-o", "runs/gestures", *whole)
    videmo(folder, "export", "-q", "runs/gestures", "-o", "models", "--as", "float32")
    videmo(folder, "scan", "gestures.mp4", "--model", "models/gestures.tflite")
    videmo(folder, "extract", "--emotion", "fist")
    return folder


def test_gestures_on_whole_pictures_are_found_in_a_movie(gestures: Path) -> None:
    table = read_table(gestures / "gestures.mp4.faces.csv")
    assert held(table) == ["palm", "fist", "point", "palm", "fist"]
    assert (table["repeat"] >= 5).mean() > 0.95


def test_a_whole_picture_is_one_observation_a_frame_and_counts_without_eyes(gestures: Path) -> None:
    table = read_table(gestures / "gestures.mp4.faces.csv")
    assert len(table) == table["frame"].nunique() == 288
    assert table["eyes"].isna().all() and table["repeat"].notna().all()
    assert (table[["x", "y", "w", "h"]] == [0, 0, 320, 240]).all(axis=None)


def test_the_table_s_columns_are_the_model_s_labels(gestures: Path) -> None:
    record = read_record(gestures / "gestures.mp4.faces.csv")
    assert record["labels"] == ["fist", "palm", "point"] and record["model"]["crop"] == "frame"
    header = (gestures / "gestures.mp4.faces.csv").read_text("utf-8").splitlines()[0]
    assert header.endswith(",repeat,fist,palm,point")


def test_a_gesture_is_extracted_like_any_emotion(gestures: Path) -> None:
    made = gestures / "extracted" / "gestures.mp4" / "fist"
    assert (made / "sheet.jpg").is_file() and len(list((made / "clips").iterdir())) == 2


def test_an_emotion_of_another_model_is_refused_by_name(gestures: Path) -> None:
    command = [sys.executable, "-m", "videmo", "extract", "--emotion", "happy"]
    done = subprocess.run(command, cwd=gestures, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "choose from fist, palm, point" in done.stderr and done.stderr.count("\n") == 1


def test_the_kit_of_gestures_looks_at_whole_pictures_as_the_scan_does(gestures: Path) -> None:
    videmo(gestures, "export", "-q", "models/gestures.tflite", "--kit", "nano", "-o", "kit")
    command = [sys.executable, "-W", "ignore", "kit/run_tflite.py", "gestures.mp4"]
    done = subprocess.run(command, cwd=gestures, capture_output=True, text=True, check=True)
    lines = [line.split(",") for line in done.stdout.splitlines()]
    assert {tuple(line[2:6]) for line in lines} == {("0", "0", "320", "240")}
    table = read_table(gestures / "gestures.mp4.faces.csv")
    assert [int(line[1]) for line in lines] == table["frame"].tolist()
    assert [line[6] for line in lines] == table["emotion"].tolist()


def face(number: int, emotion: str, size: float = 150, tilt: float = 0.0) -> Actor:
    return Actor(number, (Place(0, 160, 118, size),), ((0, emotion),), tilt=tilt)


def paint_faces(folder: Path) -> None:
    """A folder of pictures, larger than faces, for each of `OWN`."""
    for own, emotion in OWN.items():
        (folder / own).mkdir(parents=True)
        for number in range(1, 6):
            for turn in range(8):
                actor = face(number, emotion, 110 + 8 * turn, 2.5 * turn - 9)
                shot = Shot(1, (actor,), background=turn)
                picture = Painter(Story((shot,), (320, 240))).paint(Fraction(0))
                data = cv2.imencode(".png", picture)[1].tobytes()
                (folder / own / f"{number}-{turn}.png").write_bytes(data)


def test_own_emotions_on_faces_are_found_in_a_movie(tmp_path: Path) -> None:
    paint_faces(tmp_path / "moods")
    videmo(tmp_path, "train", "-q", "moods", "-o", "runs/moods", *ENOUGH)
    videmo(tmp_path, "export", "-q", "runs/moods", "-o", "models", "--as", "float32")
    order = ("glad", "calm", "cross", "glad")
    shots = tuple(Shot(1, (face(2, OWN[mood], 130),), background=9) for mood in order)
    make_movie(tmp_path / "moods.mp4", Story(shots, (320, 240)))
    videmo(tmp_path, "scan", "moods.mp4", "--model", "models/moods.tflite")
    assert held(read_table(tmp_path / "moods.mp4.faces.csv")) == list(order)


COLLECTED = ("happy", "neutral", "surprise")
SITTING = 2.2
"""Seconds of a shot of the movie from which the demo's actors are collected."""


def practice() -> list[tuple[str, int]]:
    """Who shows what in which shot: the demo's five actors, each emotion three times."""
    return [(label, actor) for _ in range(3) for label in COLLECTED for actor in range(1, 6)]


def practice_story() -> Story:
    shots = []
    for n, (label, actor) in enumerate(practice()):
        x, y, size = 180 + 37 * n % 180, 150 + n % 3 * 8, 100 + 23 * n % 40
        places = (Place(0, x, y, size), Place(SITTING, x + 90, y + 20, size + 60))
        tilt = n % 5 * 2.0 - 4
        who = Actor(actor, places, ((0, label),), tilt=tilt)
        shots.append(Shot(SITTING, (who,), background=n))
    return Story(tuple(shots), fps=Fraction(20))


def collect_practice(folder: Path) -> None:
    """Collect faces as one does on the page: by its server, in bursts."""
    from tests.test_collect_page import burst, served, told

    with served(folder / "own", COLLECTED, movie=folder / "practice.mp4") as address:
        for n, (label, _) in enumerate(practice()):
            burst(address, label, n * SITTING + 0.1)
        splits = {one["name"]: one["splits"] for one in told(address)["labels"]}
        assert told(address)["lacking"] == [], splits
        assert all(sum(of_label.values()) > 60 for of_label in splits.values()), splits


@pytest.mark.long
def test_the_demo_s_faces_are_collected_learnt_and_recognised(tmp_path: Path) -> None:
    make_movie(tmp_path / "practice.mp4", practice_story())
    make_movie(tmp_path / "demo.mp4", demo_story())
    collect_practice(tmp_path)
    few = ("--arch", "tiny", "--epochs", "100", "--batch-size", "16", "--threads", "1")
    videmo(tmp_path, "train", "-q", "own", "-o", "runs/own", *few)
    videmo(tmp_path, "export", "-q", "runs/own", "-o", "models", "--as", "float32")
    model = ("--model", "models/own.tflite")
    videmo(tmp_path, "scan", "demo.mp4", *model)
    videmo(tmp_path, "live", "-q", "demo.mp4", "--table", "kept", *model)
    (kept,) = (tmp_path / "kept").glob("*.faces.csv")
    for table in (tmp_path / "demo.mp4.faces.csv", kept):
        rows = read_table(table)
        rows = rows[rows["track"].notna()]
        right = [said == true for said, true in said_and_true(rows)]
        # 0.83 and 0.82 when it was written; always the same answer would be 0.56.
        assert len(right) > 100 and sum(right) / len(right) > 0.72, (table, sum(right), len(right))
        assert set(held(rows)) == set(COLLECTED), table


GESTURES = {"fist": "fist", "palm": "palm", "none": "point"}
"""What is painted for each label; who points shows *none of these*."""
POSE = 2.0
"""Seconds for which a hand of the movie from which gestures are collected keeps its pose."""


def paint_practice(target: Path) -> list[str]:
    """A movie of hands, nine poses of each label; gives the labels in the order of the poses."""
    from tests.test_live_examples import example

    hand, chance, rate = example("made_gestures"), np.random.default_rng(3), 12
    labels = [label for _ in range(9) for label in GESTURES]
    with av.open(str(target), "w") as container:
        stream = container.add_stream("libx264", rate=rate, options={"preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = *hand.SIZE, "yuv420p"
        for n, label in enumerate(labels):
            look = chance.uniform(-0.9, 0.9, 8)
            for frame in range(int(POSE * rate)):
                sway = 0.4 * np.sin(frame / rate * np.array([3.1, 2.3, 4.1, 1.9, 0, 0, 0, 0]))
                picture = hand.painted(GESTURES[label], look + sway)
                image = av.VideoFrame.from_ndarray(picture, format="bgr24")
                image.pts = n * int(POSE * rate) + frame
                container.mux(stream.encode(image))
        container.mux(stream.encode(None))
    return labels


def collect_poses(folder: Path, labels: list[str]) -> None:
    """As one does at the terminal and on the page: by the command, and its server."""
    from tests.test_collect_page import burst, told

    command = [sys.executable, "-m", "videmo", "collect", *GESTURES, "-o", "own"]
    command += ["--crop", "frame", "--from", "practice.mp4", "--no-browser"]
    with subprocess.Popen(
        command,
        cwd=folder,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        for n, label in enumerate(labels):
            burst(address, label, n * POSE + 0.1)
        assert told(address)["lacking"] == []
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert said.splitlines()[-1] == "now: videmo train own -o runs/own --crop frame --no-mirror"


@pytest.mark.long
def test_gestures_are_collected_learnt_and_recognised_live(tmp_path: Path) -> None:
    """What the README types for gestures, in one sitting."""
    collect_poses(tmp_path, paint_practice(tmp_path / "practice.mp4"))
    example = [sys.executable, str(ROOT / "examples" / "made_gestures.py"), "."]
    subprocess.run(example, cwd=tmp_path, check=True, capture_output=True)
    few = ("--epochs", "100", "--batch-size", "16", "--threads", "1")
    videmo(tmp_path, "train", "-q", "own", "-o", "runs/own", "--crop", "frame", "--no-mirror", *few)
    videmo(tmp_path, "export", "-q", "runs/own", "-o", "models")
    videmo(
        *(tmp_path, "live", "-q", "gestures.mp4", "--model", "models/own.tflite"),
        *("--table", "kept", "--no-page"),
    )
    (kept,) = (tmp_path / "kept").glob("*.faces.csv")
    assert held(read_table(kept)) == ["palm", "fist", "none", "palm", "fist"]


def said_and_true(rows: pd.DataFrame) -> list[tuple[str, str]]:
    """What the model said of each face that shows one of its labels, and what that is."""
    pairs = []
    for one in truth(demo_story()):
        if one.emotion not in COLLECTED:
            continue
        near = rows[(rows["time"] - one.time).abs() < 0.001]
        inside = near[(near["x"] < one.x + one.w / 2) & (near["x"] + near["w"] > one.x + one.w / 2)]
        pairs += [(said, one.emotion) for said in inside["emotion"]]
    return pairs
