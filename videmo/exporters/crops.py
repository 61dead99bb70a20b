"""Crop out faces: one picture for each frame of a moment, or the best of each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from videmo.draw import cut_face
from videmo.exporters.lengths import spread
from videmo.exporters.selection import Exported, Selection, Sighting, remove_others
from videmo.faces import crop_picture
from videmo.files import write_atomic
from videmo.pictures import encode_jpeg
from videmo.schema import DEFAULT_MAX_CROPS, Run
from videmo.video import Movie, open_movie

MARGIN = 0.2
"""What is left around a face if nobody says otherwise."""
FOLDER = "crops"
CROP_NAME = r"\d{6,}_t\d+\.jpg"


class Crop(NamedTuple):
    """How faces are cut out of pictures; see `cut_face`."""

    margin: float = 0.0
    size: int = 0
    upright: bool = False
    whole: bool = False
    """What was looked at is all of the picture: with a `size`, it is stretched, as a model sees
    it, not cut to a square."""

    def of(self, picture: np.ndarray, sighting: Sighting) -> np.ndarray:
        """What is seen in `picture` (BGR uint8)."""
        if self.whole:
            return crop_picture(picture, self.size) if self.size else picture
        roll = sighting.roll if self.upright else 0.0
        return cut_face(picture, sighting.box, margin=self.margin, size=self.size, roll=roll)


def export(selection: Selection) -> Exported:
    """Write ``crops/FRAME_tTRACK.jpg`` for each face that counts, or of as many as wanted."""
    folder = selection.folder / FOLDER
    choice = selection.choice
    margin = MARGIN if choice.margin is None else choice.margin
    how = Crop(margin, choice.size, choice.upright, selection.whole)
    # Who asks for the best of each moment has asked for few.
    kept = chosen(selection, 0 if choice.best else DEFAULT_MAX_CROPS)
    files = []
    for sighting, face in faces(selection.movie, kept, how):
        files.append(folder / crop_name(sighting))
        write_atomic(files[-1], encode_jpeg(face))
    remove_others(folder, CROP_NAME, keep=files)
    of_run = {run: folder / crop_name(best) for run, best in _best_of_runs(selection, kept).items()}
    return Exported(files, of_run, faces=_too_many(selection, len(files)))


def chosen(selection: Selection, most: int = 0) -> list[Sighting]:
    """The faces to be cut out: of each moment all, or the best; `most` of them if nobody says
    otherwise, 0: all."""
    limit = most if selection.choice.max_crops is None else selection.choice.max_crops
    if selection.choice.best:
        return spread([[selection.best(segment)] for segment in selection.segments], limit)
    return spread([selection.faces_of(segment) for segment in selection.segments], limit)


def _too_many(selection: Selection, made: int) -> int:
    """How many faces, or with `--best` moments, there were, if fewer pictures were made."""
    every = sum(run.repeat for run in selection.runs)
    there = len(selection.segments) if selection.choice.best else every
    return there if there > made else 0


def _best_of_runs(selection: Selection, kept: Sequence[Sighting]) -> dict[Run, Sighting]:
    """The best of the `kept` faces of each run; of one that has none, of its moment."""
    there = set(kept)
    best = {}
    for segment in selection.segments:
        of_runs = {
            run: [face for face in selection.sightings[run] if face in there]
            for run in segment.runs
        }
        every = [face for faces in of_runs.values() for face in faces]
        for run, mine in of_runs.items():
            if mine or every:
                best[run] = max(mine or every, key=lambda face: face.score)
    return best


def faces(
    movie: Movie, sightings: Iterable[Sighting], how: Crop
) -> Iterator[tuple[Sighting, np.ndarray]]:
    """Each of `sightings` in order of time, with its picture (BGR uint8)."""
    of_time: dict[float, list[Sighting]] = defaultdict(list)
    for sighting in sightings:
        of_time[sighting.time].append(sighting)
    times = sorted(of_time)
    with open_movie(movie) as reader:
        for time, frame in zip(times, reader.at(times), strict=True):
            picture = frame.ordinary
            for sighting in of_time[time]:
                yield sighting, how.of(picture, sighting)


def crop_name(sighting: Sighting) -> str:
    """The file name of a crop: its frame and its track."""
    return f"{sighting.frame:06}_t{sighting.track}.jpg"
