"""The contact sheet: the best face of each run, with its time and score."""

from __future__ import annotations

from pathlib import Path

from videmo.draw import TILE, Header, Tile, colours_of, contact_sheet, cut_face
from videmo.exporters.crops import encode_jpeg
from videmo.exporters.selection import Exported, Selection, remove_others
from videmo.files import shown, write_atomic
from videmo.schema import Run, timecode
from videmo.video import open_movie

RUNS_A_PAGE = 60
SHEET_NAME = r"sheet(-\d+)?\.jpg"


def export(selection: Selection) -> Exported:
    """Write ``sheet.jpg``, and ``sheet-2.jpg`` and on when there are many runs."""
    runs = selection.runs
    of_run: dict[Run, Path] = {}
    files = []
    for page, start in enumerate(range(0, len(runs), RUNS_A_PAGE), 1):
        part = runs[start : start + RUNS_A_PAGE]
        files.append(selection.folder / ("sheet.jpg" if page == 1 else f"sheet-{page}.jpg"))
        picture = contact_sheet(tiles_of(selection, part), header_of(selection))
        write_atomic(files[-1], encode_jpeg(picture))
        of_run |= dict.fromkeys(part, files[-1])
    remove_others(selection.folder, SHEET_NAME, keep=files)
    return Exported(files, of_run)


def tiles_of(selection: Selection, runs: tuple[Run, ...]) -> list[Tile]:
    """The best face of each of `runs`, and what is written under it."""
    best = {run: selection.best(run) for run in runs}
    times = sorted({sighting.time for sighting in best.values()})
    tiles = {}
    with open_movie(selection.movie) as reader:
        for time, frame in zip(times, reader.at(times), strict=True):
            picture = frame.ordinary
            for run, sighting in best.items():
                if sighting.time == time:
                    face = cut_face(picture, sighting.box, margin=0.2, size=TILE)
                    scanned = "scanned " if selection.every > 1 else ""
                    frames = f"{run.repeat} {scanned}frame{'s' if run.repeat != 1 else ''}"
                    person = selection.persons.get(run.track)
                    who = f"t{run.track} {person}" if person else f"t{run.track}"
                    under = f"{who}  {frames}  {sighting.score:.2f}"
                    tiles[run] = Tile(face, (timecode(sighting.time), under))
    return [tiles[run] for run in runs]


def header_of(selection: Selection) -> Header:
    """What stands above the faces: of how much they are, and where in it the runs lie."""
    runs = selection.runs
    seconds = sum(run.end - run.start for run in runs)
    count = f"{len(runs)} moment{'s' if len(runs) != 1 else ''}"
    tracks = len({run.track for run in runs})
    start = selection.start
    length = selection.end - start or 1.0
    late = f" from {timecode(start)} on" if start else ""
    who = {selection.persons.get(run.track, "") for run in runs}
    names = ", ".join(sorted(who - {""}))
    said = f"{', with' if '' in who else ':'} {names}" if names else ""
    return Header(
        title=f"{selection.emotion} - {shown(selection.name)}",
        about=f"{count}, {seconds:.1f} s of {timecode(length)}{late}, "
        f"{tracks} track{'s' if tracks != 1 else ''}{said}",
        colour=colours_of(selection.labels)[selection.emotion],
        stretches=tuple(((run.start - start) / length, (run.end - start) / length) for run in runs),
    )
