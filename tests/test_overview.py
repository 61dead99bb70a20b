"""What the page of all movies says where the index, or a table, is not as it should be."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.tables import told
from videmo.errors import OutputError
from videmo.files import shown
from videmo.find import find_tables, searched_folder
from videmo.index import INDEX
from videmo.review import REMOVED, Fix, Key, Review, write_review
from videmo.table import review_path
from videmo.view.overview import Overview

SMILE, FROWN = ["happy"] * 10, ["angry:0.5"] * 10
unix = pytest.mark.skipif(os.name == "nt", reason="there are no such names and folders there")

GONE = Review((Fix(Key(1, "happy", 0.0, 1.0), REMOVED),))


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Two movies, one of them in a folder below: each smiles for a second."""
    told(tmp_path, "a.mp4", {1: [*SMILE, *FROWN]})
    told(tmp_path / "2019", "b.mp4", {1: SMILE})
    return tmp_path


def overview(*paths: Path, raw: bool = False) -> Overview:
    """As `videmo view` makes it."""
    return Overview([*find_tables(paths).items()], searched_folder(paths), raw=raw)


def said(page: Overview) -> dict[str, Any]:
    """The moments of each movie."""
    return {movie["name"]: movie["moments"] for movie in page.data()["movies"]}


def test_without_arguments_only_the_tables_of_this_folder_are_looked_at(
    archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(archive, "c.mp4", {1: SMILE})
    (archive / "backup").mkdir()
    for suffix in ("csv", "json"):
        shutil.copy(archive / f"a.mp4.faces.{suffix}", archive / "backup")
    monkeypatch.chdir(archive)
    assert said(overview()) == {"a.mp4": 2, "c.mp4": 1}
    assert not (archive / INDEX).exists()


@pytest.mark.parametrize("paths", [("",), ("2019", "a.mp4.faces.csv")])
def test_a_folder_that_has_gone_costs_its_tables_only(archive: Path, paths: Sequence[str]) -> None:
    page = overview(*(archive / path for path in paths))
    one, other = said(page)
    shutil.rmtree(archive / "2019")
    left = {name: None if "b.mp4" in name else 2 for name in (one, other)}
    assert said(page) == left
    assert {one["seconds"] for one in page.data()["movies"]} == {2.0, 0.0}


def another_program_s(path: Path) -> None:
    path.write_bytes(b"SQLite format 3\0" + bytes(84))


@pytest.mark.parametrize("spoil", [another_program_s, Path.mkdir])
def test_without_the_index_the_page_is_made_all_the_same(
    archive: Path, spoil: Any, caplog: pytest.LogCaptureFixture
) -> None:
    spoil(archive / INDEX)
    page = overview(archive)
    assert said(page) == {"2019/b.mp4": 1, "a.mp4": 2}
    assert "move it away; until then" in caplog.text
    write_review(review_path(archive / "a.mp4.faces.csv"), GONE)
    assert said(page) == {"2019/b.mp4": 1, "a.mp4": 1}


def test_an_index_in_memory_that_fails_is_told_and_made_anew(archive: Path) -> None:
    (archive / INDEX).mkdir()
    page = overview(archive)
    assert page._kept is not None
    page._kept.close()
    with pytest.raises(OutputError, match="load the page again"):
        page.data()
    assert said(page) == {"2019/b.mp4": 1, "a.mp4": 2}


@unix
def test_names_that_look_alike_are_told_apart(tmp_path: Path) -> None:
    for name, track in (("x\ue000.mp4", 1), ("x\\ue000.mp4", 2)):
        told(tmp_path, name, {track: SMILE * track})
    assert len({shown(name) for name in find_tables([tmp_path]).values()}) == 1
    page = overview(tmp_path).data()
    links = {movie["seconds"]: movie["link"] for movie in page["movies"]}
    assert len({*links.values()}) == 2
    assert [movie["held"]["happy"] for movie in page["movies"]] == [*links]
    assert {
        best["face"].split("faces/")[1][0]: best["link"].split("#")[0] for best in page["best"]
    } == {
        "1": links[1.0],
        "2": links[2.0],
    }


def test_with_raw_corrections_that_cannot_be_read_are_no_matter(archive: Path) -> None:
    review_path(archive / "a.mp4.faces.csv").write_text("rubbish")
    assert said(overview(archive)) == {"2019/b.mp4": 1, "a.mp4": None}
    page = overview(archive, raw=True)
    assert said(page) == {"2019/b.mp4": 1, "a.mp4": 2}
    assert {best["movie"] for best in page.data()["best"]} == {"2019/b.mp4", "a.mp4"}


# A folder in which nothing can be written: in a program of its own, as root may write anywhere.

BEFORE = """
import logging, os, sys
from pathlib import Path
from videmo.index import Asked
from videmo.review import REMOVED, Fix, Key, Review, write_review
from videmo.search import ask_folder
from videmo.table import review_path
from tests.test_overview import GONE, overview, said
logging.basicConfig(stream=sys.stdout, format="%(message)s")
folder = Path(sys.argv[1])

def ask():
    index, moments = ask_folder(folder, lambda index: len([*index.find(Asked())]))
    print(moments, "in memory" if index.in_memory else "in a file")
    index.close()

def seal():
    (folder / "2019").chmod(0o777)
    folder.chmod(0o555)
    if os.geteuid() == 0:
        os.setgid(65534)
        os.setuid(65534)

corrections = review_path(folder / "2019" / "b.mp4.faces.csv")
write_review(corrections, GONE)
said(overview(folder))  # all is imported while it can be
corrections.unlink()
ask()
"""


@pytest.fixture
def open_archive() -> Iterator[Path]:
    """As `archive`, with folders above that anybody may go through."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "tables"
        told(folder, "a.mp4", {1: [*SMILE, *FROWN]})
        told(folder / "2019", "b.mp4", {1: SMILE})
        Path(place).chmod(0o755)
        yield folder
        folder.chmod(0o755)


def alone(script: str, folder: Path) -> list[str]:
    """What a program of its own prints."""
    done = subprocess.run(
        [sys.executable, "-c", BEFORE + script, str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@unix
def test_the_index_of_a_sealed_folder_is_used(open_archive: Path) -> None:
    assert alone("seal()\nask()", open_archive) == ["3 in a file"] * 2


@unix
def test_a_damaged_index_of_a_sealed_folder_costs_time_only(open_archive: Path) -> None:
    script = """
file = folder / "index.sqlite"
size = file.stat().st_size
file.write_bytes(file.read_bytes()[:4096] + bytes([238]) * (size - 4096))
seal()
ask()
"""
    assert alone(script, open_archive)[-1] == "3 in memory"


@unix
@pytest.mark.parametrize("indexed", [True, False])
def test_corrections_in_a_sealed_folder_are_shown(open_archive: Path, indexed: bool) -> None:
    script = """
seal()
page = overview(folder)
print(said(page))
for review in (GONE, Review()):
    write_review(corrections, review)
    print(said(page))
"""
    if not indexed:
        script = f"(folder / 'index.sqlite').unlink()\n{script}"
    printed = [line for line in alone(script, open_archive) if line.startswith("{")]
    whole, less = (str({"2019/b.mp4": b, "a.mp4": 2}) for b in (1, 0))
    assert printed == [whole, less, whole]
