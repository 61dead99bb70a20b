"""The contact sheet: the best face of each moment, with its time and score."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from videmo.draw import TILE, Header, Tile, colours_of, contact_sheet, cut_face
from videmo.exporters.selection import Exported, Selection, remove_others
from videmo.files import shown, write_atomic
from videmo.pictures import encode_jpeg
from videmo.plain import counted
from videmo.schema import Run, Segment, timecode
from videmo.video import open_movie

MOMENTS_A_PAGE = 60
SHEET_NAME = r"sheet(-\d+)?\.jpg"


def export(selection: Selection) -> Exported:
    """Write ``sheet.jpg``, and ``sheet-2.jpg`` and on when there are many moments."""
    moments = selection.ordered
    of_run: dict[Run, Path] = {}
    files = []
    for page, start in enumerate(range(0, len(moments), MOMENTS_A_PAGE), 1):
        part = moments[start : start + MOMENTS_A_PAGE]
        files.append(selection.folder / ("sheet.jpg" if page == 1 else f"sheet-{page}.jpg"))
        picture = contact_sheet(tiles_of(selection, part), header_of(selection))
        write_atomic(files[-1], encode_jpeg(picture))
        of_run |= dict.fromkeys([run for moment in part for run in moment.runs], files[-1])
    remove_others(selection.folder, SHEET_NAME, keep=files)
    return Exported(files, of_run)


def tiles_of(selection: Selection, moments: Sequence[Segment]) -> list[Tile]:
    """The best face of each of `moments`, and what is written under it."""
    best = [selection.best(moment) for moment in moments]
    times = sorted({sighting.time for sighting in best})
    tiles = {}
    with open_movie(selection.movie) as reader:
        for time, frame in zip(times, reader.at(times), strict=True):
            picture = frame.ordinary
            for moment, sighting in zip(moments, best, strict=True):
                if sighting.time == time:
                    face = cut_face(picture, sighting.box, margin=0.2, size=TILE)
                    scanned = "scanned " if selection.every > 1 else ""
                    count = sum(run.repeat for run in moment.runs)
                    frames = counted(count, f"{scanned}frame")
                    track = sighting.track
                    person = selection.persons.get(track)
                    who = f"t{track} {person}" if person else f"t{track}"
                    under = f"{who}  {frames}  {sighting.score:.2f}"
                    tiles[moment] = Tile(face, (timecode(sighting.time), under))
    return [tiles[moment] for moment in moments]


def header_of(selection: Selection) -> Header:
    """What stands above the faces: of how much they are, and where in it the runs lie."""
    runs = selection.runs
    seconds = sum(run.end - run.start for run in runs)
    moments = len(selection.segments)
    tracks = len({run.track for run in runs})
    start = selection.start
    length = selection.end - start or 1.0
    late = f" from {timecode(start)} on" if start else ""
    who = {selection.persons.get(run.track, "") for run in runs}
    names = ", ".join(sorted(who - {""}))
    said = f"{', with' if '' in who else ':'} {names}" if names else ""
    return Header(
        title=f"{selection.emotion} - {shown(selection.name)}",
        about=f"{counted(moments, 'moment')}, {seconds:.1f} s of {timecode(length)}{late}, "
        f"{counted(tracks, 'track')}{said}",
        colour=colours_of(selection.labels)[selection.emotion],
        stretches=tuple(((run.start - start) / length, (run.end - start) / length) for run in runs),
    )
