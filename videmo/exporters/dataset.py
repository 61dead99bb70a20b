"""Pictures to train on: faces cut out as the model sees them, in a folder for each class.

The folder grows with each movie and emotion, and is the user's to sort: a picture that was moved
into another class, or taken away, stays so when the same moments are exported again.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import NamedTuple

from videmo.exporters.crops import Crop, chosen, faces
from videmo.exporters.lists import Line, list_text, read_list
from videmo.exporters.selection import Exported, Moments, Sighting
from videmo.files import check_writable, output_error, sha256, shown, write_atomic
from videmo.pictures import encode_jpeg

FOLDER = "dataset"
LABELS = "labels.csv"
LABELS_COLUMNS = ("file", "emotion", "movie", "frame", "time", "track", "x", "y", "w", "h", "score")
SUFFIX = ".jpg"
SIDE = 96
"""Width and height of a picture, in pixels, if nobody says otherwise: `training` takes pictures of
up to 100 for faces that are cut out already."""
LONGEST = 120
"""Bytes of a movie's name that stand in those of its pictures."""


class Key(NamedTuple):
    """Which face a picture shows."""

    movie: str
    frame: str
    track: str


class Changes(NamedTuple):
    """What is to be done, in paths below the dataset's folder."""

    written: dict[Key, str]
    removed: list[str]
    lines: dict[Key, Line]
    """The new list."""


def export(moments: Moments) -> Exported:
    """Write ``dataset/EMOTION/MOVIE_FRAME_tTRACK.jpg`` for each face that counts.

    ``dataset/labels.csv`` says of each picture where it lies now (nowhere, if it was taken away),
    what the model took it for, and where it was cut out.
    """
    folder = moments.output / FOLDER
    check_writable(folder / LABELS)
    listed = read_labels(folder / LABELS)
    sightings = {
        _key(moments, sighting): (selection.emotion, sighting)
        for selection in moments.selections
        for sighting in chosen(selection)
    }
    wanted = {key: _line(key, *of_key) for key, of_key in sightings.items()}
    emotions = {selection.emotion for selection in moments.selections}
    changes = plan_pictures(wanted, listed, _pictures(folder), shown(moments.name), emotions)
    files = _write(moments, folder, [sightings[key][1] for key in changes.written], changes)
    for place in changes.removed:
        _remove(folder / place)
    text = list_text(LABELS_COLUMNS, changes.lines.values())
    write_atomic(folder / LABELS, text.encode())
    return Exported([folder / LABELS, *files])


def plan_pictures(
    wanted: dict[Key, Line],
    listed: dict[Key, Line],
    there: dict[str, str],
    movie: str,
    emotions: set[str],
) -> Changes:
    """What an export of `emotions` of `movie` has to do. Pure.

    Args:
        wanted: the pictures to be made.
        listed: those that earlier exports made.
        there: where each picture lies now, by its name.
        movie, emotions: of which earlier pictures are replaced.
    """
    changes = Changes({}, [], {})
    for key in sorted({*wanted, *listed}, key=_order):
        name = picture_name(key)
        place, before = there.get(name, ""), listed.get(key)
        # Whether it lies where it was put: the user has not moved it.
        ours = before is not None and place == f"{before['emotion']}/{name}"
        if key in wanted:
            line = wanted[key]
            if place and not ours:
                target = place
            elif before is not None and not place:
                target = ""  # the user has taken it away
            else:
                target = f"{line['emotion']}/{name}"
            if target:
                changes.written[key] = target
            if ours and target != place:
                changes.removed.append(place)
            changes.lines[key] = {**line, "file": target}
        elif ours and listed[key]["movie"] == movie and listed[key]["emotion"] in emotions:
            changes.removed.append(place)
        else:
            changes.lines[key] = {**listed[key], "file": place}
    return changes


def picture_name(key: Key) -> str:
    """The file name of a picture: its movie, frame and track, whatever folder it is in."""
    movie = key.movie
    if "/" in movie or len(movie.encode()) > LONGEST:
        last = movie.rpartition("/")[2].encode()[: LONGEST - 9].decode(errors="ignore")
        movie = f"{last}-{sha256(movie.encode())[:8]}"
    return f"{movie}_{key.frame.zfill(6)}_t{key.track}{SUFFIX}"


def read_labels(path: Path) -> dict[Key, Line]:
    """What `labels.csv` says so far.

    Raises:
        OutputError: it cannot be read, or is not the list that videmo writes.
    """
    lines = read_list(path, LABELS_COLUMNS)
    return {Key(line["movie"], line["frame"], line["track"]): line for line in lines}


def _key(moments: Moments, sighting: Sighting) -> Key:
    return Key(shown(moments.name), str(sighting.frame), str(sighting.track))


def _order(key: Key) -> tuple[str, str, str]:
    return key.movie, key.frame.zfill(12), key.track.zfill(12)


def _line(key: Key, emotion: str, sighting: Sighting) -> Line:
    box = {name: str(value) for name, value in sighting.box._asdict().items()}
    return {
        **key._asdict(),
        "emotion": emotion,
        "time": f"{sighting.time:.3f}",
        **box,
        "score": f"{sighting.score:.4f}",
    }


def _remove(picture: Path) -> None:
    """Take a picture away, and its folder if that is empty then: it would be a class of nothing."""
    try:
        picture.unlink()
        with contextlib.suppress(OSError):
            picture.parent.rmdir()
    except OSError as error:
        raise output_error(error, picture) from error


def _pictures(folder: Path) -> dict[str, str]:
    """Where each picture in the dataset lies, by its name; the first place of several."""
    found: dict[str, str] = {}
    for place, folders, names in os.walk(folder):
        folders.sort()
        below = Path(place).relative_to(folder)
        for name in sorted(names):
            if name.endswith(SUFFIX):
                found.setdefault(name, (below / name).as_posix())
    return found


def _write(
    moments: Moments, folder: Path, sightings: list[Sighting], changes: Changes
) -> list[Path]:
    choice = moments.choice
    files = []
    # Upright, and as narrow as what a scan gives the model, if nobody says otherwise.
    margin = moments.margin if choice.margin is None else choice.margin
    how = Crop(margin, choice.size or SIDE, upright=True, whole=moments.whole)
    for sighting, face in faces(moments.movie, sightings, how):
        files.append(folder / changes.written[_key(moments, sighting)])
        write_atomic(files[-1], encode_jpeg(face))
    return files
