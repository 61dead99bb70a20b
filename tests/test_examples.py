"""Every example runs, and says what it should."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT, Made
from tests.test_evaluate import GESTURES, scanned
from videmo.schema import EMOTIONS
from videmo.video import probe

EXAMPLES = ROOT / "examples"


def run(name: str, *arguments: Path) -> str:
    command = [sys.executable, "-W", "error", str(EXAMPLES / name), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_demo_runs_from_end_to_end(tmp_path: Path) -> None:
    said = run("demo_end_to_end.py", tmp_path)
    assert "faces on" in said and "happy moments" in said
    assert (tmp_path / "happy" / "demo.mp4" / "happy" / "sheet.jpg").is_file()


def test_the_longest_smile_is_found(people: Made) -> None:
    assert "smiled from" in run("longest_smile.py", people.scanned.table)


def test_shared_smiles_are_counted(people: Made) -> None:
    assert "frames with two or more happy faces" in run("smiles_shared.py", people.scanned.table)


def test_seconds_have_their_emotions(people: Made) -> None:
    lines = run("emotions_per_second.py", people.scanned.table).splitlines()
    assert lines[0] == "second," + ",".join(EMOTIONS)
    assert len(lines) == 1 + 6 and lines[6] == "5,,,,,,,"  # nobody is there in the sixth


def test_square_crops_are_made(people: Made, tmp_path: Path) -> None:
    said = run("square_crops.py", people.scanned.table, tmp_path)
    assert [line.split()[0] for line in said.splitlines()] == list(EMOTIONS)
    assert list(tmp_path.rglob("*.jpg"))


@pytest.mark.parametrize("crop", ["face", "frame"])
def test_seconds_have_the_labels_of_another_model(tmp_path: Path, crop: str) -> None:
    scanned(tmp_path, labels=GESTURES, crop=crop)
    lines = run("emotions_per_second.py", tmp_path / "a.mp4.faces.csv").splitlines()
    assert lines[0] == "second," + ",".join(GESTURES) and len(lines) == 2
    assert sum(map(float, lines[1].split(",")[1:])) == pytest.approx(1, abs=0.001)


def test_square_crops_are_of_the_labels_of_another_model(tmp_path: Path) -> None:
    scanned(tmp_path, labels=GESTURES)
    said = run("square_crops.py", tmp_path / "a.mp4.faces.csv", tmp_path / "crops")
    assert [line.rsplit(maxsplit=1)[0] for line in said.splitlines()] == GESTURES


def test_gestures_are_painted_to_train_on_and_a_movie_of_them(tmp_path: Path) -> None:
    """Trained on and found they are in `test_own_models`, where there is what training needs."""
    assert "60 pictures of each of fist, point, palm" in run("made_gestures.py", tmp_path)
    folders = sorted((tmp_path / "gestures").iterdir())
    assert [folder.name for folder in folders] == ["fist", "palm", "point"]
    assert all(len(list(folder.glob("*.png"))) == 60 for folder in folders)
    movie = probe(tmp_path / "gestures.mp4")
    assert (movie.width, movie.height, movie.frames) == (320, 240, 12 * 24)


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda p: p.name)
def test_an_example_that_is_given_nothing_says_what_it_takes(path: Path) -> None:
    done = subprocess.run([sys.executable, str(path)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"python examples/{path.name} " in done.stderr and "Traceback" not in done.stderr


ELSEWHERE = {
    "cluster_certificates.py": ("test_cluster.py", '"cluster_certificates.py"'),
    "cluster_on_slurm.py": ("test_cluster_on_slurm.py", '"cluster_on_slurm.py"'),
    "mood_lamp.py": ("test_live_examples.py", 'example("mood_lamp")'),
    "mood_osc.py": ("test_live_examples.py", 'example("mood_osc")'),
}
"""Examples that another file runs, where there is what they need, and how it names them."""


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda p: p.name)
def test_every_example_is_run_here(path: Path) -> None:
    file, name = ELSEWHERE.get(path.name, (Path(__file__).name, f'run("{path.name}"'))
    assert name in Path(__file__).with_name(file).read_text("utf-8")
