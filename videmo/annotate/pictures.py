"""Scan pictures one by one, draw into each what was seen, and list it in one table."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from videmo.annotate import LAYERS, PICTURE_SUFFIX, check_layers
from videmo.draw import Marked, draw_faces
from videmo.errors import DiskFullError, OutputError, RequestError, SetupError, VidemoError
from videmo.exporters.crops import encode_jpeg
from videmo.files import check_writable, shown, write_whole
from videmo.pictures import find_pictures, read_picture
from videmo.scan import Settings
from videmo.scan.picture import PICTURE_LOOK, scan_picture
from videmo.schema import ALIGNED_EYES, COLUMNS, EMOTIONS, Face

LIST = "pictures.csv"
FILE = "file"
"""The column before those of a movie's table: the picture's name."""

Line = dict[str, str]


@dataclass(frozen=True)
class Seen:
    """What became of a picture."""

    picture: Path
    name: str
    """Its name in the list."""
    file: Path | None = None
    """The picture that was drawn."""
    faces: tuple[Face, ...] = field(default=())
    error: VidemoError | None = None

    @property
    def emotions(self) -> list[str]:
        """What each face looks like."""
        return [_emotion(face)[0] for face in self.faces]


def annotate_pictures(
    paths: Iterable[Path | str],
    folder: Path | str = ".",
    *,
    layers: Collection[str] = tuple(LAYERS),
    settings: Settings | None = None,
) -> Iterator[Seen]:
    """Scan each picture and draw what is seen into a copy, `NAME.annotated.jpg` in `folder`.

    Gives what became of each as soon as it is known; a bad one costs one. In the end all that are
    in `folder` are listed in its `pictures.csv`: see `read_list`.

    Raises:
        RequestError: a path or a layer does not exist, or two pictures would get one name.
        OutputError: the folder cannot be written, or its `pictures.csv` is another's.
        SetupError: the model or the cascades are not what they should be.
    """
    folder = Path(folder)
    check_layers(layers)
    settings = settings or Settings(PICTURE_LOOK)
    pictures = find_pictures(map(Path, paths), leave_out=PICTURE_SUFFIX)
    listed = read_list(folder)
    check_writable(folder / LIST)
    try:
        for path, name in pictures.items():
            seen = _annotate(path, name, folder, "bars" in layers, settings)
            if seen.error is None:
                listed[name] = lines_of(name, seen.faces)
            yield seen
    finally:  # an interruption does not take what is done
        if listed:
            write_whole(folder / LIST, as_csv(listed).encode("utf-8", "backslashreplace"))


def _annotate(path: Path, name: str, folder: Path, bars: bool, settings: Settings) -> Seen:
    target = folder / (name + PICTURE_SUFFIX)
    try:
        picture = read_picture(path)
        faces = tuple(scan_picture(picture, settings))
        if target.exists() and target.samefile(path):
            raise RequestError(f"{shown(target)}: is the picture itself; choose a folder with -o")
        draw_faces(picture, [_marked(n, face) for n, face in enumerate(faces, 1)], bars=bars)
        write_whole(target, encode_jpeg(picture))
    except (DiskFullError, SetupError):
        raise
    except VidemoError as error:
        return Seen(path, name, error=error)
    return Seen(path, name, target, faces)


def _marked(number: int, face: Face) -> Marked:
    return Marked(number, face.box, face.eyes >= ALIGNED_EYES, _emotion(face)[0], face.scores)


def _emotion(face: Face) -> tuple[str, float]:
    score = max(face.scores)
    return EMOTIONS[face.scores.index(score)], score


def lines_of(name: str, faces: Iterable[Face]) -> list[Line]:
    """What the list says of a picture: a line for each face, or one without a face.

    `track` is the number that is drawn beside a face, from left to right. A picture has no time,
    and no run.
    """
    lines = []
    for number, face in enumerate(faces, 1):
        emotion, score = _emotion(face)
        box = {key: str(value) for key, value in face.box._asdict().items()}
        scores = {key: f"{value:.4f}" for key, value in zip(EMOTIONS, face.scores, strict=True)}
        about = {"track": str(number), "eyes": str(face.eyes), "emotion": emotion}
        lines.append({FILE: name, **about, **box, "score": f"{score:.4f}", **scores})
    return lines or [{FILE: name}]


def as_csv(listed: Mapping[str, list[Line]], names: Iterable[str] | None = None) -> str:
    """The lines of all pictures as one table, or of those called `names`.

    In order of names, which gives each picture its number, in the column `frame`.
    """
    wanted = set(listed if names is None else names)
    text = io.StringIO()
    writer = csv.DictWriter(text, (FILE, *COLUMNS), restval="", lineterminator="\n")
    writer.writeheader()
    for number, name in enumerate(sorted(listed)):
        if name in wanted:
            writer.writerows({**line, "frame": str(number)} for line in listed[name])
    return text.getvalue()


def read_list(folder: Path) -> dict[str, list[Line]]:
    """What the `pictures.csv` of a folder says: the lines of each picture, by its name.

    The columns are `file`, and those of a movie's table.

    Raises:
        OutputError: it is not the list that videmo writes.
    """
    path = folder / LIST
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            lines = list(reader)
            header = tuple(reader.fieldnames or ())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, csv.Error) as error:
        raise OutputError(
            f"{shown(path)}: cannot be read; move it away, or choose another folder with -o"
        ) from error
    if header != (FILE, *COLUMNS) or any(None in (*line, *line.values()) for line in lines):
        raise OutputError(
            f"{shown(path)}: is not the list that videmo writes; move it away, or choose another "
            "folder with -o"
        )
    listed: dict[str, list[Line]] = {}
    for line in lines:
        listed.setdefault(line[FILE], []).append(line)
    return listed
