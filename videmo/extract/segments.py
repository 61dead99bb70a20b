"""The list of all runs that were exported into a folder: `segments.csv`."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from videmo.errors import OutputError
from videmo.exporters import EXPORTERS
from videmo.exporters.selection import Exported, Selection
from videmo.files import shown, write_whole

Line = dict[str, str]

SEGMENTS = "segments.csv"

_COLUMNS = (
    *("movie", "emotion", "track", "first", "last", "repeat", "start", "end", "score"),
    *("clip_start", "clip_end"),
)


def read_segments(folder: Path) -> list[Line]:
    """What the folder's list says so far."""
    path = folder / SEGMENTS
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            listed = list(reader)
            header = tuple(reader.fieldnames or ())
    except FileNotFoundError:
        return []
    except (OSError, ValueError, csv.Error) as error:
        raise OutputError(
            f"{shown(path)}: cannot be read; move it away, or choose another folder with -o"
        ) from error
    if not set(header) >= set(_COLUMNS) or any(None in line.values() for line in listed):
        raise OutputError(
            f"{shown(path)}: is not the list that videmo writes; move it away, or choose another "
            "folder with -o"
        )
    return listed


def lines_of(selection: Selection, made: dict[str, Exported], folder: Path) -> list[Line]:
    """What `segments.csv` says of each run of a selection."""
    lines = []
    for segment in selection.segments:
        for run in segment.runs:
            scores = [sighting.score for sighting in selection.sightings[run]]
            files = {
                export: exported.of_run[run].relative_to(folder).as_posix()
                for export, exported in made.items()
                if run in exported.of_run
            }
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
                    "score": f"{sum(scores) / len(scores):.4f}",
                    "clip_start": f"{segment.start:.3f}",
                    "clip_end": f"{segment.end:.3f}",
                    **files,
                }
            )
    return lines


def write_segments(
    folder: Path,
    listed: list[Line],
    lines: list[Line],
    renewed: set[tuple[str, str]],
) -> None:
    """Bring the folder's list up to date: of what was `listed`, all but the `renewed` stays.

    Movies and emotions that are renewed are given by their names.
    """
    kept = [line for line in listed if (line["movie"], line["emotion"]) not in renewed]
    if not lines and kept == listed:
        return
    # Numbers of these lengths sort as text, in order of time.
    order = ("movie", "emotion")
    every = sorted(
        kept + lines,
        key=lambda line: (*(line[name] for name in order), line["first"].zfill(12), line["track"]),
    )
    text = io.StringIO()
    columns = (*_COLUMNS, *EXPORTERS)
    writer = csv.DictWriter(text, columns, restval="", extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(every)
    write_whole(folder / SEGMENTS, text.getvalue().encode("utf-8", "backslashreplace"))
