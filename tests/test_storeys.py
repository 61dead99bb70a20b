"""The house: each module imports only from storeys below its own, and the front door is light."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import videmo
from tests.conftest import ROOT

PACKAGE = Path(videmo.__file__).parent
STOREYS = {
    **dict.fromkeys(
        ("errors", "schema", "files", "meant", "packaged", "plain", "sheets", "spans"), 0
    ),
    **dict.fromkeys(
        (
            *("video", "pictures", "faces", "emotions", "shots", "tracks", "runs"),
            *("table", "review", "draw", "marks", "resample", "labelled"),
        ),
        1,
    ),
    **dict.fromkeys(
        (
            "scan",
            "find",
            "names",
            "moments",
            "corrected",
            "convert",
            "exporters",
            "demo",
            "training",
        ),
        2,
    ),
    **dict.fromkeys(("reading", "index", "listed"), 3),
    **dict.fromkeys(
        (
            *("extract", "people", "annotate", "archive", "doctor"),
            *("search", "summary", "compare", "plot", "report", "live"),
        ),
        4,
    ),
    "view": 5,
    "collect": 6,  # its page is served as view's is
    **dict.fromkeys(("cli", "__main__"), 7),
}
WITHIN_STOREY_0 = {
    *(("files", "errors"), ("packaged", "errors"), ("packaged", "files")),
    *(("sheets", "errors"), ("sheets", "files"), ("sheets", "plain"), ("spans", "schema")),
}
TOP = {("__main__", "cli")}


def modules() -> list[Path]:
    return [p for p in sorted(PACKAGE.rglob("*.py")) if p != PACKAGE / "__init__.py"]


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_rooms(path: Path) -> set[str]:
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    inside = {name.split(".")[1] for name in names if name.startswith("videmo.")}
    return inside - {"__version__"}


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_module_imports_only_from_storeys_below(path: Path) -> None:
    here = room(path)
    for other in imported_rooms(path) - {here}:
        allowed = STOREYS[other] < STOREYS[here] or (here, other) in WITHIN_STOREY_0 | TOP
        assert allowed, f"{here} imports {other}"


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_module_says_in_its_first_line_what_it_is_for(path: Path) -> None:
    docstring = ast.get_docstring(ast.parse(path.read_text("utf-8")))
    assert docstring and docstring.splitlines()[0].rstrip().endswith((".", ":"))


@pytest.mark.parametrize("code", ["import videmo", "from videmo.cli import cli; cli(['--help'])"])
def test_the_front_door_loads_nothing_heavy(code: str) -> None:
    script = f"import sys\ntry:\n    {code}\nexcept SystemExit:\n    pass\n" + (
        "heavy = {'cv2', 'pandas', 'numpy', 'av', 'ai_edge_litert', 'ffmpeg', 'tqdm', 'dlib',"
        " 'PIL', 'matplotlib', 'dask', 'distributed'}\n"
        "print('loaded:', *heavy & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "loaded:", done.stderr


def test_the_readme_has_the_same_storeys() -> None:
    """Each room on its storey, a folder with a stroke behind it; __main__ is nobody's room."""
    text = (ROOT / "README.md").read_text("utf-8")
    table = text[text.index("| storey | rooms |") :].split("\n\n")[0]
    told = {
        room: int(storey)
        for storey, rooms in re.findall(r"^\| (\d) \| (.+) \|$", table, re.MULTILINE)
        for room in re.findall(r"`([^`]+)`", rooms)
    }
    there = {(room + "/" if (PACKAGE / room).is_dir() else room): n for room, n in STOREYS.items()}
    assert told == {room: storey for room, storey in there.items() if room != "__main__"}


def test_every_room_stands_on_a_storey() -> None:
    assert {room(path) for path in modules()} == set(STOREYS)


def test_every_public_name_can_be_had() -> None:
    for name in videmo.__all__:
        assert getattr(videmo, name) is not None


def test_only_training_imports_a_training_framework() -> None:
    for path in modules():
        if room(path) == "training":
            continue
        text = path.read_text("utf-8")
        assert not any(f"import {name}" in text for name in ("keras", "tensorflow", "torch"))


def test_only_the_cluster_s_modules_talk_with_others() -> None:
    for path in modules():
        if path.parent != PACKAGE / "archive" / "cluster":
            assert not {"dask", "distributed"} & imported_packages(path), path


def test_only_people_compares_faces() -> None:
    for path in modules():
        if room(path) != "people":
            assert "dlib" not in imported_packages(path), path


def imported_packages(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").partition(".")[0])
    return names
