"""The README is true: its help is the program's, its table the table's, its commands are run."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

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
HEAVY = ["cv2", "pandas", "numpy", "av", "ai_edge_litert", "ffmpeg", "tqdm", "dlib", "PIL"]
HEAVY += ["matplotlib", "dask", "distributed", "torch", "starlette", "jinja2", "sqlite3"]


def hidden(parameter: click.Parameter) -> bool:
    return isinstance(parameter, click.Argument) or bool(getattr(parameter, "hidden", False))


def help_of(*command: str) -> str:
    text = (
        CliRunner().invoke(cli, [*command, "--help"], prog_name="videmo", terminal_width=96).output
    )
    return text.rstrip()


def every_command(group: click.Group = cli, *before: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Each command with the words that call it: those of groups, too."""
    yield before, group
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from every_command(command, *before, name)
        else:
            yield (*before, name), command


COMMANDS = dict(every_command())
OPTIONS = {
    words: {"--help", "-h", *(option for p in command.params if not hidden(p) for option in p.opts)}
    for words, command in COMMANDS.items()
}
PAGES = [README, *sorted((ROOT / "docs").glob("*.md")), ROOT / "benchmarks" / "README.md"]
PAGES += [ROOT / "models" / "README.md"]
OF_OTHERS = {
    README: {"--index-url"},  # pip's
    ROOT / "docs/cluster.md": {"--dashboard-address", "--lifetime", "--nthreads", "--protocol"},
    ROOT / "docs/training-history.md": {"--average-weights", "--mirrored"},  # there once
    ROOT / "benchmarks/README.md": {"--overhead"},  # of a benchmark
}
"""Options that are not videmo's."""


def help_section() -> str:
    blocks = [
        f"### `{' '.join(('videmo', *name))}`\n\n```text\n{help_of(*name)}\n```\n"
        for name in COMMANDS
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
    for command in COMMANDS.values():
        said = f"{command.help or ''}\n\n{command.epilog or ''}"
        words = [in_one_line(paragraph) for paragraph in said.split("\n\n")]
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
    for command in COMMANDS.values():
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, f"{command.name} {parameter.name}"


def test_every_command_answers_help_and_says_what_it_is_for() -> None:
    """At once: in one process that has loaded nothing heavy after all of them."""
    script = (
        "import json, sys\nfrom click.testing import CliRunner\nfrom videmo.cli import cli\n"
        "words = json.loads(sys.argv[1])\n"
        "said = [CliRunner().invoke(cli, [*of, how]) for of in words for how in ('-h', '--help')]\n"
        "print(json.dumps([[one.exit_code, one.output] for one in said]))\n"
        "print(json.dumps([name for name in json.loads(sys.argv[2]) if name in sys.modules]))\n"
    )
    command = [sys.executable, "-c", script, json.dumps([*COMMANDS]), json.dumps(HEAVY)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    answers, loaded = map(json.loads, done.stdout.splitlines())
    assert loaded == []
    for place, (words, one) in enumerate(COMMANDS.items()):
        short, long = answers[2 * place : 2 * place + 2]
        assert short == long and long[0] == 0, words
        usage, first = long[1].split("\n\n")[:2]
        assert usage.startswith("Usage: ") and "[OPTIONS]" in usage
        assert re.fullmatch(r"[A-Z].{20,}[.]", in_one_line(first)), f"{words}: {first}"
        assert in_one_line(first) == in_one_line((one.help or "").split("\n\n")[0])


def without_help(page: Path) -> str:
    text = page.read_text("utf-8")
    if page == README:
        before, rest = text.split(BEGIN)
        return before + rest.split(END)[1]
    return text


OPTION = r"(?<![\w-])-{1,2}[a-z][a-z0-9-]*"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.parent.name}-{page.name}")
def test_every_option_that_a_page_names_is_there(page: Path) -> None:
    others = OF_OTHERS.get(page, set())
    there = {"--version", *others}.union(*OPTIONS.values())
    named = set(re.findall(OPTION.replace("{1,2}", "{2}"), without_help(page)))
    assert named <= there, named - there
    assert others <= named


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.parent.name}-{page.name}")
def test_every_command_that_a_page_shows_has_these_options(page: Path) -> None:
    lines = re.findall(r"(?:^ {4}|`)videmo ([a-z][^`\n]*)", without_help(page), re.MULTILINE)
    assert lines or page.name == "training-history.md" or page.parent.name == "benchmarks"
    for line in lines:
        said = re.split(r" {3,}|;", line)[0].split(" ")  # what stands behind it explains it
        words = next(tuple(said[:n]) for n in (2, 1) if tuple(said[:n]) in COMMANDS)
        wrong = set(re.findall(OPTION, " ".join(said))) - OPTIONS[words]
        assert not wrong, f"videmo {line}: {wrong}"


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
