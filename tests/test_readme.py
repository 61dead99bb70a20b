"""The README is true: its help is the program's, its table the table's, its commands are run."""

from __future__ import annotations

import os
import re
from pathlib import Path

import click
import cv2
import pytest
from click.testing import CliRunner

from tests.conftest import ROOT
from tests.movies import still
from videmo.cli import cli
from videmo.demo import make_movie
from videmo.faces import DetectorConfig, StillPicture, detector_of
from videmo.schema import EMOTIONS, column_names

README = ROOT / "README.md"
BEGIN, END = "<!-- help: begin -->\n", "<!-- help: end -->\n"
UPDATE = "VIDEMO_UPDATE_README"


def help_of(*command: str) -> str:
    text = (
        CliRunner().invoke(cli, [*command, "--help"], prog_name="videmo", terminal_width=96).output
    )
    return text.rstrip()


def help_section() -> str:
    names: list[tuple[str, ...]] = [()]
    for name, command in cli.commands.items():
        names.append((name,))
        if isinstance(command, click.Group):
            names += ((name, inner) for inner in command.commands)
    blocks = [
        f"### `{' '.join(('videmo', *name))}`\n\n```text\n{help_of(*name)}\n```\n" for name in names
    ]
    return "\n" + "\n".join(blocks) + "\n"


def in_one_line(text: str | None) -> str:
    return " ".join((text or "").split())


def test_every_command_s_help_stands_in_the_readme() -> None:
    """Its words, not its layout, which is click's; with VIDEMO_UPDATE_README=1 it is put there."""
    before, rest = README.read_text("utf-8").split(BEGIN)
    section, after = rest.split(END)
    if os.environ.get(UPDATE):
        section = help_section()
        README.write_text(before + BEGIN + section + END + after, "utf-8")
    there = in_one_line(section)
    groups = [c for c in cli.commands.values() if isinstance(c, click.Group)]
    inner = [command for group in groups for command in group.commands.values()]
    for command in (cli, *cli.commands.values(), *inner):
        words = [in_one_line(paragraph) for paragraph in (command.help or "").split("\n\n")]
        options = (p for p in command.params if isinstance(p, click.Option) and not p.hidden)
        for option in options:
            words += [in_one_line(option.help), *option.opts]
        missing = [word for word in words if word.replace("\b ", "") not in there]
        assert not missing, f"{missing}; run: {UPDATE}=1 pytest tests/test_readme.py"


def test_every_column_is_explained() -> None:
    text = README.read_text("utf-8")
    names = column_names(EMOTIONS)
    assert [name for name in names if f"`{name}`" not in text] == []


def table_rows(text: str, first: str) -> dict[str, list[str]]:
    """The table of a page whose first line begins with `first`: cells by what stands first."""
    lines = text[text.index(first) :].split("\n\n")[0].splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {name: cells for name, *cells in rows if "--" not in "".join(cells)}


def test_how_often_it_is_right_is_what_the_benchmarks_printed() -> None:
    """The table at the top, `make judge`'s and `make marks`'s: three tables of one model."""
    readme = README.read_text("utf-8")
    printed = (ROOT / "benchmarks" / "README.md").read_text("utf-8")
    ours = table_rows(readme, "| | happy |")
    judged = table_rows(printed, "| | right | accuracy |")
    marks = table_rows(printed, "| | clips held for it |")
    emotions = judged[""][3:]
    assert sorted(emotions) == sorted(ours[""]) == sorted(EMOTIONS)
    held = dict(zip(ours[""], ours["clips in which it was held longest"], strict=True))
    seconds = dict(zip(ours[""], ours["right, of all seconds called so"], strict=True))
    for name, part, precision in zip(
        emotions, judged["clips"][3:], judged["clips: precision"][3:], strict=True
    ):
        right, clips = map(int, held[name].split(" of "))
        assert f"{right / clips:.2f}" == part and marks[name][0] == held[name]
        percent = round(100 * float(precision))
        assert seconds[name] == f"{percent} %" and marks[name][-1] == f"{percent}%"
    right, clips = map(int, judged["clips"][0].split("/"))
    assert f"{right} of {clips} are held for what they show" in readme
    assert sum(int(cell.split()[0]) for cell in held.values()) == right
    assert sum(int(cell.split()[-1]) for cell in held.values()) == clips


def test_every_option_has_help() -> None:
    for command in cli.commands.values():
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, f"{command.name} {parameter.name}"


def test_every_file_that_the_readme_links_to_is_there() -> None:
    for link in re.findall(r"\]\(([^)#:]+)\)", README.read_text("utf-8")):
        assert (ROOT / link).exists(), link


def test_the_python_of_the_readme_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_movie(tmp_path / "holiday.mp4", still(0.5))
    monkeypatch.chdir(tmp_path)
    (code,) = re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    exec(compile(code, "README.md", "exec"), {})
    assert (tmp_path / "extracted" / "holiday.mp4" / "happy" / "sheet.jpg").is_file()


@pytest.mark.parametrize(("name", "faces"), [("demo-sheet.jpg", 5), ("demo-annotated.jpg", 2)])
def test_the_pictures_of_the_readme_show_the_demo_s_faces(name: str, faces: int) -> None:
    picture = StillPicture(cv2.imread(str(ROOT / "examples" / name)))
    detector = detector_of(DetectorConfig("haar", width=0, min_face=0.2))
    assert len(detector.detect(picture, ())) == faces
