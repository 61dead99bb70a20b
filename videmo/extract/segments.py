"""The list of all runs that were exported into a folder: `segments.csv`.

Its columns of files are those of exporters that make files of runs. What shows a whole movie, or
several, is not in it: every line would say the same.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from videmo.errors import OutputError, TableError
from videmo.exporters import OF_RUNS
from videmo.exporters.lists import Line, list_text, read_list
from videmo.exporters.selection import Exported, Selection
from videmo.files import shown, write_atomic
from videmo.table import place_of, read_record

SEGMENTS = "segments.csv"

SEGMENTS_COLUMNS = (
    *("movie", "emotion", "track", "first", "last", "repeat", "start", "end", "score"),
    *("clip_start", "clip_end"),
)
_MARK, _PERSON, _ASKED = "mark", "person", "asked"
"""How sure the run is, who the track is, if that is known, and how long runs were asked to be, in
frames (5) or seconds (0.2s): columns that older lists do not have."""
_TABLE = "table"
"""Where the run's table lies, from the folder on; older lists do not say it, either."""
_PICTURES = ("first_picture", "last_picture")
"""The files of the first and the last frame, where the movie is numbered pictures; neither do
they."""


def read_segments(folder: Path) -> list[Line]:
    """What the folder's list says so far.

    Raises:
        OutputError: it cannot be read, or is not the list that videmo writes.
    """
    return read_list(folder / SEGMENTS, SEGMENTS_COLUMNS)


def check_own(listed: Iterable[Line], table: Path, name: str, folder: Path) -> None:
    """Not to replace what was made of another movie of the same name.

    Args:
        listed: what `read_segments` says of `folder`.
        table: of which something is to be made.
        name: that of its movie.
        folder: where it is to be made.

    Raises:
        OutputError: what lies there is of another movie.
    """
    places = {line.get(_TABLE) or "" for line in listed if line["movie"] == name}
    for place in sorted(filter(None, places)):
        other = Path(os.path.normpath(folder.resolve() / place))
        with suppress(OSError, TableError):
            if not other.samefile(table) and _movie_of(other) != _movie_of(table):
                raise OutputError(
                    f"{shown(folder / name)}: is of another movie of this name, whose table is "
                    f"{shown(other)}; choose another folder with -o"
                )


def _movie_of(table: Path) -> str:
    return str(read_record(table)["movie"].get("fingerprint"))


def lines_of(
    selection: Selection, made: dict[str, Exported], folder: Path, table: Path
) -> list[Line]:
    """What `segments.csv` in `folder` says of each run of a selection of `table`."""
    lines, place = [], place_of(table, folder)
    for segment in selection.segments:
        for run in segment.runs:
            files = {
                export: exported.of_run[run].relative_to(folder).as_posix()
                for export, exported in made.items()
                if run in exported.of_run
            }
            ends = (selection.sightings[run][at].time for at in (0, -1))
            pictures = (selection.movie.picture(time) for time in ends)
            lines.append(
                {
                    "movie": selection.name,
                    "emotion": run.emotion,
                    "track": str(run.track),
                    "first": str(run.first),
                    "last": str(run.last),
                    "repeat": str(run.repeat),
                    "start": f"{run.start:.3f}",
                    "end": f"{run.end:.3f}",
                    "score": f"{selection.score(run):.4f}",
                    "clip_start": f"{segment.start:.3f}",
                    "clip_end": f"{segment.end:.3f}",
                    _MARK: selection.mark(run),
                    _PERSON: selection.persons.get(run.track, ""),
                    _ASKED: selection.asked,
                    _TABLE: place,
                    **dict(zip(_PICTURES, pictures, strict=True)),
                    **files,
                }
            )
    return lines


def renewed(listed: list[Line], lines: list[Line], made: Sequence[str]) -> list[Line]:
    """The list after `lines` were made, in order: it tells what lies in the folder.

    What was `listed` of other movies and emotions stays. Of the same ones, the kinds of files that
    were `made` now are those in `lines`; of other kinds, what was there before is still there.
    """
    again = {(line["movie"], line["emotion"]) for line in lines}
    every = {_key(line): line for line in lines}
    for line in listed:
        if (line["movie"], line["emotion"]) not in again:
            every[_key(line)] = line
            continue
        others = {kind: line.get(kind, "") for kind in OF_RUNS if kind not in made}
        if _key(line) in every:
            every[_key(line)] = {**every[_key(line)], **others}
        elif any(others.values()):
            every[_key(line)] = {**line, **dict.fromkeys(made, ""), **others}
    return [every[key] for key in sorted(every)]


def _key(line: Line) -> tuple[str, ...]:
    """What tells a run from others, and puts it in its place."""
    numbers = (line[name].zfill(12) for name in ("first", "last", "track"))
    return (line["movie"], line["emotion"], *numbers)


def write_segments(folder: Path, lines: list[Line]) -> None:
    """Write the folder's list; none where there is nothing to list."""
    if not lines:
        return
    text = list_text(
        (*SEGMENTS_COLUMNS, _MARK, _PERSON, _ASKED, _TABLE, *_PICTURES, *OF_RUNS), lines
    )
    write_atomic(folder / SEGMENTS, text.encode("utf-8", "backslashreplace"))
