"""Scan pictures one by one, draw into each what was seen, and list it in one table."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from videmo.annotate import DEFAULT_LAYERS, PICTURE_SUFFIX, check_layers
from videmo.draw import Marked, colours_of, draw_faces
from videmo.emotions import find_model
from videmo.errors import DiskFullError, OutputError, RequestError, SetupError, VidemoError
from videmo.exporters.lists import Line, check_saved_by_us, header_and_lines, list_text
from videmo.faces import detector_of
from videmo.files import check_writable, shown, write_atomic
from videmo.pictures import encode_jpeg, find_pictures, read_picture
from videmo.scan import Settings
from videmo.scan.chunk import detector_config
from videmo.scan.picture import PICTURE_CONFIG, scan_picture
from videmo.schema import (
    ALIGNED_EYES,
    EMOTIONS,
    OBSERVED,
    SCORE,
    Face,
    column_names,
)
from videmo.table import cell

LIST = "pictures.csv"
FILE = "file"
"""The column before those of a movie's table: the picture's name."""


@dataclass(frozen=True)
class AnnotatedPicture:
    """What became of a picture."""

    picture: Path
    name: str
    """Its name in the list."""
    file: Path | None = None
    """The picture that was drawn."""
    faces: tuple[Face, ...] = ()
    labels: tuple[str, ...] = EMOTIONS
    """What the scores of the faces are of."""
    error: VidemoError | None = None

    @property
    def emotions(self) -> list[str]:
        """What each face looks like."""
        return [_emotion(face, self.labels)[0] for face in self.faces]


def annotate_pictures(
    paths: Iterable[Path | str],
    folder: Path | str = ".",
    *,
    layers: Collection[str] = DEFAULT_LAYERS,
    settings: Settings | None = None,
) -> Iterator[AnnotatedPicture]:
    """Scan each picture and draw what is seen into a copy, `NAME.annotated.jpg` in `folder`.

    Gives what became of each as soon as it is known; a bad one costs one. In the end all that are
    in `folder` are listed in its `pictures.csv`: see `read_list`.

    Raises:
        RequestError: a path or a layer does not exist, or two pictures would get one name.
        OutputError: the folder cannot be written, or its `pictures.csv` is another's.
        SetupError: the model, or what the detector has learnt, is not what it should be.
    """
    folder = Path(folder)
    check_layers(layers)
    settings = settings or Settings(PICTURE_CONFIG)
    model = find_model(settings.model)
    detector_of(detector_config(settings, model))  # or each picture would say what is wrong
    labels = model.labels
    pictures = find_pictures(map(Path, paths), leave_out=PICTURE_SUFFIX)
    listed = read_list(folder, labels)
    check_writable(folder / LIST)
    try:
        for path, name in pictures.items():
            seen = _annotate(path, folder / (name + PICTURE_SUFFIX), settings, labels, layers)
            seen = replace(seen, name=name)
            if seen.error is None:
                listed[name] = lines_of(name, seen.faces, labels)
            yield seen
    finally:  # an interruption does not take what is done
        if listed:
            text = as_csv(listed, labels)
            write_atomic(folder / LIST, text.encode("utf-8", "backslashreplace"))


def _annotate(
    path: Path,
    target: Path,
    settings: Settings,
    labels: tuple[str, ...],
    layers: Collection[str],
) -> AnnotatedPicture:
    seen = AnnotatedPicture(path, "", labels=labels)
    try:
        picture = read_picture(path)
        faces = tuple(scan_picture(picture, settings))
        if target.exists() and target.samefile(path):
            raise RequestError(f"{shown(target)}: is the picture itself; choose a folder with -o")
        marked = [_marked(n, face, labels, "eyes" in layers) for n, face in enumerate(faces, 1)]
        draw_faces(picture, marked, colours=colours_of(labels), bars="bars" in layers)
        write_atomic(target, encode_jpeg(picture))
    except (DiskFullError, SetupError):
        raise
    except VidemoError as error:
        return replace(seen, error=error)
    return replace(seen, file=target, faces=faces)


def _marked(number: int, face: Face, labels: tuple[str, ...], points: bool) -> Marked:
    return Marked(
        number,
        face.box,
        face.alignment.eyes in (None, ALIGNED_EYES),
        _emotion(face, labels)[0],
        face.scores,
        points=face.alignment.points if points else (),
    )


def _emotion(face: Face, labels: Sequence[str]) -> tuple[str, float]:
    score = max(face.scores)
    return labels[face.scores.index(score)], score


def lines_of(name: str, faces: Iterable[Face], labels: Sequence[str]) -> list[Line]:
    """What the list says of a picture: a line for each face, or one without a face.

    `track` is the number that is drawn beside a face, from left to right. A picture has no time,
    and no run.
    """
    lines = []
    for number, face in enumerate(faces, 1):
        emotion, score = _emotion(face, labels)
        observed = {c.name: cell(c, c.of(face)) for c in OBSERVED if c.of}
        scores = {key: cell(SCORE, value) for key, value in zip(labels, face.scores, strict=True)}
        about = {"track": str(number), "emotion": emotion, "score": cell(SCORE, score)}
        lines.append({FILE: name, **about, **observed, **scores})
    return lines or [{FILE: name}]


def as_csv(
    listed: Mapping[str, list[Line]], labels: Sequence[str], names: Iterable[str] | None = None
) -> str:
    """The lines of all pictures as one table, or of those called `names`.

    In order of names, which gives each picture its number, in the column `frame`.
    """
    wanted = set(listed if names is None else names)
    numbered = (
        {**line, "frame": str(number)}
        for number, name in enumerate(sorted(listed))
        if name in wanted
        for line in listed[name]
    )
    return list_text((FILE, *column_names(labels)), numbered)


def read_list(folder: Path, labels: Sequence[str] = EMOTIONS) -> dict[str, list[Line]]:
    """What the `pictures.csv` of a folder says: the lines of each picture, by its name.

    The columns are `file`, and those of a movie's table by a model with these labels.

    Raises:
        OutputError: it is not the list that videmo writes, or one of another model or version.
    """
    path = folder / LIST
    found = header_and_lines(path, strict=True)
    if found is None:
        return {}
    header, lines = found
    check_saved_by_us(path, header, (FILE, *column_names(labels)))
    whole = all(None not in (*line, *line.values()) for line in lines)
    if header != (FILE, *column_names(labels)) or not whole:
        raise OutputError(
            f"{shown(path)}: is not the list that this videmo writes with this model; move it "
            "away, or choose another folder with -o"
        )
    listed: dict[str, list[Line]] = {}
    for line in lines:
        listed.setdefault(line[FILE], []).append(line)
    return listed
