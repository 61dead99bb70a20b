"""The cook-book is true: its commands are run on the demo, and say what stands there."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.conftest import ROOT
from videmo.cli import cli

PAGE = ROOT / "docs" / "cook-book.md"
NUMBER = r"\d+\.\d+"
NEAR = 0.15
"""By so much figures of another processor may differ."""
SHELL = ("cp", "mv", "rm")
WAITS = ("view", "collect", "train", "export", "live")
"""Commands that open a page, want a camera, or take long."""


def steps(text: str) -> Iterator[tuple[list[str], str]]:
    """Each command of the page, as words, and what stands there as its answer, or nothing."""
    blocks = re.findall(r"(?:^ {4}.*\n)+", text, re.MULTILINE)
    lines = [[line[4:] for line in block.splitlines()] for block in blocks]
    for place, block in enumerate(lines):
        if block[0].split()[0] not in ("videmo", *SHELL):
            continue
        answer = lines[place + 1] if place + 1 < len(lines) else ["videmo"]
        is_answer = answer[0].split()[0] not in ("videmo", *SHELL)
        for command in block:
            last = is_answer and command is block[-1]
            yield command.split(), "\n".join(answer) if last else ""


def done(words: list[str]) -> str:
    """Do a step in the current folder; gives what was said."""
    name, *rest = words
    if name == "rm":
        Path(rest[0]).unlink()
    elif name in SHELL:
        (shutil.copy if name == "cp" else shutil.move)(*rest)
    else:
        said = CliRunner().invoke(cli, rest)
        assert said.exit_code == 0, f"{' '.join(words)}: {said.output}"
        summed = [line for line in said.stderr.splitlines() if line.endswith(" in all")]
        return said.stdout + "\n".join(summed)
    return ""


def lines_of(text: str) -> list[list[str]]:
    """Words by line, however wide the columns are, and whichever of two near scores comes first."""
    return sorted((line.split() for line in text.splitlines() if line.strip()), key=last_first)


def last_first(words: list[str]) -> list[str]:
    return [re.sub(NUMBER, "0.0", word) for word in reversed(words)]


def figures(lines: list[list[str]]) -> list[float]:
    return [float(one) for words in lines for one in re.findall(NUMBER, " ".join(words))]


def test_the_cook_book_s_commands_say_what_stands_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = PAGE.read_text("utf-8")
    (coded,) = re.findall(r"```csv\n(.*?)```", text, re.DOTALL)
    (tmp_path / "coded.csv").write_text(coded)
    monkeypatch.chdir(tmp_path)
    ran = answered = 0
    for words, answer in steps(text):
        if words[0] == "videmo" and words[1] in WAITS:
            assert not answer, f"{words}: nobody looks whether it says so"
            continue
        said, ran = done(words), ran + 1
        if answer:
            answered += 1
            ours, told = lines_of(said), lines_of(answer)
            assert [*map(last_first, ours)] == [*map(last_first, told)], f"{words}: {said}"
            assert figures(ours) == pytest.approx(figures(told), abs=NEAR), f"{words}: {said}"
    assert (ran, answered) == (11, 7)
