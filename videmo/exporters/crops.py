"""Cut out faces: one picture for each frame of a run, or the best of each."""

from __future__ import annotations

from collections import defaultdict

import cv2
import numpy as np

from videmo.draw import cut_face
from videmo.errors import OutputError
from videmo.exporters.selection import Exported, Selection, Sighting, remove_others
from videmo.files import write_whole
from videmo.video import open_movie

JPEG_QUALITY = 95
FOLDER = "crops"
CROP_NAME = r"\d{6,}_t\d+\.jpg"


def export(selection: Selection) -> Exported:
    """Write ``crops/FRAME_tTRACK.jpg`` for each face that counts."""
    folder = selection.folder / FOLDER
    if selection.choice.best:
        chosen = [selection.best(run) for run in selection.runs]
    else:
        chosen = [s for sightings in selection.sightings.values() for s in sightings]
    of_time: dict[float, list[Sighting]] = defaultdict(list)
    for sighting in chosen:
        of_time[sighting.time].append(sighting)
    files = []
    choice = selection.choice
    with open_movie(selection.movie) as reader:
        times = sorted(of_time)
        for time, frame in zip(times, reader.at(times), strict=True):
            picture = frame.bgr
            for sighting in of_time[time]:
                face = cut_face(picture, sighting.box, margin=choice.margin, size=choice.size)
                files.append(folder / crop_name(sighting))
                write_whole(files[-1], encode_jpeg(face))
    remove_others(selection.folder / FOLDER, CROP_NAME, keep=files)
    of_run = {run: folder / crop_name(selection.best(run)) for run in selection.runs}
    return Exported(files, of_run)


def crop_name(sighting: Sighting) -> str:
    """The file name of a crop: its frame and its track."""
    return f"{sighting.frame:06}_t{sighting.track}.jpg"


def encode_jpeg(picture: np.ndarray) -> bytes:
    """A picture (BGR uint8) as the bytes of a JPEG file."""
    # Not imwrite: that only returns False on a full disk, and crashes on names that are not UTF-8.
    done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    if not done:
        raise OutputError(f"a picture of {picture.shape} cannot be written as JPEG")
    return data.tobytes()
