"""What is built is whole: the wheel, in a clean environment and another folder, scans a movie."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.movies import still
from videmo.demo import make_movie
from videmo.schema import EMOTIONS


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    # From a copy: a build leaves its folders beside the sources.
    source = folder / "source"
    copy = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(copy, check=True, capture_output=True).stdout.decode().split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    build = [sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), str(source)]
    subprocess.run(build, check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    return path


def test_the_wheel_holds_the_model_its_card_and_the_faces(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    models = {"emotion.tflite", "emotion.json", "emotion-fer2013.tflite", "README.md"}
    models |= {f"emotion-wide.{kind}" for kind in ("tflite", "json", "safetensors")}
    assert {f"videmo/models/{name}" for name in models} <= names
    assert {f"videmo/draw/fonts/{name}" for name in ("DejaVuSans.ttf", "LICENSE")} <= names
    assert {f"videmo/training/kit/files/{n}" for n in ("selftest.py", "README.md")} <= names
    pages = ("movie.html", "index.html", "watch.html", "style.css", "movie.js", "watch.js")
    assert {f"videmo/report/page/{name}" for name in pages} <= names
    assert {f"videmo/demo/faces/{emotion}.png" for emotion in EMOTIONS} <= names
    assert not any(name.startswith(("tests/", "examples/")) for name in names)


def test_the_wheel_scans_in_a_clean_environment(wheel: Path, tmp_path: Path) -> None:
    clean = tmp_path / "clean"
    subprocess.run([sys.executable, "-m", "venv", str(clean)], check=True)
    programs = clean / ("Scripts" if sys.platform == "win32" else "bin")
    install = [str(programs / "python"), "-m", "pip", "install", "--quiet", str(wheel)]
    subprocess.run(install, check=True, capture_output=True, cwd=tmp_path)
    make_movie(tmp_path / "movie.mp4", still(0.5))
    videmo = [str(programs / "videmo")]
    scan = subprocess.run(
        [*videmo, "scan", "movie.mp4"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert scan.returncode == 0, scan.stderr
    assert "12 faces" in scan.stdout
    extract = subprocess.run(
        [*videmo, "extract", "-e", "happy"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert extract.returncode == 0, extract.stderr
    assert list(tmp_path.glob("extracted/movie.mp4/happy/clips/*.mp4"))
    report = subprocess.run(
        [*videmo, "report"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert report.returncode == 0, report.stderr
    assert "data:image/jpeg" in (tmp_path / "report.html").read_text()
