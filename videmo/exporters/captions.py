"""Subtitles and chapters: who has which emotion when, in the time that players show."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

from videmo.exporters.address import milliseconds_late
from videmo.exporters.selection import Exported, Moments
from videmo.files import shown, write_atomic
from videmo.schema import Run, timecode

Who = Callable[[int], str]
"""Names a track."""
Says = Callable[[Run], str]
"""What is said of a run."""


class Cue(NamedTuple):
    """What is shown for a while."""

    start: float
    end: float
    """Seconds; itself excluded."""
    said: tuple[tuple[str, str], ...]
    """Who, and which emotion, perhaps how sure; one line each."""


def srt(moments: Moments) -> Exported:
    """Write ``STEM.srt``: SubRip, which most players load with a movie of the same name."""
    cues = cues_of(played(moments), moments.who, _with_scores(moments))
    return _written(moments, {".srt": srt_text(cues)})


def vtt(moments: Moments) -> Exported:
    """Write ``STEM.vtt``, captions, and ``STEM.chapters.vtt``, a chapter for each run."""
    cues = cues_of(played(moments), moments.who, _with_scores(moments))
    chapters = chapters_of(played(moments), moments.who)
    return _written(moments, {".vtt": vtt_text(cues), ".chapters.vtt": chapters_text(chapters)})


def played(moments: Moments) -> list[Run]:
    """The runs at the times at which players show them: where the pictures begin late, after the
    sound, so much later than in the table, whose time begins with the first picture."""
    late = max(0, milliseconds_late(moments.movie)) / 1000
    return [replace(run, start=run.start + late, end=run.end + late) for run in moments.runs]


def _with_scores(moments: Moments) -> Says:
    """What subtitles say of a run, at the time at which it is played: ``happy 0.87 sure``."""
    runs = zip(played(moments), moments.runs, strict=True)
    said = {late: f"{run.emotion} {moments.how_sure(run)}" for late, run in runs}
    return lambda run: said[run]


def _written(moments: Moments, texts: dict[str, str]) -> Exported:
    files = []
    for suffix, text in texts.items():
        files.append(moments.folder / f"{moments.stem}{suffix}")
        write_atomic(files[-1], text.encode("utf-8", "backslashreplace"))
    return Exported(files)


def cues_of(runs: Iterable[Run], who: Who, says: Says = lambda run: run.emotion) -> list[Cue]:
    """The runs of a movie as cues of which there is never more than one at a time. Pure.

    Where runs overlap, a cue has a line for each: editing programs refuse subtitles that overlap.
    """
    edges: dict[float, tuple[set[Run], set[Run]]] = {}
    for run in runs:
        edges.setdefault(run.start, (set(), set()))[0].add(run)
        edges.setdefault(run.end, (set(), set()))[1].add(run)
    there: set[Run] = set()
    cues: list[Cue] = []
    for start, end in pairwise([*sorted(edges), math.inf]):
        begun, ended = edges[start]
        there = (there | begun) - ended
        if there:
            cues.append(Cue(start, end, _said(there, who, says)))
    return cues


def chapters_of(runs: Iterable[Run], who: Who) -> list[Cue]:
    """A chapter from the start of each run to its end, or to where the next one starts. Pure."""
    starting: dict[float, list[Run]] = {}
    for run in sorted(runs, key=lambda run: run.start):
        starting.setdefault(run.start, []).append(run)
    return [
        Cue(start, min(after, max(run.end for run in there)), _said(there, who))
        for (start, there), after in zip(
            starting.items(), [*list(starting)[1:], math.inf], strict=True
        )
    ]


def _said(
    runs: Iterable[Run], who: Who, says: Says = lambda run: run.emotion
) -> tuple[tuple[str, str], ...]:
    ordered = sorted(runs, key=lambda run: (run.track, run.start))
    return tuple((who(run.track), says(run)) for run in ordered)


def srt_text(cues: Sequence[Cue]) -> str:
    """Cues as a SubRip file: a number, the times, the lines. Pure."""
    blocks = []
    for number, cue in enumerate(cues, 1):
        lines = (f"{_one_line(who)}: {emotion}" for who, emotion in cue.said)
        times = f"{timecode(cue.start)} --> {timecode(cue.end)}".replace(".", ",")
        blocks.append("\n".join([str(number), times, *lines, "", ""]))
    return "".join(blocks)


def vtt_text(cues: Sequence[Cue]) -> str:
    """Cues as a WebVTT file (W3C), with who it is as the voice. Pure."""
    blocks = ["WEBVTT\n\n"]
    for cue in cues:
        lines = (f"<v {_escaped(who)}>{emotion}</v>" for who, emotion in cue.said)
        times = f"{timecode(cue.start)} --> {timecode(cue.end)}"
        blocks.append("\n".join([times, *lines, "", ""]))
    return "".join(blocks)


def chapters_text(chapters: Sequence[Cue]) -> str:
    """Chapters, which must not overlap, as a WebVTT file. Pure."""
    blocks = ["WEBVTT\n\n"]
    for chapter in chapters:
        title = ", ".join(f"{emotion} ({_escaped(who)})" for who, emotion in chapter.said)
        blocks.append(f"{timecode(chapter.start)} --> {timecode(chapter.end)}\n{title}\n\n")
    return "".join(blocks)


def _one_line(text: str) -> str:
    """Without what would end a cue or be taken for markup: SubRip cannot escape."""
    return shown(text).replace("<", "(").replace(">", ")").replace("{", "(").replace("}", ")")


def _escaped(text: str) -> str:
    """As WebVTT wants it; an arrow would be taken for times."""
    for letter, name in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(letter, name)
    return shown(text)
